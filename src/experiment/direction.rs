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
    // What the diagnostics page shows is a view of the rest, and no good or bad of its own.
    if name.starts_with("diagnostics.") {
        return None;
    }
    const MORE: [&str; 4] = ["plans.completed", "plans.per_day", "calls.succeeded", "logs.error.written"];
    const MORE_PARTS: [&str; 4] = [".retrievable.", ".reachable.", ".context.", ".reach_back."];
    const MORE_ENDINGS: [&str; 2] = [".hits", ".hit_fraction"];
    const LESS: [&str; 6] = [
        "plans.call_failed",
        "plans.failed_fraction",
        "calls.failed",
        "calls.refused",
        "plans.crashed",
        "calls.crashed",
    ];
    const LESS_PARTS: [&str; 4] = ["cost.", ".latency.", ".wait.", "_rejected"];
    const LESS_ENDINGS: [&str; 22] = [
        ".dropped",
        ".drop_fraction",
        ".abandoned",
        ".abandon_fraction",
        ".exhausted_days_fraction",
        ".exhausted_fraction",
        ".overloaded",
        ".overloaded_fraction",
        "_overloaded",
        "_exhausted",
        ".used_fraction",
        ".timed_out",
        ".errored",
        ".kept_back",
        ".rate_limited",
        ".retried",
        ".per_success",
        ".lost",
        ".lost_at_restart",
        ".overwritten",
        ".unlogged",
        ".lost_updates",
    ];
    let is = |names: &[&str], parts: &[&str], endings: &[&str]| {
        names.contains(&name)
            || parts.iter().any(|part| name.contains(part))
            || endings.iter().any(|ending| name.ends_with(ending))
    };
    if is(&MORE, &MORE_PARTS, &MORE_ENDINGS) {
        Some(Better::More)
    } else if is(&LESS, &LESS_PARTS, &LESS_ENDINGS) {
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
        assert_eq!(better("plans.overloaded_fraction"), Some(Better::Less));
        assert_eq!(better("d1.db.wait.p95"), Some(Better::Less));
        assert_eq!(better("cost.per_useful_plan"), Some(Better::Less));
        assert_eq!(better("kv.writes"), None);
        assert_eq!(better("diagnostics.wait.mean"), None);
    }
}
