//! The life of a plan: it arrives, starts its steps, and ends.

use crate::model::{Arrivals, InvocationScope};
use crate::world::blueprint::Flow;
use crate::world::ledger::{Cause, PlanEnd};
use crate::world::state::{Task, TaskOf, World};

impl World<'_> {
    /// The plan that is due arrives.
    #[inline]
    pub(crate) fn arrive_as_due<const PLAIN: bool>(&mut self) {
        let class = self.due.class as usize;
        self.arrive::<PLAIN>(class);
        // Last: what it draws is not needed until the plan after the next.
        self.sources[class].advance();
        self.find_due();
    }

    /// A plan of this class arrives.
    #[inline(always)]
    pub(crate) fn arrive<const PLAIN: bool>(&mut self, class: usize) {
        let place = self.admit_plan::<PLAIN>(class);
        if !PLAIN && self.blueprint.users_leave {
            self.expect_departure(place);
        }
        self.begin_plan::<PLAIN>(place);
    }

    #[inline(always)]
    pub(crate) fn admit_plan<const PLAIN: bool>(&mut self, class: usize) -> u32 {
        let blueprint = self.blueprint;
        let draws = &mut self.draws[class];
        let (workflow, number) = (draws.workflow, draws.next_number);
        draws.next_number += 1;
        let recorded = self.now >= blueprint.recording_from;
        let isolate = if PLAIN || blueprint.one_isolate { 0 } else { self.pick_isolate(class, number) };
        let index = self.parts.index.as_mut().filter(|_| !PLAIN);
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
        if self.parts.isolates.is_some() {
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
    pub(crate) fn begin_plan<const PLAIN: bool>(&mut self, place: u32) {
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
    pub(crate) fn is_invoked<const PLAIN: bool>(&mut self, place: u32, index: u16, flow: &Flow) -> bool {
        PLAIN || self.parts.requests.is_none() || self.takes_a_request(place, index, flow)
    }

    #[inline(never)]
    fn takes_a_request(&mut self, place: u32, index: u16, flow: &Flow) -> bool {
        let Some(requests) = &mut self.parts.requests else { return true };
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

    #[inline(never)]
    pub(crate) fn go_on_in_graph(&mut self, place: u32, index: u16, flow: &Flow) {
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
    pub(crate) fn decide<const PLAIN: bool>(&mut self, place: u32, end: PlanEnd) {
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
    pub(crate) fn free_plan<const PLAIN: bool>(&mut self, place: u32) {
        self.close_plan::<PLAIN>(place);
        if !PLAIN && self.parts.isolates.is_some() {
            self.plan_left(self.plans[place as usize].isolate as usize);
        }
    }

    #[inline(always)]
    pub(crate) fn close_plan<const PLAIN: bool>(&mut self, place: u32) {
        if !PLAIN && self.blueprint.plan_keys() > 0 {
            self.release_keys(place);
        }
        if !PLAIN && self.parts.index.is_some() {
            self.close_session(place);
        }
        self.plans[place as usize].alive = false;
        self.free_plans.push(place);
    }

    #[inline(never)]
    fn close_session(&mut self, place: u32) {
        let session = self.plans[place as usize].session;
        self.departures.extend(self.parts.index.as_mut().and_then(|index| index.close(session)));
        self.settle_departures();
    }

    /// The last call of a plan is over.
    #[inline(always)]
    pub(crate) fn plan_over<const PLAIN: bool>(&mut self, place: u32) {
        if !PLAIN && self.blueprint.has_tasks {
            return self.end_of_plan(place);
        }
        self.free_plan::<PLAIN>(place);
    }

    fn end_of_plan(&mut self, place: u32) {
        if self.blueprint.plan_ends.is_empty() {
            return self.free_when_done(place);
        }
        let plan = &self.plans[place as usize];
        let whole = self.blueprint.workflows[plan.workflow as usize].invocation == InvocationScope::Plan;
        let invoked = whole.then(|| self.parts.invocations.nth_of(place, 0));
        self.run_task(Task { invoked, ..Task::new(TaskOf::Plan(place), plan.number, plan.recorded) });
    }
}
