//! How nonsense is made of a model: a few twists of its tree, each decided by one number, then of its text.

use serde_json::Value as Schema;
use std::sync::OnceLock;
use toml::{Table, Value};

/// A row of choices that follow from one number (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn up_to(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) % n.max(1) as u64) as usize
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.up_to(of.len())]
    }

    pub fn word(&mut self, of: &[&'static str]) -> &'static str {
        of[self.up_to(of.len())]
    }
}

/// Stands for text that TOML writes without quotes.
const RAW: &str = "@raw@";

pub const NUMBERS: [&str; 26] = [
    "0",
    "-1",
    "1",
    "2",
    "3",
    "7",
    "100",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999999",
    "-0.0",
    "1e308",
    "1e-308",
    "5e-324",
    "1e18",
    "0.5",
    "1.0000001",
    "1e-9",
    "0.999999999999",
    "nan",
    "inf",
    "-inf",
];
pub const DURATIONS: [&str; 26] = [
    "0s",
    "1ns",
    "2ns",
    "1us",
    "1ms",
    "1s",
    "1m",
    "1h",
    "1d",
    "7d",
    "30d",
    "36525d",
    "106000d",
    "999999999d",
    "9223372036854775807ns",
    "1e30s",
    "-5s",
    "5 s",
    "5",
    "1mo",
    "1y",
    "P1D",
    "5s ago",
    "1.000000000000001s",
    "∞",
    "NaNs",
];
pub const STRINGS: [&str; 22] = [
    "",
    " ",
    "\u{0}",
    "\u{1b}[31mred",
    "\u{202e}txet",
    "\u{200f}",
    "🦀",
    "é",
    "a.b",
    "a\nb",
    "\"",
    "'",
    "{log}",
    "{}",
    "../../etc/passwd",
    "/dev/null",
    ".",
    "0B",
    "1e300GB",
    "9EB",
    "8000000TB",
    "99999999999999999999B",
];
const DATES: [&str; 12] = [
    "2026-02-16T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "-009999-01-02T00:00:00Z",
    "9999-12-30T22:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-02-16",
    "25:00",
    "2026-03-29T03:30:00+02:00",
    "1677-09-21T00:00:00Z",
    "2262-04-11T23:47:17Z",
];
const ZONES: [&str; 7] =
    ["UTC", "Europe/Sofia", "America/New_York", "Pacific/Apia", "Mars/Olympus", "europe/sofia", "+02:00"];

type Path = Vec<String>;

/// The paths of everything in a tree.
fn paths(value: &Value, walked: &Path, out: &mut Vec<Path>) {
    let mut visit = |key: String, value: &Value| {
        let mut path = walked.clone();
        path.push(key);
        out.push(path.clone());
        paths(value, &path, out);
    };
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| visit(key.clone(), value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| visit(at.to_string(), value)),
        _ => {}
    }
}

fn at<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    let Some((key, rest)) = path.split_first() else { return Some(value) };
    let next = match value {
        Value::Table(table) => table.get_mut(key),
        Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    };
    at(next?, rest)
}

fn remove(root: &mut Value, path: &[String]) -> Option<Value> {
    let (key, above) = path.split_last()?;
    match at(root, above)? {
        Value::Table(table) => table.remove(key),
        Value::Array(list) => {
            let at = key.parse::<usize>().ok().filter(|at| *at < list.len())?;
            Some(list.remove(at))
        }
        _ => None,
    }
}

fn insert(root: &mut Value, path: &[String], value: Value) {
    let Some((key, above)) = path.split_last() else { return };
    match at(root, above) {
        Some(Value::Table(table)) => {
            table.insert(key.clone(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        _ => {}
    }
}

fn raw(text: &str) -> Value {
    Value::String(format!("{RAW}{text}{RAW}"))
}

fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(capsim::model::schema)
}

fn resolved(of: &Schema) -> &Schema {
    match of["$ref"].as_str() {
        Some(name) => &schema()["$defs"][name.trim_start_matches("#/$defs/")],
        None => of,
    }
}

/// The descriptions of what may stand in a table or list that one of some descriptions speaks of.
fn variants(of: &Schema) -> Vec<&Schema> {
    let of = resolved(of);
    let list = of["oneOf"].as_array().or(of["anyOf"].as_array());
    list.map_or(vec![of], |all| all.iter().flat_map(variants).collect())
}

/// What the language says about the value at a path.
fn described(path: &[String]) -> Option<&'static Schema> {
    let mut here = schema();
    for key in path {
        here = variants(here).into_iter().find_map(|of| {
            of["properties"].get(key).or(of.get("items")).or(of.get("additionalProperties").filter(|of| of.is_object()))
        })?;
    }
    Some(here)
}

/// Any value that the language might take there, names of the model's parts included.
fn likely(of: &Schema, key: &str, names: &[String], dice: &mut Dice, depth: usize) -> Value {
    let all = variants(of);
    let of = *dice.one(&all);
    if let Some(word) = of["const"].as_str() {
        return Value::String(word.into());
    }
    if let Some(words) = of["enum"].as_array() {
        return Value::String(dice.one(words).as_str().unwrap_or_default().into());
    }
    match of["type"].as_str().unwrap_or("string") {
        "integer" | "number" => {
            let bounds = ["minimum", "maximum"].map(|bound| of[bound].as_f64().unwrap_or(1.0));
            let whole = of["type"] == "integer";
            match dice.up_to(6) {
                0 if whole => raw(&format!("{:.0}", bounds[0])),
                1 if whole => raw(&format!("{:.0}", bounds[1])),
                0 => raw(&format!("{:e}", bounds[0])),
                1 => raw(&format!("{:e}", bounds[1])),
                2 => raw(dice.word(&NUMBERS)),
                _ if whole => raw(dice.word(&["1", "2", "3", "10", "60"])),
                _ => raw(dice.word(&["0.1", "0.5", "1", "2.5"])),
            }
        }
        "boolean" => Value::Boolean(dice.up_to(2) == 0),
        "array" => {
            let some = of["minItems"].as_u64().unwrap_or(dice.up_to(4) as u64).min(24);
            Value::Array((0..some).map(|_| likely(&of["items"], key, names, dice, depth + 1)).collect())
        }
        "object" => object(of, names, dice, depth),
        _ => match (of["pattern"].as_str(), key) {
            (Some("[0-9]"), _) => Value::String(dice.word(&DURATIONS).into()),
            (Some("B$"), _) => Value::String(dice.word(&["0B", "1B", "1KB", "2KiB", "25MiB", "8000TB"]).into()),
            (Some(pattern), _) if pattern.starts_with("^[0-9]{4}") => Value::String(dice.word(&DATES).into()),
            (_, "zone" | "timezone") => Value::String(dice.word(&ZONES).into()),
            _ if !names.is_empty() && dice.up_to(8) > 0 => Value::String(dice.one(names).clone()),
            _ => Value::String(dice.word(&STRINGS).into()),
        },
    }
}

fn object(of: &Schema, names: &[String], dice: &mut Dice, depth: usize) -> Value {
    let mut table = Table::new();
    if let Some(properties) = of["properties"].as_object().filter(|_| depth < 5) {
        // Each of the keys, where there are few; a few of them, where there are many.
        let chance = if properties.len() <= 5 { 5 } else { 2 };
        for (key, of) in properties {
            if dice.up_to(6) < chance || of["const"].is_string() {
                table.insert(key.clone(), likely(of, key, names, dice, depth + 1));
            }
        }
    } else if of["additionalProperties"].is_object() {
        let name = if names.is_empty() { "x".into() } else { dice.one(names).clone() };
        table.insert(name.clone(), likely(&of["additionalProperties"], &name, names, dice, depth + 1));
    }
    Value::Table(table)
}

fn nonsense(dice: &mut Dice) -> Value {
    match dice.up_to(12) {
        0 => Value::Table(Table::new()),
        1 => Value::Array(Vec::new()),
        2 => Value::Boolean(true),
        3 => raw(dice.word(&["1979-05-27", "07:32:00", "1979-05-27T07:32:00Z"])),
        4 => Value::String("x".repeat([100, 5_000, 100_000][dice.up_to(3)])),
        5 => (0..[3, 70, 200][dice.up_to(3)]).fold(raw("1"), |inner, _| Value::Array(vec![inner])),
        6 => Value::Array(vec![raw("1"); [2, 50, 3_000][dice.up_to(3)]]),
        7 | 8 => Value::String(dice.word(&STRINGS).into()),
        9 => Value::String(dice.word(&DURATIONS).into()),
        _ => raw(dice.word(&NUMBERS)),
    }
}

/// One twist of the tree.
fn turn(root: &mut Value, dice: &mut Dice) {
    let mut all = Vec::new();
    paths(root, &Vec::new(), &mut all);
    if all.is_empty() {
        return;
    }
    let path = dice.one(&all).clone();
    let mut names: Vec<String> = all.iter().filter(|path| path.len() >= 2).map(|path| path[1].clone()).collect();
    names.push("nobody".into());
    let before = at(root, &path).cloned();
    match dice.up_to(16) {
        // A value of the same kind, as the language describes it; the extremes of its range among them.
        0..=3 => {
            let key = path.last().cloned().unwrap_or_default();
            let value = described(&path).map(|of| likely(of, &key, &names, dice, 0));
            let value = match (before, value) {
                (Some(Value::Integer(_) | Value::Float(_)), _) if dice.up_to(3) == 0 => raw(dice.word(&NUMBERS)),
                (Some(Value::String(text)), _) if text.ends_with(['s', 'm', 'h', 'd']) && dice.up_to(3) == 0 => {
                    Value::String(dice.word(&DURATIONS).into())
                }
                (_, value) => value.unwrap_or_else(|| nonsense(dice)),
            };
            insert_or_set(root, &path, value);
        }
        // A key that the model does not have.
        4..=8 => {
            let tables = all.iter().filter(|path| described(path).is_some()).cloned();
            let tables: Vec<Path> = std::iter::once(Vec::new()).chain(tables).collect();
            let path = dice.one(&tables).clone();
            let all: Vec<&Schema> = described(&path).map(variants).unwrap_or_default();
            let keys = all.into_iter().filter_map(|of| of["properties"].as_object()).flatten();
            let keys: Vec<(&String, &Schema)> = keys.collect();
            if !keys.is_empty() {
                let (key, of) = *dice.one(&keys);
                let value = likely(of, key, &names, dice, 0);
                let mut path = path;
                path.push(key.clone());
                insert_or_set(root, &path, value);
            }
        }
        9 | 10 => insert_or_set(root, &path, nonsense(dice)),
        11 => drop(remove(root, &path)),
        12 => {
            if let Some(value) = remove(root, &path) {
                let mut path = path;
                if let Some(last) = path.last_mut() {
                    *last = match dice.up_to(4) {
                        0 => format!("{last}s"),
                        1 => last.to_uppercase(),
                        2 => dice.word(&STRINGS).to_string(),
                        _ => dice.one(&names).clone(),
                    };
                }
                insert(root, &path, value);
            }
        }
        // Two values change places.
        13 => {
            let other = dice.one(&all).clone();
            let (one, two) = (before, at(root, &other).cloned());
            if let (Some(one), Some(two)) = (one, two) {
                insert_or_set(root, &path, two);
                insert_or_set(root, &other, one);
            }
        }
        // A list with an entry twice, or very often.
        14 => {
            let copies = [1, 2, 300][dice.up_to(3)];
            if let Some(Value::Array(list)) = at(root, &path)
                && let Some(first) = list.first().cloned()
            {
                list.extend(std::iter::repeat_n(first, copies));
            }
        }
        // A change of whatever there is.
        _ => {
            let key = path.last().cloned().unwrap_or_default();
            let value = match described(&path) {
                Some(of) => likely(of, &key, &names, dice, 0),
                None => nonsense(dice),
            };
            let mut change = Table::new();
            change.insert("at".into(), Value::String(dice.word(&DURATIONS).into()));
            change.insert("set".into(), Value::Table(Table::from_iter([(path.join("."), value)])));
            if let Value::Table(table) = root {
                let list = table.entry("change").or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(Value::Table(change));
                }
            }
        }
    }
}

fn insert_or_set(root: &mut Value, path: &[String], value: Value) {
    match at(root, path) {
        Some(place) => *place = value,
        None => insert(root, path, value),
    }
}

/// A twist of the text.
fn smudge(text: &mut String, dice: &mut Dice) {
    let lines: Vec<&str> = text.lines().collect();
    let (one, two) = (dice.up_to(lines.len()), dice.up_to(lines.len()));
    let mut lines: Vec<String> = lines.into_iter().map(String::from).collect();
    match dice.up_to(5) {
        0 => lines.swap(one, two),
        1 => lines.insert(two, lines[one].clone()),
        2 => {
            let at = lines[one].char_indices().nth(dice.up_to(lines[one].len())).map_or(0, |(at, _)| at);
            lines[one].truncate(at);
        }
        3 => {
            let at = lines[one].char_indices().nth(dice.up_to(lines[one].len())).map_or(0, |(at, _)| at);
            lines[one]
                .insert_str(at, dice.word(&["\"", "[", "]", "{", "}", "=", ".", "\u{1b}", "\u{202e}", "🦀", "#", ","]));
        }
        _ => drop(lines.remove(one)),
    }
    *text = lines.join("\n");
}

/// The text with a few twists, each decided by a number.
pub fn twisted(text: &str, twists: &[u64]) -> String {
    let mut root = Value::Table(text.parse().unwrap());
    let mut dice: Vec<Dice> = twists.iter().map(|&twist| Dice(twist)).collect();
    dice.iter_mut().for_each(|dice| turn(&mut root, dice));
    let mut text = toml::to_string(&root).unwrap_or_default();
    text = text.replace(&format!("\"{RAW}"), "").replace(&format!("{RAW}\""), "");
    if let Some(dice) = dice.first_mut()
        && dice.up_to(8) == 0
        && !text.is_empty()
    {
        smudge(&mut text, dice);
    }
    text
}
