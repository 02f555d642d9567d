//! One change to try against a cause, as a command. Where the model has no such value, or several parts may be meant,
//! there is none.

use crate::experiment::{Answer, ProviderFact};
use crate::units::Span;

/// The command that compares the model with a variant of it.
pub(super) fn compare(name: &str, path: &str, value: impl std::fmt::Display) -> String {
    format!("capsim compare MODEL --with {name}:{path}={value}")
}

/// What may help against this cause.
pub(super) fn against(answer: &Answer, cause: &str) -> Option<String> {
    match cause {
        "queue_full" | "semaphore" => more_slots(answer, "dropped"),
        "patience" => more_slots(answer, "abandoned"),
        "timeout_waiting" => more_slots(answer, "wait.mean"),
        "timeout_served" => {
            let provider = only(answer, |provider| provider.timeout.is_some())?;
            let longer = Span::from_secs_f64(provider.timeout?.secs() * 2.0).ok()?;
            Some(compare("longer", &format!("provider.{}.request_timeout", provider.name), longer))
        }
        "timeout_at_provider_queue" => fewer_retries(answer),
        "provider_slots" => twice(answer, "max_concurrency", cause),
        "request_quota" => larger_quota(answer, |metric| metric == "platform.quota.requests"),
        "external_subrequests" | "internal_subrequests" | "processor_time" | "connections" => by_call(answer),
        "daily_quota" | "monthly_quota" | "fixed_quota" | "rolling_quota" | "bucket_quota" | "dropped" => {
            larger_quota(answer, |metric| !metric.starts_with("provider.") && !metric.starts_with("platform."))
        }
        _ if cause.starts_with("provider_") && cause.ends_with("_quota") => {
            larger_quota(answer, |metric| metric.starts_with("provider."))
        }
        _ => twice(answer, cause, cause),
    }
}

/// The one provider of which this holds, if it is one.
fn only(answer: &Answer, is_one: impl Fn(&ProviderFact) -> bool) -> Option<&ProviderFact> {
    let mut all = answer.facts.providers.iter().filter(|provider| is_one(provider));
    all.next().filter(|_| all.next().is_none())
}

/// A budget of retries, else a breaker, for the provider that is asked most often for one call.
pub(super) fn fewer_retries(answer: &Answer) -> Option<String> {
    let retries = answer.facts.providers.iter().filter(|provider| provider.attempts > 1);
    let provider = retries.max_by_key(|provider| provider.attempts)?;
    if !provider.budget {
        return Some(compare("budget", &format!("retry.{}.budget.ratio", provider.name), 0.1));
    }
    (!provider.breaker).then(|| compare("breaker", &format!("breaker.{}.fail_max", provider.name), 5))
}

/// Twice the slots of the queue that shows most of this.
fn more_slots(answer: &Answer, what: &str) -> Option<String> {
    let shows = |name: &str| answer.mean(&format!("queue.{name}.{what}")).filter(|&n| n > 0.0);
    let queues = answer.facts.queues.iter().filter_map(|queue| Some((shows(&queue.0)?, queue)));
    let (_, (name, slots, _)) = queues.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(compare("slots", &format!("queue.{name}.max_concurrency"), u64::from(*slots) * 2))
}

/// Twice the limit of the provider that it refuses most, where this key is a limit.
fn twice(answer: &Answer, key: &str, cause: &str) -> Option<String> {
    let limit =
        |provider: &ProviderFact| provider.limits.iter().find(|(name, _)| *name == key).map(|(_, limit)| *limit);
    let refused = |name: &str| answer.mean(&format!("provider.{name}.attempts.refused_by.{cause}")).unwrap_or(0.0);
    let limited = answer.facts.providers.iter().filter(|provider| limit(provider).is_some());
    let provider = limited.max_by(|a, b| refused(&a.name).total_cmp(&refused(&b.name)))?;
    let more = limit(provider)?.saturating_mul(2);
    Some(compare("more", &format!("provider.{}.{key}", provider.name), more))
}

/// Twice the quota that refuses most, of those that are meant.
fn larger_quota(answer: &Answer, is_meant: impl Fn(&str) -> bool) -> Option<String> {
    let refused = |metric: &str| answer.mean(&format!("{metric}.refused")).filter(|&n| n > 0.0);
    let quotas = answer.facts.quotas.iter().filter(|quota| is_meant(&quota.metric));
    let quotas = quotas.filter_map(|quota| Some((refused(&quota.metric)?, quota)));
    let (_, quota) = quotas.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(compare("larger", &quota.path, quota.limit.saturating_mul(2)))
}

/// An invocation for each call of the first workflow that has none.
fn by_call(answer: &Answer) -> Option<String> {
    let (name, _) = answer.facts.workflows.iter().find(|(_, by_call)| !by_call)?;
    Some(compare("by-call", &format!("workflow.{name}.invocation"), "call"))
}
