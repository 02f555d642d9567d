//! What an isolate keeps of its own, and so may change in one and not yet in another.

use crate::model::problems::At;

/// What reaches each isolate by itself, in words.
pub(super) const ALLOWED: &str = "`max_concurrency` and `max_queue` of a queue";

fn names(keys: &[(String, At)]) -> Vec<&str> {
    keys.iter().map(|(key, _)| key.as_str()).collect()
}

/// Whether a path is a value that reaches each isolate by itself.
pub(super) fn may_be_late(keys: &[(String, At)]) -> bool {
    matches!(names(keys)[..], ["queue", _, "max_concurrency" | "max_queue"])
}

/// Whether a path is of something that each isolate keeps: queues, breakers, budgets of retries.
pub(super) fn is_kept(keys: &[(String, At)]) -> bool {
    matches!(names(keys)[..], ["queue" | "breaker" | "retry", ..])
}
