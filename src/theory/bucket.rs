//! A token bucket under Poisson requests.

use crate::math::gamma::gamma_p;

/// The fraction of requests refused by a bucket of `size >= 1` tokens that refills continuously by `refill` tokens a
/// second, each of the Poisson requests at `rate` a second taking one token or being refused.
///
/// What is missing from the bucket is the work left in an M/D/1 queue whose service takes `1/refill`: a request finds
/// less than one token exactly if it finds `size` customers there. So the loss is that of M/D/1/`size`, by the chain
/// embedded at departures (Gross et al., *Fundamentals of Queueing Theory*, 4th ed., 5.1.7): with `aₙ` Poisson(ρ),
/// `πⱼ₊₁a₀ = π₀P(A > j) + Σᵢ πᵢP(A > j − i + 1)`, and loss `1 − 1/(π₀ + ρ)`. Every term is positive, nothing cancels.
/// Takes time `size²`.
pub fn refused(rate: f64, refill: f64, size: u32) -> f64 {
    let load = rate / refill;
    if load <= 0.0 {
        return 0.0;
    }
    let size = size as usize;
    let more_than: Vec<f64> = (0..=size).map(|n| gamma_p(n as f64 + 1.0, load)).collect();
    let none = 1.0 - more_than[0];
    let mut states = vec![1.0];
    for j in 0..size - 1 {
        let inside: f64 = (1..=j).map(|i| states[i] * more_than[j - i + 1]).sum();
        states.push((states[0] * more_than[j] + inside) / none);
        if states[j + 1] > 1e200 {
            states.iter_mut().for_each(|state| *state *= 1e-200);
        }
    }
    let empty = states[0] / states.iter().sum::<f64>();
    (1.0 - 1.0 / (empty + load)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;
    use crate::theory::spacing;

    #[test]
    fn one_token_is_a_spacing() {
        close(refused(3.0, 2.0, 1), spacing::refused(3.0, 0.5), 1e-13);
    }

    /// M/D/1/2 has a closed form: `π₀ = e^(−ρ)`.
    #[test]
    fn two_tokens() {
        let load = 0.8_f64;
        close(refused(load, 1.0, 2), 1.0 - 1.0 / ((-load).exp() + load), 1e-13);
    }

    #[test]
    fn a_large_bucket_passes_what_it_refills() {
        close(refused(4.0, 1.0, 500), 0.75, 1e-9);
        assert!(refused(0.5, 1.0, 200) < 1e-12);
    }
}
