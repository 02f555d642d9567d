//! Users who leave: not because a queue is too long, but for good, whatever their plan is doing.

use super::event::{Event, Rank, order};
use super::ledger::{CallEnd, PlanEnd};
use super::state::{Phase, World};
use crate::model::OnLeave;
use crate::streams::Purpose;

impl World<'_> {
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
        self.ledgers[class].plans.end(PlanEnd::Left as usize, plan.recorded);
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
                let since = call.enqueued;
                self.queues[call.queue as usize].abandon(id, call.line as usize, since, &mut self.links, self.now);
                self.waits[call.waits as usize].cancelled += u64::from(call.recorded);
                self.give_up(id, CallEnd::Cancelled);
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
