//! From what a replication counted to metrics with a name and a unit.

pub(crate) mod cost;
pub(crate) mod sheet;
pub(crate) mod work;

use crate::world::ledger::ClassTally;
use crate::world::measures::sheet::{Measure, Sheet};
use crate::world::measures::work::work;
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
    for class in 0..model.classes.len().max(1) {
        if model.classes.len() < 2 {
            break;
        }
        sheet.prefix = format!("class.{}.", model.classes[class].name);
        work(&mut sheet, world, Some(class), &world.ledgers[class], &world.tallies[class]);
    }
    sheet.prefix = String::new();
    world.parts.measures(&world.ending(), &mut sheet);
    crate::world::measures::cost::measures(&mut sheet, world, &all);
    sheet.count("run.events", "events", world.events);
    sheet.measures
}
