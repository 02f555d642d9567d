//! A call in its queue: it asks for a slot, gets it, and gives it back.

use crate::world::flow::call::Step;
use crate::world::ledger::CallEnd;
use crate::world::parts::queues::queue::Admission;
use crate::world::state::{NO_QUEUE, Phase, Work, World};

impl World<'_> {
    #[inline(always)]
    pub(crate) fn enter_queue(&mut self, id: u32) -> Step {
        let call = &mut self.calls[id as usize];
        call.enqueued = self.now;
        if call.queue == NO_QUEUE {
            call.phase = Phase::Start;
            return Step::Go;
        }
        let tally = &mut self.parts.queues.waits[call.waits as usize];
        tally.offered += u64::from(call.recorded);
        match self.parts.queues.list[call.queue as usize].arrive(
            id,
            call.line as usize,
            &mut self.parts.queues.links,
            self.now,
        ) {
            Admission::Granted => {
                call.in_slot = true;
                call.phase = Phase::Start;
                if call.recorded {
                    tally.granted += 1;
                    tally.waits.record(0);
                }
                Step::Go
            }
            Admission::Waiting => {
                call.phase = Phase::Waiting;
                if self.blueprint.has_patience {
                    self.schedule_patience(id);
                }
                Step::Wait
            }
            Admission::Displaced(other) => {
                call.phase = Phase::Waiting;
                if self.blueprint.has_patience {
                    self.schedule_patience(id);
                }
                self.displaced(other);
                Step::Wait
            }
            Admission::Refused => {
                tally.refused += u64::from(call.recorded);
                self.refused_by_queue(id);
                Step::Go
            }
        }
    }

    /// A call that waits has lost its place to one that is more important.
    #[cold]
    fn displaced(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        self.parts.queues.list[call.queue as usize].left_in_vain(call.enqueued, self.now);
        self.parts.queues.waits[call.waits as usize].refused += u64::from(call.recorded);
        self.refused_by_queue(id);
        self.ready.push_back(id);
    }

    /// A call that has no slot ends without an answer.
    pub(crate) fn give_up(&mut self, id: u32, end: CallEnd) {
        if self.blueprint.has_semaphores && self.is_outside(id) {
            return self.give_up_outside(id, end);
        }
        if self.blueprint.guarded && end != CallEnd::Failed {
            self.forget_guard(id);
        }
        self.finish_attempts::<false>(id, end);
    }

    /// A call gives its slot back, and the next call starts.
    #[inline(always)]
    pub(crate) fn leave_slot<const PLAIN: bool>(&mut self, id: u32) {
        let call = &mut self.calls[id as usize];
        if !call.in_slot {
            return;
        }
        call.in_slot = false;
        if let Some(next) = self.parts.queues.list[call.queue as usize].leave(
            call.line as usize,
            &mut self.parts.queues.links,
            self.now,
        ) {
            self.grant::<PLAIN>(next);
        }
    }

    #[inline(always)]
    pub(crate) fn grant<const PLAIN: bool>(&mut self, next: u32) {
        let call = &mut self.calls[next as usize];
        call.in_slot = true;
        call.phase = Phase::Start;
        if call.recorded {
            let wait = self.now.since(call.enqueued).nanos();
            let tally = &mut self.parts.queues.waits[call.waits as usize];
            tally.granted += 1;
            tally.wait_ns += u128::from(wait);
            tally.waits.record(wait);
        }
        if !self.start_attempt::<PLAIN>(next) {
            self.ready.push_back(next);
        }
    }

    /// The provider's part of a call is over: its slot is given back, and its response is logged.
    #[inline(always)]
    pub(crate) fn finish_attempts<const PLAIN: bool>(&mut self, id: u32, end: CallEnd) {
        self.leave_slot::<PLAIN>(id);
        let call = &mut self.calls[id as usize];
        call.end = end;
        call.phase = if PLAIN { Phase::Done } else { self.blueprint.answered };
        call.ops.cursor = 0;
        if !PLAIN && (call.computes || call.work != Work::Provider) {
            self.finish_work(id, end);
        }
    }
}
