//! Users who leave for good, whatever the state of their plan.

use crate::model::OnLeave;
use crate::streams::Purpose;
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::{CallEnd, Cause, PlanEnd};
use crate::world::state::{Phase, World};

impl World<'_> {
    /// Where the model has users who leave.
    pub(crate) fn expect_leavers(&mut self) {
        if self.blueprint.users_leave {
            let classes = self.blueprint.model.classes.iter();
            self.leave_draws = classes.map(|class| self.addresses.scatter(&class.name, Purpose::Patience)).collect();
        }
    }

    /// When the user of a plan that has just come leaves.
    #[cold]
    pub(crate) fn expect_departure(&mut self, place: u32) {
        let plan = &self.plans[place as usize];
        let Some(law) = self.blueprint.leave_laws[plan.class as usize] else { return };
        let word = self.leave_draws[plan.class as usize].at(0, plan.number).next();
        let at = self.now.saturating_add(self.blueprint.laws[law as usize].sample(word));
        if at < self.blueprint.horizon {
            let order = order(Rank::Timeout, crate::world::event::address(plan.serial, u16::MAX >> 4), 255);
            self.calendar.push(at, order, Event::Leaves(plan.handle(place)));
        }
    }

    /// The user leaves.
    pub(crate) fn leaves(&mut self, place: u32) {
        let plan = &mut self.plans[place as usize];
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
    }

    /// A plan ends whose user has left.
    #[cold]
    pub(crate) fn ends_for_nobody(&mut self, class: usize, end: PlanEnd, place: u32) {
        let is_completed = end == PlanEnd::Completed && self.plans[place as usize].recorded;
        self.tallies[class].for_nobody += u64::from(is_completed);
    }
}
