//! Reneging: a call gives up when its patience ends while it waits in a queue.

use crate::streams::{Law, Purpose};
use crate::units::Span;
use crate::world::blueprint::Patience;
use crate::world::event::{Event, Rank, order};
use crate::world::flow::attempt::wait_position;
use crate::world::ledger::{CallEnd, Cause};
use crate::world::state::World;

impl World<'_> {
    /// Schedules the reneging of a call that has just begun to wait.
    #[inline(never)]
    pub(crate) fn schedule_patience(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        // The patience of a class is its users', that of a queue the program's.
        let rules = match self.blueprint.class_patience[call.class as usize] {
            Some(patience) => (self.blueprint, patience),
            None => {
                let program = self.program_of(id);
                (program, program.queue_patience[call.queue as usize % program.queue_patience.len()])
            }
        };
        let patience = match rules {
            (_, Patience::Endless) => return,
            (_, Patience::Constant(span)) => span,
            (of, Patience::Drawn(law)) => self.draw_patience(id, &of.laws[law as usize]),
        };
        let call = &self.calls[id as usize];
        let order = order(Rank::Timeout, call.address, call.attempt);
        self.calendar.push(self.now.saturating_add(patience), order, Event::Patience(id));
    }

    /// Each wait of a call draws its own, addressed by the attempt that it waits for.
    fn draw_patience(&mut self, id: u32, law: &Law) -> Span {
        if self.patience.is_empty() {
            self.patience = self.blueprint.by_step(|step| self.addresses.scatter(step, Purpose::Patience));
        }
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let spec = &self.blueprint.workflows[plan.workflow as usize].calls[call.index as usize];
        let draws = &mut self.patience[call.class as usize][spec.step as usize];
        let position = wait_position(plan.number, call.attempt);
        law.sample(draws.at(u64::from(spec.ordinal), position).next())
    }

    /// A call's patience ends: if it still waits for the same slot, it leaves. The order of the event tells it from
    /// the call that had the place before, and from its own earlier attempts.
    pub(crate) fn lose_patience(&mut self, id: u32) {
        self.leave_queue(id, CallEnd::Abandoned);
        self.advance(id);
    }

    /// A call that waits leaves its queue: out of patience, or because its user has left.
    pub(crate) fn leave_queue(&mut self, id: u32, end: CallEnd) {
        let call = &self.calls[id as usize];
        let since = call.enqueued;
        self.parts.queues.list[call.queue as usize].abandon(
            id,
            call.line as usize,
            since,
            &mut self.parts.queues.links,
            self.now,
        );
        let tally = &mut self.parts.queues.waits[call.waits as usize];
        let count = if end == CallEnd::Abandoned { &mut tally.abandoned } else { &mut tally.cancelled };
        *count += u64::from(call.recorded);
        let cause = if end == CallEnd::Abandoned { Cause::Patience } else { Cause::UserLeft };
        self.calls[id as usize].cause = Some(cause);
        self.give_up(id, end);
    }
}
