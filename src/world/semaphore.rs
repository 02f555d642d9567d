//! Semaphores: a slot of a queue that a call holds from before its reads, its lookup and its logs to its very end.
//!
//! While a call waits for that slot, it stands in that queue as if the queue were its own. Then it gets its own back, and
//! begins.

use super::build::NONE;
use super::ledger::CallEnd;
use super::state::{Phase, World};

/// The attempt of a call that has not begun, so that what is due for it then is not taken for what comes later.
pub(super) const OUTSIDE: u16 = u16::MAX;

/// What a call has around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around {
    stage: Stage,
    /// The queue that is its own, where its waits are counted there, and its line.
    own: (u32, u32, u8),
    /// The queue around it, and its line there.
    held: (u32, u8),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Nothing,
    Asks,
    Holds,
}

impl World<'_> {
    /// A call of a step with a semaphore asks for its slot, as it would ask its queue.
    #[cold]
    pub(super) fn ask_semaphore(&mut self, id: u32) {
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
    pub(super) fn begins_inside(&mut self, id: u32) -> bool {
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
    pub(super) fn is_outside(&self, id: u32) -> bool {
        self.around.get(id as usize).is_some_and(|around| around.stage == Stage::Asks)
    }

    /// A call ends that has not begun.
    #[cold]
    pub(super) fn give_up_outside(&mut self, id: u32, end: CallEnd) {
        self.around[id as usize] = Around::default();
        self.end_unasked(id, end);
    }

    /// A call is over, and whoever waits for its place in the semaphore begins.
    #[cold]
    pub(super) fn leave_semaphore(&mut self, id: u32) {
        let Some(around) = self.around.get_mut(id as usize) else { return };
        let Around { stage, held: (queue, line), .. } = std::mem::take(around);
        if stage == Stage::Holds
            && let Some(next) = self.queues[queue as usize].leave(line as usize, &mut self.links, self.now)
        {
            self.grant::<false>(next);
        }
    }

    /// A call is lost with its isolate, and the queue around it goes too.
    pub(super) fn forget_semaphore(&mut self, id: u32) {
        if let Some(around) = self.around.get_mut(id as usize) {
            *around = Around::default();
        }
    }
}

/// Whether a call of this place has one.
pub(super) fn has_semaphore(spec: &super::build::CallSpec) -> bool {
    spec.semaphore != NONE
}
