//! A model held against its objectives, what was observed, and results of before, replication by replication on the same draws.

use super::progress::Progress;
use super::run::answer;
use super::trials::{Trial, extend};
use super::{Answer, Better, Options, Precision, Verdict, better};
use crate::model::Model;
use crate::stats::Paired;
use crate::world::Failure;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How much worse a metric may be where nothing else is said.
const TOLERANCE: f64 = 0.01;
/// What is checked besides the objectives and the metrics with a tolerance of their own.
const HEADLINES: [&str; 5] =
    ["plans.per_day", "plans.failed_fraction", "plan.latency.p95", "logs.error.retrievable.3d", "cost.month"];

/// Results to hold later ones against.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// What was asked.
    pub question: Asked,
    /// The digest of the whole model.
    pub digest: String,
    /// By metric, its value in each replication.
    pub values: BTreeMap<String, Vec<Option<f64>>>,
}

/// What a model asks: what may not change between a baseline and what is held against it. All else of a model may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The model's name.
    pub model: String,
    /// The seed.
    pub seed: u64,
    /// How many replications.
    pub replications: u32,
    /// The date at which a replication starts.
    pub start: String,
    /// Simulated time of one replication.
    pub horizon: String,
    /// How much of it is not recorded.
    pub warmup: String,
    /// The digest of who comes when.
    pub traffic: String,
    /// The digest of the objectives.
    pub objectives: String,
    /// The version of the table of time zones, where the model names one.
    pub zone_data: Option<String>,
}

impl Asked {
    /// The question of a model.
    pub fn of(model: &Model) -> Asked {
        let run = &model.run;
        let traffic: Vec<_> = model.classes.iter().map(|class| (&class.name, &class.arrivals, &class.spikes)).collect();
        Asked {
            model: model.name.clone(),
            seed: run.seed,
            replications: run.replications,
            start: run.start.to_string(),
            horizon: run.horizon.to_string(),
            warmup: run.warmup.to_string(),
            traffic: digest(&traffic),
            objectives: digest(&model.objectives),
            zone_data: model.zone_data.map(String::from),
        }
    }

    /// In what the question of a baseline differs from that of now, a clause each.
    fn differences(&self, now: &Asked) -> Vec<String> {
        let both = |what: &str, there: &str, here: &str| format!("{what} {there} there and {here} here");
        let none = |zones: &Option<String>| zones.clone().unwrap_or_else(|| "none".into());
        let all = [
            (self.model != now.model, both("the model is", &self.model, &now.model)),
            (self.seed != now.seed, both("the seed is", &self.seed.to_string(), &now.seed.to_string())),
            (
                self.replications != now.replications,
                both("the replications are", &self.replications.to_string(), &now.replications.to_string()),
            ),
            (self.start != now.start, both("it starts at", &self.start, &now.start)),
            (self.horizon != now.horizon, both("the horizon is", &self.horizon, &now.horizon)),
            (self.warmup != now.warmup, both("the warm-up is", &self.warmup, &now.warmup)),
            (self.traffic != now.traffic, "the traffic differs".into()),
            (self.objectives != now.objectives, "the objectives differ".into()),
            (
                self.zone_data != now.zone_data,
                both("the version of the time zones is", &none(&self.zone_data), &none(&now.zone_data)),
            ),
        ];
        all.into_iter().filter(|(differs, _)| *differs).map(|(_, clause)| clause).collect()
    }
}

fn digest(of: &impl std::fmt::Debug) -> String {
    Sha256::digest(format!("{of:?}").as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What one check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It holds for sure.
    Pass,
    /// An objective is broken for sure.
    Broken,
    /// It is unlike what was observed, for sure.
    Unlike,
    /// It is worse than the baseline by more than the tolerance, for sure.
    Regression,
    /// The evidence does not say.
    NotEnough,
}

/// What a metric is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// What is wanted.
    Objective,
    /// What was measured of the real system.
    Observation,
    /// What it was before.
    Baseline,
}

/// What is to be checked, beside the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Objectives, observations and regressions.
    All,
    /// Only that nothing is worse than the baseline: for a model whose objectives are broken today.
    Regressions,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The metric.
    pub metric: String,
    /// What it is held against.
    pub against: Against,
    /// What it must be, in words.
    pub must: String,
    /// What it is: the mean, or the mean change against the baseline.
    pub found: Option<f64>,
    /// Its 95 % interval.
    pub ci95: Option<(f64, f64)>,
    /// What that says.
    pub ruling: Ruling,
}

/// All checks of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The answer that was checked.
    pub answer: Answer,
    /// The checks, objectives first.
    pub checks: Vec<Check>,
    /// Why the baseline cannot be held against it, where it cannot.
    pub no_baseline: Option<String>,
}

/// The verdict of all checks together, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything holds.
    Passed,
    /// An objective is broken.
    Broken,
    /// The model is unlike what was observed.
    Unlike,
    /// Something is worse than the baseline.
    Regression,
    /// The evidence does not say, or nothing was checked.
    NotEnough,
    /// The baseline is missing, or of another question.
    NoBaseline,
}

impl Judgement {
    /// The verdict.
    pub fn outcome(&self) -> Outcome {
        let any = |ruling: Ruling| self.checks.iter().any(|check| check.ruling == ruling);
        match () {
            () if any(Ruling::Broken) => Outcome::Broken,
            () if any(Ruling::Unlike) => Outcome::Unlike,
            () if self.no_baseline.is_some() => Outcome::NoBaseline,
            () if any(Ruling::Regression) => Outcome::Regression,
            () if any(Ruling::NotEnough) || self.checks.is_empty() => Outcome::NotEnough,
            () => Outcome::Passed,
        }
    }
}

/// Runs a model for a baseline: its answer, and what is to be stored.
///
/// # Errors
/// The failure of the first replication that failed.
pub fn measure(model: &Model, options: &Options, progress: Progress<'_>) -> Result<(Answer, Baseline), Failure> {
    let mut trial = Trial::new(model.clone(), 0)?;
    extend(&mut [&mut trial], model.run.replications, options.jobs, progress)?;
    let answer = answer(model, &trial.columns);
    let metrics = answer.metrics.iter().filter(|metric| better(&metric.name).is_some());
    let values = metrics.filter_map(|metric| Some((metric.name.clone(), trial.values(&metric.name)?))).collect();
    Ok((answer, Baseline { question: Asked::of(model), digest: model.digest.clone(), values }))
}

/// Holds what was measured against the objectives and observations of the model, as far as the scope has them, and
/// against a baseline where there is one: `Err` says why one that was asked for cannot be used. `tolerances` name the metrics that may be worse by another share than 1 %.
pub fn check(
    measured: (Answer, &Baseline),
    scope: Scope,
    baseline: Option<Result<&Baseline, String>>,
    tolerances: &[Precision],
) -> Judgement {
    let (answer, now) = measured;
    let mut checks = Vec::new();
    if scope == Scope::All {
        let wanted = answer.objectives.iter();
        let wanted = wanted.map(|(goal, verdict)| (&goal.metric, (goal.min, goal.max), *verdict, Against::Objective));
        let seen = answer.observed.iter();
        let seen = seen.map(|(seen, verdict)| (&seen.metric, (seen.min, seen.max), *verdict, Against::Observation));
        checks.extend(wanted.chain(seen).map(|one| bounded(&answer, one)));
    }
    let mut no_baseline = None;
    match baseline {
        Some(Err(why)) => no_baseline = Some(why),
        Some(Ok(before)) if before.question != now.question => {
            let differences = before.question.differences(&now.question);
            no_baseline = Some(format!("the baseline is of another question: {}", differences.join(", ")));
        }
        Some(Ok(before)) => checks.extend(against(before, now, &answer, tolerances)),
        None => {}
    }
    Judgement { answer, checks, no_baseline }
}

/// A metric, its least and most, how it was judged, and as what.
type Bounded<'a> = (&'a String, (Option<f64>, Option<f64>), Verdict, Against);

fn bounded(answer: &Answer, (name, (min, max), verdict, against): Bounded<'_>) -> Check {
    let metric = answer.metric(name);
    let bound = |word: &str, bound: Option<f64>| bound.map(|bound| format!("at {word} {bound}"));
    let must: Vec<String> = [bound("least", min), bound("most", max)].into_iter().flatten().collect();
    Check {
        metric: name.clone(),
        against,
        must: must.join(" and "),
        found: metric.and_then(|metric| metric.mean),
        ci95: metric.and_then(|metric| metric.ci95),
        ruling: match verdict {
            Verdict::Met => Ruling::Pass,
            Verdict::Broken if against == Against::Observation => Ruling::Unlike,
            Verdict::Broken => Ruling::Broken,
            Verdict::Undecided => Ruling::NotEnough,
        },
    }
}

fn against(before: &Baseline, now: &Baseline, answer: &Answer, tolerances: &[Precision]) -> Vec<Check> {
    let mut metrics: Vec<&str> = HEADLINES.to_vec();
    metrics.extend(answer.objectives.iter().map(|(goal, _)| goal.metric.as_str()));
    metrics.extend(tolerances.iter().map(|tolerance| tolerance.metric.as_str()));
    metrics.sort();
    metrics.dedup();
    let named = |metric: &str| tolerances.iter().find(|tolerance| tolerance.metric == metric);
    let known = metrics.into_iter().filter(|metric| before.values.contains_key(*metric) || named(metric).is_some());
    let one = |metric: &str| {
        let share = named(metric).map_or(TOLERANCE, |tolerance| tolerance.relative);
        let lists = before.values.get(metric).zip(now.values.get(metric));
        worse(metric, lists.map(|(before, now)| (&before[..], &now[..])), share)
    };
    known.map(one).collect()
}

/// One metric's value in each replication.
type Values<'a> = &'a [Option<f64>];

/// The change for the worse, against what is allowed.
fn worse(metric: &str, values: Option<(Values, Values)>, share: f64) -> Check {
    let sign = if better(metric) == Some(Better::More) { -1.0 } else { 1.0 };
    let signed =
        |values: &[Option<f64>]| values.iter().map(|value| value.map(|value| sign * value)).collect::<Vec<_>>();
    let paired = values.and_then(|(before, now)| Paired::of(&signed(before), &signed(now)));
    let base = values.and_then(|(before, _)| crate::stats::Estimate::of(before.iter().copied()));
    let allowed = base.map_or(0.0, |base| share * base.mean.abs());
    let interval = paired.map(|paired| paired.difference).map(|d| d.ci95().unwrap_or((d.mean, d.mean)));
    // A stored value near the largest number has a spread beyond it.
    let interval = interval.filter(|(low, high)| low.is_finite() && high.is_finite());
    let silent = values.is_some_and(|(before, now)| before.iter().chain(now).all(Option::is_none));
    let ruling = match interval {
        Some((low, _)) if low > allowed => Ruling::Regression,
        Some((_, high)) if high <= allowed => Ruling::Pass,
        // Nothing observed before and now is no change.
        None if silent => Ruling::Pass,
        _ => Ruling::NotEnough,
    };
    let back = |(low, high): (f64, f64)| if sign < 0.0 { (-high, -low) } else { (low, high) };
    Check {
        metric: metric.into(),
        against: Against::Baseline,
        must: format!("not worse than the baseline by more than {} %", share * 100.0),
        found: paired.map(|paired| sign * paired.difference.mean),
        ci95: interval.map(back),
        ruling,
    }
}
