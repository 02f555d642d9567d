//! What becomes of a record: the copies of a log event, and when the last of them goes.

use super::build::Row;
use super::cause::Cause;
use super::invocation::Writer;
use super::log::Told;
use super::parts::index::{Entry, Subject};
use super::parts::store::Loss;
use super::record::{Fate, Unstored};
use super::state::World;
use crate::units::{Instant, Span};

/// What the log event under way has achieved so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogState {
    pub(super) tried: bool,
    /// An op of it was answered, and nothing done or kept.
    pub(super) dropped: bool,
    /// Why an op of it was first refused, or kept nothing.
    pub(super) lost_by: Option<Cause>,
    /// The session's list has been written, with the record of this event in it.
    pub(super) listed: bool,
    pub(super) written: Option<Instant>,
    /// When the last of its copies that other regions see goes, and how late they may see it.
    pub(super) far: Instant,
    pub(super) late: Span,
    /// Until when a log service finds it; [`Instant::START`] where none does.
    pub(super) searchable: Instant,
    /// The last of its copies in stores without a size goes then, for this reason.
    pub(super) dies: Instant,
    pub(super) loss: Loss,
    /// Its copy in a store of limited size.
    pub(super) sized: Option<SizedCopy>,
    /// When the last copy of the request's record goes; [`Instant::START`] where there is none.
    pub(super) request_dies: Instant,
    /// An errand is to write its record.
    pub(super) due: bool,
}

impl LogState {
    pub(super) const EMPTY: LogState = LogState {
        tried: false,
        dropped: false,
        lost_by: None,
        listed: false,
        written: None,
        far: Instant::START,
        late: Span::MAX,
        searchable: Instant::START,
        dies: Instant::START,
        loss: Loss::None,
        sized: None,
        request_dies: Instant::START,
        due: false,
    };
}

/// A copy in a store of limited size, and when it goes if nothing newer needs its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizedCopy {
    pub(super) store: u16,
    pub(super) bytes: u64,
    pub(super) goes: Instant,
    pub(super) loss: Loss,
}

/// A record with a copy in a store of limited size: how it ends is known only later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sized {
    /// Bytes that had been put into the store before it.
    pub(super) before: u64,
    pub(super) copy: SizedCopy,
    pub(super) written: Instant,
    /// When, and why, the last of its copies elsewhere goes.
    pub(super) elsewhere: (Instant, Loss),
    /// When the last copy that other regions see goes, beside this one.
    pub(super) far: Instant,
    pub(super) subject: Subject,
    pub(super) recorded: bool,
    /// Its place in the index's memory.
    pub(super) session: Option<(u32, u32)>,
}

impl World<'_> {
    /// A record has been put into a store.
    pub(super) fn note_record(&mut self, who: Writer, row: &Row, dies: Instant, loss: Loss) {
        let recorded = self.writer_recorded(who);
        let is_remembered = self.blueprint.remembers[row.store as usize];
        let store = &mut self.stores[row.store as usize];
        let (is_searchable, staleness, now) = (store.is_searchable, store.staleness, self.now);
        if !is_remembered && dies < self.blueprint.horizon {
            store.count_loss(loss, recorded);
        }
        let log = self.log_of(who);
        log.written.get_or_insert(now);
        if is_searchable {
            log.searchable = log.searchable.max(dies);
        }
        if let Some(staleness) = staleness {
            log.late = log.late.min(staleness);
        }
        if is_remembered {
            log.sized = Some(SizedCopy { store: row.store, bytes: row.bytes, goes: dies, loss });
            return;
        }
        if staleness.is_some() {
            log.far = log.far.max(dies);
        }
        if dies >= log.dies {
            (log.dies, log.loss) = (dies, loss);
        }
    }

    /// The event is over, or cut off: its record, if one was stored, has a fate. The answer is when the last copy of it
    /// goes.
    pub(super) fn close_event(&mut self, told: Told, log: &LogState, cut: Option<Cause>) -> Instant {
        let Told { recorded, error, .. } = told;
        let latest = log.sized.map_or(log.dies, |copy| copy.goes.max(log.dies));
        let session = self.plans[told.plan as usize].session;
        let mut subject = self.retention.subject(error, self.now, recorded);
        (subject.region, subject.late) = (self.region(told.plan), self.seen_late(told, log.late));
        if recorded {
            self.note_context(told, log, latest);
        }
        let Some(written) = log.written else {
            if recorded {
                let (why, cause) = match (log.dropped, cut.filter(|_| log.due), log.tried) {
                    (true, ..) => (Unstored::Dropped, log.lost_by),
                    (_, Some(cut), _) => (Unstored::Unfinished, Some(cut)),
                    (.., true) => (Unstored::Refused, log.lost_by),
                    _ => (Unstored::Unlogged, None),
                };
                self.retention.nothing_stored(subject, why, cause);
            }
            return latest;
        };
        if recorded {
            self.retention.stored(error);
        }
        let searchable = log.searchable;
        let far = log.sized.map_or(log.far, |copy| self.far(log.far, copy.store, copy.goes));
        let entry = Entry { written, dies: latest, far, call: told.call, subject, listed: log.listed, searchable };
        let place = self.index.as_mut().map(|index| (session, index.add(session, entry)));
        if place.is_none() {
            self.retention.reachable_until(subject, recorded, written, searchable);
            if recorded {
                self.retention.searchable_by_readers(subject, written, searchable);
            }
        }
        if let Some(copy) = log.sized {
            let record = Sized {
                before: 0,
                copy,
                written,
                elsewhere: (log.dies, log.loss),
                far: log.far,
                subject,
                recorded,
                session: place,
            };
            self.put_sized(record);
        } else {
            self.retention.ends(subject, recorded, &Fate { written, dies: log.dies, loss: log.loss, far });
        }
        latest
    }

    /// Of a failed call the response and the request are both there until the first of them goes.
    fn note_context(&mut self, told: Told, log: &LogState, latest: Instant) {
        let written = log.written.unwrap_or(self.now);
        let dies = if log.written.is_some() { latest } else { written };
        let failed = told.is_response && told.error;
        if !self.blueprint.leaves_logs_behind {
            if failed {
                self.retention.context(written, dies.min(log.request_dies).max(written));
            }
            return;
        }
        // Either may be written last.
        let never = self.blueprint.requests.is_empty();
        let Some(context) = self.invocations.as_mut().and_then(|all| all.context(told.plan, told.call)) else { return };
        if never {
            context.request = Some(Instant::START);
        }
        if told.is_response {
            context.response = failed.then_some((written, dies));
        } else {
            context.request = Some(latest);
        }
        if let (Some(request), Some((written, dies))) = (context.request, context.response) {
            context.response = None;
            self.retention.context(written, dies.min(request).max(written));
        }
    }

    /// Until when other regions see a record: until `far` by its other copies, and by the one in a store of limited size
    /// until that goes.
    pub(super) fn far(&self, far: Instant, store: u16, goes: Instant) -> Instant {
        if self.stores[store as usize].staleness.is_some() { far.max(goes) } else { far }
    }

    /// How much later other regions see a record, of which they have asked for the key all along.
    fn seen_late(&mut self, told: Told, staleness: Span) -> Span {
        if self.blueprint.reader_regions.is_empty() || staleness.is_zero() || staleness == Span::MAX {
            return Span::ZERO;
        }
        let plan = &self.plans[told.plan as usize];
        let number = plan.number << 12 | u64::from(told.call);
        let share = self.lateness.at(u64::from(plan.class), number << 1 | u64::from(told.is_response)).next();
        staleness.scale(share.unit())
    }

    /// A record enters a store of limited size, and the oldest make room.
    fn put_sized(&mut self, record: Sized) {
        if let (Some((session, _)), Some(index)) = (record.session, &mut self.index) {
            index.hold(session);
        }
        let store = record.copy.store as usize;
        self.sized[store].push_back(Sized { before: self.put_bytes[store], ..record });
        self.put_bytes[store] += record.copy.bytes;
        self.retention.pending += 1;
        self.make_room(store);
    }

    /// The oldest records go from a store of limited size that holds too much.
    pub(super) fn make_room(&mut self, store: usize) {
        let capacity = self.stores[store].capacity.unwrap_or(u64::MAX);
        while let Some(&oldest) = self.sized[store].front() {
            let in_time = oldest.copy.goes > self.now;
            if in_time && self.put_bytes[store] - oldest.before <= capacity {
                break;
            }
            self.sized[store].pop_front();
            self.retention.pending -= 1;
            let end = if in_time { (self.now, Loss::Evicted) } else { (oldest.copy.goes, oldest.copy.loss) };
            self.settle_sized(oldest, end);
        }
    }

    /// It is known when a record leaves its store of limited size.
    pub(super) fn settle_sized(&mut self, record: Sized, end: (Instant, Loss)) {
        let (dies, loss) = if record.elsewhere.0 > end.0 { record.elsewhere } else { end };
        let far = self.far(record.far, record.copy.store, end.0);
        self.stores[record.copy.store as usize].count_loss(end.1, record.recorded);
        self.retention.ends(record.subject, record.recorded, &Fate { written: record.written, dies, loss, far });
        if let (Some((session, place)), Some(index)) = (record.session, &mut self.index) {
            self.departures.extend(index.settle(session, place, (dies, far)));
            self.settle_departures();
        }
    }

    /// Records what became of the sessions that nobody needs any more.
    pub(super) fn settle_departures(&mut self) {
        while let Some(departure) = self.departures.pop() {
            self.retention.departs(&departure, true);
            if let Some(index) = &mut self.index {
                index.recycle(departure);
            }
        }
    }
}
