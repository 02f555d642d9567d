//! The metrics of queues.

use crate::world::ledger::tally::QueueTally;
use crate::world::measures::sheet::{Sheet, ratio, seconds};
use crate::world::state::World;

pub(crate) fn queue_waits(sheet: &mut Sheet, world: &World, queue: usize, waits: &QueueTally) {
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

pub(crate) fn queue_levels(sheet: &mut Sheet, world: &World, queue: usize) {
    let model = &world.blueprint.model;
    let spec = &model.queues[queue];
    let now = world.now.nanos();
    let of_isolates = || world.queues.iter().skip(queue).step_by(model.queues.len());
    let sum = |mean: fn(&crate::world::parts::queue::Queue, u64) -> Option<f64>| {
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
