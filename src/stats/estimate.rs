//! Means of replications, and differences between two, with their intervals.
//!
//! An interval holds only values that the quantity can have. That of an amount is Student's, cut off at 0: the mean
//! cannot lie in what is cut off, so it covers as often. That of a share of a whole is Wilson's (*JASA* 22, 1927,
//! 209–212) with Student's quantile, for as many trials as would vary like the replications do: the effective sample
//! size m(1 − m) ÷ error² of Korn and Graubard (*Survey Methodology* 24, 1998, 193–201), whose behaviour in clustered
//! samples Dean and Pagano measured (*Journal of Survey Statistics and Methodology* 3, 2015, 484–503). With many trials
//! and away from 0 and 1 it is Student's. Where all replications are 0, or all are 1, their spread says nothing, and
//! the trials that were counted take its place.

use super::Moments;
use crate::math::special::{normal_quantile, student_quantile};
use crate::math::sqrt;

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// What values a quantity can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// All: a difference.
    #[default]
    Any,
    /// 0 or more: a count, a time, an amount.
    Amount,
    /// A part of a whole, 0 to 1.
    Share,
    /// An hour of the day, 0 to 24.
    Hour,
}

impl Range {
    /// The smallest and the largest value.
    pub fn ends(self) -> (f64, f64) {
        match self {
            Range::Any => (f64::NEG_INFINITY, f64::INFINITY),
            Range::Amount => (0.0, f64::INFINITY),
            Range::Share => (0.0, 1.0),
            Range::Hour => (0.0, 24.0),
        }
    }
}

/// The mean of independent replications and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean over replications.
    pub mean: f64,
    /// Half the width of Student's interval; none with fewer than two replications.
    pub half_width: Option<f64>,
    /// The smallest replication.
    pub min: f64,
    /// The largest replication.
    pub max: f64,
    /// How many replications had a value.
    pub count: u64,
    /// What values there can be.
    pub range: Range,
    /// Of a share, the trials that it is a share of, in all replications; 0 where there are none to count.
    pub trials: u64,
}

impl Estimate {
    /// The estimate from one value a replication; replications without a value are left out. None where none is left.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Estimate> {
        Estimate::within(Range::Any, 0, values)
    }

    /// The same of a quantity in a range; `trials` as in [`Estimate::trials`].
    pub fn within(range: Range, trials: u64, values: impl IntoIterator<Item = Option<f64>>) -> Option<Estimate> {
        let mut moments = Moments::default();
        values.into_iter().flatten().for_each(|value| moments.push(value));
        Some(Estimate { range, trials, ..Estimate::from_moments(&moments)? })
    }

    fn from_moments(moments: &Moments) -> Option<Estimate> {
        let (min, max) = (moments.min()?, moments.max()?);
        let half_width = moments.std_error().map(|error| {
            let freedom = (moments.count() - 1) as f64;
            error * student_quantile(0.5 + 0.5 * CONFIDENCE, freedom)
        });
        Some(Estimate {
            // A sum of equal values may be off by its last bit.
            mean: moments.mean()?.clamp(min, max),
            half_width,
            min,
            max,
            count: moments.count(),
            range: Range::Any,
            trials: 0,
        })
    }

    /// The interval at another confidence inside (0, 1); none with fewer than two replications.
    pub fn interval(&self, confidence: f64) -> Option<(f64, f64)> {
        let freedom = self.count.saturating_sub(1) as f64;
        let half = self.half_width? / student_quantile(0.5 + 0.5 * CONFIDENCE, freedom)
            * student_quantile(0.5 + 0.5 * confidence, freedom);
        Some(self.around(half, confidence))
    }

    /// The 95 % interval; none with fewer than two replications.
    pub fn ci95(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| self.around(half, CONFIDENCE))
    }

    /// The interval where Student's is the mean and `half` on each side.
    fn around(&self, half: f64, confidence: f64) -> (f64, f64) {
        let (least, most) = self.range.ends();
        if self.min < least || self.max > most {
            return (self.mean - half, self.mean + half);
        }
        let (low, high) = match self.range {
            Range::Share => self.wilson(half, confidence),
            _ => (self.mean - half, self.mean + half),
        };
        (low.max(least).min(self.mean), high.min(most).max(self.mean))
    }

    /// Wilson's interval of a share.
    fn wilson(&self, half: f64, confidence: f64) -> (f64, f64) {
        let variance = self.mean * (1.0 - self.mean);
        // The square of the quantile over the effective number of trials.
        let k = match (self.min == self.max, self.trials) {
            (true, trials) if trials > 0 && variance == 0.0 => {
                let quantile = normal_quantile(0.5 + 0.5 * confidence);
                quantile * quantile / trials as f64
            }
            (true, _) => 0.0,
            (false, _) => half * half / variance,
        };
        let half = sqrt(variance * k + k * k / 4.0);
        ((self.mean + k / 2.0 - half) / (1.0 + k), (self.mean + k / 2.0 + half) / (1.0 + k))
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

    /// Ten trials of which none or all succeed, whatever the replications: Wilson's own interval is 0 to z²/(n + z²).
    /// Nothing is left of the range, and what was seen is never left out.
    #[test]
    fn intervals_stay_inside_the_range() {
        let z = 1.959_963_984_540_054_f64;
        let of = |values: [f64; 2], trials| Estimate::within(Range::Share, trials, values.map(Some)).unwrap();
        let (low, high) = of([0.0; 2], 10).ci95().unwrap();
        assert!(low == 0.0 && (high - z * z / (10.0 + z * z)).abs() < 1e-9, "{low} {high}");
        let (low, high) = of([1.0; 2], 10).ci95().unwrap();
        assert!(high == 1.0 && (low - 10.0 / (10.0 + z * z)).abs() < 1e-9, "{low} {high}");
        assert_eq!(of([0.0; 2], 0).ci95(), Some((0.0, 0.0)), "no trial was counted");
        assert_eq!(of([0.25; 2], 8).ci95(), Some((0.25, 0.25)), "the same in every replication");
        for values in [[0.0, 1.0], [0.0, 1e-9], [0.3, 0.4], [0.999, 1.0]] {
            let estimate = of(values, 3);
            let (low, high) = estimate.ci95().unwrap();
            assert!(
                0.0 <= low && low < estimate.mean && estimate.mean < high && high <= 1.0,
                "{values:?}: {low} {high}"
            );
        }
        let wait = Estimate::within(Range::Amount, 0, [0.0, 0.09].map(Some)).unwrap();
        let plain = Estimate::of([0.0, 0.09].map(Some)).unwrap().ci95().unwrap();
        assert!(plain.0 < 0.0);
        assert_eq!(wait.ci95(), Some((0.0, plain.1)));
    }

    /// Away from 0 and 1, and with many replications, the interval of a share is Student's.
    #[test]
    fn the_interval_of_a_share_tends_to_students() {
        let values = (0..200_u32).map(|n| Some(0.4 + 0.001 * f64::from(n % 7)));
        let share = Estimate::within(Range::Share, 0, values.clone()).unwrap().ci95().unwrap();
        let student = Estimate::of(values).unwrap().ci95().unwrap();
        assert!((share.0 - student.0).abs() < 1e-6 && (share.1 - student.1).abs() < 1e-6, "{share:?} {student:?}");
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
