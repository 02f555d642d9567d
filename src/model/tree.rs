//! TOML text as a tree in which each value remembers where it was written.

use super::foreign::{self, Format};
use super::problems::{At, Collector, Complaint};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The largest model file; a trace may be larger.
const MAX_BYTES: usize = 1 << 20;

/// A table: its keys in alphabetical order, so that nothing depends on the order in which they were written.
pub(super) type Table = BTreeMap<String, Node>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The value.
    pub value: Value,
    /// Where the value stands.
    pub at: At,
    /// Where its key stands; the value's own place in a list.
    pub key: At,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Whole(i128),
    Real(f64),
    Bool(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Node {
    /// An empty table, for a section that the model does not have.
    pub fn empty(at: At) -> Node {
        Node { value: Value::Table(Table::new()), at, key: at }
    }

    /// The table, if it is one.
    pub fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    /// The value of a key, if this is a table and has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.table()?.get(key)
    }

    /// The value at a path; in a list that of the entry with this name or at this position.
    pub fn find(&self, path: &[&str]) -> Option<&Node> {
        let Some((key, rest)) = path.split_first() else { return Some(self) };
        let next = match &self.value {
            Value::List(list) => list
                .iter()
                .find(|item| item.get("name").and_then(Node::text) == Some(key))
                .or_else(|| list.get(key.parse::<usize>().ok()?)),
            _ => self.get(key),
        };
        next?.find(rest)
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The value as written, with its kind, short enough for a line.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Text(text) if text.chars().count() > 60 => {
                format!("the text {:?}…", text.chars().take(60).collect::<String>())
            }
            Value::Text(text) => format!("the text {text:?}"),
            Value::Whole(number) if number.unsigned_abs() >= 1 << 64 => format!("the number {}", plain(*number as f64)),
            Value::Whole(number) => format!("the number {number}"),
            Value::Real(number) => format!("the number {}", plain(*number)),
            Value::Bool(value) => format!("{value}"),
            Value::Date(date) => format!("the date {date}"),
            Value::List(list) => format!("a list of {}", list.len()),
            Value::Table(_) => "a table".into(),
        }
    }
}

/// A number in readable form, never with hundreds of digits.
pub(super) fn plain(number: f64) -> String {
    let size = number.abs();
    if number.is_finite() && size != 0.0 && !(1e-7..1e16).contains(&size) {
        format!("{number:e}")
    } else {
        format!("{number:?}")
    }
}

/// Reads a TOML document; what is wrong with it is recorded. The parser refuses nesting deeper than 80, so the
/// recursion here and in all that walks a tree is bounded.
pub(super) fn parse(source: u32, text: &str, problems: &mut Collector) -> Option<Node> {
    document(source, text, |_| false, problems)
}

/// The same for a file, which is recognised as a model by the names of its sections.
pub(super) fn document(
    source: u32,
    text: &str,
    is_section: fn(&str) -> bool,
    problems: &mut Collector,
) -> Option<Node> {
    if text.len() > MAX_BYTES {
        problems.report(At::whole(source), "", Complaint::new("a model file has at most 1 MiB"));
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty()
        && let Some(complaint) = foreign::complaint(text, "a model is TOML", &[Format::Toml])
    {
        problems.report(At::whole(source), "", complaint);
        return None;
    }
    if has_a_section(table.get_ref(), is_section) {
        problems.vouch(source);
    }
    let mut last: Option<(At, &str)> = None;
    for error in &errors {
        let at = error.span().map_or(At::whole(source), |span| place(source, span));
        if last.is_some_and(|(before, message)| follows(text, before, message, at, error.message())) {
            continue;
        }
        last = Some((at, error.message()));
        let mut complaint = Complaint::new(format!("not valid TOML: {}", error.message()));
        if error.message().contains("duplicate key") {
            let twice = text.get(at.start as usize..at.end as usize).unwrap_or_default();
            complaint = complaint.found(format!("`{twice}` a second time")).cure("keep one of the two");
        }
        problems.report(at, "", complaint);
    }
    let at = At { source, start: 0, end: text.len() as u32 };
    errors.is_empty().then(|| Node { value: Value::Table(convert(source, table.get_ref())), at, key: at })
}

/// Whether a text contains a line of a model.
pub(super) fn is_model(text: &str, is_section: fn(&str) -> bool) -> bool {
    has_a_section(DeTable::parse_recoverable(text).0.get_ref(), is_section)
}

fn has_a_section(table: &DeTable<'_>, is_section: fn(&str) -> bool) -> bool {
    table.keys().any(|key| is_section(key.get_ref()))
}

/// Whether an error only follows from the one before: on the same line, or a key given twice in a section given
/// twice.
fn follows(text: &str, before: At, first: &str, at: At, second: &str) -> bool {
    let between = text.get(before.start as usize..at.start as usize).unwrap_or_default();
    !between.contains('\n') || first.contains("duplicate key") && first == second && !between.contains("\n[")
}

fn place(source: u32, span: Range<usize>) -> At {
    At { source, start: span.start as u32, end: span.end as u32 }
}

fn convert(source: u32, table: &DeTable<'_>) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<_>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.to_string(), node(source, place(source, key.span()), value))
    };
    table.iter().map(entry).collect()
}

fn node(source: u32, key: At, value: &Spanned<DeValue<'_>>) -> Node {
    let at = place(source, value.span());
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Whole(number),
            Err(_) => Value::Real(number.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(number) => Value::Real(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|item| node(source, place(source, item.span()), item)).collect())
        }
        DeValue::Table(table) => Value::Table(convert(source, table)),
    };
    Node { value, at, key }
}
