//! How long log records live, who can still read them, and what was lost of them.

use crate::stats::{Occupancy, Stock, Survival};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{Cause, Causes};
use crate::world::parts::index::{Departure, Entry, Subject};
use crate::world::parts::store::Loss;

mod measures;
mod part;

/// The ages at which the report says what can still be read.
pub(crate) const AGES: [(&str, Span); 5] = [
    ("1h", Span::HOUR),
    ("24h", Span::DAY),
    ("3d", Span::from_secs(3 * 86_400)),
    ("7d", Span::from_secs(7 * 86_400)),
    ("30d", Span::from_secs(30 * 86_400)),
];

/// The lifetimes of normal (`[0]`) and error (`[1]`) records.
#[derive(Debug)]
pub(crate) struct Retention {
    horizon: Instant,
    pub(crate) kinds: [Lifetimes; 2],
    /// Of the first error of each incident: retrievable, reachable.
    pub(crate) firsts: [Survival; 2],
    pub(crate) incidents: u64,
    incident_gap: Span,
    last_error: Option<Instant>,
    /// All records over time, those of the warm-up too.
    pub(crate) alive: Stock,
    /// Error records over time: those that can be retrieved, and those that can be reached.
    pub(crate) errors: [Occupancy; 2],
    /// For failed calls: the share of which request and response can both be read.
    pub(crate) context: Survival,
    /// What each reader sees.
    pub(crate) readers: Vec<ReaderView>,
    /// Whether other regions see the index.
    index_is_shared: bool,
}

/// How a record ends, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub(crate) written: Instant,
    pub(crate) dies: Instant,
    pub(crate) loss: Loss,
    /// When other regions no longer see it.
    pub(crate) far: Instant,
}

/// What one reader sees of normal (`[0]`) and error (`[1]`) records.
#[derive(Debug)]
pub(crate) struct ReaderView {
    region: u16,
    pub(crate) retrievable: [Visibility; 2],
    pub(crate) reachable: [Visibility; 2],
}

/// The ages at which the report says what a reader sees: of a write elsewhere, the first minute tells most.
pub(crate) const VISIBILITY_AGES: [(&str, Span); 7] =
    [("10s", Span::from_secs(10)), ("1m", Span::from_secs(60)), AGES[0], AGES[1], AGES[2], AGES[3], AGES[4]];

impl ReaderView {
    fn new(region: u16) -> ReaderView {
        let sights = || [Visibility::new(), Visibility::new()];
        ReaderView { region, retrievable: sights(), reachable: sights() }
    }

    /// Until when this reader sees a record, and how late.
    fn of(&self, subject: Subject, dies: Instant, far: Instant) -> (Instant, Span) {
        if self.region == subject.region { (dies, Span::ZERO) } else { (far, subject.late) }
    }
}

/// Records that become visible late, and go.
#[derive(Debug)]
pub(crate) struct Visibility {
    there: Survival,
    seen: u64,
    /// By age: those not yet visible.
    not_yet: [u64; VISIBILITY_AGES.len()],
}

impl Visibility {
    fn new() -> Visibility {
        let ages = VISIBILITY_AGES.map(|(_, age)| age.nanos());
        Visibility { there: Survival::new(&ages), seen: 0, not_yet: [0; VISIBILITY_AGES.len()] }
    }

    /// A record that is gone at `dies`, or alive at the end of the run where that is known, becomes visible `late`.
    fn add(&mut self, written: Instant, dies: Instant, late: Span, horizon: Option<Instant>) {
        self.seen += 1;
        match horizon.filter(|horizon| dies >= *horizon) {
            Some(horizon) => self.there.censored(horizon.saturating_since(written).nanos()),
            None => record(&mut self.there, written, dies),
        }
        let late = late.min(dies.saturating_since(written));
        for (count, (_, age)) in self.not_yet.iter_mut().zip(VISIBILITY_AGES) {
            *count += u64::from(late > age);
        }
    }

    /// How many records there were.
    pub(crate) fn count(&self) -> u64 {
        self.there.count()
    }

    /// The share that is visible at each age.
    pub(crate) fn shares(&self) -> [Option<f64>; VISIBILITY_AGES.len()] {
        std::array::from_fn(|at| {
            let there = self.there.surviving(VISIBILITY_AGES[at].1.nanos())?;
            Some((there - self.not_yet[at] as f64 / self.there.count() as f64).max(0.0))
        })
    }
}

/// Why nothing was stored of a log event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unstored {
    /// The strategy does not log it.
    Unlogged,
    /// It was refused.
    Refused,
    /// A store said so, and did not.
    Dropped,
    /// Its invocation was cut off before.
    Unfinished,
}

/// How many records of one kind there were, and what became of them.
#[derive(Debug)]
pub(crate) struct Lifetimes {
    pub(crate) unlogged: u64,
    pub(crate) refused: u64,
    /// Answered as if it were stored, and not.
    pub(crate) dropped: u64,
    /// Still being written when its invocation was cut off.
    pub(crate) unfinished: u64,
    /// Why, of these three.
    pub(crate) lost_by: Causes,
    pub(crate) written: u64,
    /// By the horizon: expired, evicted, lost at a restart, cleaned up, overwritten.
    pub(crate) gone: [u64; 5],
    pub(crate) alive: u64,
    pub(crate) retrievable: Survival,
    pub(crate) reachable: Survival,
}

impl Lifetimes {
    fn new() -> Lifetimes {
        let ages = AGES.map(|(_, age)| age.nanos());
        Lifetimes {
            unlogged: 0,
            refused: 0,
            dropped: 0,
            unfinished: 0,
            lost_by: Causes::NONE,
            written: 0,
            gone: [0; 5],
            alive: 0,
            retrievable: Survival::new(&ages),
            reachable: Survival::new(&ages),
        }
    }
}

impl Lifetimes {
    /// Log events that were to leave a record, and did not.
    pub(crate) fn lost(&self) -> u64 {
        self.refused + self.dropped + self.unfinished
    }

    /// Log events of this kind, however they ended.
    pub(crate) fn offered(&self) -> u64 {
        self.written + self.refused + self.dropped + self.unfinished + self.unlogged
    }
}

impl Retention {
    pub(crate) fn new(blueprint: &Blueprint) -> Retention {
        let ages = AGES.map(|(_, age)| age.nanos());
        let horizon = blueprint.horizon;
        let occupancy = || Occupancy::new(blueprint.recording_from.nanos(), horizon.nanos());
        Retention {
            horizon,
            kinds: [Lifetimes::new(), Lifetimes::new()],
            firsts: [Survival::new(&ages), Survival::new(&ages)],
            incidents: 0,
            incident_gap: blueprint.model.logging.incident_gap,
            last_error: None,
            alive: Stock::default(),
            errors: [occupancy(), occupancy()],
            context: Survival::new(&ages),
            readers: blueprint.reader_regions.iter().map(|&region| ReaderView::new(region)).collect(),
            index_is_shared: blueprint.index_is_shared(),
        }
    }

    /// What an event at `now` tells of: after a gap without errors, an error is the first of an incident.
    pub(crate) fn subject(&mut self, error: bool, now: Instant, recorded: bool) -> Subject {
        if !error {
            return Subject { error, first: false, region: 0, late: Span::ZERO };
        }
        let first = self.last_error.is_none_or(|last| now.saturating_since(last) >= self.incident_gap);
        self.last_error = Some(now);
        self.incidents += u64::from(first && recorded);
        Subject { error, first, region: 0, late: Span::ZERO }
    }

    /// A log event of which nothing was stored.
    pub(crate) fn nothing_stored(&mut self, subject: Subject, why: Unstored, cause: Option<Cause>) {
        let kind = &mut self.kinds[usize::from(subject.error)];
        if let Some(cause) = cause {
            kind.lost_by.count(cause, true);
        }
        *match why {
            Unstored::Unlogged => &mut kind.unlogged,
            Unstored::Refused => &mut kind.refused,
            Unstored::Dropped => &mut kind.dropped,
            Unstored::Unfinished => &mut kind.unfinished,
        } += 1;
        if subject.first {
            self.firsts.iter_mut().for_each(|survival| survival.death(0));
        }
    }

    /// Events that the strategy has no row for, all at once.
    pub(crate) fn never_logged(&mut self, error: bool, count: u64) {
        self.kinds[usize::from(error)].unlogged += count;
    }

    /// A record has been written.
    pub(crate) fn stored(&mut self, error: bool) {
        let kind = &mut self.kinds[usize::from(error)];
        kind.written += 1;
    }

    /// The end of a record is known: it goes at `dies` (which may lie past the horizon), for this reason.
    pub(crate) fn ends(&mut self, subject: Subject, recorded: bool, lifetime: &Lifetime) {
        let Lifetime { written, dies, loss, far } = *lifetime;
        self.is_there(subject, written, dies);
        if !recorded {
            return;
        }
        let kind = &mut self.kinds[usize::from(subject.error)];
        let gone = match loss {
            Loss::Expired => Some(0),
            Loss::Evicted => Some(1),
            Loss::Restart => Some(2),
            Loss::Cleaned => Some(3),
            Loss::Overwritten => Some(4),
            Loss::None => None,
        };
        match gone.filter(|_| dies < self.horizon) {
            Some(reason) => kind.gone[reason] += 1,
            None => kind.alive += 1,
        }
        record(&mut kind.retrievable, written, dies);
        for view in &mut self.readers {
            let (dies, late) = view.of(subject, dies, far);
            view.retrievable[usize::from(subject.error)].add(written, dies, late, None);
        }
        if subject.first {
            record(&mut self.firsts[0], written, dies);
        }
    }

    /// The replication ends before it is known when the record goes.
    pub(crate) fn still_there(&mut self, subject: Subject, recorded: bool, lifetime: &Lifetime) {
        let Lifetime { written, dies, far, .. } = *lifetime;
        self.is_there(subject, written, Instant::NEVER);
        if !recorded {
            return;
        }
        let age = self.horizon.saturating_since(written).nanos();
        let kind = &mut self.kinds[usize::from(subject.error)];
        kind.alive += 1;
        kind.retrievable.censored(age);
        for view in &mut self.readers {
            let (dies, late) = view.of(subject, dies, far);
            view.retrievable[usize::from(subject.error)].add(written, dies, late, Some(self.horizon));
        }
        if subject.first {
            self.firsts[0].censored(age);
        }
    }

    fn is_there(&mut self, subject: Subject, written: Instant, dies: Instant) {
        if subject.error {
            self.errors[0].there(written.nanos(), dies.nanos());
        }
    }

    /// The measures of a record's reachability that count it.
    fn reachable(&mut self, subject: Subject) -> impl Iterator<Item = &mut Survival> {
        let first = Some(&mut self.firsts[1]).filter(|_| subject.first);
        [&mut self.kinds[usize::from(subject.error)].reachable].into_iter().chain(first)
    }

    /// A record that no index can lead to: found until `searchable`, or never.
    pub(crate) fn reachable_until(&mut self, subject: Subject, recorded: bool, written: Instant, searchable: Instant) {
        if subject.error {
            self.errors[1].there(written.nanos(), searchable.nanos());
        }
        if recorded {
            self.reachable(subject).for_each(|reachable| record(reachable, written, searchable));
        }
    }

    /// The same where the replication ends before it is known until when.
    pub(crate) fn reachable_at_the_end(&mut self, subject: Subject, recorded: bool, written: Instant) {
        if subject.error {
            self.errors[1].there(written.nanos(), u64::MAX);
        }
        let age = self.horizon.saturating_since(written).nanos();
        if recorded {
            self.reachable(subject).for_each(|reachable| reachable.censored(age));
        }
    }

    /// The same for each reader, where there is no index at all.
    pub(crate) fn searchable_by_readers(
        &mut self,
        subject: Subject,
        written: Instant,
        searchable: Instant,
        is_over: bool,
    ) {
        let horizon = Some(self.horizon).filter(|_| is_over);
        for view in &mut self.readers {
            let (_, late) = view.of(subject, searchable, searchable);
            view.reachable[usize::from(subject.error)].add(written, searchable, late, horizon);
        }
    }

    /// A session is no longer in the index, or the replication ends (`is_final` is false: it is still in it).
    pub(crate) fn departs(&mut self, departure: &Departure, is_final: bool) {
        for entry in &departure.entries {
            let (subject, written) = (entry.subject, entry.written);
            if departure.recorded {
                self.visible_to_readers(departure, entry, is_final);
            }
            let Some(until) = departure.unreachable_from.filter(|_| entry.listed) else {
                self.reachable_until(subject, departure.recorded, written, entry.searchable);
                continue;
            };
            let until = until.min(entry.dies).max(entry.searchable);
            if is_final || until < self.horizon {
                self.reachable_until(subject, departure.recorded, written, until);
                continue;
            }
            if subject.error {
                self.errors[1].there(written.nanos(), until.nanos());
            }
            let age = self.horizon.saturating_since(written).nanos();
            if departure.recorded {
                self.reachable(subject).for_each(|reachable| reachable.censored(age));
            }
        }
    }

    /// Until when each reader finds a record.
    fn visible_to_readers(&mut self, departure: &Departure, entry: &Entry, is_final: bool) {
        let named = departure.unreachable_from.filter(|_| entry.listed).unwrap_or(Instant::START);
        let horizon = Some(self.horizon).filter(|_| !is_final);
        for view in &mut self.readers {
            let (dies, late) = view.of(entry.subject, entry.dies, entry.far);
            let sees_index = self.index_is_shared || view.region == entry.subject.region;
            let named = if sees_index { named } else { Instant::START };
            let until = named.min(dies).max(entry.searchable);
            view.reachable[usize::from(entry.subject.error)].add(entry.written, until, late, horizon);
        }
    }

    /// A failed call's request and response are both there until `dies`.
    pub(crate) fn context(&mut self, written: Instant, dies: Instant) {
        record(&mut self.context, written, dies);
    }

    /// They were both there as the replication ended.
    pub(crate) fn context_at_the_end(&mut self, written: Instant) {
        self.context.censored(self.horizon.saturating_since(written).nanos());
    }

    /// A record, which was to go at `before`, goes at `after` as far as it is known at `now`.
    pub(crate) fn lives_on(&mut self, now: Instant, before: Instant, after: Instant) {
        if before == after {
            return;
        }
        let until = |dies: Instant| if dies < self.horizon { dies.nanos() } else { u64::MAX };
        if before > now {
            self.alive.take(1, now.nanos(), until(before));
        }
        if after > now {
            self.alive.put(1, now.nanos(), until(after));
        }
    }
}

fn record(survival: &mut Survival, written: Instant, dies: Instant) {
    if dies == Instant::NEVER {
        survival.censored(u64::MAX);
    } else {
        survival.death(dies.saturating_since(written).nanos());
    }
}
