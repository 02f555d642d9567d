//! The life of a plan and its calls: begin, read, log, queue, attempt, log, end.

use super::build::Flow;
use super::cause::Cause;
use super::event::address;
use super::ledger::{CallEnd, PlanEnd};
use super::log::LogStep;
use super::parts::queue::Admission;
use super::state::{NO_QUEUE, Phase, World};
use super::work::Work;
use crate::model::{Arrivals, InvocationScope, OnLogError};

/// What is left to do with a call at this instant.
enum Step {
    /// Go on with its next phase.
    Go,
    /// Wait for an event.
    Wait,
}

impl World<'_> {
    /// The plan that is due arrives.
    #[inline]
    pub(super) fn arrive_as_due<const PLAIN: bool>(&mut self) {
        let class = self.due.class as usize;
        self.arrive::<PLAIN>(class);
        // Last: what it draws is not needed until the plan after the next.
        self.sources[class].advance();
        self.find_due();
    }

    /// A plan of this class arrives.
    #[inline(always)]
    pub(super) fn arrive<const PLAIN: bool>(&mut self, class: usize) {
        let place = self.admit_plan::<PLAIN>(class);
        if !PLAIN && self.blueprint.users_leave {
            self.expect_leaving(place);
        }
        self.begin_plan::<PLAIN>(place);
        self.drain::<PLAIN>();
    }

    #[inline(always)]
    pub(super) fn admit_plan<const PLAIN: bool>(&mut self, class: usize) -> u32 {
        let blueprint = self.blueprint;
        let draws = &mut self.draws[class];
        let (workflow, number) = (draws.workflow, draws.next_number);
        draws.next_number += 1;
        let recorded = self.now >= blueprint.recording_from;
        let isolate = if PLAIN || blueprint.one_isolate { 0 } else { self.pick_isolate(class, number) };
        let index = self.index.as_mut().filter(|_| !PLAIN);
        let session = index.map_or(u32::MAX, |index| index.open(recorded));
        let place = self.new_plan();
        // Field by field: a plan made elsewhere and copied here stalls on reading back what was just written.
        let plan = &mut self.plans[place as usize];
        plan.serial = self.serial;
        plan.number = number;
        plan.arrived = self.now;
        plan.class = class as u16;
        plan.workflow = workflow;
        plan.isolate = isolate;
        plan.session = session;
        plan.open_calls = 0;
        plan.ended_calls = 0;
        plan.recorded = recorded;
        plan.over = false;
        plan.left = false;
        plan.alive = true;
        self.serial += 1;
        self.ledgers[class].plans.begin(recorded);
        self.prepare::<PLAIN>(place as usize, class, &blueprint.workflows[workflow as usize]);
        place
    }

    /// Draws all that the plan may need, in the order of its address, and clears its counters.
    #[inline(always)]
    fn prepare<const PLAIN: bool>(&mut self, place: usize, class: usize, flow: &Flow) {
        let draws = &mut self.draws[class];
        let latencies = &mut self.latencies[place * self.calls_each..][..flow.calls.len()];
        for ((call, stream), latency) in flow.calls.iter().zip(&mut draws.latency).zip(latencies) {
            *latency = self.blueprint.laws[call.law as usize].sample(stream.next());
        }
        if !PLAIN && flow.words > 0 {
            let mut next = self.words[place * self.words_each..][..flow.words].iter_mut();
            for streams in [&mut draws.outcome, &mut draws.content, &mut draws.ops] {
                for (stream, word) in streams.iter_mut().zip(&mut next) {
                    *word = stream.next();
                }
            }
        }
        if !PLAIN && self.has_counters {
            self.clear_counters(place);
        }
    }

    #[cold]
    fn pick_isolate(&mut self, class: usize, number: u64) -> u32 {
        if self.isolates.is_some() {
            return self.land(class);
        }
        let isolates = self.blueprint.model.platform.isolates;
        let drawn = if isolates > 1 { self.draws[class].routing.next().index(u64::from(isolates)) as u32 } else { 0 };
        match &self.blueprint.model.classes[class].arrivals {
            Arrivals::Trace { plans } => plans[number as usize].isolate.unwrap_or(drawn),
            _ => drawn,
        }
    }

    #[inline(always)]
    pub(super) fn begin_plan<const PLAIN: bool>(&mut self, place: u32) {
        let blueprint = self.blueprint;
        let flow = &blueprint.workflows[self.plans[place as usize].workflow as usize];
        if PLAIN || flow.is_chain {
            if !self.is_invoked::<PLAIN>(place, 0, flow) {
                return;
            }
            let call = self.begin_call::<PLAIN>(place, 0, flow);
            return self.go_ahead::<PLAIN>(call);
        }
        for step in 0..flow.steps.len() {
            if flow.steps[step].waits_for.is_empty() {
                self.start_step(place, step, flow);
            }
        }
    }

    /// Whether the invocation that a call runs in has begun, or may begin with it. Where the account has no request
    /// left the platform answers with an error (Cloudflare: 1027), and the plan ends as overloaded.
    #[inline]
    fn is_invoked<const PLAIN: bool>(&mut self, place: u32, index: u16, flow: &Flow) -> bool {
        PLAIN || self.requests.is_none() || self.takes_a_request(place, index, flow)
    }

    #[inline(never)]
    fn takes_a_request(&mut self, place: u32, index: u16, flow: &Flow) -> bool {
        let Some(requests) = &mut self.requests else { return true };
        let begins = match flow.invocation {
            InvocationScope::Plan => index == 0,
            InvocationScope::Step => flow.calls[index as usize].ordinal == 0,
            InvocationScope::Call => true,
        };
        let invoked = !begins || requests.admits(self.now, self.plans[place as usize].recorded);
        if !invoked {
            self.fail_plan::<false>(place, PlanEnd::Overloaded, Some(Cause::RequestQuota));
            if self.plans[place as usize].open_calls == 0 {
                self.free_when_done(place);
            }
        }
        invoked
    }

    /// Starts as many calls of a step as may run at once.
    fn start_step(&mut self, place: u32, step: usize, flow: &Flow) {
        let spec = &flow.steps[step];
        for _ in 0..spec.parallel.min(spec.calls) {
            self.start_next_of(place, step, flow);
        }
    }

    fn start_next_of(&mut self, place: u32, step: usize, flow: &Flow) {
        let progress = &mut self.progress[place as usize * self.steps_each + step];
        if progress.0 < flow.steps[step].calls && !self.plans[place as usize].over {
            let index = flow.steps[step].first_call + progress.0;
            progress.0 += 1;
            if !self.is_invoked::<false>(place, index, flow) {
                return;
            }
            let call = self.begin_call::<false>(place, index, flow);
            self.ready.push_back(call);
        }
    }

    #[inline(always)]
    fn begin_call<const PLAIN: bool>(&mut self, place: u32, index: u16, flow: &Flow) -> u32 {
        let id = self.call_place();
        self.begin_call_at::<PLAIN>(id, place, index, flow);
        id
    }

    /// A call of a plan begins, in a place among the calls that nobody has.
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
    pub(super) fn drain<const PLAIN: bool>(&mut self) {
        while !PLAIN && let Some(call) = self.ready.pop_front() {
            self.advance(call);
        }
    }

    /// Takes a call as far as it gets: straight to what plain calls do, or through its phases.
    #[inline(always)]
    pub(super) fn go_ahead<const PLAIN: bool>(&mut self, call: u32) {
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

    /// Takes a call, and those that follow it in a chain, as far as they get without waiting.
    pub(super) fn advance(&mut self, mut call: u32) {
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
        call.cursor = 0;
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
            LogStep::UnderWay => return Step::Wait,
            LogStep::Done => false,
            LogStep::Refused => true,
        };
        let fails = refused && program.model.logging.on_error == OnLogError::FailPlan;
        let call = &mut self.calls[id as usize];
        if fails {
            (call.end, call.cause, call.phase) = (CallEnd::Crashed, call.op_refused, Phase::Done);
            if call.computes {
                self.computation_ends(id, CallEnd::Crashed);
            }
        } else {
            call.phase = if is_response { Phase::Done } else { Phase::Enter };
        }
        Step::Go
    }

    #[inline(always)]
    fn enter_queue(&mut self, id: u32) -> Step {
        let call = &mut self.calls[id as usize];
        call.enqueued = self.now;
        if call.queue == NO_QUEUE {
            call.phase = Phase::Start;
            return Step::Go;
        }
        let tally = &mut self.waits[call.waits as usize];
        tally.offered += u64::from(call.recorded);
        match self.queues[call.queue as usize].arrive(id, call.line as usize, &mut self.links, self.now) {
            Admission::Granted => {
                call.in_slot = true;
                call.phase = Phase::Start;
                if call.recorded {
                    tally.granted += 1;
                    tally.waits.record(0);
                }
                Step::Go
            }
            Admission::Waiting => {
                call.phase = Phase::Waiting;
                if self.blueprint.has_patience {
                    self.schedule_patience(id);
                }
                Step::Wait
            }
            Admission::Refused => {
                tally.refused += u64::from(call.recorded);
                self.refused_by_queue(id);
                Step::Go
            }
        }
    }

    /// A call that has no slot ends without an answer.
    pub(super) fn give_up(&mut self, id: u32, end: CallEnd) {
        if self.blueprint.has_semaphores && self.is_outside(id) {
            return self.give_up_outside(id, end);
        }
        if self.blueprint.guarded && end != CallEnd::Failed {
            self.forget_guard(id);
        }
        self.finish_attempts::<false>(id, end);
    }

    /// A call gives its slot back, and whoever is next starts.
    #[inline(always)]
    pub(super) fn leave_slot<const PLAIN: bool>(&mut self, id: u32) {
        let call = &mut self.calls[id as usize];
        if !call.in_slot {
            return;
        }
        call.in_slot = false;
        if let Some(next) = self.queues[call.queue as usize].leave(call.line as usize, &mut self.links, self.now) {
            self.grant::<PLAIN>(next);
        }
    }

    #[inline(always)]
    pub(super) fn grant<const PLAIN: bool>(&mut self, next: u32) {
        let call = &mut self.calls[next as usize];
        call.in_slot = true;
        call.phase = Phase::Start;
        if call.recorded {
            let wait = self.now.since(call.enqueued).nanos();
            let tally = &mut self.waits[call.waits as usize];
            tally.granted += 1;
            tally.wait_ns += u128::from(wait);
            tally.waits.record(wait);
        }
        if !self.start_attempt::<PLAIN>(next) {
            self.ready.push_back(next);
        }
    }

    /// The provider's part of a call is over: its slot is given back, and its response is logged.
    #[inline(always)]
    pub(super) fn finish_attempts<const PLAIN: bool>(&mut self, id: u32, end: CallEnd) {
        self.leave_slot::<PLAIN>(id);
        let call = &mut self.calls[id as usize];
        call.end = end;
        call.phase = if PLAIN { Phase::Done } else { self.blueprint.answered };
        call.cursor = 0;
        if !PLAIN && (call.computes || call.work != Work::Provider) {
            self.finish_work(id, end);
        }
    }

    /// A call is over; the answer is the next of its chain, if one follows.
    #[inline(always)]
    pub(super) fn end_call<const PLAIN: bool>(&mut self, id: u32) -> Option<u32> {
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

    #[inline(never)]
    fn go_on_in_graph(&mut self, place: u32, index: u16, flow: &Flow) {
        let step = flow.calls[index as usize].step as usize;
        let base = place as usize * self.steps_each;
        self.progress[base + step].1 += 1;
        if self.progress[base + step].1 < flow.steps[step].calls {
            return self.start_next_of(place, step, flow);
        }
        for &follower in &flow.steps[step].followers {
            let ended = |&before: &u16| self.progress[base + before as usize].1 == flow.steps[before as usize].calls;
            if flow.steps[follower as usize].waits_for.iter().all(ended) {
                self.start_step(place, follower as usize, flow);
            }
        }
    }

    /// The plan's end is known.
    #[inline(always)]
    pub(super) fn decide<const PLAIN: bool>(&mut self, place: u32, end: PlanEnd) {
        let plan = &mut self.plans[place as usize];
        if plan.over {
            return;
        }
        plan.over = true;
        plan.completed = end == PlanEnd::Completed;
        let class = plan.class as usize;
        if !PLAIN && plan.left {
            return self.ends_for_nobody(class, end, place);
        }
        self.ledgers[class].plans.end(end as usize, plan.recorded);
        if !PLAIN {
            self.note_plan(place, end);
        }
        let plan = &self.plans[place as usize];
        if end == PlanEnd::Completed && plan.recorded {
            let latency = self.now.since(plan.arrived).nanos();
            let tally = &mut self.tallies[class];
            tally.latency_ns += u128::from(latency);
            tally.latencies.record(latency);
        }
        if !PLAIN && self.blueprint.bills_tokens && end != PlanEnd::Completed {
            self.write_off(place);
        }
        if end == PlanEnd::Overloaded && self.turned_away(place) {
            return;
        }
        if self.blueprint.has_closed {
            let number = self.plans[place as usize].number;
            self.think(class, 0, number);
        }
    }

    /// The last call of a plan is over, and so is whatever the strategy does at the end of a plan.
    #[inline(always)]
    pub(super) fn free_plan<const PLAIN: bool>(&mut self, place: u32) {
        self.close_plan::<PLAIN>(place);
        if !PLAIN && self.isolates.is_some() {
            self.plan_left(self.plans[place as usize].isolate as usize);
        }
    }

    #[inline(always)]
    pub(super) fn close_plan<const PLAIN: bool>(&mut self, place: u32) {
        if !PLAIN && self.blueprint.plan_keys() > 0 {
            self.release_keys(place);
        }
        if !PLAIN && self.index.is_some() {
            self.close_session(place);
        }
        self.plans[place as usize].alive = false;
        self.free_plans.push(place);
    }

    #[inline(never)]
    fn close_session(&mut self, place: u32) {
        let session = self.plans[place as usize].session;
        self.departures.extend(self.index.as_mut().and_then(|index| index.close(session)));
        self.settle_departures();
    }
}
