//! At low load the arithmetic is what is simulated: every expected count of a plan and every ceiling lies within the
//! interval of the simulation, or a sentence of what the arithmetic leaves out says why it need not.
//!
//! The level is 99.9 % for all comparisons together (Bonferroni). A count is allowed to be off by [`RARE`] in all
//! replications together besides, for what is so rare that it may not have happened at all.

use super::random::{Dice, HORIZON_S, REPLICATIONS, model as random_model};
use crate::common::model;
use capsim::experiment::{Answer, Arithmetic, Options, explain, run};
use capsim::math::special::student_quantile;
use capsim::model::{Limiter, Model};
use capsim::policy::{Quota, Window};
use std::num::NonZeroUsize;

/// Models in the suite; more by `CAPSIM_MODELS`.
const MODELS: u64 = 200;
const COMPARISONS_EACH: f64 = 12.0;
/// So many events may be missing: fewer than one time in 10⁸ do none of 20 happen.
const RARE: f64 = 20.0;
/// The longest of such an event, in seconds of a slot.
const LONGEST: f64 = 10.0;

/// One number of the arithmetic beside the metric that says what was used, by plan.
struct Beside {
    what: String,
    arithmetic: f64,
    /// The arithmetic counts a plan without errors, which uses more.
    at_least: bool,
    metric: String,
    /// What the metric is multiplied by, to be a sum over the run.
    times: f64,
    rare: f64,
    /// The topics of what the arithmetic leaves out that excuse it.
    excuses: Vec<&'static str>,
}

const OF_ATTEMPTS: [&str; 9] = [
    "Breakers",
    "Retry budgets",
    "Deadlines",
    "Hedges",
    "Outages",
    "Load at the provider",
    "Growth",
    "Calls in parallel",
    "Lookups",
];

fn excuses(more: &[&'static str], fails_plans: bool) -> Vec<&'static str> {
    let keys: &[&str] = if fails_plans { &["Keys of one session", "Contention for shared keys"] } else { &[] };
    OF_ATTEMPTS.iter().chain(more).chain(keys).copied().collect()
}

/// What of the arithmetic can be seen in the metrics.
fn pairs(model: &Model, arithmetic: &Arithmetic) -> Vec<Beside> {
    let fails_plans = model.logging.on_error == capsim::model::OnLogError::FailPlan;
    let of_limiters: &[&str] =
        if model.stores[0].key_spacing.is_some() || model.stores.iter().any(|s| s.key_spacing.is_some()) {
            &["Databases and limiters"]
        } else {
            &[]
        };
    let of_stores: Vec<&str> =
        ["Keys of one session", "Contention for shared keys"].iter().chain(of_limiters).copied().collect();
    let reads: Vec<&str> = of_stores.iter().copied().chain(["Memory caches"]).collect();
    let around = ["Semaphores"];
    let sum = |store: &str, op: &str, of: fn(&capsim::experiment::OpsPerPlan) -> f64| -> f64 {
        let rows = arithmetic.per_plan.iter().filter(|row| row.store == store && row.op == op);
        rows.map(|row| row.share * of(row)).sum()
    };
    let mut all = Vec::new();
    let mut keys: Vec<(String, String)> =
        arithmetic.per_plan.iter().map(|row| (row.store.clone(), row.op.clone())).collect();
    keys.sort();
    keys.dedup();
    let mut push = |what: String, arithmetic, at_least, metric: String, times, rare, excuses| {
        all.push(Beside { what, arithmetic, at_least, metric, times, rare, excuses });
    };
    // Workflows and providers by what is counted of all of them together.
    for (prefix, op, metric) in [("workflow ", "calls", "calls.made"), ("provider ", "attempts", "attempts.made")] {
        let all = keys.iter().filter(|(store, of)| store.starts_with(prefix) && of == op);
        let expected: f64 = all.map(|(store, op)| sum(store, op, |row| row.expected)).sum();
        push(metric.into(), expected, false, metric.into(), 1.0, RARE, excuses(of_limiters, fails_plans));
    }
    for (store, op) in &keys {
        let expected = sum(store, op, |row| row.expected);
        if let Some(name) = store.strip_prefix("queue ") {
            let queue = model.queues.iter().find(|queue| queue.name == name).expect("a queue");
            let slots = f64::from(queue.max_concurrency) * f64::from(model.platform.isolates);
            let more: Vec<&str> = if name == "around" {
                around.iter().chain(of_limiters).copied().collect()
            } else {
                of_limiters.to_vec()
            };
            let metric = format!("queue.{name}.utilisation");
            push(
                format!("{store} {op}"),
                expected,
                false,
                metric,
                slots * HORIZON_S,
                RARE * LONGEST,
                excuses(&more, fails_plans),
            );
        } else if let Some(name) = store.strip_prefix("provider ") {
            let sent = format!("provider.{name}.attempts.sent");
            if op == "attempts" && model.providers.iter().any(|p| p.name == name && p.server.is_some()) {
                push(
                    format!("{store} {op}"),
                    expected,
                    false,
                    sent.clone(),
                    1.0,
                    RARE,
                    excuses(of_limiters, fails_plans),
                );
            }
            if op == "tokens" {
                push(
                    format!("{store} {op}"),
                    expected,
                    false,
                    sent,
                    300.0,
                    RARE * 300.0,
                    excuses(of_limiters, fails_plans),
                );
            }
        } else if !store.starts_with("workflow ") {
            let more = if op == "reads" { &reads } else { &of_stores };
            push(
                format!("{store} {op}"),
                expected,
                false,
                format!("{store}.{op}_attempted"),
                1.0,
                RARE,
                excuses(more, fails_plans),
            );
        }
    }
    for ceiling in &arithmetic.ceilings {
        let Some(seen) = seen(model, &ceiling.limit) else { continue };
        let used = seen.per_day / ceiling.plans_per_day;
        let more: Vec<&str> = of_stores.iter().chain(&["Memory caches", "Semaphores"]).copied().collect();
        let what = format!("ceiling {}", ceiling.limit);
        push(what, used, true, seen.metric, seen.times, seen.rare, excuses(&more, fails_plans));
    }
    all
}

/// How the use of a limit is seen in the metrics, and how much of it there is a day.
struct Seen {
    per_day: f64,
    metric: String,
    times: f64,
    rare: f64,
}

fn seen(model: &Model, limit: &str) -> Option<Seen> {
    let parts: Vec<&str> = limit.split('.').collect();
    let count = |per_day, metric: String| Some(Seen { per_day, metric, times: 1.0, rare: RARE });
    let provider = |name: &str| model.providers.iter().find(|p| p.name == name).and_then(|p| p.server.as_ref());
    match parts[..] {
        ["queue", name, "slots"] => {
            let queue = model.queues.iter().find(|queue| queue.name == name)?;
            let slots = f64::from(queue.max_concurrency) * f64::from(model.platform.isolates);
            let metric = format!("queue.{name}.utilisation");
            Some(Seen { per_day: slots * 86_400.0, metric, times: slots * HORIZON_S, rare: RARE * LONGEST })
        }
        ["d1", name, "writer"] => {
            let metric = format!("d1.{name}.utilisation");
            Some(Seen { per_day: 86_400.0, metric, times: HORIZON_S, rare: RARE * 0.3 })
        }
        ["provider", name, "slots"] => {
            let slots = f64::from(provider(name)?.max_concurrency?);
            let metric = format!("provider.{name}.in_flight.mean");
            Some(Seen { per_day: slots * 86_400.0, metric, times: HORIZON_S, rare: RARE * LONGEST })
        }
        ["provider", name, "requests_per_minute"] => {
            count(provider(name)?.requests_per_minute? as f64 * 1440.0, format!("provider.{name}.attempts.sent"))
        }
        ["provider", name, "quota", "attempts"] => {
            count(a_day(&provider(name)?.quotas[0]), format!("provider.{name}.attempts.sent"))
        }
        ["limiter", name, "per_day"] => {
            let limiter = model.limiters.iter().find(|limiter| limiter.name == name)?;
            let most = most_frequent(limiter);
            count(f64::from(limiter.per_day) / most, format!("limiter.{name}.checked"))
        }
        [store, "quota", op] => {
            let spec = model.stores.iter().find(|spec| spec.name == store)?;
            let at = ["reads", "writes", "deletes", "lists"].iter().position(|name| *name == op)?;
            count(a_day(&spec.quotas[at][0]), format!("{store}.{op}_attempted"))
        }
        [store, "key", family] => {
            let spacing = model.stores.iter().find(|spec| spec.name == store)?.key_spacing?;
            let per_day = 86_400.0 / spacing.secs();
            match model.limiters.iter().find(|limiter| limiter.name == family) {
                Some(limiter) => count(per_day / most_frequent(limiter), format!("limiter.{family}.checked")),
                None => count(per_day, format!("{store}.writes.family.{family}")),
            }
        }
        _ => None,
    }
}

fn most_frequent(limiter: &Limiter) -> f64 {
    limiter.people.popularity.shares(limiter.people.count).into_iter().fold(0.0, f64::max)
}

fn a_day(quota: &Quota) -> f64 {
    let limit = quota.limit as f64;
    match quota.window {
        Window::Day => limit,
        Window::Month => limit / 30.0,
        Window::Fixed(length) | Window::Rolling(length) | Window::Bucket(_, length) => limit / length.days(),
    }
}

/// Whether a number lies where the simulation says; none where the metric has no interval.
fn holds(beside: &Beside, answer: &Answer, level: f64) -> Option<(bool, String)> {
    let metric = answer.metric(&beside.metric)?;
    let (low, high) = metric.ci95?;
    let plans = answer.mean("plans.offered")?;
    let freedom = f64::from(REPLICATIONS - 1);
    let widen = student_quantile(1.0 - level / 2.0, freedom) / student_quantile(0.975, freedom);
    let (mean, half) = ((low + high) / 2.0 * beside.times, (high - low) / 2.0 * beside.times * widen);
    let (mean, slack) = (mean / plans, (half + beside.rare / f64::from(REPLICATIONS)) / plans + 1e-9);
    let below = beside.arithmetic >= mean - slack;
    let fits = below && (beside.at_least || beside.arithmetic <= mean + slack);
    Some((fits, format!("{}: {} a plan by arithmetic, {mean} ± {slack} simulated", beside.what, beside.arithmetic)))
}

#[test]
fn counts_and_ceilings_are_what_is_simulated() {
    let models = std::env::var("CAPSIM_MODELS").ok().and_then(|n| n.parse().ok()).unwrap_or(MODELS);
    let from = std::env::var("CAPSIM_FROM").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let level = 0.001 / (models as f64 * COMPARISONS_EACH);
    let options = Options { jobs: NonZeroUsize::new(1).unwrap() };
    let (mut compared, mut excused, mut failed) = (0, 0, Vec::new());
    for number in from..from + models {
        let text = random_model(&mut Dice(number.wrapping_mul(0x5851_F42D_4C95_7F2D)));
        let model = model(&text);
        let arithmetic = explain(&model);
        let answer = run(&model, &options, &|_, _| true).unwrap_or_else(|failure| panic!("{failure:?}\n{text}"));
        let fails_early = arithmetic.leaves_out.iter().any(|sentence| sentence.starts_with("Plans that fail:"));
        for mut beside in pairs(&model, &arithmetic) {
            beside.at_least &= fails_early;
            let is_left_out = |topic: &&str| arithmetic.leaves_out.iter().any(|s| s.starts_with(&format!("{topic}:")));
            if beside.excuses.iter().any(is_left_out) {
                excused += 1;
                continue;
            }
            let Some((fits, said)) = holds(&beside, &answer, level) else {
                failed.push(format!("model {number}: no {}", beside.metric));
                continue;
            };
            compared += 1;
            if !fits {
                failed.push(format!("model {number}: {said}"));
            }
        }
    }
    let total = compared + excused;
    assert!(failed.is_empty(), "{} of {compared} do not hold:\n{}", failed.len(), failed.join("\n"));
    assert!(compared * 2 > total, "only {compared} of {total} could be compared");
    assert!(f64::from(compared) <= models as f64 * COMPARISONS_EACH, "{compared} comparisons: the level is too low");
}
