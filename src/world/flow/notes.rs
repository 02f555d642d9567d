//! Notes of what ended, for observers of the replication: an attempt or a plan may begin and end within one event.

use crate::world::ledger::PlanEnd;
use crate::world::state::{Call, Moment, Phase, Slice, Work, World};

impl World<'_> {
    /// An attempt of a call has ended, whether or not it was sent.
    #[inline]
    pub(crate) fn note_attempt(&mut self, id: u32, end: &'static str) {
        if self.notes.is_some() {
            self.note_attempt_at(id, end);
        }
    }

    #[cold]
    fn note_attempt_at(&mut self, id: u32, end: &'static str) {
        let call = &self.calls[id as usize];
        let what = doing(call.work);
        let slice = Slice { attempt: call.attempt + 1, end, ..slice_of(self, id, call, what) };
        let address = call.address;
        self.notes.iter_mut().for_each(|notes| notes.attempts.push((id, address, slice.clone())));
    }

    /// It is known how a plan ends.
    #[inline]
    pub(crate) fn note_plan(&mut self, place: u32, end: PlanEnd) {
        if let Some(notes) = &mut self.notes {
            let plan = &self.plans[place as usize];
            notes.plans.push((plan.serial, Moment { class: plan.class, end: name(end), at: self.now }));
        }
    }
}

/// How a plan ended, in a word.
fn name(end: PlanEnd) -> &'static str {
    match end {
        PlanEnd::Completed => "completed",
        PlanEnd::Failed => "failed",
        PlanEnd::Overloaded => "overloaded",
        PlanEnd::Abandoned => "abandoned",
        PlanEnd::Crashed => "crashed",
        PlanEnd::Left => "left",
    }
}

pub(crate) fn slice_of(world: &World<'_>, lane: u32, call: &Call, what: &'static str) -> Slice {
    let plan = &world.plans[call.plan as usize];
    let tried = matches!(call.phase, Phase::Running | Phase::Connecting);
    Slice {
        call: Some(call.index),
        lane,
        isolate: plan.isolate,
        class: call.class,
        plan: plan.number,
        what,
        attempt: if tried { call.attempt + 1 } else { 0 },
        end: "",
        from: world.now,
        to: world.now,
    }
}

/// What a call is at that has begun its work.
pub(crate) fn doing(work: Work) -> &'static str {
    match work {
        Work::Provider => "attempt",
        Work::Compute => "computes",
        Work::D1 => "asks the database",
        Work::Limiter => "asks the limiter",
    }
}
