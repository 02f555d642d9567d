//! How invocations went.

use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::state::World;

/// How invocations went.
pub(crate) fn measures(sheet: &mut Sheet, world: &World, plans: u64) {
    let blueprint = world.blueprint;
    if blueprint.limits_external {
        sheet.count("invocation.subrequests.max", "subrequests", u64::from(world.subrequests_max));
    }
    let Some(tally) = world.invocations.as_ref().map(|invocations| &invocations.tally) else { return };
    if blueprint.connections_bind {
        sheet.count("invocation.connections.max", "connections", u64::from(tally.open_max));
        sheet.count("invocation.connections.waited", "ops", tally.waited);
        sheet.put("invocation.connections.wait.mean", "s", ratio(tally.wait_ns as f64 / 1e9, tally.opened as f64));
        sheet.put("invocation.connections.wait.max", "s", Some(tally.wait_max.secs()));
        sheet.count("invocation.connections.given_up", "attempts", tally.given_up);
    }
    if blueprint.has_tasks {
        sheet.count("invocation.wait_until.tasks", "tasks", tally.tasks);
        sheet.count("invocation.wait_until.cut", "tasks", tally.cut);
    }
    if blueprint.has_cpu {
        sheet.put("invocation.cpu.per_plan", "s", ratio(world.cpu_seconds(), plans as f64));
        sheet.count("invocation.cpu.exceeded", "invocations", tally.exceeded);
    }
}

impl World<'_> {
    /// The processor time of recorded plans, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.invocations.as_ref().map_or(0.0, |invocations| invocations.tally.cpu_ns as f64 / 1e9)
    }
}
