//! Attempts and time of a call that is tried again.

use crate::math::pow;

/// The mean number of attempts of a call: `(1 − p^(r+1)) / (1 − p)`, the mean of a geometric number cut at `r + 1`.
///
/// Each attempt fails independently with probability `p` in 0..=1 and is retried at most `r` times.
pub fn attempts(p: f64, retries: u32) -> f64 {
    (0..=retries).rev().fold(0.0, |sum, _| sum * p + 1.0)
}

/// The probability that all `r + 1` attempts fail: `p^(r+1)`.
pub fn call_fails(p: f64, retries: u32) -> f64 {
    pow(p, f64::from(retries) + 1.0)
}

/// The mean time of a call in seconds, attempts and backoffs.
///
/// `Σ pᵏ·m + Σ p^(k+1)·bₖ`: attempt `k` is made with probability `pᵏ` and takes `m = E[min(X, timeout)]` on average
/// (`Law::limited` of the provider's latency); the backoff `bₖ` (the mean, jitter included) after it is taken
/// if it failed and is not the last. Wald's identity: whether an attempt is made does not depend on how long it takes.
pub fn call_time(p: f64, attempt: f64, backoffs: &[f64]) -> f64 {
    let mut made = 1.0;
    let mut time = attempt;
    for backoff in backoffs {
        made *= p;
        time += made * (backoff + attempt);
    }
    time
}

/// How much retries multiply the load on a provider that fails a fraction `p` of attempts: the mean number of attempts
/// over the 1 that would have been made.
pub fn amplification(p: f64, retries: u32) -> f64 {
    attempts(p, retries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;

    #[test]
    fn attempts_by_hand() {
        close(attempts(0.1, 2), 1.11, 1e-15);
        close(attempts(1.0, 4), 5.0, 0.0);
        close(attempts(0.0, 4), 1.0, 0.0);
        close(attempts(0.3, 500), 1.0 / 0.7, 1e-14);
        close(call_fails(0.1, 2), 1e-3, 1e-14);
        close(amplification(0.5, 1), 1.5, 0.0);
    }

    /// Two retries, worked out over the four ways a call can go.
    #[test]
    fn time_by_cases() {
        let (p, m, b) = (0.2, 5.0, [1.0, 2.0]);
        let once = (1.0 - p) * m;
        let twice = p * (1.0 - p) * (2.0 * m + b[0]);
        let thrice = p * p * (3.0 * m + b[0] + b[1]);
        close(call_time(p, m, &b), once + twice + thrice, 1e-14);
    }
}
