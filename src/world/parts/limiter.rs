//! A rate limiter that counts in a store: the stored counts of each person, and the true ones.
//!
//! With plans in several regions, a region reads its own writes at once, and those of others with a delay. Of the
//! counts that it sees, it reads the one written last.

use crate::units::{CalendarStart, Instant, Span, Timestamp, Zone};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::check;
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Ending, Part};
use crate::world::state::{Call, Phase, Work};
use std::collections::VecDeque;

/// A count as it was written.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// Its number among all writes.
    nth: u64,
    /// Its window; of another one it is 0.
    window: u32,
    count: u32,
}

impl Count {
    fn within(self, window: u32) -> u32 {
        if self.window == window { self.count } else { 0 }
    }
}

/// What was written of one person in one region, the latest last; of what every region sees only the latest.
#[derive(Clone, Debug, Default)]
struct Written(VecDeque<(Instant, Count)>);

impl Written {
    fn add(&mut self, now: Instant, count: Count, staleness: Span) {
        let is_seen = |at: Instant| at.saturating_add(staleness) <= now;
        while self.0.get(1).is_some_and(|(at, _)| is_seen(*at)) {
            self.0.pop_front();
        }
        self.0.push_back((now, count));
    }

    /// The latest of those that are so old.
    fn seen(&self, now: Instant, age: Span) -> Count {
        let mut old = self.0.iter().rev().filter(|(at, _)| at.saturating_add(age) <= now);
        old.next().map_or(Count::default(), |(_, count)| *count)
    }
}

/// What is known of one person.
#[derive(Clone, Copy, Debug, Default)]
struct Person {
    stored: Count,
    /// Where the writes of its regions are, past 0.
    regions: u32,
    admitted_in: u32,
    admitted: u32,
    written: Option<Instant>,
}

/// One limiter.
#[derive(Debug)]
pub(crate) struct Limiter {
    people: Vec<Person>,
    /// Regions that see a write late; 0 where none does.
    regions: usize,
    /// Of each person that was counted, one for each region.
    written: Vec<Written>,
    writes: u64,
    calendar: CalendarStart,
    /// How long a window is; none: a calendar day.
    length: Option<Span>,
    /// Windows are counted from 1.
    window: u32,
    window_ends: Instant,
    /// Counts are kept twice: `[0]` for calls of the warm-up, `[1]` for recorded.
    pub(crate) checked: [u64; 2],
    pub(crate) admitted: [u64; 2],
    /// Admitted although the person had used up the window.
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
    /// Those of a model; nobody has asked yet.
    pub(crate) fn of(blueprint: &Blueprint) -> Vec<Limiter> {
        let model = &blueprint.model;
        let regions = &blueprint.class_regions;
        let several = regions.iter().any(|region| *region != regions[0]);
        let all = regions.iter().max().map_or(0, |most| usize::from(*most) + 1);
        let limiter = |spec: &crate::model::Limiter| {
            let late = several && !model.stores[spec.store.index()].staleness.is_zero();
            Limiter::new(spec.people.count, if late { all } else { 0 }, (model.run.start, spec.window))
        };
        model.limiters.iter().map(limiter).collect()
    }

    pub(crate) fn new(people: u32, regions: usize, (start, length): (Timestamp, Option<Span>)) -> Limiter {
        Limiter {
            people: vec![Person::default(); people as usize],
            regions,
            written: Vec::new(),
            writes: 0,
            calendar: CalendarStart::new(start, &Zone::UTC),
            length,
            window: 0,
            window_ends: Instant::START,
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

    /// The window of an instant: they begin at midnight, or one after the other from the start of the run.
    fn window(&mut self, now: Instant) -> u32 {
        match self.length {
            Some(length) => (now.nanos() / length.nanos().max(1)) as u32 + 1,
            None => {
                if now >= self.window_ends {
                    self.window += 1;
                    self.window_ends = self.calendar.next_day(now);
                }
                self.window
            }
        }
    }

    /// The count that the store gives of a person to a region, which sees what was written in another as it was so long
    /// ago.
    pub(crate) fn read(&mut self, (person, region): (u32, u16), now: Instant, mut age: impl FnMut(u16) -> Span) -> u32 {
        let window = self.window(now);
        let person = &self.people[person as usize];
        if person.regions == 0 {
            return person.stored.within(window);
        }
        let written = self.written[person.regions as usize - 1..][..self.regions].iter().zip(0..);
        let seen = written.map(|(of, other)| of.seen(now, if other == region { Span::ZERO } else { age(other) }));
        seen.max_by_key(|count| count.nth).unwrap_or_default().within(window)
    }

    /// Admits one more request of a person, whatever the store says, under a limit of this many a window.
    pub(crate) fn admit(&mut self, person: u32, limit: u32, now: Instant, recorded: bool) {
        let window = self.window(now);
        let person = &mut self.people[person as usize];
        if person.admitted_in != window {
            (person.admitted_in, person.admitted) = (window, 0);
        }
        person.admitted += 1;
        self.admitted[usize::from(recorded)] += 1;
        self.over[usize::from(recorded)] += u64::from(person.admitted > limit);
    }

    /// When the person's key was last written.
    pub(crate) fn written(&self, person: u32) -> Option<Instant> {
        self.people[person as usize].written
    }

    /// The store has accepted a write of the person's key.
    pub(crate) fn writes(&mut self, person: u32, at: Instant) {
        self.people[person as usize].written = Some(at);
    }

    /// A count is written back in a region; others may not see it for so long.
    pub(crate) fn write(
        &mut self,
        (person, region): (u32, u16),
        count: u32,
        (now, recorded): (Instant, bool),
        staleness: Span,
    ) {
        let window = self.window(now);
        let person = &mut self.people[person as usize];
        self.lost_updates[usize::from(recorded)] += u64::from(person.stored.within(window) >= count);
        self.writes += 1;
        person.stored = Count { nth: self.writes, window, count };
        if self.regions == 0 {
            return;
        }
        if person.regions == 0 {
            person.regions = self.written.len() as u32 + 1;
            self.written.resize(self.written.len() + self.regions, Written::default());
        }
        let at = person.regions as usize - 1 + usize::from(region);
        self.written[at].add(now, person.stored, staleness);
    }

    /// Checks that are open: begun, and in no bucket.
    pub(crate) fn open(&self) -> i128 {
        let sum = |both: [u64; 2]| i128::from(both[0]) + i128::from(both[1]);
        sum(self.checked) - sum(self.admitted) - sum(self.refused) - i128::from(self.lost)
    }
}

impl Part for Limiter {
    fn balance(&self, at: usize, ending: &Ending) -> Result<(), String> {
        let is_checked = |call: &Call| {
            call.phase == Phase::Running && call.work == Work::Limiter && ending.blueprint.limiter(call) == at
        };
        check("checks of limiters", self.open(), ending.calls(is_checked))
    }

    fn measures(&self, at: usize, ending: &Ending, sheet: &mut Sheet) {
        let name = &ending.model().limiters[at].name;
        for (what, count) in [
            ("checked", self.checked[1]),
            ("admitted", self.admitted[1]),
            ("admitted_over", self.over[1]),
            ("refused", self.refused[1]),
            ("lost_updates", self.lost_updates[1]),
            ("reads_failed", self.unreadable[1]),
            ("writes_failed", self.unwritten[1]),
        ] {
            sheet.count(&format!("limiter.{name}.{what}"), "requests", count);
        }
        sheet.share(&format!("limiter.{name}.refused_fraction"), self.refused[1], self.checked[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(_: u16) -> Span {
        Span::ZERO
    }

    #[test]
    fn a_day_begins_at_midnight_and_an_overlap_loses_an_update() {
        let start = Timestamp::parse("2026-02-16T23:00:00Z").unwrap();
        let mut limiter = Limiter::new(1, 0, (start, None));
        let at = |minutes: u64| Instant::START + Span::from_secs(60 * minutes);
        for minute in 0..2 {
            let seen = limiter.read((0, 0), at(minute), at_once);
            assert_eq!(seen, minute as u32);
            limiter.admit(0, 2, at(minute), true);
            limiter.write((0, 0), seen + 1, (at(minute), true), Span::ZERO);
        }
        let seen = limiter.read((0, 0), at(59), at_once);
        assert_eq!(seen, 2);
        assert_eq!(limiter.read((0, 0), at(60), at_once), 0, "an hour later it is another day");
        for _ in 0..3 {
            limiter.admit(0, 2, at(60), true);
            limiter.write((0, 0), 1, (at(60), true), Span::ZERO); // all three had read 0
        }
        assert_eq!((limiter.lost_updates[1], limiter.over[1], limiter.admitted[1]), (2, 1, 5));
    }

    #[test]
    fn a_window_ends_after_its_length() {
        let start = Timestamp::parse("2026-02-16T23:00:00Z").unwrap();
        let mut limiter = Limiter::new(1, 0, (start, Some(Span::MINUTE * 15)));
        let at = |seconds: u64| Instant::START + Span::from_secs(seconds);
        limiter.write((0, 0), 100, (at(899), true), Span::ZERO);
        let seen = [899, 900, 3600].map(|now| limiter.read((0, 0), at(now), at_once));
        assert_eq!(seen, [100, 0, 0], "the second window begins after exactly 15 minutes");
    }

    #[test]
    fn a_region_counts_from_what_has_come_to_it() {
        let start = Timestamp::parse("2026-02-16T00:00:00Z").unwrap();
        let mut limiter = Limiter::new(1, 2, (start, None));
        let at = |seconds: u64| Instant::START + Span::from_secs(seconds);
        let mut add = |region: u16, now: u64, age: u64| {
            let seen = limiter.read((0, region), at(now), |_| Span::from_secs(age));
            limiter.write((0, region), seen + 1, (at(now), true), Span::from_secs(60));
            seen
        };
        // The first region has written 1 and 2 when the second, which sees neither, writes 1.
        assert_eq!([add(0, 0, 60), add(0, 10, 60), add(1, 20, 21)], [0, 1, 0]);
        // The first goes on from its own, which is newer than what the second wrote; the second sees it at last.
        assert_eq!([add(0, 30, 60), add(0, 81, 61), add(1, 82, 0)], [2, 3, 4]);
        assert_eq!(limiter.lost_updates[1], 1, "the second's first: six have come, and the count is 5");
    }
}
