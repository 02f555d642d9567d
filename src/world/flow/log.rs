//! What a call reads, and the rows of the logging strategy.

use crate::model::{OpKind, Role};
use crate::world::blueprint::{Blueprint, ReadOp, Row};
use crate::world::operation::drive::Rows;
use crate::world::state::{LogEvent, LogState, OpRequest, Work, World, Writer};

impl World<'_> {
    /// Makes the next read of a call: `None` when there is none left, `Some(true)` when it takes time.
    pub(crate) fn next_read(&mut self, id: u32) -> Option<bool> {
        let ops = &mut self.calls[id as usize].ops;
        let cursor = ops.cursor as usize;
        if std::mem::take(&mut ops.open) {
            ops.cursor += 1;
            self.end_read(id, self.program_of(id).reads[cursor]);
            return Some(false);
        }
        if cursor >= self.blueprint.plan_reads && self.calls[id as usize].work != Work::Provider {
            return None;
        }
        let read = *self.blueprint.reads.get(cursor)?;
        debug_assert!(self.calls[id as usize].index == 0 || cursor >= self.blueprint.plan_reads);
        if self.memory_slot(id, read).is_some_and(|slot| self.now < self.memory[slot]) {
            self.calls[id as usize].ops.cursor += 1;
            self.needs_no_connection(Writer::Call(id)); // another call may have read it meanwhile
            return Some(false);
        }
        let ReadOp { words, external, .. } = read;
        let cold = read.cold.map(|key| (key, self.region(self.calls[id as usize].plan)));
        let (store, op) = (read.store as usize, OpKind::Get);
        let requester = self.requester(Writer::Call(id), words);
        Some(self.operate(&requester, &OpRequest { store, op, external, cold, key: None, bytes: 0 }))
    }

    /// Where the isolate's memory keeps what is read.
    fn memory_slot(&self, id: u32, read: ReadOp) -> Option<usize> {
        let isolate = self.plans[self.calls[id as usize].plan as usize].isolate as usize;
        read.memory.map(|(key, _)| isolate * self.blueprint.memory_keys + key as usize)
    }

    fn end_read(&mut self, id: u32, read: ReadOp) {
        if self.calls[id as usize].ops.refused.is_none()
            && let (Some(slot), Some((_, ttl))) = (self.memory_slot(id, read), read.memory)
        {
            self.memory[slot] = self.now.saturating_add(ttl);
        }
    }

    /// Goes on with the log of a request or a response, as the program of its isolate has it.
    pub(crate) fn log_event(&mut self, id: u32, program: &Blueprint, is_response: bool) -> Rows {
        let rows = if is_response { &program.responses } else { &program.requests };
        let error = self.calls[id as usize].is_error(is_response);
        let call = &self.calls[id as usize];
        let workflow = self.plans[call.plan as usize].workflow as usize;
        let critical = program.workflows[workflow].calls[call.index as usize].critical;
        let admitted = program.model.logging.level.admits(error);
        let applies = |world: &mut Self, row: &Row| {
            if !(admitted && row.awaited && row.when.holds(error, critical)) {
                return false;
            }
            world.logs[id as usize].tried |= row.role == Role::Record && row.op == OpKind::Put;
            true
        };
        let end = self.run_rows(Writer::Call(id), rows, applies);
        if end == Rows::UnderWay {
            return end;
        }
        self.needs_no_connection(Writer::Call(id)); // the level may have changed meanwhile
        let call = &self.calls[id as usize];
        let event = LogEvent { plan: call.plan, call: call.index, is_response, error, recorded: call.recorded };
        let log = std::mem::replace(&mut self.logs[id as usize], LogState::EMPTY);
        let goes_on = |row: &Row| !row.awaited && row.when.holds(error, critical);
        if self.blueprint.leaves_logs_behind && admitted && end == Rows::Done && rows.iter().any(goes_on) {
            let due = |row: &Row| goes_on(row) && row.role == Role::Record && row.op == OpKind::Put;
            self.log_task(event, LogState { due: rows.iter().any(due), ..log });
        } else {
            self.logs[id as usize].request = self.close_event(event, &log, None);
        }
        end
    }

    /// A line of a call in every log file.
    #[cold]
    pub(crate) fn log_line(&mut self, error: bool, recorded: bool) {
        for file in &mut self.parts.logfiles {
            file.write(self.now, error, recorded);
        }
    }
}
