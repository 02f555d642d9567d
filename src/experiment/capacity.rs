//! The largest demand at which every objective holds, and the ladder of what binds when.
//!
//! The search brackets the demand from the arithmetic ceiling, halves the bracket in rounds of more and more
//! replications, all on the same draws, and tries its answer on fresh ones. Quotas make cliffs, so nothing is
//! interpolated: a demand counts as met only where it was simulated. The work is bounded by a number of events, which
//! is the same on every machine.
//!
//! An objective on a mean holds where the 95 % interval lies inside the bound. A bound of `max = 0` is on an event that
//! must not happen; no mean of what can happen is 0, so it holds where at most one replication in twenty breaks it.

mod ladder;
mod probe;

pub use ladder::{Relief, Rung};
pub use probe::Finding;

use super::demand::Demand;
use super::trials::Progress;
use super::{Options, explain};
use crate::model::{Model, Objective};
use crate::world::Failure;
use probe::{Rule, Search};

/// The demand is found to this share of itself.
const WIDTH: f64 = 0.01;
/// A model whose objectives hold at so many times its own demand has no capacity to speak of.
const TOP: f64 = 1000.0;
/// Replications of the last round at most.
const MOST: u32 = 64;

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
}

/// One demand that was simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Plans a day.
    pub plans_per_day: f64,
    /// Replications at it.
    pub replications: u32,
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
    if model.objectives.is_empty() {
        return Err(NoCapacity::Refused("the model has no [objectives], so every demand meets them".into()));
    }
    let demand = of.now(model).ok_or_else(|| {
        NoCapacity::Refused("the arrivals have no rate (closed, trace), so there is no demand to vary".into())
    })?;
    let mut search = Search::new(model, of, events, options.jobs, progress);
    let found = search_for(&mut search, demand).map_err(NoCapacity::Failed)?;
    let (found, verified) = match found {
        Found::Capacity { .. } => verify(&mut search, found).map_err(NoCapacity::Failed)?,
        other => (other, None),
    };
    if let Found::Capacity { plans_per_day, .. } = found {
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
        not_monotone: search.not_monotone(),
        probes: search.probes(),
        ladder: ladder::ladder(&search, model, of),
        relief: ladder::relief(model),
        events: search.events,
        partial: search.stopped,
    })
}

/// Where the search begins: the arithmetic ceiling, or the model's own demand.
fn start(model: &Model, demand: f64, of: Demand) -> f64 {
    let arithmetic = explain(model);
    match (of, arithmetic.binding()) {
        (Demand::All, Some(first)) if first.plans_per_day > 0.0 => first.plans_per_day.min(demand * TOP),
        _ => demand,
    }
}

fn search_for(search: &mut Search<'_>, demand: f64) -> Result<Found, Failure> {
    let smallest = search.round(1.0_f64.min(demand));
    let top = search.round(TOP * demand);
    let at = search.round(start(search.model, demand, search.of)).max(smallest);
    let Some((low, high)) = bracket(search, at, (smallest, top))? else {
        let met =
            search.probes().iter().rev().find(|probe| probe.finding == Finding::Meets).map(|probe| probe.plans_per_day);
        return Ok(met.map_or(Found::Infeasible { smallest }, |top| Found::Unbounded { top }));
    };
    let (mut low, mut high) = narrow(search, low, high, 1, Rule::Point)?;
    let mut replications = 4;
    loop {
        let rule = if search.is_last(high, replications) { Rule::Sure } else { Rule::Point };
        (low, high) = around(search, low, high, replications, rule, smallest)?;
        if low < smallest {
            return Ok(Found::Infeasible { smallest });
        }
        if rule == Rule::Sure || search.stopped {
            let fails = search.probes().into_iter().find(|p| p.plans_per_day > low && p.finding == Finding::Fails);
            let fails_from = fails.map(|probe| probe.plans_per_day);
            return Ok(Found::Capacity { plans_per_day: low, not_at: high, fails_from });
        }
        replications = (replications * 2).min(MOST);
    }
}

/// Two demands of which the first meets and the second does not; none where one of the ends is reached.
fn bracket(search: &mut Search<'_>, at: f64, ends: (f64, f64)) -> Result<Option<(f64, f64)>, Failure> {
    let (smallest, top) = ends;
    let mut at = at;
    if search.holds(at, 1, Rule::Point)? {
        while at < top && !search.too_dear(at * 2.0) {
            let next = search.round(at * 2.0).min(top);
            if !search.holds(next, 1, Rule::Point)? {
                return Ok(Some((at, next)));
            }
            at = next;
        }
        return Ok(None);
    }
    while at > smallest {
        let next = search.round(at / 2.0).max(smallest);
        if search.holds(next, 1, Rule::Point)? {
            return Ok(Some((next, at)));
        }
        at = next;
    }
    Ok(None)
}

/// Halves a bracket until it is narrow.
fn narrow(search: &mut Search<'_>, low: f64, high: f64, n: u32, rule: Rule) -> Result<(f64, f64), Failure> {
    let (mut low, mut high) = (low, high);
    let width = match (rule, n) {
        (Rule::Sure, _) => WIDTH / 2.0,
        (Rule::Point, 1) => 4.0 * WIDTH,
        (Rule::Point, _) => WIDTH,
    };
    while high - low > width * low && !search.stopped {
        let middle = search.round((low + high) / 2.0);
        if middle <= low || middle >= high {
            break;
        }
        *(if search.holds(middle, n, rule)? { &mut low } else { &mut high }) = middle;
    }
    Ok((low, high))
}

/// The bracket with more replications: its ends are tried again, and moved out while they do not hold any more.
fn around(
    search: &mut Search<'_>,
    low: f64,
    high: f64,
    n: u32,
    rule: Rule,
    smallest: f64,
) -> Result<(f64, f64), Failure> {
    let (mut low, mut high) = (low, high);
    let mut step = WIDTH;
    while !search.stopped && !search.holds(low, n, rule)? {
        high = low;
        if low <= smallest {
            return Ok((0.0, low));
        }
        low = search.round((low * (1.0 - step)).min(low - search.unit())).max(smallest);
        step *= 2.0;
    }
    step = WIDTH;
    while !search.stopped && search.holds(high, n, rule)? {
        low = high;
        high = search.round((high * (1.0 + step)).max(high + search.unit()));
        step *= 2.0;
    }
    narrow(search, low, high, n, rule)
}

/// Tries the answer on fresh replications; one that fails there moves down a step.
fn verify(search: &mut Search<'_>, found: Found) -> Result<(Found, Option<(u32, Finding)>), Failure> {
    let Found::Capacity { mut plans_per_day, mut not_at, mut fails_from } = found else { return Ok((found, None)) };
    let mut verdict = None;
    for _ in 0..4 {
        if search.stopped {
            break;
        }
        let (n, finding) = search.fresh(plans_per_day)?;
        verdict = Some((n, finding));
        if finding != Finding::Fails {
            break;
        }
        not_at = plans_per_day;
        fails_from = Some(plans_per_day);
        plans_per_day = search.round((plans_per_day * (1.0 - WIDTH)).min(plans_per_day - search.unit()));
    }
    Ok((Found::Capacity { plans_per_day, not_at, fails_from }, verdict))
}

/// Looks whether smaller demands hold as well: where one fails, there is no one capacity.
fn scan_below(search: &mut Search<'_>, capacity: f64) -> Result<(), Failure> {
    for part in [0.25, 0.5, 0.75] {
        let at = search.round(capacity * part);
        if at > 0.0 && !search.stopped && !search.holds(at, 1, Rule::Point)? {
            search.holds(at, 4, Rule::Sure)?;
        }
    }
    Ok(())
}
