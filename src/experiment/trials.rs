//! Configurations side by side: each is replicated on the same seed, and all replications of all of them are one
//! list of jobs. What a trial has measured does not depend on how often it was extended, nor on the threads.

use super::columns::Columns;
use super::pool;
use super::progress::{Progress, Work};
use crate::model::Model;
use crate::stats::Estimate;
use crate::world::{self, Blueprint, Failure};
use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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

    /// The mean of a metric and its interval; none where the model has no such metric, or nothing was observed.
    pub fn estimate(&self, metric: &str) -> Option<Estimate> {
        self.columns.estimate(metric)
    }

    /// Events of its first replication: what one costs.
    pub fn events(&self) -> u64 {
        self.columns.events().first().copied().unwrap_or(0)
    }
}

/// Which replications come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turns {
    /// All trials are equally far at any time.
    Together,
    /// One trial after another, so that a stop leaves whole ones.
    OneByOne,
}

/// Brings every trial to its wanted number of replications, those of the same number together; answers whether all
/// were done. After a stop each trial has its first few.
pub(super) fn extend(
    trials: &mut [&mut Trial],
    wanted: u32,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<bool, Failure> {
    extend_to(trials, &|_| wanted, Turns::Together, jobs, progress)
}

/// The same, each to its own number.
pub(super) fn extend_to(
    trials: &mut [&mut Trial],
    wanted: &(dyn Fn(&Trial) -> u32 + Sync),
    turns: Turns,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<bool, Failure> {
    let work = missing(trials, wanted, turns);
    replicate(trials, &work, jobs, progress, |_, limit| Err(limit))
}

/// The same for trials of which one that cannot carry its traffic is no failure of the others: it is marked.
pub(super) fn extend_each(
    trials: &mut [&mut Trial],
    wanted: u32,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<bool, Failure> {
    let work = missing(trials, &|_| wanted, Turns::Together);
    replicate(trials, &work, jobs, progress, |trial, _| {
        trial.ran_away = true;
        Ok(())
    })
}

/// The replications that are missing, as trial and number, in the order in which they are done.
fn missing(trials: &[&mut Trial], wanted: &dyn Fn(&Trial) -> u32, turns: Turns) -> Vec<(usize, usize)> {
    let of = |(at, trial): (usize, &&mut Trial)| {
        let wanted = if trial.ran_away { 0 } else { wanted(trial) as usize };
        (trial.columns.len()..wanted).map(move |number| (at, number, wanted))
    };
    let mut all: Vec<(usize, usize, usize)> = trials.iter().enumerate().flat_map(of).collect();
    if turns == Turns::Together {
        // By the share of its own number, in whole numbers: a/b < c/d where ad < cb.
        let far = |a: &(usize, usize, usize), b: &(usize, usize, usize)| (a.1 * b.2).cmp(&(b.1 * a.2));
        all.sort_by(|a, b| far(a, b).then(a.0.cmp(&b.0)));
    }
    all.into_iter().map(|(trial, number, _)| (trial, number)).collect()
}

/// Parts in which the share of a replication is counted.
const PARTS: f64 = 1e6;

/// Does some replications; `at_limit` is told of each that reached a limit of the run.
fn replicate(
    trials: &mut [&mut Trial],
    work: &[(usize, usize)],
    jobs: NonZeroUsize,
    progress: Progress<'_>,
    at_limit: impl Fn(&mut Trial, Failure) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let all = Work::Replications(work.len() as u64);
    let (parts, stopped) = (AtomicU64::new(0), AtomicBool::new(!progress(0.0, all)));
    if stopped.load(Ordering::Relaxed) {
        return Ok(work.is_empty());
    }
    let tell = |told: &Cell<u64>, share: f64| {
        let now = (share.clamp(0.0, 1.0) * PARTS) as u64;
        let more = now.saturating_sub(told.replace(now));
        let done = parts.fetch_add(more, Ordering::Relaxed) + more;
        if !progress(done as f64 / PARTS, all) {
            stopped.store(true, Ordering::Relaxed);
        }
        !stopped.load(Ordering::Relaxed)
    };
    let one = |at: usize| {
        let (trial, number) = work[at];
        let told = Cell::new(0);
        let first = trials[trial].first;
        let outcome = world::run_while(&trials[trial].blueprint, first + number as u64, &|share| tell(&told, share));
        if outcome != Err(Failure::Stopped) {
            tell(&told, 1.0);
        }
        outcome
    };
    let outcomes = pool::map(work.len(), jobs, one, |_| !stopped.load(Ordering::Relaxed));
    let mut done = 0;
    for (&(trial, _), outcome) in work.iter().zip(outcomes) {
        match outcome {
            Err(Failure::Stopped) => break,
            Err(limit @ Failure::Limit(_)) => at_limit(trials[trial], limit)?,
            outcome => trials[trial].columns.push(outcome?)?,
        }
        done += 1;
    }
    Ok(done == work.len())
}
