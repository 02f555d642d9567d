//! Which metrics there are, and that each is itself in every replication.

use crate::common::{answer, mean, model, model_with};
use capsim::experiment::metrics;

/// A short run in which now and then a waiting call is lost with its isolate.
const COMING_AND_GOING: &str = r#"
[run]
horizon = "1h"
replications = 2
[traffic.user]
arrivals = { process = "poisson", per_hour = 60 }
[workflow.plan]
steps = [{ name = "call", queue = "q" }]
[provider.p]
latency = "30s"
[queue.q]
max_concurrency = 1
[isolates]
min = 1
max = 2
lifetime = { dist = "exponential", mean = "30m" }
"#;

/// Whether a waiting call was lost in one replication or in none, each metric stays itself: no slot is busy more than
/// all the time, and a queue without a limit refuses nobody.
#[test]
fn each_metric_is_itself_in_every_replication() {
    let mut lost = 0.0;
    for seed in 0..40 {
        let answer = answer(&model_with(COMING_AND_GOING, &[&format!("run.seed={seed}")]));
        let busiest = answer.metric("queue.q.utilisation").unwrap().max.unwrap();
        assert!(busiest <= 1.0 + 1e-12, "seed {seed}: {busiest}");
        assert_eq!(mean(&answer, "queue.q.drop_fraction"), 0.0, "seed {seed}");
        assert_eq!(answer.metric("queue.q.lost").unwrap().unit, "calls");
        lost += mean(&answer, "queue.q.lost");
    }
    assert!(lost > 0.0, "no seed in which a waiting call was lost: the test says nothing");
}

/// A metric exists because the model has the part, whatever was counted: nobody comes, or many.
#[test]
fn a_metric_exists_by_the_model() {
    for (more, metric) in [
        ("", "queue.q.lost"),
        (
            "[traffic.guest]\narrivals = { process = \"poisson\", per_hour = 1 }\nleaves_after = \"5m\"",
            "queue.q.cancelled",
        ),
    ] {
        for rate in ["0.001", "60", "600"] {
            let text = format!("{}\n{more}", COMING_AND_GOING.replace("per_hour = 60", &format!("per_hour = {rate}")));
            let model = model(&text);
            let mut names = metrics(&model).unwrap();
            names.sort();
            let answer = answer(&model);
            assert_eq!(names, answer.metrics.iter().map(|m| m.name.clone()).collect::<Vec<_>>());
            assert!(mean(&answer, metric) >= 0.0);
        }
    }
}

/// A value that a change sets in mid-run is measured from the start, and a quota of nothing has its metrics too.
#[test]
fn what_changes_in_mid_run_is_measured_from_the_start() {
    let text = r#"
[run]
horizon = "2d"
replications = 2
[traffic.user]
arrivals = { process = "poisson", per_hour = 6 }
[workflow.plan]
steps = [{ name = "call" }]
[provider.p]
latency = "1s"
[store.kv]
kind = "kv"
quota.writes = { limit = 100, window = "day" }
[logging]
strategy = "kv-only"
[[change]]
at = "1d"
set = { "store.kv.on_key_exceed" = "overwrite", "store.kv.quota.writes.limit" = 0 }
"#;
    let model = model(text);
    let mut before = metrics(&model).unwrap();
    for name in ["kv.writes_overwriting", "kv.quota.writes.used_fraction"] {
        assert!(before.iter().any(|metric| metric == name), "{name}");
    }
    before.sort();
    assert_eq!(before, answer(&model).metrics.iter().map(|m| m.name.clone()).collect::<Vec<_>>());
}
