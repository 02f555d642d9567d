//! Count, mean, variance and extremes in one pass.

use crate::math::sqrt;

/// Running moments of a sample (Welford, *Technometrics* 4, 1962). Samples must be finite.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// The sum of squared deviations from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

impl Moments {
    /// Adds a sample.
    #[inline]
    pub fn push(&mut self, x: f64) {
        debug_assert!(x.is_finite());
        if self.count == 0 {
            (self.min, self.max) = (x, x);
        }
        self.count += 1;
        let off = x - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (x - self.mean);
        self.min = if x < self.min { x } else { self.min };
        self.max = if x > self.max { x } else { self.max };
    }

    /// Adds all samples of another measure (Chan, Golub and LeVeque, *The American Statistician* 37, 1983).
    pub fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (n, m) = (self.count as f64, other.count as f64);
        let off = other.mean - self.mean;
        self.mean += off * m / (n + m);
        self.squares += other.squares + off * off * n * m / (n + m);
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean of at least one sample.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The sum of the samples: 0 where there are none.
    pub fn sum(&self) -> f64 {
        self.mean * self.count as f64
    }

    /// The unbiased variance of at least two samples.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// The standard error of the mean of at least two independent samples.
    pub fn std_error(&self) -> Option<f64> {
        self.variance().map(|variance| sqrt(variance / self.count as f64))
    }

    /// The smallest sample.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest sample.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f64]) -> Moments {
        let mut moments = Moments::default();
        samples.iter().for_each(|x| moments.push(*x));
        moments
    }

    #[test]
    fn known_moments() {
        let moments = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((moments.mean(), moments.min(), moments.max()), (Some(5.0), Some(2.0), Some(9.0)));
        assert!((moments.variance().unwrap() - 32.0 / 7.0).abs() < 1e-14);
        assert!((moments.std_error().unwrap() - (4.0_f64 / 7.0).sqrt()).abs() < 1e-14);
        assert_eq!(moments.sum(), 40.0);
    }

    #[test]
    fn nothing_measured_is_none() {
        let none = Moments::default();
        assert_eq!((none.mean(), none.variance(), none.min()), (None, None, None));
        assert_eq!(of(&[3.0]).std_error(), None);
    }

    #[test]
    fn merging_is_measuring_all() {
        let samples = [1e6 + 4.0, 1e6 + 7.0, 1e6 + 13.0, 1e6 + 16.0, -3.0];
        for cut in 0..=samples.len() {
            let mut left = of(&samples[..cut]);
            left.merge(&of(&samples[cut..]));
            let all = of(&samples);
            assert_eq!((left.count(), left.min(), left.max()), (all.count(), all.min(), all.max()));
            assert!((left.mean().unwrap() / all.mean().unwrap() - 1.0).abs() < 1e-14);
            assert!((left.variance().unwrap() / all.variance().unwrap() - 1.0).abs() < 1e-12);
        }
    }
}
