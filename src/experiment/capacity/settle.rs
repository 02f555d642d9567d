//! The way to the answer: a bracket on short replications, then demands that hold for sure and do not, a hundredth
//! apart, with as many replications as that takes and the budget allows.

use super::probe::Search;
use super::{Finding, Found, TOP};
use crate::experiment::demand::Demand;
use crate::experiment::explain;
use crate::model::Model;
use crate::world::Failure;

/// The bracket of the screening, as a share of the demand.
const COARSE: f64 = 0.1;
/// Replications of the first round.
const FIRST: u32 = 4;
/// Replications with which the answer may be as narrow as it is meant to be.
const ENOUGH: u32 = 8;
/// A step down from an answer that fails on fresh replications.
const STEP: f64 = 0.01;
/// Demands tried in a round at most.
const TRIES: usize = 24;

/// How narrow the answer is, as a share of itself: what few replications say is no sharper than that.
fn width(replications: u32) -> f64 {
    match replications {
        0..ENOUGH => 0.02,
        ENOUGH..16 => 0.01,
        _ => 0.005,
    }
}

/// Where the search begins: the arithmetic ceiling, or three quarters of it where slots are the limit, which no
/// random arrivals fill; or the model's own demand.
fn start(model: &Model, demand: f64, of: Demand) -> f64 {
    let arithmetic = explain(model);
    match (of, arithmetic.binding()) {
        (Demand::All, Some(first)) if first.plans_per_day > 0.0 => {
            let part = if first.limit.ends_with(".slots") || first.limit.ends_with(".writer") { 0.75 } else { 1.0 };
            (part * first.plans_per_day).min(demand * TOP)
        }
        _ => demand,
    }
}

/// The answer, before it is verified.
pub(super) fn search_for(search: &mut Search<'_>, demand: f64) -> Result<Found, Failure> {
    let smallest = search.round(1.0_f64.min(demand));
    let top = search.round(TOP * demand);
    let at = search.round(start(search.model, demand, search.of)).max(smallest);
    let at = within_means(search, at, (smallest, demand))?;
    let mut screened = bracket(search, at, (smallest, top))?;
    if matches!(screened, Screening::None)
        && let Some(from) = climb(search, at, top)?
    {
        screened = bracket(search, from, (smallest, top))?;
    }
    let guess = match screened {
        _ if search.stopped => smallest,
        Screening::Bracket(low, high) => thirds(search, low, high)?,
        Screening::All(top) if search.holds(top, FIRST)? => {
            return Ok(if search.stopped { open(search) } else { Found::Unbounded { top } });
        }
        Screening::None if !search.holds(smallest, FIRST)? => {
            return Ok(if search.stopped { open(search) } else { Found::Infeasible { smallest } });
        }
        Screening::All(end) => end,
        Screening::None => smallest,
    };
    let mut guess = guess;
    let mut n = FIRST;
    loop {
        if search.stopped {
            return Ok(open(search));
        }
        let more = 2 * n;
        let Some((low, high)) = settle(search, guess, n, smallest)? else {
            if search.stopped {
                return Ok(open(search));
            }
            if search.fails(smallest) || !search.affords(guess, more) {
                return Ok(Found::Infeasible { smallest });
            }
            n = more;
            continue;
        };
        if search.stopped && high <= low {
            return Ok(open(search));
        }
        let done = n >= ENOUGH && !search.is_vague(low, high);
        if search.stopped || done || !search.affords(low, more) {
            let fails = search.probes().into_iter().find(|p| p.plans_per_day > low && p.finding == Finding::Fails);
            let fails_from = fails.map(|probe| probe.plans_per_day);
            return Ok(Found::Capacity { plans_per_day: low, not_at: high, fails_from });
        }
        (guess, n) = (low, more);
    }
}

/// What is known when the search is stopped before it has an answer.
fn open(search: &Search<'_>) -> Found {
    let (holds_at, not_at) = search.seen;
    Found::Open { holds_at, not_at }
}

/// A first demand that the budget can pay, by what the model's own takes: limits may be far beyond what can be simulated.
fn within_means(search: &mut Search<'_>, at: f64, (smallest, demand): (f64, f64)) -> Result<f64, Failure> {
    let own = search.round(demand);
    if at <= own {
        return Ok(at);
    }
    search.seem(&[own])?;
    let mut at = at;
    while at > own && search.too_dear(at) {
        at = search.round(at / 2.0).max(own).max(smallest);
    }
    Ok(at)
}

/// What short replications say.
enum Screening {
    /// The first seems to hold, the second does not.
    Bracket(f64, f64),
    /// All seem to hold, up to here.
    All(f64),
    /// None does.
    None,
}

/// Looks up and down by factors of two, two demands at a time.
fn bracket(search: &mut Search<'_>, at: f64, (smallest, top): (f64, f64)) -> Result<Screening, Failure> {
    let mut low = search.round(at / 2.0).max(smallest);
    let mut high = at;
    let mut seems = search.seem(&[low, high])?;
    while !search.stopped {
        match seems[..] {
            [true, false] => return Ok(Screening::Bracket(low, high)),
            [_, true] => {
                if high >= top || search.too_dear(high * 2.0) {
                    return Ok(Screening::All(high));
                }
                (low, high) = (high, search.round(high * 2.0).min(top));
            }
            _ => {
                if low <= smallest {
                    return Ok(Screening::None);
                }
                high = search.round(low / 2.0).max(smallest);
                let lower = search.round(low / 4.0).max(smallest);
                // The lower of two that hold is not needed, so ask for both at once only on the way down.
                let pair = search.seem(&[lower, high])?;
                if pair[1] {
                    return Ok(Screening::Bracket(high, low));
                }
                low = lower;
                seems = pair;
                continue;
            }
        }
        seems = search.seem(&[low, high])?;
    }
    Ok(if seems[0] { Screening::All(low) } else { Screening::None })
}

/// Where a bound is a least one, such as on plans a day, it may hold from some demand on and not below: a larger demand
/// at which all seem to hold.
fn climb(search: &mut Search<'_>, from: f64, top: f64) -> Result<Option<f64>, Failure> {
    if search.model.objectives.iter().all(|objective| objective.min.is_none()) {
        return Ok(None);
    }
    let mut at = from;
    for step in 0.. {
        at = search.round(at * if step < 16 { 1.1 } else { 2.0 }).max(at + search.unit());
        if at > top || search.stopped || search.too_dear(at) {
            break;
        }
        if search.seem(&[at])?[0] {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Cuts a bracket in three until it is narrow; its lower end.
fn thirds(search: &mut Search<'_>, low: f64, high: f64) -> Result<f64, Failure> {
    let (mut low, mut high) = (low, high);
    while high - low > COARSE * low && !search.stopped {
        let (one, two) = (search.round(low + (high - low) / 3.0), search.round(high - (high - low) / 3.0));
        if one <= low || two >= high {
            break;
        }
        let seems = search.seem(&[one, two])?;
        (low, high) = match (seems[0], seems[1]) {
            (false, _) => (low, one),
            (true, false) => (one, two),
            (true, true) => (two, high),
        };
    }
    Ok(low)
}

/// A demand that holds for sure with `n` replications and a slightly larger one that does not; none where not even the
/// smallest holds.
fn settle(search: &mut Search<'_>, guess: f64, n: u32, smallest: f64) -> Result<Option<(f64, f64)>, Failure> {
    let width = width(n);
    let (mut low, mut high): (Option<f64>, Option<f64>) = (None, None);
    let (mut at, mut step) = (guess, width);
    for _ in 0..TRIES {
        if !search.pays(at, n) && search.tried(at).0 < n && (low.is_some() || n > FIRST) {
            break;
        }
        *(if search.holds(at, n)? { &mut low } else { &mut high }) = Some(at);
        if search.stopped || (low.is_some() && high.is_some() && search.is_spent()) {
            break;
        }
        let aim = search.aim(at);
        at = match (low, high) {
            (Some(low), Some(high)) => {
                if high - low <= (width * low).max(search.unit()) {
                    break;
                }
                let margin = (high - low) / 4.0;
                // A little under the aim, so that the next one holds; halfway where nothing tells.
                let aim = aim.map_or((low + high) / 2.0, |aim| aim - width * aim / 4.0);
                let next = search.round(aim.clamp(low + margin, high - margin));
                if next <= low || next >= high {
                    break;
                }
                next
            }
            (Some(low), None) => {
                step *= 2.0;
                // What holds at its own aim was not what the aim is about.
                let further = low * (1.0 + step.max(4.0 * width));
                let aim = aim.filter(|aim| *aim > low * (1.0 + width));
                let next = aim.map_or(further, |aim| (aim * (1.0 + width / 2.0)).min(further));
                search.round(next).max(low + search.unit())
            }
            (None, Some(high)) => {
                if high <= smallest {
                    return Ok(None);
                }
                let next = aim.map_or(high * (1.0 - step), |aim| aim * (1.0 - width / 4.0));
                step *= 2.0;
                search.round(next.clamp(high * 0.5, high * (1.0 - width / 2.0))).min(high - search.unit()).max(smallest)
            }
            (None, None) => break,
        };
    }
    Ok(low.map(|low| (low, high.unwrap_or(low))))
}

/// Tries the answer on fresh replications; one that fails there moves down a step.
pub(super) fn verify(search: &mut Search<'_>, found: Found) -> Result<(Found, Option<(u32, Finding)>), Failure> {
    let Found::Capacity { mut plans_per_day, mut not_at, mut fails_from } = found else { return Ok((found, None)) };
    // The first demand tried on whole replications was chosen without them.
    if search.first_tried == Some(plans_per_day) {
        let (n, finding) = search.tried(plans_per_day);
        return Ok((found, Some((n, finding))));
    }
    let mut verdict = None;
    for _ in 0..4 {
        if search.stopped {
            break;
        }
        let (n, finding) = search.fresh(plans_per_day)?;
        if n == 0 {
            break;
        }
        verdict = Some((n, finding));
        if finding != Finding::Fails {
            break;
        }
        not_at = plans_per_day;
        fails_from = Some(plans_per_day);
        plans_per_day = search.round((plans_per_day * (1.0 - STEP)).min(plans_per_day - search.unit()));
    }
    Ok((Found::Capacity { plans_per_day, not_at, fails_from }, verdict))
}
