//! Every shipped model and example model is loaded, run, and says what it is for.

use crate::common::{answer, shipped};
use capsim::report::{self, Show};

fn models() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    names
}

#[test]
fn every_model_runs_and_balances() {
    let models = models();
    assert!(models.len() >= 7, "{models:?}");
    for name in models {
        let text = std::fs::read_to_string(format!("{}/models/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(text.starts_with('#'), "{name} does not open with the question it answers");
        let answer = answer(&shipped(&name, &["run.replications=2"]));
        assert!(answer.mean("plans.offered").unwrap() > 0.0, "{name}: nobody came");
        let screen = report::Report::Run(&answer, &Show::Short).text(report::Screen::PLAIN);
        assert!(screen.lines().count() <= 41, "{name} does not fit on a screen:\n{screen}");
        let table = screen.split("\nMetrics\n").nth(1).and_then(|table| table.trim_start().split("\n\n").next());
        let metrics = table.unwrap().lines().filter(|line| !line.contains("--all shows them")).count() - 1;
        assert!((2..=15).contains(&metrics), "{name}:\n{screen}");
    }
}

#[test]
fn the_metrics_that_scripts_rely_on_are_there() {
    let answer = answer(&shipped("cache-only.toml", &["run.replications=2"]));
    for name in "plans.offered plans.completed plans.call_failed plans.overloaded plans.abandoned plans.crashed \
        plans.in_flight plans.per_day plans.failed_fraction calls.made calls.succeeded calls.failed calls.refused \
        attempts.made attempts.timed_out attempts.errored attempts.rate_limited attempts.retried queue.ai.wait.mean \
        queue.ai.wait.p95 queue.ai.dropped queue.ai.drop_fraction queue.ai.active.mean queue.ai.queued.mean \
        queue.ai.utilisation kv.reads kv.writes kv.deletes kv.lists kv.reads_attempted kv.writes_rejected_quota \
        kv.writes_rejected_key kv.writes_rejected kv.writes_per_plan kv.writes_per_day.mean kv.writes_per_day.max \
        kv.quota.writes.exhausted_days_fraction kv.quota.writes.used_fraction cache.puts cache.hits cache.misses \
        cache.evicted cache.expired logs.normal.written logs.error.written logs.error.lost logs.error.retrievable.1h \
        logs.error.retrievable.24h logs.error.retrievable.3d logs.error.retrievable.7d logs.error.retrievable.30d \
        logs.error.reachable.3d logs.normal.retrievable.3d logs.normal.reachable.30d cost.month"
        .split_whitespace()
    {
        assert!(answer.metric(name).is_some(), "no {name}");
    }
    for name in [
        "plan.latency.mean",
        "plan.latency.p50",
        "plan.latency.p90",
        "plan.latency.p95",
        "plan.latency.p99",
        "plan.latency.max",
    ] {
        assert!(answer.metric(name).is_some(), "no {name}");
    }
}
