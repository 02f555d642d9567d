//! Stand-in until replication lands.

use super::{Answer, Metric, Verdict, explain};
use crate::model::Model;
use std::num::NonZeroUsize;

/// How to run, beside what the model says.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads.
    pub jobs: NonZeroUsize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// A limit of the model was reached.
    Limit(String),
    /// An invariant was broken.
    Internal(String),
}

/// Runs.
///
/// # Errors
/// Never.
pub fn run(model: &Model, _options: &Options, progress: &(dyn Fn(u32, u32) -> bool + Sync)) -> Result<Answer, Failure> {
    let mut done = 0;
    let slow = model.name.ends_with("slow");
    while done < model.run.replications {
        if slow {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        done += 1;
        if !progress(done, model.run.replications) {
            break;
        }
    }
    assert!(model.name != "panic", "no such plan");
    let metric = |name: &str, unit, mean: f64| Metric {
        name: name.into(),
        unit,
        mean: Some(mean),
        ci95: Some((mean * 0.98, mean * 1.02)),
        min: Some(mean * 0.9),
        max: Some(mean * 1.1),
    };
    Ok(Answer {
        model: model.name.clone(),
        description: model.description.clone(),
        digest: model.digest.clone(),
        overrides: model.overrides.clone(),
        seed: model.run.seed,
        replications: done,
        asked: model.run.replications,
        horizon: model.run.horizon,
        warmup: model.run.warmup,
        start: model.run.start,
        metrics: vec![metric("kv.writes_per_plan", "ops", 32.0), metric("plans.per_day", "plans/day", 99.0)],
        objectives: model.objectives.iter().map(|objective| (objective.clone(), Verdict::Undecided)).collect(),
        arithmetic: explain(model),
    })
}
