//! At low load the arithmetic is what is simulated: every expected count of a plan and every ceiling lies within the
//! interval of the simulation, or a sentence of what the arithmetic leaves out says why it need not.
//!
//! The level is 99.9 % for all comparisons together (Bonferroni). A count is allowed to be off by [`RARE`] in all
//! replications together besides, for what is so rare that it may not have happened at all.

use super::random::{Dice, HORIZON_S, PER_HOUR, REPLICATIONS, model as random_model};
use crate::common::model;
use crate::random::{config, low_load, read};
use capsim::experiment::{Answer, Arithmetic, Failure, OpsPerPlan, Options, explain, run};
use capsim::math::special::student_quantile;
use capsim::model::{Arrivals, Counted, Limit, Limiter, Model, OnLogError, Spike};
use capsim::policy::{OnExceed, Quota, Window};
use capsim::units::{Rate, RateUnit, Span};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::num::NonZeroUsize;

/// Models in the suite; more by `RANDOM_MODELS`.
const MODELS: u32 = 200;
const DECLARED: u32 = 100;
const COMPARISONS_EACH: f64 = 12.0;
/// So many events may be missing: fewer than one time in 10⁸ do none of 20 happen.
const RARE: f64 = 20.0;

/// One number of the arithmetic beside the metric that says what was used, by plan.
struct Beside {
    what: String,
    arithmetic: f64,
    /// The arithmetic counts a plan without errors, which uses more.
    at_least: bool,
    metric: String,
    /// What the metric is multiplied by, to be a sum over the run.
    times: f64,
    /// How much of it a rare event makes.
    each: f64,
    /// The topics of what the arithmetic leaves out that excuse it.
    excuses: Vec<&'static str>,
}

/// What changes how many calls and attempts there are.
const OF_ATTEMPTS: [&str; 16] = [
    "Breakers",
    "Retry budgets",
    "Deadlines",
    "Hedges",
    "Outages",
    "Load at the provider",
    "Growth",
    "Calls in parallel",
    "Lookups",
    "Comebacks",
    "Users who leave",
    "Time spent waiting",
    "Isolates that come and go",
    "Unlucky plans",
    "Connections",
    "Room",
];

/// What changes the ops of a store besides.
const OF_STORES: [&str; 6] = [
    "Keys of one session",
    "Contention for shared keys",
    "Logs that nobody awaits",
    "Log services",
    "The admin page",
    "Writes that come too soon",
];

struct Pairs<'m> {
    model: &'m Model,
    arithmetic: &'m Arithmetic,
    all: Vec<Beside>,
}

impl Pairs<'_> {
    fn push(
        &mut self,
        what: String,
        arithmetic: f64,
        (metric, times, each): (String, f64, f64),
        more: &[&'static str],
    ) {
        let is_spaced = self.model.stores.iter().any(|store| store.key_spacing.is_some());
        let limiters: &[&str] = if is_spaced { &["Databases and limiters"] } else { &[] };
        let fails_plans = self.model.logging.on_error == OnLogError::FailPlan;
        let logs: &[&str] = if fails_plans { &OF_STORES } else { &[] };
        let excuses = OF_ATTEMPTS.iter().chain(limiters).chain(logs).chain(more).copied().collect();
        self.all.push(Beside { what, arithmetic, at_least: false, metric, times, each, excuses });
    }

    fn sum(&self, store: &str, op: &str) -> f64 {
        let rows = self.arithmetic.per_plan.iter().filter(|row| row.store == store && row.op == op);
        rows.map(|row: &OpsPerPlan| row.share * row.expected).sum()
    }

    fn counts(&mut self) {
        let rows = &self.arithmetic.per_plan;
        let mut keys: Vec<(String, String)> = rows.iter().map(|row| (row.store.clone(), row.op.clone())).collect();
        keys.sort();
        keys.dedup();
        // Workflows, and providers, are counted together.
        for (prefix, op, metric) in [("workflow ", "calls", "calls.made"), ("provider ", "attempts", "attempts.made")] {
            let all = keys.iter().filter(|(store, of)| store.starts_with(prefix) && of == op);
            let expected = all.map(|(store, op)| self.sum(store, op)).sum();
            self.push(metric.into(), expected, (metric.into(), 1.0, 1.0), &[]);
        }
        for (store, op) in &keys {
            let (what, expected) = (format!("{store} {op}"), self.sum(store, op));
            if let Some(queue) = store.strip_prefix("queue ") {
                if let Some(seen) = seen(self.model, &format!("queue.{queue}.slots")) {
                    self.push(what, expected, (seen.metric, seen.times, seen.each), &["Semaphores"]);
                }
            } else if let Some(name) = store.strip_prefix("provider ") {
                let provider = self.model.providers.iter().find(|provider| provider.name == name);
                let Some(provider) = provider.filter(|provider| provider.server.is_some()) else { continue };
                let counted = Counted::ALL.into_iter().find(|of| of.name() == op).expect("what limits count");
                let steps = self.model.workflows.iter().flat_map(|workflow| &workflow.steps);
                let mut each: Vec<u64> = steps.map(|step| provider.used(&step.weight)[counted as usize]).collect();
                each.sort_unstable();
                each.dedup();
                // What steps weigh apart is not told apart in what is simulated.
                if let [times] = each[..] {
                    let times = times as f64;
                    self.push(what, expected, (format!("provider.{name}.attempts.sent"), times, times), &[]);
                }
            } else if !store.starts_with("workflow ") {
                let is_clocked = self.arithmetic.per_day.iter().any(|row| row.store == *store);
                if !is_clocked {
                    let more: Vec<&str> = OF_STORES.iter().chain(&["Memory caches"]).copied().collect();
                    let more = if op == "reads" { &more[..] } else { &OF_STORES };
                    self.push(what, expected, (format!("{store}.{op}_attempted"), 1.0, 1.0), more);
                }
            }
        }
    }

    fn ceilings(&mut self) {
        let more: Vec<&str> = OF_STORES.iter().chain(&["Memory caches", "Semaphores"]).copied().collect();
        let fails_early = self.arithmetic.leaves_out.iter().any(|sentence| sentence.starts_with("Plans that fail:"));
        for ceiling in &self.arithmetic.ceilings {
            let Some(seen) = seen(self.model, &ceiling.limit).filter(|seen| seen.per_day > 0.0) else { continue };
            let used = seen.per_day / ceiling.plans_per_day;
            self.push(format!("ceiling {}", ceiling.limit), used, (seen.metric, seen.times, seen.each), &more);
            self.all.last_mut().expect("it is there").at_least = fails_early;
        }
    }
}

/// How the use of a limit is seen in the metrics, and how much of it there is a day.
struct Seen {
    per_day: f64,
    metric: String,
    times: f64,
    each: f64,
}

fn seen(model: &Model, limit: &str) -> Option<Seen> {
    let parts: Vec<&str> = limit.split('.').collect();
    let count = |per_day, metric: String| Some(Seen { per_day, metric, times: 1.0, each: 1.0 });
    let provider = |name: &str| model.providers.iter().find(|p| p.name == name).and_then(|p| p.server.as_ref());
    let limits = model.providers.iter().filter_map(|provider| provider.request_timeout).map(Span::secs);
    let longest = limits.fold(10.0, f64::max);
    match parts[..] {
        ["queue", name, "slots"] => {
            let queue = model.queues.iter().find(|queue| queue.name == name)?;
            let slots = f64::from(queue.max_concurrency) * f64::from(model.platform.isolates);
            let metric = format!("queue.{name}.utilisation");
            Some(Seen { per_day: slots * 86_400.0, metric, times: slots * HORIZON_S, each: longest })
        }
        ["d1", name, "writer"] => {
            let metric = format!("d1.{name}.utilisation");
            Some(Seen { per_day: 86_400.0, metric, times: HORIZON_S, each: 0.3 })
        }
        ["provider", name, "slots"] => {
            let slots = f64::from(provider(name)?.max_concurrency?);
            let metric = format!("provider.{name}.in_flight.mean");
            Some(Seen { per_day: slots * 86_400.0, metric, times: HORIZON_S, each: longest })
        }
        ["provider", name, limit @ ("requests_per_minute" | "requests_per_day")] => {
            let limit = Limit::parse(limit)?;
            let rate = provider(name)?.limits[limit as usize]? as f64;
            count(rate * 86_400.0 / limit.window().secs(), format!("provider.{name}.attempts.sent"))
        }
        ["provider", name, "quota", "attempts"] => {
            let quotas = &provider(name)?.quotas;
            let first = quotas.iter().find(|quota| quota.of == Counted::Attempts)?;
            count(a_day(&first.quota), format!("provider.{name}.attempts.sent"))
        }
        ["limiter", name, "per_day" | "limit"] => {
            let limiter = model.limiters.iter().find(|limiter| limiter.name == name)?;
            let most = most_frequent(limiter);
            let windows = limiter.window.map_or(1.0, |length| 86_400.0 / length.secs());
            count(f64::from(limiter.limit) * windows / most, format!("limiter.{name}.checked"))
        }
        [store, "quota", op] => {
            let spec = model.stores.iter().find(|spec| spec.name == store)?;
            let at = ["reads", "writes", "deletes", "lists"].iter().position(|name| *name == op)?;
            let others = spec.background[at];
            count(a_day(&spec.quotas[at][0]) - others, format!("{store}.{op}_attempted"))
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

/// What a quota lets through a day: one that is billed beyond its limit has no more than that included.
fn a_day(quota: &Quota) -> f64 {
    let is_whole = quota.on_exceed == OnExceed::Bill || matches!(quota.window, Window::Bucket(..));
    let limit = if is_whole { quota.limit } else { quota.admitted() } as f64;
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
    let rare = RARE * beside.each / f64::from(REPLICATIONS);
    let (mean, slack) = (mean / plans, (half + rare) / plans + 1e-9 * beside.arithmetic);
    let below = beside.arithmetic >= mean - slack;
    let fits = below && (beside.at_least || beside.arithmetic <= mean + slack);
    Some((fits, format!("{}: {} a plan by arithmetic, {mean} ± {slack} simulated", beside.what, beside.arithmetic)))
}

/// What has been compared.
#[derive(Default)]
struct Tally {
    compared: u32,
    excused: u32,
    failed: Vec<String>,
}

impl Tally {
    fn compare(&mut self, name: &str, model: &Model, arithmetic: &Arithmetic, level: f64) {
        let options = Options { jobs: NonZeroUsize::new(1).unwrap() };
        let answer = match run(model, &options, &|_, _| true) {
            Ok(answer) => answer,
            Err(Failure::Internal(why)) => panic!("{name}: {why}"),
            Err(_) => return,
        };
        let mut pairs = Pairs { model, arithmetic, all: Vec::new() };
        pairs.counts();
        pairs.ceilings();
        for beside in &pairs.all {
            let is_left_out =
                |topic: &&str| arithmetic.leaves_out.iter().any(|sentence| sentence.starts_with(&format!("{topic}:")));
            if beside.excuses.iter().any(is_left_out) {
                self.excused += 1;
                continue;
            }
            match holds(beside, &answer, level) {
                Some((fits, said)) => {
                    self.compared += 1;
                    self.failed.extend((!fits).then(|| format!("{name}: {said}")));
                }
                None if beside.arithmetic == 0.0 => {}
                None => self.failed.push(format!("{name}: no {}", beside.metric)),
            }
        }
    }

    fn judge(self, models: u32, least: f64) {
        let Tally { compared, excused, failed } = self;
        eprintln!("{compared} numbers of {models} models compared, {excused} excused");
        assert!(failed.is_empty(), "{} of {compared} do not hold:\n{}", failed.len(), failed.join("\n"));
        let share = f64::from(compared) / f64::from(compared + excused);
        assert!(share > least, "only {share} of the numbers could be compared");
        assert!(
            f64::from(compared) <= f64::from(models) * COMPARISONS_EACH,
            "{compared} comparisons: the level is too low"
        );
    }
}

fn level(models: u32) -> f64 {
    0.001 / (f64::from(models) * COMPARISONS_EACH)
}

#[test]
fn counts_and_ceilings_are_what_is_simulated() {
    let (models, mut tally) = (config(MODELS).cases, Tally::default());
    for number in 0..models {
        let text = random_model(&mut Dice(u64::from(number).wrapping_mul(0x5851_F42D_4C95_7F2D)));
        let model = model(&text);
        tally.compare(&format!("model {number}"), &model, &explain(&model), level(models));
    }
    tally.judge(models, 0.5);
}

/// The same of models with all sections of the language, made so that no limit is met: plans come evenly and seldom, and
/// every limit is high.
#[test]
fn counts_are_what_is_simulated_with_any_section() {
    let asked = config(DECLARED);
    let (models, mut tally) = (asked.cases, Tally::default());
    let mut runner = TestRunner::new(asked);
    for number in 0..models {
        let texts = low_load().without("change").without("isolates").without("cost");
        let text = texts.new_tree(&mut runner).expect("a model").current();
        let Some(model) = quiet(read(&text).unwrap_or_else(|problems| panic!("{}", problems.render(false)))) else {
            continue;
        };
        // The quiet end is there so that all that begins ends: it is no spike that the arithmetic leaves out.
        let mut calm = model.clone();
        calm.classes.iter_mut().for_each(|class| class.spikes.clear());
        tally.compare(&format!("model {number}"), &model, &explain(&calm), level(models));
    }
    tally.judge(models, 0.01);
}

fn quiet(mut model: Model) -> Option<Model> {
    model.run.replications = REPLICATIONS;
    (model.run.horizon, model.run.warmup) = (Span::DAY, Span::ZERO);
    for class in &mut model.classes {
        if matches!(class.arrivals, Arrivals::Trace { .. }) {
            return None;
        }
        class.arrivals = Arrivals::Deterministic(Rate::new(f64::from(PER_HOUR), RateUnit::Hour).ok()?);
        class.spikes = vec![Spike { at: Span::HOUR * 20, lasts: Span::HOUR * 4, factor: 0.0 }];
    }
    for queue in &mut model.queues {
        (queue.max_concurrency, queue.adaptive) = (90, None);
        queue.reserved.clear();
    }
    let high = |quota: &mut Quota| quota.limit = quota.limit.max(1_000_000_000);
    for server in model.providers.iter_mut().filter_map(|provider| provider.server.as_mut()) {
        server.max_concurrency = server.max_concurrency.map(|_| 90);
        server.limits = server.limits.map(|limit| limit.map(|_| 1_000_000_000_000));
        server.quotas.iter_mut().for_each(|quota| high(&mut quota.quota));
        server.outages.clear();
        (server.slopes, server.load_per_in_flight) = ([None; 2], 0.0);
        (server.capacity, server.max_queue) = (None, Some(0));
    }
    model.providers.iter_mut().for_each(|provider| provider.timeout_from_arrival = false);
    for class in &mut model.classes {
        (class.comeback, class.leaves_after, class.patience) = (None, None, None);
    }
    model.queues.iter_mut().for_each(|queue| queue.patience = None);
    model.workflows.iter_mut().flat_map(|workflow| &mut workflow.steps).for_each(|step| step.parallel = 1);
    model.stores.iter_mut().flat_map(|store| store.quotas.iter_mut().flatten()).for_each(high);
    model.stores.iter_mut().for_each(|store| store.ops_per_invocation = None);
    model.d1.iter_mut().for_each(|d1| (d1.max_queue, d1.max_wait) = (None, None));
    model.limiters.iter_mut().for_each(|limiter| limiter.limit = 1_000_000);
    let platform = &mut model.platform;
    (platform.subrequests_external, platform.subrequests_internal) = (None, None);
    (platform.connections, platform.cpu.limit) = (None, None);
    platform.requests.iter_mut().for_each(high);
    Some(model)
}
