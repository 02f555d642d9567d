//! What becomes of a record: the copies of a log event, and when the last of them goes.

use super::build::Row;
use super::parts::index::Entry;
use super::parts::store::Loss;
use super::record::Fate;
use super::state::{LogState, Sized, SizedCopy, World};
use crate::units::{Instant, Span};

impl World<'_> {
    /// A record has been put into a store.
    pub(super) fn note_record(&mut self, id: u32, row: &Row, dies: Instant, loss: Loss) {
        let recorded = self.recorded(id);
        let store = &mut self.stores[row.store as usize];
        let log = &mut self.logs[id as usize];
        log.written.get_or_insert(self.now);
        if store.is_service() {
            log.searchable = log.searchable.max(dies);
        }
        if let Some(staleness) = store.staleness {
            log.late = log.late.min(staleness);
        }
        if self.blueprint.remembers[row.store as usize] {
            log.sized = Some(SizedCopy { store: row.store, bytes: row.bytes, goes: dies, loss });
            return;
        }
        if store.staleness.is_some() {
            log.far = log.far.max(dies);
        }
        if dies < self.blueprint.horizon {
            store.count_loss(loss, recorded);
        }
        if dies >= log.dies {
            (log.dies, log.loss) = (dies, loss);
        }
    }

    /// The event is over: its record, if one was stored, has a fate.
    pub(super) fn close_event(&mut self, id: u32, is_response: bool, error: bool) {
        let recorded = self.recorded(id);
        let log = self.logs[id as usize];
        let latest = log.sized.map_or(log.dies, |copy| copy.goes.max(log.dies));
        self.logs[id as usize] =
            LogState { request_dies: if is_response { Instant::START } else { latest }, ..LogState::EMPTY };
        let call = &self.calls[id as usize];
        let (index_of_call, session) = (call.index, self.plans[call.plan as usize].session);
        let failed_response = is_response && error;
        let mut subject = self.retention.subject(error, self.now, recorded);
        (subject.region, subject.late) = (self.region(id), self.seen_late(id, is_response, log.late));
        let Some(written) = log.written else {
            if recorded {
                self.retention.nothing_stored(subject, log.tried, log.dropped);
                if failed_response {
                    self.retention.context(self.now, self.now);
                }
            }
            return;
        };
        if recorded {
            self.retention.stored(error);
            if failed_response {
                self.retention.context(written, latest.min(log.request_dies).max(written));
            }
        }
        let searchable = log.searchable;
        let far = log.sized.map_or(log.far, |copy| self.far(log.far, copy.store, copy.goes));
        let entry = Entry { written, dies: latest, far, call: index_of_call, subject, listed: log.listed, searchable };
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
    }

    /// Until when other regions see a record: until `far` by its other copies, and by the one in a store of limited size
    /// until that goes.
    pub(super) fn far(&self, far: Instant, store: u16, goes: Instant) -> Instant {
        if self.stores[store as usize].staleness.is_some() { far.max(goes) } else { far }
    }

    /// How much later other regions see a record, of which they have asked for the key all along.
    fn seen_late(&mut self, id: u32, is_response: bool, staleness: Span) -> Span {
        if self.blueprint.reader_regions.is_empty() || staleness.is_zero() || staleness == Span::MAX {
            return Span::ZERO;
        }
        let call = &self.calls[id as usize];
        let number = self.plans[call.plan as usize].number << 12 | u64::from(call.index);
        let share = self.lateness.at(u64::from(call.class), number << 1 | u64::from(is_response)).next();
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
