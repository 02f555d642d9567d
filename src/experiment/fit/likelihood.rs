//! Exponential, gamma and Weibull laws by maximum likelihood, with what was cut off.

use super::{Found, Sample};
use crate::math::gamma::gamma_q;
use crate::math::{exp, floor, ln, ln_gamma, pow, sqrt};
use crate::model::Measurements;
use crate::records::Durations;
use crate::streams::{LawSpec, Shape};
use crate::units::Span;

/// Different durations that are told apart; more are gathered a thousandth apart, which no estimate notices.
const TOLD_APART: usize = 4096;

impl Sample {
    pub(super) fn new(data: &Measurements) -> Sample {
        Sample { answered: gather(&data.answered), cut: gather(&data.cut), answers: data.answered.len() as f64 }
    }

    /// The sum of a function of every answer.
    pub(super) fn answers(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.answered.iter().map(|(value, weight)| weight * of(*value)).sum()
    }

    /// The same of what was cut off.
    pub(super) fn cuts(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.cut.iter().map(|(value, weight)| weight * of(*value)).sum()
    }
}

fn gather(values: &Durations) -> Vec<(f64, f64)> {
    let counts = values.counts();
    if counts.len() <= TOLD_APART {
        return counts.iter().map(|(value, count)| (value.secs(), *count as f64)).collect();
    }
    let place = |value: Span| floor(ln(value.secs()) * 1000.0);
    let groups = counts.chunk_by(|a, b| place(a.0) == place(b.0)).map(|group| {
        let weight = group.iter().map(|(_, count)| *count as f64).sum::<f64>();
        (group.iter().map(|(value, count)| value.secs() * *count as f64).sum::<f64>() / weight, weight)
    });
    groups.collect()
}

fn span(seconds: f64) -> Option<Span> {
    Span::from_secs_f64(seconds).ok().filter(|span| !span.is_zero())
}

/// The mean is all time over the answers: what was cut off adds its time and no answer.
pub(super) fn exponential(sample: &Sample) -> Option<Found> {
    let mean = (sample.answers(|x| x) + sample.cuts(|x| x)) / sample.answers;
    let likelihood = -sample.answers * (ln(mean) + 1.0);
    Some((LawSpec::Exponential { mean: span(mean)? }, likelihood, 1))
}

/// The place of the largest value of a function with one peak, by golden section.
pub(super) fn peak(low: f64, high: f64, of: impl Fn(f64) -> f64) -> f64 {
    peak_in(60, (low, high), of)
}

/// The same in so many rounds, each of which leaves three fifths.
pub(super) fn peak_in(rounds: u32, (mut low, mut high): (f64, f64), of: impl Fn(f64) -> f64) -> f64 {
    let part = (sqrt(5.0) - 1.0) / 2.0;
    let (mut left, mut right) = (high - part * (high - low), low + part * (high - low));
    let (mut at_left, mut at_right) = (of(left), of(right));
    for _ in 0..rounds {
        if at_left > at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - part * (high - low);
            at_left = of(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + part * (high - low);
            at_right = of(right);
        }
    }
    (low + high) / 2.0
}

/// By its shape and its scale; the best scale of a shape has a formula where nothing was cut off.
pub(super) fn gamma(sample: &Sample) -> Option<Found> {
    let (sum, logs) = (sample.answers(|x| x), sample.answers(ln));
    let rough = (sum + sample.cuts(|x| x)) / sample.answers;
    let likelihood = |shape: f64, mean: f64| {
        let scale = mean / shape;
        let answers = (shape - 1.0) * logs - sum / scale - sample.answers * (shape * ln(scale) + ln_gamma(shape));
        answers + sample.cuts(|cut| ln(gamma_q(shape, cut / scale).max(1e-300)))
    };
    let mean_at = |shape: f64| match sample.cut.is_empty() {
        true => rough,
        false => exp(peak(ln(rough) - 4.0, ln(rough) + 4.0, |log| likelihood(shape, exp(log)))),
    };
    let shape = exp(peak(ln(0.05), ln(10_000.0), |log| likelihood(exp(log), mean_at(exp(log)))));
    let mean = mean_at(shape);
    let law = LawSpec::Gamma(Shape::MeanCv { mean: span(mean)?, cv: 1.0 / sqrt(shape) });
    Some((law, likelihood(shape, mean), 2))
}

/// The shape is where the profile of the likelihood has its peak; its slope only falls.
pub(super) fn weibull(sample: &Sample) -> Option<Found> {
    let logs = sample.answers(ln) / sample.answers;
    let longest = sample.answered.iter().chain(&sample.cut).map(|(value, _)| *value).fold(0.0, f64::max);
    let power = |shape: f64| {
        let term = |x: f64| pow(x / longest, shape);
        sample.answers(term) + sample.cuts(term)
    };
    let rises = |shape: f64| {
        let term = |x: f64| pow(x / longest, shape) * ln(x);
        (sample.answers(term) + sample.cuts(term)) / power(shape) - 1.0 / shape - logs < 0.0
    };
    let (mut low, mut high) = (0.05, 1000.0);
    for _ in 0..200 {
        let middle = sqrt(low * high);
        if rises(middle) { low = middle } else { high = middle }
    }
    let shape = sqrt(low * high);
    let scale = longest * pow(power(shape) / sample.answers, 1.0 / shape);
    let likelihood = sample.answers * (ln(shape) - shape * ln(scale) - 1.0 + (shape - 1.0) * logs);
    let moment = |n: f64| exp(ln_gamma(1.0 + n / shape));
    let cv = sqrt((moment(2.0) / (moment(1.0) * moment(1.0)) - 1.0).max(0.0));
    Some((LawSpec::Weibull(Shape::MeanCv { mean: span(scale * moment(1.0))?, cv }), likelihood, 2))
}
