//! Who leaves early: a call whose patience ends while it waits in a queue, and a user who leaves for good, whatever the
//! plan is doing.

use super::attempt::wait_position;
use super::cause::Cause;
use super::event::{Event, Rank, order};
use super::laws::Laws;
use super::ledger::{CallEnd, PlanEnd};
use super::state::{Phase, World};
use crate::model::OnLeave;
use crate::streams::{Law, LawSpec, Purpose};
use crate::units::Span;

/// How long a call waits in a queue before it leaves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    Endless,
    Constant(Span),
    /// The position of its law.
    Drawn(u16),
}

impl Patience {
    pub(super) fn of(law: Option<&LawSpec>, laws: &mut Laws) -> Result<Patience, String> {
        match law {
            None => Ok(Patience::Endless),
            Some(LawSpec::Constant { value }) => Ok(Patience::Constant(*value)),
            Some(law) => laws.id(law).map(Patience::Drawn),
        }
    }
}

impl World<'_> {
    /// A call that has just begun to wait leaves when its patience ends.
    #[inline(never)]
    pub(super) fn schedule_patience(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        // A class's own is its users', a queue's the program's.
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
    pub(super) fn lose_patience(&mut self, id: u32, event: u64) {
        let call = &self.calls[id as usize];
        if call.phase != Phase::Waiting || order(Rank::Timeout, call.address, call.attempt) != event {
            return;
        }
        self.leave_queue(id, CallEnd::Abandoned);
        self.advance(id);
        self.drain::<false>();
    }

    /// A call that waits leaves its queue: out of patience, or because its user has left.
    fn leave_queue(&mut self, id: u32, end: CallEnd) {
        let call = &self.calls[id as usize];
        let since = call.enqueued;
        self.queues[call.queue as usize].abandon(id, call.line as usize, since, &mut self.links, self.now);
        let tally = &mut self.waits[call.waits as usize];
        let count = if end == CallEnd::Abandoned { &mut tally.abandoned } else { &mut tally.cancelled };
        *count += u64::from(call.recorded);
        let cause = if end == CallEnd::Abandoned { Cause::Patience } else { Cause::UserLeft };
        self.calls[id as usize].cause = Some(cause);
        self.give_up(id, end);
    }

    /// Where the model has users who leave.
    pub(super) fn expect_leavers(&mut self) {
        if self.blueprint.users_leave {
            let classes = self.blueprint.model.classes.iter();
            self.leaving = classes.map(|class| self.addresses.scatter(&class.name, Purpose::Patience)).collect();
        }
    }

    /// When the user of a plan that has just come leaves.
    #[cold]
    pub(super) fn expect_leaving(&mut self, place: u32) {
        let plan = &self.plans[place as usize];
        let Some(law) = self.blueprint.leave_laws[plan.class as usize] else { return };
        let word = self.leaving[plan.class as usize].at(0, plan.number).next();
        let at = self.now.saturating_add(self.blueprint.laws[law as usize].sample(word));
        if at < self.blueprint.horizon {
            let order = order(Rank::Timeout, super::event::address(plan.serial, u16::MAX >> 4), 255);
            self.calendar.push(at, order, Event::Leaves(place, plan.serial as u32));
        }
    }

    /// The user leaves, unless the plan is over.
    pub(super) fn leaves(&mut self, place: u32, serial: u32) {
        let plan = &mut self.plans[place as usize];
        if !plan.alive || plan.over || plan.serial as u32 != serial {
            return;
        }
        plan.left = true;
        let (class, number) = (plan.class as usize, plan.number);
        self.ledgers[class].plans.fail(PlanEnd::Left as usize, Cause::UserLeft, plan.recorded);
        self.note_plan(place, PlanEnd::Left);
        if self.blueprint.bills_tokens {
            self.write_off(place);
        }
        if self.blueprint.thinks[class].is_some() {
            self.think(class, 0, number);
        }
        if self.blueprint.model.classes[class].on_leave == OnLeave::Cancel {
            self.plans[place as usize].over = true;
            self.cancel_waiting(place);
        }
    }

    /// The calls of a plan that wait in a queue leave it; what has begun goes on.
    fn cancel_waiting(&mut self, place: u32) {
        for id in 0..self.calls.len() as u32 {
            let call = &self.calls[id as usize];
            if call.plan == place && call.phase == Phase::Waiting {
                self.leave_queue(id, CallEnd::Cancelled);
                self.ready.push_back(id);
            }
        }
        self.drain::<false>();
    }

    /// A plan ends whose user has left.
    #[cold]
    pub(super) fn ends_for_nobody(&mut self, class: usize, end: PlanEnd, place: u32) {
        let is_completed = end == PlanEnd::Completed && self.plans[place as usize].recorded;
        self.tallies[class].for_nobody += u64::from(is_completed);
    }
}
