//! Same model, same seed: same bytes, however many threads; and draws that stay where they are when something else
//! of the model changes.

use crate::common::{answer, answer_on, mean, model, model_with, shipped};
use capsim::report;

#[test]
fn the_number_of_threads_changes_no_byte() {
    for name in ["hybrid.toml", "kv-only.toml", "queue-large.toml"] {
        let model = shipped(name, &["run.replications=6"]);
        let one = report::Report::of(&answer_on(&model, 1)).json();
        for jobs in [2, 8] {
            assert_eq!(one, report::Report::of(&answer_on(&model, jobs)).json(), "{name} on {jobs} threads");
        }
    }
}

/// The digest of the whole report, frozen: debug and release, and every machine, must agree on it. Changed results
/// change it; see CONTRIBUTING.md before you do.
#[test]
fn debug_and_release_agree_on_every_byte() {
    use sha2::{Digest, Sha256};
    let report = report::Report::of(&answer(&shipped("hybrid.toml", &["run.replications=3"]))).json();
    let report = report.replace(&format!("\"capsim_version\": \"{}\"", env!("CARGO_PKG_VERSION")), "");
    let digest: String = Sha256::digest(report.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    insta::assert_snapshot!("hybrid_report_digest", digest);
}

const BASE: &str = r#"
name = "draws"
[run]
horizon = "2d"
replications = 2
seed = 3
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = { process = "poisson", per_hour = 20 }
[workflow.plan]
steps = [{ name = "call", calls = 3, provider = "p", queue = "q" }]
[provider.p]
latency = { dist = "lognormal", mean = "4s", cv = 0.8 }
[queue.q]
max_concurrency = 100
max_queue = 0
[logging]
strategy = "none"
"#;

/// Without contention, a plan's latency is the sum of its draws: if the mean, the extremes and every quantile of the
/// class stay the same to the last bit, no draw has moved.
fn latencies(answer: &capsim::experiment::Answer, class: &str) -> Vec<f64> {
    ["plans.offered", "plan.latency.mean", "plan.latency.p50", "plan.latency.p99", "plan.latency.max"]
        .iter()
        .map(|metric| {
            let of_class = format!("{class}{metric}");
            mean(answer, if answer.metric(&of_class).is_some() { &of_class } else { metric })
        })
        .collect()
}

#[test]
fn a_new_class_moves_no_draw_of_the_old() {
    let alone = latencies(&answer(&model(BASE)), "");
    let more = BASE.replace(
        "[workflow.plan]",
        "[traffic.admin]\narrivals = { process = \"poisson\", per_hour = 31 }\n[workflow.plan]",
    );
    assert_eq!(alone, latencies(&answer(&model(&more)), "class.user."));
}

#[test]
fn the_size_of_the_queue_moves_no_draw() {
    let alone = latencies(&answer(&model(BASE)), "");
    for other in ["queue.q.max_concurrency=90", "queue.q.max_queue=7", "queue.q.discipline=lifo"] {
        assert_eq!(alone, latencies(&answer(&model_with(BASE, &[other])), ""), "{other}");
    }
}

#[test]
fn the_logging_strategy_moves_no_other_draw() {
    // The logs take time of their own, so compare what does not depend on it: arrivals, attempts and their outcomes.
    let with_errors = BASE.replace("[queue.q]", "errors = { server_error = 0.1 }\n[retry.p]\nmax = 1\n[queue.q]");
    let count = |strategy: &str| {
        let answer = answer(&model_with(&with_errors, &[&format!("logging.strategy={strategy}")]));
        ["plans.offered", "calls.failed", "attempts.errored", "attempts.made"].map(|metric| mean(&answer, metric))
    };
    let none = count("none");
    for strategy in ["kv-only", "hybrid", "conditional"] {
        assert_eq!(none, count(strategy), "{strategy}");
    }
}

#[test]
fn a_seed_is_an_answer_of_its_own() {
    let seeds: Vec<_> =
        (1..4).map(|seed| latencies(&answer(&model_with(BASE, &[&format!("run.seed={seed}")])), "")).collect();
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2]);
}

/// A plan of one call that takes no time and writes one record a store under pressure; all plans come in the first
/// half of the run, so that every record's end is known.
fn logging(rows: &str) -> capsim::experiment::Answer {
    let toml = format!(
        r#"
name = "rows"
[run]
horizon = "2d"
replications = 2
[traffic.user]
arrivals = {{ process = "poisson", per_hour = 60 }}
[[traffic.user.spike]]
at = "1d"
for = "1d"
factor = 0
[workflow.plan]
steps = [{{ name = "call", calls = 3 }}]
[provider.ai]
latency = "0s"
[store.cache]
kind = "cache"
evictions_per_hour = 0.5
put_stores_nothing = 0.1
latency.put = {{ dist = "exponential", mean = "10ms" }}
[store.kv]
kind = "kv"
latency.get = {{ dist = "exponential", mean = "10ms" }}
[logging]
strategy = "custom"
ops = [{rows}]
"#
    );
    answer(&model(&toml))
}

#[test]
fn a_new_row_of_a_strategy_moves_no_draw_of_the_others() {
    const RECORD: &str = r#"{ on = "request", store = "cache", op = "put", key = "log:{log}", role = "record" }"#;
    const AFTER: &str = r#"{ on = "response", store = "cache", op = "put", key = "log:{log}_r", role = "record" }"#;
    const NEW: &str = r#"{ on = "request", store = "kv", op = "get", key = "settings" }"#;
    let ends = |rows: &[&str]| {
        let answer = logging(&rows.join(","));
        ["logs.normal.written", "logs.normal.dropped", "logs.normal.retrievable.1h", "logs.normal.retrievable.24h"]
            .map(|metric| mean(&answer, metric))
    };
    let two = ends(&[RECORD, AFTER]);
    for more in [[NEW, RECORD, AFTER], [RECORD, NEW, AFTER], [RECORD, AFTER, NEW]] {
        assert_eq!(two, ends(&more));
    }
    // The order of rows is no part of their addresses either; a row twice is two rows.
    assert_eq!(two, ends(&[AFTER, RECORD]));
    assert_ne!(two, ends(&[RECORD, RECORD, AFTER]));
}
