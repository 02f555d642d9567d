//! Rates: so many per second, minute, hour or day.

use super::Span;
use super::error::{UnitError, refuse};
use crate::math;

/// The unit of time in which a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateUnit {
    /// Per second.
    Second,
    /// Per minute.
    Minute,
    /// Per hour.
    Hour,
    /// Per day of 24 hours.
    Day,
}

impl RateUnit {
    /// The length of the unit.
    pub const fn span(self) -> Span {
        match self {
            RateUnit::Second => Span::SECOND,
            RateUnit::Minute => Span::MINUTE,
            RateUnit::Hour => Span::HOUR,
            RateUnit::Day => Span::DAY,
        }
    }
}

/// How many happen in a unit of time; greater than 0, at most a thousand million a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    count: f64,
    unit: RateUnit,
}

impl Rate {
    /// A rate of `count` in each `unit`.
    ///
    /// # Errors
    /// A rate that is not positive, or over one a nanosecond.
    pub fn new(count: f64, unit: RateUnit) -> Result<Rate, UnitError> {
        if !(count > 0.0 && count.is_finite()) {
            return refuse("a rate must be greater than 0");
        }
        if count / unit.span().secs() > 1e9 {
            return refuse("a rate must be at most one per nanosecond");
        }
        if count / unit.span().secs() < 1e-12 {
            return refuse("a rate must be at least one in 30,000 years");
        }
        Ok(Rate { count, unit })
    }

    /// Happenings a second.
    pub fn per_second(self) -> f64 {
        self.count / self.unit.span().secs()
    }

    /// Happenings a day of 24 hours.
    pub fn per_day(self) -> f64 {
        self.count * (Span::DAY.secs() / self.unit.span().secs())
    }

    /// When the `n`-th (from 0) of a perfectly regular series happens, in nanoseconds from its start: `n / rate`,
    /// rounded to the nearest. A whole `count` is divided as integers, so that a unit of time holds exactly
    /// `count` happenings however long the series runs.
    pub fn nth_nanos(self, n: u64) -> u64 {
        let unit = self.unit.span().nanos();
        if self.count <= 1e15 && math::floor(self.count) == self.count {
            let count = self.count as u128;
            u64::try_from((u128::from(n) * u128::from(unit) + count / 2) / count).unwrap_or(u64::MAX)
        } else {
            math::round(n as f64 * (unit as f64 / self.count)) as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_series_fits_its_unit_exactly_for_ever() {
        let rate = Rate::new(28.0, RateUnit::Day).unwrap();
        for day in [0, 1, 30, 3650] {
            assert_eq!(rate.nth_nanos(28 * day), Span::DAY.nanos() * day);
        }
    }

    #[test]
    fn the_same_rate_in_two_units() {
        let day = Rate::new(86_400.0, RateUnit::Day).unwrap();
        assert_eq!(day.per_second(), 1.0);
        assert_eq!(Rate::new(1.0, RateUnit::Second).unwrap().per_day(), 86_400.0);
        assert!(Rate::new(0.0, RateUnit::Day).is_err());
        assert!(Rate::new(f64::NAN, RateUnit::Day).is_err());
        assert!(Rate::new(1e30, RateUnit::Day).is_err());
    }
}
