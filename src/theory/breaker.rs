//! How long a circuit breaker is open.

use crate::math::pow;

/// The mean number of attempts until `m >= 1` fail in a row: `(p^(−m) − 1)/(1 − p)`, each failing with probability `p`
/// in (0, 1] (Feller, *An Introduction to Probability Theory and Its Applications* I, XIII.7); `m` where `p` is 1.
pub fn attempts_until_trip(p: f64, m: u32) -> f64 {
    // Summed as p⁻¹ + … + p⁻ᵐ, which is the same and does not divide 0 by 0.
    (1..=m).map(|k| pow(p, -f64::from(k))).sum()
}

/// The fraction of time that a breaker is open: `Poisson` calls at `rate` a second, each failing with probability `p`
/// in 0..=1; it opens after `m` failures in a row, stays open for `reset` seconds, and then lets the next call probe.
///
/// A renewal argument: a cycle is the closed time `N/λ` with `N` from [`attempts_until_trip`], then `1/(1 − p)` rounds
/// on average of `reset` and the wait `1/λ` for the probe. Calls that take no time are assumed. By Poisson arrivals
/// it is also the fraction of calls that are refused.
pub fn open_fraction(rate: f64, p: f64, m: u32, reset: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    let closed = (1.0 - p) * attempts_until_trip(p, m) / rate;
    reset / (closed + reset + 1.0 / rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;

    #[test]
    fn runs_of_heads() {
        // Tosses of a fair coin until three heads in a row: 14, a textbook exercise.
        close(attempts_until_trip(0.5, 3), 14.0, 1e-14);
        close(attempts_until_trip(1.0, 5), 5.0, 0.0);
    }

    #[test]
    fn limits() {
        assert_eq!(open_fraction(1.0, 0.0, 3, 30.0), 0.0);
        close(open_fraction(1.0, 1.0, 3, 30.0), 30.0 / 31.0, 1e-14); // only probes get through, and fail
        // The stationary equations of the chain solved by iteration, a state for each count of failures in a row.
        let (p, m, reset, rate) = (0.4, 2, 5.0, 2.0);
        let mut visits = [1.0, 0.0, 0.0]; // closed with 0 and 1 failures; open, then half-open
        for _ in 0..500 {
            let [none, one, open] = visits;
            visits = [(1.0 - p) * (none + one + open), p * none, p * (one + open)];
        }
        let [none, one, open] = visits;
        let time = (none + one) / rate + open * (reset + 1.0 / rate);
        close(open_fraction(rate, p, m, reset), open * reset / time, 1e-12);
    }
}
