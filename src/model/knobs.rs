//! The single values of a model as knobs: the path of each, its value, and others to try.

use super::fields::{Field, Kind, Need, span};
use super::input::{Files, Input, Source};
use super::problems::{At, Collector};
use super::root::{ROOT, is_section};
use super::tree::{Node, Value};
use super::{build, shape};
use crate::units::Bytes;

/// A value of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// Its path, as `--set` takes it.
    pub path: String,
    /// Its value as written, its default, or what its absence means.
    pub value: String,
    /// Other values to try: half and double, or each of the other words. Empty for a text or an absent value.
    pub others: Vec<String>,
    /// Whether the operator of the back-end decides it; else it is a given.
    pub is_decision: bool,
}

/// The values that are written in a model and its layers, or have a default in a part that it has, in alphabetical
/// order of the written ones and that of the manual below a part. Empty if the text is no model.
pub fn knobs(source: &Source, overrides: &[String], files: Files<'_>) -> Vec<Knob> {
    let mut found = Vec::new();
    if let Some(root) = build::tree(&mut Input::new(files, is_section), source, overrides) {
        walk(&root, &ROOT, String::new(), false, &mut found);
        ADDED.iter().for_each(|added| add(&root, added, &mut found));
    }
    found
}

/// Values to try on a part that lacks them: the section, the path, and a usual value.
const ADDED: [(&str, &str, &str); 5] = [
    ("provider", "retry.NAME.budget.ratio", "0.1"),
    ("provider", "breaker.NAME.fail_max", "5"),
    ("provider", "provider.NAME.request_timeout", "30s"),
    ("queue", "queue.NAME.max_queue", "64"),
    ("queue", "queue.NAME.patience", "30s"),
];

fn add(root: &Node, (part, path, value): &(&str, &str, &str), found: &mut Vec<Knob>) {
    let names = root.get(part).and_then(Node::table).map(|table| table.keys().cloned().collect::<Vec<_>>());
    for name in names.unwrap_or_default() {
        if path.starts_with("retry") && root.get("retry").is_none_or(|retries| retries.get(&name).is_none()) {
            continue; // a budget of no retries
        }
        let path = path.replace("NAME", &name);
        // Of a table of its own the first key stands for the whole.
        let table = path.rsplit_once('.').map_or("", |(table, _)| table).to_string() + ".";
        let is_there = |knob: &Knob| knob.path == path && !knob.others.is_empty();
        let whole = table != format!("{part}.{name}.");
        if found.iter().any(|knob| is_there(knob) || whole && knob.path.starts_with(&table)) {
            continue;
        }
        match found.iter_mut().find(|knob| knob.path == path) {
            Some(knob) => (knob.others, knob.is_decision) = (vec![(*value).into()], true),
            None => found.push(Knob { path, value: "none".into(), others: vec![(*value).into()], is_decision: true }),
        }
    }
}

fn walk(node: &Node, kind: &Kind, path: String, is_decision: bool, found: &mut Vec<Knob>) {
    match (*kind, &node.value) {
        (Kind::Table(section) | Kind::OneOrMore(section), Value::Table(_)) => {
            section.fields.iter().for_each(|field| key(node, field, &path, found));
        }
        (Kind::OneOrMore(section), Value::List(list)) => items(list, &Kind::Table(section), &path, found),
        (Kind::List(of @ (Kind::Table(_) | Kind::Tagged(_)), _), Value::List(list)) => items(list, of, &path, found),
        (Kind::Named(of) | Kind::Metrics(of), Value::Table(table)) => {
            table.iter().for_each(|(name, node)| walk(node, of, shape::join(&path, name), is_decision, found));
        }
        (Kind::Tagged(tagged) | Kind::Law(tagged), Value::Table(_)) => {
            let tag = node.get(tagged.tag).and_then(Node::text);
            let variant = tagged.variants.iter().filter(|variant| Some(variant.name) == tag);
            let fields = variant.flat_map(|variant| variant.fields).chain(tagged.common);
            fields.for_each(|field| key(node, field, &path, found));
        }
        (_, Value::List(_) | Value::Table(_)) => {}
        (kind, value) => {
            found.push(Knob { path, value: text(value), others: others(&kind, node), is_decision });
        }
    }
}

fn items(list: &[Node], kind: &Kind, path: &str, found: &mut Vec<Knob>) {
    for (at, item) in list.iter().enumerate() {
        walk(item, kind, shape::join(path, &shape::entry(item, at)), false, found);
    }
}

fn key(table: &Node, field: &Field, path: &str, found: &mut Vec<Knob>) {
    let path = shape::join(path, field.name);
    match (table.get(field.name), field.need) {
        (Some(node), _) => walk(node, &field.kind, path, field.is_decision, found),
        (None, Need::Default(default)) => walk(&read(default), &field.kind, path, field.is_decision, found),
        (None, Need::Optional(_)) if field.is_decision && matches!(field.kind, Kind::Table(_)) => {
            walk(&Node::empty(At::whole(0)), &field.kind, path, false, found);
        }
        (None, Need::Optional(absent)) if !matches!(field.kind, Kind::Table(_) | Kind::List(..) | Kind::Named(_)) => {
            found.push(Knob { path, value: absent.into(), others: Vec::new(), is_decision: false });
        }
        (None, _) => {}
    }
}

/// A default as if it were written.
fn read(text: &str) -> Node {
    let value = (text.parse().map(Value::Whole).ok())
        .or_else(|| text.parse().map(Value::Bool).ok())
        .or_else(|| text.parse().map(Value::Real).ok());
    Node { value: value.unwrap_or_else(|| Value::Text(text.into())), ..Node::empty(At::whole(0)) }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Date(text) => text.clone(),
        Value::Whole(whole) => whole.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(_) | Value::Table(_) => String::new(),
    }
}

/// Half and double of a value, whole numbers by at least a step; of a choice, the others. Only what its kind allows.
fn others(kind: &Kind, node: &Node) -> Vec<String> {
    let pair = |low: Value, high: Value| vec![low, high];
    let all = match (kind, &node.value) {
        (Kind::Bool, Value::Bool(value)) => vec![Value::Bool(!value)],
        (Kind::OneOf(words), Value::Text(_)) => words.iter().map(|word| Value::Text((*word).into())).collect(),
        (Kind::Whole(..) | Kind::WholeOr(..), Value::Whole(now)) => {
            pair(Value::Whole(((now + 1) / 2).min(now - 1)), Value::Whole((now * 2).max(now + 1)))
        }
        (Kind::Number(..) | Kind::Positive | Kind::Fraction, Value::Whole(_) | Value::Real(_)) => {
            let now = super::fields::number(node).unwrap_or_default();
            let double = if matches!(kind, Kind::Fraction) { (2.0 * now).min(1.0) } else { 2.0 * now };
            pair(Value::Real(now / 2.0), Value::Real(double))
        }
        (Kind::Size, Value::Text(now)) => {
            let size = |now: Bytes| pair(bytes(now.0 / 2), bytes(now.0.saturating_mul(2)));
            Bytes::parse(now).map(size).unwrap_or_default()
        }
        (Kind::Duration | Kind::Length | Kind::LengthOr(_) | Kind::Law(_), Value::Text(_)) => {
            let scaled = |factor| span(node).map(|now| Value::Text(now.scale(factor).to_string()));
            [0.5, 2.0].into_iter().filter_map(|factor| scaled(factor).ok()).collect()
        }
        _ => Vec::new(),
    };
    let now = text(&node.value);
    let allowed = |value: &Value| {
        let mut problems = Collector::default();
        problems.texts.add("", "");
        shape::check(&Node { value: value.clone(), ..Node::empty(At::whole(0)) }, kind, "", &mut problems);
        problems.is_empty()
    };
    all.iter().filter(|value| allowed(value)).map(text).filter(|text| *text != now).collect()
}

fn bytes(size: u64) -> Value {
    Value::Text(Bytes(size).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn found(toml: &str) -> Vec<Knob> {
        let source = Source { name: "test".into(), bytes: toml.into(), directory: PathBuf::new() };
        knobs(&source, &[], &|path| std::fs::read(path))
    }

    const MODEL: &str = r#"
[traffic.user]
arrivals = { process = "poisson", per_day = 100 }
[workflow.plan]
steps = [{ name = "a", queue = "q", calls = 5, parallel = 5 }]
[provider.p]
latency = { dist = "exponential", mean = "3s" }
request_timeout = "3s"
[retry.p]
backoff.jitter = "none"
[queue.q]
max_concurrency = 1
patience = "1h"
reserved = { admin = 3 }
adaptive.decrease = 0.75
"#;

    #[test]
    fn each_kind_of_value_is_turned_as_the_page_says() {
        let all = found(MODEL);
        for (path, value, others) in [
            ("queue.q.max_concurrency", "1", &["2"][..]),
            ("queue.q.max_queue", "unlimited", &["64"]),
            ("queue.q.discipline", "fifo", &["lifo", "priority"]),
            ("queue.q.patience", "1h", &["30m", "2h"]),
            ("queue.q.reserved.admin", "3", &["2", "6"]),
            ("queue.q.adaptive.decrease", "0.75", &["0.375", "1"]),
            ("queue.q.adaptive.increase", "1", &["0.5", "2"]),
            ("provider.p.request_timeout", "3s", &["1.5s", "6s"]),
            ("retry.p.max", "2", &["1", "4"]),
            ("retry.p.hold_slot", "true", &["false"]),
            ("retry.p.backoff.jitter", "none", &["quarter", "equal", "full"]),
            ("retry.p.backoff.cap", "30s", &["15s", "1m"]),
            ("retry.p.backoff.factor", "2", &["1", "4"]),
            ("workflow.plan.steps.a.parallel", "5", &["3", "10"]),
        ] {
            let knob = all.iter().find(|knob| knob.path == path).unwrap_or_else(|| panic!("no {path}: {all:#?}"));
            assert_eq!(knob.value, value, "{path}");
            assert_eq!(knob.others, others, "{path}");
            assert!(knob.is_decision, "{path}");
        }
    }

    /// What is not there is tried as people usually have it; what is there is turned.
    #[test]
    fn what_is_not_there_can_be_added() {
        let all = found(MODEL);
        let others = |path: &str| all.iter().filter(|k| k.path == path).map(|k| k.others.clone()).collect::<Vec<_>>();
        assert_eq!(others("retry.p.budget.ratio"), [["0.1"]]);
        assert_eq!(others("breaker.p.fail_max"), [["5"]]);
        assert_eq!(others("queue.q.max_queue"), [["64"]]);
        assert_eq!(others("queue.q.patience"), [["30m", "2h"]]);
        assert_eq!(others("provider.p.request_timeout"), [["1.5s", "6s"]]);
        let more = found(&(MODEL.to_owned() + "[breaker.p]\nreset_timeout = \"9s\"\n"));
        let breaker: Vec<_> = more.iter().filter(|knob| knob.path == "breaker.p.fail_max").collect();
        assert!(breaker.len() == 1 && breaker[0].others.is_empty(), "{breaker:?}");
    }

    /// What others do is known and can be named, but is nobody's lever.
    #[test]
    fn the_world_is_no_decision() {
        let all = found(MODEL);
        let of = |path: &str| all.iter().find(|knob| knob.path == path).unwrap_or_else(|| panic!("no {path}"));
        for path in ["traffic.user.arrivals.per_day", "provider.p.latency.mean", "run.seed", "provider.p.hang"] {
            assert!(all.iter().any(|knob| knob.path == path) || path.starts_with("run"), "no {path}");
            assert!(!all.iter().any(|knob| knob.path == path && knob.is_decision), "{path}");
        }
        assert_eq!(of("provider.p.latency.mean").others, ["1.5s", "6s"]);
        assert_eq!(
            (of("retry.p.deadline").value.as_str(), of("retry.p.deadline").others.len()),
            ("a fresh timeout for each attempt", 0)
        );
        assert!(found("not a model").is_empty());
        // Without retries there is nothing to turn.
        assert!(
            !found(&MODEL.replace("[retry.p]\nbackoff.jitter = \"none\"", ""))
                .iter()
                .any(|k| k.path.starts_with("retry"))
        );
    }
}
