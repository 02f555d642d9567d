//! What one invocation makes of the things it may make only so many of.

use super::{Ceiling, InvocationNeed, Over, Wave, latency};
use crate::model::{Class, InvocationScope, LogEvent, LogOp, Model, Provider, ReadCount, Step, Work, Workflow};
use crate::units::{Id, Span, count};

/// A limit that an invocation has to itself.
struct Limit {
    name: String,
    /// What it allows, and how many of what is counted it is given in.
    allowed: u32,
    unit: u32,
    counts: Counts,
}

/// What a limit counts.
#[derive(Clone, Copy)]
enum Counts {
    /// Calls under way at once.
    Connections,
    /// Microseconds of processor time.
    Cpu,
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
            Counts::Connections | Counts::Cpu => false,
        }
    }
}

/// Every limit of the model that an invocation has to itself, for every class.
pub(super) fn needs(model: &Model) -> Vec<InvocationNeed> {
    let platform = &model.platform;
    let mut limits = Vec::new();
    let mut limit = |name: String, allowed: Option<u32>, unit, counts| {
        limits.extend(allowed.map(|allowed| Limit { name, allowed, unit, counts }));
    };
    limit("invocation.subrequests.external".into(), platform.subrequests_external, 1, Counts::External);
    limit("invocation.subrequests.internal".into(), platform.subrequests_internal, 1, Counts::Internal);
    limit("invocation.connections".into(), platform.connections, 1, Counts::Connections);
    let milliseconds = platform.cpu.limit.map(|limit| u32::try_from(limit.nanos() / 1_000_000).unwrap_or(u32::MAX));
    limit("invocation.cpu_ms".into(), milliseconds, 1_000, Counts::Cpu);
    for (at, store) in model.stores.iter().enumerate() {
        limit(format!("{}.ops_per_invocation", store.name), store.ops_per_invocation, 1, Counts::Store(at));
    }
    let of = |class: &Class, limit: &Limit| {
        let scope = model.workflows[class.workflow.index()].invocation;
        let by_scope = InvocationScope::ALL.map(|scope| need(model, class, scope, limit).needed);
        InvocationNeed { by_scope, ..need(model, class, scope, limit) }
    };
    let needs = model.classes.iter().flat_map(|class| limits.iter().map(move |limit| of(class, limit)));
    needs.filter(|need| need.at_most > 0).collect()
}

/// Steps of which more calls begin at once than an invocation has connections for.
pub(super) fn waves(model: &Model) -> Vec<Wave> {
    let Some(connections) = model.platform.connections else { return Vec::new() };
    let steps = model.workflows.iter().filter(|workflow| workflow.invocation != InvocationScope::Call);
    let steps = steps.flat_map(|workflow| workflow.steps.iter().map(move |step| (workflow, step)));
    let is_streamed = |step: &Step| {
        let asked = step.shares();
        let at_once = |id: Id<Provider>| model.providers[id.index()].headers_after == Some(Span::ZERO);
        !asked.is_empty() && asked.iter().all(|(id, _)| at_once(*id))
    };
    let narrow = steps.filter(|(_, step)| step.parallel > connections && !is_streamed(step));
    let wave = |(workflow, step): (&Workflow, &Step)| Wave {
        workflow: workflow.name.clone(),
        step: step.name.clone(),
        calls: step.calls,
        parallel: step.parallel,
        connections,
    };
    narrow.map(wave).collect()
}

/// What an invocation of a class needs, if it is a plan, a step or a call.
fn need(model: &Model, class: &Class, scope: InvocationScope, limit: &Limit) -> InvocationNeed {
    let workflow = &model.workflows[class.workflow.index()];
    let Limit { name, allowed, unit, counts } = limit;
    if let Counts::Connections = counts {
        return at_once(model, class, scope, (name, *allowed));
    }
    let allowed = &allowed.saturating_mul(*unit);
    let calls = workflow.steps.iter().enumerate().flat_map(|(at, step)| (0..step.calls).map(move |_| (at, step)));
    let each: Vec<u32> = calls.clone().map(|(_, step)| per_call(model, step, *counts, false)).collect();
    let begin = reads(model, *counts, |count| matches!(count, ReadCount::PerPlan(_)));
    let (mut used, mut worst, mut last) = (begin, begin, None);
    let (mut needed, mut at_most) = (begin, begin);
    let mut at_call = (begin > *allowed).then_some(0);
    let mut before = 0; // what the invocation has used before the call that passes the limit
    for (nth, (at, step)) in calls.enumerate() {
        let fresh = match scope {
            InvocationScope::Plan => false,
            InvocationScope::Step => last.is_some_and(|last| last != at),
            InvocationScope::Call => last.is_some(),
        };
        if fresh {
            (used, worst) = (0, 0);
        }
        last = Some(at);
        if at_call.is_none() {
            let then = used.saturating_add(each[nth]);
            before = if then > *allowed { used } else { before.max(then) };
        }
        used = used.saturating_add(each[nth]);
        worst = worst.saturating_add(per_call(model, step, *counts, true));
        needed = needed.max(used);
        at_most = at_most.max(worst);
        if used > *allowed && at_call.is_none() {
            at_call = Some(nth as u32 + 1);
        }
    }
    let critical = workflow.steps.iter().any(|step| step.critical);
    let end = |worst| log_ops(model, LogEvent::PlanEnd, *counts, critical, worst);
    if scope != InvocationScope::Plan {
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
        allowed: allowed / unit,
        needed: needed.div_ceil(*unit),
        at_most: at_most.div_ceil(*unit),
        by_scope: [0; 3],
        at_call,
        at_retry: (matches!(counts, Counts::External) && at_most > *allowed && at_call != Some(0))
            .then(|| *allowed + 1 - before),
        per_call: per_call.filter(|_| *unit == 1),
    }
}

/// The calls that an invocation has under way at once; those beyond the limit wait.
fn at_once(model: &Model, class: &Class, scope: InvocationScope, (name, allowed): (&str, u32)) -> InvocationNeed {
    let needed = model.workflows[class.workflow.index()].calls_at_once(scope);
    InvocationNeed {
        class: class.name.clone(),
        limit: name.into(),
        allowed,
        needed,
        at_most: needed,
        by_scope: [0; 3],
        at_call: None,
        at_retry: None,
        per_call: None,
    }
}

fn reads(model: &Model, counts: Counts, when: impl Fn(ReadCount) -> bool) -> u32 {
    let reads = model.reads.iter().filter(|read| when(read.count) && counts.store(model, read.store.index()));
    reads
        .map(|read| match read.count {
            ReadCount::PerPlan(n) | ReadCount::PerCall(n) => n,
        })
        .fold(0, u32::saturating_add)
}

fn per_call(model: &Model, step: &Step, counts: Counts, worst: bool) -> u32 {
    if let Work::Limiter(id) = step.work {
        return if counts.store(model, model.limiters[id.index()].store.index()) { 2 } else { 0 };
    }
    if step.provider().is_none() {
        return 0;
    }
    let attempts = match counts {
        Counts::External if worst => most_attempts(model, step),
        Counts::External => 1,
        Counts::Cpu => step.cpu.as_ref().map_or(0, |law| (latency::under(law, None).seconds * 1e6 + 0.5) as u32),
        Counts::Internal | Counts::Store(_) | Counts::Connections => 0,
    };
    let logs = |event| log_ops(model, event, counts, step.critical, worst);
    let reads = reads(model, counts, |count| matches!(count, ReadCount::PerCall(_)));
    [logs(LogEvent::Request), logs(LogEvent::Response), reads].into_iter().fold(attempts, u32::saturating_add)
}

/// Attempts of a call that uses every retry of every layer, every hedge and the other provider too.
fn most_attempts(model: &Model, step: &Step) -> u32 {
    let of = |provider: &Provider| {
        let layers = [Some(provider.retry), provider.inner[0], provider.inner[1]];
        let tries =
            layers.iter().flatten().fold(1_u32, |tries, layer| tries.saturating_mul(layer.max.saturating_add(1)));
        tries.saturating_mul(1 + provider.hedge.map_or(0, |hedge| hedge.max))
    };
    let first = step.shares().iter().map(|(id, _)| of(&model.providers[id.index()])).max().unwrap_or(0);
    step.fallback.iter().map(|id| of(&model.providers[id.index()])).fold(first, u32::saturating_add)
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
    over.map(|need| Ceiling::new(need.limit.clone(), 0.0, Over::Invocation, because(need, classes))).collect()
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
