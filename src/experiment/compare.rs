//! Several configurations on the same traffic and the same draws: what differs, by how much, and whether it is
//! better. Pairing is by construction, since draws are addressed by what they are for.

use super::progress::{Progress, Work};
use super::run::{Missed, Precision, answer, judge, missed, next_round};
use super::trials::{Trial, extend};
use super::{Answer, Better, Options, Verdict, better};
use crate::math::special::student_upper;
use crate::math::sqrt;
use crate::model::{Model, Objective};
use crate::stats::{Estimate, Paired};
use crate::world::Failure;

/// The chance that any metric of a pair is called different when none is.
const LEVEL: f64 = 0.05;

/// How one configuration stands to the first in one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Better for sure.
    Better,
    /// Worse for sure.
    Worse,
    /// More for sure, of what is neither good nor bad.
    More,
    /// Less for sure, of what is neither good nor bad.
    Less,
    /// The same in every replication.
    Same,
    /// The evidence does not say.
    CannotTell,
    /// The other configuration has no such metric.
    OnlyFirst,
    /// The first has no such metric.
    OnlyOther,
}

impl Standing {
    /// Whether the two differ for sure.
    pub fn is_sure(self) -> bool {
        matches!(self, Standing::Better | Standing::Worse | Standing::More | Standing::Less)
    }
}

/// The second less the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The paired difference; none where the two have no replication in common in which both observed something.
    pub difference: Option<Estimate>,
    /// The difference over the first's mean.
    pub relative: Option<f64>,
    /// The chance of so large a difference if there were none (two-sided Student), before other metrics are counted.
    pub p: Option<f64>,
    /// The verdict, with the other metrics of the pair accounted for (Holm).
    pub standing: Standing,
    /// How many times wider the interval would be with independent draws.
    pub narrowing: Option<f64>,
}

/// One metric over all configurations.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// The mean of each configuration.
    pub means: Vec<Option<f64>>,
    /// Each configuration but the first, against the first.
    pub changes: Vec<Change>,
}

/// What `compare` found.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The names of the configurations; the first is what the others are held against.
    pub names: Vec<String>,
    /// The answer of each by itself.
    pub answers: Vec<Answer>,
    /// The metrics that any of them has, by name.
    pub rows: Vec<Row>,
    /// The objectives of all configurations, each with its verdict in every one.
    pub objectives: Vec<(Objective, Vec<Verdict>)>,
    /// Intervals that are still too wide, by configuration.
    pub missed: Vec<(usize, Missed)>,
}

impl Comparison {
    /// The metrics that tell best what changed between the first and configuration `other` (from 1): sure changes,
    /// the largest relative ones first. Classes, extremes and the run's own figures are left out.
    pub fn moved(&self, other: usize) -> Vec<&Row> {
        let change = |row: &Row| row.changes[other - 1];
        let sure = |row: &&Row| change(row).standing.is_sure();
        let telling = |row: &&Row| {
            let name = row.metric.as_str();
            !(name.starts_with("class.")
                || name.starts_with("run.")
                || name.ends_with(".max")
                || ["ended_by.", "refused_by.", "refused_at.", "lost_by.", "stopped_by."]
                    .iter()
                    .any(|by| name.contains(by)))
        };
        let mut rows: Vec<&Row> = self.rows.iter().filter(sure).filter(telling).collect();
        // What was 0 before has no relative change, and comes after those that have one.
        let size = |row: &Row| change(row).relative.map_or(0.0, f64::abs);
        rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
        rows
    }

    /// Why plans end otherwise than well, as it changed between the first and configuration `other` (from 1): the causes
    /// whose counts changed for sure, the largest changes first.
    pub fn why(&self, other: usize) -> Vec<&Row> {
        let change = |row: &Row| row.changes[other - 1];
        let sure = |row: &&Row| change(row).standing.is_sure();
        let is_cause = |row: &&Row| row.metric.starts_with("plans.ended_by.");
        let mut rows: Vec<&Row> = self.rows.iter().filter(is_cause).filter(sure).collect();
        let size = |row: &Row| change(row).difference.map_or(0.0, |difference| difference.mean.abs());
        rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
        rows
    }

    /// How many times pairing narrows the intervals of configuration `other` (from 1), at the median.
    pub fn narrowing(&self, other: usize) -> Option<f64> {
        let mut all: Vec<f64> = self.rows.iter().filter_map(|row| row.changes[other - 1].narrowing).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    }
}

/// Runs the configurations, each under its name, on the seed and replications of the first. With precisions it goes
/// on until the named intervals of all are narrow enough or `most` replications are done.
///
/// # Errors
/// The failure of the first replication that failed.
pub fn compare(
    configurations: Vec<(String, Model)>,
    precisions: (&[Precision], u32),
    options: &Options,
    progress: Progress<'_>,
) -> Result<Comparison, Failure> {
    let (precisions, most) = precisions;
    let Some((_, first)) = configurations.first() else {
        return Err(Failure::Internal("nothing to compare".into()));
    };
    let (seed, asked) = (first.run.seed, first.run.replications);
    let mut names = Vec::new();
    let mut trials = Vec::new();
    for (name, mut model) in configurations {
        (model.run.seed, model.run.replications) = (seed, asked);
        names.push(name);
        trials.push(Trial::new(model, 0)?);
    }
    let mut wanted = asked;
    let missed = loop {
        let before: usize = trials.iter().map(|trial| trial.columns.len()).sum();
        let at_most = Work::AtMost(u64::from(most) * trials.len() as u64);
        let so_far = |done: f64, all| match precisions {
            [] => progress(done, all),
            _ => progress(before as f64 + done, at_most),
        };
        let mut all: Vec<&mut Trial> = trials.iter_mut().collect();
        let whole = extend(&mut all, wanted, options.jobs, &so_far)?;
        let wide = trials
            .iter()
            .enumerate()
            .flat_map(|(at, trial)| missed(trial, precisions).into_iter().map(move |m| (at, m)));
        let wide: Vec<(usize, Missed)> = wide.collect();
        if wide.is_empty() || !whole || wanted >= most {
            break wide;
        }
        let only: Vec<Missed> = wide.into_iter().map(|(_, missed)| missed).collect();
        wanted = next_round(wanted, &only).min(most);
    };
    // After a stop, the first may have one replication more than the last.
    let common = trials.iter().map(|trial| trial.columns.len()).min().unwrap_or(0);
    trials.iter_mut().for_each(|trial| trial.columns.truncate(common));
    let answers = trials.iter().map(|trial| Answer { asked: wanted, ..answer(&trial.model, &trial.columns) }).collect();
    Ok(Comparison { names, rows: rows(&trials), objectives: objectives(&trials), answers, missed })
}

fn objectives(trials: &[Trial]) -> Vec<(Objective, Vec<Verdict>)> {
    let mut goals: Vec<&Objective> = Vec::new();
    for goal in trials.iter().flat_map(|trial| &trial.model.objectives) {
        if !goals.contains(&goal) {
            goals.push(goal);
        }
    }
    let verdicts = |goal: &Objective| trials.iter().map(|trial| judge(goal, trial.estimate(&goal.metric))).collect();
    goals.into_iter().map(|goal| (goal.clone(), verdicts(goal))).collect()
}

fn rows(trials: &[Trial]) -> Vec<Row> {
    let columns = trials.iter().flat_map(|trial| trial.columns.all());
    let mut metrics: Vec<(String, &'static str)> = columns.map(|column| (column.name.clone(), column.unit)).collect();
    metrics.sort();
    metrics.dedup_by(|a, b| a.0 == b.0);
    let mut rows: Vec<Row> = Vec::new();
    for (metric, unit) in metrics {
        let values: Vec<Option<Vec<Option<f64>>>> = trials.iter().map(|trial| trial.values(&metric)).collect();
        let mean = |values: &Option<Vec<Option<f64>>>| Some(Estimate::of(values.clone()?)?.mean);
        let changes = values[1..].iter().map(|second| change(values[0].as_deref(), second.as_deref())).collect();
        rows.push(Row { means: values.iter().map(mean).collect(), metric, unit, changes });
    }
    for other in 0..trials.len().saturating_sub(1) {
        settle(&mut rows, other);
    }
    rows
}

fn change(first: Option<&[Option<f64>]>, second: Option<&[Option<f64>]>) -> Change {
    let paired = first.zip(second).and_then(|(first, second)| Paired::of(first, second));
    let difference = paired.map(|paired| paired.difference);
    let base = first.and_then(|first| Estimate::of(first.iter().copied())).map(|first| first.mean);
    let relative = difference.zip(base).filter(|(_, base)| *base != 0.0).map(|(change, base)| change.mean / base.abs());
    Change {
        difference,
        relative,
        p: difference.and_then(|difference| chance(&difference)),
        standing: match (first, second) {
            (Some(_), None) => Standing::OnlyFirst,
            (None, Some(_)) => Standing::OnlyOther,
            _ => Standing::CannotTell,
        },
        narrowing: paired.and_then(|paired| paired.variance_reduction).map(sqrt),
    }
}

/// The two-sided chance of a mean so far from 0.
pub(super) fn chance(difference: &Estimate) -> Option<f64> {
    let half = difference.half_width?;
    if difference.min == difference.max {
        return Some(if difference.mean == 0.0 { 1.0 } else { 0.0 });
    }
    let freedom = (difference.count - 1) as f64;
    let error = half / crate::math::special::student_quantile(0.975, freedom);
    Some(2.0 * student_upper(difference.mean.abs() / error, freedom))
}

/// Holm's procedure over the metrics with a better way, and over the others.
fn settle(rows: &mut [Row], other: usize) {
    for judged in [true, false] {
        let family = (0..rows.len()).filter(|&at| better(&rows[at].metric).is_some() == judged);
        let mut family: Vec<(f64, usize)> =
            family.filter_map(|at| Some((rows[at].changes[other].p.filter(|&p| p < 1.0)?, at))).collect();
        family.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sure = true;
        for (rank, &(p, at)) in family.iter().enumerate() {
            sure &= p <= LEVEL / (family.len() - rank) as f64;
            if sure {
                let more = rows[at].changes[other].difference.is_some_and(|difference| difference.mean > 0.0);
                rows[at].changes[other].standing = standing(better(&rows[at].metric), more);
            }
        }
    }
    for row in rows {
        let change = &mut row.changes[other];
        if change.difference.is_some_and(|difference| (difference.min, difference.max) == (0.0, 0.0)) {
            change.standing = Standing::Same;
        }
    }
}

/// What a sure difference is, where one way is better; `more`: it is over 0.
pub(super) fn standing(better: Option<Better>, more: bool) -> Standing {
    match (better, more) {
        (Some(Better::More), true) | (Some(Better::Less), false) => Standing::Better,
        (Some(_), _) => Standing::Worse,
        (None, true) => Standing::More,
        (None, false) => Standing::Less,
    }
}
