//! One lognormal law or two, by expectation and maximisation on the logarithms: what was cut off counts with what is to
//! be expected of it, given that it was longer (Dempster, Laird and Rubin, Journal of the Royal Statistical Society B 39,
//! 1977, section 4.2).

use super::{Found, Sample};
use crate::math::special::{normal_cdf, normal_quantile};
use crate::math::{exp, ln, sqrt};
use crate::streams::{LawSpec, Shape};
use crate::units::Span;
use std::f64::consts::PI;

/// Rounds at most: parts that are still moving then are hardly apart, and are not worth three numbers more.
const ROUNDS: usize = 500;
/// The narrowest part, in logarithms: the spread of values that are the same to a thousandth.
const NARROWEST: f64 = 1e-3;
/// A part that explains fewer answers is none.
const FEWEST: f64 = 5.0;
/// Where the sorted answers are parted to begin with.
const PARTINGS: [f64; 5] = [0.05, 0.2, 0.5, 0.8, 0.95];

/// One part: its share, and the mean and the deviation of the logarithm.
#[derive(Clone, Copy, Debug)]
struct Part {
    share: f64,
    mean: f64,
    deviation: f64,
}

impl Part {
    fn density(&self, log: f64) -> f64 {
        let z = (log - self.mean) / self.deviation;
        self.share * exp(-z * z / 2.0) / (self.deviation * sqrt(2.0 * PI))
    }

    fn longer(&self, log: f64) -> f64 {
        self.share * normal_cdf((self.mean - log) / self.deviation)
    }

    /// The mean of the logarithm and of its square, given that it is over `log`.
    fn beyond(&self, log: f64) -> (f64, f64) {
        let z = (log - self.mean) / self.deviation;
        let tail = normal_cdf(-z).max(1e-300);
        let hazard = exp(-z * z / 2.0) / (sqrt(2.0 * PI) * tail);
        let mean = self.mean + self.deviation * hazard;
        let variance = self.deviation * self.deviation * (1.0 + z * hazard - hazard * hazard).max(0.0);
        (mean, variance + mean * mean)
    }

    /// From sums of weights, logarithms and their squares.
    fn of((weight, sum, squares): (f64, f64, f64), all: f64) -> Part {
        let mean = sum / weight;
        let deviation = sqrt((squares / weight - mean * mean).max(0.0)).max(NARROWEST);
        Part { share: weight / all, mean, deviation }
    }

    fn law(&self) -> Option<LawSpec> {
        let at = |z: f64| Span::from_secs_f64(exp(self.mean + self.deviation * z)).ok().filter(|span| !span.is_zero());
        let (low, high) = ((0.5, at(0.0)?), (0.95, at(normal_quantile(0.95))?));
        Some(LawSpec::Lognormal(Shape::Quantiles { low, high }))
    }
}

/// Goes on from some parts until the likelihood stays; the parts and its logarithm. None where a part dies out.
fn settled<const N: usize>(mut parts: [Part; N], sample: &Sample) -> Option<([Part; N], f64)> {
    let logs = |values: &[(f64, f64)]| values.iter().map(|(value, weight)| (ln(*value), *weight)).collect::<Vec<_>>();
    let (answered, cut) = (logs(&sample.answered), logs(&sample.cut));
    // The density of a duration is that of its logarithm over the duration.
    let all_logs: f64 = answered.iter().map(|(log, weight)| log * weight).sum();
    let all: f64 = answered.iter().chain(&cut).map(|(_, weight)| weight).sum();
    let mut before = f64::NEG_INFINITY;
    for _ in 0..ROUNDS {
        let mut sums = [(0.0, 0.0, 0.0); N];
        let mut likelihood = -all_logs;
        let mut share_out = |chances: [f64; N], weight: f64, of: &dyn Fn(&Part) -> (f64, f64)| {
            let total = chances.iter().sum::<f64>().max(1e-300);
            likelihood += weight * ln(total);
            for ((sum, part), chance) in sums.iter_mut().zip(&parts).zip(chances) {
                let (weight, (mean, square)) = (weight * chance / total, of(part));
                *sum = (sum.0 + weight, sum.1 + weight * mean, sum.2 + weight * square);
            }
        };
        for &(log, weight) in &answered {
            share_out(parts.map(|part| part.density(log)), weight, &|_| (log, log * log));
        }
        for &(log, weight) in &cut {
            share_out(parts.map(|part| part.longer(log)), weight, &|part| part.beyond(log));
        }
        if sums.iter().any(|(weight, ..)| *weight < FEWEST.min(all / 2.0)) {
            return None;
        }
        parts = sums.map(|sum| Part::of(sum, all));
        if (likelihood - before).abs() <= 1e-10 * likelihood.abs() {
            return Some((parts, likelihood));
        }
        before = likelihood;
    }
    Some((parts, before))
}

/// The part that some answers would be by themselves.
fn alone(values: &[(f64, f64)], all: f64) -> Part {
    let sum = values.iter().fold((0.0, 0.0, 0.0), |sum, (value, weight)| {
        let log = ln(*value);
        (sum.0 + weight, sum.1 + weight * log, sum.2 + weight * log * log)
    });
    Part::of(sum, all)
}

pub(super) fn lognormal(sample: &Sample) -> Option<Found> {
    let ([part], likelihood) = settled([alone(&sample.answered, sample.answers)], sample)?;
    Some((part.law()?, likelihood, 2))
}

pub(super) fn two_lognormals(sample: &Sample) -> Option<Found> {
    let values = &sample.answered;
    let begin = |share: f64| {
        let at = (share * values.len() as f64) as usize;
        let (low, high) = values.split_at(at.clamp(1, values.len().checked_sub(1).filter(|most| *most > 0)?));
        settled([alone(low, sample.answers), alone(high, sample.answers)], sample)
    };
    let all = PARTINGS.into_iter().filter_map(begin);
    let (parts, likelihood) = all.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let [one, two] = parts;
    Some((LawSpec::Mixture { parts: vec![(one.share, one.law()?), (two.share, two.law()?)] }, likelihood, 5))
}
