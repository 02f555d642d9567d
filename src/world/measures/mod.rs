//! From what a replication counted to metrics with a name and a unit.

pub(crate) mod cost;
pub(crate) mod diagnostics;
pub(crate) mod invocations;
pub(crate) mod logs;
pub(crate) mod parts;
pub(crate) mod providers;
pub(crate) mod queues;
pub(crate) mod readers;
pub(crate) mod sheet;
pub(crate) mod stores;
pub(crate) mod work;

use crate::world::ledger::tally::{ClassTally, QueueTally};
use crate::world::measures::diagnostics::diagnostics;
use crate::world::measures::logs::logs;
use crate::world::measures::queues::{queue_levels, queue_waits};
use crate::world::measures::sheet::{Measure, Sheet};
use crate::world::measures::stores::{requests, store_ops};
use crate::world::measures::work::{retrials, work};
use crate::world::state::World;

/// All metrics of a replication that has ended. Which there are follows from the model alone, never from what was
/// counted: replications are combined by these names.
pub(crate) fn measures(world: &World) -> Vec<Measure> {
    let model = &world.blueprint.model;
    let mut sheet = Sheet { prefix: String::new(), measures: Vec::new() };
    let all = world.ledger();
    let mut tally = ClassTally::default();
    for of_class in &world.tallies {
        tally.add(of_class);
    }
    work(&mut sheet, world, None, &all, &tally);
    if let Some(back) = &world.retrials {
        retrials(&mut sheet, &back.tallies, all.plans.begun[1]);
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
        if let Some(back) = world.retrials.as_ref().filter(|_| model.classes[class].comeback.is_some()) {
            retrials(&mut sheet, &back.tallies[class..=class], world.ledgers[class].plans.begun[1]);
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
    crate::world::measures::invocations::measures(&mut sheet, world, all.plans.begun[1]);
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
    crate::world::measures::readers::reach(&mut sheet, world);
    crate::world::measures::cost::measures(&mut sheet, world, &all);
    sheet.count("run.events", "events", world.events);
    sheet.measures
}
