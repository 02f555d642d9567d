//! The description of the language: every key is declared once, as data. The declaration checks a model, gives the
//! default, and makes the schema and the manual.

use super::problems::Complaint;
use super::rule::Rule;
use super::tree::{Node, Value};
pub use crate::units::did_you_mean;
use crate::units::{Bytes, Span, Timestamp, Zone};

/// The largest number of 32 bits, as a bound.
pub(super) const U32: i128 = u32::MAX as i128;
/// The largest of 64.
pub(super) const U64: i128 = u64::MAX as i128;

/// A table with fixed keys.
#[derive(Debug)]
pub(super) struct Section {
    /// Its title, such as `[queue.NAME]`.
    pub title: &'static str,
    /// Its keys, in the order of the manual.
    pub fields: &'static [Field],
    /// What holds for it as a whole, in Markdown: for the manual.
    pub about: &'static str,
    /// How its keys change in mid-run, unless they say it themselves; if none, as the table that contains it.
    pub changes: Option<Rule>,
}

/// The values of a section for everything that it leaves out.
pub(super) const PLAIN: Section = Section { title: "", about: "", fields: &[], changes: None };

/// A table whose keys depend on the value of one of them.
#[derive(Debug)]
pub(super) struct Tagged {
    /// Its title.
    pub title: &'static str,
    /// The key that decides.
    pub tag: &'static str,
    /// How the tag changes in mid-run; if none, as the table that contains it.
    pub changes: Option<Rule>,
    /// Keys that every variant has.
    pub common: &'static [Field],
    /// The value of the tag, what it means, and its keys.
    pub variants: &'static [Variant],
}

/// One variant of a [`Tagged`].
#[derive(Debug)]
pub(super) struct Variant {
    pub name: &'static str,
    pub doc: &'static str,
    pub fields: &'static [Field],
}

/// One key.
#[derive(Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub need: Need,
    /// What it means, in a sentence or two: for the manual and the schema.
    pub doc: &'static str,
    /// A value as it may stand in a model, where the form is not obvious.
    pub example: &'static str,
    /// What else holds for it, in Markdown: for the manual.
    pub note: &'static str,
    /// Whether it is for the operator to decide; see [`Field::decision`].
    pub is_decision: bool,
    /// How it changes while a model runs; see [`Field::changes`].
    pub changes: Option<Rule>,
    /// The same where other keys of its table decide.
    pub changes_by: Option<fn(&Node) -> Rule>,
}

impl Field {
    /// Shows how a value is written.
    pub const fn example(mut self, value: &'static str) -> Field {
        self.example = value;
        self
    }

    /// Says what else holds for the key.
    pub const fn note(mut self, text: &'static str) -> Field {
        self.note = text;
        self
    }

    /// Says how the key and its contents may change in mid-run. Without this, it goes with the table.
    pub const fn changes(mut self, rule: Rule) -> Field {
        self.changes = Some(rule);
        self
    }

    /// The same where the table that the key stands in decides.
    pub const fn changes_by(mut self, rule: fn(&Node) -> Rule) -> Field {
        self.changes_by = Some(rule);
        self
    }

    /// Marks what the operator of the back-end decides, which `levers` tries by itself: not traffic, prices, quotas or
    /// latencies of others. The keys of a marked table count even if the table is absent.
    pub const fn decision(mut self) -> Field {
        self.is_decision = true;
        self
    }
}

/// Whether a key is required.
#[derive(Clone, Copy, Debug)]
pub(super) enum Need {
    /// It is.
    Required,
    /// No; if absent, it has this value.
    Default(&'static str),
    /// No; this is what its absence means.
    Optional(&'static str),
}

/// What may stand as a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// A text, or a list of texts: the names of parts.
    Names,
    /// A text that names something: letters, digits, `_` and `-`.
    Name,
    /// `true` or `false`.
    Bool,
    /// A whole number in a range.
    Whole(i128, i128),
    /// A whole number in a range, or a word.
    WholeOr(i128, i128, &'static str),
    /// A number in a range.
    Number(f64, f64),
    /// A number greater than 0.
    Positive,
    /// A fraction, 0 to 1.
    Fraction,
    /// A duration; 0 is allowed.
    Duration,
    /// A duration greater than 0.
    Length,
    /// A duration greater than 0, or one of some words.
    LengthOr(&'static [&'static str]),
    /// A size in bytes.
    Size,
    /// A date and time.
    Date,
    /// A time zone.
    Zone,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// A table with fixed keys.
    Table(&'static Section),
    /// A table with fixed keys, or a list of such.
    OneOrMore(&'static Section),
    /// A table whose keys the user names.
    Named(&'static Kind),
    /// A table whose keys are metric names.
    Metrics(&'static Kind),
    /// A table whose keys are paths of other keys, with their values.
    Paths,
    /// A list; of exactly this many entries if a number is given.
    List(&'static Kind, Option<usize>),
    /// A pair of a fraction and a duration.
    Quantile,
    /// A table whose keys depend on one of them.
    Tagged(&'static Tagged),
    /// A distribution of durations: a bare duration, or a table.
    Law(&'static Tagged),
}

/// A key that is required.
pub(super) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    declared(name, kind, Need::Required, doc)
}

/// A key with a default.
pub(super) const fn default(name: &'static str, kind: Kind, value: &'static str, doc: &'static str) -> Field {
    declared(name, kind, Need::Default(value), doc)
}

/// A key that may be absent.
pub(super) const fn optional(name: &'static str, kind: Kind, absent: &'static str, doc: &'static str) -> Field {
    declared(name, kind, Need::Optional(absent), doc)
}

const fn declared(name: &'static str, kind: Kind, need: Need, doc: &'static str) -> Field {
    Field { name, kind, need, doc, example: "", note: "", is_decision: false, changes: None, changes_by: None }
}

impl Kind {
    /// What is allowed, in words.
    pub fn allowed(&self) -> String {
        match *self {
            Kind::Text => "a text".into(),
            Kind::Names => "a text, or a list of texts".into(),
            Kind::Name => "a name of letters, digits, `_` and `-`".into(),
            Kind::Bool => "true or false".into(),
            Kind::Whole(min, max) => format!("a whole number from {} to {}", digits(min), digits(max)),
            Kind::WholeOr(min, max, word) => {
                format!("a whole number from {} to {}, or \"{word}\"", digits(min), digits(max))
            }
            Kind::Number(min, max) if min <= -1e300 && max >= 1e300 => "a number".into(),
            Kind::Number(min, f64::INFINITY) => format!("a number of at least {min}"),
            Kind::Number(min, max) => format!("a number from {min} to {}", crate::units::number(max)),
            Kind::Positive => "a number greater than 0".into(),
            Kind::Fraction => "a number from 0 to 1".into(),
            Kind::Duration => "a duration such as \"12s\", \"250ms\", \"1h 30m\" or \"30d\"".into(),
            Kind::Length => "a duration greater than 0, such as \"12s\", \"250ms\" or \"30d\"".into(),
            Kind::LengthOr(words) => format!("{}, or a duration greater than 0", either(words)),
            Kind::Size => "a size such as \"512B\", \"2KiB\" or \"10MB\"".into(),
            Kind::Date => "a date and time such as \"2026-02-16T00:00:00Z\"".into(),
            Kind::Zone => "an IANA time zone such as \"Europe/Sofia\", or \"UTC\"".into(),
            Kind::OneOf(words) => either(words),
            Kind::Table(section) => format!("a table with the keys of {}", section.title),
            Kind::OneOrMore(section) => format!("a table with the keys of {}, or a list of them", section.title),
            Kind::Named(_) => "a table with a name for each entry".into(),
            Kind::Metrics(_) => "a table with a metric for each entry".into(),
            Kind::Paths => "a table such as { \"queue.ai.max_concurrency\" = 3 }".into(),
            Kind::List(of, None) => format!("a list, each entry {}", of.allowed()),
            Kind::List(of, Some(n)) => format!("a list of {n} entries, each {}", of.allowed()),
            Kind::Quantile => "a pair such as [0.95, \"11s\"]".into(),
            Kind::Tagged(tagged) => {
                format!("a table such as {{ {} = \"{}\", … }}", tagged.tag, tagged.variants[0].name)
            }
            Kind::Law(_) => "a duration such as \"4s\", or a table such as { dist = \"lognormal\", … }".into(),
        }
    }

    /// Whether a value that is no table or list is of this kind.
    pub fn check(&self, node: &Node) -> Result<(), Complaint> {
        let refuse = |why: &str| Err(self.refuse(why, node));
        let wrong = || Err(self.refuse("wrong type", node));
        match (*self, &node.value) {
            (Kind::Names, Value::List(list)) if !list.is_empty() && list.iter().all(|item| item.text().is_some()) => {
                Ok(())
            }
            (Kind::Text | Kind::Names, Value::Text(_)) | (Kind::Bool, Value::Bool(_)) => Ok(()),
            (Kind::Name, Value::Text(name)) if is_name(name) => Ok(()),
            (Kind::Name, Value::Text(_)) => refuse("not a valid name"),
            (Kind::WholeOr(.., word), Value::Text(text)) if text == word => Ok(()),
            (Kind::Whole(min, max) | Kind::WholeOr(min, max, _), Value::Whole(number)) => {
                if (min..=max).contains(number) { Ok(()) } else { refuse("out of range") }
            }
            (Kind::Whole(..) | Kind::WholeOr(..), Value::Real(_)) => refuse("not a whole number"),
            (Kind::Number(..) | Kind::Positive | Kind::Fraction, Value::Whole(_) | Value::Real(_)) => {
                self.check_number(node)
            }
            (Kind::LengthOr(words), Value::Text(text)) if words.contains(&text.as_str()) => Ok(()),
            (Kind::Duration, _) => refuse_unit(self, node, span(node).map(|_| ())),
            (Kind::Length | Kind::LengthOr(_), _) => match span(node) {
                Ok(length) if length.is_zero() => refuse("must be greater than 0"),
                other => refuse_unit(self, node, other.map(|_| ())),
            },
            (Kind::Size, Value::Text(text)) => refuse_unit(self, node, Bytes::parse(text).map_err(|e| e.0).map(|_| ())),
            (Kind::Size, Value::Whole(_)) => refuse("the unit is missing"),
            (Kind::Zone, Value::Text(text)) => refuse_unit(self, node, Zone::parse(text).map_err(|e| e.0).map(|_| ())),
            (Kind::Date, Value::Text(text) | Value::Date(text)) => {
                refuse_unit(self, node, Timestamp::parse(text).map_err(|e| e.0).map(|_| ()))
            }
            (Kind::OneOf(words), Value::Text(text)) if words.contains(&text.as_str()) => Ok(()),
            (Kind::OneOf(words), Value::Text(text)) => {
                Err(self.refuse("unknown value", node).cure(did_you_mean(text, words)))
            }
            _ => wrong(),
        }
    }

    fn check_number(&self, node: &Node) -> Result<(), Complaint> {
        let number = number(node).unwrap_or(f64::NAN);
        let inside = match *self {
            Kind::Number(min, max) => (min..=max).contains(&number),
            Kind::Fraction => (0.0..=1.0).contains(&number),
            _ => number > 0.0,
        };
        if !number.is_finite() {
            Err(self.refuse("not a finite number", node))
        } else if inside {
            Ok(())
        } else {
            Err(self.refuse("out of range", node))
        }
    }

    /// The complaint about a value that is not of this kind.
    pub fn refuse(&self, why: &str, node: &Node) -> Complaint {
        Complaint::new(why).found(node.describe()).allowed(self.allowed())
    }
}

fn refuse_unit(kind: &Kind, node: &Node, result: Result<(), String>) -> Result<(), Complaint> {
    // The clause after the colon says what to write; `allowed` says it already.
    result.map_err(|why| kind.refuse(why.split(": ").next().unwrap_or(&why), node))
}

/// Reads a duration.
pub(super) fn span(node: &Node) -> Result<Span, String> {
    match &node.value {
        Value::Text(text) => Span::parse(text).map_err(|error| error.0),
        Value::Whole(_) | Value::Real(_) => Err("the unit is missing".into()),
        _ => Err("not a duration".into()),
    }
}

/// Reads a number.
pub(super) fn number(node: &Node) -> Option<f64> {
    match node.value {
        Value::Whole(number) => Some(number as f64),
        Value::Real(number) => Some(number),
        _ => None,
    }
}

/// Whether a text can name a part: it must fit into a metric's name and a key's path.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn digits(number: i128) -> String {
    u64::try_from(number).map_or_else(|_| number.to_string(), crate::units::count)
}

fn either(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// [`did_you_mean`] for names that people give: short ones that differ in a letter are near too.
pub(super) fn did_you_mean_name<S: AsRef<str>>(word: &str, names: &[S]) -> String {
    let near = did_you_mean(word, names);
    let other = names.iter().find(|name| strsim::damerau_levenshtein(word, name.as_ref()) <= 1);
    match other {
        Some(name) if near.is_empty() => format!("did you mean `{}`?", name.as_ref()),
        _ => near,
    }
}
