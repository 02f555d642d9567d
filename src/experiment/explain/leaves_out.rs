//! What the arithmetic of this model does not see: a sentence for each thing that applies, opened by its topic.

use super::InvocationNeed;
use crate::model::{
    Arrivals, KeyScope, Model, OnCallError, OnKeyExceed, OnLogError, OpKind, Provider, Server, Step, Store, StoreKind,
    Workflow,
};
use crate::policy::{Fault, OnExceed, Quota, Window};

/// Whether a sentence applies, and the sentence.
type Line = (bool, &'static str);

/// A sentence for each thing that applies to the model.
pub(super) fn sentences(model: &Model, needs: &[InvocationNeed]) -> Vec<String> {
    let all = [traffic(model), limits(model, needs), attempts(model), stores(model), parts(model)];
    all.into_iter().flatten().filter(|(applies, _)| *applies).map(|(_, sentence)| sentence.into()).collect()
}

fn traffic(model: &Model) -> Vec<Line> {
    let classes = || model.classes.iter();
    let rateless = |arrivals: &Arrivals| matches!(arrivals, Arrivals::Closed { .. } | Arrivals::Trace { .. });
    vec![
        (
            classes().any(|class| rateless(&class.arrivals)),
            "Demand: closed and recorded traffic has no rate, so every class counts the same; what a recorded attempt did \
             is not read, the laws of the model are.",
        ),
        (classes().any(|class| !class.spikes.is_empty()), "Spikes: the demand is the one between spikes."),
        (
            classes().any(|class| class.comeback.is_some()),
            "Comebacks: users who come back after an overload answer come on top of the demand.",
        ),
        (
            classes().any(|class| class.leaves_after.is_some()),
            "Users who leave: a plan is counted as if its user stayed to its end.",
        ),
        (!model.stages.is_empty(), "Changes in mid-run: the arithmetic is that of the values at the start."),
    ]
}

fn limits(model: &Model, needs: &[InvocationNeed]) -> Vec<Line> {
    let queues = || model.queues.iter();
    let short =
        |quota: &Quota| !matches!(quota.window, Window::Day | Window::Month) && quota.on_exceed != OnExceed::Bill;
    let short_of_store = model.stores.iter().flat_map(|store| store.quotas.iter().flatten()).any(short);
    let of_server = |server: &Server| {
        let quotas = server.quotas.iter().any(|of| short(&of.quota));
        quotas || server.max_concurrency.is_some() || server.flows().next().is_some()
    };
    let keys = spaced_writes(model, KeyScope::Shared) || limiter_keys_spaced(model);
    let patience = queues().any(|queue| queue.patience.is_some()) || model.classes.iter().any(|c| c.patience.is_some());
    let cpu_varies = model.platform.cpu.limit.is_some() && model.takes_cpu();
    vec![
        (
            queues().next().is_some() || keys || short_of_store || servers(model).any(of_server),
            "Bursts: plans do not come evenly, so a queue, a key or a limit of a short window can refuse long before its \
             ceiling.",
        ),
        (
            queues().next().is_some(),
            "Waiting: slots are counted as if always busy; calls that are refused or give up in the queue are not.",
        ),
        (
            patience || model.providers.iter().any(|provider| provider.timeout_from_arrival),
            "Time spent waiting: patience, and time limits that run while a call waits, are counted as if nobody waited.",
        ),
        (
            queues().any(|queue| queue.adaptive.is_some()),
            "Adaptive limits: a queue is counted with its slots at the start.",
        ),
        (
            queues().any(|queue| !queue.reserved.is_empty()),
            "Reserved slots: all slots of a queue are counted as if every class could have them.",
        ),
        (
            model.isolates.is_some(),
            "Isolates that come and go: they are counted as the most that there can be, and nothing as lost with one.",
        ),
        (
            needs.iter().any(|need| need.at_most > need.allowed) || cpu_varies,
            "Unlucky plans: retries, errors and processor time count by their mean, but a plan with much of them uses up \
             its invocation, and makes less than counted.",
        ),
        (
            model.connections_bind(),
            "Connections: a call that waits for one holds its slot, and spends the time limit of its attempt.",
        ),
        (
            model.leaves_logs_behind() && model.platform.wait_until.is_some(),
            "Logs that nobody awaits: all are counted, those cut off after the response too.",
        ),
    ]
}

fn attempts(model: &Model) -> Vec<Line> {
    let providers = || model.providers.iter();
    let steps = || {
        let all = model.workflows.iter().flat_map(|workflow| &workflow.steps);
        all.flat_map(|step| step.shares().into_iter().map(move |(id, _)| (step, &model.providers[id.index()])))
    };
    let retries = |provider: &Provider| provider.retry.max > 0 || provider.inner.iter().any(Option::is_some);
    let tries_again = |provider: &Provider, fault: Fault| {
        let layers = [Some(provider.retry), provider.inner[0], provider.inner[1]];
        layers.iter().flatten().any(|layer| layer.max > 0 && layer.on.contains(fault))
    };
    let refused = |provider: &Provider| {
        let Some(server) = &provider.server else { return false };
        let limits =
            server.flows().next().is_some() || !server.quotas.is_empty() || server.slopes.iter().any(Option::is_some);
        limits && tries_again(provider, Fault::RateLimited)
            || server.max_concurrency.is_some() && tries_again(provider, server.when_full)
    };
    let fails = |provider: &Provider| {
        let hangs = provider.server.as_ref().is_some_and(|server| server.hang.value() > 0.0);
        hangs
            || !provider.errors.is_empty()
            || provider.request_error.value() > 0.0
            || provider.request_timeout.is_some()
            || provider.streamed.as_ref().is_some_and(|streamed| streamed.patience().is_some())
    };
    let abort = || model.workflows.iter().filter(|workflow| workflow.on_call_error == OnCallError::Abort);
    let side_by_side = |workflow: &Workflow| {
        // Calls that all begin at once have begun whatever becomes of them.
        workflow.steps.iter().any(|step| step.parallel > 1 && step.parallel < step.calls)
            || workflow.steps.iter().enumerate().any(|(at, step)| at > 0 && step.after.is_empty())
            || (0..workflow.steps.len()).any(|at| workflow.steps.iter().filter(|s| s.after.contains(&at)).count() > 1)
    };
    vec![
        (
            providers().any(refused) || model.d1.iter().any(|d1| d1.max_queue.is_some() && d1.retry.max > 0),
            "Retries of what a limit refuses: beyond a ceiling they come on top of the load that is counted.",
        ),
        (
            providers().any(|provider| provider.breaker.is_some()),
            "Breakers: no attempt is counted as kept back by one.",
        ),
        (providers().any(|provider| provider.budget.is_some()), "Retry budgets: every retry is counted as allowed."),
        (
            providers().any(|provider| provider.deadline.is_some() && retries(provider)),
            "Deadlines: every retry is counted as made in time.",
        ),
        (
            steps().any(|(step, provider)| provider.used(&step.weight) != provider.weight(&step.weight)),
            "Reservations: tokens that are given back at the end of an attempt are not counted, although they refuse others \
             until then.",
        ),
        (
            providers().any(|provider| provider.streamed.is_some()),
            "First tokens: they are counted as independent of the rest of the answer, and no answer as cut between two \
             tokens.",
        ),
        (
            providers().any(|provider| provider.hedge.is_some()),
            "Hedges: attempts that race a late one are not counted, nor the time that they save.",
        ),
        (
            servers(model).any(|server| !server.outages.is_empty()) || model.d1.iter().any(|db| !db.outages.is_empty()),
            "Outages: what is asked is counted as if it were always up.",
        ),
        (
            servers(model).any(|s| s.load_per_in_flight > 0.0 || s.capacity.is_some() || s.max_queue != Some(0)),
            "Load at the provider: an attempt is counted as if it had the provider to itself.",
        ),
        (
            servers(model).any(|server| server.slopes.iter().any(Option::is_some)),
            "Growth: a provider with a `slope` refuses a steep rise of traffic that is under every ceiling; a run starts \
             with no traffic behind it, so let a `warmup` pass where that is not meant.",
        ),
        (
            abort().any(|workflow| workflow.steps.iter().map(|step| step.calls).sum::<u32>() > 1)
                && providers().any(fails),
            "Plans that fail: they use less of what would have come after; a ceiling counts whichever uses more, a plan \
             without errors or the expected one.",
        ),
        (
            abort().any(side_by_side),
            "Calls in parallel: a failed call stops its plan, but not the calls that had already begun beside it.",
        ),
    ]
}

fn stores(model: &Model) -> Vec<Line> {
    let stores = || model.stores.iter();
    let refuses = |store: &Store| store.quotas.iter().flatten().any(|quota| quota.on_exceed != OnExceed::Bill);
    let logs = !model.logging.ops.is_empty();
    let swallows = model.logging.on_error == OnLogError::Swallow;
    let cached = |op: &crate::model::LogOp| model.stores[op.store.index()].kind == StoreKind::Cache;
    let replaces = |store: &Store| store.key_spacing.is_some() && store.on_key_exceed == OnKeyExceed::Overwrite;
    let room = |store: &Store| store.storage.as_ref().is_some_and(|storage| storage.on_exceed != OnExceed::Bill);
    vec![
        (
            spaced_writes(model, KeyScope::Shared),
            "Contention for shared keys: plans that overlap write the same key at the same time, and one of them is refused.",
        ),
        (
            spaced_writes(model, KeyScope::Session),
            "Keys of one session: calls of a plan that follow each other quickly write its key faster than it accepts.",
        ),
        (
            logs && swallows && stores().any(refuses),
            "The order of exhaustion: once a log op is refused, the rest of its event is skipped, so the quotas that \
             are left last longer than counted here, and the plans go on without their logs.",
        ),
        (
            logs && !swallows && stores().any(refuses),
            "The order of exhaustion: a refused log op ends its plan, so the ops that would have followed are not made.",
        ),
        (
            stores().any(replaces),
            "Writes that come too soon: they replace the value of a key and are not refused, so no ceiling stands for it.",
        ),
        (stores().any(room), "Room: what a store holds grows with time, and a store that is full refuses."),
        (
            stores().any(|store| store.kind == StoreKind::LogService && logs),
            "Log services: what does not arrive, and what a client drops after a refusal, is counted as made.",
        ),
        (
            model.reads.iter().any(|read| read.memory_ttl.is_some()),
            "Memory caches: a key is taken to miss 0 to 1 times a plan, fewer as demand grows, for plans that come \
             independently; what an isolate loses when it stops is not counted.",
        ),
        (
            model.logging.ops.iter().any(cached),
            "Forgetting: what expires, is evicted or drops out of the index costs nothing here, and cannot be read later.",
        ),
        (
            model.readers.iter().any(|reader| reader.store.is_some()),
            "The admin page: what it reads, lists and deletes is counted on average, as if no record were lost before its \
             time.",
        ),
    ]
}

fn parts(model: &Model) -> Vec<Line> {
    let steps = || model.workflows.iter().flat_map(|workflow| &workflow.steps);
    vec![
        (
            steps().any(|step: &Step| step.lookup.is_some()),
            "Lookups: hits are those of warm caches at the model's demand, each tier by itself; calls that wait for the \
             same key together count as misses, and where traffic has no rate nothing that expires is found again.",
        ),
        (!model.d1.is_empty() || !model.limiters.is_empty(), "Databases and limiters: nothing is counted as refused."),
        (
            steps().any(|step| step.semaphore.is_some()),
            "Semaphores: they are counted as held while a call reads, logs and makes its attempts, not while it waits for \
             a slot, looks up, or reads what a plan reads once.",
        ),
    ]
}

fn servers(model: &Model) -> impl Iterator<Item = &Server> {
    model.providers.iter().filter_map(|provider| provider.server.as_ref())
}

fn spaced_writes(model: &Model, scope: KeyScope) -> bool {
    let puts = model.logging.ops.iter().filter(|op| op.op == OpKind::Put && op.key.scope == scope);
    puts.into_iter().any(|op| model.stores[op.store.index()].key_spacing.is_some())
}

fn limiter_keys_spaced(model: &Model) -> bool {
    model.limiters.iter().any(|limiter| model.stores[limiter.store.index()].key_spacing.is_some())
}
