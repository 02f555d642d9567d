//! What an invocation has to itself: subrequests, connections, processor time, and the time to finish what nobody
//! awaits.
//!
//! All but the subrequests is only kept where a model can reach the limit. `connection` has the connections.

use super::build::{Blueprint, CallSpec, Flow};
use super::cause::Cause;
use super::connection::Wire;
use super::event::{Event, Rank, address, order};
use super::fate::End;
use super::ledger::CallEnd;
use super::measures::{Sheet, ratio};
use super::state::{Phase, World};
use super::work::Work;
use crate::model::InvocationScope;
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::{Instant, Span};
use std::collections::VecDeque;

/// Who makes an op, and writes what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The call in this place.
    Call(u32),
    /// The errand in this place.
    Errand(u32),
}

/// Where the counters of an invocation are.
#[derive(Clone, Copy)]
pub(super) enum Invocation {
    /// With its plan, from here on.
    Plan(usize),
    /// With the errand that it is.
    Errand(usize),
}

/// An invocation of a plan.
#[derive(Debug, Default)]
pub(super) struct Invoked {
    /// Connections open, and who waits for one.
    pub(super) open: u32,
    pub(super) waiting: VecDeque<Writer>,
    /// Calls under way, and when what goes on after the last one is cut off.
    calls: u32,
    cut: Instant,
    /// Errands that nobody awaits.
    tasks: u32,
    cpu: Span,
}

impl Invoked {
    fn clear(&mut self) {
        self.waiting.clear();
        (self.open, self.calls, self.tasks, self.cpu) = (0, 0, 0, Span::ZERO);
    }
}

/// The records of a call, of which either may be written last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// When the request's goes.
    pub(super) request: Option<End>,
    /// When that of a failed response was written, and goes.
    pub(super) response: Option<(Instant, End)>,
}

/// All invocations under way, and what happened in those that are recorded.
#[derive(Debug)]
pub(super) struct Invocations {
    /// Invocations of one plan at most.
    each: usize,
    /// By plan, then number.
    pub(super) list: Vec<Invoked>,
    /// Connections that each may have open, and the most that it ever might.
    pub(super) connections: u32,
    pub(super) most_connections: u32,
    /// By plan: errands that nobody awaits.
    tasks: Vec<u32>,
    /// By call.
    pub(super) wires: Vec<Wire>,
    /// By plan and call.
    contexts: Vec<Context>,
    calls_each: usize,
    /// By class, then step.
    cpu: Vec<Vec<Scatter>>,
    pub(super) tally: Tally,
}

/// The counts of what is recorded.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Connections opened, and those that were waited for.
    pub(super) opened: u64,
    pub(super) waited: u64,
    pub(super) wait_ns: u128,
    pub(super) wait_max: Span,
    pub(super) open_max: u32,
    /// Attempts that were given up before they had one.
    pub(super) given_up: u64,
    /// Errands for plans, and those of them that were cut off.
    tasks: u64,
    pub(super) cut: u64,
    cpu_ns: u128,
    exceeded: u64,
}

impl Invocations {
    /// None where no model can reach what it keeps.
    pub(super) fn new(blueprint: &Blueprint, draws: &Draws) -> Option<Box<Invocations>> {
        if !(blueprint.connections_bind || blueprint.has_tasks || blueprint.has_cpu) {
            return None;
        }
        let cpu =
            if blueprint.has_cpu { blueprint.by_step(|name| draws.scatter(name, Purpose::Cpu)) } else { Vec::new() };
        let calls = blueprint.workflows.iter().map(|flow| flow.calls.len());
        Some(Box::new(Invocations {
            each: blueprint.workflows.iter().map(|flow| flow.invocations).max().unwrap_or(0),
            list: Vec::new(),
            connections: blueprint.model.platform.connections.unwrap_or(u32::MAX),
            most_connections: blueprint.model.platform.connections.unwrap_or(u32::MAX),
            tasks: Vec::new(),
            wires: Vec::new(),
            contexts: Vec::new(),
            calls_each: if blueprint.leaves_logs_behind { calls.max().unwrap_or(0) } else { 0 },
            cpu,
            tally: Tally::default(),
        }))
    }

    pub(super) fn grow_to(&mut self, plans: usize) {
        self.list.resize_with(plans * self.each, Invoked::default);
        self.tasks.resize(plans, 0);
        self.contexts.resize(plans * self.calls_each, Context::default());
    }

    /// A plan begins in this place.
    pub(super) fn clear(&mut self, place: usize) {
        self.list[place * self.each..][..self.each].iter_mut().for_each(Invoked::clear);
    }

    /// What is known of the records of a plan's calls.
    pub(super) fn contexts_of(&mut self, place: usize) -> &mut [Context] {
        &mut self.contexts[place * self.calls_each..][..self.calls_each]
    }

    /// What is known of the records of a call.
    pub(super) fn context(&mut self, plan: u32, call: u16) -> Option<&mut Context> {
        self.contexts.get_mut(plan as usize * self.calls_each + call as usize)
    }
}

const EXTERNAL: usize = 0;
const INTERNAL: usize = 1;
const STORES: usize = 2;

/// The number of a call's invocation within its plan.
#[inline]
fn number(flow: &Flow, call: &CallSpec, index: usize) -> usize {
    match flow.invocation {
        InvocationScope::Plan => 0,
        InvocationScope::Step => call.step as usize,
        InvocationScope::Call => index,
    }
}

/// Where an invocation is, and how it ends.
impl World<'_> {
    /// The place of the invocation that a writer works in; none where an errand has one of its own.
    pub(super) fn invoked(&self, who: Writer) -> Option<usize> {
        let each = self.invocations.as_ref()?.each;
        match who {
            Writer::Call(id) => {
                let call = &self.calls[id as usize];
                Some(call.plan as usize * each + self.invocation_number(call.plan, call.index))
            }
            Writer::Errand(id) => self.errands.list[id as usize].invoked.map(|at| at as usize),
        }
    }

    /// The place of an invocation of a plan, where such places are kept.
    pub(super) fn invoked_of(&self, place: u32, number: usize) -> Option<u32> {
        let each = self.invocations.as_ref()?.each;
        Some((place as usize * each + number) as u32)
    }

    /// A plan is lost with its isolate, and so is all that its invocations do.
    pub(super) fn lose_invocations(&mut self, place: u32, why: Cause) {
        let Some(invocations) = &mut self.invocations else { return };
        let each = invocations.each;
        let own = place as usize * each..(place as usize + 1) * each;
        invocations.list[own.clone()].iter_mut().for_each(|invoked| invoked.waiting.clear());
        self.cut_errands(why, |errand| errand.plan() == Some(place));
        if let Some(invocations) = &mut self.invocations {
            invocations.list[own].iter_mut().for_each(Invoked::clear);
        }
    }

    /// Every connection that is open is held by somebody, and no invocation has more than it may; every errand of a plan
    /// is known to the plan.
    pub(super) fn balance_invocations(&self) -> Result<(), String> {
        let Some(invocations) = &self.invocations else { return Ok(()) };
        if invocations.tally.open_max > invocations.most_connections {
            return Err("an invocation had more connections than it may".into());
        }
        let errands = || self.errands.of_plans_alive();
        let open: u64 = invocations.list.iter().map(|invoked| u64::from(invoked.open)).sum();
        let by_calls: u64 = invocations.wires.iter().map(|wire| u64::from(wire.held)).sum();
        let held = by_calls + errands().filter(|errand| errand.connected).count() as u64;
        super::ledger::check("connections", i128::from(open), held)?;
        let tasks: u64 = invocations.tasks.iter().map(|&tasks| u64::from(tasks)).sum();
        super::ledger::check("errands of plans", i128::from(tasks), errands().count() as u64)
    }
}

/// Subrequests.
impl World<'_> {
    /// The number of a call's invocation within its plan.
    pub(super) fn invocation_number(&self, place: u32, index: u16) -> usize {
        let flow = &self.blueprint.workflows[self.plans[place as usize].workflow as usize];
        number(flow, &flow.calls[index as usize], index as usize)
    }

    /// The invocation that a call belongs to.
    pub(super) fn invocation(&self, id: u32) -> Invocation {
        let call = &self.calls[id as usize];
        self.invocation_of(call.plan, call.index)
    }

    pub(super) fn invocation_of(&self, place: u32, index: u16) -> Invocation {
        Invocation::Plan(place as usize * self.used_each + self.invocation_number(place, index) * self.used_width)
    }

    fn counters(&mut self, invocation: Invocation) -> &mut [u32] {
        match invocation {
            Invocation::Plan(base) => &mut self.used[base..base + self.used_width],
            Invocation::Errand(id) => &mut self.errands.used[id * self.used_width..][..self.used_width],
        }
    }

    /// Why the invocation may not make one more call to a store; if it may, it is counted.
    pub(super) fn may_not_call(&mut self, invocation: Invocation, store: usize, external: bool) -> Option<Cause> {
        let platform = &self.blueprint.model.platform;
        let (side, limit, cause) = if external {
            (EXTERNAL, platform.subrequests_external, Cause::ExternalSubrequests)
        } else {
            (INTERNAL, platform.subrequests_internal, Cause::InternalSubrequests)
        };
        let of_store = self.stores[store].ops_per_invocation;
        let is_subrequest = self.stores[store].is_subrequest;
        let limit = limit.filter(|_| is_subrequest);
        let used = self.counters(invocation);
        if limit.is_some_and(|limit| used[side] >= limit) {
            return Some(cause);
        }
        if used[STORES + store] >= of_store {
            return Some(Cause::OpsPerInvocation);
        }
        used[side] += u32::from(is_subrequest);
        used[STORES + store] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        None
    }

    /// Whether the invocation may make one more external call, an attempt at a provider; if so it is counted.
    #[inline]
    pub(super) fn may_call_outside(&mut self, id: u32) -> bool {
        let Some(limit) = self.blueprint.model.platform.subrequests_external else { return true };
        let invocation = self.invocation(id);
        let used = self.counters(invocation);
        if used[EXTERNAL] >= limit {
            return false;
        }
        used[EXTERNAL] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        true
    }
}

/// What goes on when the calls are over. Nothing of this is asked where `Blueprint::has_tasks` is false.
impl World<'_> {
    /// A call of an invocation begins.
    #[cold]
    pub(super) fn invocation_goes_on(&mut self, id: u32) {
        if let (Some(at), Some(invocations)) = (self.invoked(Writer::Call(id)), &mut self.invocations) {
            invocations.list[at].calls += 1;
        }
    }

    /// A call ends, and perhaps its invocation with it: what is left of that has so much time.
    #[cold]
    pub(super) fn invocation_may_end(&mut self, id: u32) {
        let wait = self.blueprint.model.platform.wait_until.unwrap_or(Span::MAX);
        let cut = self.now.saturating_add(wait);
        if let (Some(at), Some(invocations)) = (self.invoked(Writer::Call(id)), &mut self.invocations) {
            let invoked = &mut invocations.list[at];
            invoked.calls -= 1;
            invoked.cut = cut;
            if invoked.calls == 0 && invoked.tasks > 0 {
                self.schedule_cut(self.calls[id as usize].plan, at);
            }
        }
    }

    /// Stores answer before it, so that what is answered in the last instant is done.
    fn schedule_cut(&mut self, place: u32, at: usize) {
        if let Some(wait) = self.blueprint.model.platform.wait_until {
            let serial = self.plans[place as usize].serial;
            let order = order(Rank::BackoffEnd, address(serial, u16::MAX >> 4), 255);
            self.calendar.push(self.now.saturating_add(wait), order, Event::CutOff(at as u32, serial as u32));
        }
    }

    /// An errand of a plan begins.
    pub(super) fn task_begins(&mut self, place: u32, invoked: Option<u32>, recorded: bool) {
        let Some(invocations) = &mut self.invocations else { return };
        invocations.tasks[place as usize] += 1;
        invocations.tally.tasks += u64::from(recorded);
        let Some(at) = invoked.map(|at| at as usize) else { return };
        invocations.list[at].tasks += 1;
        if invocations.list[at].calls == 0 && invocations.list[at].tasks == 1 {
            self.schedule_cut(place, at);
        }
    }

    /// An errand of a plan is over, and with the last one the plan may be.
    pub(super) fn task_ends(&mut self, place: u32, invoked: Option<u32>) {
        if let Some(invocations) = &mut self.invocations {
            invocations.tasks[place as usize] -= 1;
            if let Some(at) = invoked {
                invocations.list[at as usize].tasks -= 1;
            }
        }
        let plan = &self.plans[place as usize];
        if plan.alive && plan.over && plan.open_calls == 0 {
            self.free_when_done(place);
        }
    }

    /// The plan in this place is free, unless an errand of it goes on.
    pub(super) fn free_when_done(&mut self, place: u32) {
        if self.invocations.as_ref().is_none_or(|invocations| invocations.tasks[place as usize] == 0) {
            self.free_plan::<false>(place);
        }
    }

    /// The time of an invocation is over, unless another call of it has begun since.
    pub(super) fn cut_off(&mut self, at: u32, serial: u32) {
        let Some(invocations) = &self.invocations else { return };
        let (invoked, place) = (&invocations.list[at as usize], at as usize / invocations.each);
        let plan = &self.plans[place];
        let is_due = invoked.calls == 0 && invoked.tasks > 0 && invoked.cut == self.now;
        if plan.alive && plan.serial as u32 == serial && is_due {
            self.cut_errands(Cause::CutOff, |errand| errand.invoked == Some(at));
        }
    }
}

/// Processor time. Nothing of this is asked where `Blueprint::has_cpu` is false.
impl World<'_> {
    /// A call has been answered, and its invocation takes the time for it. Past the limit the invocation is killed, and
    /// the plan with it; calls beside it come to their end.
    pub(super) fn take_cpu(&mut self, id: u32) {
        let call = self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let spec = &self.blueprint.workflows[plan.workflow as usize].calls[call.index as usize];
        let is_logged = call.work == Work::Provider && !self.blueprint.responses.is_empty();
        self.calls[id as usize].phase = if is_logged { Phase::Response } else { Phase::Done };
        let (Some(law), CallEnd::Succeeded | CallEnd::Failed) = (spec.cpu, call.end) else { return };
        let (lane, step, position) = (u64::from(spec.ordinal), spec.step as usize, plan.number);
        let (Some(at), Some(invocations)) = (self.invoked(Writer::Call(id)), &mut self.invocations) else { return };
        let word = invocations.cpu[call.class as usize][step].at(lane, position).next();
        let takes = self.blueprint.laws[law as usize].sample(word);
        let (invoked, tally) = (&mut invocations.list[at], &mut invocations.tally);
        tally.cpu_ns += u128::from(takes.nanos()) * u128::from(call.recorded);
        let limit = self.blueprint.model.platform.cpu.limit.unwrap_or(Span::MAX);
        let was_killed = invoked.cpu > limit;
        invoked.cpu = invoked.cpu.saturating_add(takes);
        if invoked.cpu > limit {
            tally.exceeded += u64::from(call.recorded && !was_killed);
            let call = &mut self.calls[id as usize];
            (call.end, call.cause, call.phase) = (CallEnd::Crashed, Some(Cause::ProcessorTime), Phase::Done);
            self.cut_errands(Cause::ProcessorTime, |errand| errand.invoked == Some(at as u32));
        }
    }

    /// The processor time of recorded plans, in seconds.
    pub(super) fn cpu_seconds(&self) -> f64 {
        self.invocations.as_ref().map_or(0.0, |invocations| invocations.tally.cpu_ns as f64 / 1e9)
    }
}

/// How invocations went.
pub(super) fn measures(sheet: &mut Sheet, world: &World, plans: u64) {
    let blueprint = world.blueprint;
    if blueprint.limits_external {
        sheet.count("invocation.subrequests.max", "subrequests", u64::from(world.subrequests_max));
    }
    let Some(tally) = world.invocations.as_ref().map(|invocations| &invocations.tally) else { return };
    if blueprint.connections_bind {
        sheet.count("invocation.connections.max", "connections", u64::from(tally.open_max));
        sheet.count("invocation.connections.waited", "ops", tally.waited);
        sheet.put("invocation.connections.wait.mean", "s", ratio(tally.wait_ns as f64 / 1e9, tally.opened as f64));
        sheet.put("invocation.connections.wait.max", "s", Some(tally.wait_max.secs()));
        sheet.count("invocation.connections.given_up", "attempts", tally.given_up);
    }
    if blueprint.has_tasks {
        sheet.count("invocation.wait_until.tasks", "tasks", tally.tasks);
        sheet.count("invocation.wait_until.cut", "tasks", tally.cut);
    }
    if blueprint.has_cpu {
        sheet.put("invocation.cpu.per_plan", "s", ratio(world.cpu_seconds(), plans as f64));
        sheet.count("invocation.cpu.exceeded", "invocations", tally.exceeded);
    }
}
