//! The regularised incomplete gamma functions and their inverse.
//!
//! `P(a, x) = 1/Γ(a) ∫₀ˣ t^(a−1) e^(−t) dt` and `Q = 1 − P`: by the power series below `a + 1` and by Legendre's
//! continued fraction above (Press et al., *Numerical Recipes*, 3rd ed., 6.2). The factor `xᵃe^(−x)/Γ(a)` is formed
//! around its peak where `a` is large, so that nothing cancels.

use super::{exp, exp_m1, ln, ln_1p, ln_gamma, pow, special, sqrt};

/// From here on Stirling's series gives the logarithm of the gamma function to the last digit.
const LARGE: f64 = 16.0;

/// Which end of a distribution a probability is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The probability of at most the value.
    Lower,
    /// The probability of more than the value.
    Upper,
}

/// `P(a, x)`: the probability that a gamma variable of shape `a > 0` and scale 1 is at most `x >= 0`.
pub fn gamma_p(a: f64, x: f64) -> f64 {
    match x {
        x if x <= 0.0 => 0.0,
        x if x < a + 1.0 => exp(ln_peak(a, ln(x), x) + ln(series(a, x))),
        x if x.is_finite() => 1.0 - gamma_q(a, x),
        _ => 1.0,
    }
}

/// `Q(a, x) = 1 − P(a, x)`, accurate where it is small.
pub fn gamma_q(a: f64, x: f64) -> f64 {
    match x {
        x if x <= 0.0 => 1.0,
        x if x < a + 1.0 => 1.0 - gamma_p(a, x),
        x if x.is_finite() => exp(ln_peak(a, ln(x), x)) * fraction(a, x),
        _ => 0.0,
    }
}

/// The `x` at which the named tail of a gamma variable of shape `a > 0` and scale 1 has probability `p`.
///
/// `p` is inside (0, 1); for full accuracy name the tail in which `p <= 1/2`.
pub fn gamma_quantile(a: f64, tail: Tail, p: f64) -> f64 {
    let start = first_guess(a, tail, p);
    exp(Node::solve(a, tail, ln(p), start).y)
}

/// `ln(xᵃ e^(−x) / Γ(a))`, given both `x` and `y = ln x`.
fn ln_peak(a: f64, y: f64, x: f64) -> f64 {
    if a < LARGE {
        return a * y - x - ln_gamma(a);
    }
    let off = (x - a) / a;
    let b = 1.0 / (a * a);
    let stirling = (1.0 / 12.0 - b * (1.0 / 360.0 - b * (1.0 / 1260.0 - b * (1.0 / 1680.0 - b / 1188.0)))) / a;
    let bend = if off > -0.9 { ln_1p(off) - off } else { y - ln(a) - off };
    a * bend + 0.5 * ln(a / std::f64::consts::TAU) - stirling
}

/// `Σ xⁿ / (a (a+1) … (a+n))`, for `x < a + 1`.
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    while term > sum * 1e-17 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

/// The continued fraction of `Q(a, x) Γ(a) / (xᵃ e^(−x))`, by Lentz's method, for `x >= a + 1`.
fn fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    let mut i = 1.0;
    loop {
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 3e-16 || i > 1e4 {
            return h;
        }
        i += 1.0;
    }
}

/// `ln x` near the quantile: Wilson and Hilferty's cube, or the first term of the series where that is better.
pub(crate) fn first_guess(a: f64, tail: Tail, p: f64) -> f64 {
    let lower = if tail == Tail::Lower { p } else { 1.0 - p };
    let z = special::normal_quantile(lower.max(1e-300));
    let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * sqrt(a));
    if a > 0.3 && root > 0.2 { 3.0 * ln(root) + ln(a) } else { (ln(lower.max(1e-300)) + ln_gamma(a + 1.0)) / a }
}

/// A solved quantile: where it is, and how it moves with the logarithm of the tail's probability.
///
/// Both `ln P` and `ln Q` are concave in `y = ln x`, so that Newton's method on them converges from anywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The logarithm of the quantile.
    pub(crate) y: f64,
    /// `x · density / tail`.
    rate: f64,
}

impl Node {
    /// The quantile in one tail at the logarithm of its probability, found from a first guess of `ln x`.
    pub(crate) fn solve(a: f64, tail: Tail, ln_p: f64, start: f64) -> Node {
        let mut y = start;
        let mut rate = 1.0;
        for _ in 0..200 {
            let x = exp(y);
            let ln_tail;
            (ln_tail, rate) = ln_tail_and_rate(a, tail, y, x);
            let sign = if tail == Tail::Lower { 1.0 } else { -1.0 };
            let limit = if tail == Tail::Lower { f64::INFINITY } else { 2.0 };
            let step = ((ln_p - ln_tail) / (sign * rate)).clamp(-limit, limit);
            y += step;
            if step.abs() < 2e-8 {
                break;
            }
        }
        Node { y, rate }
    }

    /// The first guess for a probability a factor `exp(ds)` away: three terms of Taylor's series.
    pub(crate) fn ahead(&self, a: f64, tail: Tail, ds: f64) -> f64 {
        let (r, x) = (self.rate, exp(self.y));
        let (sign, k) = if tail == Tail::Lower { (1.0, a - x - r) } else { (-1.0, a - x + r) };
        let third = sign * (x + sign * r * k + 2.0 * k * k) / (r * r * r);
        self.y + ds * (sign / r + ds * (-k / (r * r) / 2.0 + ds * third / 6.0))
    }
}

/// The logarithm of a tail's probability at `x = exp(y)`, and `x · density / tail`.
fn ln_tail_and_rate(a: f64, tail: Tail, y: f64, x: f64) -> (f64, f64) {
    let peak = ln_peak(a, y, x);
    match (tail, x < a + 1.0) {
        (Tail::Lower, true) => {
            let sum = series(a, x);
            (peak + ln(sum), 1.0 / sum)
        }
        (Tail::Upper, false) => {
            let part = fraction(a, x);
            (peak + ln(part), 1.0 / part)
        }
        (Tail::Lower, false) => {
            let q = (exp(peak) * fraction(a, x)).min(1.0 - 1e-16);
            (ln_1p(-q), exp(peak) / (1.0 - q))
        }
        (Tail::Upper, true) => {
            let ln_p = peak + ln(series(a, x));
            let q = (-exp_m1(ln_p)).max(1e-16);
            (ln(q), exp(peak) / q)
        }
    }
}

/// `Γ(1 + 1/k)`, the mean of a Weibull variable of shape `k > 0` and scale 1.
pub fn weibull_mean(k: f64) -> f64 {
    exp(ln_gamma(1.0 + 1.0 / k))
}

/// The Weibull quantile of scale 1: `(−ln(1 − u))^(1/k)`, given the hazard passed, `−ln(1 − u)`.
pub fn weibull_at(hazard: f64, k: f64) -> f64 {
    pow(hazard, 1.0 / k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Gamma};

    #[test]
    fn both_tails_agree_with_an_independent_library() {
        for a in [0.11, 0.5, 1.0, 2.5, 7.0, 40.0, 400.0] {
            let known = Gamma::new(a, 1.0).unwrap();
            for factor in [0.01, 0.3, 0.9, 1.0, 1.1, 1.7, 3.0] {
                let x = a * factor;
                for (seen, expected) in [(gamma_p(a, x), known.cdf(x)), (gamma_q(a, x), known.sf(x))] {
                    let bound = 1e-12 * expected + 1e-14;
                    assert!((seen - expected).abs() <= bound, "a {a} x {x}: {seen} is not {expected}");
                }
            }
        }
    }

    /// Shape 1 is the exponential distribution, known in closed form in both tails.
    #[test]
    fn shape_one_is_exponential() {
        for p in [1e-12, 1e-3, 0.2, 0.5] {
            assert!((gamma_quantile(1.0, Tail::Lower, p) / -ln_1p(-p) - 1.0).abs() < 1e-13);
            assert!((gamma_quantile(1.0, Tail::Upper, p) / -ln(p) - 1.0).abs() < 1e-13);
        }
        assert!((gamma_q(3.0, 2.0) - 5.0 * exp(-2.0)).abs() < 1e-15); // 1 + x + x²/2 events of a Poisson process
    }

    #[test]
    fn the_quantile_inverts_both_tails() {
        for a in [0.0025, 0.05, 0.3, 1.0, 3.0, 16.0, 400.0, 1e6] {
            for p in [1e-10, 1e-4, 0.1, 0.3, 0.5, 0.9, 0.999] {
                let low = gamma_quantile(a, Tail::Lower, p);
                assert!(low < 1e-290 || (gamma_p(a, low) / p - 1.0).abs() < 1e-10, "lower a {a} p {p}: {low}");
                let high = gamma_quantile(a, Tail::Upper, p);
                assert!(high < 1e-290 || (gamma_q(a, high) / p - 1.0).abs() < 1e-10, "upper a {a} p {p}: {high}");
            }
        }
    }
}
