//! The two numbers that the arithmetic asks of a law of latency. The only file here that knows how laws are made.

use crate::streams::{LawSpec, Shape};
use crate::units::Span;
use statrs::distribution::{ContinuousCDF, Normal};

/// The chance that a latency is at most `cut`.
pub(super) fn at_most(law: &LawSpec, cut: Span) -> f64 {
    let cut = cut.secs();
    match law {
        LawSpec::Constant { value } => f64::from(value.secs() <= cut),
        LawSpec::Exponential { mean } => -libm::expm1(-cut / mean.secs()),
        LawSpec::Uniform { min, max } => ((cut - min.secs()) / (max.secs() - min.secs())).clamp(0.0, 1.0),
        LawSpec::Lognormal(shape) | LawSpec::Gamma(shape) | LawSpec::Weibull(shape) => {
            let (mu, sigma) = lognormal(shape);
            phi((libm::log(cut) - mu) / sigma)
        }
        LawSpec::Empirical { quantiles } => quantiles
            .windows(2)
            .map(|pair| {
                (pair[1].0 - pair[0].0) * at_most(&between(pair), Span::from_secs_f64(cut).unwrap_or(Span::MAX))
            })
            .sum(),
        LawSpec::Mixture { parts } => {
            let all: f64 = parts.iter().map(|(weight, _)| weight).sum();
            let cut = Span::from_secs_f64(cut).unwrap_or(Span::MAX);
            parts.iter().map(|(weight, law)| weight / all * at_most(law, cut)).sum()
        }
    }
}

/// The mean of a latency that is cut at `cut`, in seconds.
pub(super) fn mean_limited(law: &LawSpec, cut: Span) -> f64 {
    let c = cut.secs();
    match law {
        LawSpec::Constant { value } => value.secs().min(c),
        LawSpec::Exponential { mean } => -mean.secs() * libm::expm1(-c / mean.secs()),
        LawSpec::Uniform { min, max } => {
            let (low, high) = (min.secs(), max.secs());
            let top = high.min(c);
            if c <= low { c } else { ((top * top - low * low) / 2.0 + c.min(high) * (high - top)) / (high - low) }
        }
        LawSpec::Lognormal(shape) | LawSpec::Gamma(shape) | LawSpec::Weibull(shape) => {
            let (mu, sigma) = lognormal(shape);
            let z = (libm::log(c) - mu) / sigma;
            libm::exp(mu + sigma * sigma / 2.0) * phi(z - sigma) + c * (1.0 - phi(z))
        }
        LawSpec::Empirical { quantiles } => {
            quantiles.windows(2).map(|pair| (pair[1].0 - pair[0].0) * mean_limited(&between(pair), cut)).sum()
        }
        LawSpec::Mixture { parts } => {
            let all: f64 = parts.iter().map(|(weight, _)| weight).sum();
            parts.iter().map(|(weight, law)| weight / all * mean_limited(law, cut)).sum()
        }
    }
}

fn between(pair: &[(f64, Span)]) -> LawSpec {
    if pair[0].1 == pair[1].1 {
        LawSpec::Constant { value: pair[0].1 }
    } else {
        LawSpec::Uniform { min: pair[0].1, max: pair[1].1 }
    }
}

fn phi(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Mean and standard deviation of the logarithm.
fn lognormal(shape: &Shape) -> (f64, f64) {
    match shape {
        Shape::MeanCv { mean, cv } => {
            let variance = libm::log1p(cv * cv);
            (libm::log(mean.secs()) - variance / 2.0, libm::sqrt(variance))
        }
        Shape::Quantiles { low, high } => {
            let z = |p: f64| Normal::standard().inverse_cdf(p);
            let (low_at, high_at) = (libm::log(low.1.secs()), libm::log(high.1.secs()));
            let sigma = (high_at - low_at) / (z(high.0) - z(low.0));
            (low_at - sigma * z(low.0), sigma)
        }
    }
}
