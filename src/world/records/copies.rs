//! The copies of records: what ends each, and with the last of them the record.

use crate::model::OpKind;
use crate::units::{Instant, Span};
use crate::world::blueprint::{KeySlot, Row};
use crate::world::parts::store::Loss;
use crate::world::state::{About, Copy, CopyAt, End, Ends, KEYED, Key, KeyAt, NOBODY, Pair, SHELVED, World, Writer};

impl World<'_> {
    /// Where a key is remembered that a plan's call, or a day, writes; none where it is written once.
    pub(crate) fn key_at(&self, (plan, call): (u32, u16), row: &Row) -> Option<KeyAt> {
        let of_plan = plan as usize * self.blueprint.plan_keys();
        match row.key {
            KeySlot::Once => None,
            KeySlot::Session(key) => Some(KeyAt::Plan(of_plan + key as usize)),
            KeySlot::Call(first) => {
                Some(KeyAt::Plan(of_plan + self.blueprint.session_keys + first as usize + call as usize))
            }
            KeySlot::Shared(key) => Some(KeyAt::World(key as usize)),
        }
    }

    pub(crate) fn key(&mut self, at: KeyAt) -> &mut Key {
        match at {
            KeyAt::Plan(at) => &mut self.plan_keys[at],
            KeyAt::World(at) => &mut self.shared_keys[at],
        }
    }

    /// Bytes that a put adds to its store.
    pub(crate) fn bytes_added(&mut self, row: &Row, at: Option<KeyAt>) -> u64 {
        let Some(key) = at.map(|at| *self.key(at)).filter(|_| row.op == OpKind::Put) else {
            return if row.op == OpKind::Put { row.bytes } else { 0 };
        };
        let goes = key.copy.map_or(key.goes, |at| self.records.copy(at).map_or(Instant::START, |copy| copy.goes));
        row.bytes - if goes > self.now { key.bytes.min(row.bytes) } else { 0 }
    }

    /// The entry under a key is replaced or deleted.
    pub(crate) fn clear_key(&mut self, store: u16, at: KeyAt, why: Loss) {
        let now = self.now;
        let key = self.key(at);
        let Key { bytes, goes, copy, .. } = *key;
        *key = Key { written: key.written, ..Key::EMPTY };
        match copy {
            Some(copy) => self.end_copy(copy, why),
            None => self.parts.stores[store as usize].delete(bytes, now, goes),
        }
    }

    /// A key has a new entry now, which goes at `goes`.
    pub(crate) fn fill_key(&mut self, at: KeyAt, row: &Row, goes: Instant, copy: Option<CopyAt>) {
        let key = self.key(at);
        *key = Key { written: key.written, bytes: row.bytes, goes, copy };
    }

    /// The keys of a plan are written no more.
    #[inline(never)]
    pub(crate) fn release_keys(&mut self, place: u32) {
        let keys = self.blueprint.plan_keys();
        for at in place as usize * keys..(place as usize + 1) * keys {
            if let Some(copy) = std::mem::replace(&mut self.plan_keys[at], Key::EMPTY).copy {
                self.known(copy, KEYED);
            }
        }
    }

    /// Another day has keys of its own.
    pub(crate) fn release_day_keys(&mut self) {
        for &at in &self.blueprint.day_keys {
            self.shared_keys[at as usize] = Key::EMPTY;
        }
    }

    /// A record has been put into a store, where it goes at `dies` if nothing else takes it: its copy, where something
    /// may.
    pub(crate) fn note_record(&mut self, who: Writer, row: &Row, dies: Instant, loss: Loss) -> Option<CopyAt> {
        let (recorded, now, at) = (self.writer_recorded(who), self.now, row.store as usize);
        let keyed = if matches!(row.key, KeySlot::Once) { 0 } else { KEYED };
        let shelved = if self.blueprint.remembers[at] { SHELVED } else { 0 };
        let sooner = keyed | shelved;
        let store = &mut self.parts.stores[at];
        if sooner == 0 && dies < self.blueprint.horizon {
            store.count_loss(loss, recorded);
        }
        let (staleness, copy) = (store.staleness, Ends::of(store, dies, loss));
        let log = self.log_of(who);
        let written = *log.written.get_or_insert(now);
        log.late = log.late.min(staleness.unwrap_or(Span::MAX));
        if sooner == 0 && log.record == NOBODY {
            let before = log.ends.dies;
            log.ends.add(copy);
            self.parts.retention.lives_on(now, before, dies.max(before));
            return None;
        }
        if log.record == NOBODY {
            let ends = log.ends;
            self.log_of(who).record = self.records.open(written, ends, recorded);
        }
        let id = self.log_of(who).record;
        let record = self.records.at(id);
        let before = record.last();
        self.parts.retention.lives_on(now, before, dies.max(before));
        if sooner == 0 {
            record.others.add(copy);
            return None;
        }
        record.copies.push(Copy { store: row.store, bytes: row.bytes, goes: dies, loss, sooner });
        record.unknown += 1;
        let copy = CopyAt { record: id, serial: record.serial, nth: record.copies.len() as u16 - 1 };
        if shelved > 0 {
            self.records.shelves[at].put(copy, row.bytes, dies);
            self.make_room(at, 0); // one that is larger than the store goes at once
        }
        Some(copy)
    }

    /// A copy goes now, unless it has gone already.
    pub(crate) fn end_copy(&mut self, at: CopyAt, why: Loss) {
        let now = self.now;
        let Some(&mut copy) = self.records.copy(at).filter(|copy| copy.sooner > 0) else { return };
        if copy.goes <= now {
            return self.known(at, KEYED | SHELVED);
        }
        let record = self.records.at(at.record);
        let before = record.last();
        record.copies[at.nth as usize] = Copy { goes: now, loss: why, sooner: 0, ..copy };
        let (after, recorded) = (record.last(), record.recorded);
        self.records.take_off(copy);
        let store = &mut self.parts.stores[copy.store as usize];
        store.delete(copy.bytes, now, copy.goes);
        store.count_loss(why, recorded);
        self.parts.retention.lives_on(now, before, after);
        self.one_is_known(at.record);
    }

    /// A copy does not go sooner than by itself, for these reasons; where there is no other reason its end is known.
    pub(crate) fn known(&mut self, at: CopyAt, reasons: u8) {
        let horizon = self.blueprint.horizon;
        let Some(copy) = self.records.copy(at).filter(|copy| copy.sooner > 0) else { return };
        let was = *copy;
        copy.sooner &= !reasons;
        if copy.sooner > 0 {
            return;
        }
        if reasons & SHELVED > 0 {
            self.records.take_off(was);
        }
        let recorded = self.records.at(at.record).recorded;
        if was.goes < horizon {
            self.parts.stores[was.store as usize].count_loss(was.loss, recorded);
        }
        self.one_is_known(at.record);
    }

    /// One unknown about a record is resolved.
    fn one_is_known(&mut self, id: u32) {
        let record = self.records.at(id);
        record.unknown -= 1;
        if record.unknown == 0 {
            self.records.pending -= 1;
            self.record_ends(id, false);
        }
    }

    /// When a record goes, as far as it is known.
    pub(crate) fn ends_of(&self, id: u32) -> Ends {
        let record = &self.records.list[id as usize];
        let mut ends = record.others;
        for copy in &record.copies {
            ends.add(Ends::of(&self.parts.stores[copy.store as usize], copy.goes, copy.loss));
        }
        ends
    }

    /// The event of a record is over, some copies of which may go sooner than by themselves.
    pub(crate) fn event_over(&mut self, id: u32, about: About) {
        let record = self.records.at(id);
        record.about = Some(about);
        record.unknown -= 1;
        if record.unknown > 0 {
            self.records.pending += 1;
            if let (Some((session, _)), Some(index)) = (about.session, &mut self.parts.index) {
                index.hold(session);
            }
            return;
        }
        let (recorded, written, ends) = (record.recorded, record.written, self.ends_of(id));
        self.event_ends(about, recorded, written, ends);
        self.forget(id, ends.dies, false);
    }

    /// The event of a record is over, and it is known when the record goes: what the index was told is final.
    pub(crate) fn event_ends(&mut self, about: About, recorded: bool, written: Instant, ends: Ends) {
        self.parts.retention.ends(about.subject, recorded, &ends.lifetime(written));
        self.reachable_by_itself(about, recorded, written, ends.searchable, false);
    }

    /// It is known how a record ends, or the run is over and it is known that it is there.
    fn record_ends(&mut self, id: u32, is_over: bool) {
        let record = &self.records.list[id as usize];
        let Some(about) = record.about else { return };
        let (recorded, written) = (record.recorded, record.written);
        let (ends, horizon) = (self.ends_of(id), self.blueprint.horizon);
        let lifetime = ends.lifetime(written);
        let may_go = |copy: &&Copy| is_over && copy.sooner > 0 && copy.goes >= horizon;
        let last = self.records.list[id as usize].copies.iter().filter(may_go).map(|copy| copy.goes).max();
        let is_there = last.is_some_and(|last| last >= ends.dies);
        if is_there {
            self.parts.retention.still_there(about.subject, recorded, &lifetime);
        } else {
            self.parts.retention.ends(about.subject, recorded, &lifetime);
        }
        match (about.session, &mut self.parts.index) {
            (Some((session, place)), Some(index)) if is_over => {
                index.correct(session, place, [ends.dies, ends.far, ends.searchable]);
            }
            (Some((session, place)), Some(index)) => {
                self.departures.extend(index.settle(session, place, [ends.dies, ends.far, ends.searchable]));
                self.settle_departures();
            }
            _ => self.reachable_by_itself(about, recorded, written, ends.searchable, is_over),
        }
        self.forget(id, ends.dies, is_there);
    }

    /// Until when a record is found where there is no index.
    fn reachable_by_itself(
        &mut self,
        about: About,
        recorded: bool,
        written: Instant,
        searchable: Instant,
        is_over: bool,
    ) {
        if about.session.is_some() {
            return;
        }
        let subject = about.subject;
        if is_over && searchable >= self.blueprint.horizon {
            self.parts.retention.reachable_at_the_end(subject, recorded, written);
        } else {
            self.parts.retention.reachable_until(subject, recorded, written, searchable);
        }
        if recorded {
            self.parts.retention.searchable_by_readers(subject, written, searchable, is_over);
        }
    }

    /// A record is fully known; informs those waiting for it.
    fn forget(&mut self, id: u32, dies: Instant, is_there: bool) {
        let record = self.records.at(id);
        record.dies = Some(dies);
        let (pair, holders) = (record.pair, record.holders);
        if pair != NOBODY {
            self.half_known(pair, dies, is_there);
        }
        if holders == 0 {
            self.records.close(id);
        }
    }

    /// A failed call's request and response, written then, are both there until the first of them goes.
    pub(crate) fn pair(&mut self, written: Instant, sides: [End; 2]) {
        let pair = Pair { written, dies: Instant::NEVER, missing: 2, is_open: false };
        let place = self.records.free_pairs.pop().unwrap_or(self.records.pairs.len() as u32);
        if place as usize == self.records.pairs.len() {
            self.records.pairs.push(pair);
        } else {
            self.records.pairs[place as usize] = pair;
        }
        for side in sides {
            match side {
                End::Known(dies) => self.half_known(place, dies, false),
                End::Open(id) => match self.records.at(id).dies {
                    Some(dies) => self.half_known(place, dies, false),
                    None => self.records.at(id).pair = place,
                },
            }
            self.records.release(side);
        }
    }

    fn half_known(&mut self, pair: u32, dies: Instant, is_there: bool) {
        let both = &mut self.records.pairs[pair as usize];
        both.is_open |= is_there;
        both.dies = both.dies.min(dies);
        both.missing -= 1;
        if both.missing > 0 {
            return;
        }
        let Pair { written, dies, is_open, .. } = *both;
        self.records.free_pairs.push(pair);
        if is_open && dies >= self.blueprint.horizon {
            self.parts.retention.context_at_the_end(written);
        } else {
            self.parts.retention.context(written, dies.max(written));
        }
    }

    /// The run is over: records whose end is unknown are still there, or go by themselves.
    pub(crate) fn finish_records(&mut self) {
        let horizon = self.blueprint.horizon;
        for id in 0..self.records.list.len() as u32 {
            let record = &self.records.list[id as usize];
            if record.unknown == 0 || record.about.is_none() {
                continue;
            }
            for copy in record.copies.iter().filter(|copy| copy.sooner > 0 && copy.goes < horizon) {
                self.parts.stores[copy.store as usize].count_loss(copy.loss, record.recorded);
            }
            self.record_ends(id, true);
        }
        self.records.pending = 0;
    }
}
