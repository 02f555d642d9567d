//! Questions asked of a model, and plain data as answers. Nothing here prints, and nothing knows how any one
//! part of the world works.
//!
//! [`run()`] replicates a model and returns an [`Answer`]; [`explain()`] does the arithmetic without simulating.
//! [`verify`] holds the program itself against the books.
//! [`compare()`], [`sweep()`], [`capacity()`], [`tune()`], [`levers()`] and [`check()`] ask what would be if; all of them replicate
//! `trials`, which draw the same numbers for the same purpose whatever else differs.

mod answer;
mod baseline;
mod capacity;
mod columns;
mod compare;
mod demand;
mod explain;
mod facts;
mod fit;
mod levers;
mod pool;
mod progress;
mod run;
mod sweep;
mod theory;
mod trials;
mod tune;
pub mod verify;

pub use crate::metrics::{Better, better};
pub use crate::model::{Objective, Setting};
pub use crate::records::{Account, Role, Taken, Wrong};
pub use crate::streams::{LawSpec, Shape};
pub use crate::world::{Failure, Level, Moment, Slice, Timeline};
pub use answer::{Answer, Metric, Verdict};
pub use baseline::{Against, Asked, Baseline, Check, Judgement, Outcome, Ruling, Scope, check, measure};
pub use capacity::{Break, Capacity, Finding, Found, NoCapacity, Probe, RARELY, Relief, Rung, capacity, demand};
pub use compare::{Change, Comparison, Row, Standing, compare};
pub use demand::Demand;
#[cfg(test)]
pub(crate) use explain::sample;
pub use explain::{
    Arithmetic, Ceiling, Charge, IndexReach, InvocationNeed, LongestCall, OpsPerDay, OpsPerPlan, Over, Upgrade, Wave,
    explain,
};
#[cfg(test)]
pub(crate) use facts::facts;
pub use facts::{Facts, ProviderFact, QuotaFact, WindowFact};
pub use fit::{Fit, Fitted, FittedLaw, Observed, Parameter, SHOWN, Slot, fit, fit_file};
pub use levers::{Aim, Effect, Lever, Levers, Question, Silent, least_budget, levers};
pub use progress::{Progress, Searching, Work};
pub use run::{Missed, Options, Precision, metrics, run, run_until, timeline};
pub use sweep::{Axis, grid, latin, set_at, sweep};
pub use theory::Theory;
pub use tune::{Candidate, Goal, Search, Tuned, candidates, tune};
