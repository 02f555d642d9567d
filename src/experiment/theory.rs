//! Theory beside the simulation: for which metrics of a model the books have a formula, and what it says.
//!
//! A formula is exact only under its conditions, and they are checked here, key by key: [`balance`] asks little and
//! holds of most models, [`station`] is the queue of the books, and [`quotas`] counts plans in a day. Where a condition
//! fails that matters little, the value is an approximation and says why; where it matters much there is none.

mod balance;
mod provider;
mod station;

use super::explain::class_demand;
use super::{Arithmetic, Ceiling, Metric, explain};
use crate::model::{Arrivals, Class, LogEvent, LogOp, Model, OnLogError, OpKind, Provider, Queue};
use crate::policy::{OnExceed, Quota, Retry, Window};
use crate::stats::Estimate;
use crate::theory::counting::poisson_at_most;

/// All lines together hold with this probability where the formulas are right.
const CONFIDENCE: f64 = 0.99;

/// A formula of the books for one metric, beside what was simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Theory {
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// The formula, in a word or two.
    pub law: &'static str,
    /// What the formula leaves out, where it is not exact.
    pub approximate: Option<&'static str>,
    /// What it says.
    pub value: f64,
    /// The mean of the replications.
    pub simulated: Option<f64>,
    /// Its interval, at a level at which all lines together hold with 99 %.
    pub interval: Option<(f64, f64)>,
}

impl Theory {
    /// Whether the interval holds the value; none where there is no interval, or the formula is approximate.
    pub fn agrees(&self) -> Option<bool> {
        let (low, high) = self.interval.filter(|_| self.approximate.is_none())?;
        // The cells of a histogram, and the last bits of sums.
        let slack = self.value.abs() * if self.metric.contains(".p") { 1.0 / 1024.0 } else { 1e-9 };
        Some(self.value >= low - slack && self.value <= high + slack)
    }
}

/// A formula before anything is simulated.
pub(super) struct Formula {
    pub metric: String,
    pub law: &'static str,
    pub approximate: Option<&'static str>,
    pub value: f64,
}

impl Formula {
    fn exact(metric: String, law: &'static str, value: f64) -> Formula {
        Formula { metric, law, approximate: None, value }
    }
}

/// Every formula that a model qualifies for, at most one for a metric.
pub(super) fn formulas(model: &Model) -> Vec<Formula> {
    if !is_plain(model) {
        return provider::formulas(model);
    }
    if is_held_back(model) {
        return quotas(model);
    }
    let mut all = station::formulas(model);
    all.extend(balance::formulas(model));
    all.extend(quotas(model));
    let mut found: Vec<Formula> = Vec::new();
    for formula in all {
        if formula.value.is_finite() && found.iter().all(|other| other.metric != formula.metric) {
            found.push(formula);
        }
    }
    found
}

/// Whether the model has nothing that the formulas have not heard of. Every field of what serves a call is named here,
/// so that a new one does not compile before somebody has said what it does to them.
fn is_plain(model: &Model) -> bool {
    let Model {
        name: _,
        description: _,
        digest: _,
        zone_data: _,
        overrides: _,
        run: _,
        platform: _,
        classes,
        workflows,
        providers,
        queues,
        stores: _,
        tiers,
        d1,
        limiters,
        reads: _,
        logging,
        readers,
        logfiles: _,
        cost: _,
        upgraded: _,
        isolates,
        diagnostics: _,
        objectives: _,
        observed: _,
        stages,
        settings: _,
    } = model;
    let plain_provider = |provider: &Provider| {
        let Provider {
            name: _,
            latency: _,
            streamed: _, // it has policies
            request_timeout: _,
            headers_after: _, // only of account where connections bind
            timeout_from_arrival,
            errors: _,
            request_error: _,
            retry,
            tokens: _,
            inner: _,
            deadline: _,
            budget: _,
            retry_after: _, // nothing but a server names a time
            breaker: _,
            hedge: _,
            server: _,
        } = provider;
        let Retry { max: _, on: _, backoff: _, hold_slot: _ } = retry;
        !provider.has_policies() && !timeout_from_arrival
    };
    let plain_queue = |queue: &Queue| {
        let Queue {
            name: _,
            max_concurrency: _,
            max_queue: _,
            discipline: _,
            patience: _,
            reserved,
            adaptive,
            aging,
            pushes_out,
        } = queue;
        reserved.is_empty() && adaptive.is_none() && aging.is_none() && !pushes_out
    };
    // What an administrator's clock starts uses the same quotas.
    let of_calls = |op: &LogOp| matches!(op.event, LogEvent::Request | LogEvent::Response);
    if readers.iter().any(|reader| reader.store.is_some()) || !logging.ops.iter().all(of_calls) {
        return false;
    }
    // Users who come back or leave, isolates that come and go, and values that change have no stationary formula here.
    let steady = stages.is_empty() && isolates.is_none();
    let plain_class = |class: &Class| class.comeback.is_none() && class.leaves_after.is_none();
    let steps = || workflows.iter().flat_map(|workflow| &workflow.steps);
    let no_fallback = steps().all(|step| step.pool.is_none() && step.fallback.is_empty() && step.semaphore.is_none());
    // Work that a cache answers, or that waits for a database or a limiter, is another matter; so are plans that find no
    // request left.
    !lacks_requests(model)
        && !model.connections_bind()
        && !model.leaves_logs_behind()
        && !model.takes_cpu()
        && tiers.is_empty()
        && d1.is_empty()
        && limiters.is_empty()
        && no_fallback
        && steady
        && classes.iter().all(plain_class)
        && providers.iter().all(plain_provider)
        && queues.iter().all(plain_queue)
}

/// Whether the account's requests may run out: the demand comes within half of what they carry.
fn lacks_requests(model: &Model) -> bool {
    let limited = model.platform.requests.as_ref().is_some_and(|quota| quota.on_exceed != OnExceed::Bill);
    let enough = |arithmetic: Arithmetic| {
        let room = arithmetic.ceilings.iter().find(|ceiling| ceiling.limit == "platform.requests")?;
        Some(arithmetic.demand_per_day? * 2.0 < room.plans_per_day)
    };
    limited && !enough(explain(model)).unwrap_or(false)
}

/// Whether plans wait for a quota that the demand comes near: what goes on to the queues is then not what is offered.
fn is_held_back(model: &Model) -> bool {
    let waits = |quota: &Quota| quota.on_exceed == OnExceed::Wait;
    if !model.stores.iter().flat_map(|store| store.quotas.iter().flatten()).any(waits) {
        return false;
    }
    let arithmetic = explain(model);
    let Some(demand) = arithmetic.demand_per_day else { return true };
    let of_store = |ceiling: &&Ceiling| ceiling.limit.contains(".quota.") && !ceiling.limit.starts_with("provider.");
    arithmetic.ceilings.iter().filter(of_store).any(|ceiling| ceiling.binds_at() < demand * 1.05)
}

/// The formulas of a model beside its metrics; `estimate` gives the replications of one.
pub(super) fn beside(model: &Model, metrics: &[Metric], estimate: impl Fn(&str) -> Option<Estimate>) -> Vec<Theory> {
    let formulas: Vec<(Formula, &Metric)> = formulas(model)
        .into_iter()
        .filter_map(|formula| metrics.iter().find(|m| m.name == formula.metric).map(|metric| (formula, metric)))
        .collect();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / formulas.len().max(1) as f64;
    let line = |(formula, metric): (Formula, &Metric)| Theory {
        interval: estimate(&formula.metric).and_then(|estimate| estimate.interval(confidence)),
        metric: formula.metric,
        unit: metric.unit,
        law: formula.law,
        approximate: formula.approximate,
        value: formula.value,
        simulated: metric.mean,
    };
    formulas.into_iter().map(line).collect()
}

/// Plans a second of a class whose rate does not change: no profile, no spikes.
fn steady_rate(class: &Class) -> Option<f64> {
    match class.arrivals {
        Arrivals::Poisson(_) | Arrivals::Deterministic(_) | Arrivals::Batch { .. } | Arrivals::Mmpp { .. } => {}
        Arrivals::Profile { .. } | Arrivals::Closed { .. } | Arrivals::Trace { .. } => return None,
    }
    class_demand(&class.arrivals).filter(|_| class.spikes.is_empty()).map(|per_day| per_day / 86_400.0)
}

/// Whether a limit of an invocation can refuse a call, whatever happens.
fn invocations_limit(model: &Model) -> bool {
    explain(model).invocations.iter().any(|need| need.at_most > need.allowed)
}

/// Whether a log op can end a plan.
fn logs_can_fail_a_plan(model: &Model) -> bool {
    model.logging.on_error == OnLogError::FailPlan && !model.logging.ops.is_empty()
}

/// Days on which a quota is used up: with `k` ops a plan, those with at least `limit/k` plans.
fn quotas(model: &Model) -> Vec<Formula> {
    let [class] = &model.classes[..] else { return Vec::new() };
    let (Arrivals::Poisson(rate), true) = (&class.arrivals, class.spikes.is_empty()) else { return Vec::new() };
    let per_plan = explain(model).per_plan;
    let mut found = Vec::new();
    for store in &model.stores {
        for op in OpKind::ALL {
            let name = op.plural();
            let row = per_plan.iter().find(|row| row.store == store.name && row.op == name);
            let quota = store.quotas[op as usize].first().filter(|quota| {
                quota.window == Window::Day
                    && quota.on_exceed == OnExceed::Reject
                    && !quota.counts_rejected
                    && quota.enforcement_lag == 0.0
            });
            let (Some(row), Some(quota)) = (row, quota) else { continue };
            let whole = row.without_errors >= 1.0 && row.without_errors.fract() == 0.0;
            if row.from_memory || !whole || quota.limit == 0 || store.background[op as usize] > 0.0 {
                continue;
            }
            let enough = quota.limit.div_ceil(row.without_errors as u64);
            found.push(Formula {
                metric: format!("{}.quota.{name}.exhausted_days_fraction", store.name),
                law: "P(Poisson >= limit / ops a plan)",
                approximate: Some("each plan's ops at once, and none failed"),
                value: 1.0 - poisson_at_most(rate.per_day(), enough - 1),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests;
