//! Simulated time: whole nanoseconds, as instants since the start of a replication and spans between them.
//!
//! Nothing here wraps around, in release builds either: a sum past the end of time is the end of time.

use super::error::{UnitError, refuse};
use crate::math;
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A length of time in whole nanoseconds, 0 to about 292 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// A point of simulated time: whole nanoseconds since the replication began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

const NANOS_PER_SECOND: u64 = 1_000_000_000;

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// The longest span: 292 years, which is longer than any run.
    pub const MAX: Span = Span(u64::MAX / 2);
    /// One second.
    pub const SECOND: Span = Span(NANOS_PER_SECOND);
    /// One minute.
    pub const MINUTE: Span = Span(60 * NANOS_PER_SECOND);
    /// One hour.
    pub const HOUR: Span = Span(3_600 * NANOS_PER_SECOND);
    /// A day of 24 hours.
    pub const DAY: Span = Span(86_400 * NANOS_PER_SECOND);

    /// A span of whole nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Span {
        Span(nanos)
    }

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis * 1_000_000)
    }

    /// A span of whole seconds.
    pub const fn from_secs(seconds: u64) -> Span {
        Span(seconds * NANOS_PER_SECOND)
    }

    /// The one place where real seconds become nanoseconds: rounded to the nearest, ties away from zero.
    ///
    /// # Errors
    /// A negative, infinite or undefined number, or one over [`Span::MAX`].
    pub fn from_secs_f64(seconds: f64) -> Result<Span, UnitError> {
        let nanos = seconds * NANOS_PER_SECOND as f64;
        if nanos.is_nan() || nanos < 0.0 {
            return refuse("a duration cannot be negative");
        }
        if nanos > Self::MAX.0 as f64 {
            return refuse("longer than 292 years");
        }
        Ok(Span(math::round(nanos) as u64))
    }

    /// Reads `"12s"`, `"250ms"`, `"1h 30m"`, `"1.5h"`, `"30d"`; a day is 24 hours.
    ///
    /// # Errors
    /// A missing or unknown unit, a negative span, a calendar unit (months, years), or one over 292 years.
    pub fn parse(text: &str) -> Result<Span, UnitError> {
        if text.trim().parse::<f64>().is_ok() {
            return refuse("the unit is missing: write for example \"12s\", \"250ms\" or \"24h\"");
        }
        let explain = "not a duration: write for example \"12s\", \"250ms\", \"1h 30m\" or \"30d\"";
        let span: jiff::Span = match text.trim().parse() {
            Ok(span) => span,
            Err(_) => return refuse(explain),
        };
        let relative = jiff::SpanRelativeTo::days_are_24_hours();
        let duration = match span.to_duration(relative) {
            Ok(duration) => duration,
            Err(_) => return refuse("months and years have no fixed length: use days"),
        };
        match u64::try_from(duration.as_nanos()) {
            Ok(nanos) if nanos <= Self::MAX.0 => Ok(Span(nanos)),
            Ok(_) => refuse("longer than 292 years"),
            Err(_) => refuse("a duration cannot be negative"),
        }
    }

    /// Whole nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds, as a real number.
    pub fn secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// Days of 24 hours, as a real number.
    pub fn days(self) -> f64 {
        self.secs() / 86_400.0
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or [`Span::MAX`] where it would be longer.
    pub fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0).min(Self::MAX.0))
    }

    /// The span times a factor of at least 0, rounded to the nearest nanosecond, at most [`Span::MAX`].
    pub fn scale(self, factor: f64) -> Span {
        debug_assert!(factor >= 0.0);
        let nanos = math::round(self.0 as f64 * factor);
        if nanos >= Self::MAX.0 as f64 { Self::MAX } else { Span(nanos as u64) }
    }
}

impl Instant {
    /// When a replication begins.
    pub const START: Instant = Instant(0);
    /// Later than any instant that a replication reaches.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// The instant this many nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Instant {
        Instant(nanos)
    }

    /// Whole nanoseconds since the start.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// This instant, where what is left until then from `now` on takes `factor` times as long: so a Poisson process that
    /// goes on at another rate has its next event.
    pub fn stretched(self, now: Instant, factor: f64) -> Instant {
        now.saturating_add(self.saturating_since(now).scale(factor))
    }

    /// Seconds since the start, as a real number.
    pub fn secs(self) -> f64 {
        Span(self.0).secs()
    }

    /// The span since an earlier instant.
    ///
    /// Subtracting a later one is a programmer's error and panics in debug builds.
    pub fn since(self, earlier: Instant) -> Span {
        debug_assert!(earlier <= self, "{earlier:?} is after {self:?}");
        self.saturating_since(earlier)
    }

    /// The span since `earlier`, or none where that lies ahead.
    pub fn saturating_since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The instant a span later; [`Instant::NEVER`] where that is past the end of time.
    pub fn saturating_add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        self.saturating_add(span)
    }
}

impl Sub for Instant {
    type Output = Span;
    fn sub(self, earlier: Instant) -> Span {
        self.since(earlier)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        self.saturating_add(other)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times).min(Self::MAX.0))
    }
}

impl fmt::Display for Span {
    /// The shortest exact text: `0s`, `250ms`, `12s`, `4.2s`, `1h 30m`, `30d`. [`Span::parse`] reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [
            (86_400 * NANOS_PER_SECOND, "d"),
            (3_600 * NANOS_PER_SECOND, "h"),
            (60 * NANOS_PER_SECOND, "m"),
            (NANOS_PER_SECOND, "s"),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < NANOS_PER_SECOND {
            let (unit, name) = if self.0 >= 1_000_000 {
                (1e6, "ms")
            } else if self.0 >= 1_000 {
                (1e3, "us")
            } else {
                (1.0, "ns")
            };
            return write!(f, "{}{name}", self.0 as f64 / unit);
        }
        let mut rest = self.0;
        let mut between = "";
        for (unit, name) in UNITS {
            let whole = rest / unit;
            if name == "s" && !rest.is_multiple_of(unit) {
                let digits = format!("{:09}", rest % unit);
                return write!(f, "{between}{whole}.{}s", digits.trim_end_matches('0'));
            }
            rest %= unit;
            if whole > 0 {
                write!(f, "{between}{whole}{name}")?;
                between = " ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_are_read_and_written_back() {
        for (text, nanos) in [
            ("12s", 12_000_000_000),
            ("250ms", 250_000_000),
            ("24h", 86_400_000_000_000),
            ("30d", 2_592_000_000_000_000),
            ("1h 30m", 5_400_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("0s", 0),
            ("7us", 7_000),
        ] {
            let span = Span::parse(text).expect(text);
            assert_eq!(span.nanos(), nanos, "{text}");
            assert_eq!(Span::parse(&span.to_string()), Ok(span), "{text} written as {span}");
        }
        assert_eq!(Span::from_nanos(4_200_000_000).to_string(), "4.2s");
        assert_eq!(Span::from_nanos(90_061_000_000_001).to_string(), "1d 1h 1m 1.000000001s");
        assert_eq!(Span::DAY.to_string(), "1d");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["12", "", "-3s", "abc", "1 parsec", "1mo", "NaN", "1e30d", "400y", "999999d"] {
            assert!(Span::parse(text).is_err(), "{text:?} was read as {:?}", Span::parse(text));
        }
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert!(Span::from_secs_f64(seconds).is_err());
        }
    }

    #[test]
    fn sums_saturate() {
        let late = Instant::START + Span::MAX + Span::MAX;
        assert!(late < Instant::NEVER && late + Span::SECOND == Instant::NEVER);
        assert_eq!(Instant::NEVER + Span::MAX, Instant::NEVER);
        let mut sum = Span::MAX + Span::MAX;
        sum += Span::from_nanos(u64::MAX);
        assert_eq!([sum, Span::MAX * u64::MAX, Span::DAY * u64::MAX], [Span::MAX; 3]);
        assert_eq!(Span::from_nanos(u64::MAX) + Span::ZERO, Span::MAX);
    }

    #[test]
    fn seconds_round_to_the_nearest_nanosecond() {
        assert_eq!(Span::from_secs_f64(0.2).map(Span::nanos), Ok(200_000_000));
        assert_eq!(Span::from_secs_f64(1.4999999996).map(Span::nanos), Ok(1_500_000_000));
    }
}
