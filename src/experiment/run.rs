//! Replications of one model, and what they say together.

use super::columns::{Column, Columns};
use super::progress::{Progress, Work};
use super::trials::{Trial, extend};
use super::{Answer, Metric, Verdict, explain, theory};
use crate::math;
use crate::model::{Model, Objective};
use crate::stats::Estimate;
use crate::world::{self, Blueprint, Failure, Timeline};
use std::num::NonZeroUsize;

/// How to run, as far as it does not change the result.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads at most.
    pub jobs: NonZeroUsize,
}

/// Runs all replications of a model. `progress` is told how far they are, and answers whether to go on; if not, the
/// answer is of those that are done, which may be none.
///
/// # Errors
/// The failure of the first replication that failed.
pub fn run(model: &Model, options: &Options, progress: Progress<'_>) -> Result<Answer, Failure> {
    let mut trial = Trial::new(model.clone(), 0)?;
    extend(&mut [&mut trial], model.run.replications, options.jobs, progress)?;
    Ok(answer(model, &trial.columns))
}

/// The timeline of the first replication of a run, of at most `most` entries.
///
/// # Errors
/// The failure of that replication.
pub fn timeline(model: &Model, most: usize) -> Result<Timeline, Failure> {
    world::timeline(&Blueprint::new(model).map_err(Failure::Internal)?, 0, most)
}

/// The names of the metrics that a run of the model has, whether they will be observed or not.
///
/// # Errors
/// A model that cannot be built.
pub fn metrics(model: &Model) -> Result<Vec<String>, Failure> {
    Ok(world::metrics(&Blueprint::new(model).map_err(Failure::Internal)?))
}

/// How narrow the interval of a metric is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The metric.
    pub metric: String,
    /// Half the width of its 95 % interval over its mean, at most; over 0.
    pub relative: f64,
}

impl Precision {
    /// A share over 0 and at most 1,000 %: `1%` or `0.01`.
    pub fn share(text: &str) -> Option<f64> {
        let text = text.trim();
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
            None => text.parse().ok()?,
        };
        (share > 0.0 && share <= 10.0).then_some(share)
    }
}

/// A metric whose interval is still too wide when the budget ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// What was asked.
    pub precision: Precision,
    /// What was reached; none where the metric was not observed often enough to say, or its mean is 0.
    pub reached: Option<f64>,
}

/// Replicates in rounds until every named interval is narrow enough or `most` replications are done; says which are
/// not. The rounds follow from the results alone, so the answer does not depend on the threads.
///
/// # Errors
/// The failure of the first replication that failed.
pub fn run_until(
    model: &Model,
    precisions: &[Precision],
    most: u32,
    options: &Options,
    progress: Progress<'_>,
) -> Result<(Answer, Vec<Missed>), Failure> {
    let mut trial = Trial::new(model.clone(), 0)?;
    let mut wanted = model.run.replications.clamp(2, most.max(2));
    loop {
        let before = trial.columns.len() as f64;
        let so_far = |done: f64, _| progress(before + done, Work::AtMost(most.max(2).into()));
        let whole = extend(&mut [&mut trial], wanted, options.jobs, &so_far)?;
        let missed = missed(&trial, precisions);
        if missed.is_empty() || !whole || wanted >= most {
            let mut answer = answer(model, &trial.columns);
            answer.asked = wanted;
            return Ok((answer, missed));
        }
        wanted = next_round(wanted, &missed).min(most);
    }
}

/// The named metrics whose intervals are too wide.
pub(super) fn missed(trial: &Trial, precisions: &[Precision]) -> Vec<Missed> {
    let all = precisions.iter().filter_map(|precision| {
        let reached = trial.estimate(&precision.metric).and_then(|estimate| {
            let half = estimate.ci95().map(|(low, high)| (high - low) / 2.0)?;
            if half == 0.0 { Some(0.0) } else { (estimate.mean != 0.0).then(|| half / estimate.mean.abs()) }
        });
        let narrow = reached.is_some_and(|reached| reached <= precision.relative);
        (!narrow).then(|| Missed { precision: precision.clone(), reached })
    });
    all.collect()
}

/// The half-width falls with the root of the number; a round at most doubles it, so that a lucky guess costs little.
pub(super) fn next_round(done: u32, missed: &[Missed]) -> u32 {
    let ratio =
        missed.iter().filter_map(|missed| Some(missed.reached? / missed.precision.relative)).fold(1.0, f64::max);
    let guess = math::ceil(f64::from(done) * (ratio * ratio).min(2.0)) as u32;
    guess.max(done + done / 4 + 1)
}

pub(super) fn answer(model: &Model, columns: &Columns) -> Answer {
    let mut answer = Answer {
        model: model.name.clone(),
        description: model.description.clone(),
        digest: model.digest.clone(),
        zone_data: model.zone_data,
        overrides: model.overrides.clone(),
        seed: model.run.seed,
        replications: columns.len() as u32,
        asked: model.run.replications,
        horizon: model.run.horizon,
        warmup: model.run.warmup,
        start: model.run.start,
        metrics: columns
            .all()
            .iter()
            .map(|column| metric(column, columns.estimate_of(column, columns.len())))
            .collect(),
        objectives: Vec::new(),
        observed: Vec::new(),
        settings: model.settings.clone(),
        facts: super::facts::facts(model),
        arithmetic: explain(model),
        theory: Vec::new(),
    };
    answer.theory = theory::beside(model, &answer.metrics, |name| columns.estimate(name));
    let judged = model.objectives.iter().map(|goal| (goal.clone(), judge(goal, columns.estimate(&goal.metric))));
    answer.objectives = judged.collect();
    let seen = model.observed.iter().map(|seen| {
        let verdict = within((seen.min, seen.max), columns.estimate(&seen.metric));
        (seen.clone(), verdict)
    });
    answer.observed = seen.collect();
    answer
}

fn metric(column: &Column, estimate: Option<Estimate>) -> Metric {
    Metric {
        name: column.name.clone(),
        unit: column.unit,
        mean: estimate.map(|e| e.mean),
        ci95: estimate.and_then(|e| e.ci95()),
        min: estimate.map(|e| e.min),
        max: estimate.map(|e| e.max),
    }
}

/// An objective is met or broken when the whole interval of its metric says so.
pub(super) fn judge(goal: &Objective, estimate: Option<Estimate>) -> Verdict {
    within((goal.min, goal.max), estimate)
}

/// Whether the whole interval lies within bounds, or outside. No interval of what is drawn ends at 0 itself, or at the
/// whole: a bound there is met where every replication meets it.
fn within((min, max): (Option<f64>, Option<f64>), estimate: Option<Estimate>) -> Verdict {
    let Some(estimate) = estimate else { return Verdict::Undecided };
    let (low, high) = estimate.ci95().unwrap_or((estimate.mean, estimate.mean));
    let (least, most) = estimate.range.ends();
    let (min, max) = (min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY));
    let is_over = low >= min || min == most && estimate.min >= most;
    let is_under = high <= max || max == least && estimate.max <= least;
    if is_over && is_under {
        Verdict::Met
    } else if high < min || low > max {
        Verdict::Broken
    } else {
        Verdict::Undecided
    }
}
