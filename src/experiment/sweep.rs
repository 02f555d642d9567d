//! Many configurations: a grid over values of the model, or a Latin hypercube of it, all points and replications as
//! one list of jobs.

use super::progress::{Progress, Work};
use super::run::answer;
use super::trials::{Trial, Turns, extend_to};
use super::{Answer, Options};
use crate::math::{floor, round};
use crate::model::Model;
use crate::streams::{Purpose, Source};
use crate::world::Failure;

/// Points of a grid at most.
const POINTS_MAX: usize = 100_000;

/// A value of the model to vary, and its values as `--set` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The path.
    pub path: String,
    /// The values, in order; at least one.
    pub values: Vec<String>,
}

/// What is set at a point of a grid: the path and the value of each axis.
pub fn set_at<'a>(axes: &'a [Axis], at: &'a [usize]) -> impl Iterator<Item = (&'a str, &'a str)> {
    axes.iter().zip(at).map(|(axis, &at)| (axis.path.as_str(), axis.values[at].as_str()))
}

impl Axis {
    /// Reads `PATH=1..16`, `PATH=0..1/0.25`, or `PATH=8s,12s,20s`.
    ///
    /// # Errors
    /// What is wrong, in a clause.
    pub fn parse(text: &str) -> Result<Axis, String> {
        let usage = || "write PATH=VALUES, for example queue.ai.max_concurrency=1..16 or provider.openai.request_timeout=8s,12s";
        let (path, values) = text.split_once('=').filter(|(path, _)| !path.trim().is_empty()).ok_or_else(usage)?;
        let values = match values.split_once("..") {
            Some((from, to)) => range(from, to)?,
            None => values.split(',').map(|value| value.trim().to_string()).collect(),
        };
        if values.iter().any(String::is_empty) {
            return Err(format!("an empty value: {}", usage()));
        }
        Ok(Axis { path: path.trim().into(), values })
    }
}

fn range(from: &str, to: &str) -> Result<Vec<String>, String> {
    let (to, step) = to.split_once('/').map_or((to, "1"), |(to, step)| (to, step));
    let number = |text: &str| {
        text.trim().parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(|| format!("{text:?} is not a number"))
    };
    let (from, to, step) = (number(from)?, number(to)?, number(step)?);
    if step <= 0.0 || to < from {
        return Err(format!("{from}..{to}/{step} is empty: a range goes up, by a step over 0"));
    }
    let steps = floor((to - from) / step + 1e-9);
    if steps >= POINTS_MAX as f64 {
        return Err(format!("more than {POINTS_MAX} values"));
    }
    // Rounded, so that 0.1 + 0.2 reads as 0.3.
    Ok((0..=steps as u64).map(|n| (round((from + n as f64 * step) * 1e9) / 1e9).to_string()).collect())
}

/// The points: for each, the position of the value on each axis. The last axis runs fastest.
///
/// # Errors
/// A grid of too many points.
pub fn grid(axes: &[Axis]) -> Result<Vec<Vec<usize>>, String> {
    let count = axes.iter().try_fold(1usize, |all, axis| all.checked_mul(axis.values.len()));
    let Some(count) = count.filter(|&count| count <= POINTS_MAX) else {
        return Err(format!("the grid has more than {POINTS_MAX} points: take fewer values, or --sample N of it"));
    };
    let point = |mut number: usize| {
        let mut at = vec![0; axes.len()];
        for (axis, at) in axes.iter().zip(&mut at).rev() {
            *at = number % axis.values.len();
            number /= axis.values.len();
        }
        at
    };
    Ok((0..count).map(point).collect())
}

/// A Latin hypercube of `count` points: each axis is cut into `count` equal parts, and each part is met once.
pub fn latin(axes: &[Axis], count: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut points = vec![Vec::new(); count];
    for axis in axes {
        let mut stream = Source::new(seed, 0).stream(&axis.path, Purpose::Design, 0);
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            order.swap(at, stream.next().index(at as u64 + 1) as usize);
        }
        for (point, part) in points.iter_mut().zip(order) {
            point.push(part * axis.values.len() / count);
        }
    }
    points.sort();
    points.dedup();
    points
}

/// Runs the models, each on its own replications; `None` are left out (they are known already). What is returned
/// stands in their order; a point that was not finished before a stop is `None`.
///
/// # Errors
/// The failure of the first replication that failed.
pub fn sweep(
    models: Vec<Option<Model>>,
    options: &Options,
    finished: &(dyn Fn(usize, &Answer) + Sync),
    progress: Progress<'_>,
) -> Result<Vec<Option<Answer>>, Failure> {
    /// Points worked on together: enough to keep threads busy, few enough to be stored as they come.
    const TOGETHER: usize = 16;
    let total: u64 = models.iter().flatten().map(|model| u64::from(model.run.replications)).sum();
    let mut answers = vec![None; models.len()];
    let (mut before, mut waiting) = (0u64, models.into_iter().enumerate().filter_map(|(at, model)| Some((at, model?))));
    loop {
        let some: Vec<(usize, Model)> = waiting.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            return Ok(answers);
        }
        let wanted = some.iter().map(|(_, model)| model.run.replications).max().unwrap_or(0);
        let mut trials =
            some.into_iter().map(|(at, model)| Ok((at, Trial::new(model, 0)?))).collect::<Result<Vec<_>, Failure>>()?;
        let mut list: Vec<&mut Trial> = trials.iter_mut().map(|(_, trial)| trial).collect();
        let so_far = |done: f64, _| progress(before as f64 + done, Work::Replications(total));
        let whole = extend_to(&mut list, &|_| wanted, Turns::OneByOne, options.jobs, &so_far)?;
        for (at, trial) in trials {
            before += trial.columns.len() as u64;
            if trial.columns.len() as u32 == wanted {
                let answer = answer(&trial.model, &trial.columns);
                finished(at, &answer);
                answers[at] = Some(answer);
            }
        }
        if !whole {
            return Ok(answers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists() {
        assert_eq!(Axis::parse("a.b=1..3").unwrap().values, ["1", "2", "3"]);
        assert_eq!(Axis::parse("a.b=0..0.3/0.1").unwrap().values, ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(Axis::parse("a.b=8s, 12s").unwrap().values, ["8s", "12s"]);
        for wrong in ["a", "=1", "a=", "a=3..1", "a=1..x", "a=1..2/0", "a=1,,2"] {
            assert!(Axis::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_hypercube_meets_each_part_once() {
        let axes = [Axis::parse("a=1..8").unwrap(), Axis::parse("b=1..8").unwrap()];
        let points = latin(&axes, 8, 1);
        for axis in 0..2 {
            let mut met: Vec<usize> = points.iter().map(|point| point[axis]).collect();
            met.sort();
            assert_eq!(met, (0..8).collect::<Vec<_>>());
        }
        assert_eq!(points, latin(&axes, 8, 1));
        assert_ne!(points, latin(&axes, 8, 2));
        assert_eq!(grid(&axes).unwrap().len(), 64);
    }
}
