//! What is simulated at one demand, and what it says of the objectives.

use super::Probe;
use crate::experiment::Verdict;
use crate::experiment::demand::Demand;
use crate::experiment::progress::{Progress, Searching, Work};
use crate::experiment::run::judge;
use crate::experiment::trials::{Trial, extend_each};
use crate::math::{floor, ln, pow, round};
use crate::model::{Model, Objective};
use crate::stats::Paired;
use crate::theory::counting::binomial_at_least;
use crate::units::Span;
use crate::world::Failure;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// The share of replications that may break what must never happen.
pub const RARELY: f64 = 0.05;

/// What breaks first beyond a capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    /// At so many plans a day.
    pub plans_per_day: f64,
    /// The objective that does not hold there.
    pub objective: Objective,
    /// Whether that is sure.
    pub finding: Finding,
    /// The mean of its metric.
    pub mean: f64,
    /// Of what must never happen: in how many of how many replications it did.
    pub broken: Option<(u64, u64)>,
    /// How long a replication is.
    pub horizon: Span,
    /// What a replication counts there by cause, by metric: `kv.writes.refused_by.key_spacing`.
    pub causes: Vec<(String, f64)>,
}

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

/// Replications of this length at least show a week as it is.
const WEEK: Span = Span::from_secs(7 * 86_400);

/// The number of the first whole replication: number 0 has served the screening.
const WHOLE: u64 = 1;

/// The probes made so far.
pub(super) struct Search<'a> {
    pub model: &'a Model,
    pub of: Demand,
    pub events: u64,
    pub stopped: bool,
    /// The first demand tried on whole replications.
    pub first_tried: Option<f64>,
    /// The largest demand at which the objectives seemed to hold, and the smallest at which they did not.
    pub seen: (Option<f64>, Option<f64>),
    budget: u64,
    jobs: NonZeroUsize,
    progress: Progress<'a>,
    whole: bool,
    /// By the bits of the demand, which order as positive numbers do.
    trials: BTreeMap<u64, Trial>,
    /// The model with a shorter horizon, where its own is long, and one replication of it by demand.
    short: Model,
    screened: BTreeMap<u64, Trial>,
}

impl<'a> Search<'a> {
    pub fn new(model: &'a Model, of: Demand, budget: u64, jobs: NonZeroUsize, progress: Progress<'a>) -> Self {
        let whole = of.is_whole(model);
        let (trials, screened) = (BTreeMap::new(), BTreeMap::new());
        let short = shorter(model);
        Search {
            model,
            of,
            events: 0,
            stopped: false,
            first_tried: None,
            seen: (None, None),
            budget,
            jobs,
            progress,
            whole,
            trials,
            short,
            screened,
        }
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

    /// Whether screening a demand would take too much of the budget.
    pub fn too_dear(&self, demand: f64) -> bool {
        let last = self.screened.iter().rev().find(|(_, trial)| !trial.ran_away);
        let events = last.map_or(0.0, |(bits, trial)| trial.events() as f64 / f64::from_bits(*bits) * demand);
        events > (self.budget.saturating_sub(self.events)) as f64 / 4.0
            || events > self.model.run.max_events as f64 * 0.9
    }

    /// Whether a round with so many replications fits the budget: two demands, and the trial on fresh ones.
    pub fn affords(&self, demand: f64, replications: u32) -> bool {
        replications <= super::MOST && self.fits(demand, 3 * u64::from(replications))
    }

    /// Whether so many replications of one demand fit the budget.
    pub fn pays(&self, demand: f64, replications: u32) -> bool {
        self.fits(demand, u64::from(replications))
    }

    /// Whether so many replications of a demand in all, less those that are done, fit what is left of the budget.
    fn fits(&self, demand: f64, replications: u64) -> bool {
        let per_plan = self.trials.values().chain(self.screened.values()).rfind(|trial| !trial.ran_away);
        let per_plan = per_plan.map_or(0.0, |trial| trial.events() as f64 / self.offered(trial));
        let one = per_plan * demand * self.model.run.horizon.days();
        let done = self.trials.get(&demand.to_bits()).map_or(0, |trial| trial.columns.len()) as f64;
        self.events as f64 + one * (replications as f64 - done) <= self.budget as f64
    }

    /// Plans that a replication of a trial offers.
    fn offered(&self, trial: &Trial) -> f64 {
        self.of.now(&trial.model).unwrap_or(1.0) * trial.model.run.horizon.days()
    }

    /// Whether the objectives seem to hold at some demands, by one short replication of each.
    pub fn seem(&mut self, demands: &[f64]) -> Result<Vec<bool>, Failure> {
        let so_far = self.so_far();
        for demand in demands {
            if !self.screened.contains_key(&demand.to_bits())
                && let Some(model) = self.of.set(&self.short, *demand)
            {
                self.screened.insert(demand.to_bits(), Trial::new(model, 0)?);
            }
        }
        let asked = |bits: &u64| demands.iter().any(|demand| demand.to_bits() == *bits);
        let mut new: Vec<&mut Trial> = self
            .screened
            .iter_mut()
            .filter(|(bits, trial)| asked(bits) && trial.columns.is_empty())
            .map(|(_, trial)| trial)
            .collect();
        let (work, progress) = (Work::Search(so_far), self.progress);
        self.stopped |= !extend_each(&mut new, 1, self.jobs, &|done, _| progress(done, work))?;
        let (allowed, budget) = (self.model.run.max_events, self.budget);
        self.events += new.iter().map(|trial| spent(trial, 0, allowed.min(budget / 10))).sum::<u64>();
        self.screened.retain(|_, trial| trial.ran_away || !trial.columns.is_empty());
        let known = |demand: &f64| self.screened.get(&demand.to_bits()).map(|trial| self.within_all(trial));
        let seems: Vec<Option<bool>> = demands.iter().map(known).collect();
        for (demand, seems) in demands.iter().zip(&seems) {
            seems.iter().for_each(|holds| self.note(*demand, *holds));
        }
        Ok(seems.into_iter().map(|seems| seems == Some(true)).collect())
    }

    /// What has been found so far.
    fn so_far(&self) -> Searching {
        let probes = self.longest().len();
        let (holds, fails) = self.seen;
        Searching { probes, events: (self.events, self.budget), holds, fails, search: None }
    }

    fn note(&mut self, demand: f64, holds: bool) {
        let (low, high) = &mut self.seen;
        match holds {
            true => *low = Some(low.map_or(demand, |low| low.max(demand))),
            false => *high = Some(high.map_or(demand, |high| high.min(demand))),
        }
    }

    fn within_all(&self, trial: &Trial) -> bool {
        !trial.ran_away && self.model.objectives.iter().all(|objective| within(trial, objective))
    }

    /// Whether every objective holds for sure with `n` replications. Half of them are enough where their means break a
    /// bound, or where all will not do.
    pub fn holds(&mut self, demand: f64, n: u32) -> Result<bool, Failure> {
        self.simulate(demand, n.div_ceil(2))?;
        let goes_on = self.by_means(demand) && (self.meets(demand) || !self.is_hopeless(demand, n));
        if goes_on && !self.stopped {
            self.simulate(demand, n)?;
        }
        let holds = goes_on && self.meets(demand);
        if !self.stopped {
            self.note(demand, holds);
        }
        Ok(holds)
    }

    fn meets(&self, demand: f64) -> bool {
        self.tried(demand).1 == Finding::Meets
    }

    /// Whether `n` replications would not show that the objectives hold, by the `n` of the next smaller demand and by
    /// how far the first few here are from the same ones there: on the same draws they differ by little but the demand.
    fn is_hopeless(&self, demand: f64, n: u32) -> bool {
        let (below, here) = (self.trials.range(..demand.to_bits()).next_back(), self.trials.get(&demand.to_bits()));
        let (Some((_, below)), Some(here)) = (below, here) else { return false };
        if below.ran_away || here.ran_away || below.columns.len() < n as usize {
            return false;
        }
        self.model.objectives.iter().filter(|objective| !never(objective)).any(|objective| {
            let Some((there, here)) = below.values(&objective.metric).zip(here.values(&objective.metric)) else {
                return false;
            };
            let change = Paired::of(&there, &here).map_or(0.0, |paired| paired.difference.mean);
            let expected = below.estimate(&objective.metric).and_then(|estimate| estimate.ci95());
            expected.is_some_and(|(low, high)| {
                objective.max.is_some_and(|max| high + change > max)
                    || objective.min.is_some_and(|min| low + change < min)
            })
        })
    }

    /// Whether the means at a demand that was simulated lie within the bounds.
    fn by_means(&self, demand: f64) -> bool {
        self.trials.get(&demand.to_bits()).is_some_and(|trial| self.within_all(trial))
    }

    fn simulate(&mut self, demand: f64, n: u32) -> Result<(), Failure> {
        let key = demand.to_bits();
        if !self.trials.contains_key(&key)
            && let Some(model) = self.of.set(self.model, demand)
        {
            self.first_tried.get_or_insert(demand);
            self.trials.insert(key, Trial::new(model, WHOLE)?);
        }
        let (work, progress) = (Work::Search(self.so_far()), self.progress);
        let Some(trial) = self.trials.get_mut(&key) else { return Ok(()) };
        let before = trial.columns.len();
        self.stopped |= !extend_each(&mut [&mut *trial], n, self.jobs, &|done, _| progress(done, work))?;
        self.events += self.trials.get(&key).map_or(0, |trial| self.spent(trial, before));
        self.trials.retain(|_, trial| trial.ran_away || !trial.columns.is_empty());
        Ok(())
    }

    fn spent(&self, trial: &Trial, before: usize) -> u64 {
        spent(trial, before, self.model.run.max_events.min(self.budget / 10))
    }

    /// The demand at which the objectives would just hold for sure, by how steeply the metrics changed between two
    /// demands in the screening: a guess where to look next. None where nothing tells.
    pub fn aim(&self, from: f64) -> Option<f64> {
        let trial = self.trials.get(&from.to_bits()).filter(|trial| !trial.ran_away)?;
        let of = |objective: &Objective| {
            let estimate = trial.estimate(&objective.metric)?;
            let (low, high) = estimate.ci95()?;
            let steep = self.elasticity(&objective.metric, from)?;
            let (bound, edge) = match (objective.max, objective.min) {
                (Some(max), _) if max > 0.0 && steep > 0.0 => (max, high),
                (None, Some(min)) if steep < 0.0 => (min, low),
                _ => return None,
            };
            let guess = from * pow(bound / edge, 1.0 / steep);
            (guess.is_finite() && guess > 0.0).then_some(guess)
        };
        self.model.objectives.iter().filter_map(of).min_by(f64::total_cmp)
    }

    /// By what power of the demand a metric rises around one.
    fn elasticity(&self, metric: &str, around: f64) -> Option<f64> {
        let mean = |trial: &Trial| Some(trial.estimate(metric)?.mean);
        let seen =
            |(bits, trial): (&u64, &Trial)| Some((f64::from_bits(*bits), mean(trial).filter(|mean| *mean > 0.0)?));
        let known: Vec<(f64, f64)> =
            self.screened.iter().filter(|(_, trial)| !trial.ran_away).filter_map(seen).collect();
        let above = known.iter().position(|(at, _)| *at > around)?.max(1);
        let ((a, low), (b, high)) = (*known.get(above - 1)?, *known.get(above)?);
        let steep = ln(high / low) / ln(b / a);
        (steep.is_finite() && steep.abs() > 0.2).then_some(steep)
    }

    /// Whether more replications would make the answer between two neighbours better: what breaks the upper one is
    /// not shown by the means, or is chance that is 0 at neither and certain at neither.
    pub fn is_vague(&self, low: f64, high: f64) -> bool {
        let trial = |demand: f64| self.trials.get(&demand.to_bits()).filter(|trial| !trial.ran_away);
        let (Some(below), Some(above)) = (trial(low), trial(high)) else { return false };
        if !self.within_all(above) {
            let breaks = |objective: &&Objective| !within(above, objective);
            let certain = |objective: &Objective| {
                let share = |trial| broken(trial, objective).map_or(0.0, |(bad, n)| bad as f64 / n as f64);
                share(below) == 0.0 && share(above) == 1.0
            };
            return !self
                .model
                .objectives
                .iter()
                .filter(breaks)
                .any(|objective| !never(objective) || certain(objective));
        }
        true
    }

    /// What fresh replications say of a demand, as many as the search took there.
    pub fn fresh(&mut self, demand: f64) -> Result<(u32, Finding), Failure> {
        let used = self.trials.values().map(|trial| trial.columns.len()).max().unwrap_or(1) as u32;
        let done = self.trials.get(&demand.to_bits()).map_or(used, |trial| trial.columns.len() as u32);
        // As many as the search took there, or as the budget still pays.
        let pays = |fresh: &u32| self.fits(demand, u64::from(done) + u64::from(*fresh));
        let Some(there) = (1..=done).rev().find(pays) else { return Ok((0, Finding::Undecided)) };
        let Some(model) = self.of.set(self.model, demand) else { return Ok((0, Finding::Undecided)) };
        let mut trial = Trial::new(model, WHOLE + u64::from(used))?;
        let (work, progress) = (Work::Search(self.so_far()), self.progress);
        self.stopped |= !extend_each(&mut [&mut trial], there, self.jobs, &|done, _| progress(done, work))?;
        self.events += self.spent(&trial, 0);
        let finding = if trial.ran_away { Finding::Fails } else { all(&self.findings(&trial)) };
        Ok((trial.columns.len() as u32, finding))
    }

    /// What the replications at a demand say, and how many they are.
    pub fn tried(&self, demand: f64) -> (u32, Finding) {
        let trial = self.trials.get(&demand.to_bits()).filter(|trial| !trial.ran_away);
        trial.map_or((0, Finding::Fails), |trial| (trial.columns.len() as u32, all(&self.findings(trial))))
    }

    /// Whether some objective fails for sure.
    pub fn fails(&self, demand: f64) -> bool {
        self.tried(demand).1 == Finding::Fails
    }

    /// Whether the budget is used up, but for what a trial on fresh replications takes.
    pub fn is_spent(&self) -> bool {
        self.events > self.budget / 3 * 2
    }

    fn findings(&self, trial: &Trial) -> Vec<Finding> {
        self.model.objectives.iter().map(|objective| finding(trial, objective)).collect()
    }

    /// All demands, each with its longest trial.
    fn longest(&self) -> BTreeMap<u64, &Trial> {
        let mut all: BTreeMap<u64, &Trial> = self.screened.iter().map(|(bits, trial)| (*bits, trial)).collect();
        all.extend(self.trials.iter().map(|(bits, trial)| (*bits, trial)));
        all
    }

    /// All probes, by demand.
    pub fn probes(&self) -> Vec<Probe> {
        let probe = |(bits, trial): (u64, &Trial)| {
            let objectives = match trial.ran_away {
                true => vec![Finding::Fails; self.model.objectives.len()],
                false => self.findings(trial),
            };
            Probe {
                plans_per_day: f64::from_bits(bits),
                replications: if trial.ran_away { 0 } else { trial.columns.len() as u32 },
                horizon: trial.model.run.horizon,
                finding: all(&objectives),
                objectives,
            }
        };
        self.longest().into_iter().map(probe).collect()
    }

    /// What breaks at a demand, the objective that is furthest from its bound first: how, and what was counted there that
    /// has a cause. One replication in passing says nothing.
    pub fn breaks_at(&self, demand: f64) -> Option<Break> {
        let trial = self.trials.get(&demand.to_bits()).filter(|trial| !trial.ran_away && trial.columns.len() > 1)?;
        let judged = self.model.objectives.iter().map(|objective| (objective, finding(trial, objective)));
        let not_met = judged.filter(|(_, finding)| *finding != Finding::Meets);
        let (objective, finding) = not_met.min_by_key(|(objective, finding)| {
            (*finding != Finding::Fails, within(trial, objective), !never(objective))
        })?;
        let has_cause = |name: &str| ["ended_by", "refused_by", "lost_by"].iter().any(|by| name.contains(by));
        let counts = trial.columns.all().iter().filter(|column| has_cause(&column.name));
        let causes = counts.filter_map(|column| Some((column.name.clone(), trial.estimate(&column.name)?.mean)));
        Some(Break {
            plans_per_day: demand,
            objective: objective.clone(),
            finding,
            mean: trial.estimate(&objective.metric)?.mean,
            broken: broken(trial, objective).filter(|_| never(objective)),
            horizon: trial.model.run.horizon,
            causes: causes.filter(|(_, count)| *count > 0.0).collect(),
        })
    }

    /// The smallest demand simulated at which this is so, and the largest below it at which it is not; where the answer
    /// is none, the evidence at that demand does not say.
    pub fn passes(&self, is_so: impl Fn(&Trial) -> Option<bool>) -> (Option<f64>, Option<f64>) {
        let mut low = None;
        for (bits, trial) in self.longest() {
            let demand = f64::from_bits(bits);
            match is_so(trial) {
                Some(false) => low = Some(demand),
                Some(true) => return (low, Some(demand)),
                None => {}
            }
        }
        (low, None)
    }

    /// A demand that fails for sure under one that meets for sure.
    pub fn not_monotone(&self) -> Option<(f64, f64)> {
        let probes = self.probes();
        // One replication that happens to go well says nothing.
        let sure =
            |probe: &Probe, finding| probe.finding == finding && (probe.replications >= 2 || probe.replications == 0);
        let fails = probes.iter().find(|probe| sure(probe, Finding::Fails))?;
        let meets = probes.iter().rev().find(|probe| sure(probe, Finding::Meets))?;
        (fails.plans_per_day < meets.plans_per_day).then_some((fails.plans_per_day, meets.plans_per_day))
    }
}

/// The model over one week, where its own horizon is at least two: enough to see where to look.
fn shorter(model: &Model) -> Model {
    let mut short = model.clone();
    let week = WEEK.saturating_add(model.run.warmup);
    if model.run.horizon.secs() >= 2.0 * week.secs() {
        short.run.horizon = week;
    }
    short
}

/// Events of the replications of a trial from number `before` on; one that ran away has taken what was `allowed`.
fn spent(trial: &Trial, before: usize, allowed: u64) -> u64 {
    let known = trial.columns.events().iter().skip(before).sum::<u64>();
    known + if trial.ran_away { allowed } else { 0 }
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
    let mean = trial.estimate(&objective.metric).map(|estimate| estimate.mean);
    mean.is_some_and(|mean| mean >= objective.min.unwrap_or(f64::MIN) && mean <= objective.max.unwrap_or(f64::MAX))
}

/// Whether an objective is broken for sure, or met for sure. One replication that happens to go well or badly says
/// nothing; one that ran away met nothing.
pub(super) fn breaks(trial: &Trial, objective: &Objective) -> Option<bool> {
    if trial.ran_away {
        return Some(true);
    }
    match finding(trial, objective) {
        _ if trial.columns.len() < 2 => None,
        Finding::Meets => Some(false),
        Finding::Fails => Some(true),
        Finding::Undecided => None,
    }
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
    let estimate = trial.estimate(&objective.metric);
    match judge(objective, estimate) {
        Verdict::Met => Finding::Meets,
        Verdict::Broken => Finding::Fails,
        Verdict::Undecided => Finding::Undecided,
    }
}
