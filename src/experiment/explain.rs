//! The arithmetic of a model, without simulation: ops per plan by store and op, and the demand at which each
//! limit would bind by itself.
//!
//! This is what a careful person would work out on paper, and it is printed beside the simulation so that the
//! two can be told apart. `plan` works one plan out, `ceilings` divides the limits by it, `invocation` counts
//! what one invocation may make, and `leaves_out` says what all of that does not see. `work` is what theory asks.

mod attempts;
mod busiest;
mod ceilings;
mod chores;
mod invocation;
mod latency;
mod leaves_out;
mod longest;
mod lookup;
mod month;
mod plan;
/// What beside attempts is worth a row of a provider: tokens, and whatever else one of its limits counts.
fn counted_at(model: &Model, provider: usize) -> impl Iterator<Item = Counted> {
    let server = model.providers[provider].server.as_ref();
    let is_counted = move |of: Counted| {
        let limits = |server: &Server| {
            server.flows().any(|(limit, _)| limit.counts() == of) || server.quotas.iter().any(|quota| quota.of == of)
        };
        of == Counted::Tokens || of != Counted::Attempts && server.is_some_and(limits)
    };
    Counted::ALL.into_iter().filter(move |of| is_counted(*of))
}

#[cfg(test)]
pub(crate) mod sample;
mod upgrade;
mod work;

use crate::math;
use crate::model::{Arrivals, Class, Counted, Model, OpKind, Role, Server};
use crate::units::Span;
use attempts::Failures;
use plan::Expected;
use std::fmt;
pub(super) use work::{OnePlan, work};

/// What the arithmetic says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arithmetic {
    /// Plans a day that the model offers; none where arrivals have no rate (closed, trace).
    pub demand_per_day: Option<f64>,
    /// What one plan is expected to use.
    pub per_plan: Vec<OpsPerPlan>,
    /// Ops that a day makes by the clock, beside those that go with its plans.
    pub per_day: Vec<OpsPerDay>,
    /// Where each limit binds, the lowest demand first.
    pub ceilings: Vec<Ceiling>,
    /// What one invocation needs of each limit that it has to itself.
    pub invocations: Vec<InvocationNeed>,
    /// Where an invocation has too few connections for what begins at once.
    pub waves: Vec<Wave>,
    /// How far back the index of the logs leads.
    pub index: Option<IndexReach>,
    /// What a month costs at the model's demand, where it has one and prices are given.
    pub month: Vec<Charge>,
    /// Whether another plan of the platform would pay; with `[cost]`.
    pub upgrade: Option<Upgrade>,
    /// The longest that a call can take, by provider; not for those whose attempts have no time limit.
    pub longest: Vec<LongestCall>,
    /// What this arithmetic leaves out, a sentence each.
    pub leaves_out: Vec<String>,
}

impl Arithmetic {
    /// What is carried by arithmetic of traffic that comes evenly; none where nothing binds.
    pub fn carries(&self) -> Option<f64> {
        let binding = self.ceilings.iter().filter(|ceiling| !ceiling.billed);
        binding.map(|ceiling| ceiling.plans_per_day).min_by(f64::total_cmp)
    }

    /// The limit that binds first as demand grows. Limits over which more is billed do not bind.
    pub fn binding(&self) -> Option<&Ceiling> {
        self.ceilings.iter().find(|ceiling| !ceiling.billed)
    }
}

/// What one plan is expected to use, of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsPerPlan {
    /// The class whose plan it is.
    pub class: String,
    /// The share of this class in all plans.
    pub share: f64,
    /// The store, `provider NAME`, `queue NAME` or `workflow NAME`.
    pub store: String,
    /// `reads`, `writes`, `deletes`, `lists`; `attempts` and `tokens` of a provider; `slot_seconds` of a queue; `calls` of a
    /// workflow.
    pub op: String,
    /// When no call fails.
    pub without_errors: f64,
    /// With the errors, timeouts and retries that the model expects.
    pub expected: f64,
    /// Whether a memory cache answers some, so that the rest is an estimate.
    pub from_memory: bool,
}

/// Ops that a day makes by the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsPerDay {
    /// The store.
    pub store: String,
    /// `reads`, `writes`, `deletes`, `lists`.
    pub op: String,
    /// How many.
    pub count: f64,
}

/// The demand at which one limit would bind by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// What binds: `kv.quota.writes`, `queue.ai.slots`, …
    pub limit: String,
    /// Plans a day on a mean day, over all classes in the model's proportions; 0 where not even one plan fits.
    pub plans_per_day: f64,
    /// Plans a day on a mean day at which the busiest hour of the week meets the limit, or for a window of more hours the
    /// busiest stretch as long as it; none where that is no earlier, and for windows of a day or more.
    pub at_peak: Option<f64>,
    /// Over which window the limit holds.
    pub over: Over,
    /// Whether more is billed rather than refused.
    pub billed: bool,
    /// Whether a steady demand beyond it gets nothing more, because what is refused counts too.
    pub collapses: bool,
    /// How it was worked out: `1,000 writes a day ÷ 36 a plan`.
    pub because: String,
}

/// The window over which a limit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// One invocation, whatever the demand.
    Invocation,
    /// Every moment: slots, and whoever does one thing at a time.
    Moment,
    /// One window after the other of this length.
    Each(Span),
    /// Any stretch of this length.
    Any(Span),
    /// A calendar day.
    Day,
    /// A calendar month.
    Month,
}

impl Over {
    /// The whole hours over which a peak of the traffic evens out; none from a day on.
    pub fn hours(self) -> Option<usize> {
        let hours = |span: Span| math::ceil(span.secs() / Span::HOUR.secs()).max(1.0) as usize;
        match self {
            Over::Moment => Some(1),
            Over::Each(span) | Over::Any(span) => Some(hours(span)).filter(|hours| *hours < 24),
            Over::Day | Over::Invocation | Over::Month => None,
        }
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Over::Invocation => f.write_str("an invocation"),
            Over::Moment => f.write_str("every moment"),
            Over::Each(span) => write!(f, "each {span}"),
            Over::Any(span) => write!(f, "any {span}"),
            Over::Day => f.write_str("a day"),
            Over::Month => f.write_str("a month"),
        }
    }
}

impl Ceiling {
    /// A limit that refuses, under traffic that comes evenly.
    fn new(limit: String, plans_per_day: f64, over: Over, because: String) -> Ceiling {
        Ceiling { limit, plans_per_day, at_peak: None, over, billed: false, collapses: false, because }
    }

    /// Plans a day on a mean day from which it binds: at the peak, where the traffic has one.
    pub fn binds_at(&self) -> f64 {
        self.at_peak.unwrap_or(self.plans_per_day)
    }

    /// The whole plans that fit.
    pub fn whole_plans(&self) -> u64 {
        math::floor(self.plans_per_day + 1e-9) as u64
    }
}

/// What the busiest invocation of a class needs of a limit that each invocation has to itself.
#[derive(Clone, Debug, PartialEq)]
pub struct InvocationNeed {
    /// The class whose plan it is.
    pub class: String,
    /// `invocation.subrequests.external`, `invocation.subrequests.internal`, `invocation.connections`,
    /// `invocation.cpu_ms`, `STORE.ops_per_invocation`.
    pub limit: String,
    /// How many an invocation may make.
    pub allowed: u32,
    /// How many it makes when nothing fails.
    pub needed: u32,
    /// How many it makes when every call uses all its retries and logs an error.
    pub at_most: u32,
    /// The call of the plan, from 1, at which the limit is passed when nothing fails; 0: before the first.
    pub at_call: Option<u32>,
    /// The retry in one invocation with which the limit is passed, or is passed a call earlier.
    pub at_retry: Option<u32>,
    /// How many one call makes, where all make the same.
    pub per_call: Option<u32>,
    /// How many an invocation would make when nothing fails, were it a plan, a step, a call.
    pub by_scope: [u32; 3],
}

/// A step of which more calls begin at once than an invocation has connections for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// The workflow.
    pub workflow: String,
    /// The step.
    pub step: String,
    /// Its calls.
    pub calls: u32,
    /// Those that begin at once.
    pub parallel: u32,
    /// Those of them that run at once.
    pub connections: u32,
}

/// How far back an index leads that keeps the last sessions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexReach {
    /// Sessions that it keeps.
    pub sessions: u32,
    /// In how many hours so many plans come, where arrivals have a rate.
    pub hours: Option<f64>,
}

fn index_reach(model: &Model, demand: Option<f64>) -> Option<IndexReach> {
    let logging = &model.logging;
    let is_kept = logging.ops.iter().any(|op| op.role == Role::Index && op.op == OpKind::Put);
    let hours = demand.filter(|&demand| demand > 0.0).map(|demand| f64::from(logging.max_log_entries) / demand * 24.0);
    is_kept.then_some(IndexReach { sessions: logging.max_log_entries, hours })
}

/// One thing that a month is billed for.
#[derive(Clone, Debug, PartialEq)]
pub struct Charge {
    /// What: `platform.base_price`, `kv.quota.writes`, `provider.openai.tokens`, …
    pub what: String,
    /// US dollars.
    pub dollars: f64,
    /// How it was worked out.
    pub because: String,
}

/// The demand from which on another plan of the platform is cheaper than what is lost without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Upgrade {
    /// The preset that it is compared with.
    pub preset: String,
    /// The plans a day that this model carries before a limit binds that the other plan lifts; none where there is no such limit.
    pub room: Option<f64>,
    /// Which limit that is.
    pub limit: Option<String>,
    /// What is lost with a plan beyond it, in US dollars.
    pub value_per_plan: f64,
    /// What the other plan costs more a month at that demand, in US dollars.
    pub extra_month: Option<f64>,
    /// The plans a day at which both are equal; none where it never pays.
    pub pays_from: Option<f64>,
    /// What binds first on the other plan, and at how many plans a day.
    pub then: Option<(String, f64)>,
}

/// The longest that a call can take from its first attempt, waits in a queue between attempts aside.
#[derive(Clone, Debug, PartialEq)]
pub struct LongestCall {
    /// Its provider.
    pub provider: String,
    /// Attempts of each layer of retries inside one of the layer around it, the outermost first; multiplied, those of a
    /// call.
    pub attempts: Vec<u64>,
    /// The time limit of one, in seconds.
    pub timeout_seconds: f64,
    /// All of them with all waits between, or the deadline where that is shorter, in seconds.
    pub seconds: f64,
}

/// Works the arithmetic of a model out.
pub fn explain(model: &Model) -> Arithmetic {
    let demand = demand_per_day(model);
    let weights = weights(model);
    let plans = plans(model);
    let mix = mix(model, &plans, &weights);
    let per_plan = model.classes.iter().zip(&plans).zip(&weights);
    let per_plan =
        per_plan.flat_map(|((class, plan), &share)| ops_per_plan(model, (class, share), plan, demand.unwrap_or(0.0)));
    let invocations = invocation::needs(model);
    let ceilings = all_ceilings(model, &plans, &weights, &invocations);
    let leaves_out = leaves_out::sentences(model, &invocations);
    Arithmetic {
        demand_per_day: demand,
        per_plan: per_plan.collect(),
        per_day: ops_per_day(model, &mix[1], demand.unwrap_or(0.0)),
        ceilings,
        invocations,
        waves: invocation::waves(model),
        index: index_reach(model, demand),
        month: month::of(model, &mix[1], demand),
        upgrade: upgrade::of(model),
        longest: longest::calls(model),
        leaves_out,
    }
}

/// One plan of each class, without errors and as expected.
fn plans(model: &Model) -> Vec<[Expected; 2]> {
    let kinds = [Failures::None, Failures::Expected];
    model.classes.iter().map(|class| kinds.map(|failures| plan::expect(model, class, failures))).collect()
}

fn mix(model: &Model, plans: &[[Expected; 2]], weights: &[f64]) -> [Expected; 2] {
    [0, 1].map(|kind| Expected::mix(model, plans.iter().map(|plan| &plan[kind]), weights))
}

/// Every ceiling, the lowest first.
fn all_ceilings(
    model: &Model,
    plans: &[[Expected; 2]],
    weights: &[f64],
    invocations: &[InvocationNeed],
) -> Vec<Ceiling> {
    let mut ceilings = ceilings::of(model, &mix(model, plans, weights));
    find_peaks(model, plans, weights, &mut ceilings);
    ceilings.extend(invocation::ceilings(invocations, model.classes.len()));
    ceilings.sort_by(|a, b| a.binds_at().total_cmp(&b.binds_at()).then_with(|| a.limit.cmp(&b.limit)));
    ceilings
}

/// Where each limit is met first in the busiest stretch of the week that is as long as its window.
fn find_peaks(model: &Model, plans: &[[Expected; 2]], weights: &[f64], ceilings: &mut [Ceiling]) {
    let mut lengths: Vec<usize> = ceilings.iter().filter_map(|ceiling| ceiling.over.hours()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    for hours in lengths {
        for times in busiest::stretches(model, hours) {
            let weights: Vec<f64> = weights.iter().zip(times).map(|(weight, times)| weight * times).collect();
            let then = ceilings::of(model, &mix(model, plans, &weights));
            for ceiling in ceilings.iter_mut().filter(|ceiling| ceiling.over.hours() == Some(hours)) {
                let same = then.iter().find(|then| then.limit == ceiling.limit).map(|then| then.plans_per_day);
                if let Some(at) = same.filter(|&at| at < ceiling.binds_at() * (1.0 - 1e-9)) {
                    ceiling.at_peak = Some(at);
                }
            }
        }
    }
}

/// Plans a day of one class, where its arrivals have a rate.
pub(super) fn class_demand(arrivals: &Arrivals) -> Option<f64> {
    match arrivals {
        Arrivals::Poisson(rate) | Arrivals::Deterministic(rate) => Some(rate.per_day()),
        Arrivals::Profile { rate, .. } | Arrivals::Batch { rate, .. } => Some(rate.per_day()),
        Arrivals::Mmpp { states } => {
            let stay: f64 = states.iter().map(|(_, stay)| stay.days()).sum();
            let plans: f64 =
                states.iter().map(|(rate, stay)| rate.map_or(0.0, |rate| rate.per_day()) * stay.days()).sum();
            Some(plans / stay)
        }
        Arrivals::Closed { .. } | Arrivals::Trace { .. } => None,
    }
}

fn demand_per_day(model: &Model) -> Option<f64> {
    model.classes.iter().map(|class| class_demand(&class.arrivals)).sum()
}

/// The share of each class in all plans; equal shares where a class has no rate.
fn weights(model: &Model) -> Vec<f64> {
    let demands: Option<Vec<f64>> = model.classes.iter().map(|class| class_demand(&class.arrivals)).collect();
    match demands {
        Some(demands) if demands.iter().sum::<f64>() > 0.0 => {
            let all: f64 = demands.iter().sum();
            demands.into_iter().map(|demand| demand / all).collect()
        }
        _ => vec![1.0 / model.classes.len() as f64; model.classes.len()],
    }
}

fn ops_per_plan(model: &Model, (class, share): (&Class, f64), plan: &[Expected; 2], demand: f64) -> Vec<OpsPerPlan> {
    let row = |store: &str, op: &str, from_memory: bool, amount: &dyn Fn(&Expected) -> f64| {
        let (without_errors, expected) = (amount(&plan[0]), amount(&plan[1]));
        let row = OpsPerPlan {
            class: class.name.clone(),
            share,
            store: store.into(),
            op: op.into(),
            without_errors,
            expected,
            from_memory,
        };
        (without_errors > 0.0 || expected > 0.0).then_some(row)
    };
    let workflow = format!("workflow {}", model.workflows[class.workflow.index()].name);
    let calls = row(&workflow, "calls", false, &|plan| plan.calls);
    let providers = model.providers.iter().enumerate().flat_map(|(at, provider)| {
        let name = format!("provider {}", provider.name);
        let attempts = row(&name, "attempts", false, &|plan| plan.attempts[at]);
        let counted =
            counted_at(model, at).filter_map(|of| row(&name, of.name(), false, &|plan| plan.weight[at][of as usize]));
        attempts.into_iter().chain(counted.collect::<Vec<_>>())
    });
    let queues = model.queues.iter().enumerate().filter_map(|(at, queue)| {
        row(&format!("queue {}", queue.name), "slot_seconds", false, &|plan| plan.slot_seconds[at])
    });
    let stores = model.stores.iter().enumerate().flat_map(|(at, store)| {
        OpKind::ALL.into_iter().filter_map(move |op| {
            let from_memory = op == OpKind::Get && plan[0].has_cached(at);
            row(&store.name, op.plural(), from_memory, &|plan| plan.ops(at, op, demand))
        })
    });
    calls.into_iter().chain(providers).chain(queues).chain(stores).collect()
}

fn ops_per_day(model: &Model, plan: &Expected, demand: f64) -> Vec<OpsPerDay> {
    let stores = model.stores.iter().zip(chores::per_day(model, plan, demand));
    let row = |store: &str, op: OpKind, count: f64| {
        (count > 0.0).then(|| OpsPerDay { store: store.into(), op: op.plural().into(), count })
    };
    stores.flat_map(|(store, ops)| OpKind::ALL.map(|op| row(&store.name, op, ops[op as usize]))).flatten().collect()
}

#[cfg(test)]
mod tests;
