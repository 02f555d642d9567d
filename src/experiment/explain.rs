//! The arithmetic of a model, without simulation: ops per plan by store and op, and the demand at which each
//! limit would bind by itself.
//!
//! This is what a careful person would work out on paper, and it is printed beside the simulation so that the
//! two can be told apart. `plan` works one plan out, `ceilings` divides the limits by it, `invocation` counts
//! what one invocation may make, and `leaves_out` says what all of that does not see. `work` is what theory asks.

mod ceilings;
mod chores;
mod invocation;
mod latency;
mod leaves_out;
mod longest;
mod month;
mod plan;
#[cfg(test)]
pub(crate) mod sample;
mod upgrade;
mod work;

use crate::math;
use crate::model::{Arrivals, Model, OpKind, Role};
use plan::{Expected, Failures};
pub(super) use work::{OnePlan, work};

/// What the arithmetic says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arithmetic {
    /// Plans a day that the model offers; none where arrivals have no rate (closed, trace).
    pub demand_per_day: Option<f64>,
    /// Expected ops of one plan.
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
    /// The limit that binds first as demand grows. Limits over which more is billed do not bind.
    pub fn binding(&self) -> Option<&Ceiling> {
        self.ceilings.iter().find(|ceiling| !ceiling.billed)
    }
}

/// The expected ops of one plan of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsPerPlan {
    /// The class whose plan it is.
    pub class: String,
    /// The share of this class in all plans.
    pub share: f64,
    /// The store, or `provider NAME`.
    pub store: String,
    /// `reads`, `writes`, `deletes`, `lists`, `attempts`.
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
    /// Plans a day, over all classes in the model's proportions; 0 where not even one plan fits.
    pub plans_per_day: f64,
    /// Whether more is billed rather than refused.
    pub billed: bool,
    /// How it was worked out: `1,000 writes a day ÷ 36 a plan`.
    pub because: String,
}

impl Ceiling {
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
    let per_plan = per_plan
        .flat_map(|((class, plan), &share)| ops_per_plan(model, (&class.name, share), plan, demand.unwrap_or(0.0)));
    let invocations = invocation::needs(model);
    let ceilings = all_ceilings(model, &mix, &invocations);
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
        leaves_out: leaves_out::sentences(model),
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
fn all_ceilings(model: &Model, mix: &[Expected; 2], invocations: &[InvocationNeed]) -> Vec<Ceiling> {
    let mut ceilings = ceilings::of(model, mix);
    ceilings.extend(invocation::ceilings(invocations, model.classes.len()));
    ceilings.sort_by(|a, b| a.plans_per_day.total_cmp(&b.plans_per_day).then_with(|| a.limit.cmp(&b.limit)));
    ceilings
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

fn ops_per_plan(model: &Model, (class, share): (&str, f64), plan: &[Expected; 2], demand: f64) -> Vec<OpsPerPlan> {
    let row = |store: &str, op: &str, from_memory: bool, amount: &dyn Fn(&Expected) -> f64| {
        let (without_errors, expected) = (amount(&plan[0]), amount(&plan[1]));
        let row = OpsPerPlan {
            class: class.into(),
            share,
            store: store.into(),
            op: op.into(),
            without_errors,
            expected,
            from_memory,
        };
        (without_errors > 0.0 || expected > 0.0).then_some(row)
    };
    let providers = model.providers.iter().enumerate().filter_map(|(at, provider)| {
        row(&format!("provider {}", provider.name), "attempts", false, &|plan| plan.attempts[at])
    });
    let stores = model.stores.iter().enumerate().flat_map(|(at, store)| {
        OpKind::ALL.into_iter().filter_map(move |op| {
            let from_memory = op == OpKind::Get && plan[0].has_cached(at);
            row(&store.name, op.plural(), from_memory, &|plan| plan.ops(at, op, demand))
        })
    });
    providers.chain(stores).collect()
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
