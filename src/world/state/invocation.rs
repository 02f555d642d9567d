//! The state of an invocation: connections, processor time, and background operations after its calls.

use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{Cause, check};
use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::part::{Effect, Ending, Part};
use crate::world::state::{End, InvocationId, Wire, Writer};
use std::collections::VecDeque;
use std::ops::Range;

/// An invocation: what it has used, and what is under way in it.
#[derive(Debug, Default)]
pub(crate) struct Invocation {
    /// The place of its plan; none where a task has it to itself.
    pub(crate) plan: Option<u32>,
    /// Subrequests made.
    pub(crate) external: u32,
    pub(crate) internal: u32,
    /// Connections open, and who waits for one.
    pub(crate) open: u32,
    pub(crate) waiting: VecDeque<Writer>,
    /// Calls under way, and when what goes on after the last one is cut off.
    pub(crate) calls: u32,
    pub(crate) cut: Instant,
    /// Tasks that nobody awaits.
    pub(crate) tasks: u32,
    pub(crate) cpu: Span,
}

impl Invocation {
    /// Another begins in its place.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        (self.external, self.internal) = (0, 0);
        (self.open, self.calls, self.tasks, self.cpu) = (0, 0, 0, Span::ZERO);
    }
}

/// The records of a call, of which either may be written last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context {
    /// When the request's goes.
    pub(crate) request: Option<End>,
    /// When that of a failed response was written, and goes.
    pub(crate) response: Option<(Instant, End)>,
}

/// All invocations under way, and what happened in those that are recorded.
#[derive(Debug)]
pub(crate) struct Invocations {
    /// Invocations of one plan at most; 0 where no model can reach what they count.
    each: usize,
    stores: usize,
    /// Those of plans, and those that tasks have to themselves.
    pub(crate) list: Vec<Invocation>,
    /// By invocation, then store: operations.
    ops: Vec<u32>,
    /// By place of a plan: its first one; by place of a task: its own.
    of_plan: Vec<u32>,
    of_task: Vec<u32>,
    /// Connections that each may have open, and the most that it ever might.
    pub(crate) connections: u32,
    pub(crate) most_connections: u32,
    /// By plan: tasks that nobody awaits.
    pub(crate) tasks: Vec<u32>,
    /// By call.
    pub(crate) wires: Vec<Wire>,
    /// By plan and call.
    contexts: Vec<Context>,
    calls_each: usize,
    /// By class, then step.
    pub(crate) cpu: Vec<Vec<Scatter>>,
    pub(crate) tally: Tally,
}

/// An operation on a store as the limits of its invocation see it.
pub(crate) struct Subrequest {
    pub(crate) store: usize,
    /// How many operations on the store an invocation may make.
    pub(crate) of_store: u32,
    pub(crate) external: bool,
    /// Whether it counts as a subrequest, and how many of its side there may be.
    pub(crate) counts: bool,
    pub(crate) limit: Option<u32>,
}

/// The counts of what is recorded.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Connections opened, and those that were waited for.
    pub(crate) opened: u64,
    pub(crate) waited: u64,
    pub(crate) wait_ns: u128,
    pub(crate) wait_max: Span,
    pub(crate) open_max: u32,
    /// External subrequests of one invocation.
    pub(crate) external_max: u32,
    /// Attempts that were given up before they had one.
    pub(crate) given_up: u64,
    /// Tasks for plans, and those of them that were cut off.
    pub(crate) tasks: u64,
    pub(crate) cut: u64,
    pub(crate) cpu_ns: u128,
    pub(crate) exceeded: u64,
}

impl Invocations {
    pub(crate) fn new(blueprint: &Blueprint, draws: &Draws) -> Invocations {
        let is_kept =
            blueprint.counts_invocations() || blueprint.connections_bind || blueprint.has_tasks || blueprint.has_cpu;
        let most = blueprint.workflows.iter().map(|flow| flow.invocations).max().unwrap_or(0);
        let cpu =
            if blueprint.has_cpu { blueprint.by_step(|name| draws.scatter(name, Purpose::Cpu)) } else { Vec::new() };
        let calls = blueprint.workflows.iter().map(|flow| flow.calls.len());
        Invocations {
            each: if is_kept { most } else { 0 },
            stores: blueprint.model.stores.len(),
            list: Vec::new(),
            ops: Vec::new(),
            of_plan: Vec::new(),
            of_task: Vec::new(),
            connections: blueprint.model.platform.connections.unwrap_or(u32::MAX),
            most_connections: blueprint.model.platform.connections.unwrap_or(u32::MAX),
            tasks: Vec::new(),
            wires: Vec::new(),
            contexts: Vec::new(),
            calls_each: if blueprint.leaves_logs_behind { calls.max().unwrap_or(0) } else { 0 },
            cpu,
            tally: Tally::default(),
        }
    }

    /// The processor time of recorded plans, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.tally.cpu_ns as f64 / 1e9
    }

    /// Whether plans have any.
    pub(crate) fn are_kept(&self) -> bool {
        self.each > 0
    }

    fn add(&mut self, plan: Option<u32>) {
        self.list.push(Invocation { plan, ..Invocation::default() });
        self.ops.resize(self.list.len() * self.stores, 0);
    }

    /// There is another place for plans.
    pub(crate) fn add_plan(&mut self) {
        let place = self.of_plan.len() as u32;
        self.of_plan.push(self.list.len() as u32);
        (0..self.each).for_each(|_| self.add(Some(place)));
        self.tasks.push(0);
        self.contexts.resize(self.of_plan.len() * self.calls_each, Context::default());
    }

    /// A plan begins in this place.
    pub(crate) fn begin_plan(&mut self, place: usize) {
        let own = self.of_plan(place as u32);
        self.ops[own.start * self.stores..own.end * self.stores].fill(0);
        self.list[own].iter_mut().for_each(Invocation::clear);
    }

    /// A task begins in this place.
    pub(crate) fn begin_task(&mut self, place: u32) {
        if place as usize == self.of_task.len() {
            self.of_task.push(self.list.len() as u32);
            return self.add(None);
        }
        let own = self.of_task[place as usize] as usize;
        self.ops[own * self.stores..][..self.stores].fill(0);
        self.list[own].clear();
    }

    /// Those of a plan.
    pub(crate) fn of_plan(&self, place: u32) -> Range<usize> {
        let first = self.of_plan[place as usize] as usize;
        first..first + self.each
    }

    /// One of a plan.
    #[inline]
    pub(crate) fn nth_of(&self, place: u32, number: usize) -> InvocationId {
        InvocationId(self.of_plan[place as usize] + number as u32)
    }

    /// The one that a task has to itself.
    pub(crate) fn of_task(&self, place: u32) -> InvocationId {
        InvocationId(self.of_task[place as usize])
    }

    pub(crate) fn at(&mut self, id: InvocationId) -> &mut Invocation {
        &mut self.list[id.0 as usize]
    }

    /// Why an invocation may not make one more operation on a store; if it may, it is counted.
    pub(crate) fn refuses(&mut self, id: InvocationId, op: &Subrequest) -> Option<Cause> {
        let used = &mut self.list[id.0 as usize];
        let (side, cause) = match op.external {
            true => (&mut used.external, Cause::ExternalSubrequests),
            false => (&mut used.internal, Cause::InternalSubrequests),
        };
        if op.counts && op.limit.is_some_and(|limit| *side >= limit) {
            return Some(cause);
        }
        let ops = &mut self.ops[id.0 as usize * self.stores + op.store];
        if *ops >= op.of_store {
            return Some(Cause::OpsPerInvocation);
        }
        *side += u32::from(op.counts);
        *ops += 1;
        self.tally.external_max = self.tally.external_max.max(used.external);
        None
    }

    /// Whether an invocation may make one more external call, an attempt at a provider; if so it is counted.
    pub(crate) fn may_call_outside(&mut self, id: InvocationId, limit: u32) -> bool {
        let used = &mut self.list[id.0 as usize].external;
        let may = *used < limit;
        *used += u32::from(may);
        self.tally.external_max = self.tally.external_max.max(*used);
        may
    }

    /// What is known of the records of a plan's calls.
    pub(crate) fn contexts_of(&mut self, place: usize) -> &mut [Context] {
        &mut self.contexts[place * self.calls_each..][..self.calls_each]
    }

    /// What is known of the records of a call.
    pub(crate) fn context(&mut self, plan: u32, call: u16) -> Option<&mut Context> {
        self.contexts.get_mut(plan as usize * self.calls_each + call as usize)
    }
}

impl Part for Invocations {
    fn change(&mut self, _: usize, blueprint: &Blueprint, _: Instant, effects: &mut Vec<Effect>) {
        if let Some(connections) = blueprint.model.platform.connections {
            self.connections = connections;
            self.most_connections = self.most_connections.max(connections);
            effects.push(Effect::ConnectionsChanged);
        }
    }

    /// Checks that every open connection has a holder, that no invocation has more than its limit, and that every task
    /// of a plan is known to the plan.
    fn balance(&self, _: usize, ending: &Ending) -> Result<(), String> {
        if self.tally.open_max > self.most_connections {
            return Err("an invocation had more connections than it may".into());
        }
        let open: u64 = self.list.iter().map(|invoked| u64::from(invoked.open)).sum();
        let by_calls: u64 = self.wires.iter().map(|wire| u64::from(wire.held)).sum();
        check("connections", i128::from(open), by_calls + ending.connections)?;
        let tasks: u64 = self.tasks.iter().map(|&tasks| u64::from(tasks)).sum();
        check("tasks of plans", i128::from(tasks), ending.tasks)
    }

    fn measures(&self, _: usize, ending: &Ending, sheet: &mut Sheet) {
        let blueprint = ending.blueprint;
        if blueprint.limits_external {
            sheet.count("invocation.subrequests.max", "subrequests", u64::from(self.tally.external_max));
        }
        if blueprint.connections_bind {
            sheet.count("invocation.connections.max", "connections", u64::from(self.tally.open_max));
            sheet.count("invocation.connections.waited", "ops", self.tally.waited);
            sheet.put(
                "invocation.connections.wait.mean",
                "s",
                ratio(self.tally.wait_ns as f64 / 1e9, self.tally.opened as f64),
            );
            sheet.put("invocation.connections.wait.max", "s", Some(self.tally.wait_max.secs()));
            sheet.count("invocation.connections.given_up", "attempts", self.tally.given_up);
        }
        if blueprint.has_tasks {
            sheet.count("invocation.wait_until.tasks", "tasks", self.tally.tasks);
            sheet.count("invocation.wait_until.cut", "tasks", self.tally.cut);
        }
        if blueprint.has_cpu {
            sheet.put("invocation.cpu.per_plan", "s", ratio(self.cpu_seconds(), ending.plans() as f64));
            sheet.count("invocation.cpu.exceeded", "invocations", self.tally.exceeded);
        }
    }
}
