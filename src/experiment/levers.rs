//! Which single change moves a metric the most: every lever is one key of the model at one other value, all on the
//! same draws as the model itself.
//!
//! A first pass takes a few replications of each. Then those that may be the best, or that cannot be told from no
//! change yet, get as many as the model asks for, as far as the budget goes: first who may be the best.

use super::compare::{Standing, standing};
use super::progress::{Progress, Work};
use super::run::judge;
use super::trials::{Trial, extend, extend_each};
use super::{Better, Objective, Options, Verdict, better};
use crate::model::Model;
use crate::stats::{Estimate, Paired};
use crate::world::Failure;

/// Replications of each lever in the first pass.
const FIRST: u32 = 5;
/// The fewest that have an interval.
const FEWEST: u32 = 2;
/// The chance that any interval of a difference misses it, over all levers and both passes.
const LEVEL: f64 = 0.05;
/// What is asked where no objective is broken, in this order: the first that is not 0.
const USUAL: [&str; 3] = ["plans.failed_fraction", "plans.overloaded_fraction", "plan.latency.p95"];
/// What is shown beside the metric.
const BILL: &str = "cost.month";
/// What becomes of plans: a change that makes one of these worse is no improvement.
const OUTCOMES: [&str; 3] = ["plans.per_day", "plans.failed_fraction", "plans.overloaded_fraction"];

/// One key of the model at another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// The key's path.
    pub path: String,
    /// Its value in the model.
    pub from: String,
    /// The value tried.
    pub to: String,
}

/// Where the metric comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// It was named.
    Named,
    /// The first objective that is broken.
    Broken,
    /// The first objective that is not decided; none is broken.
    Undecided,
    /// What people ask first; no objective is broken.
    Usual,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The metric, and which way of it is wanted where its name does not say; none to take what the objectives suggest.
    pub of: Option<(String, Option<Better>)>,
    /// Replications that all of it may take together.
    pub budget: u32,
}

/// What one lever does.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The lever.
    pub lever: Lever,
    /// The metric without and with it, over the same replications.
    pub means: (f64, f64),
    /// The paired difference.
    pub difference: Estimate,
    /// Where the difference lies, for all levers at once; none with one replication.
    pub interval: Option<(f64, f64)>,
    /// What that says.
    pub standing: Standing,
    /// Whether it cannot be told from the best: their intervals overlap.
    pub tied: bool,
    /// Objectives whose verdict it changes, over the same replications.
    pub turned: Vec<(Objective, Verdict, Verdict)>,
    /// What it makes worse, other than the metric: outcomes of plans, for sure, and metrics whose objective it breaks.
    pub harms: Vec<String>,
    /// By how much it changes the bill of a month in US dollars, where that is sure (95 %, by itself).
    pub bill: Option<f64>,
}

impl Effect {
    /// Whether it makes other plans fail, or breaks an objective: such a change is no improvement.
    pub fn does_harm(&self) -> bool {
        !self.harms.is_empty()
    }
}

/// Why a lever has no effect to show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Silent {
    /// The model refuses it, for this reason.
    Refused(String),
    /// Nothing was observed with it.
    NotObserved,
    /// It makes more work than a run may have.
    RanAway,
}

/// The answer of `levers`.
#[derive(Clone, Debug, PartialEq)]
pub struct Levers {
    /// The model's name.
    pub model: String,
    /// Its digest.
    pub digest: String,
    /// The seed.
    pub seed: u64,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// Which way of it is better; none where neither is.
    pub better: Option<Better>,
    /// Why this metric.
    pub aim: Aim,
    /// The metric without any change.
    pub before: Option<Estimate>,
    /// What the levers do: sure improvements first, the largest of them at the top, then what is sure otherwise, then
    /// what cannot be told from no change.
    pub effects: Vec<Effect>,
    /// Levers that say nothing.
    pub silent: Vec<(Lever, Silent)>,
    /// How sure each interval is by itself, so that all of them hold together at 95 %.
    pub confidence: f64,
    /// Replications of each lever in the first pass, and of those that went on.
    pub replications: (u32, u32),
    /// Replications that all of it took.
    pub runs: u32,
    /// Replications that it might have taken.
    pub budget: u32,
    /// Whether it was stopped before its end.
    pub partial: bool,
}

impl Levers {
    /// The lever that improves the metric most, if one does so for sure and does no harm besides; of a metric without a
    /// better way, the one that moves it most.
    pub fn best(&self) -> Option<&Effect> {
        self.effects.first().filter(|effect| !effect.does_harm()).filter(|effect| match self.better {
            Some(_) => effect.standing == Standing::Better,
            None => matches!(effect.standing, Standing::More | Standing::Less),
        })
    }

    /// What can be told from no change, and what cannot.
    pub fn sure(&self) -> (Vec<&Effect>, Vec<&Effect>) {
        self.effects.iter().partition(|effect| effect.standing.is_sure())
    }
}

/// The least budget for so many levers.
pub fn least_budget(levers: usize) -> u32 {
    FEWEST * (levers as u32 + 1)
}

/// Tries the levers, each with the model that it makes of `base` or why it makes none, on the seed and the replications
/// of `base`.
///
/// # Errors
/// A failure of the base; of a lever, any but that it cannot carry its traffic.
pub fn levers(
    base: &Model,
    levers: Vec<(Lever, Result<Model, String>)>,
    question: Question,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Levers, Failure> {
    let (mut models, mut silent) = (Vec::new(), Vec::new());
    for (lever, model) in levers {
        match model {
            Ok(model) => models.push((lever, model)),
            Err(why) => silent.push((lever, Silent::Refused(why))),
        }
    }
    let (tried, budget) = (models.len() as u32, question.budget);
    let asked = base.run.replications.max(FEWEST);
    let first = (budget / (tried + 1)).min(FIRST).min(asked);
    if first < FEWEST {
        return Err(Failure::Limit(format!("a budget of at least {} is needed", least_budget(models.len()))));
    }
    let most = asked.min(budget - first * tried);
    let of = budget.min(asked * (tried + 1));
    let mut trial = Trial::new(base.clone(), 0)?;
    let mut whole = extend(&mut [&mut trial], most, options.jobs, &|done, _| progress(done, Work::AtMost(of.into())))?;
    let (metric, better, aim) = aim(&trial, question.of);
    let passes = if most > first { 2.0 } else { 1.0 };
    let confidence = 1.0 - LEVEL / (passes * f64::from(tried.max(1)));
    let mut search = Search { metric, better, confidence, base: trial, tried: Vec::new(), runs: most, of };
    for (lever, mut model) in models {
        (model.run.seed, model.run.replications) = (base.run.seed, base.run.replications);
        search.tried.push((lever, Trial::new(model, 0)?));
    }
    let all: Vec<usize> = (0..search.tried.len()).collect();
    whole = whole && search.extend(&all, (0, first), options, progress)?;
    if whole && most > first {
        let mut open = search.open();
        open.truncate(((budget - search.runs) / (most - first)) as usize);
        whole = search.extend(&open, (first, most), options, progress)?;
    }
    let effects = search.effects(&mut silent);
    let done = search.base.columns.len() + search.tried.iter().map(|(_, trial)| trial.columns.len()).sum::<usize>();
    Ok(Levers {
        model: base.name.clone(),
        digest: base.digest.clone(),
        seed: base.run.seed,
        unit: search.unit(),
        before: search.base.estimate(&search.metric),
        better,
        aim,
        effects,
        silent,
        confidence,
        replications: (first, most),
        runs: if whole { search.runs } else { done as u32 },
        budget,
        partial: !whole,
        metric: search.metric,
    })
}

/// The metric that is asked of, which way of it is better, and why it.
fn aim(base: &Trial, of: Option<(String, Option<Better>)>) -> (String, Option<Better>, Aim) {
    let goals = &base.model.objectives;
    let bounded = |metric: &str| {
        let goal = goals.iter().find(|goal| goal.metric == metric)?;
        match (goal.min, goal.max) {
            (Some(_), None) => Some(Better::More),
            (None, Some(_)) => Some(Better::Less),
            _ => None,
        }
    };
    let way = |metric: &str| better(metric).or_else(|| bounded(metric));
    if let Some((metric, wanted)) = of {
        let way = wanted.or_else(|| way(&metric));
        return (metric, way, Aim::Named);
    }
    let seen = |metric: &str| base.estimate(metric);
    let judged = |wanted: Verdict| {
        goals.iter().find(|goal| seen(&goal.metric).is_some() && verdict(base, goal, usize::MAX) == wanted)
    };
    if let Some(goal) = judged(Verdict::Broken) {
        // Back inside the bound that it is beyond, whatever its name says.
        let above = goal.max.is_some_and(|max| seen(&goal.metric).is_some_and(|estimate| estimate.mean > max));
        return (goal.metric.clone(), Some(if above { Better::Less } else { Better::More }), Aim::Broken);
    }
    if let Some(goal) = judged(Verdict::Undecided) {
        return (goal.metric.clone(), way(&goal.metric), Aim::Undecided);
    }
    let metric = USUAL.into_iter().find(|metric| seen(metric).is_some_and(|estimate| estimate.max > 0.0));
    let metric = metric.unwrap_or(USUAL[0]);
    (metric.into(), better(metric), Aim::Usual)
}

/// What the first `n` replications say of an objective.
fn verdict(trial: &Trial, goal: &Objective, n: usize) -> Verdict {
    let columns = &trial.columns;
    judge(goal, columns.get(&goal.metric).and_then(|column| columns.estimate_of(column, n)))
}

/// The levers under trial.
struct Search {
    metric: String,
    better: Option<Better>,
    /// Of each interval.
    confidence: f64,
    base: Trial,
    tried: Vec<(Lever, Trial)>,
    /// Replications so far, and at most.
    runs: u32,
    of: u32,
}

impl Search {
    /// Brings some of the levers from so many replications to so many.
    fn extend(
        &mut self,
        which: &[usize],
        (from, to): (u32, u32),
        options: &Options,
        progress: Progress<'_>,
    ) -> Result<bool, Failure> {
        let (runs, of) = (self.runs, self.of);
        self.runs += which.len() as u32 * (to - from);
        let some = self.tried.iter_mut().enumerate().filter(|(at, _)| which.contains(at));
        let mut trials: Vec<&mut Trial> = some.map(|(_, (_, trial))| trial).collect();
        extend_each(&mut trials, to, options.jobs, &|done, _| progress(f64::from(runs) + done, Work::AtMost(of.into())))
    }

    fn paired(&self, trial: &Trial, metric: &str) -> Option<Paired> {
        Paired::of(&self.base.values(metric)?, &trial.values(metric)?)
    }

    /// How much better a difference is; of a metric without a better way, how large it is.
    fn gain(&self, difference: f64) -> f64 {
        match self.better {
            Some(Better::More) => difference,
            Some(Better::Less) => -difference,
            None => difference.abs(),
        }
    }

    /// The levers of which more replications may say more: those that may be the best, the best so far first, then
    /// those that may be no change, the least likely first. What is the same in every replication is left.
    fn open(&self) -> Vec<usize> {
        let seen = self.tried.iter().enumerate().filter(|(_, (_, trial))| !trial.ran_away);
        let seen: Vec<(usize, Estimate, (f64, f64))> = seen
            .filter_map(|(at, (_, trial))| {
                let difference = self.paired(trial, &self.metric)?.difference;
                Some((at, difference, difference.interval(self.confidence)?))
                    .filter(|_| (difference.min, difference.max) != (0.0, 0.0))
            })
            .collect();
        let ends = |(low, high): (f64, f64)| match (self.gain(low), self.gain(high)) {
            (a, b) if self.better.is_none() && low < 0.0 && high > 0.0 => (0.0, a.max(b)),
            (a, b) => (a.min(b), a.max(b)),
        };
        let leader = seen.iter().max_by(|a, b| self.gain(a.1.mean).total_cmp(&self.gain(b.1.mean)));
        let behind = leader.map_or(0.0, |leader| ends(leader.2).0);
        let mut open: Vec<(bool, f64, usize)> = Vec::new();
        for &(at, difference, (low, high)) in &seen {
            if ends((low, high)).1 >= behind {
                open.push((false, -self.gain(difference.mean), at));
            } else if low <= 0.0 && high >= 0.0 {
                open.push((true, -difference.mean.abs() / (high - low), at));
            }
        }
        open.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        open.into_iter().map(|(_, _, at)| at).collect()
    }

    fn unit(&self) -> &'static str {
        self.base.columns.get(&self.metric).map_or("", |column| column.unit)
    }

    /// What the levers do, in order; those that say nothing are put down apart.
    fn effects(&self, silent: &mut Vec<(Lever, Silent)>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (lever, trial) in self.tried.iter().filter(|(_, trial)| trial.ran_away || !trial.columns.is_empty()) {
            match self.effect(lever, trial) {
                _ if trial.ran_away => silent.push((lever.clone(), Silent::RanAway)),
                Some(effect) => effects.push(effect),
                None => silent.push((lever.clone(), Silent::NotObserved)),
            }
        }
        let rank = |effect: &Effect| match effect.standing {
            Standing::Better | Standing::More | Standing::Less if !effect.does_harm() => 0,
            Standing::Better | Standing::Worse | Standing::More | Standing::Less => 1,
            Standing::CannotTell => 2,
            Standing::Same | Standing::OnlyFirst | Standing::OnlyOther => 3,
        };
        let harm = |effect: &Effect| -> i32 {
            let broken = |verdict: Verdict| i32::from(verdict == Verdict::Broken);
            effect.turned.iter().map(|(_, before, after)| broken(*after) - broken(*before)).sum()
        };
        effects.sort_by(|a, b| {
            let gain = |effect: &Effect| self.gain(effect.difference.mean);
            // Of two that do the same, first the one that breaks less and mends more.
            rank(a).cmp(&rank(b)).then(gain(b).total_cmp(&gain(a))).then(harm(a).cmp(&harm(b)))
        });
        let best =
            effects.first().filter(|best| rank(best) == 0).and_then(|best| Some((best.standing, best.interval?)));
        for effect in effects.iter_mut().skip(1) {
            let overlaps = |(low, high): (f64, f64)| effect.interval.is_some_and(|(l, h)| l <= high && low <= h);
            let is_alike = |(standing, interval)| standing == effect.standing && overlaps(interval);
            effect.tied = rank(effect) == 0 && best.is_some_and(is_alike);
        }
        effects
    }

    /// Whether a lever makes a metric worse for sure.
    fn is_worse(&self, trial: &Trial, metric: &str) -> bool {
        let interval = self.paired(trial, metric).and_then(|paired| paired.difference.interval(self.confidence));
        interval.is_some_and(|(low, high)| match better(metric) {
            Some(Better::More) => high < 0.0,
            Some(Better::Less) => low > 0.0,
            None => false,
        })
    }

    /// Whether a lever moves a metric the worse way. What leaves a band for the better does no harm.
    fn falls(&self, trial: &Trial, metric: &str) -> bool {
        let more = self.paired(trial, metric).is_some_and(|paired| paired.difference.mean > 0.0);
        match better(metric) {
            Some(Better::More) => !more,
            Some(Better::Less) => more,
            None => true,
        }
    }

    fn effect(&self, lever: &Lever, trial: &Trial) -> Option<Effect> {
        let difference = self.paired(trial, &self.metric)?.difference;
        let interval = difference.interval(self.confidence);
        let standing = match interval {
            _ if (difference.min, difference.max) == (0.0, 0.0) => Standing::Same,
            Some((low, high)) if low > 0.0 || high < 0.0 => standing(self.better, difference.mean > 0.0),
            _ => Standing::CannotTell,
        };
        let n = trial.columns.len();
        let both = self.base.values(&self.metric)?.into_iter().zip(trial.values(&self.metric)?);
        let both: Vec<(f64, f64)> = both.filter_map(|(before, after)| before.zip(after)).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| Some(Estimate::of(both.iter().map(|pair| Some(of(pair))))?.mean);
        let turned = self.base.model.objectives.iter().filter_map(|goal| {
            let (before, after) = (verdict(&self.base, goal, n), verdict(trial, goal, n));
            (before != after).then(|| (goal.clone(), before, after))
        });
        let turned: Vec<(Objective, Verdict, Verdict)> = turned.collect();
        let outcomes = OUTCOMES.into_iter().filter(|metric| self.is_worse(trial, metric)).map(String::from);
        let broken =
            turned.iter().filter(|(goal, _, after)| *after == Verdict::Broken && self.falls(trial, &goal.metric));
        let mut harms: Vec<String> = outcomes.chain(broken.map(|(goal, ..)| goal.metric.clone())).collect();
        harms.retain(|metric| *metric != self.metric);
        harms.dedup();
        let bill = self.paired(trial, BILL).filter(|paired| paired.direction().is_some());
        Some(Effect {
            lever: lever.clone(),
            means: (mean(|pair| pair.0)?, mean(|pair| pair.1)?),
            difference,
            interval,
            standing,
            tied: false,
            turned,
            harms,
            bill: bill.map(|paired| paired.difference.mean),
        })
    }
}
