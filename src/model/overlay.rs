//! Layers: a preset lies under a base, a base under a model, and `--set` on top of all.

use super::fields::did_you_mean;
use super::input::{Input, Source};
use super::problems::{At, Complaint, EMPTY};
use super::tree::{Node, Table, Value, parse};
use std::path::{Path, PathBuf};

/// Keys that say the same thing in different ways: who sets one of them over a base replaces the others.
const EXCLUSIVE: [&[&str]; 2] = [&["per_second", "per_minute", "per_hour", "per_day"], &["per_plan", "per_call"]];
/// Keys that decide what other keys a table has: who sets one of them over a base replaces the whole table.
pub(super) const TAGS: [&str; 3] = ["process", "dist", "law"];
/// How many bases may stand on one another.
const MAX_BASES: usize = 16;

/// Reads a model and the bases it extends into one tree.
pub(super) fn with_bases(input: &mut Input<'_>, source: &Source) -> Option<Node> {
    let mut node = input.document(source)?;
    if node.table().is_some_and(Table::is_empty) {
        let complaint =
            Complaint::new(EMPTY).cure("a model has at least [traffic.NAME], [workflow.NAME] and [provider.NAME]");
        input.problems.report(At { end: 0, ..node.at }, "", complaint);
        return None;
    }
    let mut seen: Vec<PathBuf> = vec![PathBuf::from(&source.name)];
    while let Some(base) = take(&mut node, "extends") {
        let refuse = |what: &str| Complaint::new(what).found(base.describe());
        if base.text().is_none() {
            input.problems.report(base.at, "extends", refuse("not a path").allowed("the path of another model"));
            return None;
        }
        let path = input.path(&base);
        if seen.contains(&path) {
            input.problems.report(base.at, "extends", refuse("the model extends itself"));
            return None;
        }
        if seen.len() > MAX_BASES {
            input.problems.report(base.at, "extends", refuse("a chain of more than 16 bases"));
            return None;
        }
        seen.push(path);
        let under = input.read(&base, "extends").and_then(|source| input.document(&source))?;
        node = merge(under, node);
    }
    Some(node)
}

fn take(node: &mut Node, key: &str) -> Option<Node> {
    if let Value::Table(table) = &mut node.value { table.remove(key) } else { None }
}

/// Lays a tree over another: tables are merged, everything else is replaced. A table that names its own kind
/// (`dist`, `process`) replaces the one below as a whole, and of keys that say the same thing in different
/// ways (`per_hour`, `per_day`) the upper one stands.
pub(super) fn merge(under: Node, over: Node) -> Node {
    match (under.value, over.value) {
        (Value::Table(below), Value::Table(above)) if !TAGS.iter().any(|tag| above.contains_key(*tag)) => {
            let mut table = below;
            for (key, value) in above {
                drop_rivals(&mut table, &key);
                let merged = match table.remove(&key) {
                    Some(below) => merge(below, value),
                    None => value,
                };
                table.insert(key, merged);
            }
            Node { value: Value::Table(table), at: over.at, key: over.key }
        }
        (_, value) => Node { value, at: over.at, key: over.key },
    }
}

fn drop_rivals(table: &mut Table, key: &str) {
    for group in EXCLUSIVE.iter().filter(|group| group.contains(&key)) {
        table.retain(|other, _| other == key || !group.contains(&other.as_str()));
    }
}

/// Applies one `PATH=VALUE`; what is wrong with it is recorded.
pub(super) fn set(input: &mut Input<'_>, root: &mut Node, text: &str) {
    let source = input.add("--set", text, Path::new(""));
    let all = At { source, start: 0, end: text.len() as u32 };
    let Some(equals) = outside_quotes(text, '=') else {
        let complaint = Complaint::new("not PATH=VALUE").found(format!("{text:?}"));
        let complaint = complaint.cure("for example --set queue.ai.max_concurrency=8");
        return input.problems.report(all, "", complaint);
    };
    let Some(path) = path(source, &text[..equals]) else {
        let complaint = Complaint::new("not a valid path").found(format!("{:?}", &text[..equals]));
        let complaint = complaint.cure("for example --set queue.ai.max_concurrency=8; quote keys that contain dots");
        return input.problems.report(At { end: equals as u32, ..all }, "", complaint);
    };
    let mut value = value(source, text, equals);
    if let Some((_, at)) = path.last() {
        value.key = *at;
    }
    if path[0].0 == "extends" {
        let complaint =
            Complaint::new("`extends` cannot be set on the command line").cure("write `extends` in the model");
        return input.problems.report(path[0].1, "extends", complaint);
    }
    put(input, root, &path, String::new(), value);
}

type Keys = [(String, At)];

/// Puts a value at the end of a path, making tables on the way.
pub(super) fn put(input: &mut Input<'_>, node: &mut Node, path: &Keys, walked: String, value: Node) {
    let Some(((key, at), rest)) = path.split_first() else {
        *node = value;
        return;
    };
    let here = super::shape::join(&walked, key);
    match &mut node.value {
        Value::Table(table) => {
            if rest.is_empty() {
                drop_rivals(table, key);
            }
            put(input, table.entry(key.clone()).or_insert_with(|| Node::empty(*at)), rest, here, value);
        }
        Value::List(list) => {
            let names: Vec<String> =
                list.iter().filter_map(|item| item.get("name")?.text().map(str::to_string)).collect();
            let by_name = list.iter().position(|item| item.get("name").and_then(Node::text) == Some(key));
            match by_name.or_else(|| key.parse().ok()).filter(|i| *i < list.len()) {
                Some(i) => put(input, &mut list[i], rest, here, value),
                None => {
                    let complaint = Complaint::new(format!("no such entry in a list of {}", list.len()));
                    let cure = did_you_mean(key, &names);
                    let allowed = if names.is_empty() { "a position from 0".into() } else { names.join(", ") };
                    input.problems.report(*at, &here, complaint.allowed(allowed).cure(cure));
                }
            }
        }
        _ => {
            let complaint = Complaint::new(format!("{walked} is a single value and has no keys"));
            input.problems.report(*at, &here, complaint.found(node.describe()));
        }
    }
}

/// The position of a character outside quotes.
fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match quote {
            None if c == wanted => return Some(i),
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// Reads a dotted path as TOML does, quotes included.
pub(super) fn path(source: u32, text: &str) -> Option<Vec<(String, At)>> {
    let mut node = scratch(source, &format!("{text}=0"))?;
    let mut keys = Vec::new();
    while let Value::Table(table) = node.value {
        let (key, value) = table.into_iter().next()?;
        keys.push((key, value.key));
        node = value;
    }
    Some(keys)
}

/// Reads the value after the sign of equality as TOML does; what is no TOML value is a text.
fn value(source: u32, text: &str, equals: usize) -> Node {
    // A key of the same length keeps the places of the value as they are in the option.
    let stand_in = "v".repeat(equals);
    let at = At { source, start: equals as u32 + 1, end: text.len() as u32 };
    match scratch(source, &format!("{stand_in}{}", &text[equals..])).map(|node| node.value) {
        Some(Value::Table(mut table)) if table.len() == 1 && table.contains_key(&stand_in) => {
            table.remove(&stand_in).unwrap_or_else(|| Node::empty(at))
        }
        _ => Node { value: Value::Text(text[equals + 1..].to_string()), at, key: at },
    }
}

/// Reads a document whose mistakes concern nobody.
fn scratch(source: u32, text: &str) -> Option<Node> {
    let mut aside = super::problems::Collector::default();
    for number in 0..=source {
        aside.texts.add("", if number == source { text } else { "" });
    }
    parse(source, text, &mut aside)
}
