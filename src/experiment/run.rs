//! Replications of one model, and what they say together.

use super::{Answer, Metric, Verdict, explain, pool};
use crate::model::{Model, Objective};
use crate::stats::Estimate;
use crate::world::{self, Blueprint, Failure, Outcome};
use std::num::NonZeroUsize;

/// How to run, as far as it does not change the result.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads at most.
    pub jobs: NonZeroUsize,
}

/// Runs all replications of a model. `progress` is told after each how many of how many are done, and answers
/// whether to go on; if not, the answer is of those that are done (at least one).
///
/// # Errors
/// The failure of the first replication that failed.
pub fn run(model: &Model, options: &Options, progress: &(dyn Fn(u32, u32) -> bool + Sync)) -> Result<Answer, Failure> {
    let blueprint = Blueprint::new(model).map_err(Failure::Internal)?;
    let asked = model.run.replications;
    let replicate = |number: usize| world::run(&blueprint, number as u64);
    let go_on = |done: usize| progress(done as u32, asked);
    let outcomes = pool::map(asked as usize, options.jobs, replicate, go_on);
    let outcomes: Vec<Outcome> = outcomes.into_iter().collect::<Result<_, Failure>>()?;
    Ok(answer(model, &outcomes))
}

fn answer(model: &Model, outcomes: &[Outcome]) -> Answer {
    let count = outcomes.first().map_or(0, |outcome| outcome.measures.len());
    let mut metrics: Vec<Metric> = (0..count).map(|number| metric(outcomes, number)).collect();
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    let mut answer = Answer {
        model: model.name.clone(),
        description: model.description.clone(),
        digest: model.digest.clone(),
        overrides: model.overrides.clone(),
        seed: model.run.seed,
        replications: outcomes.len() as u32,
        asked: model.run.replications,
        horizon: model.run.horizon,
        warmup: model.run.warmup,
        start: model.run.start,
        metrics,
        objectives: Vec::new(),
        arithmetic: explain(model),
    };
    let judged = model.objectives.iter().map(|goal| (goal.clone(), judge(goal, answer.metric(&goal.metric))));
    answer.objectives = judged.collect();
    answer
}

fn metric(outcomes: &[Outcome], number: usize) -> Metric {
    let first = &outcomes[0].measures[number];
    let estimate = Estimate::of(outcomes.iter().map(|outcome| outcome.measures[number].value));
    Metric {
        name: first.name.clone(),
        unit: first.unit,
        mean: estimate.map(|e| e.mean),
        ci95: estimate.and_then(|e| e.ci95()),
        min: estimate.map(|e| e.min),
        max: estimate.map(|e| e.max),
    }
}

/// An objective is met or broken when the whole interval says so.
fn judge(goal: &Objective, metric: Option<&Metric>) -> Verdict {
    let Some((low, high)) = metric.and_then(|m| m.ci95.or(m.mean.map(|mean| (mean, mean)))) else {
        return Verdict::Undecided;
    };
    let (min, max) = (goal.min.unwrap_or(f64::NEG_INFINITY), goal.max.unwrap_or(f64::INFINITY));
    if low >= min && high <= max {
        Verdict::Met
    } else if high < min || low > max {
        Verdict::Broken
    } else {
        Verdict::Undecided
    }
}
