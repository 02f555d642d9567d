//! One server, and arrivals that are not Poisson: batches, bursts, a clock.

use super::queues::mg1_wait;
use crate::math::{exp, ln, sqrt};

/// The mean wait of M^[X]/G/1 in seconds where batches of `size >= 1` customers come together, `rate` customers a second
/// in all; none where it grows without end.
///
/// The wait of M/G/1 and `(size − 1)s / (2(1 − ρ))` for those of the same batch (Gross et al., *Fundamentals of Queueing
/// Theory*, 4th ed., 3.1).
pub fn batch_wait(rate: f64, service: f64, cv: f64, size: u32) -> Option<f64> {
    let others = 0.5 * f64::from(size - 1) * service / (1.0 - rate * service);
    mg1_wait(rate, service, cv).map(|wait| wait + others)
}

/// The chance that an arrival of D/M/1 waits: the root below 1 of `σ = e^(−(1 − σ)/ρ)`, for a load under 1.
///
/// Found from below, where the right side leads up to it (Kleinrock, *Queueing Systems* I, 6.4).
fn dm1_waits(load: f64) -> f64 {
    let mut waits = 0.0;
    for _ in 0..100_000 {
        let next = exp(-(1.0 - waits) / load);
        if next <= waits {
            break;
        }
        waits = next;
    }
    waits
}

/// The mean wait of D/M/1 in seconds, `σs/(1 − σ)`; none where it grows without end.
pub fn dm1_wait(rate: f64, service: f64) -> Option<f64> {
    let load = rate * service;
    (load < 1.0).then(|| dm1_waits(load) * service / (1.0 - dm1_waits(load)))
}

/// The wait that a share `p` in 0..1 of D/M/1 arrivals stays within, in seconds: `P(W > t) = σe^(−(1 − σ)t/s)`.
pub fn dm1_wait_quantile(rate: f64, service: f64, p: f64) -> Option<f64> {
    let load = rate * service;
    (load < 1.0).then(|| {
        let waits = dm1_waits(load);
        (ln(waits / (1.0 - p)) * service / (1.0 - waits)).max(0.0)
    })
}

/// A state of a burst process: arrivals a second, and the mean stay in seconds.
pub type State = (f64, f64);

/// Arrivals a second of a burst process in the long run.
pub fn mmpp_rate(states: [State; 2]) -> f64 {
    let [(rate, stay), (other, rest)] = states;
    (rate * stay + other * rest) / (stay + rest)
}

/// Arrivals expected in the first `time` seconds of a burst process that starts in its first state.
///
/// The chance of the first state is `π + (1 − π)e^(−(a + b)t)` with the rates `a`, `b` of leaving each; its integral
/// weighs the difference of the two rates.
pub fn mmpp_arrivals(states: [State; 2], time: f64) -> f64 {
    let leaves = 1.0 / states[0].1 + 1.0 / states[1].1;
    let second = states[0].1 * leaves; // 1 / (1 − π)
    mmpp_rate(states) * time + (states[0].0 - states[1].0) * (1.0 - exp(-leaves * time)) / (second * leaves)
}

/// The mean wait of MMPP/M/1 in seconds with two states; none where it grows without end.
///
/// Yechiali and Naor (*Operations Research* 19, 1971): the generating functions of the two states satisfy
/// `aᵢ(z)Pᵢ − rⱼPⱼ = μ(1 − 1/z)pᵢ(0)` with `aᵢ = λᵢ(1 − z) + rᵢ + μ(1 − 1/z)`. The root of `a₁a₂ = r₁r₂` inside (0, 1)
/// makes the right sides consistent, which fixes the two `pᵢ(0)`; the derivatives at 1 give the mean number present.
pub fn mmpp_m1_wait(states: [State; 2], service: f64) -> Option<f64> {
    let mu = 1.0 / service;
    let rate = mmpp_rate(states);
    if rate >= mu {
        return None;
    }
    let [(l1, stay1), (l2, stay2)] = states;
    let (r1, r2) = (1.0 / stay1, 1.0 / stay2);
    let a = |lambda: f64, r: f64, z: f64| lambda * (1.0 - z) + r + mu * (1.0 - 1.0 / z);
    // Over 0 just above 0, and under it just below 1 where the queue is stable: divided by 1 − z, which is a root too.
    let off = |z: f64| (a(l1, r1, z) * a(l2, r2, z) - r1 * r2) / (1.0 - z);
    let (mut low, mut high) = (1e-12, 1.0 - 1e-12);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if off(middle) > 0.0 { low = middle } else { high = middle }
    }
    let z = 0.5 * (low + high);
    let idle = 1.0 - rate / mu;
    // a₂(z)·p₁(0) + r₂·p₂(0) = 0, and p₁(0) + p₂(0) = idle.
    let idle1 = idle * r2 / (r2 - a(l2, r2, z));
    let first = stay1 / (stay1 + stay2);
    // (μ − λ₁)x + (μ − λ₂)y = λ̄ and r₁x − r₂y = μp₁(0) − (μ − λ₁)π₁ for the derivatives x and y.
    let right = mu * idle1 - (mu - l1) * first;
    let whole = (mu - l1) * r2 + (mu - l2) * r1;
    let x = (rate * r2 + (mu - l2) * right) / whole;
    let y = (rate * r1 - (mu - l1) * right) / whole;
    Some((x + y) / rate - service)
}

/// The wait that a share `p` in 0..1 of M/M/1 arrivals stays within where the last to come is served first, in seconds;
/// none where it grows without end.
///
/// Who waits is served when the server has dealt with the one it found and with all that came later: a busy period.
/// `P(B > t) = (2μ/π) ∫ sin²θ e^(−wt)/w dθ` over 0 to π with `w = λ + μ − 2√(λμ) cos θ` (the density of Kleinrock I,
/// 5.8, with its Bessel function written as an integral). The trapezoidal rule is exact for periodic functions like it.
pub fn lifo_wait_quantile(rate: f64, service: f64, p: f64) -> Option<f64> {
    let load = rate * service;
    if load >= 1.0 {
        return None;
    }
    let (mut low, mut high) = (0.0, service);
    let within = |t: f64| 1.0 - load * busy_longer(rate, service, t) >= p;
    while !within(high) {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if within(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

fn busy_longer(rate: f64, service: f64, t: f64) -> f64 {
    const STEPS: u32 = 2_000;
    let mu = 1.0 / service;
    let term = |step: u32| {
        let angle = std::f64::consts::PI * f64::from(step) / f64::from(STEPS);
        let (sine, cosine) = (crate::math::sin(angle), crate::math::cos(angle));
        let w = rate + mu - 2.0 * sqrt(rate * mu) * cosine;
        sine * sine * exp(-w * t) / w
    };
    2.0 * mu * (1..STEPS).map(term).sum::<f64>() / f64::from(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;
    use crate::theory::queues::mm1_wait;

    /// The mean number of a chain on 0..n with jumps `(from, to, rate)`, from its stationary law by iteration.
    fn mean_present(states: usize, jumps: &[(usize, usize, f64)], present: impl Fn(usize) -> f64) -> f64 {
        let fastest = (0..states)
            .map(|i| jumps.iter().filter(|jump| jump.0 == i).map(|jump| jump.2).sum::<f64>())
            .fold(0.0, f64::max);
        let mut weights = vec![1.0 / states as f64; states];
        for _ in 0..60_000 {
            let mut next = weights.clone();
            for &(from, to, rate) in jumps {
                let flow = weights[from] * rate / (1.001 * fastest);
                next[from] -= flow;
                next[to] += flow;
            }
            weights = next;
        }
        weights.iter().enumerate().map(|(state, weight)| weight * present(state)).sum()
    }

    #[test]
    fn batches_by_a_chain() {
        close(batch_wait(0.6, 1.0, 1.0, 1).unwrap(), mm1_wait(0.6, 1.0).unwrap(), 1e-14);
        let (rate, size, last) = (0.6, 3, 120);
        let mut jumps: Vec<(usize, usize, f64)> = (1..last).map(|n| (n, n - 1, 1.0)).collect();
        jumps.extend((0..last - size).map(|n| (n, n + size, rate / size as f64)));
        let present = mean_present(last, &jumps, |n| n as f64);
        close(batch_wait(rate, 1.0, 1.0, 3).unwrap(), present / rate - 1.0, 1e-6);
    }

    /// Of `σ = e^(−2(1 − σ))` the tables of Lambert's function have the root 0.2031878699…
    #[test]
    fn a_clock_and_a_memoryless_server() {
        close(dm1_wait(0.5, 1.0).unwrap(), 0.203_187_869_979_98 / (1.0 - 0.203_187_869_979_98), 1e-11);
        // By its definition.
        let quantile = dm1_wait_quantile(0.5, 1.0, 0.95).unwrap();
        close(0.203_187_869_979_98 * (-(1.0 - 0.203_187_869_979_98) * quantile).exp(), 0.05, 1e-11);
        assert_eq!(dm1_wait(1.0, 1.0), None);
    }

    #[test]
    fn bursts_by_a_chain() {
        let states = [(0.2, 20.0), (1.4, 10.0)];
        close(mmpp_rate(states), 0.6, 1e-14);
        close(mmpp_m1_wait([(0.6, 20.0), (0.6, 3.0)], 1.0).unwrap(), mm1_wait(0.6, 1.0).unwrap(), 1e-8);
        let last = 200;
        let mut jumps = Vec::new();
        for n in 0..last {
            jumps.push((2 * n, 2 * n + 1, 1.0 / 20.0));
            jumps.push((2 * n + 1, 2 * n, 1.0 / 10.0));
            for (state, rate) in [(0, 0.2), (1, 1.4)] {
                if n + 1 < last {
                    jumps.push((2 * n + state, 2 * n + 2 + state, rate));
                    jumps.push((2 * n + 2 + state, 2 * n + state, 1.0));
                }
            }
        }
        let present = mean_present(2 * last, &jumps, |state| (state / 2) as f64);
        close(mmpp_m1_wait(states, 1.0).unwrap(), present / 0.6 - 1.0, 1e-6);
        assert_eq!(mmpp_m1_wait([(0.2, 20.0), (2.8, 10.0)], 1.0), None);
    }

    /// The differential equation of the chance of the first state, in small steps.
    #[test]
    fn the_first_minutes_of_a_burst_process() {
        let states = [(0.5, 30.0), (3.0, 10.0)];
        let (mut first, mut arrivals, step) = (1.0, 0.0, 1e-4);
        for _ in 0..450_000 {
            arrivals += step * (0.5 * first + 3.0 * (1.0 - first));
            first += step * ((1.0 - first) / 10.0 - first / 30.0);
        }
        close(mmpp_arrivals(states, 45.0), arrivals, 1e-4);
    }

    #[test]
    fn the_last_to_come_is_served_first() {
        close(busy_longer(0.7, 1.0, 0.0), 1.0, 1e-10);
        // The mean of a busy period is s/(1 − ρ): the integral of its survival.
        let mean: f64 = (0..40_000).map(|i| 0.005 * busy_longer(0.5, 1.0, 0.005 * (f64::from(i) + 0.5))).sum();
        close(mean, 2.0, 1e-4);
        let quantile = lifo_wait_quantile(0.7, 1.0, 0.95).unwrap();
        close(0.7 * busy_longer(0.7, 1.0, quantile), 0.05, 1e-10);
        assert!(lifo_wait_quantile(0.7, 1.0, 0.2).unwrap() < 1e-12, "three in ten do not wait");
    }
}
