//! Which causes a model has, by its parts: what a metric of one stands for, whether or not it is ever counted.

use crate::model::{Counted, LogEvent, Model, OnKeyExceed, OnLeave, OnLogError, OpKind, Provider, StoreKind, Work};
use crate::policy::{Fault, OnExceed, Quota};
use crate::world::ledger::{Cause, CauseSet};

/// The causes of each account.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CausesOf {
    pub(crate) plans: CauseSet,
    pub(crate) calls: CauseSet,
    pub(crate) attempts: CauseSet,
    /// Of log events that leave no record.
    pub(crate) records: CauseSet,
}

impl CausesOf {
    /// Those of a model, in whatever stage.
    pub(crate) fn of(model: &Model) -> CausesOf {
        let mut all = CausesOf::default();
        for model in std::iter::once(model).chain(model.stages.iter().map(|stage| &stage.model)) {
            all.take_in(model);
        }
        all
    }

    fn take_in(&mut self, model: &Model) {
        let (asked, isolates) = (asked(model), lost(model));
        let mut attempts = isolates;
        for (_, provider) in model.providers.iter().enumerate().filter(|(at, _)| asked[*at]) {
            attempts = attempts.union(of_attempts(provider));
        }
        let has_attempts = asked.contains(&true);
        attempts.add(Cause::ExternalSubrequests, has_attempts && model.platform.subrequests_external.is_some());
        attempts.add(Cause::Connections, has_attempts && model.connections_bind());
        if has_attempts && model.classes.iter().any(|class| class.arrivals.says_outcomes()) {
            Fault::ALL.into_iter().take_while(|fault| *fault != Fault::SubrequestLimit).for_each(|fault| {
                attempts.add(Cause::of_fault(fault), true);
            });
        }
        if has_attempts {
            self.attempts = self.attempts.union(attempts);
        }
        let calls = attempts.union(of_calls(model));
        self.calls = self.calls.union(calls);
        let mut plans = calls;
        plans.add(Cause::RequestQuota, model.platform.requests.is_some());
        plans.add(Cause::UserLeft, model.classes.iter().any(|class| class.leaves_after.is_some()));
        self.plans = self.plans.union(plans);
        self.records = self.records.union(of_records(model));
    }
}

/// By provider: whether any call asks it.
fn asked(model: &Model) -> Vec<bool> {
    let steps = || model.workflows.iter().flat_map(|workflow| &workflow.steps);
    let asks = |at: usize| steps().any(|step| step.asks().any(|id| id.index() == at));
    (0..model.providers.len()).map(asks).collect()
}

fn of_attempts(provider: &Provider) -> CauseSet {
    let mut set = CauseSet::default();
    set.add(Cause::TimeoutServed, provider.request_timeout.is_some());
    set.add(Cause::TimeoutWaiting, provider.request_timeout.is_some() && provider.timeout_from_arrival);
    set.add(Cause::Deadline, provider.deadline.is_some());
    if let Some(streamed) = &provider.streamed {
        set.add(Cause::TimeoutFirstToken, streamed.patience().is_some());
        set.add(Cause::TimeoutIdle, streamed.idle_timeout.is_some() && streamed.tokens_after.is_some());
    }
    set.add(Cause::Breaker, provider.breaker.is_some());
    for (fault, _) in &provider.errors {
        set.add(Cause::of_fault(*fault), true);
    }
    set.add(Cause::BadRequest, provider.request_error.value() > 0.0);
    let Some(server) = &provider.server else { return set };
    let waits = provider.streamed.as_ref().is_some_and(|streamed| streamed.patience().is_some());
    let is_cut = waits || provider.request_timeout.is_some() || provider.deadline.is_some();
    set.add(Cause::TimeoutQueued, is_cut && server.max_concurrency.is_some());
    of_server(server, &mut set);
    set
}

/// What the provider's own side may answer.
fn of_server(server: &crate::model::Server, set: &mut CauseSet) {
    server.flows().for_each(|(limit, _)| set.add(Cause::of_limit(limit), true));
    // The provider's own number of tokens, or that of some step, may be too large for it: the steps say.
    set.add(Cause::RequestTooLarge, server.flows().any(|(limit, _)| limit.counts() != Counted::Attempts));
    set.add(Cause::Growth, server.slopes.iter().any(Option::is_some));
    let has_slots = server.max_concurrency.is_some() || server.capacity.is_some();
    set.add(Cause::ProviderSlots, has_slots && server.max_queue.is_some());
    set.add(Cause::Hang, server.hang.value() > 0.0);
    set.add(Cause::Outage, !server.outages.is_empty());
    server.quotas.iter().for_each(|of| set.add(Cause::of_provider_quota(of.quota.window), true));
}

/// Those of the provider's own side alone, in whatever stage.
pub(crate) fn of_provider(model: &Model, number: usize) -> CauseSet {
    let mut set = CauseSet::default();
    for model in std::iter::once(model).chain(model.stages.iter().map(|stage| &stage.model)) {
        model.providers[number].server.iter().for_each(|server| of_server(server, &mut set));
    }
    // A hang is no refusal.
    set.without(Cause::Hang)
}

/// What ends calls beside their attempts.
fn of_calls(model: &Model) -> CauseSet {
    let mut set = CauseSet::default();
    let steps = || model.workflows.iter().flat_map(|workflow| &workflow.steps);
    for (at, queue) in model.queues.iter().enumerate().filter(|(_, queue)| queue.max_queue.is_some()) {
        let is = |id: Option<crate::units::Id<crate::model::Queue>>| id.is_some_and(|id| id.index() == at);
        set.add(Cause::QueueFull, steps().any(|step| is(step.queue)));
        set.add(Cause::Semaphore, steps().any(|step| is(step.semaphore)));
        set.add(Cause::AdaptiveLimit, queue.adaptive.is_some());
    }
    let waits = steps().any(|step| step.queue.is_some() || step.semaphore.is_some());
    let patient = model.queues.iter().map(|queue| &queue.patience);
    let patient = patient.chain(model.classes.iter().map(|class| &class.patience)).any(Option::is_some);
    set.add(Cause::Patience, waits && patient);
    set.add(Cause::RetryBudget, model.providers.iter().any(|provider| provider.budget.is_some()));
    let asks = |is: fn(&Work) -> bool| steps().any(|step| is(&step.work));
    let has_database = asks(|work| matches!(work, Work::D1(_)));
    let refuses = model.d1.iter().any(|db| db.max_queue.is_some() || db.max_wait.is_some());
    set.add(Cause::DatabaseOverloaded, has_database && refuses);
    set.add(Cause::Outage, has_database && model.d1.iter().any(|db| !db.outages.is_empty()));
    let has_limiter = asks(|work| matches!(work, Work::Limiter(_)));
    set.add(Cause::Limiter, has_limiter);
    let can_refuse = |id: &crate::model::Limiter| !of_store(model, id.store.index()).is_empty();
    let limits = model.limiters.iter();
    set.add(Cause::LimiterStore, has_limiter && limits.filter(|limiter| !limiter.fails_open).any(can_refuse));
    if model.logging.on_error == OnLogError::FailPlan {
        let of_calls = model.logging.ops.iter();
        let of_calls = of_calls.filter(|op| matches!(op.event, LogEvent::Request | LogEvent::Response));
        set = of_calls.fold(set, |set, op| set.union(of_store(model, op.store.index())));
    }
    set.add(Cause::ProcessorTime, model.takes_cpu() && model.platform.cpu.limit.is_some());
    let cancels = model.classes.iter().any(|class| class.on_leave == OnLeave::Cancel && class.leaves_after.is_some());
    set.add(Cause::UserLeft, cancels && waits);
    set
}

/// What is lost with an isolate.
fn lost(model: &Model) -> CauseSet {
    let mut set = CauseSet::default();
    let drains = model.isolates.as_ref().map(|isolates| !isolates.drain_timeout.is_zero());
    set.add(Cause::LostIsolate, drains == Some(false));
    set.add(Cause::Drain, drains == Some(true));
    set
}

/// Why a store may refuse any of its ops.
fn of_store(model: &Model, number: usize) -> CauseSet {
    OpKind::ALL.into_iter().fold(CauseSet::default(), |set, op| set.union(of_op(model, number, op)))
}

/// Why a store may refuse an op of this kind.
pub(crate) fn of_ops(model: &Model, number: usize, op: OpKind) -> CauseSet {
    let models = std::iter::once(model).chain(model.stages.iter().map(|stage| &stage.model));
    models.fold(CauseSet::default(), |set, model| set.union(of_op(model, number, op)))
}

/// What may stop a job on this store.
pub(crate) fn of_jobs(model: &Model, store: usize) -> CauseSet {
    let ops = [OpKind::Get, OpKind::List, OpKind::Delete].into_iter();
    let mut set = ops.fold(CauseSet::default(), |set, op| set.union(of_ops(model, store, op)));
    set.add(Cause::RequestQuota, model.platform.requests.is_some());
    set
}

fn of_op(model: &Model, number: usize, op: OpKind) -> CauseSet {
    let (store, platform) = (&model.stores[number], &model.platform);
    let mut set = CauseSet::default();
    let on = |quota: &Quota, what: OnExceed| quota.on_exceed == what;
    let is_service = store.kind == StoreKind::LogService;
    for quota in &store.quotas[op as usize] {
        // What waits is refused where nothing is ever admitted.
        set.add(Cause::of_quota(quota.window), on(quota, OnExceed::Reject) || on(quota, OnExceed::Wait));
        set.add(Cause::Dropped, on(quota, OnExceed::Drop));
        set.add(Cause::ClientSilent, is_service);
    }
    set.add(Cause::Network, is_service);
    let side = if store.is_external() { platform.subrequests_external } else { platform.subrequests_internal };
    let cause = if store.is_external() { Cause::ExternalSubrequests } else { Cause::InternalSubrequests };
    set.add(cause, store.subrequest && side.is_some());
    set.add(Cause::OpsPerInvocation, store.ops_per_invocation.is_some());
    let spaced = store.key_spacing.is_some() && store.on_key_exceed == OnKeyExceed::Reject;
    set.add(Cause::KeySpacing, op == OpKind::Put && spaced);
    let is_full = store.storage.as_ref().is_some_and(|storage| storage.on_exceed == OnExceed::Reject);
    set.add(Cause::StoreFull, op == OpKind::Put && is_full);
    set
}

/// Why a log event may leave no record.
fn of_records(model: &Model) -> CauseSet {
    let mut set = lost(model);
    for op in &model.logging.ops {
        set = set.union(of_store(model, op.store.index()));
        set.add(Cause::KeptNothing, model.stores[op.store.index()].put_stores_nothing.value() > 0.0);
    }
    set.add(Cause::CutOff, model.leaves_logs_behind() && model.platform.wait_until.is_some());
    set.add(Cause::ProcessorTime, model.leaves_logs_behind() && model.takes_cpu());
    if model.logging.ops.is_empty() { CauseSet::default() } else { set }
}
