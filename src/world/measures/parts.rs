//! The metrics of parts with a behaviour of their own: tiers of caches, databases, rate limiters.

use crate::world::measures::sheet::{Sheet, quantiles, ratio};
use crate::world::parts::d1::D1;
use crate::world::parts::limiter::Limiter;
use crate::world::parts::tiers::Tiers;
use crate::world::state::World;

pub(crate) fn measures(sheet: &mut Sheet, world: &World) {
    let model = &world.blueprint.model;
    for (tiers, spec) in world.tiers.iter().zip(&model.tiers) {
        of_tiers(sheet, tiers, spec);
    }
    for (db, spec) in world.d1.iter().zip(&model.d1) {
        of_database(sheet, db, &spec.name, world.now.nanos());
    }
    for (limiter, spec) in world.limiters.iter().zip(&model.limiters) {
        of_limiter(sheet, limiter, &spec.name);
    }
}

fn of_limiter(sheet: &mut Sheet, limiter: &Limiter, name: &str) {
    for (what, count) in [
        ("checked", limiter.checked[1]),
        ("admitted", limiter.admitted[1]),
        ("admitted_over", limiter.over[1]),
        ("refused", limiter.refused[1]),
        ("lost_updates", limiter.lost_updates[1]),
        ("reads_failed", limiter.unreadable[1]),
        ("writes_failed", limiter.unwritten[1]),
    ] {
        sheet.count(&format!("limiter.{name}.{what}"), "requests", count);
    }
    sheet.share(&format!("limiter.{name}.refused_fraction"), limiter.refused[1], limiter.checked[1]);
}

fn of_tiers(sheet: &mut Sheet, tiers: &Tiers, spec: &crate::model::Tiers) {
    let metric = |what: &str| format!("tiers.{}.{what}", spec.name);
    let mut hits = 0;
    for (at, tier) in spec.tiers.iter().enumerate() {
        let metric = |what: &str| metric(&format!("{}.{what}", tier.name));
        let gone = tiers.gone(at);
        hits += tiers.hits[at][1];
        sheet.count(&metric("hits"), "lookups", tiers.hits[at][1]);
        sheet.count(&metric("misses"), "lookups", tiers.misses[at][1]);
        sheet.share(&metric("hit_fraction"), tiers.hits[at][1], tiers.hits[at][1] + tiers.misses[at][1]);
        sheet.count(&metric("evicted"), "entries", gone.evicted);
        sheet.count(&metric("expired"), "entries", gone.expired);
        sheet.count(&metric("lost_at_restart"), "entries", gone.lost);
        sheet.count(&metric("held"), "entries", tiers.held(at));
    }
    sheet.count(&metric("lookups"), "lookups", tiers.lookups[1]);
    sheet.share(&metric("hit_fraction"), hits, tiers.lookups[1]);
    sheet.count(&metric("computed"), "computations", tiers.computed[1]);
    sheet.count(&metric("joined"), "lookups", tiers.joined[1]);
    sheet.count(&metric("stampeded"), "computations", tiers.stampeded[1]);
    let latencies = &tiers.latencies;
    sheet.put(&metric("latency.mean"), "s", ratio(tiers.latency_ns as f64 / 1e9, latencies.count() as f64));
    quantiles(sheet, &metric("latency"), latencies);
}

fn of_database(sheet: &mut Sheet, db: &D1, name: &str, now: u64) {
    let metric = |what: &str| format!("d1.{name}.{what}");
    let overloaded = db.refused[1] + db.too_late[1];
    for (what, count) in [
        ("ops", db.done[1]),
        ("ops_attempted", db.attempted[1]),
        ("ops_accepted", db.accepted[1]),
        ("ops_overloaded", overloaded),
        ("ops_retried", db.retried),
        ("ops_exhausted", db.exhausted),
    ] {
        sheet.count(&metric(what), "ops", count);
    }
    sheet.share(&metric("overloaded_fraction"), overloaded, db.attempted[1]);
    sheet.share(&metric("exhausted_fraction"), db.exhausted, db.done[1] + db.exhausted);
    sheet.put(&metric("wait.mean"), "s", ratio(db.wait_ns as f64 / 1e9, db.waits.count() as f64));
    quantiles(sheet, &metric("wait"), &db.waits);
    sheet.put(&metric("unfinished.mean"), "ops", db.unfinished.mean(now));
    sheet.count(&metric("unfinished.max"), "ops", db.unfinished.max());
    sheet.part(&metric("utilisation"), db.busy.mean(now));
}
