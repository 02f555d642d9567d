//! What is kept and what is forgotten: memory caches, and the records of a log.

use super::case::Case;
use crate::theory::cache::{record_survives, ttl_hits};
use crate::theory::counting::poisson_at_most;

const AFTER_1H: &str = "logs.normal.retrievable.1h";

pub(super) fn cases() -> Vec<Case> {
    [memory(), records()].into_iter().flatten().collect()
}

fn memory() -> Vec<Case> {
    let reads = |name, set: &[&str]| {
        Case::new("Caches with a TTL", name, "reads", set).quick(&["run.replications=20", "run.horizon=12h"])
    };
    vec![
        reads("memory", &[]).law("misses", "1/(1 + λT)", "kv.reads_per_plan", 1.0 - ttl_hits(0.05, 60.0)),
        reads("memory_isolates", &["platform.isolates=5", "reads.configuration.per_plan=3"]).law(
            "misses",
            "each isolate sees a fifth of the plans; three keys",
            "kv.reads_per_plan",
            3.0 * (1.0 - ttl_hits(0.01, 60.0)),
        ),
    ]
}

fn records() -> Vec<Case> {
    let logs = |name, set: &[&str]| {
        Case::new("Retention", name, "logs", set).quick(&["run.replications=20", "run.horizon=5d"])
    };
    let survives =
        |evictions: f64, restarts: f64| record_survives(3600.0, 72_000.0, evictions / 3600.0, restarts / 86_400.0);
    vec![
        logs("ttl", &[]).law("young", "nothing is lost before the TTL", AFTER_1H, 1.0).law(
            "old",
            "and all is at it",
            "logs.normal.retrievable.24h",
            0.0,
        ),
        logs("pressure", &["store.cache.evictions_per_hour=0.3"]).law(
            "survives",
            "e^(−ha)",
            AFTER_1H,
            survives(0.3, 0.0),
        ),
        logs("restarts", &["store.cache.restarts_per_day=8"]).law("survives", "e^(−ra)", AFTER_1H, survives(0.0, 8.0)),
        logs("pressure_and_restarts", &["store.cache.evictions_per_hour=0.2", "store.cache.restarts_per_day=6"]).law(
            "survives",
            "hazards add up: e^(−(h + r)a)",
            AFTER_1H,
            survives(0.2, 6.0),
        ),
        logs("kept_nothing", &["store.cache.put_stores_nothing=0.3"]).law(
            "survives",
            "1 − p of the writes are kept",
            AFTER_1H,
            0.7,
        ),
        // Of 50 records the oldest goes when the 50th newer one comes: two a plan, 25 plans. The estimate of survival
        // counts in cells of 1/32 of an octave what the end of the run cuts off.
        logs("size", &["store.cache.capacity=50KB", "traffic.user.arrivals.per_hour=20"])
            .law("survives", "fewer than 25 plans within the hour", AFTER_1H, poisson_at_most(20.0, 24))
            .within(0.001),
    ]
}
