//! What an invocation has to itself: connections, processor time, and what goes on when its calls are over.

use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::check;
use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::part::{Effect, Ending, Part};
use crate::world::state::{End, Writer};
use std::collections::VecDeque;

/// The connections of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wire {
    pub(crate) held: u32,
    pub(crate) waits: bool,
    /// Since when it waits, and when its attempt is given up.
    pub(crate) asked: Instant,
    pub(crate) until: Instant,
}

/// An invocation of a plan.
#[derive(Debug, Default)]
pub(crate) struct Invoked {
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

impl Invoked {
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
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
    /// Invocations of one plan at most.
    pub(crate) each: usize,
    /// By plan, then number.
    pub(crate) list: Vec<Invoked>,
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

/// The counts of what is recorded.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Connections opened, and those that were waited for.
    pub(crate) opened: u64,
    pub(crate) waited: u64,
    pub(crate) wait_ns: u128,
    pub(crate) wait_max: Span,
    pub(crate) open_max: u32,
    /// Attempts that were given up before they had one.
    pub(crate) given_up: u64,
    /// Tasks for plans, and those of them that were cut off.
    pub(crate) tasks: u64,
    pub(crate) cut: u64,
    pub(crate) cpu_ns: u128,
    pub(crate) exceeded: u64,
}

impl Invocations {
    /// None where no model can reach what it keeps.
    pub(crate) fn new(blueprint: &Blueprint, draws: &Draws) -> Option<Invocations> {
        if !(blueprint.connections_bind || blueprint.has_tasks || blueprint.has_cpu) {
            return None;
        }
        let cpu =
            if blueprint.has_cpu { blueprint.by_step(|name| draws.scatter(name, Purpose::Cpu)) } else { Vec::new() };
        let calls = blueprint.workflows.iter().map(|flow| flow.calls.len());
        Some(Invocations {
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
        })
    }

    /// The processor time of recorded plans, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.tally.cpu_ns as f64 / 1e9
    }

    pub(crate) fn grow_to(&mut self, plans: usize) {
        self.list.resize_with(plans * self.each, Invoked::default);
        self.tasks.resize(plans, 0);
        self.contexts.resize(plans * self.calls_each, Context::default());
    }

    /// A plan begins in this place.
    pub(crate) fn clear(&mut self, place: usize) {
        self.list[place * self.each..][..self.each].iter_mut().for_each(Invoked::clear);
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

    /// Every connection that is open is held by somebody, and no invocation has more than it may; every task of a plan is
    /// known to the plan.
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
