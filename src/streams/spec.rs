//! What a model says about a duration, and the rules it must keep.

use super::Law;
use super::exact::Exact;
use super::piecewise::Piecewise;
use crate::units::{Span, UnitError};

/// A distribution of durations, as a model describes it.
#[derive(Clone, Debug, PartialEq)]
pub enum LawSpec {
    /// Always the same.
    Constant {
        /// The duration.
        value: Span,
    },
    /// Memoryless.
    Exponential {
        /// The mean, over 0.
        mean: Span,
    },
    /// Every duration in a range equally likely.
    Uniform {
        /// The shortest.
        min: Span,
        /// The longest, at least `min`.
        max: Span,
    },
    /// Its logarithm is normal: the usual law of response times.
    Lognormal(Shape),
    /// A gamma law; with a coefficient of variation of `1/√k` the sum of `k` exponential stages.
    Gamma(Shape),
    /// A Weibull law.
    Weibull(Shape),
    /// Straight lines between measured quantiles; the first and the last line go on to both ends, not below 0.
    Empirical {
        /// At least two: the share of durations, rising in 0..=1, and the duration they stay within, not falling.
        quantiles: Vec<(f64, Span)>,
    },
    /// One of several laws.
    Mixture {
        /// Weights of at least 0 (they need not sum to 1), each with its law.
        parts: Vec<(f64, LawSpec)>,
    },
}

/// The two numbers that fix a law of two parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// By its moments.
    MeanCv {
        /// The mean, over 0.
        mean: Span,
        /// The coefficient of variation, the standard deviation over the mean: 0.001 to 20.
        cv: f64,
    },
    /// By two quantiles: a share inside (0, 1) and the duration over 0 that it stays within, both rising.
    Quantiles {
        /// The lower quantile, say the median: `(0.5, 4 s)`.
        low: (f64, Span),
        /// The higher one, say `(0.95, 11 s)`.
        high: (f64, Span),
    },
}

/// Mixtures may hold mixtures, so deep.
const DEPTH: usize = 4;

fn refuse<T>(why: impl Into<String>) -> Result<T, UnitError> {
    Err(UnitError(why.into()))
}

impl LawSpec {
    /// The law of so many times what this one draws.
    #[must_use]
    pub fn times(&self, times: u64) -> LawSpec {
        let long = |span: Span| Span::from_nanos(span.nanos().saturating_mul(times));
        let shaped = |shape: &Shape| match *shape {
            Shape::MeanCv { mean, cv } => Shape::MeanCv { mean: long(mean), cv },
            Shape::Quantiles { low, high } => {
                Shape::Quantiles { low: (low.0, long(low.1)), high: (high.0, long(high.1)) }
            }
        };
        match self {
            _ if times == 0 => LawSpec::Constant { value: Span::ZERO },
            LawSpec::Constant { value } => LawSpec::Constant { value: long(*value) },
            LawSpec::Exponential { mean } => LawSpec::Exponential { mean: long(*mean) },
            LawSpec::Uniform { min, max } => LawSpec::Uniform { min: long(*min), max: long(*max) },
            LawSpec::Lognormal(shape) => LawSpec::Lognormal(shaped(shape)),
            LawSpec::Gamma(shape) => LawSpec::Gamma(shaped(shape)),
            LawSpec::Weibull(shape) => LawSpec::Weibull(shaped(shape)),
            LawSpec::Empirical { quantiles } => {
                LawSpec::Empirical { quantiles: quantiles.iter().map(|&(p, at)| (p, long(at))).collect() }
            }
            LawSpec::Mixture { parts } => {
                LawSpec::Mixture { parts: parts.iter().map(|(weight, law)| (*weight, law.times(times))).collect() }
            }
        }
    }

    /// Whether it leaves nothing to chance, and so draws nothing.
    pub fn is_constant(&self) -> bool {
        matches!(self, LawSpec::Constant { .. })
    }

    /// The law, ready to be sampled.
    ///
    /// # Errors
    /// A parameter outside the range that its field names, or a mean that is not under 292 years.
    pub fn compile(&self) -> Result<Law, UnitError> {
        self.formulas().map(Law::tabulated)
    }

    /// The law for whoever asks its formulas only: without tables, which take a millisecond each to make.
    ///
    /// # Errors
    /// As [`LawSpec::compile`].
    pub fn formulas(&self) -> Result<Law, UnitError> {
        self.formulas_at(DEPTH)
    }

    fn formulas_at(&self, depth: usize) -> Result<Law, UnitError> {
        match self {
            LawSpec::Constant { value } => Ok(Law::constant(*value)),
            LawSpec::Exponential { mean } => smooth(Exact::Exponential { mean: positive(*mean)? }),
            LawSpec::Uniform { min, max } if min > max => refuse("`min` is larger than `max`"),
            LawSpec::Uniform { min, max } => Ok(Law::uniform(*min, *max)),
            LawSpec::Lognormal(shape) => smooth(match shape.check()? {
                Checked::MeanCv(mean, cv) => Exact::lognormal(mean, cv),
                Checked::Quantiles(low, high) => Exact::lognormal_through(low, high),
            }),
            LawSpec::Gamma(shape) => smooth(match shape.check()? {
                Checked::MeanCv(mean, cv) => Exact::gamma(mean, cv),
                Checked::Quantiles(low, high) => match Exact::gamma_through(low, high) {
                    Some(law) => law,
                    None => return refuse("no gamma law has quantiles this close together or this far apart"),
                },
            }),
            LawSpec::Weibull(shape) => smooth(match shape.check()? {
                Checked::MeanCv(mean, cv) => Exact::weibull(mean, cv),
                Checked::Quantiles(low, high) => Exact::weibull_through(low, high),
            }),
            LawSpec::Empirical { quantiles } => empirical(quantiles),
            LawSpec::Mixture { parts } => mixture(parts, depth),
        }
    }
}

fn smooth(exact: Exact) -> Result<Law, UnitError> {
    let mean = exact.mean();
    if !(mean.is_finite() && mean <= Span::MAX.secs()) {
        return refuse("the mean of this law is longer than 292 years");
    }
    if mean < 1e-9 {
        return refuse("the mean of this law is shorter than a nanosecond");
    }
    Ok(Law::smooth(exact))
}

fn empirical(quantiles: &[(f64, Span)]) -> Result<Law, UnitError> {
    if quantiles.len() < 2 {
        return refuse("at least two quantiles are needed");
    }
    if quantiles.iter().any(|(p, _)| !(0.0..=1.0).contains(p)) {
        return refuse("the share of a quantile must be a number from 0 to 1");
    }
    // Shares closer than this have no words of their own between them.
    if quantiles.windows(2).any(|pair| pair[1].0 - pair[0].0 < 1e-12) {
        return refuse("the shares of the quantiles must rise");
    }
    if quantiles.windows(2).any(|pair| pair[1].1 < pair[0].1) {
        return refuse("a higher quantile must not be shorter");
    }
    let points: Vec<(f64, f64)> = quantiles.iter().map(|(p, span)| (*p, span.secs())).collect();
    let line = Piecewise::through(&points);
    if line.mean() > Span::MAX.secs() {
        return refuse("the mean of this law is longer than 292 years");
    }
    Ok(Law::piecewise(line))
}

fn mixture(parts: &[(f64, LawSpec)], depth: usize) -> Result<Law, UnitError> {
    if depth == 0 {
        return refuse("mixtures must be at most four deep");
    }
    if parts.iter().any(|(weight, _)| !(weight.is_finite() && *weight >= 0.0)) {
        return refuse("a weight must be at least 0");
    }
    let sum: f64 = parts.iter().map(|(weight, _)| weight).sum();
    if !(sum > 0.0 && sum.is_finite()) {
        return refuse("a mixture needs a part with a weight greater than 0");
    }
    let laws = parts.iter().map(|(weight, spec)| Ok((*weight, spec.formulas_at(depth - 1)?)));
    Ok(Law::mixture(laws.collect::<Result<_, UnitError>>()?))
}

enum Checked {
    MeanCv(f64, f64),
    Quantiles((f64, f64), (f64, f64)),
}

impl Shape {
    fn check(&self) -> Result<Checked, UnitError> {
        match *self {
            Shape::MeanCv { mean, cv } if (0.001..=20.0).contains(&cv) => Ok(Checked::MeanCv(positive(mean)?, cv)),
            Shape::MeanCv { .. } => refuse("`cv` must be from 0.001 to 20; a law without spread is `constant`"),
            Shape::Quantiles { low: (p, low), high: (q, high) } => {
                if !(p > 0.0 && p < q && q < 1.0) {
                    return refuse("the shares of two quantiles must rise, between 0 and 1");
                }
                if low >= high {
                    return refuse("the higher quantile must be the longer one");
                }
                Ok(Checked::Quantiles((p, positive(low)?), (q, high.secs())))
            }
        }
    }
}

fn positive(span: Span) -> Result<f64, UnitError> {
    if span.is_zero() { refuse("this duration must be greater than 0") } else { Ok(span.secs()) }
}
