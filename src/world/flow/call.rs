//! The life of a call: its phases, from the first to the last.

use crate::model::OnLogError;
use crate::world::blueprint::Flow;
use crate::world::event::address;
use crate::world::ledger::{CallEnd, PlanEnd};
use crate::world::operation::drive::Rows;
use crate::world::state::{NO_QUEUE, Phase, Work, World};

/// What is left to do with a call at this instant.
pub(crate) enum Step {
    /// Go on with its next phase.
    Go,
    /// Wait for an event.
    Wait,
}

impl World<'_> {
    #[inline(always)]
    pub(crate) fn begin_call<const PLAIN: bool>(&mut self, place: u32, index: u16, flow: &Flow) -> u32 {
        let id = self.call_place();
        self.begin_call_at::<PLAIN>(id, place, index, flow);
        id
    }

    /// A call of a plan begins, in a free place.
    #[inline(always)]
    fn begin_call_at<const PLAIN: bool>(&mut self, id: u32, place: u32, index: u16, flow: &Flow) {
        let plan = &mut self.plans[place as usize];
        plan.open_calls += 1;
        self.ledgers[plan.class as usize].calls.begin(plan.recorded);
        let (class, serial, recorded, isolate) = (plan.class as usize, plan.serial, plan.recorded, plan.isolate);
        let call = &mut self.calls[id as usize];
        *call = self.templates[class][index as usize];
        call.plan = place;
        call.address = address(serial, index);
        call.recorded = recorded;
        if !PLAIN && isolate > 0 && call.queue != NO_QUEUE {
            call.queue += isolate * self.blueprint.model.queues.len() as u32;
        }
        if !PLAIN && self.blueprint.has_logs {
            self.fresh_log(id);
        }
        self.first_draws::<PLAIN>(id, flow);
        if !PLAIN && self.blueprint.has_tasks {
            self.invocation_goes_on(id);
        }
        if !PLAIN && self.blueprint.has_logfiles {
            self.log_line(self.calls[id as usize].request_error, recorded);
        }
    }

    /// Everything that calls have to do at this instant.
    #[inline(always)]
    pub(crate) fn drain<const PLAIN: bool>(&mut self) {
        if !PLAIN && !self.ready.is_empty() {
            self.drain_ready();
        }
    }

    #[inline(never)]
    fn drain_ready(&mut self) {
        while let Some(call) = self.ready.pop_front() {
            self.advance(call);
        }
    }

    /// Runs a call until it must wait: on the fast path of plain calls, or through its phases.
    #[inline(always)]
    pub(crate) fn go_ahead<const PLAIN: bool>(&mut self, call: u32) {
        if PLAIN && self.calls[call as usize].phase == Phase::Enter {
            if let Step::Wait = self.enter_queue(call) {
                return;
            }
            if self.calls[call as usize].phase == Phase::Start {
                self.start_attempt::<PLAIN>(call);
                return;
            }
        }
        self.advance(call);
    }

    /// Runs a call, and those that follow it in a chain, until they must wait.
    pub(crate) fn advance(&mut self, mut call: u32) {
        loop {
            let step = match self.calls[call as usize].phase {
                Phase::Outside => {
                    self.ask_semaphore(call);
                    Step::Go
                }
                Phase::Reads => self.read_on(call),
                Phase::Request => self.log_on(call, false),
                Phase::Enter => self.enter_queue(call),
                Phase::Start => match self.start_attempt::<false>(call) {
                    true => Step::Wait,
                    false => Step::Go,
                },
                Phase::Denied => {
                    self.end_denied(call);
                    Step::Go
                }
                Phase::Lookup => match self.look_up(call) {
                    true => Step::Wait,
                    false => Step::Go,
                },
                Phase::Answered => {
                    self.take_cpu(call);
                    Step::Go
                }
                Phase::Response => self.log_on(call, true),
                Phase::Done => match self.end_call::<false>(call) {
                    Some(next) => {
                        call = next;
                        Step::Go
                    }
                    None => return,
                },
                Phase::Free | Phase::Waiting | Phase::Connecting | Phase::Running => return,
                Phase::Backoff | Phase::Joined | Phase::Lost | Phase::Orphaned => return,
            };
            if let Step::Wait = step {
                return;
            }
        }
    }

    fn read_on(&mut self, call: u32) -> Step {
        while let Some(under_way) = self.next_read(call) {
            if under_way {
                return Step::Wait;
            }
        }
        let phase = self.after_reads(call);
        let call = &mut self.calls[call as usize];
        call.phase = phase;
        call.ops.cursor = 0;
        Step::Go
    }

    /// What a call does when it has made its reads.
    fn after_reads(&self, call: u32) -> Phase {
        let call = &self.calls[call as usize];
        self.blueprint.workflows[self.plans[call.plan as usize].workflow as usize].calls[call.index as usize].begins
    }

    fn log_on(&mut self, id: u32, is_response: bool) -> Step {
        let program = self.program_of(id);
        let refused = match self.log_event(id, program, is_response) {
            Rows::UnderWay => return Step::Wait,
            Rows::Done => false,
            Rows::Refused => true,
        };
        let fails = refused && program.model.logging.on_error == OnLogError::FailPlan;
        let call = &mut self.calls[id as usize];
        if fails {
            (call.end, call.cause, call.phase) = (CallEnd::Crashed, call.ops.refused, Phase::Done);
            if call.computes {
                self.computation_ends(id, CallEnd::Crashed);
            }
        } else {
            call.phase = if is_response { Phase::Done } else { Phase::Enter };
        }
        Step::Go
    }

    /// A call is over; the answer is the next of its chain, if one follows.
    #[inline(always)]
    pub(crate) fn end_call<const PLAIN: bool>(&mut self, id: u32) -> Option<u32> {
        let blueprint = self.blueprint;
        let call = &mut self.calls[id as usize];
        call.phase = Phase::Free;
        let (place, index, end) = (call.plan, call.index, call.end);
        self.ledgers[call.class as usize].calls.end(end as usize, call.recorded);
        if !PLAIN && call.work != Work::Provider {
            self.not_logged.end(end as usize, call.recorded);
        }
        if !PLAIN && self.blueprint.has_tasks {
            self.invocation_may_end(id);
        }
        if !PLAIN && self.blueprint.has_semaphores {
            self.leave_semaphore(id);
        }
        if !PLAIN && self.blueprint.has_logfiles {
            self.log_line(end != CallEnd::Succeeded, self.calls[id as usize].recorded);
        }
        let plan = &mut self.plans[place as usize];
        plan.open_calls -= 1;
        plan.ended_calls += 1;
        let flow = &blueprint.workflows[plan.workflow as usize];
        let are_all = plan.ended_calls as usize == flow.calls.len();
        if (end == CallEnd::Succeeded || !self.call_fails_plan::<PLAIN>(id)) && are_all {
            self.decide::<PLAIN>(place, PlanEnd::Completed);
        }
        let plan = &self.plans[place as usize];
        if !plan.over {
            return self.go_on::<PLAIN>(id, place, index, flow);
        }
        self.free_calls.push(id);
        if self.plans[place as usize].open_calls == 0 {
            self.plan_over::<PLAIN>(place);
        }
        None
    }

    /// What follows a call that has ended well enough, and is not the last of its plan: in a chain, the next call in
    /// its place.
    #[inline(always)]
    fn go_on<const PLAIN: bool>(&mut self, id: u32, place: u32, index: u16, flow: &Flow) -> Option<u32> {
        if (PLAIN || flow.is_chain) && self.is_invoked::<PLAIN>(place, index + 1, flow) {
            self.begin_call_at::<PLAIN>(id, place, index + 1, flow);
            return Some(id);
        }
        self.free_calls.push(id);
        if flow.is_chain {
            return None;
        }
        self.go_on_in_graph(place, index, flow);
        None
    }
}
