//! Which metrics there are, and that each is itself in every replication.

use crate::common::{answer, mean, model, model_with};
use crate::random::laws::is_possible;
use capsim::experiment::{Answer, Demand, Found, Options, capacity, metrics};
use capsim::report;
use proptest::prelude::*;
use std::num::NonZeroUsize;

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

/// The report in one line.
fn words(found: &Answer) -> String {
    report::Report::of(found).text(report::Screen::PLAIN).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One slot and one second a call, two calls a second: the slot is never idle, so after a warm-up of any length 3,600
/// plans an hour are done, all of which came long before.
#[test]
fn throughput_is_what_ends_in_the_recorded_time() {
    let text = |more: &str| {
        format!(
            "[run]\nhorizon = \"2h\"\nwarmup = \"1h\"\nreplications = 2\n[traffic.user]\n\
             arrivals = {{ process = \"deterministic\", per_second = 2 }}\n[workflow.call]\n\
             steps = [{{ name = \"call\", queue = \"q\" }}]\n[queue.q]\nmax_concurrency = 1\n{more}\n\
             [provider.api]\nlatency = \"1s\"\n"
        )
    };
    let found = answer(&model(&text("")));
    assert_eq!(mean(&found, "plans.per_day"), 86_400.0);
    assert_eq!(mean(&found, "plans.offered_per_day"), 172_800.0);
    assert_eq!(mean(&found, "queue.q.utilisation"), 1.0);
    // By arrival: none of those that came in the recorded time is done.
    assert_eq!((mean(&found, "plans.completed"), mean(&found, "plans.in_flight")), (0.0, 7200.0));
    let says = words(&found);
    assert!(says.contains("86,400 (in every replication) plans a day are completed of 172,800 offered."), "{says}");
    assert!(says.contains("Recorded"), "{says}");
    // A queue without places does as much, and the rest is refused; the last is done at the horizon itself.
    let found = answer(&model(&text("max_queue = 0")));
    assert_eq!((mean(&found, "plans.per_day"), mean(&found, "plans.completed")), (86_400.0, 3599.0));
}

/// One worker, jobs of 12.5 s on average, 20 a minute offered: 4.8 a minute are done, 6,912 a day, as long as it lasts.
#[test]
fn throughput_of_one_worker_is_what_it_can_do() {
    let found = answer(&model(
        "[run]\nhorizon = \"12h\"\nwarmup = \"1h\"\nreplications = 5\n[traffic.jobs]\n\
         arrivals = { process = \"poisson\", per_minute = 20 }\n[workflow.job]\nsteps = [{ name = \"call\", queue = \"w\" }]\n\
         [queue.w]\nmax_concurrency = 1\n[provider.api]\nlatency = { dist = \"uniform\", min = \"10s\", max = \"15s\" }\n",
    ));
    crate::common::holds("one worker", &found, "plans.per_day", 6912.0, 0.0);
}

/// A bound on plans a day fails below it and holds above: the search looks upwards too. One slot of a second a call can
/// do 86,400 a day, so 80,000 are done from that demand on, and 90,000 at none.
#[test]
fn a_least_throughput_is_looked_for_upwards() {
    let of = |least: u32| {
        let text = format!(
            "[run]\nhorizon = \"2h\"\nwarmup = \"1h\"\nreplications = 2\n[traffic.user]\n\
             arrivals = {{ process = \"poisson\", per_second = 0.5 }}\n[workflow.call]\n\
             steps = [{{ name = \"call\", queue = \"q\" }}]\n[queue.q]\nmax_concurrency = 1\n\
             [provider.api]\nlatency = \"1s\"\n[objectives]\n\"plans.per_day\" = {{ min = {least} }}\n"
        );
        let options = Options { jobs: NonZeroUsize::MIN };
        capacity(&model(&text), Demand::All, 20_000_000, &options, &|_, _| true).unwrap()
    };
    let found = of(80_000);
    // What ends the search upwards is at most the number of plans that may be alive.
    let top = match found.found {
        Found::Unbounded { top } | Found::Capacity { plans_per_day: top, .. } => top,
        Found::Infeasible { .. } | Found::Open { .. } => 0.0,
    };
    assert!(top > 86_400.0, "{:?}", found.found);
    assert!(matches!(of(90_000).found, Found::Infeasible { .. }));
}

/// A crowd comes in the warm-up and is served after it: more is completed than offered, and nobody says "of".
#[test]
fn what_the_warm_up_left_is_done_after_it() {
    let found = answer(&model(
        "[run]\nhorizon = \"2h\"\nwarmup = \"1h\"\nreplications = 2\n[traffic.user]\n\
         arrivals = { process = \"deterministic\", per_minute = 6 }\n\
         spike = [{ at = \"50m\", for = \"10m\", factor = 10 }]\n[workflow.call]\n\
         steps = [{ name = \"call\", queue = \"q\" }]\n[queue.q]\nmax_concurrency = 1\n\
         [provider.api]\nlatency = \"5s\"\n",
    ));
    let (done, offered) = (mean(&found, "plans.per_day"), mean(&found, "plans.offered_per_day"));
    assert!(done > 1.5 * offered, "{done} of {offered}");
    let says = words(&found);
    assert!(says.contains("offered: some of those completed came before the recorded time"), "{says}");
    assert!(!says.contains(&format!("of {} offered", capsim::units::number(offered))), "{says}");
}

/// What is offered is what came: spikes are in it, and whatever chance added. It is never less than what was completed.
#[test]
fn offered_is_what_came() {
    let text = "[run]\nhorizon = \"1d\"\nreplications = 2\n[traffic.user]\narrivals = { process = \"poisson\", per_day = 1000 }\n\
                spike = [{ at = \"6h\", for = \"6h\", factor = 3 }]\n[workflow.call]\nsteps = [{ name = \"call\" }]\n\
                [provider.api]\nlatency = \"1s\"\n";
    let found = answer(&model(text));
    crate::common::holds("a spike", &found, "plans.offered_per_day", 1500.0, 0.0);
    assert_eq!(mean(&found, "plans.offered_per_day"), mean(&found, "plans.offered"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the seed, rates and slots: a sentence never says that more of what came is done than came.
    #[test]
    fn the_headline_adds_up(seed in any::<u32>(), per_hour in 1_u32..200, slots in 1_u32..4, warmup in 0_u32..3) {
        let text = format!(
            "[run]\nhorizon = \"6h\"\nwarmup = \"{warmup}h\"\nreplications = 2\nseed = {seed}\n[traffic.user]\n\
             arrivals = {{ process = \"poisson\", per_hour = {per_hour} }}\n[workflow.call]\n\
             steps = [{{ name = \"call\", queue = \"q\" }}]\n[queue.q]\nmax_concurrency = {slots}\n\
             [provider.api]\nlatency = {{ dist = \"exponential\", mean = \"60s\" }}\nerrors = {{ server_error = 0.02 }}\n"
        );
        let found = answer(&model(&text));
        for metric in &found.metrics {
            is_possible(metric).map_err(|why| TestCaseError::fail(format!("{why}: {metric:?}")))?;
        }
        let says = words(&found).split_whitespace().collect::<Vec<_>>().join(" ");
        let (done, offered) = (mean(&found, "plans.per_day"), mean(&found, "plans.offered_per_day"));
        let shown = capsim::units::number;
        prop_assert_eq!(says.contains(" completed of "), done <= offered || shown(done) == shown(offered), "{}", says);
    }
}

/// The table of `docs/metrics.md`; `CAPSIM_BLESS=1` writes it anew.
#[test]
fn the_page_of_the_metrics_is_the_catalogue() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    let page = report::metrics_page();
    if std::env::var_os("CAPSIM_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let wanted = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert!(page == wanted, "docs/metrics.md is behind: CAPSIM_BLESS=1 cargo test --test all the_page_of_the_metrics");
}
