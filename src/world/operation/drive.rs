//! The driver of operations on stores: requested, held until there is a connection, sent, answered, then the next one.
//! It serves reads, log rows, background tasks and scheduled jobs.

use crate::units::Span;
use crate::world::blueprint::{Draw, OpWords, Row};
use crate::world::event::{Event, Rank, address, order};
use crate::world::state::{OpRequest, OpResponse, Requester, TaskOf, World, Writer};

/// Where the answers to jobs stand among the plans of one instant.
const JOB_PLANS: u64 = 0xfe << 32;

/// The progress of the rows of a log event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// An op is under way, or waits for a connection.
    UnderWay,
    /// All its ops are done.
    Done,
    /// An op was refused, and the rest skipped.
    Refused,
}

impl World<'_> {
    /// Runs a writer through the rows of a log event until it must wait.
    #[inline(always)]
    pub(crate) fn run_rows(
        &mut self,
        who: Writer,
        rows: &[Row],
        mut applies: impl FnMut(&mut Self, &Row) -> bool,
    ) -> Rows {
        loop {
            let ops = self.progress(who);
            let Some(row) = rows.get(ops.cursor as usize) else { return Rows::Done };
            if std::mem::take(&mut ops.open) {
                let refused = ops.refused;
                if !self.end_op(who, row, refused) {
                    return Rows::Refused;
                }
                self.progress(who).cursor += 1;
            } else if !applies(self, row) {
                self.progress(who).cursor += 1;
            } else {
                let requester = self.requester(who, row.words);
                let Some(response) = self.ask_row(&requester, row) else { return Rows::UnderWay };
                if self.sent(who, &response) {
                    return Rows::UnderWay;
                }
            }
        }
    }

    /// Asks for one operation; whether its answer, or a connection, is to be waited for.
    pub(crate) fn operate(&mut self, requester: &Requester, request: &OpRequest) -> bool {
        self.ask(requester, request).is_none_or(|response| self.sent(requester.who, &response))
    }

    /// Notes how an operation will end, and whether that takes time.
    #[inline]
    fn sent(&mut self, who: Writer, response: &OpResponse) -> bool {
        let ops = self.progress(who);
        (ops.open, ops.refused) = (true, response.refused);
        if response.takes.is_zero() {
            if self.blueprint.connections_bind {
                self.disconnect(who);
            }
            return false;
        }
        match who {
            Writer::Call(id) => {
                let call = &self.calls[id as usize];
                let order = order(Rank::StoreAnswer, call.address, call.attempt);
                self.calendar.push(self.now + response.takes, order, Event::StoreAnswer(who));
            }
            Writer::Task(id) => self.wake_task(id, response.takes),
        }
        true
    }

    /// A store answers, or there is a connection for a task: whoever asked goes on.
    pub(crate) fn store_answers(&mut self, who: Writer) {
        if self.blueprint.connections_bind && self.progress(who).open {
            self.disconnect(who);
        }
        match who {
            Writer::Call(id) => self.advance(id),
            Writer::Task(id) => self.go_on_task(id),
        }
    }

    /// A writer as it asks for an op.
    #[inline]
    pub(crate) fn requester(&mut self, who: Writer, words: OpWords) -> Requester {
        match who {
            Writer::Call(id) => Requester {
                recorded: self.calls[id as usize].recorded,
                who,
                invocation: self.invocation(id),
                latency: self.op_word(id, words.latency),
                network: self.op_word(id, words.network),
            },
            Writer::Task(id) => {
                let task = &self.tasks.list[id as usize];
                let (recorded, invocation) = (task.recorded, task.invoked);
                let invocation = invocation.unwrap_or_else(|| self.parts.invocations.of_task(id));
                let [latency, network] = [Draw::Latency, Draw::Network].map(|draw| self.task_word(id, words, draw));
                Requester { recorded, who, invocation, latency, network }
            }
        }
    }

    /// An event comes for a task, even if it is cut off before.
    pub(crate) fn wake_task(&mut self, id: u32, after: Span) {
        let task = &mut self.tasks.list[id as usize];
        task.is_awaited = true;
        let address = match task.of {
            // The calls of its plan are over, so none of them stands at this place of an instant.
            TaskOf::Plan(place) => address(self.plans[place as usize].serial, u16::MAX >> 4),
            TaskOf::Log(event) => address(self.plans[event.plan as usize].serial, event.call),
            TaskOf::Day => address(u64::MAX - task.number, u16::MAX >> 4),
            TaskOf::Job(job) => address(JOB_PLANS | u64::from(job), 0),
        };
        self.calendar.push(
            self.now + after,
            order(Rank::StoreAnswer, address, 255),
            Event::StoreAnswer(Writer::Task(id)),
        );
    }
}
