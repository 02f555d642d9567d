//! The largest demand at which every objective holds, and the ladder of what binds when.
//!
//! The search brackets the demand on short replications, settles the bracket on whole ones, more and more of them on
//! the same draws, and tries its answer on fresh ones. Quotas make cliffs, so a demand counts as met only where it was
//! simulated; what is interpolated only says where to look next. The work is bounded by a number of events, which is
//! the same on every machine.
//!
//! An objective on a mean holds where the 95 % interval lies inside the bound. A bound of `max = 0` is on an event that
//! must not happen; no mean of what can happen is 0, so it holds where at most one replication in twenty breaks it.

mod ladder;
mod probe;
mod settle;

pub use ladder::{Relief, Rung};
pub use probe::{Break, Finding, RARELY};

use super::Options;
use super::demand::Demand;
use super::progress::Progress;
use crate::model::{Model, Objective};
use crate::units::Span;
use crate::world::Failure;
use probe::Search;
use settle::{search_for, verify};

/// A model whose objectives hold at so many times its own demand has no capacity to speak of.
const TOP: f64 = 1000.0;
/// Replications of the last round at most.
const MOST: u32 = 4096;

/// What the search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found {
    /// Every objective holds at this demand, and not at `fails_from`.
    Capacity {
        /// Plans a day.
        plans_per_day: f64,
        /// The next larger demand tried at which they do not hold for sure.
        not_at: f64,
        /// The smallest demand tried from which some objective fails for sure; none where none did.
        fails_from: Option<f64>,
    },
    /// They hold even here, where the search ended.
    Unbounded {
        /// Plans a day.
        top: f64,
    },
    /// They hold nowhere down to here.
    Infeasible {
        /// Plans a day.
        smallest: f64,
    },
    /// The search was stopped before it had an answer.
    Open {
        /// The largest demand tried at which they seem to hold; none where none did.
        holds_at: Option<f64>,
        /// The smallest demand tried at which they do not; none where none was.
        not_at: Option<f64>,
    },
}

/// One demand that was simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Plans a day.
    pub plans_per_day: f64,
    /// Replications at it.
    pub replications: u32,
    /// Simulated time of each.
    pub horizon: Span,
    /// What each objective did, in the order of the model.
    pub objectives: Vec<Finding>,
    /// The verdict of all together.
    pub finding: Finding,
}

/// The answer of `capacity`.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// The model's name.
    pub model: String,
    /// Its digest.
    pub digest: String,
    /// The seed.
    pub seed: u64,
    /// Plans a day that the model offers.
    pub demand: f64,
    /// The objectives.
    pub objectives: Vec<Objective>,
    /// The answer.
    pub found: Found,
    /// What fresh replications say of the answer; none where there was none to verify.
    pub verified: Option<(u32, Finding)>,
    /// What breaks first at the smallest larger demand at which something does; none where nothing was seen to.
    pub breaks: Option<Break>,
    /// A smaller demand that failed and a larger one that met the objectives, where there are such.
    pub not_monotone: Option<(f64, f64)>,
    /// What was simulated, by demand.
    pub probes: Vec<Probe>,
    /// The demand at which each limit and objective binds by itself, the smallest first.
    pub ladder: Vec<Rung>,
    /// What relaxing the first limit by one step buys, by arithmetic.
    pub relief: Option<Relief>,
    /// Events that all of it took.
    pub events: u64,
    /// Whether it was stopped before its end.
    pub partial: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCapacity {
    /// The question makes no sense for this model: why.
    Refused(String),
    /// A replication failed.
    Failed(Failure),
}

/// Searches the largest demand at which every objective holds, in at most about `events` events.
///
/// # Errors
/// A model without objectives or without a rate, and the failure of a replication.
pub fn capacity(
    model: &Model,
    of: Demand,
    events: u64,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Capacity, NoCapacity> {
    let demand = demand(model, of)?;
    let mut search = Search::new(model, of, events, options.jobs, progress);
    let found = search_for(&mut search, demand).map_err(NoCapacity::Failed)?;
    let (found, verified) = match found {
        Found::Capacity { .. } => verify(&mut search, found).map_err(NoCapacity::Failed)?,
        other => (other, None),
    };
    if let (Found::Capacity { plans_per_day, .. }, false) = (found, search.stopped) {
        scan_below(&mut search, plans_per_day).map_err(NoCapacity::Failed)?;
    }
    Ok(Capacity {
        model: model.name.clone(),
        digest: model.digest.clone(),
        seed: model.run.seed,
        demand,
        objectives: model.objectives.clone(),
        found,
        verified,
        breaks: breaks(&search, found),
        not_monotone: search.not_monotone(),
        probes: search.probes(),
        ladder: ladder::ladder(&search, model, of),
        relief: ladder::relief(model),
        events: search.events,
        partial: search.stopped,
    })
}

/// The demand from which [`capacity()`] sets out.
///
/// # Errors
/// Why it will refuse the question.
pub fn demand(model: &Model, of: Demand) -> Result<f64, NoCapacity> {
    if model.objectives.is_empty() {
        return Err(NoCapacity::Refused("the model has no [objectives], so every demand meets them".into()));
    }
    of.now(model).ok_or_else(|| {
        NoCapacity::Refused("the arrivals have no rate (closed, trace), so there is no demand to vary".into())
    })
}

/// What breaks at the demand from which something fails for sure, else at the next that does not hold.
fn breaks(search: &Search<'_>, found: Found) -> Option<Break> {
    match found {
        Found::Capacity { not_at, fails_from, .. } => {
            fails_from.and_then(|at| search.breaks_at(at)).or_else(|| search.breaks_at(not_at))
        }
        Found::Infeasible { smallest } => search.breaks_at(smallest),
        Found::Unbounded { .. } | Found::Open { .. } => None,
    }
}

/// Looks whether smaller demands hold as well: where one fails, there is no one capacity.
fn scan_below(search: &mut Search<'_>, capacity: f64) -> Result<(), Failure> {
    let parts = [0.75, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625];
    let mut below: Vec<f64> = parts.iter().map(|part| search.round(capacity * part)).filter(|&at| at > 0.0).collect();
    below.dedup();
    let seems = search.seem(&below)?;
    for (at, seems) in below.into_iter().zip(seems) {
        if !seems && !search.stopped && search.pays(at, 4) {
            search.holds(at, 4)?;
        }
    }
    Ok(())
}
