//! How certain the parameters of a law are: intervals by the profile likelihood. A value of a parameter is in its interval if
//! the best law that has this value is not less likely than the best of all by more than chance explains: twice the
//! difference of the logarithms is then at most 3.84, as that of 95 % of samples is (Wilks, Annals of Mathematical Statistics
//! 9, 1938). What was cut off counts as in the estimate itself.

use super::Sample;
use super::likelihood::peak_in;
use crate::math::gamma::gamma_q;
use crate::math::special::normal_cdf;
use crate::math::{exp, floor, ln, ln_gamma, pow, sqrt};
use crate::streams::{LawSpec, Shape};

/// Half of 3.84.
const DROP: f64 = 1.920_73;
/// The 95th percentile of the normal law.
const Z95: f64 = 1.644_853_627;
/// Durations that differ by less than this part are one: an interval does not notice.
const ALIKE: f64 = 0.01;

/// A parameter of a law.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its key in a model.
    pub name: &'static str,
    /// Its value: seconds, or a number.
    pub value: f64,
    /// Its 95 % interval.
    pub ci95: (f64, f64),
}

/// The intervals of a law's parameters; none of a law that has others than a mean, a spread or quantiles.
pub(super) fn parameters(law: &LawSpec, sample: &Sample) -> Vec<Parameter> {
    let Ok(formulas) = law.formulas() else { return Vec::new() };
    let sample = coarse(sample);
    let mean = formulas.mean();
    let all = match law {
        LawSpec::Exponential { .. } => vec![("mean", mean, interval(ln(mean), |at| exponential(&sample, exp(at))))],
        LawSpec::Lognormal(_) => {
            let (median, p95) = (formulas.quantile(0.5), formulas.quantile(0.95));
            let width = ln(p95 / median) / Z95;
            let best = |of: &dyn Fn(f64) -> f64| widest(ln(width), |at| lognormal(&sample, of(exp(at)), exp(at)));
            vec![
                ("median", median, interval(ln(median), |at| best(&|_| at))),
                ("p95", p95, interval(ln(p95), |at| best(&|width| at - Z95 * width))),
            ]
        }
        LawSpec::Gamma(Shape::MeanCv { cv: spread, .. }) => {
            let shape = 1.0 / (spread * spread);
            let of_mean = interval(ln(mean), |at| widest(ln(shape), |shape| gamma(&sample, exp(at), exp(shape))));
            let of_shape = interval(ln(shape), |at| widest(ln(mean), |mean| gamma(&sample, exp(mean), exp(at))));
            let cv = |shape: f64| 1.0 / sqrt(shape);
            vec![("mean", mean, of_mean), ("cv", *spread, of_shape.map(|(low, high)| (cv(high), cv(low))))]
        }
        LawSpec::Weibull(Shape::MeanCv { cv: spread, .. }) => {
            let shape = weibull_shape(*spread);
            let scale = |mean: f64, shape: f64| mean / exp(ln_gamma(1.0 + 1.0 / shape));
            let at = |mean: f64, shape: f64| weibull(&sample, scale(mean, shape), shape);
            let of_mean = interval(ln(mean), |mean| widest(ln(shape), |shape| at(exp(mean), exp(shape))));
            let of_shape = interval(ln(shape), |shape| widest(ln(mean), |mean| at(exp(mean), exp(shape))));
            vec![
                ("mean", mean, of_mean),
                ("cv", *spread, of_shape.map(|(low, high)| (weibull_cv(high), weibull_cv(low)))),
            ]
        }
        _ => Vec::new(),
    };
    let found = all.into_iter().filter_map(|(name, value, ci95)| Some(Parameter { name, value, ci95: ci95? }));
    found.collect()
}

/// Fewer different durations with the same weight.
fn coarse(sample: &Sample) -> Sample {
    let gather = |values: &[(f64, f64)]| {
        let place = |value: f64| floor(ln(value) / ALIKE);
        let groups = values.chunk_by(|a, b| place(a.0) == place(b.0)).map(|group| {
            let weight: f64 = group.iter().map(|(_, weight)| weight).sum();
            (group.iter().map(|(value, weight)| value * weight).sum::<f64>() / weight, weight)
        });
        groups.collect()
    };
    Sample { answered: gather(&sample.answered), cut: gather(&sample.cut), answers: sample.answers }
}

/// The largest value of a function near a place: that of the other parameter.
fn widest(near: f64, of: impl Fn(f64) -> f64) -> f64 {
    of(peak_in(25, (near - 1.5, near + 1.5), &of))
}

/// Where the profile, which is at its largest at `best`, has dropped by what chance explains: both ends, not as logarithms.
fn interval(best: f64, profile: impl Fn(f64) -> f64) -> Option<(f64, f64)> {
    let top = profile(best);
    let end = |sign: f64| {
        let mut step = 0.01;
        while profile(best + sign * step) > top - DROP {
            step *= 2.0;
            // Five hundred times: the data say nothing of it.
            if step > 6.0 {
                return None;
            }
        }
        let (mut inside, mut outside) = (0.0, step);
        for _ in 0..15 {
            let middle = (inside + outside) / 2.0;
            if profile(best + sign * middle) > top - DROP { inside = middle } else { outside = middle }
        }
        Some(exp(best + sign * inside))
    };
    Some((end(-1.0)?, end(1.0)?))
}

fn exponential(sample: &Sample, mean: f64) -> f64 {
    let time = sample.answers(|x| x) + sample.cuts(|x| x);
    -sample.answers * ln(mean) - time / mean
}

/// By the middle and the width of the logarithm.
fn lognormal(sample: &Sample, middle: f64, width: f64) -> f64 {
    let z = |x: f64| (ln(x) - middle) / width;
    let answers = sample.answers(|x| -z(x) * z(x) / 2.0 - ln(x)) - sample.answers * ln(width);
    answers + sample.cuts(|x| ln(normal_cdf(-z(x)).max(1e-300)))
}

fn gamma(sample: &Sample, mean: f64, shape: f64) -> f64 {
    let scale = mean / shape;
    let (sum, logs) = (sample.answers(|x| x), sample.answers(ln));
    let answers = (shape - 1.0) * logs - sum / scale - sample.answers * (shape * ln(scale) + ln_gamma(shape));
    answers + sample.cuts(|cut| ln(gamma_q(shape, cut / scale).max(1e-300)))
}

fn weibull(sample: &Sample, scale: f64, shape: f64) -> f64 {
    let power = |x: f64| pow(x / scale, shape);
    let answers = sample.answers(|x| (shape - 1.0) * ln(x / scale) - power(x));
    answers + sample.answers * ln(shape / scale) - sample.cuts(power)
}

fn weibull_cv(shape: f64) -> f64 {
    let moment = |n: f64| exp(ln_gamma(1.0 + n / shape));
    sqrt((moment(2.0) / (moment(1.0) * moment(1.0)) - 1.0).max(0.0))
}

/// The shape of a law with this spread, which falls as the shape grows.
fn weibull_shape(cv: f64) -> f64 {
    let (mut low, mut high) = (0.05, 1000.0);
    for _ in 0..60 {
        let middle = sqrt(low * high);
        if weibull_cv(middle) > cv { low = middle } else { high = middle }
    }
    sqrt(low * high)
}
