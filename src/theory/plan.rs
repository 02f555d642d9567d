//! How long a plan takes that waits for nobody.

use crate::math::gamma::gamma_p;

/// The mean time of `n` exponential calls of mean `mean` seconds, of which at most `parallel >= 1` run at once.
///
/// While more are left than may run, one ends every `mean/parallel` on average; the last few end one after the other:
/// `(n − m)s/m + s(1 + 1/2 + … + 1/m)` (the maximum of exponentials; Feller II, I.6).
pub fn parallel_exponentials(n: u32, parallel: u32, mean: f64) -> f64 {
    let m = parallel.min(n);
    mean * (f64::from(n - m) / f64::from(m) + (1..=m).map(|k| 1.0 / f64::from(k)).sum::<f64>())
}

/// The time that a share `p` inside (0, 1) of sums of `n >= 1` exponentials of mean `mean` stays within: Erlang's law.
pub fn sum_quantile(n: u32, mean: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while gamma_p(f64::from(n), high) < p {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if gamma_p(f64::from(n), middle) < p { low = middle } else { high = middle }
    }
    mean * high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;
    use statrs::distribution::{ChiSquared, ContinuousCDF};

    #[test]
    fn calls_side_by_side() {
        close(parallel_exponentials(7, 1, 2.0), 14.0, 1e-15);
        close(parallel_exponentials(3, 3, 1.0), 11.0 / 6.0, 1e-15);
        close(parallel_exponentials(4, 2, 1.0), 1.0 + 1.5, 1e-15);
        close(parallel_exponentials(2, 9, 1.0), 1.5, 1e-15);
    }

    #[test]
    fn sums_agree_with_an_independent_library() {
        // Twice a sum of n unit exponentials is chi-squared with 2n degrees of freedom.
        let known = ChiSquared::new(6.0).unwrap();
        close(known.cdf(2.0 * sum_quantile(3, 1.0, 0.95)), 0.95, 1e-9);
        close(sum_quantile(1, 2.0, 0.5), 2.0 * std::f64::consts::LN_2, 1e-12);
    }
}
