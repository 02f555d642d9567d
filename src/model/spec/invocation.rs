//! What one invocation has to itself.

use super::{LogEvent, Model, Step, Workflow};
use crate::units::{Money, Span};

/// `invocation`: what shares the limits of one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationScope {
    /// A whole plan.
    Plan,
    /// Each step.
    Step,
    /// Each call.
    Call,
}

impl InvocationScope {
    /// Every kind, the largest first.
    pub const ALL: [InvocationScope; 3] = [InvocationScope::Plan, InvocationScope::Step, InvocationScope::Call];
}

/// `platform.cpu`
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cpu {
    /// Of one invocation.
    pub limit: Option<Span>,
    /// What a month's price includes.
    pub included: Span,
    /// `price_per_million_ms`: of a million milliseconds beyond it.
    pub price_per_million_ms: Money,
}

impl Cpu {
    /// What so many seconds a month cost, in US dollars.
    pub fn dollars(&self, seconds: f64) -> f64 {
        (seconds - self.included.secs()).max(0.0) / 1e3 * self.price_per_million_ms.dollars()
    }
}

impl Workflow {
    /// The most calls of one invocation that are under way at once, if this is what shares one.
    pub fn calls_at_once(&self, scope: InvocationScope) -> u32 {
        match scope {
            InvocationScope::Call => 1,
            InvocationScope::Step => self.steps.iter().map(|step| step.parallel).max().unwrap_or(0),
            InvocationScope::Plan => (0..self.steps.len()).map(|step| self.beside(step)).max().unwrap_or(0),
        }
    }

    /// The calls of a step under way at once, with those of all steps that it neither waits for nor is waited for by.
    fn beside(&self, step: usize) -> u32 {
        let others =
            (0..self.steps.len()).filter(|&other| !self.waits_for(step, other) && !self.waits_for(other, step));
        others.map(|other| self.steps[other].parallel).sum()
    }

    /// Whether a step begins only after another one.
    fn waits_for(&self, step: usize, other: usize) -> bool {
        self.steps[step].after.iter().any(|&before| before == other || self.waits_for(before, other))
    }
}

impl Model {
    /// Whether some invocation can want more connections than it has.
    pub fn connections_bind(&self) -> bool {
        let Some(connections) = self.platform.connections else { return false };
        let hedges = |step: &Step| {
            let asked = step.provider().into_iter().chain(step.fallback);
            asked.filter_map(|id| self.providers[id.index()].hedge).map(|hedge| hedge.max).max().unwrap_or(0)
        };
        let wants = |workflow: &Workflow| {
            let hedges = workflow.steps.iter().map(hedges).max().unwrap_or(0);
            u64::from(workflow.calls_at_once(workflow.invocation)) * (1 + u64::from(hedges))
        };
        self.leaves_logs_behind() || self.workflows.iter().any(|workflow| wants(workflow) > u64::from(connections))
    }

    /// Whether calls go on before all that they log is written.
    pub fn leaves_logs_behind(&self) -> bool {
        let of_calls = |event| matches!(event, LogEvent::Request | LogEvent::Response);
        self.logging.ops.iter().any(|op| !op.awaited && of_calls(op.event))
    }

    /// Whether calls take processor time.
    pub fn takes_cpu(&self) -> bool {
        self.workflows.iter().flat_map(|workflow| &workflow.steps).any(|step| step.cpu.is_some())
    }
}
