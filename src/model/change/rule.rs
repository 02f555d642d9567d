//! Who owns a value, by its path: as its key says, or the key or section that contains it.

use crate::model::fields::{Field, Kind, Section};
use crate::model::problems::At;
use crate::model::root::ROOT;
pub(in crate::model) use crate::model::rule::Rule;
use crate::model::tree::Node;

/// The values that may reach one isolate before another, in words; a test checks it against the language.
pub(in crate::model) const ALLOWED: &str = "values that the program reads: queue, retry, breaker, hedge and logging, per_day and on_error of a limiter, entries and ttl of a tier per isolate, memory_ttl of reads, request_timeout, timeout_from and tokens of a provider, tokens and critical of a step, on_call_error and overload_on of a workflow";

/// The keys of a path.
pub(super) fn names(keys: &[(String, At)]) -> Vec<&str> {
    keys.iter().map(|(key, _)| key.as_str()).collect()
}

/// Who owns the value at a path.
pub(in crate::model) fn rule(root: &Node, path: &[&str]) -> Rule {
    whose(root, path).0
}

/// Whether a path is, or holds, what the program in an isolate reads.
pub(super) fn is_read(root: &Node, keys: &[(String, At)]) -> bool {
    let (rule, kind) = whose(root, &names(keys));
    rule == Rule::Program || section(&kind).is_some_and(|section| section.fields.iter().any(is_of_program))
}

fn is_of_program(field: &Field) -> bool {
    field.changes == Some(Rule::Program) || field.changes_by.is_some()
}

/// Who owns the value at a path, and its kind.
fn whose(root: &Node, path: &[&str]) -> (Rule, Kind) {
    let (mut kind, mut rule) = (ROOT, Rule::Shared("a value outside the program"));
    for (at, key) in path.iter().enumerate() {
        let table = root.find(&path[..at]);
        let named = |fields: &'static [Field]| fields.iter().find(|field| field.name == *key);
        let field = match kind {
            Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => {
                (kind, rule) = (*of, of_section(of).unwrap_or(rule));
                continue;
            }
            Kind::OneOrMore(section) if key.parse::<usize>().is_ok() => {
                kind = Kind::Table(section);
                continue;
            }
            Kind::Table(section) | Kind::OneOrMore(section) => named(section.fields),
            Kind::Tagged(of) | Kind::Law(of) if of.tag == *key => return (of.changes.unwrap_or(rule), Kind::Text),
            Kind::Tagged(of) | Kind::Law(of) => {
                named(of.common).or_else(|| of.variants.iter().find_map(|variant| named(variant.fields)))
            }
            _ => None,
        };
        rule = of_section(&kind).unwrap_or(rule);
        let Some(field) = field else { break };
        let by_table = field.changes_by.map(|by| table.map_or_else(|| by(&Node::empty(At::whole(0))), by));
        rule = by_table.or(field.changes).or(of_section(&field.kind)).unwrap_or(rule);
        kind = field.kind;
    }
    (rule, kind)
}

/// What a section says of its keys, looked at from outside: also where there are several of its kind.
fn of_section(kind: &Kind) -> Option<Rule> {
    section(kind).and_then(|section| section.changes)
}

fn section(kind: &Kind) -> Option<&'static Section> {
    match kind {
        Kind::Table(section) | Kind::OneOrMore(section) => Some(section),
        Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => section(of),
        _ => None,
    }
}
