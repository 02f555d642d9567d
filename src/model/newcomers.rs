//! Parts that an override makes. A path with a misspelt name makes a part that nothing uses, and changes nothing: that is
//! refused, with the part that is meant.

use super::fields::did_you_mean_name;
use super::problems::{Collector, Complaint};
use super::tree::{Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The sections of named parts: what one is called, and the keys whose values name one of them. Without such keys a part
/// works by itself.
const SECTIONS: [(&str, &str, &[&str]); 10] = [
    ("queue", "queue", &["queue", "semaphore"]),
    ("provider", "provider", &["provider", "fallback"]),
    ("store", "store", &["store"]),
    ("workflow", "workflow", &["workflow"]),
    ("tiers", "lookup", &["lookup"]),
    ("d1", "database", &["d1"]),
    ("limiter", "limiter", &["limiter"]),
    ("traffic", "class", &[]),
    ("reader", "reader", &[]),
    ("logfile", "log file", &[]),
];

/// The names of parts, by section.
pub(super) struct Parts(BTreeMap<&'static str, BTreeSet<String>>);

impl Parts {
    /// The parts of a tree.
    pub fn of(root: &Node) -> Parts {
        let names = |section: &str| root.get(section).and_then(Node::table).into_iter().flatten();
        let all =
            SECTIONS.iter().map(|(section, ..)| (*section, names(section).map(|(name, _)| name.clone()).collect()));
        Parts(all.collect())
    }

    /// With those of a preset.
    pub fn and(mut self, preset: &Node) -> Parts {
        for (section, mut names) in Parts::of(preset).0 {
            self.0.entry(section).or_default().append(&mut names);
        }
        self
    }

    /// Records each part that is new in a tree and that nothing uses.
    pub fn check(&self, root: &Node, problems: &mut Collector) {
        for (section, called, keys) in SECTIONS {
            let (Some(before), Some(now)) = (self.0.get(section), root.get(section).and_then(Node::table)) else {
                continue;
            };
            for (name, node) in now.iter().filter(|(name, _)| !before.contains(*name)) {
                let near = did_you_mean_name(name, &before.iter().collect::<Vec<_>>());
                let is_used = match keys {
                    // What works by itself is meant, unless it looks like another.
                    [] => near.is_empty() || section == "traffic" && node.get("arrivals").is_some_and(is_whole),
                    // Who is the only one need not be named.
                    keys => {
                        now.len() == 1 && matches!(section, "provider" | "workflow")
                            || names_it(root, keys, name)
                            || is_built_in(section, name)
                    }
                };
                if !is_used {
                    let near = near.replace("did you mean `", &format!("did you mean `{section}."));
                    let path = super::shape::join(section, name);
                    problems.report_once(node.key, &path, complaint(called, keys, before, near));
                }
            }
        }
    }
}

fn complaint(called: &str, keys: &[&str], before: &BTreeSet<String>, near: String) -> Complaint {
    let there = before.iter().cloned().collect::<Vec<_>>().join(", ");
    let cure = match (near.is_empty(), keys) {
        (false, _) | (_, []) => near,
        (true, [key, ..]) => format!("refer to it with `{key}`, or remove the override"),
    };
    Complaint::new(format!("this creates a new {called} that nothing uses"))
        .allowed(if there.is_empty() { String::new() } else { format!("the model has: {there}") })
        .cure(cure)
}

/// Arrivals that say how they come are those of a new class; a rate alone is meant for one that exists.
fn is_whole(arrivals: &Node) -> bool {
    arrivals.get("process").is_some()
}

/// Built-in strategies refer to their stores by name.
fn is_built_in(section: &str, name: &str) -> bool {
    section == "store" && ["kv", "cache", "external"].contains(&name)
}

/// Whether one of the keys has this name as its value, anywhere.
fn names_it(node: &Node, keys: &[&str], name: &str) -> bool {
    match &node.value {
        Value::Table(table) => table.iter().any(|(key, value)| {
            let is_named = match &value.value {
                Value::List(list) => list.iter().any(|item| item.text() == Some(name)),
                _ => value.text() == Some(name),
            };
            keys.contains(&key.as_str()) && is_named || names_it(value, keys, name)
        }),
        Value::List(list) => list.iter().any(|item| names_it(item, keys, name)),
        _ => false,
    }
}
