//! From what a replication counted to metrics with a name and a unit.

mod parts;

use super::cause::{Cause, CauseSet, Causes, CausesOf, of_ops};
use super::comeback::ComebackTally;
use super::diagnostics::Seen;
use super::ledger::{AttemptEnd, CallEnd, Ledger, PlanEnd};
use super::parts::requests::Requests;
use super::record::{AGES, ClassTally};
use super::state::{Call, Phase, QueueTally, World};
use super::work::Work;
use crate::model::{OnKeyExceed, OpKind, StoreKind};
use crate::policy::{Fault, Meter, OnExceed, Window};
use crate::stats::{Quantiles, Range, Survival};
use crate::units::Span;

mod providers;

/// One metric of one replication; `None` where nothing was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Dotted, lower case.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// What values it can have.
    pub range: Range,
    /// Of a share of things that were counted, how many they were; 0 for all else.
    pub trials: u64,
    /// Its value.
    pub value: Option<f64>,
}

/// Measures under a prefix.
pub(super) struct Sheet {
    prefix: String,
    measures: Vec<Measure>,
}

impl Sheet {
    fn add(&mut self, name: &str, (unit, range): (&'static str, Range), trials: u64, value: Option<f64>) {
        let (name, value) = (format!("{}{name}", self.prefix), value.filter(|v| v.is_finite()));
        self.measures.push(Measure { name, unit, range, trials, value });
    }

    /// An amount, 0 or more.
    pub(super) fn put(&mut self, name: &str, unit: &'static str, value: Option<f64>) {
        self.add(name, (unit, Range::Amount), 0, value);
    }

    /// A share of things that were counted.
    pub(super) fn share(&mut self, name: &str, part: u64, whole: u64) {
        self.add(name, ("1", Range::Share), whole, ratio(part as f64, whole as f64));
    }

    /// A share of so many things, worked out elsewhere.
    pub(super) fn share_of(&mut self, name: &str, whole: u64, value: Option<f64>) {
        self.add(name, ("1", Range::Share), whole, value);
    }

    /// A share of time, or of another whole that has no parts to count.
    pub(super) fn part(&mut self, name: &str, value: Option<f64>) {
        self.add(name, ("1", Range::Share), 0, value);
    }

    /// The share of records that are still there at an age.
    pub(super) fn surviving(&mut self, name: &str, records: &Survival, age: Span) {
        self.share_of(name, records.count(), records.surviving(age.nanos()));
    }

    /// An hour of the day.
    pub(super) fn hour(&mut self, name: &str, value: Option<f64>) {
        self.add(name, ("h", Range::Hour), 0, value);
    }

    pub(super) fn count(&mut self, name: &str, unit: &'static str, value: u64) {
        self.put(name, unit, Some(value as f64));
    }
}

/// How many of an account each cause ended, of those that the model has.
pub(super) fn causes(sheet: &mut Sheet, name: &str, unit: &'static str, (by, known): (&Causes, CauseSet)) {
    for cause in known.iter() {
        sheet.count(&format!("{name}.{}", cause.name()), unit, by.of(cause));
    }
}

pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// All metrics of a replication that has ended. Which there are follows from the model alone, never from what was
/// counted: replications are combined by these names.
pub(super) fn measures(world: &World) -> Vec<Measure> {
    let model = &world.blueprint.model;
    let mut sheet = Sheet { prefix: String::new(), measures: Vec::new() };
    let all = world.ledger();
    let mut tally = ClassTally::default();
    for of_class in &world.tallies {
        tally.add(of_class);
    }
    work(&mut sheet, world, None, &all, &tally);
    if let Some(back) = &world.comebacks {
        comebacks(&mut sheet, &back.tallies, all.plans.begun[1]);
    }
    for queue in 0..model.queues.len() {
        let mut waits = QueueTally::default();
        for class in 0..model.classes.len() {
            waits.add(&world.waits[class * model.queues.len() + queue]);
        }
        queue_waits(&mut sheet, world, queue, &waits);
        queue_levels(&mut sheet, world, queue);
    }
    for class in 0..model.classes.len().max(1) {
        if model.classes.len() < 2 {
            break;
        }
        sheet.prefix = format!("class.{}.", model.classes[class].name);
        work(&mut sheet, world, Some(class), &world.ledgers[class], &world.tallies[class]);
        if let Some(back) = world.comebacks.as_ref().filter(|_| model.classes[class].comeback.is_some()) {
            comebacks(&mut sheet, &back.tallies[class..=class], world.ledgers[class].plans.begun[1]);
        }
        for queue in 0..model.queues.len() {
            queue_waits(&mut sheet, world, queue, &world.waits[class * model.queues.len() + queue]);
        }
    }
    sheet.prefix = String::new();
    providers::measures(&mut sheet, world);
    for store in 0..model.stores.len() {
        store_ops(&mut sheet, world, store, all.plans.begun[1]);
    }
    parts::measures(&mut sheet, world);
    super::invocation::measures(&mut sheet, world, all.plans.begun[1]);
    if let Some(of_account) = &world.requests {
        requests(&mut sheet, of_account);
    }
    if let Some(isolates) = &world.isolates {
        sheet.put("isolates.alive.mean", "isolates", isolates.alive.mean(world.now.nanos()));
        sheet.count("isolates.alive.max", "isolates", isolates.alive.max());
        let counts = &isolates.counts;
        for (name, count) in [
            ("isolates.started", counts.started),
            ("isolates.ended_idle", counts.idle),
            ("isolates.evicted", counts.evicted),
            ("isolates.deployed", counts.deployed),
        ] {
            sheet.count(name, "isolates", count);
        }
        sheet.count("plans.lost", "plans", counts.lost);
    }
    if let Some(page) = &world.diagnostics {
        diagnostics(&mut sheet, &page.seen);
    }
    logs(&mut sheet, world);
    super::readable::reach(&mut sheet, world);
    super::cost::measures(&mut sheet, world, &all);
    sheet.count("run.events", "events", world.events);
    sheet.measures
}

/// Users who come back after an overload answer: of all classes, or of one.
fn comebacks(sheet: &mut Sheet, tallies: &[ComebackTally], offered: u64) {
    let returned: u64 = tallies.iter().map(|tally| tally.returned[1]).sum();
    sheet.count("plans.returned", "plans", returned);
    sheet.count("plans.gave_up", "plans", tallies.iter().map(|tally| tally.gave_up[1]).sum());
    let users = offered.saturating_sub(returned) as f64;
    sheet.put("plans.tries_per_user", "plans", ratio(offered as f64, users));
}

/// What the diagnostics page showed, beside what was true.
fn diagnostics(sheet: &mut Sheet, seen: &Seen) {
    let samples = seen.samples as f64;
    sheet.prefix = "diagnostics.".into();
    sheet.count("samples", "visits", seen.samples);
    for (side, levels) in [("", &seen.shown), ("true.", &seen.real)] {
        sheet.put(&format!("{side}active.mean"), "calls", ratio(levels.active as f64, samples));
        sheet.count(&format!("{side}active.max"), "calls", levels.active_max);
        sheet.put(&format!("{side}queued.mean"), "calls", ratio(levels.queued as f64, samples));
        sheet.count(&format!("{side}queued.max"), "calls", levels.queued_max);
        sheet.count(&format!("{side}dropped"), "calls", levels.dropped_max);
    }
    sheet.put("wait.mean", "s", ratio(seen.wait_ns / 1e9, samples));
    for (name, count) in [
        ("last_drop_fraction", seen.last_drop),
        ("zero_fraction", seen.zero),
        ("overloaded_fraction", seen.overloaded),
        ("blind_fraction", seen.blind),
    ] {
        sheet.share(name, count, seen.samples);
    }
    sheet.prefix = String::new();
}

fn work(sheet: &mut Sheet, world: &World, class: Option<usize>, ledger: &Ledger, tally: &ClassTally) {
    let plans = &ledger.plans;
    sheet.count("plans.offered", "plans", plans.begun[1]);
    for (name, end) in [
        ("plans.completed", PlanEnd::Completed),
        ("plans.call_failed", PlanEnd::Failed),
        ("plans.overloaded", PlanEnd::Overloaded),
        ("plans.abandoned", PlanEnd::Abandoned),
        ("plans.crashed", PlanEnd::Crashed),
    ] {
        sheet.count(name, "plans", plans.of(end as usize));
    }
    if world.blueprint.users_leave {
        sheet.count("plans.left", "plans", plans.of(PlanEnd::Left as usize));
        sheet.count("plans.left_completed", "plans", tally.for_nobody);
        sheet.count("calls.cancelled", "calls", ledger.calls.of(CallEnd::Cancelled as usize));
    }
    sheet.count("plans.in_flight", "plans", plans.open());
    let completed = plans.of(PlanEnd::Completed as usize);
    let ended = plans.begun[1] - plans.open();
    let days = world.blueprint.horizon.since(world.blueprint.recording_from).days();
    sheet.put("plans.offered_per_day", "plans/day", ratio(plans.begun[1] as f64, days));
    // What ends in the recorded time, whenever it came: after a warm-up in which a queue has grown, whoever came in the
    // recorded time may still wait at its end.
    let in_time = plans.ended_in_all(PlanEnd::Completed as usize) - completed_before(world, class);
    sheet.put("plans.per_day", "plans/day", ratio(in_time as f64, days));
    sheet.share("plans.failed_fraction", ended - completed, ended);
    sheet.share("plans.overloaded_fraction", plans.of(PlanEnd::Overloaded as usize), ended);
    latency(sheet, tally);
    let calls = &ledger.calls;
    sheet.count("calls.made", "calls", calls.begun[1]);
    for (name, end) in [
        ("calls.succeeded", CallEnd::Succeeded),
        ("calls.failed", CallEnd::Failed),
        ("calls.refused", CallEnd::Refused),
        ("calls.abandoned", CallEnd::Abandoned),
        ("calls.crashed", CallEnd::Crashed),
    ] {
        sheet.count(name, "calls", calls.of(end as usize));
    }
    sheet.count("calls.in_flight", "calls", calls.open());
    let attempts = &ledger.attempts;
    let (kept_back, connecting) = (attempts.of(AttemptEnd::KeptBack as usize), connecting(world, class));
    sheet.count("attempts.made", "attempts", attempts.begun[1] - kept_back - connecting);
    sheet.count("attempts.kept_back", "attempts", kept_back);
    for (name, end) in [
        ("attempts.succeeded", AttemptEnd::Succeeded),
        ("attempts.timed_out", AttemptEnd::TimedOut),
        ("attempts.errored", AttemptEnd::Errored),
        ("attempts.rate_limited", AttemptEnd::RateLimited),
    ] {
        sheet.count(name, "attempts", attempts.of(end as usize));
    }
    if world.isolates.is_some() {
        sheet.count("attempts.lost", "attempts", attempts.of(AttemptEnd::Lost as usize));
    }
    sheet.count("attempts.in_flight", "attempts", attempts.open() - connecting);
    sheet.count("attempts.retried", "attempts", tally.retried);
    sheet.count("attempts.subrequest_limited", "attempts", tally.faults[Fault::SubrequestLimit as usize]);
    let succeeded = attempts.of(AttemptEnd::Succeeded as usize) as f64;
    sheet.put(
        "attempts.per_success",
        "attempts",
        ratio((attempts.begun[1] - attempts.open() - kept_back) as f64, succeeded),
    );
    let known = CausesOf::of(&world.first.model);
    causes(sheet, "plans.ended_by", "plans", (&plans.by, known.plans));
    causes(sheet, "calls.ended_by", "calls", (&calls.by, known.calls));
    causes(sheet, "attempts.ended_by", "attempts", (&attempts.by, known.attempts));
}

/// Plans that were completed before the recorded time.
fn completed_before(world: &World, class: Option<usize>) -> u64 {
    let before = &world.completed_before;
    class.map_or_else(|| before.iter().sum(), |class| before.get(class).copied().unwrap_or(0))
}

/// Recorded attempts that wait for a connection at the end: they have not been sent.
fn connecting(world: &World, class: Option<usize>) -> u64 {
    let waits = |call: &&Call| {
        let is_attempt = call.phase == Phase::Connecting && call.work == Work::Provider && call.recorded;
        is_attempt && class.is_none_or(|class| call.class as usize == class)
    };
    world.calls.iter().filter(waits).count() as u64
}

fn latency(sheet: &mut Sheet, tally: &ClassTally) {
    let n = tally.latencies.count() as f64;
    sheet.put("plan.latency.mean", "s", ratio(tally.latency_ns as f64 / 1e9, n));
    for (name, p) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
        sheet.put(&format!("plan.latency.{name}"), "s", seconds(&tally.latencies, p));
    }
    sheet.put("plan.latency.max", "s", tally.latencies.max().map(|ns| ns as f64 / 1e9));
}

fn seconds(quantiles: &Quantiles, p: f64) -> Option<f64> {
    quantiles.quantile(p).map(|ns| ns / 1e9)
}

fn queue_waits(sheet: &mut Sheet, world: &World, queue: usize, waits: &QueueTally) {
    let name = &world.blueprint.model.queues[queue].name;
    let metric = |what: &str| format!("queue.{name}.{what}");
    sheet.put(&metric("wait.mean"), "s", ratio(waits.wait_ns as f64 / 1e9, waits.granted as f64));
    for (what, p) in [("wait.p50", 0.5), ("wait.p95", 0.95), ("wait.p99", 0.99)] {
        sheet.put(&metric(what), "s", seconds(&waits.waits, p));
    }
    sheet.put(&metric("wait.max"), "s", waits.waits.max().map(|ns| ns as f64 / 1e9));
    sheet.count(&metric("offered"), "calls", waits.offered);
    sheet.count(&metric("admitted"), "calls", waits.granted);
    sheet.count(&metric("dropped"), "calls", waits.refused);
    sheet.count(&metric("abandoned"), "calls", waits.abandoned);
    if world.blueprint.users_leave {
        sheet.count(&metric("cancelled"), "calls", waits.cancelled);
    }
    if world.isolates.is_some() {
        sheet.count(&metric("lost"), "calls", waits.lost);
    }
    sheet.share(&metric("drop_fraction"), waits.refused, waits.offered);
    sheet.share(&metric("abandon_fraction"), waits.abandoned, waits.offered);
}

fn queue_levels(sheet: &mut Sheet, world: &World, queue: usize) {
    let model = &world.blueprint.model;
    let spec = &model.queues[queue];
    let now = world.now.nanos();
    let of_isolates = || world.queues.iter().skip(queue).step_by(model.queues.len());
    let sum = |mean: fn(&super::parts::queue::Queue, u64) -> Option<f64>| {
        of_isolates().map(|q| mean(q, now)).sum::<Option<f64>>()
    };
    let active = sum(|q, now| q.active_level.mean(now));
    let waiting = sum(|q, now| q.waiting_level.mean(now));
    let slots = f64::from(spec.max_concurrency) * f64::from(model.platform.isolates);
    let metric = |what: &str| format!("queue.{}.{what}", spec.name);
    sheet.put(&metric("active.mean"), "calls", active);
    sheet.put(&metric("queued.mean"), "calls", waiting);
    sheet.put(&metric("queued.max"), "calls", of_isolates().map(|q| q.waiting_level.max() as f64).reduce(f64::max));
    let is_fixed = world.stages.is_empty() && world.isolates.is_none() && spec.adaptive.is_none();
    let slots = if is_fixed { Some(slots) } else { sum(|q, now| q.slots_level.mean(now)) };
    if spec.adaptive.is_some() {
        sheet.put(&metric("limit.mean"), "slots", slots);
    }
    // A slot that is taken away is one until the call in it has left.
    let over = sum(|q, now| q.over_level.mean(now)).unwrap_or(0.0);
    sheet.part(&metric("utilisation"), active.zip(slots).and_then(|(active, slots)| ratio(active, slots + over)));
}

fn store_ops(sheet: &mut Sheet, world: &World, number: usize, plans: u64) {
    let store = &world.stores[number];
    let name = &store.name;
    let days = world.blueprint.horizon.since(world.blueprint.recording_from).days();
    for op in OpKind::ALL {
        let what = op.plural();
        let counts = &store.counts[op as usize];
        let metric = |suffix: &str| format!("{name}.{what}{suffix}");
        sheet.count(&metric(""), "ops", counts.accepted[1]);
        sheet.count(&metric("_attempted"), "ops", counts.attempted[1]);
        let refused = |why: Cause| counts.refused.of(why);
        let by_quota = counts.refused.of_all(Cause::is_quota);
        sheet.count(&metric("_rejected_quota"), "ops", by_quota);
        sheet.count(&metric("_rejected_key"), "ops", refused(Cause::KeySpacing));
        sheet.count(&metric("_rejected"), "ops", by_quota + refused(Cause::KeySpacing));
        sheet.count(&metric("_rejected_invocation"), "ops", counts.refused.of_all(Cause::is_invocation));
        causes(sheet, &metric(".refused_by"), "ops", (&counts.refused, of_ops(&world.first.model, number, op)));
        let spec = &world.blueprint.model.stores[number];
        let on = |what: OnExceed| spec.quotas[op as usize].iter().any(|quota| quota.on_exceed == what);
        let is_service = spec.kind == StoreKind::LogService;
        if is_service {
            sheet.count(&metric("_failed_network"), "ops", refused(Cause::Network));
        }
        if is_service || on(OnExceed::Drop) {
            sheet.count(&metric("_dropped"), "ops", refused(Cause::Dropped) + refused(Cause::ClientSilent));
        }
        if on(OnExceed::Wait) {
            sheet.count(&metric("_delayed"), "ops", store.meters[op as usize].iter().map(|m| m.waited).sum());
        }
        if let Some(others) = &store.others[op as usize] {
            sheet.count(&format!("{name}.background.{what}"), "ops", others.accepted);
            sheet.count(&format!("{name}.background.{what}_rejected"), "ops", others.refused);
        }
        sheet.put(&metric("_per_plan"), "ops", ratio(counts.accepted[1] as f64, plans as f64));
        sheet.put(&metric("_per_day.mean"), "ops/day", ratio(store.accepted_in_time(op) as f64, days));
        for nth in 0..store.meters[op as usize].len() {
            let meter = &store.meters[op as usize][nth];
            if meter.quota().window == Window::Day && nth == 0 {
                sheet.count(&metric("_per_day.max"), "ops/day", meter.used_max);
            }
            let number = if nth > 0 { format!(".{}", nth + 1) } else { String::new() };
            quota(sheet, meter, &format!("{name}.quota.{what}{number}"));
        }
    }
    store_extras(sheet, world, number);
    if world.blueprint.model.stores[number].kind == crate::model::StoreKind::Cache {
        for (what, count) in [
            ("hits", store.hits[1]),
            ("misses", store.misses[1]),
            ("evicted", store.evicted[1]),
            ("expired", store.expired[1]),
            ("lost_at_restart", store.lost_at_restart[1]),
        ] {
            sheet.count(&format!("{name}.{what}"), "ops", count);
        }
        sheet.count(&format!("{name}.puts"), "ops", store.counts[OpKind::Put as usize].accepted[1]);
    }
    let spec = &world.first.model;
    let rejects = |model: &crate::model::Model| {
        model.stores[number].key_spacing.is_some() && model.stores[number].on_key_exceed == OnKeyExceed::Reject
    };
    let rejects = spec.is_ever(rejects);
    for (at, family) in world.blueprint.families.iter().enumerate().filter(|(_, f)| f.store as usize == number) {
        let metric = format!("{name}.writes.family.{}", family.name);
        if rejects {
            sheet.count(&format!("{metric}_rejected_key"), "ops", world.family_too_soon[at]);
        }
        sheet.count(&metric, "ops", world.family_writes[at]);
    }
}

/// What only some stores have.
fn store_extras(sheet: &mut Sheet, world: &World, number: usize) {
    let (store, spec) = (&world.stores[number], &world.blueprint.model.stores[number]);
    let metric = |what: &str| format!("{}.{what}", store.name);
    // What a change sets in mid-run is measured from the start.
    if world.first.model.is_ever(|model| model.stores[number].on_key_exceed == OnKeyExceed::Overwrite) {
        sheet.count(&metric("writes_overwriting"), "ops", store.overwrites[1]);
    }
    if spec.put_stores_nothing.value() > 0.0 {
        sheet.count(&metric("puts_kept_nothing"), "ops", store.kept_nothing[1]);
    }
    if spec.storage.is_some() {
        let refused = store.counts[OpKind::Put as usize].refused.of(Cause::StoreFull);
        sheet.count(&metric("writes_rejected_full"), "ops", refused);
        sheet.put(&metric("stored.mean"), "bytes", store.stored.level().mean(world.now.nanos()));
        sheet.count(&metric("stored.max"), "bytes", store.stored.level().max());
        sheet.count(&metric("stored.end"), "bytes", store.stored.level().level());
    }
}

/// The invocations of the account.
fn requests(sheet: &mut Sheet, requests: &Requests) {
    sheet.count("platform.requests", "requests", requests.accepted[1]);
    sheet.count("platform.requests_rejected", "requests", requests.refused[1]);
    quota(sheet, &requests.meter, "platform.quota.requests");
}

/// How the windows of a quota went; of several on one op, those after the first are numbered.
fn quota(sheet: &mut Sheet, meter: &Meter, what: &str) {
    let windows = meter.windows as f64;
    let is_window = matches!(meter.quota().window, Window::Day | Window::Month | Window::Fixed(_));
    if is_window {
        let used = ratio(meter.used_sum as f64 / meter.quota().limit as f64, windows);
        sheet.put(&format!("{what}.used_fraction"), "1", used);
    }
    if matches!(meter.quota().on_exceed, OnExceed::Reject | OnExceed::Drop) {
        sheet.count(&format!("{what}.refused"), "ops", meter.kept_back);
    }
    if meter.quota().on_exceed != OnExceed::Bill {
        sheet.share(&format!("{what}.exhausted_days_fraction"), meter.exhausted, meter.windows);
        let hour = ratio(meter.exhausted_hours, meter.exhaustions as f64);
        sheet.hour(&format!("{what}.exhausted_at_hour"), hour);
        let first = meter.first_exhausted.map(|at| at.since(crate::units::Instant::START).secs());
        sheet.put(&format!("{what}.first_exhausted"), "s", first);
        if meter.quota().window == Window::Month {
            let day = ratio(meter.exhausted_days, meter.exhaustions as f64);
            sheet.put(&format!("{what}.exhausted_on_day"), "d", day);
        }
    }
}

fn logs(sheet: &mut Sheet, world: &World) {
    for (kind, name) in world.retention.kinds.iter().zip(["normal", "error"]) {
        let metric = |what: &str| format!("logs.{name}.{what}");
        sheet.count(&metric("offered"), "records", kind.offered());
        sheet.count(&metric("written"), "records", kind.written);
        let dropped = kind.dropped + kind.unfinished;
        sheet.count(&metric("lost"), "records", kind.lost());
        let known = CausesOf::of(&world.first.model).records;
        causes(sheet, &metric("lost_by"), "records", (&kind.lost_by, known));
        sheet.count(&metric("dropped"), "records", dropped);
        if world.blueprint.leaves_logs_behind {
            sheet.count(&metric("unfinished"), "records", kind.unfinished);
        }
        sheet.count(&metric("unlogged"), "records", kind.unlogged);
        sheet.count(&metric("alive"), "records", kind.alive);
        for (reason, count) in ["expired", "evicted", "lost_at_restart"].into_iter().zip(kind.gone) {
            sheet.count(&metric(reason), "records", count);
        }
        let model = &world.blueprint.model;
        if !model.readers.is_empty() || model.logging.deletes_records() {
            sheet.count(&metric("cleaned"), "records", kind.gone[3]);
        }
        if model.logging.overwrites_records() {
            sheet.count(&metric("overwritten"), "records", kind.gone[4]);
        }
        for (age, span) in AGES {
            for (what, share) in
                ["retrievable", "reachable"].into_iter().zip(both(&kind.retrievable, &kind.reachable, span))
            {
                sheet.share_of(&metric(&format!("{what}.{age}")), kind.retrievable.count(), share);
            }
        }
    }
    for (age, span) in AGES {
        sheet.surviving(&format!("logs.error.context.{age}"), &world.retention.context, span);
    }
    if let Some(index) = &world.index {
        sheet.count("logs.index.lost_updates", "entries", index.lost_updates);
    }
}

/// The shares that can be retrieved and reached at an age. Of a record that is still in the index as the run ends it is
/// not known until when it is reached, but no longer than it is there.
pub(super) fn both(retrievable: &Survival, reachable: &Survival, age: Span) -> [Option<f64>; 2] {
    let there = retrievable.surviving(age.nanos());
    [there, reachable.surviving(age.nanos()).zip(there).map(|(reachable, there)| reachable.min(there))]
}

impl ClassTally {
    fn add(&mut self, other: &ClassTally) {
        self.latencies.merge(&other.latencies);
        self.latency_ns += other.latency_ns;
        self.retried += other.retried;
        self.for_nobody += other.for_nobody;
        for (mine, theirs) in self.faults.iter_mut().zip(other.faults) {
            *mine += theirs;
        }
    }
}

impl QueueTally {
    fn add(&mut self, other: &QueueTally) {
        self.offered += other.offered;
        self.refused += other.refused;
        self.abandoned += other.abandoned;
        self.lost += other.lost;
        self.cancelled += other.cancelled;
        self.granted += other.granted;
        self.wait_ns += other.wait_ns;
        self.waits.merge(&other.waits);
    }
}
