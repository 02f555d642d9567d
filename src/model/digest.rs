//! The digest of a model: two models with the same digest and the same seed have the same report.
//!
//! It is SHA-256 over the effective tree: bases merged, overrides applied, the preset's values and the strategy's
//! rows filled in, and the contents of traces and measured laws in the place of their names. Comments, the order of
//! keys, the layout, and where the files lie do not matter; `1` and `1.0` are the same number. Left out are
//! `description`, and `run.seed` and `run.replications`, which stand beside the digest in every report.
//!
//! A model that names a time zone other than UTC also depends on the table of zones that the program is built with, so
//! the version of that table belongs to its digest. UTC never moves: other models keep theirs.

use super::tree::{Node, Value};
use crate::units::Zone;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Changes when the meaning of a tree changes.
const LANGUAGE: &str = "capsim model 1\n";
const LEFT_OUT: [&str; 3] = ["description", "run.seed", "run.replications"];
/// The keys whose values are time zones.
pub(super) const ZONES: [&str; 2] = ["zone", "timezone"];

/// The digest in hex. `data` are the contents of the files that keys name, `zones` is the version of [`zone_data`].
pub(super) fn digest(
    root: &Node,
    strategy: Option<&Node>,
    data: &BTreeMap<String, Vec<u8>>,
    zones: Option<&str>,
) -> String {
    let mut text = String::from(LANGUAGE);
    write(root, "", &mut text);
    if let Some(ops) = strategy.and_then(|node| node.get("ops")) {
        write(ops, "strategy.ops", &mut text);
    }
    if let Some(version) = zones {
        text += &format!("time zones = {version:?}\n");
    }
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    for (key, bytes) in data {
        hash.update(format!("{key} = {} bytes\n", bytes.len()).as_bytes());
        hash.update(bytes);
    }
    hex(hash)
}

/// The digest of a model that changes while it runs.
pub(super) fn of_all(first: &str, later: &[String]) -> String {
    let mut hash = Sha256::new();
    hash.update(first);
    later.iter().for_each(|digest| hash.update(digest));
    hex(hash)
}

/// The version of the table of zones, where the model names one other than UTC.
pub(super) fn zone_data(root: &Node) -> Option<&'static str> {
    names_a_zone(root).then(Zone::data_version)
}

fn names_a_zone(node: &Node) -> bool {
    let is_zone = |key: &String, node: &Node| {
        ZONES.contains(&key.as_str())
            && node.text().is_some_and(|name| Zone::parse(name).is_ok_and(|zone| zone != Zone::UTC))
    };
    match &node.value {
        Value::Table(table) => table.iter().any(|(key, node)| is_zone(key, node) || names_a_zone(node)),
        Value::List(list) => list.iter().any(names_a_zone),
        _ => false,
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line for each value: its path and its content.
fn write(node: &Node, path: &str, out: &mut String) {
    if LEFT_OUT.contains(&path) {
        return;
    }
    let content = match &node.value {
        Value::Table(table) => {
            table.iter().for_each(|(key, node)| write(node, &super::shape::join(path, key), out));
            // That a section is there says nothing by itself; that an entry is there does.
            if !path.contains('.') {
                return;
            }
            "table".into()
        }
        Value::List(list) => {
            list.iter().enumerate().for_each(|(i, node)| write(node, &format!("{path}[{i}]"), out));
            format!("list of {}", list.len())
        }
        // The path of a data file: its contents are added beside the tree.
        Value::Text(_) if path.ends_with(".file") => "file".into(),
        Value::Text(text) => format!("{text:?}"),
        Value::Whole(number) => format!("{number}"),
        Value::Real(number) if *number == number.trunc() && number.abs() < 1e15 => format!("{}", *number as i64),
        Value::Real(number) => format!("{number:?}"),
        Value::Bool(value) => format!("{value}"),
        Value::Date(date) => format!("{date:?}"),
    };
    *out += &format!("{path} = {content}\n");
}
