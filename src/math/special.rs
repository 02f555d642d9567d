//! The normal and Student distributions and the incomplete beta function.

use super::{erfc, exp, ln, ln_1p, ln_gamma, sqrt};

/// The probability that a standard normal variable is at most `z`.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal quantile at `p` inside (0, 1): Wichura, *Algorithm AS 241* (PPND16), Applied Statistics 37
/// (1988), relative error about 1e-16. Give a small `p` and change the sign for the far upper tail.
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    let r = sqrt(-ln(if q < 0.0 { p } else { 1.0 - p }));
    let z = if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { ratio(r - 5.0, &FAR) };
    if q < 0.0 { -z } else { z }
}

/// Numerator and denominator, from the constant up.
type Rational = ([f64; 8], [f64; 8]);

fn ratio(x: f64, (above, below): &Rational) -> f64 {
    let value = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    value(above) / value(below)
}

#[rustfmt::skip]
#[allow(clippy::excessive_precision)] // as printed in the paper
const CENTRE: Rational = (
    [3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3],
    [1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3],
);
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const MIDDLE: Rational = (
    [1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4],
    [1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9],
);
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const FAR: Rational = (
    [6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
    [1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15],
);

/// The regularised incomplete beta function `I_x(a, b)`, for `a, b > 0` and `x` in 0..=1, by Lentz's continued
/// fraction (*Numerical Recipes*, 3rd ed., 6.4).
pub fn beta_inc(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front = exp(ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * ln(x) + b * ln_1p(-x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let guard = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / guard(1.0 - (a + b) * x / (a + 1.0)));
    let mut h = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// The probability that a Student variable with `df > 0` degrees of freedom is more than `t >= 0`.
pub fn student_upper(t: f64, df: f64) -> f64 {
    0.5 * beta_inc(0.5 * df, 0.5, df / (df + t * t))
}

/// The Student quantile with `df >= 1` degrees of freedom at `p` inside (0, 1): Newton's method inside a bracket, to
/// about 1e-14.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    let upper = p.min(1.0 - p);
    if upper >= 0.5 {
        return 0.0;
    }
    let ln_front = ln_gamma(0.5 * (df + 1.0)) - ln_gamma(0.5 * df) - 0.5 * ln(df * std::f64::consts::PI);
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut t = -normal_quantile(upper);
    for _ in 0..200 {
        let off = student_upper(t, df) - upper;
        if off > 0.0 {
            low = t
        } else {
            high = t
        }
        let density = exp(ln_front - 0.5 * (df + 1.0) * ln_1p(t * t / df));
        let newton = t + off / density;
        let next = match newton {
            next if next > low && next < high && next < 4.0 * t + 1.0 => next,
            _ if high.is_finite() => 0.5 * (low + high),
            _ => 2.0 * t + 1.0,
        };
        if (next - t).abs() <= 1e-15 * t {
            break;
        }
        t = next;
    }
    if p < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    #[test]
    fn the_normal_quantile_inverts_the_distribution() {
        // The paper's own check values.
        assert!((normal_quantile(0.25) + 0.674_489_750_196_081_7).abs() < 1e-15);
        assert!((normal_quantile(1e-3) + 3.090_232_306_167_813_5).abs() < 1e-15);
        assert!((normal_quantile(1e-20) + 9.262_340_089_798_408).abs() < 1e-14);
        for p in [1e-300, 1e-100, 1e-12, 1e-5, 0.01, 0.07, 0.08, 0.3, 0.5, 0.7, 0.95] {
            assert!((normal_cdf(normal_quantile(p)) / p - 1.0).abs() < 1e-12, "{p}");
        }
    }

    /// Critical values printed in every table: Abramowitz and Stegun, table 26.10.
    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        for (df, p, t) in [
            (1.0, 0.975, 12.706),
            (2.0, 0.975, 4.303),
            (10.0, 0.975, 2.228),
            (29.0, 0.995, 2.756),
            (120.0, 0.95, 1.658),
        ] {
            assert!((student_quantile(p, df) - t).abs() < 6e-4, "{df} {p}: {}", student_quantile(p, df));
        }
    }

    #[test]
    fn student_quantiles_agree_with_an_independent_library() {
        for df in [1.0, 2.0, 3.0, 4.5, 9.0, 29.0, 99.0, 1e4] {
            let known = StudentsT::new(0.0, 1.0, df).unwrap();
            for p in [0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9995] {
                let t = student_quantile(p, df);
                assert!((known.cdf(t) - p).abs() < 1e-10, "{df} {p}: {t}");
            }
        }
        let cauchy = 1.0 / (0.025 * std::f64::consts::PI).tan(); // one degree of freedom has a closed form
        assert!((student_quantile(0.975, 1.0) / cauchy - 1.0).abs() < 1e-13);
    }
}
