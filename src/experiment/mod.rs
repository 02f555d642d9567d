//! Questions asked of a model, and plain data as answers. Nothing here prints, and nothing knows how any one
//! part of the world works.
//!
//! [`run()`] replicates a model and returns an [`Answer`]; [`explain()`] does the arithmetic without simulating.

mod answer;
mod compare;
mod direction;
mod explain;
mod pool;
mod run;
mod trials;

pub use crate::model::Objective;
pub use crate::world::Failure;
pub use answer::{Answer, Metric, Verdict};
pub use compare::{Change, Comparison, Row, Standing, compare};
pub use direction::{Better, better};
#[cfg(test)]
pub(crate) use explain::sample;
pub use explain::{Arithmetic, Ceiling, InvocationNeed, OpsPerPlan, explain};
pub use run::{Missed, Options, Precision, run, run_until};
pub use trials::Progress;
