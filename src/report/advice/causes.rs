//! The counts of causes, and how they read in a sentence.

use super::CauseCount;
use crate::experiment::Answer;
use crate::units::number;

/// The causes of an account (`plans.ended_by`) that ended anything, the most frequent first.
pub(super) fn causes(answer: &Answer, account: &str) -> Vec<CauseCount> {
    let counted = answer.metrics.iter().filter_map(|metric| {
        let cause = metric.name.strip_prefix(account)?.strip_prefix('.')?;
        let count = metric.mean.filter(|&count| count > 0.0)?;
        (!cause.contains('.')).then(|| CauseCount { cause: cause.into(), count })
    });
    let mut all: Vec<CauseCount> = counted.collect();
    all.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.cause.cmp(&b.cause)));
    all
}

/// How many there are of something: `1 plan`, `2 plans`, `0.3 plans`.
pub(super) fn counted(n: f64, one: &str) -> String {
    let n = number(n);
    let plural = if n == "1" { "" } else { "s" };
    format!("{n} {one}{plural}")
}

/// `is` or `are`, and the like.
pub(super) fn verb(n: f64, one: &'static str, many: &'static str) -> &'static str {
    if number(n) == "1" { one } else { many }
}

/// The largest of several causes: `1,204 by a full queue, 12 by the open breaker and 3 by others`. The only one needs no
/// number: it is all of them.
pub(super) fn listed(by: &[CauseCount]) -> String {
    const SHOWN: usize = 3;
    if let [only] = by {
        return format!("by {}", words(&only.cause));
    }
    let mut parts: Vec<String> =
        by.iter().take(SHOWN).map(|one| format!("{} by {}", number(one.count), words(&one.cause))).collect();
    let rest: f64 = by.iter().skip(SHOWN).map(|one| one.count).sum();
    parts.extend((rest > 0.0).then(|| format!("{} by others", number(rest))));
    match parts.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

/// A cause in words, after `by`.
pub(in crate::report) fn words(cause: &str) -> String {
    let words = match cause {
        "queue_full" => "a full queue",
        "adaptive_limit" => "the adaptive limit of a queue",
        "semaphore" => "a full semaphore",
        "patience" => "the end of their patience in a queue",
        "timeout_waiting" => "the time they had waited before they were served",
        "timeout_served" => "a timeout while the provider works on them",
        "timeout_first_token" => "a timeout while they wait for the first token",
        "timeout_idle" => "a timeout while they wait for the next token",
        "timeout_at_provider_queue" => "a timeout while they wait for a slot of the provider",
        "deadline" => "the deadline",
        "hang" => "a provider that never answers",
        "outage" => "an outage of the provider",
        "requests_per_minute" => "requests_per_minute of the provider",
        "tokens_per_minute" => "tokens_per_minute of the provider",
        "input_tokens_per_minute" => "input_tokens_per_minute of the provider",
        "output_tokens_per_minute" => "output_tokens_per_minute of the provider",
        "requests_per_day" => "requests_per_day of the provider",
        "tokens_per_day" => "tokens_per_day of the provider",
        "request_too_large" => "a provider whose full bucket holds fewer tokens than they reserve",
        "growth" => "the provider's limit of growth (slope)",
        "provider_slots" => "the provider's full slots",
        "provider_daily_quota" => "the provider's daily quota",
        "provider_monthly_quota" => "the provider's monthly quota",
        "provider_fixed_quota" => "the provider's quota in a fixed window",
        "provider_rolling_quota" => "the provider's quota in a rolling window",
        "provider_bucket_quota" => "the provider's bucket",
        "rate_limited" => "a 429 that the provider gives at random",
        "breaker" => "the open breaker",
        "retry_budget" => "the budget of retries",
        "external_subrequests" => "the limit of external subrequests",
        "internal_subrequests" => "the limit of internal subrequests",
        "ops_per_invocation" => "the limit of ops in an invocation",
        "connections" => "the wait for a connection of the invocation",
        "processor_time" => "the limit of processor time",
        "request_quota" => "the account's quota of requests",
        "daily_quota" => "the daily quota of a store",
        "monthly_quota" => "the monthly quota of a store",
        "fixed_quota" => "a store's quota in a fixed window",
        "rolling_quota" => "a store's quota in a rolling window",
        "bucket_quota" => "a store's bucket",
        "key_spacing" => "a write to the same key a moment before",
        "store_full" => "a full store",
        "dropped" => "a quota that drops without a word",
        "client_silent" => "a log client that is silent after a refusal",
        "kept_nothing" => "a store that answers and keeps nothing",
        "cut_off" => "the end of their invocation",
        "limiter" => "a limiter whose limit they are over",
        "limiter_store" => "a limiter whose store refuses",
        "database_overloaded" => "an overloaded database",
        "lost_isolate" => "the end of their isolate",
        "drain" => "the end of their isolate's time to drain",
        "user_left" => "a user who leaves",
        other => return other.replace('_', " "),
    };
    words.into()
}

/// What to try, as the last sentence; nothing where there is nothing.
pub(super) fn try_it(command: Option<&String>) -> String {
    command.map_or(String::new(), |command| format!(" Try: {command}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_one_and_many_read_right() {
        assert_eq!(
            [0.0, 1.0, 0.3, 1204.0].map(|n| counted(n, "plan")),
            ["0 plans", "1 plan", "0.3 plans", "1,204 plans"]
        );
        let one = |cause: &str, count| CauseCount { cause: cause.into(), count };
        assert_eq!(listed(&[one("outage", 2.0)]), "by an outage of the provider");
        let many = [one("queue_full", 9.0), one("breaker", 3.0), one("auth", 2.0), one("hang", 1.0)];
        assert_eq!(listed(&many), "9 by a full queue, 3 by the open breaker, 2 by auth and 1 by others");
    }
}
