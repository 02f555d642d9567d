//! What one invocation makes of the things it may make only so many of.

use super::{Ceiling, InvocationNeed};
use crate::model::{Class, InvocationScope, LogEvent, LogOp, Model, ReadCount, Step, Work};
use crate::units::count;

/// What a limit counts.
#[derive(Clone, Copy)]
enum Counts {
    /// Attempts at providers and ops on caches and log services.
    External,
    /// Ops on KV.
    Internal,
    /// Ops on one store.
    Store(usize),
}

impl Counts {
    fn store(self, model: &Model, store: usize) -> bool {
        match self {
            Counts::External => model.stores[store].subrequest && model.stores[store].is_external(),
            Counts::Internal => model.stores[store].subrequest && !model.stores[store].is_external(),
            Counts::Store(only) => store == only,
        }
    }
}

/// Every limit of the model that an invocation has to itself, for every class.
pub(super) fn needs(model: &Model) -> Vec<InvocationNeed> {
    let platform = &model.platform;
    let mut limits = Vec::new();
    let mut limit = |name: String, allowed: Option<u32>, counts| {
        limits.extend(allowed.map(|allowed| (name, allowed, counts)));
    };
    limit("invocation.subrequests.external".into(), platform.subrequests_external, Counts::External);
    limit("invocation.subrequests.internal".into(), platform.subrequests_internal, Counts::Internal);
    for (at, store) in model.stores.iter().enumerate() {
        limit(format!("{}.ops_per_invocation", store.name), store.ops_per_invocation, Counts::Store(at));
    }
    let classes = model.classes.iter();
    let needs = classes.flat_map(|class| limits.iter().map(move |limit| need(model, class, limit)));
    needs.filter(|need| need.at_most > 0).collect()
}

fn need(model: &Model, class: &Class, (name, allowed, counts): &(String, u32, Counts)) -> InvocationNeed {
    let workflow = &model.workflows[class.workflow.index()];
    let calls = workflow.steps.iter().enumerate().flat_map(|(at, step)| (0..step.calls).map(move |_| (at, step)));
    let each: Vec<u32> = calls.clone().map(|(_, step)| per_call(model, step, *counts, false)).collect();
    let begin = reads(model, *counts, |count| matches!(count, ReadCount::PerPlan(_)));
    let (mut used, mut worst, mut last) = (begin, begin, None);
    let (mut needed, mut at_most) = (begin, begin);
    let mut at_call = (begin > *allowed).then_some(0);
    let mut before = 0; // what the invocation has used before the call that passes the limit
    for (nth, (at, step)) in calls.enumerate() {
        let fresh = match workflow.invocation {
            InvocationScope::Plan => false,
            InvocationScope::Step => last.is_some_and(|last| last != at),
            InvocationScope::Call => last.is_some(),
        };
        if fresh {
            (used, worst) = (0, 0);
        }
        last = Some(at);
        if at_call.is_none() {
            before = if used + each[nth] > *allowed { used } else { before.max(used + each[nth]) };
        }
        used += each[nth];
        worst += per_call(model, step, *counts, true);
        needed = needed.max(used);
        at_most = at_most.max(worst);
        if used > *allowed && at_call.is_none() {
            at_call = Some(nth as u32 + 1);
        }
    }
    let critical = workflow.steps.iter().any(|step| step.critical);
    let end = |worst| log_ops(model, LogEvent::PlanEnd, *counts, critical, worst);
    if workflow.invocation != InvocationScope::Plan {
        (used, worst) = (0, 0);
    }
    (needed, at_most) = (needed.max(used + end(false)), at_most.max(worst + end(true)));
    if used + end(false) > *allowed && at_call.is_none() {
        at_call = Some(each.len() as u32);
    }
    let per_call = each.iter().all(|&n| n == each[0]).then(|| each[0]);
    InvocationNeed {
        class: class.name.clone(),
        limit: name.clone(),
        allowed: *allowed,
        needed,
        at_most,
        at_call,
        at_retry: (matches!(counts, Counts::External) && at_most > *allowed && at_call != Some(0))
            .then(|| *allowed + 1 - before),
        per_call,
    }
}

fn reads(model: &Model, counts: Counts, when: impl Fn(ReadCount) -> bool) -> u32 {
    let reads = model.reads.iter().filter(|read| when(read.count) && counts.store(model, read.store.index()));
    reads
        .map(|read| match read.count {
            ReadCount::PerPlan(n) | ReadCount::PerCall(n) => n,
        })
        .sum()
}

fn per_call(model: &Model, step: &Step, counts: Counts, worst: bool) -> u32 {
    if let Work::Limiter(id) = step.work {
        return if counts.store(model, model.limiters[id.index()].store.index()) { 2 } else { 0 };
    }
    let Some(provider) = step.provider().map(|id| &model.providers[id.index()]) else { return 0 };
    let attempts = match counts {
        Counts::External if worst => provider.retry.max + 1,
        Counts::External => 1,
        Counts::Internal | Counts::Store(_) => 0,
    };
    let logs = |event| log_ops(model, event, counts, step.critical, worst);
    attempts
        + logs(LogEvent::Request)
        + logs(LogEvent::Response)
        + reads(model, counts, |count| matches!(count, ReadCount::PerCall(_)))
}

/// The ops of one event; at worst it is an error or not, whichever makes more.
fn log_ops(model: &Model, event: LogEvent, counts: Counts, critical: bool, worst: bool) -> u32 {
    let rows = || model.logging.ops.iter().filter(|op| op.event == event && counts.store(model, op.store.index()));
    let happens = |op: &&LogOp, error| model.logging.level.admits(error) && op.when.holds(error, critical);
    let ops = |error| rows().filter(|op| happens(op, error)).count() as u32;
    if worst { ops(false).max(ops(true)) } else { ops(false) }
}

/// A ceiling of no plans for each limit that a plan without any failure already passes.
pub(super) fn ceilings(needs: &[InvocationNeed], classes: usize) -> Vec<Ceiling> {
    let over = needs.iter().filter(|need| need.at_call.is_some());
    over.map(|need| Ceiling {
        limit: need.limit.clone(),
        plans_per_day: 0.0,
        billed: false,
        because: because(need, classes),
    })
    .collect()
}

fn because(need: &InvocationNeed, classes: usize) -> String {
    let whose = if classes > 1 { format!(" by a plan of {}", need.class) } else { String::new() };
    let (needed, allowed) = (count(need.needed.into()), count(need.allowed.into()));
    let each = need.per_call.map_or(String::new(), |each| format!("{} a call: ", count(each.into())));
    let when = match need.at_call {
        Some(0) | None => "before the first call".to_string(),
        Some(call) => format!("at call {}", count(call.into())),
    };
    format!("{each}{allowed} in one invocation are used up {when}, {needed} are needed{whose}")
}
