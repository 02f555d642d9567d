//! Which way of a metric is better, where that is known.

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More of it is better.
    More,
    /// Less of it is better.
    Less,
}

/// The better way of a metric by its name; none where neither way is better by itself (`kv.writes`, `calls.made`).
pub fn better(metric: &str) -> Option<Better> {
    let name = match metric.strip_prefix("class.") {
        Some(rest) => rest.split_once('.').map_or(rest, |(_, name)| name),
        None => metric,
    };
    const MORE: [&str; 5] = ["plans.completed", "plans.per_day", "calls.succeeded", "logs.error.written", "cache.hits"];
    const LESS: [&str; 12] = [
        "plans.failed",
        "plans.failed_fraction",
        "plans.overloaded",
        "plans.abandoned",
        "plans.crashed",
        "calls.failed",
        "calls.refused",
        "calls.abandoned",
        "calls.crashed",
        "attempts.per_success",
        "cost.month",
        "cost.per_plan",
    ];
    const LESS_ENDINGS: [&str; 17] = [
        ".dropped",
        ".drop_fraction",
        ".abandoned",
        ".abandon_fraction",
        "_rejected",
        "_rejected_quota",
        "_rejected_key",
        "_rejected_invocation",
        ".exhausted_days_fraction",
        ".used_fraction",
        ".timed_out",
        ".errored",
        ".rate_limited",
        ".retried",
        ".lost",
        ".unlogged",
        ".lost_updates",
    ];
    let is = |list: &[&str]| list.contains(&name);
    if is(&MORE) || [".retrievable.", ".reachable.", ".context."].iter().any(|part| name.contains(part)) {
        Some(Better::More)
    } else if is(&LESS)
        || name.starts_with("plan.latency.")
        || (name.starts_with("queue.") && name.contains(".wait."))
        || LESS_ENDINGS.iter().any(|ending| name.ends_with(ending))
    {
        Some(Better::Less)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_follows_from_the_name() {
        assert_eq!(better("plans.failed_fraction"), Some(Better::Less));
        assert_eq!(better("class.admin.plan.latency.p95"), Some(Better::Less));
        assert_eq!(better("queue.ai.wait.mean"), Some(Better::Less));
        assert_eq!(better("logs.error.retrievable.3d"), Some(Better::More));
        assert_eq!(better("kv.writes_rejected"), Some(Better::Less));
        assert_eq!(better("kv.writes"), None);
    }
}
