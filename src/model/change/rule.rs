//! Whose a value is: the program's, which each isolate reads by itself; one that all isolates share; or the model's for
//! the whole run.
//!
//! The path of a key decides. That of one that is not named here goes with its section; a test walks the whole language.

use super::find;
use crate::model::problems::At;
use crate::model::tree::{Node, Value};

/// Whose a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Rule {
    /// The program reads it in each isolate.
    Program,
    /// All isolates share it, for this reason.
    Shared(&'static str),
    /// It stays, for this reason.
    Fixed(&'static str),
}

/// What reaches each isolate by itself, in words.
pub(super) const ALLOWED: &str = "what the program reads: queue, retry, breaker, hedge and logging, per_day and on_error of a limiter, entries and ttl of a tier per isolate, memory_ttl of reads, request_timeout, timeout_from and tokens of a provider, tokens and critical of a step, on_call_error and overload_on of a workflow";

pub(super) const PRESET: &str = "a preset";
const RUN: &str = "the run, or what it is held against";
const PARTS: &str = "a part, or what connects it to others";
pub(super) const KIND: &str = "the kind of a part or of a rule";
const NO_PRICE: &str = "a price of what is refused and never billed";
const COMPARED: &str = "the comparison with another plan of the platform, which is made at the start";
const CALENDAR: &str = "what the calendar has from the start";
const LAID_OUT: &str = "what memory is laid out for";
const MEASURED: &str = "how results are measured";

/// The keys of a path.
pub(super) fn names(keys: &[(String, At)]) -> Vec<&str> {
    keys.iter().map(|(key, _)| key.as_str()).collect()
}

/// Whose the value at a path is.
pub(in crate::model) fn rule(root: &Node, path: &[&str]) -> Rule {
    if let Some(why) = fixed(path) {
        return Rule::Fixed(why);
    }
    let is = |keys: &[&str], word: &str| find(root, keys).and_then(Node::text) == Some(word);
    let lets_wait = |name: &str| {
        let places = find(root, &["provider", name, "max_queue"]);
        places.is_some_and(|places| !matches!(places.value, Value::Whole(0)))
    };
    match *path {
        // Nobody who waits already could go ahead.
        ["provider", name, "max_concurrency"] if lets_wait(name) => {
            Rule::Fixed("slots that attempts wait for: who has which is settled as they come")
        }
        ["queue" | "retry" | "breaker" | "hedge" | "logging", ..] => Rule::Program,
        ["limiter", _, "per_day" | "on_error"] | ["reads", _, "memory_ttl"] => Rule::Program,
        ["provider", _, "request_timeout" | "timeout_from" | "tokens"] => Rule::Program,
        ["workflow", _, "on_call_error" | "overload_on"] => Rule::Program,
        ["workflow", _, "steps", _, "tokens" | "critical"] => Rule::Program,
        ["tiers", name, "tier", tier, "entries" | "ttl"] if is(&["tiers", name, "tier", tier, "per"], "isolate") => {
            Rule::Program
        }
        ["tiers", _, "tier", _, "entries" | "ttl"] => Rule::Shared("a tier that all isolates share"),
        ["workflow", _, "steps"] | ["tiers", _, "tier"] => Rule::Shared("several values at once"),
        ["traffic", ..] | ["limiter", ..] => Rule::Shared("what people do"),
        ["workflow", ..] => Rule::Shared("how long work takes"),
        ["provider", ..] => Rule::Shared("the provider's own side"),
        ["tiers", ..] => Rule::Shared("what is alike in all isolates"),
        ["store" | "d1" | "reads", ..] => Rule::Shared("a store's own side"),
        ["platform" | "isolates", ..] => Rule::Shared("what the platform does"),
        ["reader" | "diagnostics", ..] => Rule::Shared("what somebody does who looks"),
        ["logfile", ..] => Rule::Shared("a file that all isolates write to"),
        _ => Rule::Shared("nothing that a program reads"),
    }
}

/// Why a value stays, if it does.
fn fixed(path: &[&str]) -> Option<&'static str> {
    let is_quota = path.contains(&"quota") || path.starts_with(&["platform", "requests"]);
    let why = match *path {
        [.., "preset"] => PRESET,
        ["name" | "description" | "extends" | "run" | "objectives" | "change", ..] => RUN,
        [.., "window" | "kind" | "zone" | "on_exceed" | "counts_rejected"] if is_quota => KIND,
        ["provider", _, "quota", .., "price_per_million"] => NO_PRICE,
        ["cost", ..] => COMPARED,
        ["platform", "isolates"] | ["traffic", _, "workflow" | "region"] => PARTS,
        ["isolates", "deploys", "at"] | ["diagnostics", "at"] => CALENDAR,
        ["traffic", _, "arrivals", "process" | "file"] => KIND,
        ["workflow", _, "invocation"] | ["diagnostics", "queue"] => PARTS,
        ["workflow", _, "steps", _, "tokens" | "critical" | "latency" | "cpu", ..] => return None,
        ["workflow", _, "steps", _, ..] => PARTS,
        ["provider", _, "outlives_client"] | ["breaker", _, "counts"] | ["queue", _, "discipline"] => KIND,
        ["queue", _, "adaptive", "kind"] => KIND,
        ["provider", _, "slope", "per"] => LAID_OUT,
        ["store", _, "kind" | "awaited" | "searchable" | "subrequest"] | ["store", _, "storage", "on_exceed"] => KIND,
        ["reads", _, "store" | "per_plan" | "per_call"] | ["reader", _, "region" | "store"] => PARTS,
        ["logging", "strategy" | "kv_errors" | "index" | "awaited"] => PARTS,
        ["logging", "ops", _, "ttl" | "bytes"] => return None,
        ["logging", "ops", _, ..] => PARTS,
        ["logging", "incident_gap"] => MEASURED,
        ["logfile", _, "rotate"] | ["isolates", "on_loss"] | ["tiers", _, "single_flight"] => KIND,
        ["tiers", _, "tier", _, "entries" | "ttl" | "latency" | "miss_latency", ..] => return None,
        ["tiers", _, "tier", _, ..] => KIND,
        ["tiers", _, "keys", "law" | "count"] | ["limiter", _, "people", "law" | "count"] => LAID_OUT,
        ["limiter", _, "store"] => PARTS,
        _ => return None,
    };
    Some(why)
}

/// Whether a path is, or holds, what the program in an isolate reads.
pub(super) fn is_read(root: &Node, keys: &[(String, At)]) -> bool {
    let path = names(keys);
    rule(root, &path) == Rule::Program || matches!(path[..], ["workflow", _, "steps"] | ["tiers", _, "tier"])
}
