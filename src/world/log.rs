//! What a call does to the stores: its reads, and the rows of the logging strategy.

use super::build::{KeySlot, NONE, ReadOp, Row};
use super::draws::OpWords;
use super::event::{Event, Rank, order};
use super::ledger::CallEnd;
use super::parts::store::{Loss, Refusal};
use super::state::World;
use super::work::Work;
use crate::model::{InvocationScope, OpKind, Role};
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
pub(super) struct Asked {
    /// When it begins: later than now, where a quota makes it wait.
    pub(super) at: Instant,
    pub(super) takes: Span,
    pub(super) refused: Option<Refusal>,
}

/// Who asks for an op.
pub(super) struct Asker {
    pub(super) recorded: bool,
    pub(super) invocation: Invocation,
    /// Its draws: how long it takes, and whether it arrives.
    pub(super) latency: Word,
    pub(super) network: Word,
}

/// Where the counters of an invocation are.
#[derive(Clone, Copy)]
pub(super) enum Invocation {
    /// With its plan, from here on.
    Plan(usize),
    /// With the errand that it is.
    Errand(usize),
}

/// An op as it is asked for.
pub(super) struct OpAsked {
    pub(super) store: usize,
    pub(super) op: OpKind,
    pub(super) external: bool,
    pub(super) law: u16,
    /// When its key was last written, if that matters.
    pub(super) key: Option<Instant>,
    /// Bytes that it would add to the store.
    pub(super) bytes: u64,
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
        let asked = self.ask(&self.caller(id, words), &OpAsked { store, op, external, law, key: None, bytes: 0 });
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
        let admitted = self.blueprint.model.logging.level.admits(error);
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
            if !row.when.holds(error, critical) {
                self.calls[id as usize].cursor += 1;
                continue;
            }
            self.logs[id as usize].tried |= row.role == Role::Record && row.op == OpKind::Put;
            let (asker, plan) = (self.caller(id, row.words), self.calls[id as usize].plan);
            let (asked, rewrites) = self.ask_row(&asker, (plan, self.calls[id as usize].index), row);
            self.calls[id as usize].rewrites = rewrites;
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

    /// Asks for the op of a row of this plan; also whether it replaces what was written before.
    pub(super) fn ask_row(&mut self, asker: &Asker, call: (u32, u16), row: &Row) -> (Asked, bool) {
        let last = self.last_write(call, row).and_then(|write| *write);
        let (key, bytes) = (last, if row.op == OpKind::Put && last.is_none() { row.bytes } else { 0 });
        let op = OpAsked { store: row.store as usize, op: row.op, external: row.external, law: row.law, key, bytes };
        let asked = self.ask(asker, &op);
        if asked.refused.is_none() && row.op == OpKind::Put {
            if let Some(write) = self.last_write(call, row) {
                *write = Some(asked.at);
            }
            self.family_writes[row.family as usize] += u64::from(asker.recorded);
        }
        (asked, last.is_some())
    }

    /// When the key of a row that puts was last written, by a plan and the number of its call; none where the key is
    /// written once.
    fn last_write(&mut self, (plan, index): (u32, u16), row: &Row) -> Option<&mut Option<Instant>> {
        let of_plan = plan as usize * self.blueprint.plan_keys();
        let of_calls = of_plan + self.blueprint.session_keys + index as usize;
        match row.key {
            _ if row.op != OpKind::Put => None,
            KeySlot::Once => None,
            KeySlot::Session(key) => Some(&mut self.session_writes[of_plan + key as usize]),
            KeySlot::Call(first) => Some(&mut self.session_writes[of_calls + first as usize]),
            KeySlot::Shared(key) => Some(&mut self.shared_writes[key as usize]),
        }
    }

    /// A call as it asks for an op.
    fn caller(&self, id: u32, words: OpWords) -> Asker {
        Asker {
            recorded: self.calls[id as usize].recorded,
            invocation: self.invocation(id),
            latency: self.op_word(id, words.latency),
            network: self.op_word(id, words.network),
        }
    }

    /// Asks a store for an op: the quotas first (a refusal costs nothing), then the invocation's limits (the platform
    /// throws), then the key and the room that is left (the store answers, which takes as long as any answer).
    pub(super) fn ask(&mut self, asker: &Asker, asked: &OpAsked) -> Asked {
        let recorded = asker.recorded;
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
        if !self.may_call(asker.invocation, store, asked.external) {
            return refuse(self, Refusal::Invocation, Span::ZERO);
        }
        let takes = self.blueprint.laws[asked.law as usize].sample(asker.latency);
        if service && let Some(why) = self.service_fails(asker, store, verdict, takes) {
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
    fn service_fails(&mut self, asker: &Asker, store: usize, verdict: Verdict, takes: Span) -> Option<Refusal> {
        let (store, now) = (&mut self.stores[store], self.now);
        if store.does_not_arrive(asker.network) {
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
        self.drain::<false>();
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
    pub(super) fn forget_copy(&mut self, id: u32) {
        if let Some(copy) = self.copies[id as usize].take() {
            self.release_copy(copy);
        }
    }

    pub(super) fn release_copy(&mut self, copy: Vec<u32>) {
        if let Some(index) = &mut self.index {
            index.release(copy, &mut self.departures);
            self.settle_departures();
        }
    }

    fn end_get(&mut self, id: u32, row: &Row, role: Role) {
        if role == Role::Index {
            let region = self.region(id);
            self.copies[id as usize] = self.read_index(row, region, self.recorded(id));
        }
    }

    /// What the index says to a row that reads it.
    pub(super) fn read_index(&mut self, row: &Row, region: u16, recorded: bool) -> Option<Vec<u32>> {
        let index = self.index.as_mut()?;
        let store = &mut self.stores[row.store as usize];
        let found = if index.is_there(region, self.now) { &mut store.hits } else { &mut store.misses };
        found[usize::from(recorded)] += 1;
        let copy = index.read(region, self.now, &mut self.departures);
        self.settle_departures();
        Some(copy)
    }

    fn end_put(&mut self, id: u32, row: &Row, role: Role) {
        let draws = (self.op_word(id, row.words.kept), self.op_word(id, row.words.pressure));
        let (recorded, rewrites) = (self.recorded(id), self.calls[id as usize].rewrites);
        let Some((dies, loss)) = self.stored(row, draws, recorded, rewrites) else {
            self.logs[id as usize].dropped |= role == Role::Record;
            return self.forget_copy(id);
        };
        let session = self.plans[self.calls[id as usize].plan as usize].session;
        match role {
            Role::Record => self.note_record(id, row, dies, loss),
            Role::Index => {
                let copy = self.copies[id as usize].take().unwrap_or_default();
                self.write_index((session, self.region(id)), copy, dies);
            }
            Role::Session => {
                self.write_list(session, dies);
                self.logs[id as usize].listed |= self.index.is_some();
            }
            Role::Other => {}
        }
    }

    /// An accepted write is there from now on: when it goes, and why. `None` where the store kept nothing. The draws
    /// decide whether it keeps it, and when pressure evicts it.
    pub(super) fn stored(
        &mut self,
        row: &Row,
        (kept, pressure): (Word, Word),
        recorded: bool,
        rewrites: bool,
    ) -> Option<(Instant, Loss)> {
        let store = &mut self.stores[row.store as usize];
        if store.keeps_nothing(kept, recorded) {
            return None;
        }
        let (dies, loss) = store.fate(self.now, row.ttl, pressure);
        if !rewrites {
            store.keep(row.bytes, self.now, dies);
        }
        Some((dies, loss))
    }

    /// A session writes the index back.
    pub(super) fn write_index(&mut self, (session, region): (u32, u16), copy: Vec<u32>, dies: Instant) {
        if let Some(index) = &mut self.index {
            index.write((session, region), copy, dies, self.now, &mut self.departures);
            self.settle_departures();
        }
    }

    /// A session writes the list of its records.
    pub(super) fn write_list(&mut self, session: u32, dies: Instant) {
        if let Some(index) = &mut self.index {
            index.list(session, dies);
        }
    }

    /// Where a call writes.
    pub(super) fn region(&self, id: u32) -> u16 {
        self.blueprint.class_regions[self.calls[id as usize].class as usize]
    }

    pub(super) fn recorded(&self, id: u32) -> bool {
        self.calls[id as usize].recorded
    }

    /// The invocation that a call belongs to.
    pub(super) fn invocation(&self, id: u32) -> Invocation {
        let call = &self.calls[id as usize];
        let flow = &self.blueprint.workflows[self.plans[call.plan as usize].workflow as usize];
        let number = match flow.invocation {
            InvocationScope::Plan => 0,
            InvocationScope::Step => flow.calls[call.index as usize].step as usize,
            InvocationScope::Call => call.index as usize,
        };
        Invocation::Plan(call.plan as usize * self.used_each + number * self.used_width)
    }

    fn counters(&mut self, invocation: Invocation) -> &mut [u32] {
        match invocation {
            Invocation::Plan(base) => &mut self.used[base..base + self.used_width],
            Invocation::Errand(id) => &mut self.errands.used[id * self.used_width..][..self.used_width],
        }
    }

    /// Whether the invocation may make one more call to a store; if so it is counted.
    fn may_call(&mut self, invocation: Invocation, store: usize, external: bool) -> bool {
        let platform = &self.blueprint.model.platform;
        let (side, limit) = if external {
            (EXTERNAL, platform.subrequests_external)
        } else {
            (INTERNAL, platform.subrequests_internal)
        };
        let of_store = self.stores[store].ops_per_invocation;
        let is_subrequest = self.stores[store].is_subrequest;
        let limit = limit.filter(|_| is_subrequest);
        let used = self.counters(invocation);
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
        let invocation = self.invocation(id);
        let used = self.counters(invocation);
        if used[EXTERNAL] >= limit {
            return false;
        }
        used[EXTERNAL] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        true
    }
}
