//! The names that a model gives its parts, and the ids that stand for them: the position in alphabetical order,
//! so that the order of keys in a file changes nothing.

use super::cursor::Cursor;
use super::fields::did_you_mean_name;
use super::input::Input;
use super::problems::{At, Complaint};
use super::tree::Node;
use crate::units::Id;

/// The names of each kind of part.
pub(super) struct Names {
    pub classes: List,
    pub workflows: List,
    pub providers: List,
    pub queues: List,
    pub stores: List,
    pub tiers: List,
    pub d1: List,
    pub limiters: List,
}

/// The names of one kind of part, in alphabetical order.
pub(super) struct List {
    /// `provider`
    kind: &'static str,
    names: Vec<String>,
}

impl Names {
    /// The names in a model.
    pub fn new(root: &Node) -> Names {
        let list = |kind: &'static str, key: &str| {
            let names = root.get(key).and_then(Node::table).map(|table| table.keys().cloned().collect());
            List { kind, names: names.unwrap_or_default() }
        };
        Names {
            classes: list("class", "traffic"),
            workflows: list("workflow", "workflow"),
            providers: list("provider", "provider"),
            queues: list("queue", "queue"),
            stores: list("store", "store"),
            tiers: list("tiers", "tiers"),
            d1: list("d1 database", "d1"),
            limiters: list("limiter", "limiter"),
        }
    }
}

impl List {
    /// The names.
    pub fn all(&self) -> &[String] {
        &self.names
    }

    /// The position of a name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// What to say of a name that is not in the list.
    pub fn missing(&self, name: &str) -> Complaint {
        let defined = if self.names.is_empty() { "none is defined".into() } else { self.names.join(", ") };
        Complaint::new(format!("the {} {name:?} is not defined", self.kind))
            .allowed(defined)
            .cure(did_you_mean_name(name, &self.names))
    }

    /// The id of a name that stands somewhere; a problem where there is no such part.
    pub fn resolve<T>(&self, input: &mut Input<'_>, name: &str, at: At, key: &str) -> Option<Id<T>> {
        let position = self.position(name);
        if position.is_none() {
            input.problems.report_once(at, key, self.missing(name));
        }
        position.map(Id::new)
    }

    /// The id of the name under a key, or of the only part of its kind where the key is absent.
    pub fn resolve_or_only<T>(&self, input: &mut Input<'_>, cursor: &Cursor<'_>, key: &str) -> Option<Id<T>> {
        match (cursor.get(key), &self.names[..]) {
            (Some(node), _) => self.resolve(input, node.text()?, node.at, &cursor.key(key)),
            (None, [_]) => Some(Id::new(0)),
            // A model without any was complained about already.
            (None, []) => None,
            (None, several) => {
                let complaint = Complaint::new(format!("required, as there is more than one {}", self.kind))
                    .allowed(several.join(", "));
                input.problems.report_once(cursor.node.key, &cursor.key(key), complaint);
                None
            }
        }
    }
}
