//! Configurations side by side: each is replicated on the same seed, and all replications of all of them are one
//! list of jobs. What a trial has measured does not depend on how often it was extended, nor on the threads.

use super::columns::Columns;
use super::pool;
use crate::model::Model;
use crate::world::{self, Blueprint, Failure};
use std::num::NonZeroUsize;

/// Told how many of how many are done; answers whether to go on.
pub type Progress<'a> = &'a (dyn Fn(u32, u32) -> bool + Sync);

/// One configuration and what its replications measured.
pub(super) struct Trial {
    pub model: Model,
    blueprint: Blueprint,
    /// The number of its first replication; a verification begins where the search ended.
    first: u64,
    /// What its replications measured, from the first.
    pub columns: Columns,
    /// Whether a replication reached a limit of the run, so that it says nothing.
    pub ran_away: bool,
}

impl Trial {
    /// A configuration whose replications are numbered from `first`.
    pub fn new(model: Model, first: u64) -> Result<Trial, Failure> {
        let blueprint = Blueprint::new(&model).map_err(Failure::Internal)?;
        Ok(Trial { model, blueprint, first, columns: Columns::default(), ran_away: false })
    }

    /// The values of a metric, by replication; none where the model has no such metric.
    pub fn values(&self, metric: &str) -> Option<Vec<Option<f64>>> {
        self.columns.get(metric).map(|column| column.values.clone())
    }

    /// Events of its first replication: what one costs.
    pub fn events(&self) -> u64 {
        self.columns.events().first().copied().unwrap_or(0)
    }
}

/// Brings every trial to its wanted number of replications, those of the same number together; answers whether all
/// were done. After a stop each trial has its first few.
pub(super) fn extend(
    trials: &mut [&mut Trial],
    wanted: u32,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<bool, Failure> {
    replicate(trials, wanted, jobs, progress, |_, limit| Err(limit))
}

/// The same for trials of which one that cannot carry its traffic is no failure of the others: it is marked.
pub(super) fn extend_each(
    trials: &mut [&mut Trial],
    wanted: u32,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<bool, Failure> {
    replicate(trials, wanted, jobs, progress, |trial, _| {
        trial.ran_away = true;
        Ok(())
    })
}

/// Does the replications that are missing; `at_limit` is told of each that reached a limit of the run.
fn replicate(
    trials: &mut [&mut Trial],
    wanted: u32,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
    at_limit: impl Fn(&mut Trial, Failure) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let missing = |number: usize| {
        let waits = move |trial: &Trial| !trial.ran_away && number >= trial.columns.len();
        let trials = trials.iter().enumerate().filter(move |(_, trial)| waits(trial));
        trials.map(move |(trial, _)| (trial, number))
    };
    let work: Vec<(usize, usize)> = (0..wanted as usize).flat_map(missing).collect();
    let one = |at: usize| {
        let (trial, number) = work[at];
        world::run(&trials[trial].blueprint, trials[trial].first + number as u64)
    };
    let outcomes = pool::map(work.len(), jobs, one, |done| progress(done as u32, work.len() as u32));
    let whole = outcomes.len() == work.len();
    for (&(trial, _), outcome) in work.iter().zip(outcomes) {
        match outcome {
            Err(limit @ Failure::Limit(_)) => at_limit(trials[trial], limit)?,
            outcome => trials[trial].columns.push(outcome?)?,
        }
    }
    Ok(whole)
}
