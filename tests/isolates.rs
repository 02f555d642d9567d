//! Isolates that come and go: how many there are, what goes with them, and what becomes of work in flight.

use crate::common::{answer, answer_on, holds, mean, model};

fn text(isolates: &str, extra: &str) -> String {
    format!(
        r#"
[run]
horizon = "10d"
warmup = "1d"
replications = 20
seed = 4
[isolates]
{isolates}
[traffic.user]
arrivals = {{ process = "poisson", per_minute = 6 }}
[workflow.plan]
steps = [{{ name = "call", queue = "q" }}]
[provider.p]
latency = {{ dist = "exponential", mean = "20s" }}
[queue.q]
max_concurrency = 2
max_queue = 4
{extra}
"#
    )
}

/// One plan for each isolate, each of which goes the moment it has nothing to do: as many are alive as plans, M/G/∞,
/// with 6 a minute of 20 s: 2 on average. Nothing waits, and one is started for each that finds none (min = 1 keeps
/// one more alive in the share e⁻² of the time in which there is no plan).
#[test]
fn with_one_plan_each_there_are_as_many_isolates_as_plans() {
    let answer = answer(&model(&text("per_isolate = 1\nidle = \"1ns\"\nmax = 1000", "")));
    // An idle one that is not the last goes after a nanosecond, so the one that stays is not always used first: it is
    // when it is the only one that has room.
    let empty = (-2.0_f64).exp();
    holds("M/G/∞", &answer, "queue.q.active.mean", 2.0, 0.0);
    holds("isolates", &answer, "isolates.alive.mean", 2.0 + empty, 0.0);
    assert_eq!(mean(&answer, "queue.q.dropped") + mean(&answer, "plans.crashed"), 0.0);
}

/// A fixed number that never goes is what `platform.isolates` is, but for the draws of where a plan lands.
#[test]
fn isolates_that_stay_are_those_of_the_platform() {
    let coming = answer(&model(&text("min = 3\nmax = 3", "")));
    let fixed = text("", "[platform]\nisolates = 3").replace("[isolates]\n", "");
    let fixed = answer(&model(&fixed));
    for metric in ["plans.completed", "queue.q.dropped", "queue.q.utilisation", "queue.q.queued.mean"] {
        let (one, other) = (mean(&coming, metric), mean(&fixed, metric));
        assert!((one - other).abs() <= 1e-9 * other.abs(), "{metric}: {one} and {other}");
    }
    assert_eq!(mean(&coming, "isolates.alive.mean"), 3.0);
}

/// Exponential lifetimes of mean L take a plan of exponential length S with them with probability S / (S + L), since
/// whichever of the two memoryless clocks rings first decides; with time enough to drain, none is lost.
#[test]
fn an_eviction_takes_what_is_in_flight() {
    let evicted = "per_isolate = 1\nmax = 1000\nlifetime = { dist = \"exponential\", mean = \"60s\" }\nidle = \"1ns\"";
    let answer = answer(&model(&text(evicted, "")));
    let lost = mean(&answer, "plans.lost") / mean(&answer, "plans.offered");
    // 80,000 plans a replication, 20 of them: a standard error of 0.0004.
    assert!((lost - 20.0 / 80.0).abs() < 0.002, "{lost}");
    assert_eq!(mean(&answer, "plans.lost"), mean(&answer, "plans.crashed"));
    assert_eq!(mean(&answer, "attempts.lost"), mean(&answer, "plans.crashed"));
    let drained = answer_on(&model(&text(&format!("{evicted}\ndrain_timeout = \"1h\""), "")), 2);
    assert_eq!(mean(&drained, "plans.crashed"), 0.0);
    assert!(mean(&drained, "isolates.evicted") > 1000.0);
}

/// A deploy every ten minutes without time to drain: whoever is lost tries again at once, so all of them complete.
#[test]
fn clients_that_try_again_complete_in_the_end() {
    let deploys = "min = 2\nmax = 2\ndeploys = { every = \"10m\" }\non_loss = \"client_retries\"";
    let queue = "[provider.other]\nlatency = \"1s\"";
    let toml = text(deploys, "").replace("max_queue = 4", "max_queue = 4000").replace(queue, "");
    let answer = answer_on(&model(&toml), 2);
    let (lost, returned) = (mean(&answer, "plans.lost"), mean(&answer, "plans.returned"));
    assert!(lost > 1000.0 && (lost - returned).abs() < 20.0, "{lost} lost, {returned} returned");
    let users = mean(&answer, "plans.offered") - returned;
    assert!((mean(&answer, "plans.completed") / users - 1.0).abs() < 0.001);
    assert_eq!(mean(&answer, "isolates.deployed"), 2.0 * 9.0 * 144.0);
}

/// What an isolate's memory keeps goes with it: with one read of one key a plan and an endless memory, the store is
/// read once for each isolate that lives to see a plan.
#[test]
fn memory_goes_with_its_isolate() {
    let reads = r#"
[reads.prompt]
per_plan = 1
memory_ttl = "100d"
[store.kv]
kind = "kv"
"#;
    let deploys = "min = 1\nmax = 1\ndrain_timeout = \"1h\"\ndeploys = { every = \"6h\" }";
    let answer = answer_on(&model(&text(deploys, reads).replace("replications = 20", "replications = 2")), 2);
    // From day 1 to day 10, every 6 h: the isolate of each deploy reads once; the deploy at the horizon does not come.
    assert_eq!(mean(&answer, "isolates.deployed"), 36.0);
    assert_eq!(mean(&answer, "kv.reads"), 36.0);
}
