//! `tune` against optima that a formula knows, and what it says of ties and of what cannot be met.

use crate::common::{lossy, model_with};
use capsim::experiment::{Axis, Better, Goal, Options, Search, Tuned, Verdict, candidates, tune};
use capsim::report;
use capsim::theory::queues::mmck;
use serde_json::Value;
use std::num::NonZeroUsize;

fn tuned_on(jobs: usize, toml: &str, knobs: &[&str], goal: Goal, budget: u32) -> Tuned {
    let axes: Vec<Axis> = knobs.iter().map(|knob| Axis::parse(knob).unwrap()).collect();
    let search = Search { goal, budget, best: 3 };
    let base = model_with(toml, &[]);
    let at = |at: Vec<usize>| {
        let sets: Vec<String> =
            axes.iter().zip(&at).map(|(axis, &at)| format!("{}={}", axis.path, axis.values[at])).collect();
        let model = model_with(toml, &sets.iter().map(String::as_str).collect::<Vec<_>>());
        (at, model)
    };
    let points = candidates(&axes, &search, base.run.seed).into_iter().map(at).collect();
    let options = Options { jobs: NonZeroUsize::new(jobs).unwrap() };
    tune(&base, axes.clone(), points, search, &options, &|_, _| true).unwrap()
}

fn tuned(toml: &str, knobs: &[&str], goal: Goal, budget: u32) -> Tuned {
    tuned_on(2, toml, knobs, goal, budget)
}

fn metric(name: &str, better: Better) -> Goal {
    Goal::Metric(name.into(), better)
}

/// The values of a candidate of one knob.
fn value(tuned: &Tuned, rank: usize) -> &str {
    &tuned.axes[0].values[tuned.best[rank].at[0]]
}

fn loss() -> String {
    lossy("horizon = \"10d\"\nseed = 5", "[objectives]\n\"queue.q.drop_fraction\" = { max = 0.01 }\n")
}

/// The busiest slots that lose at most 1 %: the fewest for which the formula says so (3 erlangs, 2 places).
#[test]
fn the_fewest_slots_are_the_formulas() {
    let fewest = (1..=12).find(|&slots| mmck(slots, 2, 0.1, 30.0).loss <= 0.01).unwrap();
    let found = tuned(&loss(), &["queue.q.max_concurrency=1..12"], metric("queue.q.utilisation", Better::More), 200);
    assert_eq!(value(&found, 0), fewest.to_string(), "{found:#?}");
    assert_eq!((found.best[0].verdict, found.ties), (Verdict::Met, 0));
    assert!(found.runs <= 200 && found.tried == 12, "{} runs of {}", found.runs, found.tried);
}

/// Seven latencies in ten are uniform up to 10 s, three are 100 s. With a timeout t and retries until one succeeds a
/// call takes 10 (1 - 0.035 t) / 0.7 up to t = 10 and (3.5 + 0.3 t) / 0.7 after: least at 10 s exactly, at 9.286 s.
const TIMEOUT: &str = r#"
[run]
horizon = "10d"
[traffic.user]
arrivals = { process = "poisson", per_day = 2000 }
[workflow.plan]
steps = [{ name = "call", provider = "p" }]
[provider.p]
request_timeout = "30s"
[provider.p.latency]
dist = "mixture"
parts = [
  { weight = 7, dist = "uniform", min = "0s", max = "10s" },
  { weight = 3, dist = "constant", value = "100s" },
]
[retry.p]
max = 60
on = ["timeout"]
backoff = { kind = "none" }
"#;

#[test]
fn the_least_of_a_convex_cost_is_found_on_a_grid() {
    let goal = metric("plan.latency.mean", Better::Less);
    let found = tuned(TIMEOUT, &["provider.p.request_timeout=4s,6s,8s,10s,12s,16s,20s"], goal, 300);
    assert_eq!((value(&found, 0), found.ties), ("10s", 0), "{found:#?}");
    let (low, high) = found.best[0].interval.unwrap();
    assert!(low <= 6.5 / 0.7 && 6.5 / 0.7 <= high, "{low} to {high}");
}

/// 1,600 points do not fit 400 replications: a sample of 50 is tried, and its best lies near the true one.
#[test]
fn a_large_grid_is_sampled_within_the_budget() {
    let knobs = [
        "provider.p.request_timeout=4.1s,4.4s,4.7s,5s,5.3s,5.6s,5.9s,6.2s,6.5s,6.8s,7.1s,7.4s,7.7s,8s,8.3s,8.6s,8.9s,9.2s,9.5s,9.8s,10.1s,10.4s,10.7s,11s,11.3s,11.6s,11.9s,12.2s,12.5s,12.8s,13.1s,13.4s,13.7s,14s,14.3s,14.6s,14.9s,15.2s,15.5s,15.8s",
        "retry.p.max=50..89",
    ];
    let toml = TIMEOUT.replace("10d", "1d");
    let found = tuned(&toml, &knobs, metric("plan.latency.mean", Better::Less), 400);
    assert!(found.tried <= 50 && found.tried > 40 && found.grid == 1600, "{} of {}", found.tried, found.grid);
    assert!(found.runs <= 400, "{}", found.runs);
    let seconds: f64 = value(&found, 0).trim_end_matches('s').parse().unwrap();
    assert!((8.5..12.0).contains(&seconds), "{seconds}");
}

/// Where no call ever waits, more slots change nothing: all are tied, and said to be.
#[test]
fn what_cannot_be_told_apart_is_tied() {
    let idle = loss().replace("\"poisson\", per_day = 8640", "\"deterministic\", per_day = 100");
    let idle = idle.replace("\"exponential\", mean", "\"constant\", value");
    let found = tuned(&idle, &["queue.q.max_concurrency=1..6"], metric("plan.latency.p95", Better::Less), 60);
    assert_eq!(found.ties, 5, "{found:#?}");
    assert!(found.best[1..].iter().all(|candidate| candidate.tied));
    assert!(report::Report::Tuned(&found).text(report::Screen::PLAIN).contains("5 more cannot be told from it"));
}

#[test]
fn what_no_value_meets_is_infeasible() {
    let never = loss().replace("\"queue.q.drop_fraction\" = { max = 0.01 }", "\"plan.latency.mean\" = { max = 1 }");
    let found = tuned(&never, &["queue.q.max_concurrency=1..4"], metric("plans.per_day", Better::More), 40);
    assert_eq!(found.best[0].verdict, Verdict::Broken);
    assert!(report::Report::Tuned(&found).text(report::Screen::PLAIN).contains("Infeasible"));
    assert_eq!(serde_json::from_str::<Value>(&report::Report::Tuned(&found).json()).unwrap()["verdict"], "infeasible");
}

/// The largest capacity is that of the most slots, and its value is the formula's.
#[test]
fn the_largest_capacity_is_the_formulas() {
    let found = tuned(&loss(), &["queue.q.max_concurrency=2,3,4"], Goal::Capacity, 400);
    assert_eq!((value(&found, 0), value(&found, 1), found.ties), ("4", "3", 0), "{found:#?}");
    let (mut low, mut high) = (1.0, 20_000.0);
    for _ in 0..60 {
        let middle: f64 = (low + high) / 2.0;
        *(if mmck(4, 2, middle / 86_400.0, 30.0).loss <= 0.01 { &mut low } else { &mut high }) = middle;
    }
    let plans = found.best[0].value.unwrap();
    assert!((plans / low - 1.0).abs() < 0.03, "{plans}, {low} by the formula");
}

#[test]
fn the_threads_change_no_byte_and_the_json_is_what_the_schema_says() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("tune.json", serde_json::from_str(report::TUNE_SCHEMA).unwrap()).unwrap();
    let schema = compiler.compile("tune.json", &mut schemas).unwrap();
    let short = loss().replace("10d", "1d");
    for goal in [Goal::Capacity, metric("queue.q.utilisation", Better::More)] {
        let json = |jobs| {
            report::Report::Tuned(&tuned_on(jobs, &short, &["queue.q.max_concurrency=1..9"], goal.clone(), 120)).json()
        };
        let one = json(1);
        assert_eq!(one, json(3));
        let value: Value = serde_json::from_str(&one).unwrap();
        schemas.validate(&value, schema).unwrap_or_else(|error| panic!("{error:#}"));
    }
}
