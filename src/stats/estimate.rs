//! Means of replications, and differences between two, with Student intervals.

use super::Moments;
use crate::math::special::student_quantile;

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// The mean of independent replications and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean over replications.
    pub mean: f64,
    /// Half the width of the interval; none with fewer than two replications.
    pub half_width: Option<f64>,
    /// The smallest replication.
    pub min: f64,
    /// The largest replication.
    pub max: f64,
    /// How many replications had a value.
    pub count: u64,
}

impl Estimate {
    /// The estimate from one value a replication; replications without a value are left out. None where none is left.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Estimate> {
        let mut moments = Moments::default();
        values.into_iter().flatten().for_each(|value| moments.push(value));
        Estimate::from_moments(&moments)
    }

    fn from_moments(moments: &Moments) -> Option<Estimate> {
        let half_width = moments.std_error().map(|error| {
            let freedom = (moments.count() - 1) as f64;
            error * student_quantile(0.5 + 0.5 * CONFIDENCE, freedom)
        });
        Some(Estimate {
            mean: moments.mean()?,
            half_width,
            min: moments.min()?,
            max: moments.max()?,
            count: moments.count(),
        })
    }

    /// The interval at another confidence inside (0, 1); none with fewer than two replications.
    pub fn interval(&self, confidence: f64) -> Option<(f64, f64)> {
        let freedom = self.count.saturating_sub(1) as f64;
        let half = self.half_width? / student_quantile(0.5 + 0.5 * CONFIDENCE, freedom)
            * student_quantile(0.5 + 0.5 * confidence, freedom);
        Some((self.mean - half, self.mean + half))
    }

    /// The 95 % interval; none with fewer than two replications.
    pub fn ci95(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| (self.mean - half, self.mean + half))
    }
}

/// Two configurations over the same replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// The mean of second less first, replication by replication.
    pub difference: Estimate,
    /// By how much pairing shrinks the variance of the difference: what it would be with independent draws over what
    /// it is. None with fewer than two pairs, or where the difference does not vary.
    pub variance_reduction: Option<f64>,
}

impl Paired {
    /// The difference `second - first` over the replications in which both have a value. None where there is none.
    pub fn of(first: &[Option<f64>], second: &[Option<f64>]) -> Option<Paired> {
        let [mut before, mut after, mut change] = [Moments::default(); 3];
        for (a, b) in first.iter().zip(second) {
            if let (Some(a), Some(b)) = (a, b) {
                before.push(*a);
                after.push(*b);
                change.push(b - a);
            }
        }
        let variances = before.variance().zip(after.variance()).zip(change.variance());
        let variance_reduction = variances.filter(|(_, own)| *own > 0.0).map(|((a, b), own)| (a + b) / own);
        Some(Paired { difference: Estimate::from_moments(&change)?, variance_reduction })
    }

    /// Whether the second is larger or smaller for sure, at 95 %; none where the interval holds 0 or is missing.
    pub fn direction(&self) -> Option<std::cmp::Ordering> {
        let (low, high) = self.difference.ci95()?;
        match () {
            () if low > 0.0 => Some(std::cmp::Ordering::Greater),
            () if high < 0.0 => Some(std::cmp::Ordering::Less),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    /// Gosset's own data (*Biometrika* 6, 1908, after Cushny and Peebles): hours of sleep gained with two drugs by ten
    /// patients. The mean difference is 1.58 with t = 4.06, so the interval is 1.58 ± 2.262 · 1.58 / 4.06.
    #[test]
    fn students_sleep() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0].map(Some);
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4].map(Some);
        let paired = Paired::of(&first, &second).unwrap();
        assert!((paired.difference.mean - 1.58).abs() < 1e-12);
        let (low, high) = paired.difference.ci95().unwrap();
        assert!((low - 0.7001).abs() < 1e-4 && (high - 2.4599).abs() < 1e-4, "{low} {high}");
        // At 99 % with nine degrees of freedom t is 3.250 in the tables, in place of 2.262.
        let (wide_low, wide_high) = paired.difference.interval(0.99).unwrap();
        assert!(((wide_high - wide_low) / (high - low) - 3.2498 / 2.2622).abs() < 1e-4);
        assert_eq!(paired.difference.interval(0.95), paired.difference.ci95());
        assert_eq!(paired.direction(), Some(Ordering::Greater));
        assert!(paired.variance_reduction.unwrap() > 4.0);
    }

    #[test]
    fn missing_replications_are_left_out() {
        let estimate = Estimate::of([None, Some(3.0), None]).unwrap();
        assert_eq!((estimate.mean, estimate.count, estimate.ci95()), (3.0, 1, None));
        assert_eq!(Estimate::of([None, None]), None);
        let paired = Paired::of(&[Some(1.0), None, Some(2.0)], &[Some(1.0), Some(9.0), Some(2.0)]).unwrap();
        assert_eq!((paired.difference.count, paired.variance_reduction, paired.direction()), (2, None, None));
    }
}
