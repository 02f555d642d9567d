//! How calls and plans fail, with their cause. None of this runs on the path of success.

use crate::world::ledger::{CallEnd, Cause, PlanEnd};
use crate::world::state::{Call, World};

impl World<'_> {
    /// A call finds its queue, or the semaphore around it, full.
    #[cold]
    pub(crate) fn refused_by_queue(&mut self, id: u32) {
        let place = self.calls[id as usize].queue as usize;
        let cause = if self.blueprint.has_semaphores && self.is_outside(id) {
            Cause::Semaphore
        } else if self.is_held_back(place) {
            Cause::AdaptiveLimit
        } else {
            Cause::QueueFull
        };
        self.calls[id as usize].cause = Some(cause);
        self.give_up(id, CallEnd::Refused);
    }

    /// A call has failed; true if that ends its plan.
    #[cold]
    #[inline(never)]
    pub(crate) fn call_fails_plan<const PLAIN: bool>(&mut self, id: u32) -> bool {
        let Call { plan, class, cause, recorded, .. } = self.calls[id as usize];
        if let Some(cause) = cause {
            self.ledgers[class as usize].calls.by.count(cause, recorded);
        }
        let Some(end) = self.plan_end(id) else { return false };
        self.fail_plan::<PLAIN>(plan, end, cause);
        true
    }

    /// A plan fails, unless its end is already decided.
    pub(crate) fn fail_plan<const PLAIN: bool>(&mut self, place: u32, end: PlanEnd, cause: Option<Cause>) {
        let plan = &self.plans[place as usize];
        if let (Some(cause), false, false) = (cause, plan.over, plan.left) {
            self.ledgers[plan.class as usize].plans.by.count(cause, plan.recorded);
        }
        self.decide::<PLAIN>(place, end);
    }

    /// What the end of a call that did not succeed means for its plan.
    fn plan_end(&self, id: u32) -> Option<PlanEnd> {
        let call = &self.calls[id as usize];
        let flow = &self.program_of(id).workflows[self.plans[call.plan as usize].workflow as usize];
        match call.end {
            CallEnd::Failed if flow.aborts && call.fault.is_some_and(|fault| flow.overload_on.contains(fault)) => {
                Some(PlanEnd::Overloaded)
            }
            CallEnd::Failed if flow.aborts => Some(PlanEnd::Failed),
            CallEnd::Refused if flow.aborts => Some(PlanEnd::Overloaded),
            CallEnd::Abandoned if flow.aborts => Some(PlanEnd::Abandoned),
            CallEnd::Succeeded | CallEnd::Failed | CallEnd::Refused | CallEnd::Abandoned => None,
            CallEnd::Crashed => Some(PlanEnd::Crashed),
            CallEnd::Cancelled => Some(PlanEnd::Left),
        }
    }
}
