//! What changes while a model runs: a value of it, in place of which another of its kind comes.

use super::make::{Making, definition, schema, value};
use serde_json::Value as Schema;
use toml::{Table, Value};

/// A place in a model: its path, the table and the key of the language, and what the language says of it.
struct Place {
    path: Vec<String>,
    table: String,
    key: String,
    of: &'static Schema,
}

/// Fills in what each change sets.
pub fn fill(making: &mut Making, root: &mut Table) {
    let mut places = Vec::new();
    let sections = schema()["properties"].as_object().unwrap();
    for (section, node) in root.iter().filter(|(section, _)| *section != "change") {
        walk(node, &sections[section], "", section, &mut vec![section.clone()], &mut places);
    }
    let Some(Value::Array(changes)) = root.get_mut("change") else { return };
    for change in changes.iter_mut().filter_map(Value::as_table_mut) {
        let mut set = Table::new();
        for _ in 0..=making.dice.up_to(2) {
            let place = &places[making.dice.up_to(places.len())];
            if let Some(value) = value(making, place.of, &place.table, &place.key) {
                set.insert(place.path.join("."), value);
            }
        }
        change.insert("set".into(), Value::Table(set));
    }
    changes.retain(|change| change["set"].as_table().is_some_and(|set| !set.is_empty()));
}

/// Puts down the places of single values, laws among them.
fn walk(node: &Value, of: &'static Schema, table: &str, key: &str, path: &mut Vec<String>, out: &mut Vec<Place>) {
    let (name, inside) = definition(of);
    let inner = name.unwrap_or(table).to_string();
    match node {
        Value::Table(entries) => {
            for (entry, value) in entries {
                let next = match (inside["properties"].get(entry), inside.get("additionalProperties")) {
                    (Some(next), _) => next,
                    (None, Some(next)) if next.is_object() => next,
                    _ => continue,
                };
                let key = if inside["properties"].is_object() { entry.as_str() } else { key };
                path.push(entry.clone());
                walk(value, next, &inner, key, path, out);
                path.pop();
            }
        }
        Value::Array(list) if inside["items"]["$ref"].is_string() => {
            for (at, value) in list.iter().enumerate() {
                let name = value.get("name").and_then(Value::as_str).map_or_else(|| at.to_string(), String::from);
                path.push(name);
                walk(value, &inside["items"], &inner, key, path, out);
                path.pop();
            }
        }
        _ => {
            let place = Place { path: path.clone(), table: table.into(), key: key.into(), of };
            out.push(place);
        }
    }
}
