//! Capacities that arithmetic or a formula knows. The answer must lie within 1 % of them; the seeds are fixed, so a
//! case either always passes or never does. `docs/capacity.md` records the long cases.

use crate::common::model_with;
use capsim::experiment::{Capacity, Demand, Finding, Found, Options, capacity};
use capsim::model::Model;
use capsim::theory::counting::{compound_exceeds, none_exceeds};
use capsim::theory::erlang::mmc_wait;
use capsim::theory::queues::{md1_wait, mm1_wait, mmck};
use std::num::NonZeroUsize;

const OPTIONS: Options = Options { jobs: NonZeroUsize::new(2).unwrap() };

fn capacity_of(model: &Model, millions: u64) -> Capacity {
    capacity(model, Demand::All, millions * 1_000_000, &OPTIONS, &|_, _| true).unwrap()
}

fn plans(found: &Capacity) -> f64 {
    match found.found {
        Found::Capacity { plans_per_day, .. } => plans_per_day,
        other => panic!("{other:?}"),
    }
}

/// The demand at which something that grows with it reaches a bound.
fn solve(bound: f64, top: f64, grows: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, top);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        *(if grows(middle) <= bound { &mut low } else { &mut high }) = middle;
    }
    low
}

/// One queue: how plans arrive, the law of service, slots, places and the objective.
fn queue(arrivals: &str, latency: &str, (slots, places): (u32, &str), objective: &str, days: u32) -> Model {
    model_with(
        &format!(
            r#"
[run]
horizon = "{days}d"
seed = 11
[traffic.user]
arrivals = {{ process = "{arrivals}", per_day = 1000 }}
[workflow.plan]
steps = [{{ name = "call", provider = "p", queue = "q" }}]
[provider.p]
latency = {latency}
request_timeout = "10h"
[queue.q]
max_concurrency = {slots}
max_queue = {places}
[objectives]
{objective}
"#
        ),
        &[],
    )
}

const EXPONENTIAL: &str = r#"{ dist = "exponential", mean = "30s" }"#;
const CONSTANT: &str = r#"{ dist = "constant", value = "30s" }"#;
const DAY: f64 = 86_400.0;

fn loss(slots: u32, places: u32, days: u32) -> (Model, f64) {
    let objective = r#""queue.q.drop_fraction" = { max = 0.01 }"#;
    let model = queue("poisson", EXPONENTIAL, (slots, &places.to_string()), objective, days);
    let truth = solve(0.01, 2880.0 * f64::from(slots), |plans| mmck(slots, places, plans / DAY, 30.0).loss);
    (model, truth)
}

fn wait(latency: &str, slots: u32, most: f64, days: u32, formula: impl Fn(f64) -> Option<f64>) -> (Model, f64) {
    let objective = format!("\"queue.q.wait.mean\" = {{ max = {most} }}");
    let model = queue("poisson", latency, (slots, "\"unlimited\""), &objective, days);
    let truth = solve(most, 2880.0 * f64::from(slots), |plans| formula(plans / DAY).unwrap_or(f64::INFINITY));
    (model, truth)
}

/// Slots that are never all busy: plans find `slots` of them where they come evenly, each for 30 s.
fn even(slots: u32, places: u32) -> (Model, f64) {
    let objective = r#""queue.q.dropped" = { max = 0 }"#;
    (queue("deterministic", CONSTANT, (slots, &places.to_string()), objective, 2), 2880.0 * f64::from(slots))
}

/// Every call logs 4 times in KV, which takes 1,000 writes a day.
fn kv_only(calls: u64) -> (Model, f64) {
    let toml = format!(
        r#"
[run]
horizon = "3d"
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = {{ process = "deterministic", per_day = 10 }}
[workflow.plan]
steps = [{{ name = "call", calls = {calls}, provider = "p" }}]
[provider.p]
latency = {{ dist = "constant", value = "4s" }}
[logging]
strategy = "kv-only"
[objectives]
"kv.writes_rejected_quota" = {{ max = 0 }}
"#
    );
    (model_with(&toml, &[]), (1000 / (4 * calls)) as f64)
}

/// Hybrid logs: a failing call writes once to KV, and calls of one plan fail independently, so a day's writes are
/// compound Poisson. The truth is the demand with which 5 % of replications of `days` days pass 1,000 writes on one.
fn hybrid(calls: u64, p: f64, days: u32) -> (Model, f64) {
    let toml = format!(
        r#"
[run]
horizon = "{days}d"
seed = 3
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = {{ process = "poisson", per_day = 100 }}
[workflow.plan]
on_call_error = "continue"
steps = [{{ name = "call", calls = {calls}, provider = "p" }}]
[provider.p]
latency = {{ dist = "constant", value = "10ms" }}
errors = {{ parse_failure = {p} }}
[logging]
strategy = "hybrid"
[objectives]
"kv.writes_rejected_quota" = {{ max = 0 }}
"#
    );
    let choose = |k: u64| (1..=k).map(|i| (calls - k + i) as f64 / i as f64).product::<f64>();
    let costs: Vec<(u64, f64)> =
        (1..=calls).map(|k| (k, choose(k) * p.powi(k as i32) * (1.0 - p).powi((calls - k) as i32))).collect();
    let over = |plans: f64| 1.0 - none_exceeds(compound_exceeds(plans, &costs, 1000), days);
    (model_with(&toml, &[]), solve(0.05, 3000.0 / (calls as f64 * p), over))
}

/// A time average that is the arrival rate times 30 s: 2 calls in service.
fn busy(days: u32) -> (Model, f64) {
    let objective = r#""queue.q.active.mean" = { max = 2 }"#;
    (queue("poisson", EXPONENTIAL, (40, "\"unlimited\""), objective, days), 2.0 * 2880.0)
}

fn within(name: &str, (model, truth): (Model, f64), millions: u64, share: f64) {
    let found = capacity_of(&model, millions);
    let answer = plans(&found);
    let off = answer / truth - 1.0;
    println!("| {name} | {truth:.1} | {answer} | {:+.2} % | {:.1} |", 100.0 * off, found.events as f64 / 1e6);
    assert!(off.abs() <= share, "{name}: {answer} found, {truth} is true\n{found:#?}");
    assert_eq!(found.not_monotone, None, "{name}");
}

/// Steps: nothing of these is random, so they are met exactly.
#[test]
fn steps_are_met_exactly() {
    for calls in [1, 3, 5, 9] {
        let (model, truth) = kv_only(calls);
        assert_eq!(plans(&capacity_of(&model, 40)), truth, "{calls} calls");
    }
    for (slots, places) in [(1, 0), (2, 0), (3, 5)] {
        within("evenly spaced", even(slots, places), 40, 0.01);
    }
}

/// The short version of the long list: each kind once, wider where the time of this test allows no more.
#[test]
fn formulas_are_met() {
    within("M/M/4/6, loss 1 %", loss(4, 2, 20), 16, 0.02);
    within("M/M/1, wait 60 s", wait(EXPONENTIAL, 1, 60.0, 20, |rate| mm1_wait(rate, 30.0)), 12, 0.05);
    within("calls in service", busy(20), 12, 0.01);
}

#[test]
#[ignore = "takes minutes: cargo test --release --test all capacity -- --ignored --nocapture"]
fn every_known_capacity_is_met() {
    println!("| case | truth | found | off | million events |");
    for calls in [1, 3, 5, 9] {
        within(&format!("kv-only, {calls} calls"), kv_only(calls), 40, 0.01);
    }
    for (slots, places) in [(1, 0), (2, 0), (3, 5)] {
        within(&format!("D/D/{slots}, {places} places"), even(slots, places), 40, 0.01);
    }
    for (slots, places) in [(1, 0), (2, 0), (8, 0), (4, 2), (16, 4), (4, 16), (1, 5)] {
        within(&format!("M/M/{slots}/{}, loss 1 %", slots + places), loss(slots, places, 30), 60, 0.01);
    }
    for most in [15.0, 60.0] {
        within(
            &format!("M/M/1, wait {most} s"),
            wait(EXPONENTIAL, 1, most, 30, |rate| mm1_wait(rate, 30.0)),
            200,
            0.01,
        );
        within(&format!("M/D/1, wait {most} s"), wait(CONSTANT, 1, most, 30, |rate| md1_wait(rate, 30.0)), 60, 0.01);
        within(
            &format!("M/M/4, wait {most} s"),
            wait(EXPONENTIAL, 4, most, 30, |rate| mmc_wait(4, rate, 30.0)),
            200,
            0.01,
        );
    }
    within("calls in service", busy(30), 60, 0.01);
    within("hybrid, 9 calls of which 30 % fail, 1 day", hybrid(9, 0.3, 1), 120, 0.01);
    within("hybrid, 9 calls of which 30 % fail, 5 days", hybrid(9, 0.3, 5), 120, 0.01);
    within("hybrid, 2 calls of which 50 % fail, 2 days", hybrid(2, 0.5, 2), 120, 0.01);
}

#[test]
fn what_is_met_nowhere_is_infeasible_and_what_never_binds_unbounded() {
    let one = |objective: &str| capacity_of(&queue("poisson", EXPONENTIAL, (4, "2"), objective, 2), 10);
    let nowhere = one(r#""plan.latency.mean" = { max = 1 }"#);
    assert!(matches!(nowhere.found, Found::Infeasible { .. }), "{nowhere:#?}");
    let never = one(r#""queue.q.drop_fraction" = { max = 1 }"#);
    assert!(matches!(never.found, Found::Unbounded { .. }), "{never:#?}");
}

/// Too few plans break one objective and too many another: there is a largest demand, and small ones that fail.
#[test]
fn what_is_not_monotone_is_said_to_be() {
    let objectives = "\"queue.q.drop_fraction\" = { max = 0.01 }\n\"plans.per_day\" = { min = 300 }";
    let found = capacity_of(&queue("poisson", EXPONENTIAL, (4, "2"), objectives, 10), 20);
    let (fails, meets) = found.not_monotone.expect("it is not monotone");
    assert!(fails < 310.0 && meets > 300.0, "{found:#?}");
    let truth = loss(4, 2, 10).1;
    assert!((plans(&found) / truth - 1.0).abs() < 0.03, "{} of {truth}", plans(&found));
}

/// A bound that evidence of this budget cannot decide is called undecided, not guessed.
#[test]
fn verdicts_are_meets_fails_or_undecided() {
    let found = capacity_of(&loss(4, 2, 5).0, 2);
    for probe in &found.probes {
        let alone = probe.objectives[0];
        assert_eq!(alone, probe.finding);
        let far = probe.plans_per_day / loss(4, 2, 5).1;
        assert!(far > 0.8 || alone == Finding::Meets, "{far}");
        assert!(far < 1.25 || alone == Finding::Fails, "{far}");
    }
    assert!(found.probes.iter().any(|probe| probe.finding == Finding::Undecided), "{found:#?}");
}

/// Plans that each write one key, which takes a write a second, must see no refusal in ten days. Two come within a second of
/// each other 10 λ²/86,400 times at λ a day, so that none do with a chance of 95 % at λ = 21.05. The answer says what breaks
/// beyond, how often it was seen and by what, and takes no more than its budget and one replication.
#[test]
fn what_must_never_happen_says_how_often_it_may_and_what_breaks_it() {
    let model = model_with(
        r#"
name = "one key"
[run]
horizon = "10d"
seed = 3
[traffic.user]
arrivals = { process = "poisson", per_day = 100 }
[workflow.plan]
steps = [{ name = "call" }]
[provider.p]
latency = "0s"
[store.kv]
kind = "kv"
key_spacing = "1s"
[logging]
strategy = "custom"
ops = [{ on = "response", store = "kv", op = "put", key = "last", role = "record" }]
[objectives]
"kv.writes_rejected" = { max = 0 }
"#,
        &[],
    );
    for millions in [2, 6] {
        let found = capacity_of(&model, millions);
        let breaks = found.breaks.as_ref().expect("something breaks beyond");
        assert_eq!(breaks.objective.metric, "kv.writes_rejected");
        let (bad, of) = breaks.broken.expect("it must never happen");
        assert!(bad as f64 > 0.05 * of as f64, "{bad} of {of}");
        let names: Vec<&str> = breaks.causes.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"kv.writes.refused_by.key_spacing"), "{names:?}");
        // Of n replications at the truth the share that sees one is 5 ± 1.96 √(0.05 · 0.95 / n) per cent: with the 300 of the
        // smaller budget 2.5 to 7.5, and the demand, which goes with its root, 15 to 26.
        assert!((15.0..=26.0).contains(&plans(&found)), "{}", plans(&found));
        let one = 10 * 100 * 8;
        assert!(found.events <= millions * 1_000_000 + one, "{} events of {millions} million", found.events);
    }
}
