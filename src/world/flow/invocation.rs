//! What runs in an invocation besides its calls: background tasks until they are cut off, and processor time.

use crate::units::Span;
use crate::world::event::{Event, Handle, Rank, address, order};
use crate::world::ledger::{CallEnd, Cause};
use crate::world::state::{Invocation, InvocationId, Phase, Work, World};

impl World<'_> {
    /// A plan is lost with its isolate, and so is all that its invocations do.
    pub(crate) fn lose_invocations(&mut self, place: u32, why: Cause) {
        let own = self.parts.invocations.of_plan(place);
        self.parts.invocations.list[own.clone()].iter_mut().for_each(|of| of.waiting.clear());
        self.cut_tasks(why, |task| task.plan() == Some(place));
        self.parts.invocations.list[own].iter_mut().for_each(Invocation::clear);
    }

    /// A call of an invocation begins.
    #[cold]
    pub(crate) fn invocation_goes_on(&mut self, id: u32) {
        let invocation = self.invocation(id);
        self.parts.invocations.at(invocation).calls += 1;
    }

    /// A call ends, and perhaps its invocation with it: what is left of that has so much time.
    #[cold]
    pub(crate) fn invocation_may_end(&mut self, id: u32) {
        let wait = self.blueprint.model.platform.wait_until.unwrap_or(Span::MAX);
        let (at, cut) = (self.invocation(id), self.now.saturating_add(wait));
        let invocation = self.parts.invocations.at(at);
        invocation.calls -= 1;
        invocation.cut = cut;
        if invocation.calls == 0 && invocation.tasks > 0 {
            self.schedule_cut(self.calls[id as usize].plan, at);
        }
    }

    /// Stores answer before it, so that what is answered in the last instant is done.
    fn schedule_cut(&mut self, place: u32, at: InvocationId) {
        if let Some(wait) = self.blueprint.model.platform.wait_until {
            let serial = self.plans[place as usize].serial;
            let order = order(Rank::BackoffEnd, address(serial, u16::MAX >> 4), 255);
            self.calendar.push(
                self.now.saturating_add(wait),
                order,
                Event::CutOff(Handle { slot: at.0, generation: serial as u32 }),
            );
        }
    }

    /// A task of a plan begins.
    pub(crate) fn task_begins(&mut self, place: u32, invoked: Option<InvocationId>, recorded: bool) {
        let invocations = &mut self.parts.invocations;
        invocations.tasks[place as usize] += 1;
        invocations.tally.tasks += u64::from(recorded);
        let Some(at) = invoked else { return };
        let invocation = invocations.at(at);
        invocation.tasks += 1;
        if invocation.calls == 0 && invocation.tasks == 1 {
            self.schedule_cut(place, at);
        }
    }

    /// A task of a plan is over, and with the last one the plan may be.
    pub(crate) fn task_ends(&mut self, place: u32, invoked: Option<InvocationId>) {
        self.parts.invocations.tasks[place as usize] -= 1;
        if let Some(at) = invoked {
            self.parts.invocations.at(at).tasks -= 1;
        }
        let plan = &self.plans[place as usize];
        if plan.alive && plan.over && plan.open_calls == 0 {
            self.free_when_done(place);
        }
    }

    /// The plan in this place is free, unless a task of it goes on.
    pub(crate) fn free_when_done(&mut self, place: u32) {
        if self.parts.invocations.tasks[place as usize] == 0 {
            self.free_plan::<false>(place);
        }
    }

    /// The time of an invocation is over.
    pub(crate) fn cut_off(&mut self, at: InvocationId) {
        self.cut_tasks(Cause::CutOff, |task| task.invoked == Some(at));
    }

    /// A call has been answered, and its invocation takes the time for it. Past the limit the invocation is killed, and
    /// the plan with it; calls beside it come to their end.
    pub(crate) fn take_cpu(&mut self, id: u32) {
        let call = self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let spec = &self.blueprint.workflows[plan.workflow as usize].calls[call.index as usize];
        let is_logged = call.work == Work::Provider && !self.blueprint.responses.is_empty();
        self.calls[id as usize].phase = if is_logged { Phase::Response } else { Phase::Done };
        let (Some(law), CallEnd::Succeeded | CallEnd::Failed) = (spec.cpu, call.end) else { return };
        let (lane, step, position) = (u64::from(spec.ordinal), spec.step as usize, plan.number);
        let at = self.invocation(id);
        let invocations = &mut self.parts.invocations;
        let word = invocations.cpu[call.class as usize][step].at(lane, position).next();
        let takes = self.blueprint.laws[law as usize].sample(word);
        let (invoked, tally) = (&mut invocations.list[at.0 as usize], &mut invocations.tally);
        tally.cpu_ns += u128::from(takes.nanos()) * u128::from(call.recorded);
        let limit = self.blueprint.model.platform.cpu.limit.unwrap_or(Span::MAX);
        let was_killed = invoked.cpu > limit;
        invoked.cpu = invoked.cpu.saturating_add(takes);
        if invoked.cpu > limit {
            tally.exceeded += u64::from(call.recorded && !was_killed);
            let call = &mut self.calls[id as usize];
            (call.end, call.cause, call.phase) = (CallEnd::Crashed, Some(Cause::ProcessorTime), Phase::Done);
            self.cut_tasks(Cause::ProcessorTime, |task| task.invoked == Some(at));
        }
    }
}
