//! What a call does to the stores: its reads, and the rows of the logging strategy.

use super::build::{Blueprint, KeySlot, NONE, ReadOp, Row};
use super::cause::Cause;
use super::draws::OpWords;
use super::event::{Event, Rank, order};
use super::fate::LogState;
use super::invocation::{Invocation, Writer};
use super::ledger::CallEnd;
use super::parts::store::Loss;
use super::records::KeyAt;
use super::state::{Plan, World};
use super::work::Work;
use crate::model::{OpKind, Role};
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
    pub(super) refused: Option<Cause>,
}

/// Who asks for an op.
pub(super) struct Asker {
    pub(super) recorded: bool,
    pub(super) who: Writer,
    pub(super) invocation: Invocation,
    /// Its draws: how long it takes, and whether it arrives.
    pub(super) latency: Word,
    pub(super) network: Word,
}

/// An op as it is asked for.
pub(super) struct OpAsked {
    pub(super) store: usize,
    pub(super) op: OpKind,
    pub(super) external: bool,
    /// The key that may be cold, in which region.
    pub(super) cold: Option<(u16, u16)>,
    /// When its key was last written, if that matters.
    pub(super) key: Option<Instant>,
    /// Bytes that it would add to the store.
    pub(super) bytes: u64,
}

/// A log event of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Its plan, and the number of the call in it.
    pub(super) plan: u32,
    pub(super) call: u16,
    pub(super) is_response: bool,
    pub(super) error: bool,
    pub(super) recorded: bool,
}

/// What an op draws.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw {
    /// How long it takes.
    Latency,
    /// Whether it arrives.
    Network,
    /// Whether it is kept.
    Kept,
    /// When pressure evicts it.
    Pressure,
}

impl World<'_> {
    /// Makes the next read of a call: `None` when there is none left, `Some(true)` when it takes time.
    pub(super) fn next_read(&mut self, id: u32) -> Option<bool> {
        let cursor = self.calls[id as usize].cursor as usize;
        let first_call = self.calls[id as usize].index == 0;
        if self.calls[id as usize].op_open {
            self.calls[id as usize].op_open = false;
            self.calls[id as usize].cursor += 1;
            self.end_read(id, self.program_of(id).reads[cursor]);
            return Some(false);
        }
        if cursor >= self.blueprint.plan_reads && self.calls[id as usize].work != Work::Provider {
            return None;
        }
        let read = *self.blueprint.reads.get(cursor)?;
        debug_assert!(first_call || cursor >= self.blueprint.plan_reads);
        if self.memory_slot(id, read).is_some_and(|slot| self.now < self.memory[slot]) {
            self.calls[id as usize].cursor += 1;
            self.needs_no_connection(Writer::Call(id)); // another call may have read it meanwhile
            return Some(false);
        }
        let ReadOp { words, external, .. } = read;
        let cold = read.cold.map(|key| (key, self.region(self.calls[id as usize].plan)));
        let (store, op) = (read.store as usize, OpKind::Get);
        let asked = self.ask(&self.caller(id, words), &OpAsked { store, op, external, cold, key: None, bytes: 0 });
        Some(asked.is_none_or(|asked| self.wait_for(id, asked)))
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

    /// Goes on with the log of a request or a response, as the program of its isolate has it.
    pub(super) fn log_event(&mut self, id: u32, program: &Blueprint, is_response: bool) -> LogStep {
        let rows = if is_response { &program.responses } else { &program.requests };
        let error = self.is_error(id, is_response);
        let call = &self.calls[id as usize];
        let workflow = self.plans[call.plan as usize].workflow as usize;
        let critical = program.workflows[workflow].calls[call.index as usize].critical;
        let admitted = program.model.logging.level.admits(error);
        let mut refused = false;
        loop {
            let cursor = self.calls[id as usize].cursor as usize;
            if self.calls[id as usize].op_open {
                self.calls[id as usize].op_open = false;
                self.calls[id as usize].cursor += 1;
                let call = &self.calls[id as usize];
                let why = call.op_refused;
                refused = !self.end_op(Writer::Call(id), &rows[cursor], why);
                if refused {
                    break;
                }
                continue;
            }
            let Some(row) = rows.get(cursor).filter(|_| admitted) else { break };
            if !row.awaited || !row.when.holds(error, critical) {
                self.calls[id as usize].cursor += 1;
                continue;
            }
            self.logs[id as usize].tried |= row.role == Role::Record && row.op == OpKind::Put;
            let asker = self.caller(id, row.words);
            let Some(asked) = self.ask_row(&asker, row) else { return LogStep::UnderWay };
            if self.wait_for(id, asked) {
                return LogStep::UnderWay;
            }
        }
        self.needs_no_connection(Writer::Call(id)); // the level may have changed meanwhile
        let call = &self.calls[id as usize];
        let told = Told { plan: call.plan, call: call.index, is_response, error, recorded: call.recorded };
        let log = std::mem::replace(&mut self.logs[id as usize], LogState::EMPTY);
        let goes_on = |row: &Row| !row.awaited && row.when.holds(error, critical);
        if self.blueprint.leaves_logs_behind && admitted && !refused && rows.iter().any(goes_on) {
            let due = |row: &Row| goes_on(row) && row.role == Role::Record && row.op == OpKind::Put;
            self.log_errand(told, LogState { due: rows.iter().any(due), ..log });
        } else {
            self.logs[id as usize].request = self.close_event(told, &log, None);
        }
        if refused { LogStep::Refused } else { LogStep::Done }
    }

    pub(super) fn is_error(&self, id: u32, is_response: bool) -> bool {
        let call = &self.calls[id as usize];
        if is_response { call.end != CallEnd::Succeeded } else { call.request_error }
    }

    /// Asks for the op of a row. `None` where it waits for a connection first.
    pub(super) fn ask_row(&mut self, asker: &Asker, row: &Row) -> Option<Asked> {
        let call = self.call_of(asker.who);
        let at = self.key_at(call, row);
        let put = at.filter(|_| row.op == OpKind::Put);
        let (key, bytes) = (put.and_then(|at| self.key(at).written), self.bytes_added(row, put));
        let cold = row.cold.map(|key| (key, if call.0 == u32::MAX { 0 } else { self.region(call.0) }));
        let store = row.store as usize;
        let op = OpAsked { store, op: row.op, external: row.external, cold, key, bytes };
        let asked = self.ask(asker, &op)?;
        if asked.refused.is_none() && row.op == OpKind::Put {
            if let Some(at) = put {
                self.key(at).written = Some(asked.at);
            }
            self.family_writes[row.family as usize] += u64::from(asker.recorded);
        }
        if asked.refused == Some(Cause::KeySpacing) {
            self.family_too_soon[row.family as usize] += u64::from(asker.recorded);
        }
        Some(asked)
    }

    /// The law of how long an op takes: a read of a key that its region has fetched a moment ago is hot.
    fn law_of(&mut self, asked: &OpAsked) -> u16 {
        let laws = &self.blueprint.store_laws[asked.store];
        let hot = laws.by_op[asked.op as usize];
        let (Some((key, region)), Some((cold, after))) = (asked.cold, laws.cold) else { return hot };
        if key == NONE {
            return cold;
        }
        let slot = usize::from(region) * self.blueprint.hot_keys + usize::from(key);
        let until = &mut self.hot_until[slot];
        if self.now < *until {
            return hot;
        }
        *until = self.now.saturating_add(after);
        cold
    }

    /// A call as it asks for an op.
    fn caller(&self, id: u32, words: OpWords) -> Asker {
        Asker {
            recorded: self.calls[id as usize].recorded,
            who: Writer::Call(id),
            invocation: self.invocation(id),
            latency: self.op_word(id, words.latency),
            network: self.op_word(id, words.network),
        }
    }

    /// Asks a store for an op: the quotas first (a refusal costs nothing), then the invocation's limits (the platform
    /// throws), then the key and the room that is left (the store answers, which takes as long as any answer). `None`
    /// where it waits for a connection first; whoever asked asks again when it has one.
    pub(super) fn ask(&mut self, asker: &Asker, asked: &OpAsked) -> Option<Asked> {
        let verdict = self.stores[asked.store].judge(asked.op, self.now);
        let waits_no_more = self.blueprint.connections_bind && self.is_connected(asker.who);
        let refused = if waits_no_more { None } else { self.is_refused_here(asker, asked, verdict) };
        let answer = match refused {
            Some(why) => Asked { at: self.now, takes: Span::ZERO, refused: Some(why) },
            None if !self.has_connection(asker, asked) => return None,
            None => self.answer(asker, asked, verdict),
        };
        self.stores[asked.store].counts[asked.op as usize].attempted[usize::from(asker.recorded)] += 1;
        Some(answer)
    }

    fn has_connection(&mut self, asker: &Asker, asked: &OpAsked) -> bool {
        !self.blueprint.connections_bind
            || !self.stores[asked.store].is_subrequest
            || self.is_connected(asker.who)
            || self.connect(asker.who)
    }

    /// Why an op is refused before it leaves the program, if it is.
    fn is_refused_here(&mut self, asker: &Asker, asked: &OpAsked, verdict: Verdict) -> Option<Cause> {
        let (store, op, now, recorded) = (asked.store, asked.op, self.now, asker.recorded);
        if self.stores[store].drops_locally(op, now, recorded) {
            return Some(Cause::ClientSilent);
        }
        let why = if verdict == Verdict::Refused && !self.stores[store].is_service() {
            self.stores[store].quota_cause(op)
        } else {
            self.may_not_call(asker.invocation, store, asked.external)?
        };
        self.stores[store].refuse(op, why, now, recorded);
        Some(why)
    }

    /// What the store answers.
    fn answer(&mut self, asker: &Asker, asked: &OpAsked, verdict: Verdict) -> Asked {
        let (store, op, now, recorded) = (asked.store, asked.op, self.now, asker.recorded);
        let refuse = |world: &mut Self, why, takes| {
            world.stores[store].refuse(op, why, now, recorded);
            Asked { at: now, takes, refused: Some(why) }
        };
        let law = self.law_of(asked);
        let takes = self.blueprint.laws[law as usize].sample(asker.latency);
        if self.stores[store].is_service()
            && let Some(why) = self.service_fails(asker, store, (op, verdict), takes)
        {
            return refuse(self, why, takes);
        }
        let at = match verdict {
            Verdict::At(at) => at,
            Verdict::Dropped => return refuse(self, Cause::Dropped, takes),
            // The quota was used up while the op waited for a connection.
            Verdict::Refused => {
                let why = self.stores[store].quota_cause(op);
                return refuse(self, why, Span::ZERO);
            }
        };
        let takes = at.since(now) + takes;
        if !self.stores[store].is_spaced(asked.key, at, recorded) {
            return refuse(self, Cause::KeySpacing, takes);
        }
        if asked.bytes > 0 && !self.stores[store].has_space(asked.bytes, now) {
            return refuse(self, Cause::StoreFull, takes);
        }
        self.stores[store].take(op, now, at, recorded);
        Asked { at, takes, refused: None }
    }

    /// Why a log service does not take an op; its client, who learns it `takes` later, says nothing to anybody.
    fn service_fails(
        &mut self,
        asker: &Asker,
        store: usize,
        (op, verdict): (OpKind, Verdict),
        takes: Span,
    ) -> Option<Cause> {
        let (store, now) = (&mut self.stores[store], self.now);
        if store.does_not_arrive(asker.network) {
            return Some(Cause::Network);
        }
        if verdict == Verdict::Refused {
            store.falls_silent(now + takes);
            return Some(store.quota_cause(op));
        }
        None
    }

    /// A draw of an op, by its place among the words of the call; anything where there is none.
    #[inline]
    fn op_word(&self, id: u32, place: u16) -> Word {
        if place == NONE {
            return Word(0);
        }
        let call = &self.calls[id as usize];
        self.word_of(call.plan, call.index, place)
    }

    /// The same, of a call of a plan that may be over.
    pub(super) fn word_of(&self, plan: u32, call: u16, place: u16) -> Word {
        if place == NONE {
            return Word(0);
        }
        let flow = &self.blueprint.workflows[self.plans[plan as usize].workflow as usize];
        let base = plan as usize * self.words_each + flow.op_words;
        let per_call = self.blueprint.op_draws.len() - self.blueprint.plan_words;
        self.words[base + call as usize * per_call + place as usize]
    }

    /// Notes how the op will end, and whether that takes time.
    fn wait_for(&mut self, id: u32, asked: Asked) -> bool {
        let call = &mut self.calls[id as usize];
        call.op_open = true;
        call.op_refused = asked.refused;
        if asked.takes.is_zero() {
            if self.blueprint.connections_bind {
                self.disconnect(Writer::Call(id));
            }
            return false;
        }
        let order = order(Rank::StoreAnswer, call.address, call.attempt);
        self.calendar.push(self.now + asked.takes, order, Event::StoreAnswer(id));
        true
    }

    /// A store answers: the call goes on.
    pub(super) fn store_answers(&mut self, id: u32) {
        if self.blueprint.connections_bind {
            self.disconnect(Writer::Call(id));
        }
        self.advance(id);
        self.drain::<false>();
    }

    /// What an op has done, now that it is over and was, or was not, refused; `false` where the rest must be skipped.
    pub(super) fn end_op(&mut self, who: Writer, row: &Row, refused: Option<Cause>) -> bool {
        if let Some(why) = refused {
            return self.end_refused(who, row, why);
        }
        match row.op {
            OpKind::Put => self.end_put(who, row),
            OpKind::Delete => {
                if let Some(at) = self.key_of(who, row) {
                    self.clear_key(row.store, at, Loss::Cleaned);
                }
            }
            OpKind::Get if row.role == Role::Index => {
                if let Some(plan) = self.plan_of(who) {
                    let recorded = self.writer_recorded(who);
                    *self.copy_of(who) = self.read_index(row, self.region(plan), recorded);
                }
            }
            OpKind::Get | OpKind::List => {}
        }
        true
    }

    /// An op has done nothing; whether it goes on as if it had.
    #[cold]
    fn end_refused(&mut self, who: Writer, row: &Row, why: Cause) -> bool {
        let is_silent = self.is_silent(row, why);
        let is_record = row.role == Role::Record;
        if !is_silent || is_record {
            self.log_of(who).lost_by.get_or_insert(why);
        }
        if is_silent {
            self.log_of(who).dropped |= is_record;
        } else {
            self.forget_copy(who);
        }
        is_silent
    }

    /// Whether nobody is told that an op was not done.
    fn is_silent(&self, row: &Row, why: Cause) -> bool {
        matches!(why, Cause::Dropped | Cause::ClientSilent | Cause::Network)
            || why.is_quota() && self.stores[row.store as usize].is_service()
    }

    fn end_put(&mut self, who: Writer, row: &Row) {
        let draws = [Draw::Kept, Draw::Pressure].map(|draw| self.writer_word(who, row.words, draw));
        let Some((dies, loss)) = self.kept(row, draws, self.writer_recorded(who)) else {
            if row.role == Role::Record {
                let log = self.log_of(who);
                log.dropped = true;
                log.lost_by.get_or_insert(Cause::KeptNothing);
            }
            return self.forget_copy(who);
        };
        let key = self.key_of(who, row);
        if let Some(at) = key {
            self.clear_key(row.store, at, Loss::Overwritten);
        }
        if row.role == Role::Record && self.blueprint.remembers[row.store as usize] {
            self.make_room(row.store as usize, row.bytes);
        }
        self.stores[row.store as usize].keep(row.bytes, self.now, dies);
        let copy = if row.role == Role::Record { self.note_record(who, row, dies, loss) } else { None };
        if let Some(at) = key {
            self.fill_key(at, row, dies, copy);
        }
        if matches!(row.role, Role::Record | Role::Other) {
            return;
        }
        let Some(plan) = self.plan_of(who) else { return };
        let Plan { session, isolate, .. } = self.plans[plan as usize];
        if row.role == Role::Session {
            self.write_list(session, dies);
            self.log_of(who).listed |= self.index.is_some();
            return;
        }
        let copy = self.copy_of(who).take().unwrap_or_default();
        let keep = self.program(isolate as usize).model.logging.max_log_entries;
        self.write_index((session, self.region(plan)), copy, dies, keep);
    }

    /// Where the key of a row is remembered; none where it is written once.
    fn key_of(&self, who: Writer, row: &Row) -> Option<KeyAt> {
        if matches!(row.key, KeySlot::Once) { None } else { self.key_at(self.call_of(who), row) }
    }

    /// What was read of the index is not written back.
    pub(super) fn forget_copy(&mut self, who: Writer) {
        if let Some(copy) = self.copy_of(who).take()
            && let Some(index) = &mut self.index
        {
            index.release(copy, &mut self.departures);
            self.settle_departures();
        }
    }

    /// What the index says to a row that reads it.
    fn read_index(&mut self, row: &Row, region: u16, recorded: bool) -> Option<Vec<u32>> {
        let index = self.index.as_mut()?;
        let store = &mut self.stores[row.store as usize];
        let found = if index.is_there(region, self.now) { &mut store.hits } else { &mut store.misses };
        found[usize::from(recorded)] += 1;
        let copy = index.read(region, self.now, &mut self.departures);
        self.settle_departures();
        Some(copy)
    }

    /// An accepted write is there from now on: when it goes, and why. `None` where the store kept nothing. The draws
    /// decide whether it keeps it, and when pressure evicts it.
    fn kept(&mut self, row: &Row, [kept, pressure]: [Word; 2], recorded: bool) -> Option<(Instant, Loss)> {
        let store = &mut self.stores[row.store as usize];
        (!store.keeps_nothing(kept, recorded)).then(|| store.fate(self.now, row.ttl, pressure))
    }

    /// A session writes the index back.
    fn write_index(&mut self, (session, region): (u32, u16), copy: Vec<u32>, dies: Instant, keep: u32) {
        if let Some(index) = &mut self.index {
            index.write((session, region), copy, (dies, keep), self.now, &mut self.departures);
            self.settle_departures();
        }
    }

    /// A session writes the list of its records.
    fn write_list(&mut self, session: u32, dies: Instant) {
        if let Some(index) = &mut self.index {
            index.list(session, dies);
        }
    }

    /// Where a plan writes.
    pub(super) fn region(&self, plan: u32) -> u16 {
        self.blueprint.class_regions[self.plans[plan as usize].class as usize]
    }
}

/// A call and an errand, as one who writes.
impl World<'_> {
    pub(super) fn writer_recorded(&self, who: Writer) -> bool {
        match who {
            Writer::Call(id) => self.calls[id as usize].recorded,
            Writer::Errand(id) => self.errands.list[id as usize].recorded,
        }
    }

    /// The plan and the call that it writes for.
    fn call_of(&self, who: Writer) -> (u32, u16) {
        match who {
            Writer::Call(id) => (self.calls[id as usize].plan, self.calls[id as usize].index),
            Writer::Errand(id) => self.errands.list[id as usize].call(),
        }
    }

    /// The plan that it writes for.
    fn plan_of(&self, who: Writer) -> Option<u32> {
        match who {
            Writer::Call(id) => Some(self.calls[id as usize].plan),
            Writer::Errand(id) => self.errands.list[id as usize].plan(),
        }
    }

    /// What it has read of the index.
    fn copy_of(&mut self, who: Writer) -> &mut Option<Vec<u32>> {
        match who {
            Writer::Call(id) => &mut self.copies[id as usize],
            Writer::Errand(id) => &mut self.errands.list[id as usize].copy,
        }
    }

    /// The log event under way.
    pub(super) fn log_of(&mut self, who: Writer) -> &mut LogState {
        match who {
            Writer::Call(id) => &mut self.logs[id as usize],
            Writer::Errand(id) => &mut self.errands.list[id as usize].log,
        }
    }

    fn writer_word(&mut self, who: Writer, words: OpWords, draw: Draw) -> Word {
        match who {
            Writer::Call(id) => self.op_word(id, words.of(draw)),
            Writer::Errand(id) => self.errand_word(id, words, draw),
        }
    }
}
