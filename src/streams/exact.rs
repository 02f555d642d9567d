//! Distributions by their formulas, in seconds: tables are made from them and checked against them.

use super::piecewise::Piecewise;
use crate::math::gamma::{Tail, gamma_p, gamma_q, gamma_quantile, weibull_at, weibull_mean};
use crate::math::special::{normal_cdf, normal_quantile};
use crate::math::{exp, exp_m1, ln, ln_1p, pow, sqrt};

/// A distribution of durations in seconds.
#[derive(Clone, Debug)]
pub(super) enum Exact {
    Constant(f64),
    Uniform {
        min: f64,
        max: f64,
    },
    Exponential {
        mean: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Gamma {
        shape: f64,
        scale: f64,
    },
    Weibull {
        shape: f64,
        scale: f64,
    },
    Piecewise(Piecewise),
    /// Parts with weights that sum to 1.
    Mixture(Vec<(f64, Exact)>),
}

impl Exact {
    pub(super) fn mean(&self) -> f64 {
        match self {
            Exact::Constant(value) => *value,
            Exact::Uniform { min, max } => 0.5 * (min + max),
            Exact::Exponential { mean } => *mean,
            Exact::Lognormal { mu, sigma } => exp(mu + 0.5 * sigma * sigma),
            Exact::Gamma { shape, scale } => shape * scale,
            Exact::Weibull { shape, scale } => scale * weibull_mean(*shape),
            Exact::Piecewise(line) => line.mean(),
            Exact::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.mean()).sum(),
        }
    }

    pub(super) fn variance(&self) -> f64 {
        match self {
            Exact::Constant(_) => 0.0,
            Exact::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            Exact::Exponential { mean } => mean * mean,
            Exact::Lognormal { sigma, .. } => pow(self.mean(), 2.0) * exp_m1(sigma * sigma),
            Exact::Gamma { shape, scale } => shape * scale * scale,
            Exact::Weibull { shape, scale } => {
                let mean = weibull_mean(*shape);
                scale * scale * (weibull_mean(0.5 * shape) - mean * mean)
            }
            Exact::Piecewise(line) => line.variance(),
            Exact::Mixture(parts) => {
                let mean = self.mean();
                parts.iter().map(|(weight, part)| weight * (part.variance() + pow(part.mean() - mean, 2.0))).sum()
            }
        }
    }

    /// The probability of at most `x` seconds.
    pub(super) fn cdf(&self, x: f64) -> f64 {
        match self {
            Exact::Constant(value) => f64::from(u8::from(x >= *value)),
            Exact::Piecewise(line) => line.cdf(x),
            Exact::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.cdf(x)).sum(),
            Exact::Uniform { min, max } if x < *max => ((x - min) / (max - min)).max(0.0),
            Exact::Uniform { .. } => 1.0,
            _ if x <= 0.0 => 0.0,
            Exact::Exponential { mean } => -exp_m1(-x / mean),
            Exact::Lognormal { mu, sigma } => normal_cdf((ln(x) - mu) / sigma),
            Exact::Gamma { shape, scale } => gamma_p(*shape, x / scale),
            Exact::Weibull { shape, scale } => -exp_m1(-pow(x / scale, *shape)),
        }
    }

    /// The value that the named tail begins at, where its probability is `e`, inside (0, 1).
    pub(super) fn tail(&self, tail: Tail, e: f64) -> f64 {
        let hazard = || if tail == Tail::Lower { -ln_1p(-e) } else { -ln(e) };
        let lower = || if tail == Tail::Lower { e } else { 1.0 - e };
        match self {
            Exact::Constant(value) => *value,
            Exact::Uniform { min, max } => min + (max - min) * lower(),
            Exact::Exponential { mean } => mean * hazard(),
            Exact::Lognormal { mu, sigma } => {
                let z = normal_quantile(e);
                exp(mu + sigma * if tail == Tail::Lower { z } else { -z })
            }
            Exact::Gamma { shape, scale } => scale * gamma_quantile(*shape, tail, e),
            Exact::Weibull { shape, scale } => scale * weibull_at(hazard(), *shape),
            Exact::Piecewise(line) => line.quantile(lower()),
            Exact::Mixture(parts) => {
                let ends = parts.iter().map(|(_, part)| part.tail(tail, e));
                let (low, high) = ends.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
                self.search(low, high, lower())
            }
        }
    }

    /// The smallest value in a bracket that at least a share `p` of durations stays within.
    fn search(&self, mut low: f64, mut high: f64, p: f64) -> f64 {
        if self.cdf(low) >= p {
            return low;
        }
        while high - low > 1e-15 * high {
            let middle = 0.5 * (low + high);
            if self.cdf(middle) >= p {
                high = middle
            } else {
                low = middle
            }
            if middle <= low && high <= middle {
                break;
            }
        }
        high
    }

    /// The mean of the smaller of the duration and `cut`.
    pub(super) fn limited(&self, cut: f64) -> f64 {
        match self {
            Exact::Constant(value) => value.min(cut),
            Exact::Piecewise(line) => line.limited(cut),
            Exact::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.limited(cut)).sum(),
            _ if cut <= 0.0 => 0.0,
            Exact::Uniform { min, max } if cut >= *max => 0.5 * (min + max),
            Exact::Uniform { min, max } => {
                let over = (cut - min).max(0.0);
                cut.min(*min) + over - over * over / (2.0 * (max - min))
            }
            Exact::Exponential { mean } => -mean * exp_m1(-cut / mean),
            Exact::Lognormal { mu, sigma } => {
                let z = (ln(cut) - mu) / sigma;
                self.mean() * normal_cdf(z - sigma) + cut * normal_cdf(-z)
            }
            Exact::Gamma { shape, scale } => {
                self.mean() * gamma_p(shape + 1.0, cut / scale) + cut * gamma_q(*shape, cut / scale)
            }
            Exact::Weibull { shape, scale } => {
                let hazard = pow(cut / scale, *shape);
                self.mean() * gamma_p(1.0 + 1.0 / shape, hazard) + cut * exp(-hazard)
            }
        }
    }

    /// The lognormal law of a mean and coefficient of variation.
    pub(super) fn lognormal(mean: f64, cv: f64) -> Exact {
        let variance = ln_1p(cv * cv);
        Exact::Lognormal { mu: ln(mean) - 0.5 * variance, sigma: sqrt(variance) }
    }

    /// The gamma law of a mean and coefficient of variation.
    pub(super) fn gamma(mean: f64, cv: f64) -> Exact {
        Exact::Gamma { shape: 1.0 / (cv * cv), scale: mean * cv * cv }
    }

    /// The Weibull law of a mean and coefficient of variation: its shape solves `Γ(1+2/k) / Γ(1+1/k)² = 1 + cv²`.
    pub(super) fn weibull(mean: f64, cv: f64) -> Exact {
        let spread = |k: f64| ln(weibull_mean(0.5 * k)) - 2.0 * ln(weibull_mean(k)) - ln_1p(cv * cv);
        let shape = exp(root(ln(0.1), ln(5e3), |y| -spread(exp(y))));
        Exact::Weibull { shape, scale: mean / weibull_mean(shape) }
    }

    /// The lognormal law through two quantiles.
    pub(super) fn lognormal_through((p, x): (f64, f64), (q, y): (f64, f64)) -> Exact {
        let (low, high) = (normal_quantile(p), normal_quantile(q));
        let sigma = ln(y / x) / (high - low);
        Exact::Lognormal { mu: ln(x) - sigma * low, sigma }
    }

    /// The Weibull law through two quantiles.
    pub(super) fn weibull_through((p, x): (f64, f64), (q, y): (f64, f64)) -> Exact {
        let (low, high) = (-ln_1p(-p), -ln_1p(-q));
        let shape = ln(high / low) / ln(y / x);
        Exact::Weibull { shape, scale: x / weibull_at(low, shape) }
    }

    /// The gamma law through two quantiles, if there is one of a shape from 0.0025 to 1e6.
    pub(super) fn gamma_through((p, x): (f64, f64), (q, y): (f64, f64)) -> Option<Exact> {
        let unit = |shape: f64, p: f64| Exact::Gamma { shape, scale: 1.0 }.quantile(p);
        let excess = |ln_shape: f64| {
            let shape = exp(ln_shape);
            let low = unit(shape, p);
            if low < 1e-290 { -1.0 } else { ln(y / x) - ln(unit(shape, q) / low) }
        };
        let (least, most) = (ln(0.0025), ln(1e6));
        if excess(least) > 0.0 || excess(most) < 0.0 {
            return None;
        }
        let shape = exp(root(least, most, excess));
        Some(Exact::Gamma { shape, scale: x / unit(shape, p) })
    }

    /// The value that a share `p`, inside (0, 1), stays within.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        if p <= 0.5 { self.tail(Tail::Lower, p.max(1e-300)) } else { self.tail(Tail::Upper, (1.0 - p).max(1e-300)) }
    }
}

/// Where a rising function crosses 0, by halving.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Gamma, LogNormal, Weibull};

    fn close(seen: f64, expected: f64, bound: f64) {
        assert!((seen - expected).abs() <= bound * expected.abs(), "{seen} is not {expected}");
    }

    #[test]
    fn distribution_functions_agree_with_an_independent_library() {
        let lognormal = LogNormal::new(0.3, 0.8).unwrap();
        let gamma = Gamma::new(2.5, 1.0 / 0.7).unwrap();
        let weibull = Weibull::new(1.7, 0.9).unwrap();
        for x in [0.05, 0.4, 1.0, 2.0, 5.0] {
            close(Exact::Lognormal { mu: 0.3, sigma: 0.8 }.cdf(x), lognormal.cdf(x), 1e-9);
            close(Exact::Gamma { shape: 2.5, scale: 0.7 }.cdf(x), gamma.cdf(x), 1e-12);
            close(Exact::Weibull { shape: 1.7, scale: 0.9 }.cdf(x), weibull.cdf(x), 1e-12);
        }
    }

    #[test]
    fn mean_and_cv_are_those_asked_for() {
        for cv in [0.001, 0.05, 0.5, 1.0, 3.0, 20.0] {
            for law in [Exact::lognormal(4.2, cv), Exact::gamma(4.2, cv), Exact::weibull(4.2, cv)] {
                close(law.mean(), 4.2, 1e-12);
                close(sqrt(law.variance()) / law.mean(), cv, 1e-7);
            }
        }
    }

    #[test]
    fn quantiles_are_those_asked_for() {
        let (low, high) = ((0.5, 4.0), (0.95, 11.0));
        for law in [
            Exact::lognormal_through(low, high),
            Exact::weibull_through(low, high),
            Exact::gamma_through(low, high).unwrap(),
        ] {
            close(law.quantile(0.5), 4.0, 1e-12);
            close(law.quantile(0.95), 11.0, 1e-12);
        }
        assert!(Exact::gamma_through((0.5, 1.0), (0.9, 1.000_001)).is_none());
    }

    /// `E[min(X, c)] = ∫₀ᶜ P(X > x) dx`, here by Simpson's rule.
    #[test]
    fn the_limited_mean_is_the_integral_of_the_survival() {
        let mixture = vec![(0.3, Exact::Constant(0.4)), (0.7, Exact::Uniform { min: 0.2, max: 3.0 })];
        for law in [
            Exact::Uniform { min: 0.5, max: 2.0 },
            Exact::Exponential { mean: 1.3 },
            Exact::lognormal(1.3, 0.9),
            Exact::gamma(1.3, 0.7),
            Exact::weibull(1.3, 1.4),
            Exact::Mixture(mixture),
        ] {
            for cut in [0.3, 1.1, 6.0] {
                let n = 200_000;
                let h = cut / f64::from(n);
                let weight = |i| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
                let sum: f64 = (0..=n).map(|i| weight(i) * (1.0 - law.cdf(f64::from(i) * h))).sum();
                close(law.limited(cut), sum * h / 3.0, 2e-5);
            }
            close(law.limited(1e9), law.mean(), 1e-9);
        }
    }
}
