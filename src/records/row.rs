//! A row of a file, whatever its form: cells under a header, or a JSON object.

use csv::ByteRecord;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    Cells(&'a ByteRecord),
    Object(&'a Map<String, Value>),
}

/// A row that is kept.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Cells(ByteRecord),
    Object(Map<String, Value>),
}

/// Where the value of a column stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    Cell(usize),
    /// The keys that lead to it, one inside the other.
    Path(Vec<String>),
}

/// A column: its name as people write it, and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub name: String,
    pub place: Place,
    /// Whether it has been seen. One of errors may come later, when the first request fails.
    pub is_seen: bool,
}

/// How deep objects are looked into.
const DEPTH: usize = 6;

impl<'a> Row<'a> {
    pub fn keep(self) -> Kept {
        match self {
            Row::Cells(cells) => Kept::Cells(cells.clone()),
            Row::Object(map) => Kept::Object(map.clone()),
        }
    }

    /// The value at a place without the space around it; empty where there is none.
    pub fn get(self, place: &Place) -> Cow<'a, str> {
        match (self, place) {
            (Row::Cells(cells), Place::Cell(at)) => {
                let text = String::from_utf8_lossy(cells.get(*at).unwrap_or_default());
                match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                    Cow::Owned(text) => Cow::Owned(text.trim().to_string()),
                }
            }
            (Row::Object(map), Place::Path(path)) => {
                let (last, first) = path.split_last().map_or(("", &path[..]), |(last, first)| (last.as_str(), first));
                let mut map = map;
                for key in first {
                    match map.get(key) {
                        Some(Value::Object(inner)) => map = inner,
                        _ => return Cow::Borrowed(""),
                    }
                }
                map.get(last).map_or(Cow::Borrowed(""), plain)
            }
            _ => Cow::Borrowed(""),
        }
    }

    /// The columns of an object, the inner ones by the path that leads to them.
    pub fn columns(self) -> Vec<Column> {
        let mut all = Vec::new();
        if let Row::Object(map) = self {
            inner(map, &mut Vec::new(), &mut all);
        }
        all
    }

    /// The row as it is shown to people, its cells with what stands between them.
    pub fn shown(self, separator: Option<u8>) -> String {
        let between = char::from(separator.unwrap_or(b' ')).to_string();
        match self {
            Row::Cells(cells) => cells.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(&between),
            Row::Object(map) => serde_json::to_string(map).unwrap_or_default(),
        }
    }
}

impl Kept {
    pub fn row(&self) -> Row<'_> {
        match self {
            Kept::Cells(cells) => Row::Cells(cells),
            Kept::Object(map) => Row::Object(map),
        }
    }
}

fn inner(map: &Map<String, Value>, path: &mut Vec<String>, all: &mut Vec<Column>) {
    for (key, value) in map {
        path.push(key.clone());
        match value {
            Value::Object(map) if path.len() < DEPTH => inner(map, path, all),
            _ => all.push(Column { name: path.join("."), place: Place::Path(path.clone()), is_seen: true }),
        }
        path.pop();
    }
}

/// A value as text; nothing for null.
fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Array(list) if list.is_empty() => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}
