//! The arithmetic of a model, without simulation: ops per plan by store and op, and the demand at which each
//! limit would bind by itself.
//!
//! This is what a careful person would work out on paper, and it is printed beside the simulation so that the
//! two can be told apart. `plan` works one plan out, `ceilings` divides the limits by it, `invocation` counts
//! what one invocation may make, and `leaves_out` says what all of that does not see. `work` is what theory asks.

mod ceilings;
mod invocation;
mod latency;
mod leaves_out;
mod plan;
#[cfg(test)]
pub(crate) mod sample;
mod work;

use crate::math;
use crate::model::{Arrivals, Model, OpKind};
use plan::{Expected, Failures};
pub(super) use work::{OnePlan, work};

/// What the arithmetic says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arithmetic {
    /// Plans a day that the model offers; none where arrivals have no rate (closed, trace).
    pub demand_per_day: Option<f64>,
    /// Expected ops of one plan.
    pub per_plan: Vec<OpsPerPlan>,
    /// Where each limit binds, the lowest demand first.
    pub ceilings: Vec<Ceiling>,
    /// What one invocation needs of each limit that it has to itself.
    pub invocations: Vec<InvocationNeed>,
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
    /// `invocation.subrequests.external`, `invocation.subrequests.internal`, `STORE.ops_per_invocation`.
    pub limit: String,
    /// How many an invocation may make.
    pub allowed: u32,
    /// How many it makes when nothing fails.
    pub needed: u32,
    /// How many it makes when every call uses all its retries and logs an error.
    pub at_most: u32,
    /// The call of the plan, from 1, at which the limit is passed when nothing fails; 0: before the first.
    pub at_call: Option<u32>,
    /// How many one call makes, where all make the same.
    pub per_call: Option<u32>,
}

/// The name of an op's quota: `reads`, `writes`, `deletes`, `lists`.
fn op_name(op: OpKind) -> &'static str {
    match op {
        OpKind::Get => "reads",
        OpKind::Put => "writes",
        OpKind::Delete => "deletes",
        OpKind::List => "lists",
    }
}

/// Works the arithmetic of a model out.
pub fn explain(model: &Model) -> Arithmetic {
    let demand = demand_per_day(model);
    let weights = weights(model);
    let kinds = [Failures::None, Failures::Expected];
    let plans: Vec<[Expected; 2]> =
        model.classes.iter().map(|class| kinds.map(|failures| plan::expect(model, class, failures))).collect();
    let mix = [0, 1].map(|kind| Expected::mix(model, plans.iter().map(|plan| &plan[kind]), &weights));
    let per_plan = model.classes.iter().zip(&plans).zip(&weights);
    let per_plan = per_plan
        .flat_map(|((class, plan), &share)| ops_per_plan(model, (&class.name, share), plan, demand.unwrap_or(0.0)));
    let invocations = invocation::needs(model);
    let mut ceilings = ceilings::of(model, &mix);
    ceilings.extend(invocation::ceilings(&invocations, model.classes.len()));
    ceilings.sort_by(|a, b| a.plans_per_day.total_cmp(&b.plans_per_day).then_with(|| a.limit.cmp(&b.limit)));
    Arithmetic {
        demand_per_day: demand,
        per_plan: per_plan.collect(),
        ceilings,
        invocations,
        leaves_out: leaves_out::sentences(model),
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
            row(&store.name, op_name(op), from_memory, &|plan| plan.ops(at, op, demand))
        })
    });
    providers.chain(stores).collect()
}

#[cfg(test)]
mod tests;
