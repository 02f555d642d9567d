//! What would be if: capacities with a known answer, pairing, and verdicts that a pipeline can hold.

use crate::common::{model_with, shipped};
use capsim::experiment::{
    Capacity, Demand, Finding, Found, Options, Outcome, Ruling, capacity, check, compare, measure,
};
use capsim::model::Model;
use capsim::report;
use capsim::theory::queues::mmck;
use std::num::NonZeroUsize;
use std::process::Command;

const OPTIONS: Options = Options { jobs: NonZeroUsize::new(2).unwrap() };

fn capacity_of(model: &Model) -> Capacity {
    capacity(model, Demand::All, 40_000_000, &OPTIONS, &|_, _| true).unwrap()
}

fn plans(found: &Capacity) -> f64 {
    match found.found {
        Found::Capacity { plans_per_day, .. } => plans_per_day,
        other => panic!("{other:?}"),
    }
}

/// 1,000 writes a day ÷ 36 a plan are 27 whole plans: the cliff of the daily quota, to the plan.
#[test]
fn the_capacity_of_kv_only_is_27() {
    let found = capacity_of(&kv_only());
    assert_eq!(plans(&found), 27.0, "{found:#?}");
    assert_eq!(found.not_monotone, None);
}

fn kv_only() -> Model {
    model_with(
        r#"
[run]
horizon = "3d"
replications = 2
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = { process = "deterministic", per_day = 10 }
[workflow.plan]
steps = [{ name = "call", calls = 9, provider = "p" }]
[provider.p]
latency = { dist = "constant", value = "4s" }
[logging]
strategy = "kv-only"
[objectives]
"kv.writes_rejected_quota" = { max = 0 }
"#,
        &[],
    )
}

const LOSS: &str = r#"
[run]
horizon = "20d"
seed = 5
[traffic.user]
arrivals = { process = "poisson", per_day = 5000 }
[workflow.plan]
steps = [{ name = "call", provider = "p", queue = "q" }]
[provider.p]
latency = { dist = "exponential", mean = "30s" }
[queue.q]
max_concurrency = 4
max_queue = 2
[objectives]
"queue.q.drop_fraction" = { max = 0.01 }
"#;

/// M/M/4/6: the demand whose loss is 1 % solves a formula.
#[test]
fn the_capacity_of_a_loss_queue_is_the_formulas() {
    let found = capacity_of(&model_with(LOSS, &[]));
    let (mut low, mut high) = (1.0, 20_000.0);
    for _ in 0..60 {
        let middle: f64 = (low + high) / 2.0;
        *(if mmck(4, 2, middle / 86_400.0, 30.0).loss <= 0.01 { &mut low } else { &mut high }) = middle;
    }
    assert!((plans(&found) / low - 1.0).abs() < 0.015, "{low} by the formula: {found:#?}");
    assert_ne!(found.verified.unwrap().1, Finding::Fails);
}

#[test]
fn what_is_met_nowhere_is_infeasible_and_what_never_binds_unbounded() {
    let nowhere = model_with(LOSS, &["objectives.\"plan.latency.mean\".max=1", "run.horizon=2d"]);
    assert!(matches!(capacity_of(&nowhere).found, Found::Infeasible { .. }));
    let never = model_with(LOSS, &["objectives.\"queue.q.drop_fraction\".max=1", "run.horizon=2d"]);
    assert!(matches!(capacity_of(&never).found, Found::Unbounded { .. }));
}

/// The same draws make the interval at least three times narrower than independent ones would.
#[test]
fn pairing_narrows_the_interval() {
    let pair = ["queue-default.toml", "queue-large.toml"].map(|name| (name.to_string(), shipped(name, &[])));
    let found = compare(pair.into(), (&[], 10), &OPTIONS, &|_, _| true).unwrap();
    let row = found.rows.iter().find(|row| row.metric == "plans.per_day").unwrap();
    let best = found.rows.iter().filter_map(|row| Some((row.changes[0].narrowing?, &row.metric)));
    let best = best.max_by(|a, b| a.0.total_cmp(&b.0));
    assert!(row.changes[0].narrowing.unwrap() >= 1.0, "{row:?}");
    assert!(best.as_ref().unwrap().0 >= 3.0, "{best:?}");
}

fn verdict(now: &Model, before: &Model) -> (Outcome, Vec<String>) {
    let measured = |model| measure(model, "1", &OPTIONS, &|_, _| true).unwrap();
    let (_, baseline) = measured(before);
    let stored = report::read_baseline(&report::baseline_json(&baseline)).unwrap();
    assert_eq!(stored, baseline);
    let (answer, values) = measured(now);
    let judged = check((answer, &values), Some(Ok(&stored)), &[]);
    let bad = judged.checks.iter().filter(|check| !matches!(check.ruling, Ruling::Pass | Ruling::NotEnough));
    (judged.outcome(), bad.map(|check| check.metric.clone()).collect())
}

/// Five one-line changes to a shipped model, each caught for its own reason.
#[test]
fn a_seeded_fault_is_caught() {
    let short = ["run.horizon=7d", "run.replications=6"];
    let model = |more: &[&str]| shipped("queue-default.toml", &[&short[..], more].concat());
    assert_eq!(verdict(&model(&[]), &model(&[])), (Outcome::Passed, vec![]));
    for (fault, outcome, metric) in [
        ("queue.ai.max_concurrency=2", Outcome::Broken, "plans.failed_fraction"),
        ("provider.openai.errors.parse_failure=0.05", Outcome::Broken, "plans.failed_fraction"),
        ("queue.ai.max_queue=4", Outcome::Broken, "queue.ai.drop_fraction"),
        ("provider.openai.errors.parse_failure=0.0045", Outcome::Regression, "plans.failed_fraction"),
        ("retry.openai.max=1", Outcome::Regression, "plans.failed_fraction"),
    ] {
        let (found, bad) = verdict(&model(&[fault]), &model(&[]));
        assert!(found == outcome && bad.iter().any(|bad| bad == metric), "{fault}: {found:?} {bad:?}");
    }
    let other = model(&["traffic.user.arrivals.per_day=4100"]);
    assert_eq!(verdict(&other, &model(&[])).0, Outcome::NoBaseline);
}

/// The program through a shell, as a pipeline starts it.
fn sh(script: &str) -> Option<i32> {
    let script = script.replace("capsim ", &format!("{} ", env!("CARGO_BIN_EXE_capsim")));
    let root = env!("CARGO_MANIFEST_DIR");
    Command::new("sh").args(["-c", &script]).current_dir(root).output().unwrap().status.code()
}

#[test]
fn exit_codes_pass_through_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base.json");
    let base = base.display();
    let check = "capsim check models/queue-large.toml --set run.horizon=2d --replications 3";
    assert_eq!(sh(&format!("{check} --baseline {base}")), Some(13));
    assert_eq!(sh(&format!("{check} --baseline {base} --bless")), Some(0));
    assert_eq!(sh(&format!("{check} --baseline {base}")), Some(0));
    assert_eq!(sh(&format!("{check} --baseline {base} --set queue.ai.max_concurrency=1")), Some(10));
    assert_eq!(sh("capsim check models/minimal.toml --set run.horizon=1d --replications 2"), Some(12));
    assert_eq!(sh("capsim compare models/hybrid.toml"), Some(64));
    assert_eq!(sh("capsim sweep models/hybrid.toml --vary a=3..1"), Some(64));
    assert_eq!(sh("capsim capacity models/minimal.toml"), Some(20));
}

/// A sweep that lost half of its points comes out the same to the byte.
#[test]
fn a_resumed_sweep_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = format!(
        "capsim sweep models/queue-default.toml --set run.horizon=1d --replications 2 --vary queue.ai.max_concurrency=2..5 --out {}",
        out.display()
    );
    assert_eq!(sh(&run), Some(0));
    let files = ["sweep.txt", "sweep.json", "sweep.csv", "sweep.md", "sweep.svg", "sweep.png"];
    let read = || files.map(|file| std::fs::read(out.join(file)).unwrap());
    let whole = read();
    let points: Vec<_> = std::fs::read_dir(out.join("points")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(points.len(), 4);
    points.iter().step_by(2).for_each(|point| std::fs::remove_file(point).unwrap());
    files.iter().for_each(|file| std::fs::remove_file(out.join(file)).unwrap());
    assert_eq!(sh(&format!("{run} --resume")), Some(0));
    assert!(whole == read());
}
