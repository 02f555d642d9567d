//! What is simulated at one demand, and what it says of the objectives.

use super::Probe;
use crate::experiment::demand::Demand;
use crate::experiment::run::judge;
use crate::experiment::trials::{Progress, Trial, extend};
use crate::experiment::{Metric, Verdict};
use crate::math::{floor, round};
use crate::model::{Model, Objective};
use crate::stats::Estimate;
use crate::theory::counting::binomial_at_least;
use crate::world::Failure;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// The share of replications that may break what must never happen.
const RARELY: f64 = 0.05;

/// What a probe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Holds for sure.
    Meets,
    /// Fails for sure.
    Fails,
    /// The evidence does not say.
    Undecided,
}

/// How sure a round must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// By the means alone: for rounds that only bring the search near.
    Point,
    /// By the intervals.
    Sure,
}

/// The probes made so far.
pub(super) struct Search<'a> {
    pub model: &'a Model,
    pub of: Demand,
    pub events: u64,
    pub stopped: bool,
    budget: u64,
    jobs: NonZeroUsize,
    progress: Progress<'a>,
    whole: bool,
    /// By the bits of the demand, which order as positive numbers do; none where a replication ran away.
    trials: BTreeMap<u64, Option<Trial>>,
}

impl<'a> Search<'a> {
    pub fn new(model: &'a Model, of: Demand, budget: u64, jobs: NonZeroUsize, progress: Progress<'a>) -> Self {
        let whole = of.is_whole(model);
        Search { model, of, events: 0, stopped: false, budget, jobs, progress, whole, trials: BTreeMap::new() }
    }

    /// The demand to the digits that matter; whole where only that makes sense.
    pub fn round(&self, demand: f64) -> f64 {
        match demand {
            d if self.whole => floor(d).max(1.0),
            d if d >= 1000.0 => round(d),
            d => round(d * 1000.0) / 1000.0,
        }
    }

    /// The least step between two demands.
    pub fn unit(&self) -> f64 {
        if self.whole { 1.0 } else { 0.0 }
    }

    /// Whether a demand would take too much of the budget.
    pub fn too_dear(&self, demand: f64) -> bool {
        let last =
            self.trials.iter().next_back().and_then(|(bits, trial)| Some((f64::from_bits(*bits), trial.as_ref()?)));
        let events = last.map_or(0.0, |(at, trial)| trial.events() as f64 / at * demand);
        events > (self.budget.saturating_sub(self.events)) as f64 / 4.0
            || events > self.model.run.max_events as f64 * 0.9
    }

    /// Whether a round with so many replications is the last that the budget allows: after it, one with twice as many
    /// and the verification would not fit.
    pub fn is_last(&self, demand: f64, replications: u32) -> bool {
        let known = self.trials.range(demand.to_bits()..).find_map(|(_, trial)| trial.as_ref());
        let one = known.map_or(0, Trial::events);
        let next = one.saturating_mul(u64::from(replications) * 7);
        replications >= super::MOST || self.events.saturating_add(next) > self.budget
    }

    /// Whether every objective holds with `n` replications.
    pub fn holds(&mut self, demand: f64, n: u32, rule: Rule) -> Result<bool, Failure> {
        self.simulate(demand, n)?;
        let Some(Some(trial)) = self.trials.get(&demand.to_bits()) else { return Ok(false) };
        Ok(self.model.objectives.iter().all(|objective| match rule {
            Rule::Sure => finding(trial, objective) == Finding::Meets,
            Rule::Point => within(trial, objective),
        }))
    }

    fn simulate(&mut self, demand: f64, n: u32) -> Result<(), Failure> {
        let key = demand.to_bits();
        if !self.trials.contains_key(&key) {
            let trial = self.of.set(self.model, demand).map(|model| Trial::new(model, 0)).transpose()?;
            self.trials.insert(key, trial);
        }
        let Some(Some(trial)) = self.trials.get_mut(&key) else { return Ok(()) };
        let before = trial.outcomes.len();
        match extend(&mut [&mut *trial], n, self.jobs, self.progress) {
            Ok(whole) => self.stopped |= !whole,
            // More plans than the model can carry: as failed as a demand can be.
            Err(Failure::Limit(_)) => {
                self.events += self.model.run.max_events.min(self.budget / 10);
                self.trials.insert(key, None);
                return Ok(());
            }
            Err(failure) => return Err(failure),
        }
        self.events +=
            trial.outcomes[before.min(trial.outcomes.len())..].iter().map(|outcome| outcome.events).sum::<u64>();
        Ok(())
    }

    /// What fresh replications say of a demand, as many as the search took there.
    pub fn fresh(&mut self, demand: f64) -> Result<(u32, Finding), Failure> {
        let used = self.trials.values().flatten().map(|trial| trial.outcomes.len()).max().unwrap_or(1) as u32;
        let Some(model) = self.of.set(self.model, demand) else { return Ok((0, Finding::Undecided)) };
        let mut trial = Trial::new(model, u64::from(used))?;
        self.stopped |= !extend(&mut [&mut trial], used, self.jobs, self.progress)?;
        self.events += trial.outcomes.iter().map(|outcome| outcome.events).sum::<u64>();
        Ok((trial.outcomes.len() as u32, all(&self.findings(&trial))))
    }

    fn findings(&self, trial: &Trial) -> Vec<Finding> {
        self.model.objectives.iter().map(|objective| finding(trial, objective)).collect()
    }

    /// All probes, by demand.
    pub fn probes(&self) -> Vec<Probe> {
        let probe = |(bits, trial): (&u64, &Option<Trial>)| {
            let objectives = trial
                .as_ref()
                .map_or_else(|| vec![Finding::Fails; self.model.objectives.len()], |trial| self.findings(trial));
            Probe {
                plans_per_day: f64::from_bits(*bits),
                replications: trial.as_ref().map_or(0, |trial| trial.outcomes.len() as u32),
                finding: all(&objectives),
                objectives,
            }
        };
        self.trials.iter().map(probe).collect()
    }

    /// The probes at which the mean of a metric is over a level, and those at which it is not: the largest demand of
    /// the ones below the first that is over, and that.
    pub fn passes(&self, over: impl Fn(&Trial) -> Option<bool>) -> (Option<f64>, Option<f64>) {
        let mut low = None;
        for (bits, trial) in &self.trials {
            let demand = f64::from_bits(*bits);
            match trial.as_ref().map(&over) {
                Some(Some(false)) => low = Some(demand),
                Some(Some(true)) | None => return (low, Some(demand)),
                Some(None) => {}
            }
        }
        (low, None)
    }

    /// A demand that fails for sure under one that meets for sure.
    pub fn not_monotone(&self) -> Option<(f64, f64)> {
        let probes = self.probes();
        // One replication that happens to go well says nothing.
        let sure =
            |probe: &Probe, finding| probe.finding == finding && (probe.replications >= 4 || probe.replications == 0);
        let fails = probes.iter().find(|probe| sure(probe, Finding::Fails))?;
        let meets = probes.iter().rev().find(|probe| sure(probe, Finding::Meets))?;
        (fails.plans_per_day < meets.plans_per_day).then_some((fails.plans_per_day, meets.plans_per_day))
    }
}

fn all(findings: &[Finding]) -> Finding {
    if findings.contains(&Finding::Fails) {
        Finding::Fails
    } else if findings.contains(&Finding::Undecided) {
        Finding::Undecided
    } else {
        Finding::Meets
    }
}

/// Whether an objective is a bound on what must never happen.
fn never(objective: &Objective) -> bool {
    objective.max == Some(0.0) && objective.min.is_none()
}

fn broken(trial: &Trial, objective: &Objective) -> Option<(u64, u64)> {
    let values: Vec<f64> = trial.values(&objective.metric)?.into_iter().flatten().collect();
    (!values.is_empty()).then(|| (values.iter().filter(|&&value| value > 0.0).count() as u64, values.len() as u64))
}

/// By the means alone.
pub(super) fn within(trial: &Trial, objective: &Objective) -> bool {
    if never(objective) {
        return broken(trial, objective).is_some_and(|(bad, n)| bad as f64 <= RARELY * n as f64);
    }
    let mean = trial.values(&objective.metric).and_then(Estimate::of).map(|estimate| estimate.mean);
    mean.is_some_and(|mean| mean >= objective.min.unwrap_or(f64::MIN) && mean <= objective.max.unwrap_or(f64::MAX))
}

/// By the intervals; for what must never happen, by the share of replications in which it does.
fn finding(trial: &Trial, objective: &Objective) -> Finding {
    if never(objective) {
        return match broken(trial, objective) {
            Some((bad, n)) if bad as f64 <= RARELY * n as f64 => Finding::Meets,
            Some((bad, n)) if n == 1 || binomial_at_least(n, RARELY, bad) <= 0.05 => Finding::Fails,
            _ => Finding::Undecided,
        };
    }
    let estimate = trial.values(&objective.metric).and_then(Estimate::of);
    let metric = Metric {
        name: String::new(),
        unit: "",
        mean: estimate.map(|e| e.mean),
        ci95: estimate.and_then(|e| e.ci95()),
        min: None,
        max: None,
    };
    match judge(objective, Some(&metric)) {
        Verdict::Met => Finding::Meets,
        Verdict::Broken => Finding::Fails,
        Verdict::Undecided => Finding::Undecided,
    }
}
