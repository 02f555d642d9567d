//! Random draws for the programs written by hand: ChaCha8 and the ziggurat of Marsaglia and Tsang (2000), 256 layers.
//!
//! The tables are computed at the start, from the two constants that the paper gives for each law: where the tail
//! begins, and the area of a layer.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const LAYERS: usize = 256;

/// Right ends of the layers, and the density there.
struct Ziggurat {
    x: [f64; LAYERS + 1],
    f: [f64; LAYERS + 1],
    tail: f64,
}

impl Ziggurat {
    fn new(tail: f64, area: f64, density: impl Fn(f64) -> f64, inverse: impl Fn(f64) -> f64) -> Ziggurat {
        let mut x = [0.0; LAYERS + 1];
        x[0] = area / density(tail);
        x[1] = tail;
        for i in 1..LAYERS - 1 {
            x[i + 1] = inverse(area / x[i] + density(x[i]));
        }
        let f = x.map(density);
        Ziggurat { x, f, tail }
    }
}

/// A stream of draws.
pub struct Draws {
    rng: ChaCha8Rng,
    exponential: Ziggurat,
    normal: Ziggurat,
}

impl Draws {
    pub fn new(seed: u64) -> Draws {
        Draws {
            rng: ChaCha8Rng::seed_from_u64(seed),
            exponential: Ziggurat::new(7.697_117_470_131_05, 0.003_949_659_822_581_557, |x| (-x).exp(), |y| -y.ln()),
            normal: Ziggurat::new(
                3.654_152_885_361_009,
                0.004_928_673_233_992_336,
                |x| (-0.5 * x * x).exp(),
                |y| (-2.0 * y.ln()).sqrt(),
            ),
        }
    }

    /// Uniform in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        let bits = self.rng.next_u64();
        let layer = (bits % LAYERS as u64) as usize;
        let x = (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64) * self.exponential.x[layer];
        // 99 of 100 draws end here.
        if x < self.exponential.x[layer + 1] { x } else { self.exponential_edge(layer, x) }
    }

    #[cold]
    fn exponential_edge(&mut self, layer: usize, x: f64) -> f64 {
        if layer == 0 {
            return self.exponential.tail - (1.0 - self.unit()).ln();
        }
        let (low, high) = (self.exponential.f[layer], self.exponential.f[layer + 1]);
        if low + (high - low) * self.unit() < (-x).exp() { x } else { self.exponential() }
    }

    /// Standard normal.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let bits = self.rng.next_u64();
        let layer = (bits % LAYERS as u64) as usize;
        let x = ((bits as i64) >> 11) as f64 * (1.0 / (1_u64 << 52) as f64) * self.normal.x[layer];
        if x.abs() < self.normal.x[layer + 1] { x } else { self.normal_edge(layer, x) }
    }

    #[cold]
    fn normal_edge(&mut self, layer: usize, x: f64) -> f64 {
        if layer == 0 {
            loop {
                let beyond = (1.0 - self.unit()).ln() / self.normal.tail;
                if -2.0 * (1.0 - self.unit()).ln() >= beyond * beyond {
                    return (self.normal.tail - beyond).copysign(x);
                }
            }
        }
        let (low, high) = (self.normal.f[layer], self.normal.f[layer + 1]);
        if low + (high - low) * self.unit() < (-0.5 * x * x).exp() { x } else { self.normal() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means of x, x² and of one tail, each within 4 standard errors.
    #[test]
    fn moments_and_tails_are_those_of_the_laws() {
        const N: usize = 1_000_000;
        let mut draws = Draws::new(1);
        let close = |sum: f64, mean: f64, variance: f64| {
            let z = (sum / N as f64 - mean) / (variance / N as f64).sqrt();
            assert!(z.abs() < 4.0, "{} is {z:.1} standard errors from {mean}", sum / N as f64);
        };
        let x: Vec<f64> = (0..N).map(|_| draws.exponential()).collect();
        close(x.iter().sum(), 1.0, 1.0);
        close(x.iter().map(|x| x * x).sum(), 2.0, 20.0); // E x⁴ − (E x²)² = 24 − 4
        let p = (-8.0_f64).exp(); // beyond where the tail begins
        close(x.iter().filter(|&&x| x > 8.0).count() as f64, p, p * (1.0 - p));
        let x: Vec<f64> = (0..N).map(|_| draws.normal()).collect();
        close(x.iter().sum(), 0.0, 1.0);
        close(x.iter().map(|x| x * x).sum(), 1.0, 2.0);
        let p = libm::erfc(3.7 / 2.0_f64.sqrt()) / 2.0;
        close(x.iter().filter(|&&x| x > 3.7).count() as f64, p, p * (1.0 - p));
    }
}
