//! What a call does to the stores: its reads, and the rows of the logging strategy.

use super::build::{KeySlot, NONE, ReadOp, Row};
use super::draws::OpWords;
use super::event::{Event, Rank, order};
use super::ledger::CallEnd;
use super::parts::index::Entry;
use super::parts::store::{Loss, Refusal};
use super::state::{LogState, Sized, SizedCopy, World};
use super::work::Work;
use crate::model::{InvocationScope, Level, OpKind, Role, When};
use crate::policy::Verdict;
use crate::streams::Word;
use crate::units::{Instant, Span};

/// How far a log event has come.
pub(super) enum LogStep {
    /// An op is under way.
    UnderWay,
    /// All its ops are done.
    Done,
    /// An op was refused, and the rest skipped.
    Refused,
}

/// An op that has been asked for.
struct Asked {
    /// When it begins: later than now, where a quota makes it wait.
    at: Instant,
    takes: Span,
    refused: Option<Refusal>,
}

/// An op as it is asked for.
struct OpAsked {
    store: usize,
    op: OpKind,
    external: bool,
    law: u16,
    words: OpWords,
    /// When its key was last written, if that matters.
    key: Option<Instant>,
    /// Bytes that it would add to the store.
    bytes: u64,
}

const EXTERNAL: usize = 0;
const INTERNAL: usize = 1;
const STORES: usize = 2;

impl World<'_> {
    /// Makes the next read of a call: `None` when there is none left, `Some(true)` when it takes time.
    pub(super) fn next_read(&mut self, id: u32) -> Option<bool> {
        let cursor = self.calls[id as usize].cursor as usize;
        let first_call = self.calls[id as usize].index == 0;
        if self.calls[id as usize].op_open {
            self.calls[id as usize].op_open = false;
            self.calls[id as usize].cursor += 1;
            self.end_read(id, self.blueprint.reads[cursor]);
            return Some(false);
        }
        if cursor >= self.blueprint.plan_reads && self.calls[id as usize].work != Work::Provider {
            return None;
        }
        let read = *self.blueprint.reads.get(cursor)?;
        debug_assert!(first_call || cursor >= self.blueprint.plan_reads);
        if self.memory_slot(id, read).is_some_and(|slot| self.now < self.memory[slot]) {
            self.calls[id as usize].cursor += 1;
            return Some(false);
        }
        let ReadOp { law, words, external, .. } = read;
        let (store, op) = (read.store as usize, OpKind::Get);
        let asked = self.ask(id, &OpAsked { store, op, external, law, words, key: None, bytes: 0 });
        Some(self.wait_for(id, asked))
    }

    /// Where the isolate's memory keeps what is read.
    fn memory_slot(&self, id: u32, read: ReadOp) -> Option<usize> {
        let isolate = self.plans[self.calls[id as usize].plan as usize].isolate as usize;
        read.memory.map(|(key, _)| isolate * self.blueprint.memory_keys + key as usize)
    }

    fn end_read(&mut self, id: u32, read: ReadOp) {
        if self.calls[id as usize].op_refused.is_none()
            && let (Some(slot), Some((_, ttl))) = (self.memory_slot(id, read), read.memory)
        {
            self.memory[slot] = self.now.saturating_add(ttl);
        }
    }

    /// Goes on with the log of a request or a response.
    pub(super) fn log_event(&mut self, id: u32, rows: &[Row], is_response: bool) -> LogStep {
        let error = self.is_error(id, is_response);
        let critical = self.is_critical(id);
        let admitted = match self.blueprint.model.logging.level {
            Level::All => true,
            Level::ErrorsOnly => error,
            Level::None => false,
        };
        let mut refused = false;
        loop {
            let cursor = self.calls[id as usize].cursor as usize;
            if self.calls[id as usize].op_open {
                self.calls[id as usize].op_open = false;
                self.calls[id as usize].cursor += 1;
                refused = !self.end_op(id, &rows[cursor]);
                if refused {
                    break;
                }
                continue;
            }
            let Some(row) = rows.get(cursor).filter(|_| admitted) else { break };
            let applies = match row.when {
                When::Always => true,
                When::Error => error,
                When::Critical => critical,
                When::ErrorOrCritical => error || critical,
            };
            if !applies {
                self.calls[id as usize].cursor += 1;
                continue;
            }
            self.logs[id as usize].tried |= row.role == Role::Record && row.op == OpKind::Put;
            let asked = self.ask_row(id, row);
            if self.wait_for(id, asked) {
                return LogStep::UnderWay;
            }
        }
        self.close_event(id, is_response, error);
        if refused { LogStep::Refused } else { LogStep::Done }
    }

    fn is_error(&self, id: u32, is_response: bool) -> bool {
        let call = &self.calls[id as usize];
        if is_response { call.end != CallEnd::Succeeded } else { call.request_error }
    }

    fn is_critical(&self, id: u32) -> bool {
        let call = &self.calls[id as usize];
        let workflow = self.plans[call.plan as usize].workflow as usize;
        self.blueprint.workflows[workflow].calls[call.index as usize].critical
    }

    fn ask_row(&mut self, id: u32, row: &Row) -> Asked {
        let last = match (row.key, row.op) {
            (KeySlot::Shared(key), OpKind::Put) => self.shared_writes[key as usize],
            (KeySlot::Session(key), OpKind::Put) => self.session_writes[self.session_slot(id, key)],
            _ => None,
        };
        let (key, bytes) = (last, if row.op == OpKind::Put && last.is_none() { row.bytes } else { 0 });
        let Row { op, law, words, external, .. } = *row;
        let op = OpAsked { store: row.store as usize, op, external, law, words, key, bytes };
        let asked = self.ask(id, &op);
        self.calls[id as usize].rewrites = last.is_some();
        if asked.refused.is_none() && row.op == OpKind::Put {
            match row.key {
                KeySlot::Shared(key) => self.shared_writes[key as usize] = Some(asked.at),
                KeySlot::Session(key) => {
                    let slot = self.session_slot(id, key);
                    self.session_writes[slot] = Some(asked.at);
                }
                KeySlot::Once => {}
            }
            let recorded = self.calls[id as usize].recorded;
            self.family_writes[row.family as usize] += u64::from(recorded);
        }
        asked
    }

    fn session_slot(&self, id: u32, key: u16) -> usize {
        self.calls[id as usize].plan as usize * self.blueprint.session_keys + key as usize
    }

    /// Asks a store for an op: the quotas first (a refusal costs nothing), then the invocation's limits (the platform
    /// throws), then the key and the room that is left (the store answers, which takes as long as any answer).
    fn ask(&mut self, id: u32, asked: &OpAsked) -> Asked {
        let recorded = self.calls[id as usize].recorded;
        let (now, store, op) = (self.now, asked.store, asked.op);
        self.stores[store].counts[op as usize].attempted[usize::from(recorded)] += 1;
        let refuse = |world: &mut Self, why, takes| {
            world.stores[store].refuse(op, why, now, recorded);
            Asked { at: now, takes, refused: Some(why) }
        };
        if self.stores[store].drops_locally(op, now, recorded) {
            return Asked { at: now, takes: Span::ZERO, refused: Some(Refusal::Dropped) };
        }
        let service = self.stores[store].is_service();
        let verdict = self.stores[store].judge(op, now);
        if verdict == Verdict::Refused && !service {
            return refuse(self, Refusal::Quota, Span::ZERO);
        }
        if !self.may_call(id, store, asked.external) {
            return refuse(self, Refusal::Invocation, Span::ZERO);
        }
        let takes = self.blueprint.laws[asked.law as usize].sample(self.op_word(id, asked.words.latency));
        if service && let Some(why) = self.service_fails(id, asked, verdict, takes) {
            refuse(self, why, takes);
            return Asked { at: now, takes, refused: Some(Refusal::Dropped) };
        }
        let Verdict::At(at) = verdict else { return refuse(self, Refusal::Dropped, takes) };
        let takes = at.since(now) + takes;
        if !self.stores[store].is_spaced(asked.key, at, recorded) {
            return refuse(self, Refusal::Key, takes);
        }
        if asked.bytes > 0 && !self.stores[store].has_space(asked.bytes, now) {
            return refuse(self, Refusal::Full, takes);
        }
        self.stores[store].take(op, now, at, recorded);
        Asked { at, takes, refused: None }
    }

    /// Why a log service does not take an op; its client, who learns it `takes` later, says nothing to anybody.
    fn service_fails(&mut self, id: u32, asked: &OpAsked, verdict: Verdict, takes: Span) -> Option<Refusal> {
        let word = self.op_word(id, asked.words.network);
        let (store, now) = (&mut self.stores[asked.store], self.now);
        if store.does_not_arrive(word) {
            return Some(Refusal::Network);
        }
        if verdict == Verdict::Refused {
            store.falls_silent(now + takes);
            return Some(Refusal::Quota);
        }
        None
    }

    /// A draw of an op, by its place among the words of the call; anything where there is none.
    fn op_word(&self, id: u32, place: u16) -> Word {
        if place == NONE {
            return Word(0);
        }
        let call = &self.calls[id as usize];
        let flow = &self.blueprint.workflows[self.plans[call.plan as usize].workflow as usize];
        let base = call.plan as usize * self.words_each + flow.op_words;
        let per_call = self.blueprint.op_draws.len() - self.blueprint.plan_words;
        self.words[base + call.index as usize * per_call + place as usize]
    }

    /// Notes how the op will end, and whether that takes time.
    fn wait_for(&mut self, id: u32, asked: Asked) -> bool {
        let call = &mut self.calls[id as usize];
        call.op_open = true;
        call.op_refused = asked.refused;
        if asked.takes.is_zero() {
            return false;
        }
        let order = order(Rank::StoreAnswer, call.address, call.attempt);
        self.calendar.push(self.now + asked.takes, order, Event::StoreAnswer(id));
        true
    }

    /// A store answers: the call goes on.
    pub(super) fn store_answers(&mut self, id: u32) {
        self.advance(id);
        self.drain();
    }

    /// What a log op has done, now that it is over; `false` where it was refused and the rest must be skipped.
    fn end_op(&mut self, id: u32, row: &Row) -> bool {
        let refused = self.calls[id as usize].op_refused;
        if refused == Some(Refusal::Dropped) {
            self.logs[id as usize].dropped |= row.role == Role::Record;
            return true;
        }
        if refused.is_some() {
            self.forget_copy(id);
            return false;
        }
        match (row.op, row.role) {
            (OpKind::Get, role) => self.end_get(id, row, role),
            (OpKind::Put, role) => self.end_put(id, row, role),
            (OpKind::Delete | OpKind::List, _) => {}
        }
        true
    }

    /// What was read of the index is not written back.
    fn forget_copy(&mut self, id: u32) {
        if let Some(copy) = self.copies[id as usize].take()
            && let Some(index) = &mut self.index
        {
            index.release(copy, &mut self.departures);
            self.settle_departures();
        }
    }

    fn end_get(&mut self, id: u32, row: &Row, role: Role) {
        let recorded = self.recorded(id);
        let Some(index) = self.index.as_mut().filter(|_| role == Role::Index) else { return };
        let store = &mut self.stores[row.store as usize];
        let found = if index.is_there(self.now) { &mut store.hits } else { &mut store.misses };
        found[usize::from(recorded)] += 1;
        self.copies[id as usize] = Some(index.read(self.now, &mut self.departures));
        self.settle_departures();
    }

    fn end_put(&mut self, id: u32, row: &Row, role: Role) {
        let (kept, pressure) = (self.op_word(id, row.words.kept), self.op_word(id, row.words.pressure));
        let recorded = self.recorded(id);
        if self.stores[row.store as usize].keeps_nothing(kept, recorded) {
            self.logs[id as usize].dropped |= role == Role::Record;
            return self.forget_copy(id);
        }
        let (dies, loss) = self.stores[row.store as usize].fate(self.now, row.ttl, pressure);
        if !self.calls[id as usize].rewrites {
            self.stores[row.store as usize].keep(row.bytes, self.now, dies);
        }
        let session = self.plans[self.calls[id as usize].plan as usize].session;
        match role {
            Role::Record => self.note_record(id, row, dies, loss),
            Role::Index => {
                let copy = self.copies[id as usize].take().unwrap_or_default();
                if let Some(index) = &mut self.index {
                    index.write(session, copy, dies, self.now, &mut self.departures);
                    self.settle_departures();
                }
            }
            Role::Session => {
                if let Some(index) = &mut self.index {
                    index.list(session, dies);
                    self.logs[id as usize].listed = true;
                }
            }
            Role::Other => {}
        }
    }

    fn note_record(&mut self, id: u32, row: &Row, dies: Instant, loss: Loss) {
        let recorded = self.recorded(id);
        let store = &mut self.stores[row.store as usize];
        let log = &mut self.logs[id as usize];
        log.written.get_or_insert(self.now);
        if store.is_service() {
            log.searchable = log.searchable.max(dies);
        }
        if store.capacity.is_some() {
            log.sized = Some(SizedCopy { store: row.store, bytes: row.bytes, goes: dies, loss });
            return;
        }
        if dies < self.blueprint.horizon {
            store.count_loss(loss, recorded);
        }
        if dies >= log.dies {
            (log.dies, log.loss) = (dies, loss);
        }
    }

    /// The event is over: its record, if one was stored, has a fate.
    fn close_event(&mut self, id: u32, is_response: bool, error: bool) {
        let recorded = self.recorded(id);
        let log = self.logs[id as usize];
        let latest = log.sized.map_or(log.dies, |copy| copy.goes.max(log.dies));
        self.logs[id as usize] =
            LogState { request_dies: if is_response { Instant::START } else { latest }, ..LogState::EMPTY };
        let call = &self.calls[id as usize];
        let (index_of_call, session) = (call.index, self.plans[call.plan as usize].session);
        let failed_response = is_response && error;
        let Some(written) = log.written else {
            if recorded {
                self.retention.nothing_stored(error, log.tried, log.dropped);
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
        let entry = Entry { written, dies: latest, call: index_of_call, error, listed: log.listed, searchable };
        let place = self.index.as_mut().map(|index| (session, index.add(session, entry)));
        if recorded && place.is_none() {
            self.retention.reachable_until(error, written, searchable);
        }
        if let Some(copy) = log.sized {
            let record =
                Sized { before: 0, copy, written, elsewhere: (log.dies, log.loss), error, recorded, session: place };
            self.put_sized(record);
        } else if recorded {
            self.retention.ends(error, written, log.dies, log.loss);
        }
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
    fn settle_sized(&mut self, record: Sized, end: (Instant, Loss)) {
        let (dies, loss) = if record.elsewhere.0 > end.0 { record.elsewhere } else { end };
        if record.recorded {
            self.stores[record.copy.store as usize].count_loss(end.1, true);
            self.retention.ends(record.error, record.written, dies, loss);
        }
        if let (Some((session, place)), Some(index)) = (record.session, &mut self.index) {
            self.departures.extend(index.settle(session, place, dies));
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

    fn recorded(&self, id: u32) -> bool {
        self.calls[id as usize].recorded
    }

    /// The counters of the invocation that a call belongs to.
    fn invocation(&mut self, id: u32) -> &mut [u32] {
        let call = &self.calls[id as usize];
        let flow = &self.blueprint.workflows[self.plans[call.plan as usize].workflow as usize];
        let number = match flow.invocation {
            InvocationScope::Plan => 0,
            InvocationScope::Step => flow.calls[call.index as usize].step as usize,
            InvocationScope::Call => call.index as usize,
        };
        let base = call.plan as usize * self.used_each + number * self.used_width;
        &mut self.used[base..base + self.used_width]
    }

    /// Whether the invocation may make one more call to a store; if so it is counted.
    pub(super) fn may_call(&mut self, id: u32, store: usize, external: bool) -> bool {
        let platform = &self.blueprint.model.platform;
        let (side, limit) = if external {
            (EXTERNAL, platform.subrequests_external)
        } else {
            (INTERNAL, platform.subrequests_internal)
        };
        let of_store = self.stores[store].ops_per_invocation;
        let is_subrequest = self.stores[store].is_subrequest;
        let limit = limit.filter(|_| is_subrequest);
        let used = self.invocation(id);
        if limit.is_some_and(|limit| used[side] >= limit) || used[STORES + store] >= of_store {
            return false;
        }
        used[side] += u32::from(is_subrequest);
        used[STORES + store] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        true
    }

    /// Whether the invocation may make one more external call, an attempt at a provider; if so it is counted.
    #[inline]
    pub(super) fn may_call_outside(&mut self, id: u32) -> bool {
        let Some(limit) = self.blueprint.model.platform.subrequests_external else { return true };
        let used = self.invocation(id);
        if used[EXTERNAL] >= limit {
            return false;
        }
        used[EXTERNAL] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        true
    }
}
