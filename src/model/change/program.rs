//! Who has a value: the program in each isolate, which reads it by itself, or one that all isolates share.

use super::find;
use crate::model::problems::At;
use crate::model::tree::Node;

/// What reaches each isolate by itself, in words.
pub(super) const ALLOWED: &str = "what the program reads: queue, retry, breaker, hedge and logging, per_day and on_error of a limiter, entries and ttl of a tier per isolate, memory_ttl of reads, request_timeout, timeout_from and tokens of a provider, tokens and critical of a step, on_call_error and overload_on of a workflow";

/// The keys of a path.
pub(super) fn names(keys: &[(String, At)]) -> Vec<&str> {
    keys.iter().map(|(key, _)| key.as_str()).collect()
}

/// Whether the program in an isolate reads the value of a path; if not, whose it is.
pub(super) fn owner(root: &Node, path: &[&str]) -> Result<(), &'static str> {
    let is = |keys: &[&str], word: &str| find(root, keys).and_then(Node::text) == Some(word);
    match *path {
        ["queue" | "retry" | "breaker" | "hedge" | "logging", ..] => Ok(()),
        ["limiter", _, "per_day" | "on_error"] | ["reads", _, "memory_ttl"] => Ok(()),
        ["provider", _, "request_timeout" | "timeout_from" | "tokens"] => Ok(()),
        ["workflow", _, "on_call_error" | "overload_on"] => Ok(()),
        ["workflow", _, "steps", _, "tokens" | "critical"] => Ok(()),
        ["tiers", name, "tier", tier, "entries" | "ttl"] => {
            let is_own = is(&["tiers", name, "tier", tier, "per"], "isolate");
            if is_own { Ok(()) } else { Err("a tier that all isolates share") }
        }
        ["workflow", _, "steps"] | ["tiers", _, "tier"] => Err("several values at once"),
        ["traffic", ..] => Err("what users do"),
        ["workflow", ..] => Err("how long work takes"),
        ["provider", ..] => Err("the provider's own side"),
        ["tiers", ..] => Err("what lookups meet, in all isolates alike"),
        ["limiter", ..] => Err("what people do"),
        ["store" | "d1" | "reads", ..] => Err("a store's own side, which all isolates share"),
        ["platform" | "isolates", ..] => Err("what the platform does"),
        ["reader" | "diagnostics", ..] => Err("what somebody does who looks"),
        ["logfile", ..] => Err("a file that all isolates write to"),
        _ => Err("nothing that a program reads"),
    }
}

/// Whether a path is, or holds, what the program in an isolate reads.
pub(super) fn is_read(root: &Node, keys: &[(String, At)]) -> bool {
    owner(root, &names(keys)).is_ok() || matches!(names(keys)[..], ["workflow", _, "steps"] | ["tiers", _, "tier"])
}
