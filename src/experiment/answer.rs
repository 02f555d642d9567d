//! What `run` found: plain data, rendered by [`crate::report`].

use super::{Arithmetic, Facts, Theory};
use crate::model::{Objective, Observed, Setting};
use crate::units::{Span, Timestamp};

/// One metric over all replications. `None` means that nothing was observed: an empty value is never shown as 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Dotted, lower case: `plans.per_day`.
    pub name: String,
    /// `plans`, `s`, `1`, `ops`, …
    pub unit: &'static str,
    /// The mean over the replications in which it was observed.
    pub mean: Option<f64>,
    /// The 95 % interval of the mean, of values that the metric can have (Student; of shares Wilson); needs two
    /// observations.
    pub ci95: Option<(f64, f64)>,
    /// The smallest value of a replication.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies inside the bound.
    Met,
    /// The whole interval lies outside.
    Broken,
    /// The interval crosses the bound, or nothing was observed.
    Undecided,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The model's name.
    pub model: String,
    /// The model's description.
    pub description: String,
    /// The model's digest.
    pub digest: String,
    /// The version of the table of time zones, where the model names a zone other than UTC.
    pub zone_data: Option<&'static str>,
    /// The overrides in force.
    pub overrides: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// Replications that were finished.
    pub replications: u32,
    /// Replications that were asked for; more than `replications` after an interruption.
    pub asked: u32,
    /// Simulated time of one replication.
    pub horizon: Span,
    /// How much of it is not recorded.
    pub warmup: Span,
    /// The date at which a replication starts.
    pub start: Timestamp,
    /// Sorted by name.
    pub metrics: Vec<Metric>,
    /// Each objective with its verdict, in the order of the model.
    pub objectives: Vec<(Objective, Verdict)>,
    /// Each observation of the real system with whether the model agrees, in the order of the model.
    pub observed: Vec<(Observed, Verdict)>,
    /// The values of settings that change in mid-run, or were meant to, by path and time.
    pub settings: Vec<Setting>,
    /// The limits that the advice speaks of.
    pub facts: Facts,
    /// The arithmetic beside the simulation.
    pub arithmetic: Arithmetic,
    /// The theory beside the simulation, where the books have a formula.
    pub theory: Vec<Theory>,
}

impl Answer {
    /// The metric of this name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.binary_search_by(|metric| metric.name.as_str().cmp(name)).ok().map(|at| &self.metrics[at])
    }

    /// Whether an objective or an observation speaks of this metric.
    pub fn is_judged(&self, name: &str) -> bool {
        self.objectives.iter().any(|(objective, _)| objective.metric == name)
            || self.observed.iter().any(|(observed, _)| observed.metric == name)
    }

    /// The mean of this metric, where there is one.
    pub fn mean(&self, name: &str) -> Option<f64> {
        self.metric(name)?.mean
    }
}
