//! Parts with a behaviour of their own: a database that does one operation at a time, a cache of limited size.

use super::case::{Case, stable};
use crate::theory::cache::{fifo_hits, lru_hits, renewed_ttl_hits, ttl_hits};
use crate::theory::queues::{md1_wait, mmck};

const HITS: &str = "tiers.speech.memory.hit_fraction";

pub(super) fn cases() -> Vec<Case> {
    [databases(), lookups()].into_iter().flatten().collect()
}

fn databases() -> Vec<Case> {
    let case = |name, set: &[&str]| {
        Case::new("D1", name, "database", set).quick(&["run.replications=20", "run.horizon=6h", "run.warmup=30m"])
    };
    // Of five accepted operations one is being done.
    let full = mmck(1, 4, 0.9, 1.0);
    vec![
        case("d1", &[])
            .law("overloaded", "the loss of M/M/1/5", "d1.db.overloaded_fraction", full.loss)
            .law("wait", "the wait of M/M/1/5", "d1.db.wait.mean", full.wait)
            .law("utilisation", "ρ(1 − loss)", "d1.db.utilisation", full.active),
        case("d1_constant", &["d1.db={latency=\"1s\"}", "traffic.user.arrivals.per_second=0.7"]).law(
            "wait",
            "without a limit M/D/1",
            "d1.db.wait.mean",
            stable(md1_wait(0.7, 1.0)),
        ),
    ]
}

fn lookups() -> Vec<Case> {
    let case = |topic, name, set: &[&str]| {
        Case::new(topic, name, "lookup", set).quick(&["run.replications=20", "run.horizon=6h"])
    };
    let shares = [0.4, 0.3, 0.2, 0.1];
    let fifo = "tiers.speech.tier=[{name=\"memory\",entries=2,evict=\"fifo\"}]";
    let alike = "tiers.speech.keys={law=\"same\"}";
    let aged = |from: &str| format!("tiers.speech.tier=[{{name=\"memory\",ttl=\"2s\",ttl_from=\"{from}\"}}]");
    vec![
        case("Caches of limited size", "cache_lru", &[]).law("hits", "King's product form", HITS, lru_hits(&shares, 2)),
        case("Caches of limited size", "cache_fifo", &[fifo]).law(
            "hits",
            "first in, first out",
            HITS,
            fifo_hits(&shares, 2),
        ),
        case("Caches with a TTL", "ttl_from_write", &[alike, &aged("write")]).law(
            "hits",
            "λT/(1 + λT)",
            HITS,
            ttl_hits(1.0, 2.0),
        ),
        case("Caches with a TTL", "ttl_from_read", &[alike, &aged("read")]).law(
            "hits",
            "1 − e^(−λT)",
            HITS,
            renewed_ttl_hits(1.0, 2.0),
        ),
    ]
}
