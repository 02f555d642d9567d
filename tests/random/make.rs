//! How a model is made at random: the declaration of the language is walked, as its schema shows it, and each key gets
//! a value of its kind. What one key means for another (a name that is defined, one unit for a rate) stands in
//! `sense.rs`; a key of which nothing is said there enters by its kind alone.

use super::dice::Dice;
use super::{agree, sense};
use serde_json::Value as Schema;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use toml::{Table, Value};

pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(capsim::model::schema)
}

/// The name of a definition, and what it says.
pub fn definition(of: &Schema) -> (Option<&str>, &Schema) {
    match of["$ref"].as_str() {
        Some(path) => {
            let name = path.trim_start_matches("#/$defs/");
            (Some(name), &schema()["$defs"][name])
        }
        None => (None, of),
    }
}

/// Whether a key must be there: the schema leaves that to the reader of a whole model, and its sentence says it.
fn is_required(of: &Schema) -> bool {
    let text = of["description"].as_str().unwrap_or_default();
    !text.contains(" Default: ") && !text.contains(" If absent: ")
}

/// What is asked of a model.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Sections that it has.
    pub with: Vec<&'static str>,
    /// Sections that it does not have.
    pub without: Vec<&'static str>,
    /// So little to do that hardly anything ever waits for anything else.
    pub low_load: bool,
}

/// What is known of the model while it is made.
pub struct Making {
    pub dice: Dice,
    pub wish: Wish,
    pub horizon_h: f64,
    /// The names of the parts, by section.
    pub names: BTreeMap<String, Vec<String>>,
    /// How many of a hundred optional keys of a table are there.
    pub chance: usize,
    /// What the tables around are called, the outermost first, with their keys.
    pub place: Vec<String>,
}

impl Making {
    pub fn names(&self, section: &str) -> &[String] {
        self.names.get(section).map_or(&[], Vec::as_slice)
    }

    pub fn is_in(&self, what: &str) -> bool {
        self.place.iter().any(|part| part == what)
    }
}

/// A model made by one number.
pub fn make(seed: u64, wish: &Wish) -> Table {
    let mut dice = Dice(seed);
    let horizon_h = if wish.low_load { dice.one(&[24.0, 48.0, 96.0]) } else { dice.one(&[2.0, 7.0, 26.0, 50.0, 72.0]) };
    let chance = dice.one(&[15, 35, 60, 90]);
    let mut making = Making { dice, wish: wish.clone(), horizon_h, names: BTreeMap::new(), chance, place: Vec::new() };
    let mut present = Vec::new();
    let richness = making.dice.one(&[10, 30, 60]);
    let sections = schema()["properties"].as_object().unwrap();
    for section in sections.keys() {
        let is_there = !wish.without.contains(&section.as_str())
            && (wish.with.contains(&section.as_str()) || making.dice.percent(sense::chance_of(section, richness)));
        if is_there {
            present.push(section.clone());
        }
    }
    sense::complete(&making, &mut present);
    sense::name_parts(&mut making, &present);
    let mut root = Table::new();
    for section in present {
        if let Some(value) = value(&mut making, &sections[&section], "", &section) {
            root.insert(section, value);
        }
    }
    agree::settle(&mut making, &mut root);
    root
}

/// A value for a key of a table; nothing where no value makes sense.
pub fn value(making: &mut Making, of: &Schema, table: &str, key: &str) -> Option<Value> {
    match sense::special(making, of, table, key) {
        sense::Said::Value(value) => value,
        sense::Said::Nothing => by_kind(making, of, table, key),
    }
}

/// A value by its kind alone.
pub fn by_kind(making: &mut Making, of: &Schema, table: &str, key: &str) -> Option<Value> {
    let description = of["description"].as_str().unwrap_or_default();
    let (name, of) = definition(of);
    let table = name.unwrap_or(table);
    for choices in ["anyOf", "oneOf"] {
        if let Some(all) = of[choices].as_array() {
            let of = &all[making.dice.up_to(all.len())];
            return if definition(of).0.is_none() && of["properties"].is_object() {
                object(making, of, table)
            } else {
                value_of(making, of, table, key, description)
            };
        }
    }
    value_of(making, of, table, key, description)
}

fn value_of(making: &mut Making, of: &Schema, table: &str, key: &str, description: &str) -> Option<Value> {
    if of["$ref"].is_string() {
        return by_kind(making, of, table, key);
    }
    if let Some(word) = of["const"].as_str() {
        return Some(Value::String(word.into()));
    }
    if let Some(words) = of["enum"].as_array() {
        let word = words[making.dice.up_to(words.len())].as_str()?;
        return Some(Value::String(word.into()));
    }
    let (min, max) = (of["minimum"].as_f64(), of["maximum"].as_f64().unwrap_or(f64::MAX));
    let text = |text: &str| Some(Value::String(text.into()));
    match of["type"].as_str().unwrap_or_default() {
        "integer" => {
            let number: f64 = making.dice.one(&[0.0, 1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 20.0, 64.0, 300.0]);
            Some(Value::Integer(number.clamp(min.unwrap_or(0.0), max) as i64))
        }
        "number" => {
            let number: f64 = if max == 1.0 {
                making.dice.one(&[0.0, 0.01, 0.05, 0.1, 0.1, 0.3, 0.5, 0.9, 1.0])
            } else {
                making.dice.one(&[0.001, 0.1, 0.3, 0.5, 1.0, 1.0, 2.0, 5.0, 30.0])
            };
            Some(Value::Float(number.clamp(min.unwrap_or(1e-9), max)))
        }
        "boolean" => Some(Value::Boolean(making.dice.percent(50))),
        "array" => list(making, of, table, key),
        "object" if of["properties"].is_object() => object(making, of, table),
        "object" if of["additionalProperties"].is_object() => named(making, of, table, key),
        "string" => match of["pattern"].as_str() {
            Some("[0-9]") if description.contains("Default: \"0s\"") && making.dice.percent(15) => text("0s"),
            Some("[0-9]") => Some(Value::String(sense::duration(making, table, key))),
            Some("B$") => text(making.dice.one(&["1B", "100B", "2KiB", "5KB", "300KB", "2MB"])),
            Some(pattern) if pattern.starts_with("^[0-9]{4}") => {
                text(making.dice.one(&["2026-02-16T00:00:00Z", "2026-03-28T12:00:00Z", "2027-12-31T20:30:00Z"]))
            }
            _ => panic!("decide in tests/random/sense.rs what stands as `{key}` of {table}: {of}"),
        },
        _ => panic!("decide in tests/random/sense.rs what stands as `{key}` of {table}: {of}"),
    }
}

fn list(making: &mut Making, of: &Schema, table: &str, key: &str) -> Option<Value> {
    let (min, max) = (of["minItems"].as_u64(), of["maxItems"].as_u64());
    let many = match (min, max) {
        (Some(min), Some(max)) if min == max => min as usize,
        _ => sense::how_many(making, table, key).max(min.unwrap_or(0) as usize),
    };
    let mut all = Vec::new();
    for at in 0..many {
        making.place.push(format!("{at}"));
        let item = value(making, &of["items"], table, key);
        making.place.pop();
        all.extend(item.filter(|item| !item.is_str() || !all.contains(item)));
    }
    Some(Value::Array(all))
}

fn named(making: &mut Making, of: &Schema, table: &str, key: &str) -> Option<Value> {
    let mut all = Table::new();
    for name in sense::names_of(making, table, key) {
        making.place.push(name.clone());
        if let Some(value) = value(making, &of["additionalProperties"], table, key) {
            all.insert(name, value);
        }
        making.place.pop();
    }
    (!all.is_empty()).then_some(Value::Table(all))
}

fn object(making: &mut Making, of: &Schema, name: &str) -> Option<Value> {
    let mut table = Table::new();
    making.place.push(name.into());
    for (key, of) in of["properties"].as_object()? {
        let wanted = of["const"].is_string() || is_required(of) || making.dice.percent(making.chance);
        if wanted && let Some(value) = value(making, of, name, key) {
            table.insert(key.clone(), value);
        }
    }
    agree::agree(making, name, &mut table);
    making.place.pop();
    Some(Value::Table(table))
}
