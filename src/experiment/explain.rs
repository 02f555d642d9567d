//! The arithmetic of a model, without simulation: ops per plan by store and op, and the demand at which each
//! limit would bind by itself.

use crate::model::Model;

/// What the arithmetic says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arithmetic {
    /// Plans a day that the model offers; none where arrivals have no rate (closed, trace).
    pub demand_per_day: Option<f64>,
    /// Expected ops of one plan.
    pub per_plan: Vec<OpsPerPlan>,
    /// Where each limit binds, the lowest demand first.
    pub ceilings: Vec<Ceiling>,
    /// What this arithmetic leaves out, a sentence each.
    pub leaves_out: Vec<String>,
}

/// The expected ops of one plan of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsPerPlan {
    /// The class whose plan it is.
    pub class: String,
    /// The store, or `provider NAME`.
    pub store: String,
    /// `reads`, `writes`, `deletes`, `lists`, `attempts`.
    pub op: String,
    /// When no call fails.
    pub without_errors: f64,
    /// With the errors, timeouts and retries that the model expects.
    pub expected: f64,
}

/// The demand at which one limit would bind by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// What binds: `kv.quota.writes`, `queue.ai.slots`, …
    pub limit: String,
    /// Plans a day, over all classes in the model's proportions.
    pub plans_per_day: f64,
    /// How it was worked out: `1,000 writes a day ÷ 36 a plan`.
    pub because: String,
}

/// Works the arithmetic of a model out.
pub fn explain(_model: &Model) -> Arithmetic {
    Arithmetic::default()
}
