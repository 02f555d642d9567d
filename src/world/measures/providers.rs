//! The metrics of providers, and of the policies around them.

use crate::model::Provider;
use crate::world::ledger::cause::Cause;
use crate::world::ledger::causes_of::of_provider;
use crate::world::measures::sheet::{Sheet, causes, ratio};
use crate::world::state::World;
use crate::world::state::policies::{LAYERS, PolicyTally};

/// The names of the layers of retries, the outermost first.
const LAYER_NAMES: [&str; LAYERS] = ["application", "sdk", "proxy"];

/// Those of every provider that has policies.
pub(crate) fn measures(sheet: &mut Sheet, world: &World) {
    let model = &world.blueprint.model;
    for (number, (provider, tally)) in model.providers.iter().zip(&world.policies.tallies).enumerate() {
        if provider.breaker.is_some() {
            breaker(sheet, world, &provider.name, tally);
        }
        server(sheet, world, number, tally);
        retries(sheet, provider, tally);
        let steps = || model.workflows.iter().flat_map(|workflow| &workflow.steps);
        if steps().any(|step| step.fallback.is_some() && step.provider().is_some_and(|id| id.index() == number)) {
            sheet.count(&format!("provider.{}.fell_back", provider.name), "calls", tally.fell_back);
        }
        if provider.hedge.is_some() {
            sheet.count(&format!("hedge.{}.sent", provider.name), "attempts", tally.hedges);
            sheet.count(&format!("hedge.{}.won", provider.name), "attempts", tally.hedges_won);
        }
    }
}

fn recorded_ns(world: &World) -> f64 {
    world.blueprint.horizon.since(world.blueprint.recording_from).nanos() as f64
}

fn breaker(sheet: &mut Sheet, world: &World, name: &str, tally: &PolicyTally) {
    let metric = |what: &str| format!("breaker.{name}.{what}");
    // Of the time of all isolates that were there.
    let time = match &world.isolates {
        Some(isolates) => isolates.alive.area(world.now.nanos()) as f64,
        None => recorded_ns(world) * f64::from(world.blueprint.model.platform.isolates),
    };
    sheet.part(&metric("open_fraction"), ratio(tally.open_ns as f64, time));
    sheet.count(&metric("trips"), "trips", tally.trips);
    sheet.count(&metric("refused"), "attempts", tally.refused);
}

/// The four ledgers of an attempt: useful, counted against the limits, billed, and holding a place at the provider.
fn server(sheet: &mut Sheet, world: &World, number: usize, tally: &PolicyTally) {
    let Some(server) = &world.policies.servers[number] else { return };
    let metric = |what: &str| format!("provider.{}.{what}", world.blueprint.model.providers[number].name);
    for (what, count) in [
        ("attempts.sent", tally.sent),
        ("attempts.refused", tally.turned_away),
        ("attempts.useful", tally.useful),
        ("attempts.counted", tally.counted),
        ("attempts.billed", tally.billed),
        ("attempts.abandoned", tally.abandoned),
        ("attempts.busiest_minute", server.busiest_minute),
    ] {
        sheet.count(&metric(what), "attempts", count);
    }
    let spec = &world.blueprint.model.providers[number].server;
    if spec.as_ref().is_some_and(|spec| spec.slopes.iter().any(Option::is_some)) {
        sheet.count(&metric("attempts.slowed_down"), "attempts", server.refused.of(Cause::Growth));
    }
    let known = of_provider(&world.first.model, number);
    causes(sheet, &metric("attempts.refused_by"), "attempts", (&server.refused, known));
    if known.without(Cause::Outage) != Default::default() {
        for (hour, &refused) in server.refused_at.iter().enumerate() {
            sheet.count(&metric(&format!("attempts.refused_at.{hour:02}h")), "attempts", refused);
        }
    }
    for (nth, meter) in server.quotas.iter().enumerate() {
        let number = if nth > 0 { format!(".{}", nth + 1) } else { String::new() };
        crate::world::measures::sheet::quota(sheet, meter, &metric(&format!("quota.attempts{number}")));
    }
    sheet.put(&metric("in_flight.mean"), "attempts", server.in_flight.mean(world.now.nanos()));
    sheet.count(&metric("in_flight.max"), "attempts", server.in_flight.max());
    let abandoned = ratio(tally.abandoned_ns as f64, recorded_ns(world));
    sheet.put(&metric("in_flight.abandoned"), "attempts", abandoned);
}

fn retries(sheet: &mut Sheet, provider: &Provider, tally: &PolicyTally) {
    let metric = |what: &str| format!("retry.{}.{what}", provider.name);
    let layers = [true, provider.inner[0].is_some(), provider.inner[1].is_some()];
    if layers[1] || layers[2] {
        for ((name, tries), _) in LAYER_NAMES.iter().zip(tally.tries).zip(layers).filter(|(_, exists)| *exists) {
            sheet.count(&metric(&format!("{name}.tries")), "attempts", tries);
            let per_success = ratio(tries as f64, tally.useful as f64);
            sheet.put(&metric(&format!("{name}.per_success")), "attempts", per_success);
        }
    }
    if provider.budget.is_some() {
        sheet.count(&metric("over_budget"), "calls", tally.over_budget);
    }
    if provider.deadline.is_some() {
        sheet.count(&metric("past_deadline"), "calls", tally.past_deadline);
    }
}
