//! What the arithmetic of this model does not see.

use crate::model::{Arrivals, KeyScope, Model, OnCallError, OnLogError, OpKind, StoreKind};
use crate::policy::OnExceed;

/// A sentence for each thing that applies to the model.
pub(super) fn sentences(model: &Model) -> Vec<String> {
    let all = [
        bursts(model),
        shared_keys(model),
        session_keys(model),
        exhaustion(model),
        waiting(model),
        retries(model),
        policies(model),
        growth(model),
        parallel(model),
        memory(model),
        retention(model),
        no_rate(model),
        spikes(model),
        admin(model),
        changes(model),
        parts(model),
        semaphores(model),
    ];
    all.into_iter().flatten().map(String::from).collect()
}

fn changes(model: &Model) -> Option<&'static str> {
    (!model.stages.is_empty()).then_some("Changes in mid-run: the arithmetic is that of the values at the start.")
}

fn bursts(model: &Model) -> Option<&'static str> {
    let limited = !model.queues.is_empty() || spaced_writes(model, KeyScope::Shared);
    limited.then_some(
        "Bursts: plans do not come evenly over the day, so a queue or a key can refuse long before its ceiling.",
    )
}

fn spaced_writes(model: &Model, scope: KeyScope) -> bool {
    let puts = model.logging.ops.iter().filter(|op| op.op == OpKind::Put && op.key.scope == scope);
    puts.into_iter().any(|op| model.stores[op.store.index()].key_spacing.is_some())
}

fn shared_keys(model: &Model) -> Option<&'static str> {
    spaced_writes(model, KeyScope::Shared).then_some(
        "Contention for shared keys: plans that overlap write the same key at the same time, and one of them is refused.",
    )
}

fn session_keys(model: &Model) -> Option<&'static str> {
    spaced_writes(model, KeyScope::Session).then_some(
        "Keys of one session: calls of a plan that follow each other quickly write its key faster than it accepts.",
    )
}

fn exhaustion(model: &Model) -> Option<&'static str> {
    let refuses =
        |store: &crate::model::Store| store.quotas.iter().flatten().any(|quota| quota.on_exceed != OnExceed::Bill);
    if !model.stores.iter().any(refuses) {
        return None;
    }
    Some(match model.logging.on_error {
        OnLogError::Swallow => {
            "The order of exhaustion: once a log op is refused, the rest of its event is skipped, so the quotas that \
             are left last longer than counted here, and the plans go on without their logs."
        }
        OnLogError::FailPlan => {
            "The order of exhaustion: a refused log op ends its plan, so the ops that would have followed are not made."
        }
    })
}

fn waiting(model: &Model) -> Option<&'static str> {
    (!model.queues.is_empty()).then_some(
        "Waiting: slots are counted as if always busy; calls that are refused or give up in the queue are not.",
    )
}

fn retries(model: &Model) -> Option<&'static str> {
    let used = model.providers.iter().any(|provider| provider.retry.max > 0);
    let limited = model.platform.subrequests_external.is_some();
    (used && limited)
        .then_some("Unlucky plans: retries count by their mean, but one plan with many can use up its invocation.")
}

fn policies(model: &Model) -> Option<&'static str> {
    model.has_policies().then_some(
        "Policies: attempts and slots are counted with the retries of the outermost layer alone, without inner layers, \
         budgets, deadlines, hedges, breakers and fallbacks, and without outages and load at the provider.",
    )
}

fn growth(model: &Model) -> Option<&'static str> {
    let mut servers = model.providers.iter().filter_map(|provider| provider.server.as_ref());
    servers.any(|server| server.slopes.iter().any(Option::is_some)).then_some(
        "Growth: a provider with a `slope` refuses a steep rise of traffic that is under every ceiling; a run starts \
         with no traffic behind it, so let a `warmup` pass where that is not meant.",
    )
}

fn parallel(model: &Model) -> Option<&'static str> {
    let abort = model.workflows.iter().filter(|workflow| workflow.on_call_error == OnCallError::Abort);
    let parallel = |workflow: &crate::model::Workflow| {
        workflow.steps.iter().any(|step| step.parallel > 1)
            || workflow.steps.iter().enumerate().any(|(at, step)| at > 0 && step.after.is_empty())
    };
    abort.into_iter().any(parallel).then_some(
        "Calls in parallel: a failed call stops its plan, but not the calls that had already begun beside it.",
    )
}

fn memory(model: &Model) -> Option<&'static str> {
    model.reads.iter().any(|read| read.memory_ttl.is_some()).then_some(
        "Memory caches: a key is taken to miss 0 to 1 times a plan, fewer as demand grows, for plans that come \
         independently; what an isolate loses when it stops is not counted.",
    )
}

fn retention(model: &Model) -> Option<&'static str> {
    let cached = |op: &crate::model::LogOp| model.stores[op.store.index()].kind == StoreKind::Cache;
    model.logging.ops.iter().any(cached).then_some(
        "Forgetting: what expires, is evicted or drops out of the index costs nothing here, and cannot be read later.",
    )
}

fn parts(model: &Model) -> Option<&'static str> {
    (!model.tiers.is_empty() || !model.d1.is_empty() || !model.limiters.is_empty())
        .then_some("Lookups, databases, limiters: every lookup is counted as a miss, and nothing as refused.")
}

fn semaphores(model: &Model) -> Option<&'static str> {
    let mut steps = model.workflows.iter().flat_map(|workflow| &workflow.steps);
    steps.any(|step| step.semaphore.is_some()).then_some(
        "Semaphores: they are counted as held for the attempts of a call, not while it reads, logs and waits for a slot.",
    )
}

fn no_rate(model: &Model) -> Option<&'static str> {
    let rateless = |arrivals: &Arrivals| matches!(arrivals, Arrivals::Closed { .. } | Arrivals::Trace { .. });
    model.classes.iter().any(|class| rateless(&class.arrivals)).then_some(
        "Demand: closed and recorded traffic has no rate, so every class counts the same; what a recorded attempt did \
         is not read, the laws of the model are.",
    )
}

fn spikes(model: &Model) -> Option<&'static str> {
    model
        .classes
        .iter()
        .any(|class| !class.spikes.is_empty())
        .then_some("Spikes: the demand is the one between spikes.")
}

fn admin(model: &Model) -> Option<&'static str> {
    model.readers.iter().any(|reader| reader.store.is_some()).then_some(
        "The admin page: what it reads, lists and deletes is counted on average, as if no record were lost before its time.",
    )
}
