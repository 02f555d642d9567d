//! A trace replayed: counts to the integer, and times to the nanosecond, as a naive second program finds them.

use crate::common::{answer_on, mean, model};
use crate::reference::{Plan, Rules, SECOND, bursts, replay, trace};
use proptest::prelude::*;
use std::path::PathBuf;

fn toml(file: &std::path::Path, rules: &Rules, plans: &[Plan]) -> String {
    let calls = plans[0].calls.len();
    let class = |name: &str, admin: bool| {
        let any = plans.iter().any(|plan| plan.admin == admin);
        let arrivals =
            format!("arrivals = {{ process = \"trace\", file = {file:?} }}\npriority = {}", i32::from(admin));
        if any { format!("[traffic.{name}]\n{arrivals}\n") } else { String::new() }
    };
    let classes = class("admin", true) + &class("user", false);
    let seconds = |nanos: u64| format!("{}ns", nanos);
    let timeout = rules.timeout.map(|t| format!("request_timeout = \"{}\"", seconds(t))).unwrap_or_default();
    let patience = rules.patience.map(|p| format!("patience = \"{}\"", seconds(p))).unwrap_or_default();
    let retry = if rules.retries > 0 && !rules.retried.is_empty() {
        format!(
            "[retry.p]\nmax = {}\non = {:?}\nhold_slot = {}\nbackoff = {{ kind = \"exponential\", base = \"{}\", \
             factor = {}.0, cap = \"{}\", jitter = \"none\" }}",
            rules.retries,
            rules.retried,
            rules.hold_slot,
            seconds(rules.base),
            rules.factor,
            seconds(rules.cap),
        )
    } else {
        String::new()
    };
    format!(
        r#"
name = "replay"
[run]
horizon = "30d"
replications = 1
[platform]
isolates = {}
{classes}
[workflow.plan]
steps = [{{ name = "call", provider = "p", queue = "q", calls = {calls} }}]
[provider.p]
latency = "1s"
{timeout}
{retry}
[queue.q]
max_concurrency = {}
max_queue = {}
discipline = "{}"
{patience}
[logging]
strategy = "none"
"#,
        rules.isolates, rules.slots, rules.places, rules.discipline
    )
}

fn compare(plans: &[Plan], rules: &Rules) {
    let name = format!("capsim-replay-{}-{:?}.jsonl", std::process::id(), std::thread::current().id());
    let file: PathBuf = std::env::temp_dir().join(name);
    std::fs::write(&file, trace(plans, "user")).unwrap();
    let answer = answer_on(&model(&toml(&file, rules, plans)), 1);
    std::fs::remove_file(&file).unwrap();
    let exact = replay(plans, rules);
    for (metric, count) in [
        ("plans.offered", exact.plans_offered),
        ("plans.completed", exact.plans_completed),
        ("plans.call_failed", exact.plans_failed),
        ("plans.overloaded", exact.plans_overloaded),
        ("plans.abandoned", exact.plans_abandoned),
        ("plans.in_flight", 0),
        ("calls.made", exact.calls_made),
        ("calls.succeeded", exact.calls_succeeded),
        ("calls.failed", exact.calls_failed),
        ("calls.refused", exact.calls_refused),
        ("attempts.made", exact.attempts_made),
        ("attempts.timed_out", exact.attempts_timed_out),
        ("attempts.retried", exact.attempts_retried),
        ("queue.q.admitted", exact.grants),
        ("queue.q.queued.max", exact.queued_max),
    ] {
        assert_eq!(mean(&answer, metric), count as f64, "{metric} under {rules:?}");
    }
    let errored = mean(&answer, "attempts.errored") + mean(&answer, "attempts.rate_limited");
    assert_eq!(errored, exact.attempts_errored as f64, "faults under {rules:?}");
    if exact.grants > 0 {
        let wait = exact.waited as f64 / exact.grants as f64 / SECOND as f64;
        assert!((mean(&answer, "queue.q.wait.mean") - wait).abs() < 1e-9, "waits under {rules:?}");
    }
    if let Some(longest) = exact.latencies.iter().map(|&(_, latency)| latency).max() {
        assert_eq!(mean(&answer, "plan.latency.max"), longest as f64 / 1e9, "the longest plan under {rules:?}");
        let sum: u64 = exact.latencies.iter().map(|&(_, latency)| latency).sum();
        let latency = sum as f64 / exact.latencies.len() as f64 / SECOND as f64;
        assert!((mean(&answer, "plan.latency.mean") / latency.max(1e-9) - 1.0).abs() < 1e-9 || sum == 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bursts that fill 4/64, 3/25 and 8/128, with timeouts, faults and retries, the slot held or not, in one isolate or
    /// pinned to three, first come first or last or by class, with patience or without; much at the same instants.
    #[test]
    fn a_trace_gives_the_counts_of_a_second_program((plans, rules) in bursts::any_burst()) {
        compare(&plans, &rules);
    }

    /// And a queue so small that everything collides.
    #[test]
    fn also_where_the_queue_is_tiny((plans, rules) in bursts::burst(1, 1)) {
        compare(&plans, &rules);
    }
}
