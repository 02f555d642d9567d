//! `levers` against effects that a formula knows, against what the shipped models say of their own knobs, and within
//! its budget.

use crate::common::{lossy, model_with, shipped};
use capsim::experiment::{Aim, Better, Effect, Lever, Levers, Options, Question, Silent, Standing, levers};
use capsim::model::{Model, Source, knobs, load, load_file, open, read_file};
use capsim::theory::queues::mmck;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

const OPTIONS: Options = Options { jobs: NonZeroUsize::new(2).unwrap() };

/// The levers of these paths and values, from `from`.
fn of(toml: &str, tried: &[(&str, &str)], of: Option<(&str, Option<Better>)>, budget: u32) -> Levers {
    let base = model_with(toml, &[]);
    let lever = |(path, to): &(&str, &str)| {
        let source = Source { name: "test.toml".into(), bytes: toml.into(), directory: PathBuf::new() };
        let model =
            load(source, &[format!("{path}={to}")], &read_file).map_err(|problems| problems.list()[0].what.clone());
        (Lever { path: (*path).into(), from: String::new(), to: (*to).into() }, model)
    };
    let question = Question { of: of.map(|(metric, better)| (metric.into(), better)), budget };
    levers(&base, tried.iter().map(lever).collect(), question, &OPTIONS, &|_, _| true).unwrap()
}

/// What `levers` finds in a shipped model by itself.
fn found(name: &str, overrides: &[&str], metric: &str) -> Levers {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_string()).collect();
    let mut tried = Vec::new();
    for knob in knobs(&open(&path).unwrap(), &overrides, &read_file).into_iter().filter(|knob| knob.is_decision) {
        for to in &knob.others {
            let set = overrides.iter().cloned().chain([format!("{}={to}", knob.path)]).collect::<Vec<_>>();
            let model = load_file(&path, &set).map_err(|problems| problems.list()[0].what.clone());
            tried.push((Lever { path: knob.path.clone(), from: knob.value.clone(), to: to.clone() }, model));
        }
    }
    let question = Question { of: Some((metric.into(), None)), budget: 1000 };
    levers(&load_file(&path, &overrides).unwrap(), tried, question, &OPTIONS, &|_, _| true).unwrap()
}

fn one<'a>(found: &'a Levers, path: &str, to: &str) -> &'a Effect {
    let wanted = |effect: &&Effect| effect.lever.path == path && effect.lever.to == to;
    found.effects.iter().find(wanted).unwrap_or_else(|| panic!("no {path}={to}: {found:#?}"))
}

/// What the head of the model says: the time limit is the lever, and nobody waits for a slot.
#[test]
fn the_time_limit_is_what_moves_soft_failures() {
    let found = found("soft-failures.toml", &["run.replications=8"], "class.user.plans.overloaded_fraction");
    let best = found.best().unwrap();
    assert_eq!((best.lever.path.as_str(), best.lever.to.as_str()), ("provider.openai.request_timeout", "24s"));
    assert!(best.means.1 < 0.01 && best.difference.mean < -0.13, "{best:?}");
    // That the administrator's share leaves the band that was observed is no harm.
    assert!(best.turned.is_empty() && best.harms.is_empty(), "{best:?}");
    for (path, to) in [("max_concurrency", "8"), ("max_concurrency", "2"), ("max_queue", "32"), ("max_queue", "128")] {
        let effect = one(&found, &format!("queue.ai.{path}"), to);
        assert!(matches!(effect.standing, Standing::Same | Standing::CannotTell), "{effect:?}");
    }
    assert_eq!(one(&found, "retry.openai.max", "4").standing, Standing::Better);
    assert_eq!(one(&found, "retry.openai.max", "1").standing, Standing::Worse);
}

/// Retries that run out together: longer waits cure it, jitter makes it worse (docs/d1-stress.md), whatever folklore says.
#[test]
fn jitter_is_no_cure_for_retries_that_run_out_together() {
    let found = found("d1-stress.toml", &["run.horizon=2h", "run.replications=5"], "plans.failed_fraction");
    let longer = one(&found, "retry.db.backoff.base", "200ms");
    let jitter = one(&found, "retry.db.backoff.jitter", "full");
    assert_eq!((longer.standing, jitter.standing), (Standing::Better, Standing::Worse));
    assert!(longer.interval.unwrap().1 < 0.0 && jitter.interval.unwrap().0 > 0.0);
    assert!(longer.tied || found.best() == Some(longer), "{longer:?}");
    assert_eq!(one(&found, "retry.db.backoff.cap", "1m").standing, Standing::Same, "no wait is as long");
    let refused =
        |(lever, why): &(Lever, Silent)| lever.path == "retry.db.retry_after" && matches!(why, Silent::Refused(_));
    assert!(found.silent.iter().any(refused), "{:#?}", found.silent);
}

/// No turning of what is there ends the storm; what people usually add does (docs/retry-storm.md).
#[test]
fn what_ends_a_retry_storm_is_not_there_yet() {
    let found = found("retry-storm.toml", &["run.replications=5"], "plans.failed_fraction");
    assert_eq!(found.best().unwrap().lever.path, "retry.llm.budget.ratio");
    let (sure, _) = found.sure();
    let paths: Vec<&str> = sure.iter().map(|effect| effect.lever.path.as_str()).collect();
    assert_eq!(paths, ["retry.llm.budget.ratio", "breaker.llm.fail_max"]);
}

fn loss() -> String {
    lossy("horizon = \"20d\"\nwarmup = \"1d\"\nreplications = 12\nseed = 5", "[retry.p]\nmax = 3\n")
}

const SIZES: [(&str, &str); 4] = [
    ("queue.q.max_concurrency", "2"),
    ("queue.q.max_concurrency", "8"),
    ("queue.q.max_queue", "1"),
    ("queue.q.max_queue", "4"),
];

/// M/M/c/K: every difference of two loss probabilities lies in its interval. All of them do with a chance of at least
/// 95 % by the very construction of the intervals; the seed is fixed. Retries of faults that never come change nothing.
#[test]
fn the_differences_are_the_formulas() {
    let tried = [&SIZES[..], &[("retry.p.max", "6"), ("retry.p.backoff.base", "2s")]].concat();
    let found = of(&loss(), &tried, Some(("queue.q.drop_fraction", None)), 1000);
    let loss = |slots, places| mmck(slots, places, 0.1, 30.0).loss;
    for ((path, to), (slots, places)) in SIZES.into_iter().zip([(2, 2), (8, 2), (4, 1), (4, 4)]) {
        let exact = loss(slots, places) - loss(4, 2);
        let effect = one(&found, path, to);
        let (low, high) = effect.interval.unwrap();
        assert!(low <= exact && exact <= high, "{path}={to}: {exact} is not in {low} to {high}");
        assert!(high - low < 0.03, "{low} to {high} says nothing");
        assert_eq!(effect.standing, if exact < 0.0 { Standing::Better } else { Standing::Worse });
    }
    assert_eq!(found.best().unwrap().lever.to, "8");
    for (path, to) in &tried[4..] {
        let effect = one(&found, path, to);
        assert_eq!((effect.standing, effect.difference.mean, effect.interval), (Standing::Same, 0.0, Some((0.0, 0.0))));
    }
    // Two looks at each of six changes, at 5 % together.
    assert!((found.confidence - (1.0 - 0.05 / 12.0)).abs() < 1e-12);
}

/// Whatever the budget is, no more is taken, and what more there is goes to those that may be the best.
#[test]
fn the_budget_holds() {
    let toml = loss().replace("20d", "3d");
    let mut before = 0;
    for budget in [10, 11, 24, 25, 26, 31, 45, 60, 1000] {
        let found = of(&toml, &SIZES, Some(("queue.q.drop_fraction", None)), budget);
        let counted: u64 = found.effects.iter().map(|effect| effect.difference.count).sum();
        assert!(found.runs <= budget && found.runs <= 60, "{} of {budget}", found.runs);
        assert_eq!(u64::from(found.runs), counted + u64::from(found.replications.1), "{found:#?}");
        assert!(found.runs >= before && found.effects.len() == 4 && !found.partial);
        before = found.runs;
        let best = found.best().map(|best| best.difference.count);
        if budget >= 45 {
            assert_eq!(best, Some(12), "{found:#?}");
        }
    }
}

/// The metric that is asked of is the one that needs mending, and the way is that back inside its bound.
#[test]
fn without_a_metric_the_broken_objective_is_asked() {
    let asked = |objective: &str| {
        let toml =
            format!("{}\n[objectives]\n\"plans.per_day\" = {{ min = 1 }}\n{objective}", loss().replace("20d", "3d"));
        of(&toml, &SIZES, None, 100)
    };
    let found = asked("\"queue.q.drop_fraction\" = { max = 0.001 }");
    assert_eq!(
        (found.metric.as_str(), found.better, found.aim),
        ("queue.q.drop_fraction", Some(Better::Less), Aim::Broken)
    );
    // Too few are lost: no name says that more of it is better, but the bound does.
    let found = asked("\"queue.q.drop_fraction\" = { min = 0.5 }");
    assert_eq!((found.better, found.aim), (Some(Better::More), Aim::Broken));
    // A smaller queue does that, but plans fail by it: that is no improvement, and said in its row.
    assert_eq!(found.best(), None);
    let harmful = found.effects.iter().find(|effect| effect.standing == Standing::Better).unwrap();
    assert_eq!(harmful.lever.to, "2");
    assert!(harmful.harms.iter().any(|metric| metric == "plans.per_day"), "{harmful:?}");
    let found = asked("\"plan.latency.mean\" = { max = 1000 }");
    assert_eq!((found.metric.as_str(), found.aim), ("plans.failed_fraction", Aim::Usual));
    // Neither way of what is made is better by itself: the largest move comes first.
    let found = of(&loss().replace("20d", "3d"), &SIZES, Some(("calls.made", None)), 100);
    assert_eq!(found.better, None);
    assert!(found.best().is_none_or(|best| matches!(best.standing, Standing::More | Standing::Less)));
}

/// What is bought at a price says so: twice the retries cure the failures, and cost what they send; the objective on the
/// bill breaks. Of two changes that do the same, the one that breaks nothing comes first.
#[test]
fn side_effects_are_named() {
    let toml = r#"
[run]
horizon = "5d"
replications = 8
[traffic.user]
arrivals = { process = "deterministic", per_day = 1000 }
[workflow.plan]
steps = [{ name = "call", provider = "p" }]
[provider.p]
latency = "1s"
errors = { server_error = 0.4 }
usage = { input = 1000 }
billed_on = ["server_error"]
prices = { input_per_million = 1 }
[retry.p]
max = 1
[objectives]
"cost.month" = { max = 45 }
"#;
    let failed = Some(("plans.failed_fraction", None));
    let found =
        of(toml, &[("retry.p.max", "3"), ("provider.p.errors.server_error", "0"), ("retry.p.max", "0")], failed, 1000);
    let order: Vec<(&str, Standing)> = found.effects.iter().map(|e| (e.lever.to.as_str(), e.standing)).collect();
    assert_eq!(order, [("0", Standing::Better), ("3", Standing::Better), ("0", Standing::Worse)]);
    assert_eq!(
        (found.effects[0].lever.path.as_str(), found.effects[0].means.1),
        ("provider.p.errors.server_error", 0.0)
    );
    // 1,000 plans a day of (1 - 0.4^4) / 0.6 attempts in place of 1.4, at a dollar a thousand: 0.224 dollars a day more.
    let (exact, more) = (0.224 * 365.25 / 12.0, &found.effects[1]);
    assert!((more.bill.unwrap() / exact - 1.0).abs() < 0.05, "{:?} and {exact}", more.bill);
    assert_eq!(more.turned.iter().map(|(goal, ..)| goal.metric.as_str()).collect::<Vec<_>>(), ["cost.month"]);
    // Of 0.4² = 0.16 that fail, 0.4⁴ = 0.0256 are left.
    let (low, high) = more.interval.unwrap();
    assert!(low <= 0.0256 - 0.16 && 0.0256 - 0.16 <= high, "{low} to {high}");
}

/// A lever under which a run does not end is said to be one, and hides no other.
#[test]
fn what_runs_away_is_named() {
    let toml = loss().replace("[run]", "[run]\nmax_plans_alive = 40").replace("20d", "3d");
    let found = of(
        &toml,
        &[("queue.q.max_queue", "unlimited"), ("queue.q.max_concurrency", "8"), ("queue.q.max_concurrency", "0")],
        None,
        100,
    );
    assert!(found.silent.iter().any(|(_, why)| matches!(why, Silent::Refused(_))), "{:#?}", found.silent);
    let toml = toml.replace("per_day = 8640", "per_day = 17280");
    let found = of(&toml, &[("queue.q.max_queue", "unlimited"), ("queue.q.max_concurrency", "8")], None, 100);
    assert_eq!(found.silent.iter().map(|(_, why)| why.clone()).collect::<Vec<_>>(), [Silent::RanAway]);
    assert_eq!(found.best().unwrap().lever.to, "8");
}

/// Every value of every shipped model is at the path and has the value that `knobs` says: set so, the model is the same.
#[test]
fn a_knob_set_to_what_it_is_changes_nothing() {
    let same = |model: Model| Model { digest: String::new(), overrides: Vec::new(), settings: Vec::new(), ..model };
    let mut seen = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("models")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let base = same(shipped(name, &[]));
        for knob in knobs(&open(&path).unwrap(), &[], &read_file).iter().filter(|knob| knob.is_decision) {
            // What is not there cannot be set to what it is.
            if knob.others.is_empty() || ["none", "for ever"].contains(&knob.value.as_str()) {
                continue;
            }
            seen += 1;
            let set = format!("{}={}", knob.path, knob.value);
            match load_file(&path, std::slice::from_ref(&set)) {
                Ok(model) => assert!(same(model) == base, "{name}: {set} is another model"),
                // What only some of the parts have that share a section.
                Err(problems) => assert!(problems.list()[0].what.starts_with("only for the retries"), "{name}: {set}"),
            }
        }
    }
    assert!(seen > 200, "{seen}");
}
