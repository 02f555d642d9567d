//! The metrics of providers, and of the policies around them.

use super::{Sheet, ratio};
use crate::world::state::World;

/// Those of every provider that has policies.
pub(super) fn measures(sheet: &mut Sheet, world: &World) {
    let model = &world.blueprint.model;
    for (provider, tally) in model.providers.iter().zip(&world.policies.tallies) {
        if provider.breaker.is_some() {
            let metric = |what: &str| format!("breaker.{}.{what}", provider.name);
            let recorded = world.blueprint.horizon.since(world.blueprint.recording_from).nanos() as f64;
            let open = ratio(tally.open_ns as f64, recorded * f64::from(model.platform.isolates));
            sheet.put(&metric("open_fraction"), "1", open);
            sheet.count(&metric("trips"), "trips", tally.trips);
            sheet.count(&metric("refused"), "attempts", tally.refused);
        }
    }
}
