//! Semaphores: a slot of a queue that a call holds from before its reads, lookup and logs to its end.
//!
//! While a call waits for that slot, it stands in that queue as if it were the call's own queue. Then the call gets its
//! own queue back, and begins.

use crate::world::ledger::CallEnd;
use crate::world::state::{Around, OUTSIDE, Phase, Stage, World};

impl World<'_> {
    /// A call of a step with a semaphore asks for its slot, as it would ask its queue.
    #[cold]
    pub(crate) fn ask_semaphore(&mut self, id: u32) {
        let blueprint = self.blueprint;
        let call = &mut self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let queue = blueprint.workflows[plan.workflow as usize].calls[call.index as usize].semaphore;
        let queues = blueprint.model.queues.len() as u32;
        let own = (call.queue, call.waits, call.line);
        call.queue = plan.isolate * queues + u32::from(queue);
        call.waits = u32::from(call.class) * queues + u32::from(queue);
        call.line = blueprint.line(call.class, queue);
        (call.attempt, call.phase) = (OUTSIDE, Phase::Enter);
        let around = Around { stage: Stage::Asks, own, held: (call.queue, call.line) };
        if self.around.len() < self.calls.len() {
            self.around.resize(self.calls.len(), Around::default());
        }
        self.around[id as usize] = around;
    }

    /// Whether the slot that a call has been granted is that of its semaphore: then it begins.
    pub(crate) fn begins_inside(&mut self, id: u32) -> bool {
        if !self.is_outside(id) {
            return false;
        }
        let around = &mut self.around[id as usize];
        around.stage = Stage::Holds;
        let call = &mut self.calls[id as usize];
        (call.queue, call.waits, call.line) = around.own;
        (call.attempt, call.in_slot) = (0, false);
        let flow = &self.blueprint.workflows[self.plans[call.plan as usize].workflow as usize];
        call.phase = self.blueprint.phase_inside(call.index as usize, &flow.calls[call.index as usize]);
        true
    }

    /// Whether a call waits for its semaphore.
    pub(crate) fn is_outside(&self, id: u32) -> bool {
        self.around.get(id as usize).is_some_and(|around| around.stage == Stage::Asks)
    }

    /// A call ends that has not begun.
    #[cold]
    pub(crate) fn give_up_outside(&mut self, id: u32, end: CallEnd) {
        self.around[id as usize] = Around::default();
        self.end_unasked(id, end);
    }

    /// A call is over, and the next call that waits for the semaphore begins.
    #[cold]
    pub(crate) fn leave_semaphore(&mut self, id: u32) {
        let Some(around) = self.around.get_mut(id as usize) else { return };
        let Around { stage, held: (queue, line), .. } = std::mem::take(around);
        if stage == Stage::Holds
            && let Some(next) =
                self.parts.queues.list[queue as usize].leave(line as usize, &mut self.parts.queues.links, self.now)
        {
            self.grant::<false>(next);
        }
    }

    /// A call is lost with its isolate, and the queue around it goes too.
    pub(crate) fn forget_semaphore(&mut self, id: u32) {
        if let Some(around) = self.around.get_mut(id as usize) {
            *around = Around::default();
        }
    }
}
