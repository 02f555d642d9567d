//! Every key of the language either changes while a model runs, and that is seen, or says why it stays.
//!
//! The models in `tests/changes` have every key that may change.

use super::super::change::rule::{ALLOWED, Rule, rule};
use super::super::fields::{Field, Kind};
use super::super::input::Input;
use super::super::root::{ROOT, is_section};
use super::super::tree::Node;
use super::*;
use crate::experiment::{Options, run};
use crate::units::Bytes;
use proptest::prelude::*;
use std::num::NonZeroUsize;
use toml::Value;

/// What keys change to; others to half of what they are, another word, or the same list from behind.
const OTHER: &[(&str, &str)] = &[
    ("traffic.NAME.priority", "-1"),
    ("traffic.NAME.on_leave", "\"cancel\""),
    ("workflow.NAME.overload_on", "[\"server_error\"]"),
    ("provider.NAME.billed_on", "[\"server_error\"]"),
    ("provider.NAME.when_full", "\"overloaded\""),
    ("provider.NAME.outage.fault", "\"rate_limited\""),
    ("provider.NAME.slope.requests_per_minute", "25"),
    ("provider.NAME.slope.tokens_per_minute", "15000"),
    ("retry.NAME.on", "[\"server_error\"]"),
    ("retry.NAME.sdk.on", "[\"server_error\"]"),
    ("retry.NAME.proxy.on", "[\"server_error\"]"),
    ("breaker.NAME.failures", "[\"timeout\"]"),
    ("queue.NAME.adaptive.on", "[\"timeout\"]"),
    ("logging.level", "\"errors_only\""),
];

/// Keys whose change nothing is seen of, and why.
const UNSEEN: &[(&str, &str)] = &[];

/// A key in a model, or in the language.
struct Leaf {
    path: Vec<String>,
    /// The same for all names, places, units of a rate, and kinds of operation.
    key: String,
    kind: Kind,
    value: Option<Value>,
}

/// The keys below a kind: all of the language, or those that a value has.
fn leaves(kind: Kind, value: Option<&Value>, path: &[String], key: &str, out: &mut Vec<Leaf>) {
    let mut go = |kind: Kind, value: Option<&Value>, name: &str, part: &str| {
        let path: Vec<String> = path.iter().cloned().chain([name.to_string()]).collect();
        leaves(kind, value, &path, &if key.is_empty() { part.into() } else { format!("{key}.{part}") }, out);
    };
    let mut fields = |fields: &'static [Field]| {
        for field in fields {
            let part = match field.name {
                "per_second" | "per_minute" | "per_hour" | "per_day" if key.contains(".arrivals") => "RATE",
                "reads" | "writes" | "deletes" | "lists" if key.ends_with(".quota") => "OP",
                name => name,
            };
            match value.map(|value| value.get(field.name)) {
                Some(None) => {}
                value => go(field.kind, value.flatten(), field.name, part),
            }
        }
    };
    match (kind, value) {
        (Kind::OneOrMore(section), Some(Value::Array(items))) => {
            for (at, item) in items.iter().enumerate() {
                let path: Vec<String> = path.iter().cloned().chain([at.to_string()]).collect();
                leaves(Kind::Table(section), Some(item), &path, key, out);
            }
        }
        (Kind::Table(section) | Kind::OneOrMore(section), _) => fields(section.fields),
        (Kind::Named(of), None) => go(*of, None, "NAME", "NAME"),
        (Kind::Named(of), Some(value)) => {
            value.as_table().unwrap().iter().for_each(|(name, value)| go(*of, Some(value), name, "NAME"));
        }
        (Kind::List(Kind::Table(section), _), None) => go(Kind::Table(section), None, "0", "N"),
        (Kind::List(Kind::Table(section), _), Some(value)) => {
            for (at, item) in value.as_array().unwrap().iter().enumerate() {
                let name = item.get("name").and_then(Value::as_str).map_or(at.to_string(), Into::into);
                go(Kind::Table(section), Some(item), &name, "N");
            }
        }
        (Kind::Tagged(of), _) => {
            fields(of.common);
            let is = |name: &str| value.is_none_or(|value| value.get(of.tag).and_then(Value::as_str) == Some(name));
            of.variants.iter().filter(|variant| is(variant.name)).for_each(|variant| fields(variant.fields));
        }
        _ => out.push(Leaf { path: path.to_vec(), key: key.into(), kind, value: value.cloned() }),
    }
}

impl Leaf {
    fn dotted(&self) -> String {
        self.path.join(".")
    }

    fn rule(&self, root: &Node) -> Rule {
        rule(root, &self.path.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Another value than it has.
    fn other(&self) -> String {
        if let Some((_, value)) = OTHER.iter().find(|(key, _)| *key == self.key) {
            return (*value).into();
        }
        let half = |text: &str| match Span::parse(text) {
            Ok(span) => format!("\"{}ns\"", (span.nanos() / 2).max(1)),
            Err(_) => format!("\"{}B\"", Bytes::parse(text).unwrap().0 / 2),
        };
        match (self.kind, self.value.as_ref().unwrap()) {
            (Kind::OneOf(words), Value::String(word)) => {
                format!("{:?}", words.iter().find(|other| *other != word).unwrap())
            }
            (Kind::Zone, _) => "\"Europe/Sofia\"".into(),
            (_, Value::String(text)) => half(text),
            (_, Value::Integer(1)) => "2".into(),
            (_, Value::Integer(number)) => (number / 2).to_string(),
            (_, Value::Float(number)) => (number / 2.0).to_string(),
            (_, Value::Boolean(is)) => (!is).to_string(),
            (_, Value::Array(items)) => Value::Array(items.iter().rev().cloned().collect()).to_string(),
            (_, Value::Table(law)) if law.contains_key("mean") => {
                let mut law = law.clone();
                let mean = half(law["mean"].as_str().unwrap());
                law.insert("mean".into(), Value::String(mean.trim_matches('"').into()));
                Value::Table(law).to_string()
            }
            (_, value) => panic!("{}: say what {value} changes to", self.key),
        }
    }
}

/// One of the models, with its keys.
struct Sample {
    text: String,
    root: Node,
    /// When its values change: between any two events.
    at: String,
    leaves: Vec<Leaf>,
}
fn samples() -> Vec<Sample> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir("tests/changes").unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| Sample::new(&std::fs::read_to_string(file).unwrap())).collect()
}

impl Sample {
    fn new(text: &str) -> Sample {
        let value = Value::Table(text.parse().unwrap());
        let mut all = Vec::new();
        leaves(ROOT, Some(&value), &[], "", &mut all);
        let source = Source { name: "m.toml".into(), bytes: text.into(), directory: PathBuf::new() };
        let root = Input::new(&|_| Err(io::ErrorKind::NotFound.into()), is_section).document(&source).unwrap();
        let horizon = Span::parse(value["run"]["horizon"].as_str().unwrap()).unwrap();
        Sample { text: text.into(), root, at: format!("{}ns", horizon.nanos() / 10 * 3 + 7), leaves: all }
    }

    /// The keys of this rule, or those that may change at all.
    fn of(&self, is: impl Fn(Rule) -> bool) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(move |leaf| is(leaf.rule(&self.root)))
    }

    /// Every metric, or what is wrong, where these keys change in this way.
    fn run(&self, reach: &str, values: &[(String, String)]) -> Result<Vec<(String, Option<f64>)>, Problems> {
        // A change that nothing sees: with one, slots are measured over time.
        let unseen = change("1ns", "", &[("logging.level".into(), "\"all\"".into())]);
        self.with(&format!(
            "{unseen}{}",
            if values.is_empty() { String::new() } else { change(&self.at, reach, values) }
        ))
    }

    /// The same with these changes.
    fn with(&self, changes: &str) -> Result<Vec<(String, Option<f64>)>, Problems> {
        let model = load_with(&format!("{}\n{changes}", self.text), &[])?;
        let answer = run(&model, &Options { jobs: NonZeroUsize::MIN }, &|_, _| true).unwrap();
        // One event is the change itself, and others its way to the isolates.
        let metrics = answer.metrics.into_iter().filter(|metric| metric.name != "run.events");
        Ok(metrics.map(|metric| (metric.name, metric.mean)).collect())
    }

    /// The same of a model without mistakes.
    fn metrics(&self, reach: &str, values: &[(String, String)]) -> Vec<(String, Option<f64>)> {
        self.run(reach, values).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
    }
}

fn change(at: &str, reach: &str, values: &[(String, String)]) -> String {
    let values: Vec<String> = values.iter().map(|(path, value)| format!("{path:?} = {value}")).collect();
    format!("[[change]]\nat = {at:?}\n{reach}\nset = {{ {} }}\n", values.join(", "))
}

fn other(leaf: &Leaf) -> (String, String) {
    (leaf.dotted(), leaf.other())
}

/// The metrics that two sheets share: a change may bring a cause that the model did not have.
fn in_both<'s>(
    one: &'s [(String, Option<f64>)],
    other: &'s [(String, Option<f64>)],
) -> impl Iterator<Item = (&'s str, Option<f64>, Option<f64>)> {
    let mut others: Vec<&(String, Option<f64>)> = other.iter().collect();
    others.sort_by(|a, b| a.0.cmp(&b.0));
    one.iter().filter_map(move |(name, one)| {
        let at = others.binary_search_by(|other| other.0.cmp(name)).ok()?;
        Some((name.as_str(), *one, others[at].1))
    })
}

/// Whether two sheets are the same but for the last digits: a nanosecond of other slots is in the means over time.
fn are_near(one: &[(String, Option<f64>)], other: &[(String, Option<f64>)]) -> Result<(), String> {
    for (name, one, other) in in_both(one, other) {
        let (one, other) = (one.unwrap_or(-1.0), other.unwrap_or(-1.0));
        if (one - other).abs() > one.abs() * 1e-9 {
            return Err(format!("{name}: {one} and {other}"));
        }
    }
    Ok(())
}

#[test]
fn what_may_change_is_seen_and_its_own_value_changes_nothing() {
    let samples = samples();
    let mut seen: Vec<&str> = UNSEEN.iter().map(|(key, _)| *key).collect();
    let mut unseen: Vec<(&str, String)> = Vec::new();
    for sample in &samples {
        let before = sample.metrics("", &[]);
        let same = |leaf: &Leaf| (leaf.dotted(), leaf.value.as_ref().unwrap().to_string());
        let all: Vec<_> = sample.of(|rule| !matches!(rule, Rule::Fixed(_))).map(same).collect();
        are_near(&before, &sample.metrics("", &all)).unwrap_or_else(|which| panic!("{which}: {all:?}"));
        for leaf in sample.of(|rule| !matches!(rule, Rule::Fixed(_))) {
            if seen.contains(&leaf.key.as_str()) {
                continue;
            }
            match sample.run("", &[other(leaf)]) {
                Ok(after) if in_both(&after, &before).any(|(_, after, before)| after != before) => seen.push(&leaf.key),
                Ok(_) => unseen.push((&leaf.key, format!("{} to {}", leaf.dotted(), leaf.other()))),
                Err(problems) => unseen.push((&leaf.key, problems.to_string())),
            }
        }
    }
    unseen.retain(|(key, _)| !seen.contains(key));
    assert!(unseen.is_empty(), "nothing is seen of changes of {unseen:#?}");
    let mut language = Vec::new();
    leaves(ROOT, None, &[], "", &mut language);
    let named =
        |leaf: &Leaf| seen.contains(&leaf.key.as_str()) || matches!(leaf.rule(&samples[0].root), Rule::Fixed(_));
    let missing: Vec<&str> = language.iter().filter(|leaf| !named(leaf)).map(|leaf| leaf.key.as_str()).collect();
    assert!(missing.is_empty(), "neither in a model of tests/changes nor said to stay: {missing:#?}");
}

#[test]
fn what_stays_says_why() {
    let samples = samples();
    let mut language = Vec::new();
    leaves(ROOT, None, &[], "", &mut language);
    for mut leaf in language {
        let Rule::Fixed(why) = leaf.rule(&samples[0].root) else { continue };
        // In a model with such a part, if there is one.
        let part = |sample: &&Sample| sample.root.get(&leaf.path[0]).is_some();
        let sample = samples.iter().find(part).unwrap_or(&samples[0]);
        let names = sample.root.get(&leaf.path[0]).and_then(Node::table);
        if let (Some(name), Some(names)) = (leaf.path.get_mut(1).filter(|name| *name == "NAME"), names) {
            *name = names.keys().next().unwrap().clone();
        }
        let problems = sample.run("", &[(leaf.dotted(), "1".into())]).expect_err(&leaf.key);
        assert!(problems.to_string().contains(why), "{}: {problems}", leaf.key);
    }
}

/// A change on its way changes nothing yet, and one that is there in no time is one at once: so whatever the program
/// reads, it reads in its isolate.
#[test]
fn what_the_program_reads_reaches_each_isolate_by_itself() {
    for sample in samples() {
        let values: Vec<_> = sample.of(|rule| rule == Rule::Program).map(other).collect();
        let (before, after) = (sample.metrics("", &[]), sample.metrics("", &values));
        let never = sample.metrics("every = \"36000d\"", &values);
        // Isolates that start have what holds then.
        let is_there_early = sample.root.get("isolates").is_some();
        if let Err(which) = are_near(&before, &never)
            && !is_there_early
        {
            let alone = |value: &(String, String)| sample.metrics("every = \"36000d\"", std::slice::from_ref(value));
            let guilty: Vec<_> = values.iter().filter(|value| are_near(&before, &alone(value)).is_err()).collect();
            panic!("on its way: {which}: {guilty:?}");
        }
        let at_once = sample.metrics("staleness = \"1ns\"", &values);
        are_near(&after, &at_once).unwrap_or_else(|which| panic!("there: {which}"));
        let shared: Vec<_> = sample.of(|rule| matches!(rule, Rule::Shared(_))).map(other).collect();
        let problems = sample.run("every = \"1m\"", &shared).unwrap_err();
        for leaf in sample.of(|rule| matches!(rule, Rule::Shared(_))) {
            let Rule::Shared(why) = leaf.rule(&sample.root) else { continue };
            let problem = problems.list().iter().find(|problem| problem.key == leaf.dotted());
            assert!(problem.is_some_and(|problem| problem.to_string().contains(why)), "{}", leaf.dotted());
        }
    }
}

/// What is said to reach each isolate by itself is what the language says of its keys.
#[test]
fn the_message_names_what_the_program_reads() {
    let mut language = Vec::new();
    leaves(ROOT, None, &[], "", &mut language);
    for leaf in language.iter().filter(|leaf| leaf.rule(&samples()[0].root) == Rule::Program) {
        let mut words = ALLOWED.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.any(|word| leaf.path.iter().any(|key| key == word)), "{}", leaf.dotted());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever changes in whatever order, at once or on its way, runs with every sum in balance, unless it is refused.
    #[test]
    fn any_row_of_changes_balances(
        which: prop::sample::Index,
        row in prop::collection::vec((any::<u64>(), 1..900u64, 0..900u64), 1..6),
    ) {
        let samples = samples();
        let sample = which.get(&samples);
        let changes = row.iter().map(|&(picks, at, late)| {
            let (reach, is_late) = (format!("every = \"{late}s\"\nstaleness = \"{}s\"", late / 2), late > 300);
            let may = |rule| rule == Rule::Program || !is_late && !matches!(rule, Rule::Fixed(_));
            // One in sixteen changes to another value, and one back to its own.
            let values = sample.of(may).enumerate().filter_map(|(at, leaf)| match picks.rotate_left(5 * at as u32) % 16 {
                0 => Some(other(leaf)),
                1 => Some((leaf.dotted(), leaf.value.as_ref().unwrap().to_string())),
                _ => None,
            });
            let values: Vec<_> = values.chain([("logging.level".into(), "\"all\"".into())]).collect();
            change(&format!("{at}s"), if is_late { &reach } else { "" }, &values)
        });
        prop_assume!(sample.with(&changes.collect::<String>()).is_ok());
    }
}
