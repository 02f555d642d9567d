//! A rate limiter that counts in a store: what is stored of each person, and what each person really did.

use crate::units::{CalendarStart, Instant, Timestamp, Zone};

/// What is known of one person.
#[derive(Clone, Copy, Debug, Default)]
struct Person {
    /// The day of the counts; those of another day are 0.
    stored_on: u32,
    stored: u32,
    admitted_on: u32,
    admitted: u32,
    written: Option<Instant>,
}

/// One limiter.
#[derive(Debug)]
pub(crate) struct Limiter {
    people: Vec<Person>,
    calendar: CalendarStart,
    /// Days are counted from 1.
    day: u32,
    day_ends: Instant,
    /// Counts are kept twice: `[0]` for calls of the warm-up, `[1]` for recorded.
    pub(crate) checked: [u64; 2],
    pub(crate) admitted: [u64; 2],
    /// Admitted although the person had used up the day.
    pub(crate) over: [u64; 2],
    pub(crate) refused: [u64; 2],
    /// The store did not answer a read, or not accept a write.
    pub(crate) unreadable: [u64; 2],
    pub(crate) unwritten: [u64; 2],
    /// Checks that were lost with their isolate.
    pub(crate) lost: u64,
    /// Writes that put back an old count, because another had written since it was read.
    pub(crate) lost_updates: [u64; 2],
}

impl Limiter {
    pub(crate) fn new(people: u32, start: Timestamp) -> Limiter {
        Limiter {
            people: vec![Person::default(); people as usize],
            calendar: CalendarStart::new(start, &Zone::UTC),
            day: 0,
            day_ends: Instant::START,
            checked: [0; 2],
            admitted: [0; 2],
            over: [0; 2],
            refused: [0; 2],
            unreadable: [0; 2],
            unwritten: [0; 2],
            lost: 0,
            lost_updates: [0; 2],
        }
    }

    fn today(&mut self, now: Instant) -> u32 {
        if now >= self.day_ends {
            self.day += 1;
            self.day_ends = self.calendar.next_day(now);
        }
        self.day
    }

    /// The count that the store gives of a person.
    pub(crate) fn read(&mut self, person: u32, now: Instant) -> u32 {
        let today = self.today(now);
        let person = &self.people[person as usize];
        if person.stored_on == today { person.stored } else { 0 }
    }

    /// One more of a person is admitted, whatever the store says, by a program that means so many a day.
    pub(crate) fn admit(&mut self, person: u32, per_day: u32, now: Instant, recorded: bool) {
        let today = self.today(now);
        let person = &mut self.people[person as usize];
        if person.admitted_on != today {
            (person.admitted_on, person.admitted) = (today, 0);
        }
        person.admitted += 1;
        self.admitted[usize::from(recorded)] += 1;
        self.over[usize::from(recorded)] += u64::from(person.admitted > per_day);
    }

    /// When the person's key was last written.
    pub(crate) fn written(&self, person: u32) -> Option<Instant> {
        self.people[person as usize].written
    }

    /// The store has accepted a write of the person's key.
    pub(crate) fn writes(&mut self, person: u32, at: Instant) {
        self.people[person as usize].written = Some(at);
    }

    /// A count is written back.
    pub(crate) fn write(&mut self, person: u32, count: u32, now: Instant, recorded: bool) {
        let stored = self.read(person, now);
        let today = self.day;
        let person = &mut self.people[person as usize];
        self.lost_updates[usize::from(recorded)] += u64::from(stored >= count);
        (person.stored_on, person.stored) = (today, count);
    }

    /// Checks that have begun and are in no bucket.
    pub(crate) fn open(&self) -> i128 {
        let sum = |both: [u64; 2]| i128::from(both[0]) + i128::from(both[1]);
        sum(self.checked) - sum(self.admitted) - sum(self.refused) - i128::from(self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    #[test]
    fn a_day_begins_at_midnight_and_an_overlap_loses_an_update() {
        let start = Timestamp::parse("2026-02-16T23:00:00Z").unwrap();
        let mut limiter = Limiter::new(1, start);
        let at = |minutes: u64| Instant::START + Span::from_secs(60 * minutes);
        for minute in 0..2 {
            let seen = limiter.read(0, at(minute));
            assert_eq!(seen, minute as u32);
            limiter.admit(0, 2, at(minute), true);
            limiter.write(0, seen + 1, at(minute), true);
        }
        let seen = limiter.read(0, at(59));
        assert_eq!(seen, 2);
        assert_eq!(limiter.read(0, at(60)), 0, "an hour later it is another day");
        for _ in 0..3 {
            limiter.admit(0, 2, at(60), true);
            limiter.write(0, 1, at(60), true); // all three had read 0
        }
        assert_eq!((limiter.lost_updates[1], limiter.over[1], limiter.admitted[1]), (2, 1, 5));
    }
}
