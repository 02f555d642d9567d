//! What an operation has done, once it is over.

use crate::model::{OpKind, Role};
use crate::streams::Word;
use crate::units::Instant;
use crate::world::blueprint::{Draw, KeySlot, Row};
use crate::world::ledger::Cause;
use crate::world::parts::index::VersionId;
use crate::world::parts::store::Loss;
use crate::world::state::{KeyAt, OpRequest, OpResponse, Plan, Requester, World, Writer};

impl World<'_> {
    /// Asks for the op of a row. `None` where it waits for a connection first.
    pub(crate) fn ask_row(&mut self, requester: &Requester, row: &Row) -> Option<OpResponse> {
        let call = self.call_of(requester.who);
        let at = self.key_at(call, row);
        let put = at.filter(|_| row.op == OpKind::Put);
        let (key, bytes) = (put.and_then(|at| self.key(at).written), self.bytes_added(row, put));
        let cold = row.cold.map(|key| (key, if call.0 == u32::MAX { 0 } else { self.region(call.0) }));
        let store = row.store as usize;
        let op = OpRequest { store, op: row.op, external: row.external, cold, key, bytes };
        let asked = self.ask(requester, &op)?;
        if asked.refused.is_none() && row.op == OpKind::Put {
            if let Some(at) = put {
                self.key(at).written = Some(asked.at);
            }
            self.parts.stores[store].family_writes[row.family as usize] += u64::from(requester.recorded);
        }
        if asked.refused == Some(Cause::KeySpacing) {
            self.parts.stores[store].family_too_soon[row.family as usize] += u64::from(requester.recorded);
        }
        Some(asked)
    }

    /// What an op has done, now that it is over and was, or was not, refused; `false` where the rest must be skipped.
    pub(crate) fn end_op(&mut self, who: Writer, row: &Row, refused: Option<Cause>) -> bool {
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

    /// Whether the failure of an op goes unnoticed.
    fn is_silent(&self, row: &Row, why: Cause) -> bool {
        matches!(why, Cause::Dropped | Cause::ClientSilent | Cause::Network)
            || why.is_quota() && self.parts.stores[row.store as usize].is_service()
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
        self.parts.stores[row.store as usize].keep(row.bytes, self.now, dies);
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
            self.log_of(who).listed |= self.parts.index.is_some();
            return;
        }
        let read = self.copy_of(who).take();
        let keep = self.program(isolate as usize).model.logging.max_log_entries;
        self.write_index((session, self.region(plan)), read, dies, keep);
    }

    /// Where the key of a row is remembered; none where it is written once.
    fn key_of(&self, who: Writer, row: &Row) -> Option<KeyAt> {
        if matches!(row.key, KeySlot::Once) { None } else { self.key_at(self.call_of(who), row) }
    }

    /// What was read of the index is not written back.
    pub(crate) fn forget_copy(&mut self, who: Writer) {
        if let Some(copy) = self.copy_of(who).take()
            && let Some(index) = &mut self.parts.index
        {
            index.release(copy, &mut self.departures);
            self.settle_departures();
        }
    }

    /// The answer of the index to a row that reads it.
    fn read_index(&mut self, row: &Row, region: u16, recorded: bool) -> Option<VersionId> {
        let index = self.parts.index.as_mut()?;
        let store = &mut self.parts.stores[row.store as usize];
        let found = if index.is_there(region, self.now) { &mut store.hits } else { &mut store.misses };
        found[usize::from(recorded)] += 1;
        let copy = index.read(region, self.now, &mut self.departures);
        self.settle_departures();
        Some(copy)
    }

    /// An accepted write is there from now on: when it goes, and why. `None` where the store kept nothing. The draws
    /// decide whether it keeps it, and when pressure evicts it.
    fn kept(&mut self, row: &Row, [kept, pressure]: [Word; 2], recorded: bool) -> Option<(Instant, Loss)> {
        let store = &mut self.parts.stores[row.store as usize];
        (!store.keeps_nothing(kept, recorded)).then(|| store.lifetime(self.now, row.ttl, pressure))
    }

    /// A session writes the index back.
    fn write_index(&mut self, (session, region): (u32, u16), read: Option<VersionId>, dies: Instant, keep: u32) {
        if let Some(index) = &mut self.parts.index {
            index.write((session, region), read, (dies, keep), self.now, &mut self.departures);
            self.settle_departures();
        }
    }

    /// A session writes the list of its records.
    fn write_list(&mut self, session: u32, dies: Instant) {
        if let Some(index) = &mut self.parts.index {
            index.list(session, dies);
        }
    }
}
