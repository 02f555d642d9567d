//! The program against the books: models with a known answer, each simulated through the same door as any other
//! model, and each result held against the exact value.
//!
//! A `Case` is a model in `verify/`, changed by overrides, with the laws that hold of it. The files beside this one
//! list the cases by topic. All verdicts together are wrong with a probability of at most `1 − CONFIDENCE`: each law
//! has an equal share of that (Bonferroni), whatever their dependence. The seed is fixed, so a verdict does not change
//! from one day to the next.

mod attempts;
mod case;
mod limits;
mod memory;
mod parts;
mod plans;
mod providers;
mod queues;
mod traffic;

use super::progress::Progress;
use super::trials::{Trial, Turns, extend_to};
use super::{Failure, Options};
use crate::model::{Model, Source, load};
use crate::stats::Estimate;
use case::{Case, Law, Seen};
use std::path::PathBuf;

/// The chance that a right program passes all laws at a seed drawn at random, at least.
pub const CONFIDENCE: f64 = 0.999;

/// The models of `verify/`.
const BASES: [(&str, &str); 12] = [
    ("attempts", include_str!("../../verify/attempts.toml")),
    ("database", include_str!("../../verify/database.toml")),
    ("logs", include_str!("../../verify/logs.toml")),
    ("lookup", include_str!("../../verify/lookup.toml")),
    ("plan", include_str!("../../verify/plan.toml")),
    ("priority", include_str!("../../verify/priority.toml")),
    ("provider", include_str!("../../verify/provider.toml")),
    ("queue", include_str!("../../verify/queue.toml")),
    ("quota", include_str!("../../verify/quota.toml")),
    ("reads", include_str!("../../verify/reads.toml")),
    ("tandem", include_str!("../../verify/tandem.toml")),
    ("traffic", include_str!("../../verify/traffic.toml")),
];

/// What to verify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Fewer and shorter replications: wider intervals, in seconds.
    pub quick: bool,
    /// Only laws whose name begins so; all if none.
    pub law: Option<String>,
    /// The seed of all draws.
    pub seed: u64,
}

/// One law, and what the simulation says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What part of the books it is from.
    pub topic: &'static str,
    /// Its name, `CASE.LAW`.
    pub law: String,
    /// The law in a line.
    pub says: &'static str,
    /// What was measured: a metric, or how it was made from metrics.
    pub measured: &'static str,
    /// The model of `verify/`.
    pub base: &'static str,
    /// What was changed in it.
    pub set: Vec<String>,
    /// The exact value.
    pub exact: f64,
    /// How far from it the mean may be beside chance: what the formula or the histogram leaves out.
    pub allowance: f64,
    /// The mean over the replications; none where nothing was observed.
    pub mean: Option<f64>,
    /// Its interval at the level of one law.
    pub interval: Option<(f64, f64)>,
    /// Replications that observed something.
    pub replications: u64,
}

impl Finding {
    /// Whether the exact value lies in the interval, widened by the allowance.
    pub fn holds(&self) -> bool {
        self.interval
            .is_some_and(|(low, high)| self.exact >= low - self.allowance && self.exact <= high + self.allowance)
    }

    /// Half the width of the interval, allowance included, over the exact value: how sharp the test is. None where
    /// the exact value is 0 or nothing was observed.
    pub fn sharpness(&self) -> Option<f64> {
        let (low, high) = self.interval?;
        (self.exact != 0.0).then(|| (0.5 * (high - low) + self.allowance) / self.exact.abs())
    }
}

/// The battery and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Whether it was the short version.
    pub quick: bool,
    /// The seed.
    pub seed: u64,
    /// Laws in the whole battery: the level of each follows from it, also where only some are asked for.
    pub battery: usize,
    /// Whether all replications were done.
    pub whole: bool,
    /// The laws, in the order of the battery.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Whether every law holds.
    pub fn all_hold(&self) -> bool {
        self.findings.iter().all(Finding::holds)
    }
}

/// The laws of the battery, before anything is observed.
pub fn laws() -> Vec<Finding> {
    battery().iter().flat_map(|case| case.laws.iter().map(|law| finding(case, law, None))).collect()
}

/// Every case, in the order of the table.
fn battery() -> Vec<Case> {
    let all = [
        queues::cases(),
        traffic::cases(),
        plans::cases(),
        attempts::cases(),
        providers::cases(),
        limits::cases(),
        memory::cases(),
        parts::cases(),
    ];
    all.into_iter().flatten().collect()
}

/// Simulates the cases that are asked for and holds each law against its exact value.
///
/// # Errors
/// A case that cannot be read or does not come to its end: a fault of the program, as the cases are its own.
pub fn run(selection: &Selection, options: &Options, progress: Progress<'_>) -> Result<Verification, Failure> {
    let cases = battery();
    let battery: usize = cases.iter().map(|case| case.laws.len()).sum();
    let asked = |case: &Case, law: &Law| {
        selection.law.as_ref().is_none_or(|name| case.law_name(law).starts_with(name.as_str()))
    };
    let cases: Vec<&Case> = cases.iter().filter(|case| case.laws.iter().any(|law| asked(case, law))).collect();
    let mut trials = Vec::new();
    for case in &cases {
        trials.push(Trial::new(model(case, selection)?, 0)?);
    }
    let mut all: Vec<&mut Trial> = trials.iter_mut().collect();
    // Cases differ in how often they are replicated; all are equally far at any time.
    let wanted = |trial: &Trial| trial.model.run.replications;
    let whole = extend_to(&mut all, &wanted, Turns::Together, options.jobs, progress)?;
    let share = (1.0 - CONFIDENCE) / battery as f64;
    let findings = cases.iter().zip(&trials).flat_map(|(case, trial)| {
        let laws = case.laws.iter().filter(|law| asked(case, law));
        laws.map(|law| {
            let values = (0..trial.columns.len()).map(|replication| (law.of)(&Seen(&trial.columns, replication)));
            finding(case, law, Estimate::of(values).map(|estimate| (estimate, 1.0 - share)))
        })
    });
    let findings = findings.collect();
    Ok(Verification { quick: selection.quick, seed: selection.seed, battery, whole, findings })
}

/// Reads the model of a case as a user's would be read.
fn model(case: &Case, selection: &Selection) -> Result<Model, Failure> {
    let missing = || Failure::Internal(format!("verify has no model {}", case.base));
    let (_, text) = BASES.iter().find(|(name, _)| *name == case.base).ok_or_else(missing)?;
    let name = format!("verify/{}.toml", case.base);
    let source = Source { name, bytes: text.as_bytes().to_vec(), directory: PathBuf::new() };
    let no_files = |_: &std::path::Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    load(source, &case.overrides(selection.quick, selection.seed), &no_files)
        .map_err(|problems| Failure::Internal(problems.render(false)))
}

fn finding(case: &Case, law: &Law, seen: Option<(Estimate, f64)>) -> Finding {
    Finding {
        topic: case.topic,
        law: case.law_name(law),
        says: law.says,
        measured: law.measured,
        base: case.base,
        set: case.set.clone(),
        exact: law.exact,
        // Sums of doubles end in other bits than formulas do.
        allowance: law.allowance + 1e-9 * law.exact.abs(),
        mean: seen.map(|(estimate, _)| estimate.mean),
        interval: seen.and_then(|(estimate, confidence)| estimate.interval(confidence)),
        replications: seen.map_or(0, |(estimate, _)| estimate.count),
    }
}
