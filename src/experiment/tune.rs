//! The values of named knobs that do best under the objectives.
//!
//! Successive halving: every candidate is tried with a few replications, the better half goes on with twice as many,
//! all on the same draws, until a few are left. Those are ranked on fresh replications, so that none wins by the luck
//! that brought it there. What does not fit the budget as a whole grid is sampled as a Latin hypercube.

mod capacities;

use super::compare::chance;
use super::progress::{Progress, Work};
use super::run::answer;
use super::sweep::{Axis, grid, latin};
use super::trials::{Trial, extend_each};
use super::{Answer, Better, NoCapacity, Objective, Options, Verdict};
use crate::math::sqrt;
use crate::model::Model;
use crate::stats::Paired;
use crate::world::Failure;
use std::cmp::Ordering;

/// Replications of each candidate in the first round.
const FIRST: u32 = 4;
/// Replications of each finalist at most: more would not change a ranking that people can act on.
const LAST: u32 = 100;
/// The chance that a candidate as good as the best is called worse, over all finalists.
const LEVEL: f64 = 0.05;

/// What is to be made large or small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The largest demand at which every objective holds.
    Capacity,
    /// The mean of a metric, and which way of it is wanted.
    Metric(String, Better),
}

/// How the search is bounded and what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// What is wanted.
    pub goal: Goal,
    /// Replications that all candidates may take together.
    pub budget: u32,
    /// How many of the best are shown.
    pub best: usize,
}

/// One candidate with what the last replications of it say.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The position of its value on each axis.
    pub at: Vec<usize>,
    /// The goal's value; none where it was not observed, or where no demand meets the objectives.
    pub value: Option<f64>,
    /// Where the value lies at 95 %, as far as there is evidence; without end where no bound was found.
    pub interval: Option<(f64, f64)>,
    /// Whether all objectives hold.
    pub verdict: Verdict,
    /// The objectives that are not met.
    pub not_met: Vec<(Objective, Verdict)>,
    /// Replications that say so; 0 where none came to its end.
    pub replications: u32,
    /// Whether it cannot be told from the best.
    pub tied: bool,
}

/// The answer of `tune`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The model's name.
    pub model: String,
    /// The digest of the model without any knob turned.
    pub digest: String,
    /// The seed.
    pub seed: u64,
    /// Whether there is anything that the points are to meet.
    pub has_objectives: bool,
    /// What was wanted.
    pub search: Search,
    /// The knobs and their values.
    pub axes: Vec<Axis>,
    /// Points of the whole grid.
    pub grid: usize,
    /// Points tried.
    pub tried: usize,
    /// Replications that all of it took.
    pub runs: u64,
    /// The best few, in order; those that meet every objective come first.
    pub best: Vec<Candidate>,
    /// Finalists that cannot be told from the best, shown or not.
    pub ties: usize,
    /// Whether it was stopped before its end; then the ranking is on the draws of the search.
    pub partial: bool,
}

/// The points to try: the whole grid where the budget allows it, or a Latin hypercube of it.
pub fn candidates(axes: &[Axis], search: &Search, seed: u64) -> Vec<Vec<usize>> {
    let each = match search.goal {
        Goal::Capacity => capacities::FIRST,
        // Half of the budget for the first round, a quarter for the halvings, a quarter for the end.
        Goal::Metric(..) => 2 * FIRST,
    };
    let most = (search.budget / each).max(1) as usize;
    match grid(axes) {
        Ok(all) if all.len() <= most => all,
        _ => latin(axes, most, seed),
    }
}

/// How many points the whole grid has.
pub fn grid_size(axes: &[Axis]) -> usize {
    axes.iter().fold(1, |all, axis| all.saturating_mul(axis.values.len()))
}

/// Ranks the candidates, each a model with the positions of its values on the axes. `base` is the model without any
/// knob turned.
///
/// # Errors
/// The failure of a replication, other than that a candidate cannot carry its traffic, and what [`super::capacity()`]
/// refuses.
pub fn tune(
    base: &Model,
    axes: Vec<Axis>,
    candidates: Vec<(Vec<usize>, Model)>,
    search: Search,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Tuned, NoCapacity> {
    let tried = candidates.len();
    let outcome = match &search.goal {
        Goal::Capacity => capacities::rank(candidates, &search, options, progress)?,
        Goal::Metric(metric, better) => Halving::new(candidates, (metric, *better), &search)
            .and_then(|halving| halving.rank(options, progress))
            .map_err(NoCapacity::Failed)?,
    };
    let Ranking { mut ranked, runs, partial } = outcome;
    let ties = ranked.iter().skip(1).filter(|candidate| candidate.tied).count();
    ranked.truncate(search.best.max(1));
    let (model, digest, seed, grid) = (base.name.clone(), base.digest.clone(), base.run.seed, grid_size(&axes));
    let has_objectives = !base.objectives.is_empty();
    Ok(Tuned { model, digest, seed, has_objectives, search, axes, grid, tried, runs, best: ranked, ties, partial })
}

/// All finalists in order, and what it took.
struct Ranking {
    ranked: Vec<Candidate>,
    runs: u64,
    partial: bool,
}

/// Candidates whose goal is a metric.
struct Halving<'a> {
    metric: &'a str,
    better: Better,
    search: &'a Search,
    left: Vec<(Vec<usize>, Trial)>,
    runs: u64,
}

impl<'a> Halving<'a> {
    fn new(
        candidates: Vec<(Vec<usize>, Model)>,
        (metric, better): (&'a str, Better),
        search: &'a Search,
    ) -> Result<Self, Failure> {
        let left = candidates.into_iter().map(|(at, model)| Ok((at, Trial::new(model, 0)?)));
        Ok(Halving { metric, better, search, left: left.collect::<Result<_, Failure>>()?, runs: 0 })
    }

    fn rank(mut self, options: &Options, progress: Progress<'_>) -> Result<Ranking, Failure> {
        let finalists = 2 * self.search.best.max(1);
        let mut n = 0;
        while self.left.len() > finalists {
            n = if n == 0 { FIRST } else { 2 * n };
            if !self.round(n, options, progress)? {
                return Ok(self.finish(true));
            }
            let mut left = std::mem::take(&mut self.left);
            left.sort_by(|a, b| self.order(a, b));
            self.left = left;
            self.left.truncate(self.left.len().div_ceil(2).max(finalists));
            if self.cost(2 * n) > self.remaining() / 2 {
                self.left.truncate(finalists);
            }
        }
        // Fresh ones begin where the search ended.
        let each = self.remaining() / self.left.len().max(1) as u64;
        let fresh = (each as u32).clamp(FIRST, LAST);
        let mut again = Vec::new();
        for (at, trial) in self.left {
            again.push((at, Trial::new(trial.model, u64::from(n))?));
        }
        self.left = again;
        let whole = self.round(fresh, options, progress)?;
        Ok(self.finish(!whole))
    }

    fn remaining(&self) -> u64 {
        u64::from(self.search.budget).saturating_sub(self.runs)
    }

    /// Replications that bringing those left to `n` takes.
    fn cost(&self, n: u32) -> u64 {
        self.left.iter().map(|(_, trial)| u64::from(n).saturating_sub(trial.columns.len() as u64)).sum()
    }

    /// Brings those left to `n` replications.
    fn round(&mut self, n: u32, options: &Options, progress: Progress<'_>) -> Result<bool, Failure> {
        let before: usize = self.left.iter().map(|(_, trial)| trial.columns.len()).sum();
        let (runs, budget) = (self.runs as u32, self.search.budget);
        let mut trials: Vec<&mut Trial> = self.left.iter_mut().map(|(_, trial)| trial).collect();
        let show = |done: f64, _| progress(f64::from(runs) + done, Work::AtMost(budget.into()));
        let whole = extend_each(&mut trials, n, options.jobs, &show)?;
        let after: usize = self.left.iter().map(|(_, trial)| trial.columns.len()).sum();
        self.runs += (after - before) as u64;
        Ok(whole)
    }

    fn values(&self, trial: &Trial) -> Option<Vec<Option<f64>>> {
        trial.values(self.metric)
    }

    /// Those that break no objective by more than chance first, then the better mean, then the place on the axes.
    fn order(&self, a: &(Vec<usize>, Trial), b: &(Vec<usize>, Trial)) -> Ordering {
        let key = |trial: &Trial| {
            let broken = if trial.ran_away { f64::INFINITY } else { excess(trial) };
            (broken, self.wanted(trial).unwrap_or(f64::INFINITY))
        };
        let (left, right) = (key(&a.1), key(&b.1));
        left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1)).then_with(|| a.0.cmp(&b.0))
    }

    /// The mean of the goal, turned so that less is better.
    fn wanted(&self, trial: &Trial) -> Option<f64> {
        let mean = trial.estimate(self.metric)?.mean;
        Some(if self.better == Better::More { -mean } else { mean })
    }

    /// The ranking by the replications that are there.
    fn finish(self, partial: bool) -> Ranking {
        let mut ranked: Vec<(Candidate, &Trial)> =
            self.left.iter().map(|(at, trial)| (self.candidate(at, trial), trial)).collect();
        let sign = if self.better == Better::More { -1.0 } else { 1.0 };
        ranked.sort_by(|(a, _), (b, _)| {
            let value = |candidate: &Candidate| candidate.value.map_or(f64::INFINITY, |value| sign * value);
            rank_of(a).cmp(&rank_of(b)).then(value(a).total_cmp(&value(b))).then_with(|| a.at.cmp(&b.at))
        });
        let others = ranked.len().saturating_sub(1).max(1) as f64;
        if let Some((best, first)) = ranked.first().map(|(best, trial)| (rank_of(best), *trial)) {
            for (candidate, trial) in ranked.iter_mut().skip(1) {
                candidate.tied = rank_of(candidate) == best && self.tied(first, trial, LEVEL / others);
            }
        }
        Ranking { ranked: ranked.into_iter().map(|(candidate, _)| candidate).collect(), runs: self.runs, partial }
    }

    fn candidate(&self, at: &[usize], trial: &Trial) -> Candidate {
        let estimate = trial.estimate(self.metric);
        let (verdict, not_met) = match (trial.ran_away, trial.columns.is_empty()) {
            (false, false) => verdict(&answer(&trial.model, &trial.columns)),
            (true, _) => (Verdict::Broken, Vec::new()),
            (false, true) => (Verdict::Undecided, Vec::new()),
        };
        Candidate {
            at: at.to_vec(),
            value: estimate.map(|estimate| estimate.mean),
            interval: estimate.and_then(|estimate| estimate.ci95()),
            verdict,
            not_met,
            replications: if trial.ran_away { 0 } else { trial.columns.len() as u32 },
            tied: false,
        }
    }

    /// Whether the paired difference to the best may be chance.
    fn tied(&self, best: &Trial, other: &Trial, level: f64) -> bool {
        let paired = self.values(best).zip(self.values(other)).and_then(|(a, b)| Paired::of(&a, &b));
        paired.is_some_and(|paired| chance(&paired.difference).is_none_or(|p| p > level))
    }
}

/// Those that meet every objective come first, then what is not decided.
fn rank_of(candidate: &Candidate) -> u8 {
    match candidate.verdict {
        Verdict::Met => 0,
        Verdict::Undecided => 1,
        Verdict::Broken => 2,
    }
}

/// All objectives together, and those that are not met.
fn verdict(answer: &Answer) -> (Verdict, Vec<(Objective, Verdict)>) {
    let not_met: Vec<_> = answer.objectives.iter().filter(|(_, verdict)| *verdict != Verdict::Met).cloned().collect();
    let verdict = match () {
        () if not_met.iter().any(|(_, verdict)| *verdict == Verdict::Broken) => Verdict::Broken,
        () if !not_met.is_empty() => Verdict::Undecided,
        () => Verdict::Met,
    };
    (verdict, not_met)
}

/// By how much the means break the objectives, after two standard errors are forgiven: each between 0 and 1, so that
/// no one drowns the others.
fn excess(trial: &Trial) -> f64 {
    let of = |objective: &Objective| {
        let moments = trial.estimate(&objective.metric);
        let Some(estimate) = moments else { return 0.0 };
        let error = spread(trial, &objective.metric) / sqrt(estimate.count as f64);
        let over = objective.max.map_or(0.0, |max| estimate.mean - 2.0 * error - max);
        let under = objective.min.map_or(0.0, |min| min - estimate.mean - 2.0 * error);
        let beyond = over.max(under).max(0.0);
        if beyond > 0.0 { beyond / (beyond + estimate.mean.abs()) } else { 0.0 }
    };
    trial.model.objectives.iter().map(of).sum()
}

fn spread(trial: &Trial, metric: &str) -> f64 {
    let mut moments = crate::stats::Moments::default();
    trial.values(metric).into_iter().flatten().flatten().for_each(|value| moments.push(value));
    moments.variance().map_or(0.0, sqrt)
}
