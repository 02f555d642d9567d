//! What a cache still holds.

use crate::math::{exp, exp_m1};

/// The hit ratio under Poisson reads at `rate` a second of an entry that lives `ttl` seconds from the miss that put it
/// there: `λT/(1 + λT)`, a miss being followed by `λT` hits on average (Jung, Berger and Balakrishnan, *INFOCOM* 2003).
pub fn ttl_hits(rate: f64, ttl: f64) -> f64 {
    rate * ttl / (1.0 + rate * ttl)
}

/// The hit ratio where each read renews the entry's life: `1 − e^(−λT)`, the chance that the last read is less than
/// `ttl` seconds ago (Fofack et al., *Computer Networks* 65, 2014).
pub fn renewed_ttl_hits(rate: f64, ttl: f64) -> f64 {
    -exp_m1(-rate * ttl)
}

/// The share of an LRU cache's reads that hit, exactly, where reads choose independently among a few entries.
///
/// King's product form (*IFIP Congress* 1971): the cache holds `i₁, i₂, …` in order of last use with probability
/// `Π pᵢⱼ / (1 − pᵢ₁ − … − pᵢⱼ₋₁)`, summed here over sets in place of orders. `popularity` sums to 1; at most 20
/// entries, because time grows as `2ⁿ`.
///
/// # Panics
/// More than 20 entries.
pub fn lru_hits(popularity: &[f64], size: usize) -> f64 {
    let n = popularity.len();
    assert!(n <= 20, "too many entries for an exact solution");
    if size >= n {
        return 1.0;
    }
    let mut held = vec![0.0; 1 << n];
    held[0] = 1.0;
    let mut hits = 0.0;
    for set in 0..1_usize << n {
        let inside: f64 = (0..n).filter(|i| set >> i & 1 == 1).map(|i| popularity[i]).sum();
        match set.count_ones() as usize {
            full if full == size => hits += held[set] * inside,
            more if more > size => {}
            _ => {
                for i in (0..n).filter(|i| set >> i & 1 == 0) {
                    held[set | 1 << i] += held[set] * popularity[i] / (1.0 - inside);
                }
            }
        }
    }
    hits
}

/// The same where the entry that was written first goes, or one at random: the cache holds a set with probability in
/// proportion to `Π pᵢ` (Gelenbe, *IEEE Transactions on Computers* 22, 1973).
///
/// Sums over sets are elementary symmetric polynomials, so any number of entries will do.
pub fn fifo_hits(popularity: &[f64], size: usize) -> f64 {
    if size >= popularity.len() {
        return 1.0;
    }
    let sets = |without: usize| -> Vec<f64> {
        let mut sums = vec![0.0; size + 1];
        sums[0] = 1.0;
        for (_, p) in popularity.iter().enumerate().filter(|(i, _)| *i != without) {
            for k in (1..=size).rev() {
                sums[k] += p * sums[k - 1];
            }
        }
        sums
    };
    let all = sets(popularity.len())[size];
    let held = |i: usize| popularity[i] * sets(i)[size - 1] / all;
    (0..popularity.len()).map(|i| popularity[i] * held(i)).sum()
}

/// Che's approximation of [`lru_hits`] for any number of entries: one is held if it was read within the time `t` in
/// which `size` different entries are, `Σ (1 − e^(−pᵢt)) = size` (Che, Tung and Wang, *IEEE JSAC* 20, 2002).
pub fn lru_hits_che(popularity: &[f64], size: usize) -> f64 {
    if size >= popularity.iter().filter(|p| **p > 0.0).count() {
        return 1.0;
    }
    let held = |t: f64| -> f64 { popularity.iter().map(|p| -exp_m1(-p * t)).sum() };
    let (mut low, mut high) = (0.0, 1.0);
    while held(high) < size as f64 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if held(middle) < size as f64 { low = middle } else { high = middle }
    }
    popularity.iter().map(|p| -p * exp_m1(-p * high)).sum()
}

/// The probability that a record is still there at an age: `e^(−(h + r)a)` below the TTL, with a hazard `h` of eviction
/// and `r` restarts a second, and 0 from the TTL on.
pub fn record_survives(age: f64, ttl: f64, eviction: f64, restarts: f64) -> f64 {
    if age < ttl { exp(-(eviction + restarts) * age) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;

    #[test]
    fn ttl_by_hand() {
        close(ttl_hits(2.0, 3.0), 6.0 / 7.0, 1e-15);
        close(renewed_ttl_hits(1.0, 2.0_f64.ln()), 0.5, 1e-14);
        close(record_survives(86_399.0, 86_400.0, 1e-6, 2e-6), (-0.259_197_f64).exp(), 1e-12);
        assert_eq!(record_survives(86_400.0, 86_400.0, 0.0, 0.0), 0.0);
        assert_eq!(record_survives(86_399.0, 86_400.0, 0.0, 0.0), 1.0);
    }

    #[test]
    fn lru_by_hand_and_by_symmetry() {
        close(lru_hits(&[0.25; 4], 3), 0.75, 1e-14);
        close(lru_hits(&[0.7, 0.3], 1), 0.58, 1e-14); // a cache of one hits if the same entry is read twice
        let (a, b, c) = (0.5, 0.3, 0.2); // size 2 misses if the entry is not among the last two different ones
        let miss = c * (a * b / (1.0 - a) + b * a / (1.0 - b))
            + b * (a * c / (1.0 - a) + c * a / (1.0 - c))
            + a * (b * c / (1.0 - b) + c * b / (1.0 - c));
        close(lru_hits(&[a, b, c], 2), 1.0 - miss, 1e-14);
        assert_eq!((lru_hits(&[0.5, 0.5], 2), lru_hits_che(&[0.5, 0.5], 2)), (1.0, 1.0));
    }

    #[test]
    fn fifo_by_hand() {
        close(fifo_hits(&[0.25; 4], 3), 0.75, 1e-14);
        close(fifo_hits(&[0.7, 0.3], 1), 0.58, 1e-14); // a cache of one is the same under every rule
        let sets = [0.5 * 0.3, 0.5 * 0.2, 0.3 * 0.2]; // of 0.5, 0.3, 0.2, two are held
        let hits = (sets[0] * 0.8 + sets[1] * 0.7 + sets[2] * 0.5) / sets.iter().sum::<f64>();
        close(fifo_hits(&[0.5, 0.3, 0.2], 2), hits, 1e-14);
        assert_eq!(fifo_hits(&[0.5, 0.5], 2), 1.0);
    }

    /// Che's approximation is known to be within a few thousandths even for small caches (Fricker, Robert and Roberts,
    /// *ITC* 24, 2012).
    #[test]
    fn che_is_close_to_king() {
        let weights: Vec<f64> = (1..=16).map(|rank| 1.0 / f64::from(rank)).collect();
        let sum: f64 = weights.iter().sum();
        let popularity: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        for size in [2, 5, 10] {
            let (exact, near) = (lru_hits(&popularity, size), lru_hits_che(&popularity, size));
            assert!((exact - near).abs() < 0.01, "size {size}: {exact} {near}");
        }
    }
}
