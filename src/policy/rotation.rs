//! Log files that are rotated: which lines are still there.

use crate::units::{CalendarStart, Instant};
use std::collections::VecDeque;

/// When a new file is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotateOn {
    /// When the next line would fill the file to this many bytes or more.
    Size(u64),
    /// With the first line after a midnight.
    Date,
}

/// The files of one log: the current one and so many older ones.
#[derive(Clone, Debug)]
pub struct Rotation {
    on: RotateOn,
    backups: usize,
    calendar: CalendarStart,
    /// When the first line of each file was written, the oldest file first.
    begun: VecDeque<Instant>,
    /// Bytes in the current file, and the midnight after its first line.
    bytes: u64,
    midnight: Instant,
}

impl Rotation {
    /// No line yet; `calendar` says when midnight is.
    pub fn new(on: RotateOn, backups: u32, calendar: CalendarStart) -> Rotation {
        let (begun, midnight) = (VecDeque::new(), Instant::START);
        Rotation { on, backups: backups as usize, calendar, begun, bytes: 0, midnight }
    }

    /// A line is written. Where that drops the oldest file, the answer is when that file had begun.
    pub fn write(&mut self, now: Instant, bytes: u64) -> Option<Instant> {
        let full = match self.on {
            RotateOn::Size(limit) => self.bytes > 0 && self.bytes + bytes >= limit,
            RotateOn::Date => now >= self.midnight,
        };
        let mut dropped = None;
        if full || self.begun.is_empty() {
            self.begun.push_back(now);
            self.bytes = 0;
            if self.on == RotateOn::Date {
                self.midnight = self.calendar.next_day(now);
            }
            if self.begun.len() > self.backups + 1 {
                dropped = self.begun.pop_front();
            }
        }
        self.bytes += bytes;
        dropped
    }

    /// Other rules hold from now on: files that are too many are dropped at once, and the answer is when they had begun.
    pub fn change(&mut self, on: RotateOn, backups: u32) -> impl Iterator<Item = Instant> {
        (self.on, self.backups) = (on, backups as usize);
        let over = self.begun.len().saturating_sub(self.backups + 1);
        self.begun.drain(..over)
    }

    /// When the files that are there had begun, the oldest first.
    pub fn files(&self) -> impl Iterator<Item = Instant> {
        self.begun.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Timestamp, Zone};

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    fn rotation(on: RotateOn, backups: u32) -> Rotation {
        let start = Timestamp::parse("2026-02-16T18:00:00Z").unwrap();
        Rotation::new(on, backups, CalendarStart::new(start, &Zone::UTC))
    }

    #[test]
    fn ten_megabytes_and_five_backups_hold_the_last_six_files() {
        // A line of 1,000 bytes a second: a file takes 9,999 lines, as one more would fill it.
        let mut log = rotation(RotateOn::Size(10_000_000), 5);
        let dropped: Vec<_> = (0..70_000).filter_map(|second| log.write(at(second), 1_000)).collect();
        assert_eq!(dropped, [at(0), at(9_999)]);
        let files: Vec<_> = log.files().collect();
        assert_eq!((files.len(), files[0], files[5]), (6, at(2 * 9_999), at(7 * 9_999)));
    }

    #[test]
    fn a_line_larger_than_a_file_has_a_file_to_itself() {
        let mut log = rotation(RotateOn::Size(100), 1);
        assert!([0, 1].map(|second| log.write(at(second), 500)).iter().all(Option::is_none));
        assert_eq!(log.write(at(2), 500), Some(at(0)));
    }

    /// Midnight belongs to the new day, the nanosecond before it to the old one.
    #[test]
    fn a_line_at_midnight_exactly_begins_a_file() {
        let midnight = at(6 * 3600);
        let before = Instant::from_nanos(midnight.nanos() - 1);
        let mut log = rotation(RotateOn::Date, 2);
        [at(0), before, midnight].iter().for_each(|&now| assert_eq!(log.write(now, 1), None));
        assert_eq!(log.files().collect::<Vec<_>>(), [at(0), midnight]);
    }

    /// Fewer backups at once drop the oldest files, and say when they had begun.
    #[test]
    fn fewer_backups_drop_the_oldest_at_once() {
        let mut log = rotation(RotateOn::Size(2), 3);
        (0..4).for_each(|second| assert_eq!(log.write(at(second), 1), None));
        assert_eq!(log.change(RotateOn::Size(2), 1).collect::<Vec<_>>(), [at(0), at(1)]);
        assert_eq!(log.files().collect::<Vec<_>>(), [at(2), at(3)]);
        assert_eq!(log.write(at(9), 1), Some(at(2)));
    }

    #[test]
    fn a_day_begins_its_file_with_its_first_line() {
        let mut log = rotation(RotateOn::Date, 2);
        let hours = [0, 5, 7, 40, 90, 91];
        let dropped = hours.map(|hour| log.write(at(hour * 3600), 1));
        // 18:00 and 23:00; 01:00; 10:00 the day after; two days later 12:00 and 13:00.
        assert_eq!(dropped, [None, None, None, None, Some(at(0)), None]);
        assert_eq!(log.files().collect::<Vec<_>>(), [7, 40, 90].map(|hour| at(hour * 3600)));
    }

    #[test]
    fn a_line_at_midnight_is_of_the_new_day() {
        let mut log = rotation(RotateOn::Date, 2);
        let midnight = 6 * 3600;
        for second in [0, midnight - 1, midnight, midnight + 1] {
            assert_eq!(log.write(at(second), 1), None);
        }
        assert_eq!(log.files().collect::<Vec<_>>(), [at(0), at(midnight)]);
    }
}
