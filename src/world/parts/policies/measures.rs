//! The metrics of providers, and of the policies around them.

use super::{LAYERS, Policies, PolicyTally};
use crate::model::{Provider, Step};
use crate::world::ledger::{Cause, of_provider};
use crate::world::measures::sheet::{Sheet, causes, quantiles, ratio};
use crate::world::part::Ending;

/// The names of the layers of retries, the outermost first.
const LAYER_NAMES: [&str; LAYERS] = ["application", "sdk", "proxy"];

pub(super) fn of_providers(policies: &Policies, ending: &Ending, sheet: &mut Sheet) {
    let model = ending.model();
    for (number, (provider, tally)) in model.providers.iter().zip(&policies.tallies).enumerate() {
        if provider.breaker.is_some() {
            breaker(sheet, ending, &provider.name, tally);
        }
        server(sheet, (policies, ending), number, tally);
        if let Some(times) = &policies.first_token_times[number] {
            quantiles(sheet, &format!("provider.{}.first_token", provider.name), times);
        }
        retries(sheet, provider, tally);
        let steps = || model.workflows.iter().flat_map(|workflow| &workflow.steps);
        let is_first = |step: &Step| step.shares().iter().any(|(id, _)| id.index() == number);
        let goes_on = |step: &Step| step.fallback.iter().rev().skip(1).any(|id| id.index() == number);
        if steps().any(|step| !step.fallback.is_empty() && (is_first(step) || goes_on(step))) {
            sheet.count(&format!("provider.{}.fell_back", provider.name), "calls", tally.fell_back);
        }
        let cools = |step: &Step| step.pool.as_ref().is_some_and(|pool| pool.cool_down.is_some()) && is_first(step);
        if steps().any(cools) {
            sheet.count(&format!("provider.{}.cooled_down", provider.name), "times", tally.cooled_down);
        }
        if provider.hedge.is_some() {
            sheet.count(&format!("hedge.{}.sent", provider.name), "attempts", tally.hedges);
            sheet.count(&format!("hedge.{}.won", provider.name), "attempts", tally.hedges_won);
        }
    }
}

fn breaker(sheet: &mut Sheet, ending: &Ending, name: &str, tally: &PolicyTally) {
    let metric = |what: &str| format!("breaker.{name}.{what}");
    // Of the time of all isolates that were there.
    sheet.part(&metric("open_fraction"), ratio(tally.open_ns as f64, ending.isolate_ns));
    sheet.count(&metric("trips"), "trips", tally.trips);
    sheet.count(&metric("refused"), "attempts", tally.refused);
}

/// The four ledgers of an attempt: useful, counted against the limits, billed, and holding a place at the provider.
fn server(sheet: &mut Sheet, (policies, ending): (&Policies, &Ending), number: usize, tally: &PolicyTally) {
    let Some(server) = &policies.servers[number] else { return };
    let metric = |what: &str| format!("provider.{}.{what}", ending.model().providers[number].name);
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
    let spec = &ending.model().providers[number].server;
    if spec.as_ref().is_some_and(|spec| spec.slopes.iter().any(Option::is_some)) {
        sheet.count(&metric("attempts.slowed_down"), "attempts", server.refused.of(Cause::Growth));
    }
    let known = of_provider(&ending.first.model, number);
    causes(sheet, &metric("attempts.refused_by"), "attempts", (&server.refused, known));
    if known.without(Cause::Outage) != Default::default() {
        for (hour, &refused) in server.refused_at.iter().enumerate() {
            sheet.count(&metric(&format!("attempts.refused_at.{hour:02}h")), "attempts", refused);
        }
    }
    for (nth, (meter, of)) in server.quotas.iter().zip(server.counted()).enumerate() {
        let number = if nth > 0 { format!(".{}", nth + 1) } else { String::new() };
        crate::world::measures::sheet::quota(sheet, meter, &metric(&format!("quota.{}{number}", of.name())));
    }
    sheet.put(&metric("in_flight.mean"), "attempts", server.in_flight.mean(ending.now.nanos()));
    sheet.count(&metric("in_flight.max"), "attempts", server.in_flight.max());
    let abandoned = ratio(tally.abandoned_ns as f64, ending.recorded().nanos() as f64);
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
