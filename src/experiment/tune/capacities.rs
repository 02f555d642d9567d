//! Candidates whose goal is their capacity: a short search for each, and a longer one on another seed for the best.

use super::{Candidate, Ranking, Search};
use crate::experiment::capacity::{Capacity, Found, capacity};
use crate::experiment::demand::Demand;
use crate::experiment::progress::{Progress, Searching, Work};
use crate::experiment::trials::{Trial, extend};
use crate::experiment::{NoCapacity, Options, Verdict};
use crate::model::Model;

/// Replications that the first search of a candidate may cost, at the model's own demand.
pub(super) const FIRST: u32 = 40;

pub(super) fn rank(
    candidates: Vec<(Vec<usize>, Model)>,
    search: &Search,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Ranking, NoCapacity> {
    let Some((_, first)) = candidates.first() else {
        return Ok(Ranking { ranked: Vec::new(), runs: 0, partial: false });
    };
    let mut one = Trial::new(first.clone(), 0).map_err(NoCapacity::Failed)?;
    let first_one = Work::Search(Searching::default());
    let whole = extend(&mut [&mut one], 1, options.jobs, &|done, _| progress(done, first_one));
    if !whole.map_err(NoCapacity::Failed)? {
        return Ok(Ranking { ranked: Vec::new(), runs: 0, partial: true });
    }
    let each = one.events().max(1) * u64::from(search.budget) / 2;
    let last = search.best.max(1).min(candidates.len());
    let steps = (candidates.len() + last) as u32;
    let mut runs = 1;
    let mut done = 0;
    let mut all = Vec::new();
    for (at, model) in candidates {
        let share = each / (steps - last as u32).max(1) as u64;
        let found = capacity(&model, Demand::All, share, options, &of_several(progress, (done, steps)))?;
        done += 1;
        runs += taken(&found);
        let partial = found.partial;
        if matches!(found.found, Found::Open { .. }) {
            return Ok(finish(all, runs, true));
        }
        all.push((candidate(at, &found), model));
        if partial {
            return Ok(finish(all, runs, true));
        }
    }
    all.sort_by(|(a, _), (b, _)| order(a, b));
    let searched: Vec<(Candidate, Model)> = all.iter().take(last).cloned().collect();
    let mut finalists = Vec::new();
    for (one, mut model) in all.into_iter().take(last) {
        model.run.seed = model.run.seed.wrapping_add(1);
        let found = capacity(&model, Demand::All, each / last as u64, options, &of_several(progress, (done, steps)))?;
        done += 1;
        runs += taken(&found);
        let partial = found.partial;
        if matches!(found.found, Found::Open { .. }) {
            return Ok(finish(if finalists.is_empty() { searched } else { finalists }, runs, true));
        }
        finalists.push((candidate(one.at, &found), model));
        if partial {
            return Ok(finish(finalists, runs, true));
        }
    }
    Ok(finish(finalists, runs, false))
}

/// Tells which search of how many is under way.
fn of_several(progress: Progress<'_>, at: (u32, u32)) -> impl Fn(f64, Work) -> bool + Sync {
    move |done, work| match work {
        Work::Search(found) => progress(done, Work::Search(Searching { search: Some(at), ..found })),
        other => progress(done, other),
    }
}

fn taken(found: &Capacity) -> u64 {
    let verified = found.verified.map_or(0, |(n, _)| u64::from(n));
    found.probes.iter().map(|probe| u64::from(probe.replications)).sum::<u64>() + verified
}

fn candidate(at: Vec<usize>, found: &Capacity) -> Candidate {
    let (value, interval) = match found.found {
        Found::Capacity { plans_per_day, not_at, fails_from } => {
            (Some(plans_per_day), Some((plans_per_day, fails_from.unwrap_or(not_at))))
        }
        Found::Unbounded { top } => (Some(top), Some((top, f64::INFINITY))),
        Found::Infeasible { .. } | Found::Open { .. } => (None, None),
    };
    Candidate {
        at,
        value,
        interval,
        verdict: if value.is_some() { Verdict::Met } else { Verdict::Broken },
        not_met: Vec::new(),
        replications: taken(found) as u32,
        tied: false,
    }
}

fn order(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    let value = |candidate: &Candidate| candidate.value.unwrap_or(f64::NEG_INFINITY);
    value(b).total_cmp(&value(a)).then_with(|| a.at.cmp(&b.at))
}

/// A candidate whose demand may reach the best's is tied with it.
fn finish(all: Vec<(Candidate, Model)>, runs: u64, partial: bool) -> Ranking {
    let mut ranked: Vec<Candidate> = all.into_iter().map(|(candidate, _)| candidate).collect();
    ranked.sort_by(order);
    let best = ranked.first().and_then(|best| best.value);
    for candidate in ranked.iter_mut().skip(1) {
        candidate.tied = match (best, candidate.interval) {
            (Some(best), Some((_, high))) => high > best,
            (None, None) => true,
            _ => false,
        };
    }
    Ranking { ranked, runs, partial }
}
