//! How often a quota runs out.

use crate::math::gamma::{gamma_p, gamma_q};
use crate::math::special::{beta_inc, normal_quantile};
use crate::math::{ceil, exp, floor, ln, ln_gamma, pow, sqrt};

/// The probability that a Poisson number of mean `mean >= 0` is `n`.
pub fn poisson(mean: f64, n: u64) -> f64 {
    let n = n as f64;
    if mean > 0.0 { exp(n * ln(mean) - mean - ln_gamma(n + 1.0)) } else { f64::from(u8::from(n == 0.0)) }
}

/// The probability that a Poisson number of mean `mean >= 0` is at most `n`: `Q(n + 1, mean)`.
pub fn poisson_at_most(mean: f64, n: u64) -> f64 {
    gamma_q(n as f64 + 1.0, mean)
}

/// The probability that at least `k` of `n` independent events of probability `p` in 0..=1 happen: `I_p(k, n − k + 1)`
/// (Abramowitz and Stegun, 26.5.24).
pub fn binomial_at_least(n: u64, p: f64, k: u64) -> f64 {
    match k {
        0 => 1.0,
        k if k > n => 0.0,
        k => beta_inc(k as f64, (n - k + 1) as f64, p),
    }
}

/// The number of costly plans with which a quota of `quota` writes is first exceeded, each taking `cost >= 1`.
pub fn plans_over(quota: u64, cost: u64) -> u64 {
    quota / cost + 1
}

/// The probability that a day asks for more than its quota.
///
/// Plans are Poisson with a mean of `plans` a day, and each takes `cost >= 1` writes with probability `p` and none
/// otherwise: costly plans are Poisson with mean `plans · p` (thinning), and `quota/cost + 1` of them are too many.
pub fn day_exceeds(plans: f64, p: f64, cost: u64, quota: u64) -> f64 {
    gamma_p(plans_over(quota, cost) as f64, plans * p)
}

/// The probability that a Poisson number of plans with mean `plans`, each of a cost drawn from `costs` (a cost and its
/// probability; what is missing to 1 costs nothing), asks for more than `quota`.
///
/// Panjer's recursion for the compound Poisson law, `g(n) = λ/n Σ j·f(j)·g(n − j)` (*ASTIN Bulletin* 12, 1981). Takes
/// time `quota` × the number of costs.
pub fn compound_exceeds(plans: f64, costs: &[(u64, f64)], quota: u64) -> f64 {
    let costly: f64 = costs.iter().filter(|(cost, _)| *cost > 0).map(|(_, p)| p).sum();
    // Kept as multiples of exp(shift), because exp(−λ) alone vanishes for many plans.
    let mut shift = -plans * costly;
    let mut g = vec![1.0_f64];
    let mut within = 1.0;
    for n in 1..=quota as usize {
        let terms = costs.iter().filter(|(cost, _)| *cost > 0 && *cost as usize <= n);
        let sum: f64 = terms.map(|(cost, p)| *cost as f64 * p * g[n - *cost as usize]).sum();
        g.push(plans / n as f64 * sum);
        within += g[n];
        if within > 1e200 {
            g.iter_mut().for_each(|x| *x *= 1e-200);
            within *= 1e-200;
            shift += 200.0 * std::f64::consts::LN_10;
        }
    }
    (1.0 - exp(ln(within) + shift)).max(0.0)
}

/// The mean number of plans, up to and with the one that first exceeds the quota: `r/p`, the mean of the negative
/// binomial law, with `r = quota/cost + 1` costly plans of probability `p > 0`.
pub fn plans_until_exceeded(p: f64, cost: u64, quota: u64) -> f64 {
    plans_over(quota, cost) as f64 / p
}

/// The number of plans by which a share `share` inside (0, 1) of days has exceeded the quota: the quantile of the
/// negative binomial law, the least `n` with `P(Binomial(n, p) >= r) >= share`, for `p` in (0, 1].
pub fn plans_until_exceeded_quantile(p: f64, cost: u64, quota: u64, share: f64) -> u64 {
    let r = plans_over(quota, cost);
    let spread = sqrt(r as f64 * (1.0 - p)) / p;
    let guess = ceil((r as f64 / p + normal_quantile(share) * spread).max(r as f64)) as u64;
    let step = floor(spread) as u64 + 1;
    let enough = |n: u64| binomial_at_least(n, p, r) >= share;
    let (mut low, mut high) = (guess, guess);
    while low > r && enough(low) {
        low = low.saturating_sub(step).max(r);
    }
    while !enough(high) {
        high += step;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The probability that none of `days` independent days exceeds its quota, each with probability `day` in 0..=1.
pub fn none_exceeds(day: f64, days: u32) -> f64 {
    pow(1.0 - day, f64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;
    use statrs::distribution::{Discrete, DiscreteCDF, NegativeBinomial, Poisson};

    #[test]
    fn poisson_agrees_with_an_independent_library() {
        for mean in [0.5, 27.0, 400.0] {
            let known = Poisson::new(mean).unwrap();
            for n in [0, 1, 20, 27, 30, 410] {
                assert!((poisson_at_most(mean, n) - known.cdf(n)).abs() < 1e-10);
                assert!((poisson(mean, n) - known.pmf(n)).abs() < 1e-10);
            }
        }
        assert_eq!((poisson(0.0, 0), poisson(0.0, 1)), (1.0, 0.0));
    }

    /// A plan of 36 writes under a quota of 1,000: the 28th plan is the first that does not fit.
    #[test]
    fn a_day_of_plans() {
        assert_eq!(plans_over(1_000, 36), 28);
        close(day_exceeds(20.0, 1.0, 36, 1_000), 1.0 - poisson_at_most(20.0, 27), 1e-10);
        close(day_exceeds(20.0, 0.4, 36, 1_000), compound_exceeds(20.0, &[(36, 0.4), (0, 0.6)], 1_000), 1e-6);
        close(compound_exceeds(3_000.0, &[(1, 1.0)], 3_000), 1.0 - poisson_at_most(3_000.0, 3_000), 1e-9);
        close(compound_exceeds(1.0, &[(1, 0.5), (2, 0.5)], 1), 1.0 - 1.5 * (-1.0_f64).exp(), 1e-13);
        close(none_exceeds(0.1, 2), 0.81, 1e-14);
    }

    #[test]
    fn plans_until_the_quota_agree_with_an_independent_library() {
        for (p, cost, quota) in [(0.4, 36, 1_000), (0.01, 1, 99), (1.0, 10, 95), (0.9, 1, 0)] {
            let r = plans_over(quota, cost);
            close(plans_until_exceeded(p, cost, quota), r as f64 / p, 0.0);
            for share in [0.01, 0.5, 0.99] {
                let n = plans_until_exceeded_quantile(p, cost, quota, share);
                if p == 1.0 {
                    assert_eq!(n, r);
                    continue;
                }
                let known = NegativeBinomial::new(r as f64, p).unwrap(); // counts the plans that cost nothing
                assert!(known.cdf(n - r) >= share - 1e-12, "{p} {n}");
                assert!(n == r || known.cdf(n - r - 1) < share + 1e-12, "{p} {n}");
            }
        }
    }
}
