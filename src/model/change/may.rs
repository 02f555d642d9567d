//! What may change while a model runs: values. Parts, what connects them, their kinds and their order may not.
//!
//! Whatever may change is laid over from the model before; what still differs then may not. So a key that nobody has
//! thought of here is refused.

use super::arrivals;
use crate::model::spec::{
    Catalogue, Class, D1, Isolates, Limiter, LogFile, Model, Outage, Platform, Provider, Queue, Reader, Server, Step,
    Store, Tiers, UpAndDown,
};
use crate::policy::{Breaker, Latest, Quota, RotateOn, Trip, Window};
use crate::streams::LawSpec;
use crate::units::Probability;

/// The part in which two models differ in more than the values that may change.
pub(super) fn differs(base: &Model, stage: &Model) -> Option<&'static str> {
    let mut stage = stage.clone();
    keep_all(&mut stage.classes, &base.classes, keep_class);
    for (workflow, of) in stage.workflows.iter_mut().zip(&base.workflows) {
        (workflow.on_call_error, workflow.overload_on) = (of.on_call_error, of.overload_on);
        keep_all(&mut workflow.steps, &of.steps, keep_step);
    }
    keep_all(&mut stage.providers, &base.providers, keep_provider);
    keep_all(&mut stage.queues, &base.queues, keep_queue);
    keep_all(&mut stage.stores, &base.stores, keep_store);
    keep_all(&mut stage.tiers, &base.tiers, keep_tiers);
    keep_all(&mut stage.d1, &base.d1, keep_d1);
    keep_all(&mut stage.limiters, &base.limiters, keep_limiter);
    keep_all(&mut stage.reads, &base.reads, |read, of| keep_some(&mut read.memory_ttl, &of.memory_ttl));
    keep_all(&mut stage.readers, &base.readers, keep_reader);
    keep_all(&mut stage.logfiles, &base.logfiles, keep_logfile);
    (stage.logging.level, stage.logging.on_error) = (base.logging.level, base.logging.on_error);
    stage.logging.max_log_entries = base.logging.max_log_entries;
    keep_all(&mut stage.logging.ops, &base.logging.ops, |op, of| (op.ttl, op.bytes) = (of.ttl, of.bytes));
    if let (Some(isolates), Some(of)) = (&mut stage.isolates, &base.isolates) {
        keep_isolates(isolates, of);
    }
    if let (Some(page), Some(of)) = (&mut stage.diagnostics, &base.diagnostics) {
        keep_some(&mut page.every, &of.every);
    }
    keep_platform(&mut stage.platform, &base.platform);
    [
        ("platform", stage.platform != base.platform),
        ("traffic", stage.classes != base.classes),
        ("workflow", stage.workflows != base.workflows),
        ("provider", stage.providers != base.providers),
        ("queue", stage.queues != base.queues),
        ("store", stage.stores != base.stores),
        ("tiers", stage.tiers != base.tiers),
        ("d1", stage.d1 != base.d1),
        ("limiter", stage.limiters != base.limiters),
        ("reads", stage.reads != base.reads),
        ("logging", stage.logging != base.logging),
        ("reader", stage.readers != base.readers),
        ("logfile", stage.logfiles != base.logfiles),
        ("isolates", stage.isolates != base.isolates),
        ("diagnostics", stage.diagnostics != base.diagnostics),
        ("cost", stage.cost != base.cost),
        ("run", stage.run != base.run),
    ]
    .into_iter()
    .find_map(|(part, differs)| differs.then_some(part))
}

fn keep_all<T>(values: &mut [T], of: &[T], keep: impl Fn(&mut T, &T)) {
    values.iter_mut().zip(of).for_each(|(value, of)| keep(value, of));
}

/// What is there before and after may change; what comes or goes may not.
fn keep_some<T: Clone>(value: &mut Option<T>, of: &Option<T>) {
    if value.is_some() && of.is_some() {
        value.clone_from(of);
    }
}

/// What is left to no chance has no draws: a chance that is 0 stays so, and another one does not become 0.
fn keep_chance(chance: &mut Probability, of: Probability) {
    if (chance.value() > 0.0) == (of.value() > 0.0) {
        *chance = of;
    }
}

/// The same of a hazard.
fn keep_hazard(hazard: &mut f64, of: f64) {
    if (*hazard > 0.0) == (of > 0.0) {
        *hazard = of;
    }
}

/// For the same reason a law stays one, and a constant too.
fn keep_law(law: &mut LawSpec, of: &LawSpec) {
    if law.is_constant() == of.is_constant() {
        law.clone_from(of);
    }
}

fn keep_class(class: &mut Class, of: &Class) {
    class.patience.clone_from(&of.patience);
    (class.priority, class.on_leave) = (of.priority, of.on_leave);
    keep_some(&mut class.leaves_after, &of.leaves_after);
    keep_some(&mut class.comeback, &of.comeback);
    arrivals::keep(class, of);
}

fn keep_step(step: &mut Step, of: &Step) {
    step.latency.clone_from(&of.latency);
    (step.critical, step.tokens) = (of.critical, of.tokens);
    keep_some(&mut step.cpu, &of.cpu);
}

fn keep_provider(provider: &mut Provider, of: &Provider) {
    provider.latency.clone_from(&of.latency);
    (provider.request_timeout, provider.headers_after) = (of.request_timeout, of.headers_after);
    provider.timeout_from_arrival = of.timeout_from_arrival;
    provider.errors.clone_from(&of.errors);
    provider.request_error = of.request_error;
    (provider.retry, provider.retry_after) = (of.retry, of.retry_after);
    keep_all(&mut provider.inner, &of.inner, keep_some);
    keep_some(&mut provider.tokens, &of.tokens);
    keep_some(&mut provider.deadline, &of.deadline);
    keep_some(&mut provider.budget, &of.budget);
    keep_some(&mut provider.hedge, &of.hedge);
    if let (Some(breaker), Some(of)) = (&mut provider.breaker, &of.breaker) {
        keep_breaker(breaker, of);
    }
    if let (Some(server), Some(of)) = (&mut provider.server, &of.server) {
        keep_server(server, of);
    }
}

fn keep_breaker(breaker: &mut Breaker, of: &Breaker) {
    (breaker.reset_timeout, breaker.half_open_probes) = (of.reset_timeout, of.half_open_probes);
    breaker.failures = of.failures;
    let is_alike = match (breaker.trip, of.trip) {
        (Trip::InARow(_), Trip::InARow(_)) => true,
        (Trip::Share { window, .. }, Trip::Share { window: of, .. }) => {
            matches!(window, Latest::Calls(_)) == matches!(of, Latest::Calls(_))
        }
        _ => false,
    };
    if is_alike {
        breaker.trip = of.trip;
    }
}

fn keep_server(server: &mut Server, of: &Server) {
    keep_some(&mut server.requests_per_minute, &of.requests_per_minute);
    keep_some(&mut server.tokens_per_minute, &of.tokens_per_minute);
    keep_all(&mut server.quotas, &of.quotas, keep_quota);
    (server.tokens, server.limit_burst) = (of.tokens, of.limit_burst);
    for (slope, of) in server.slopes.iter_mut().zip(of.slopes) {
        if slope.map(|slope| slope.minutes) == of.map(|of| of.minutes) {
            *slope = of;
        }
    }
    (server.counts_refused, server.when_full) = (of.counts_refused, of.when_full);
    server.refusal_latency = of.refusal_latency;
    // When an attempt has its slot is settled as it comes: nobody who waits already could go ahead.
    if server.max_queue == Some(0) && of.max_queue == Some(0) {
        keep_some(&mut server.max_concurrency, &of.max_concurrency);
    }
    server.max_queue = of.max_queue;
    keep_some(&mut server.capacity, &of.capacity);
    (server.load_per_in_flight, server.load_from, server.hang) = (of.load_per_in_flight, of.load_from, of.hang);
    keep_all(&mut server.outages, &of.outages, keep_outage);
}

fn keep_outage(outage: &mut Outage, of: &Outage) {
    (outage.fault, outage.latency) = (of.fault, of.latency);
    if matches!(outage.when, UpAndDown::Once { .. }) == matches!(of.when, UpAndDown::Once { .. }) {
        outage.when = of.when;
    }
}

fn keep_queue(queue: &mut Queue, of: &Queue) {
    (queue.max_concurrency, queue.max_queue) = (of.max_concurrency, of.max_queue);
    queue.patience.clone_from(&of.patience);
    keep_some(&mut queue.adaptive, &of.adaptive);
    if queue.reserved.is_empty() == of.reserved.is_empty() {
        queue.reserved.clone_from(&of.reserved);
    }
}

fn keep_store(store: &mut Store, of: &Store) {
    keep_all(&mut store.latency, &of.latency, keep_law);
    if let (Some((hot_for, law)), Some((of_hot_for, of))) = (&mut store.cold, &of.cold) {
        *hot_for = *of_hot_for;
        keep_law(law, of);
    }
    for (quotas, of) in store.quotas.iter_mut().zip(&of.quotas) {
        keep_all(quotas, of, keep_quota);
    }
    keep_all(&mut store.background, &of.background, |rate, of| keep_hazard(rate, *of));
    (store.key_spacing, store.on_key_exceed) = (of.key_spacing, of.on_key_exceed);
    (store.ttl, store.ops_per_invocation, store.retry_after) = (of.ttl, of.ops_per_invocation, of.retry_after);
    if store.staleness.is_zero() == of.staleness.is_zero() {
        store.staleness = of.staleness;
    }
    keep_some(&mut store.capacity, &of.capacity);
    if let (Some(storage), Some(of)) = (&mut store.storage, &of.storage) {
        (storage.limit, storage.price_per_gb) = (of.limit, of.price_per_gb);
    }
    keep_hazard(&mut store.evictions_per_hour, of.evictions_per_hour);
    store.evictions_spike_factor = of.evictions_spike_factor;
    keep_hazard(&mut store.restarts_per_day, of.restarts_per_day);
    keep_chance(&mut store.network_errors, of.network_errors);
    keep_chance(&mut store.put_stores_nothing, of.put_stores_nothing);
}

fn keep_quota(quota: &mut Quota, of: &Quota) {
    (quota.limit, quota.enforcement_lag) = (of.limit, of.enforcement_lag);
    quota.price_per_million = of.price_per_million;
    if let (Window::Bucket(burst, span), Window::Bucket(of, of_span)) = (&mut quota.window, of.window)
        && *span == of_span
    {
        *burst = of;
    }
}

fn keep_catalogue(keys: &mut Catalogue, of: &Catalogue) {
    if keys.count == of.count {
        keys.popularity.clone_from(&of.popularity);
    }
}

fn keep_tiers(tiers: &mut Tiers, of: &Tiers) {
    keep_catalogue(&mut tiers.keys, &of.keys);
    keep_some(&mut tiers.compute, &of.compute);
    keep_hazard(&mut tiers.restarts_per_day, of.restarts_per_day);
    keep_all(&mut tiers.tiers, &of.tiers, |tier, of| {
        (tier.entries, tier.ttl) = (of.entries, of.ttl);
        tier.latency.clone_from(&of.latency);
        tier.miss_latency.clone_from(&of.miss_latency);
    });
}

fn keep_d1(db: &mut D1, of: &D1) {
    db.latency.clone_from(&of.latency);
    (db.max_queue, db.max_wait, db.retry) = (of.max_queue, of.max_wait, of.retry);
}

fn keep_limiter(limiter: &mut Limiter, of: &Limiter) {
    keep_catalogue(&mut limiter.people, &of.people);
    (limiter.per_day, limiter.fails_open) = (of.per_day, of.fails_open);
}

fn keep_reader(reader: &mut Reader, of: &Reader) {
    keep_all(&mut reader.every, &of.every, keep_some);
    reader.cleanup_age = of.cleanup_age;
}

fn keep_logfile(file: &mut LogFile, of: &LogFile) {
    (file.backups, file.line, file.error) = (of.backups, of.line, of.error);
    if let (RotateOn::Size(size), RotateOn::Size(of)) = (&mut file.rotate, of.rotate) {
        *size = of;
    }
}

fn keep_isolates(isolates: &mut Isolates, of: &Isolates) {
    (isolates.min, isolates.max, isolates.per_isolate, isolates.idle) = (of.min, of.max, of.per_isolate, of.idle);
    keep_some(&mut isolates.lifetime, &of.lifetime);
    keep_some(&mut isolates.deploys_every, &of.deploys_every);
    isolates.drain_timeout = of.drain_timeout;
}

fn keep_platform(platform: &mut Platform, of: &Platform) {
    keep_some(&mut platform.subrequests_external, &of.subrequests_external);
    keep_some(&mut platform.subrequests_internal, &of.subrequests_internal);
    keep_some(&mut platform.connections, &of.connections);
    if let (Some(requests), Some(of)) = (&mut platform.requests, &of.requests) {
        keep_quota(requests, of);
    }
    (platform.wait_until, platform.cpu, platform.base_price) = (of.wait_until, of.cpu, of.base_price);
}
