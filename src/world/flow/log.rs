//! What a call reads, and the rows of the logging strategy.

use crate::model::{OpKind, Role};
use crate::world::blueprint::{Blueprint, ReadOp, Row};
use crate::world::ledger::CallEnd;
use crate::world::state::{LogEvent, LogState, OpRequest, Work, World, Writer};

/// How far a log event has come.
pub(crate) enum LogStep {
    /// An op is under way.
    UnderWay,
    /// All its ops are done.
    Done,
    /// An op was refused, and the rest skipped.
    Refused,
}

impl World<'_> {
    /// Makes the next read of a call: `None` when there is none left, `Some(true)` when it takes time.
    pub(crate) fn next_read(&mut self, id: u32) -> Option<bool> {
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
        let asked = self.ask(&self.caller(id, words), &OpRequest { store, op, external, cold, key: None, bytes: 0 });
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
    pub(crate) fn log_event(&mut self, id: u32, program: &Blueprint, is_response: bool) -> LogStep {
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
        let told = LogEvent { plan: call.plan, call: call.index, is_response, error, recorded: call.recorded };
        let log = std::mem::replace(&mut self.logs[id as usize], LogState::EMPTY);
        let goes_on = |row: &Row| !row.awaited && row.when.holds(error, critical);
        if self.blueprint.leaves_logs_behind && admitted && !refused && rows.iter().any(goes_on) {
            let due = |row: &Row| goes_on(row) && row.role == Role::Record && row.op == OpKind::Put;
            self.log_task(told, LogState { due: rows.iter().any(due), ..log });
        } else {
            self.logs[id as usize].request = self.close_event(told, &log, None);
        }
        if refused { LogStep::Refused } else { LogStep::Done }
    }

    pub(crate) fn is_error(&self, id: u32, is_response: bool) -> bool {
        let call = &self.calls[id as usize];
        if is_response { call.end != CallEnd::Succeeded } else { call.request_error }
    }

    /// A line of a call in every log file.
    #[cold]
    pub(crate) fn log_line(&mut self, error: bool, recorded: bool) {
        for file in &mut self.parts.logfiles {
            file.write(self.now, error, recorded);
        }
    }
}
