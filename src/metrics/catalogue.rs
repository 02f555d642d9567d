//! The catalogue of all metrics.

use super::metric::Metric;
use super::{logs, stores, work};

/// A part of the catalogue, with its title.
pub const CATALOGUE: [(&str, &[Metric]); 3] = [
    ("Plans, calls, queues, providers", work::METRICS),
    ("Stores, platform, cost", stores::METRICS),
    ("Logs and their readers", logs::METRICS),
];

/// The forms of the metrics that people ask for first, the most important first.
pub const FIRST: [&str; 29] = [
    "plans.per_day",
    "plans.failed_fraction",
    "plans.overloaded_fraction",
    "plan.latency.p50",
    "plan.latency.p95",
    "logs.error.retrievable.3d",
    "logs.error.reachable.3d",
    "logs.error.context.3d",
    "cost.month",
    "attempts.per_success",
    "S.OPS_rejected",
    "queue.Q.drop_fraction",
    "queue.Q.wait.p95",
    "queue.Q.utilisation",
    "S.quota.OPS[.N].used_fraction",
    "provider.P.attempts.refused",
    "provider.P.quota.COUNTED[.N].used_fraction",
    "limiter.L.refused_fraction",
    "d1.D.overloaded_fraction",
    "d1.D.wait.p95",
    "tiers.T.hit_fraction",
    "breaker.P.open_fraction",
    "plans.lost",
    "plans.left",
    "logfile.F.reach_back.p50",
    "reader.R.logs.error.reachable.3d",
    "diagnostics.blind_fraction",
    "invocation.connections.wait.max",
    "S.writes_per_day.mean",
];

/// What stands for a part of the model, or one of a few words.
pub const PLACEHOLDERS: [(&str, &str); 19] = [
    ("CAUSE", "a cause, such as `queue_full`: `capsim metrics` of a model's run names those that it has"),
    ("COUNTED", "`attempts`, `tokens`, `input_tokens`, `output_tokens`, `units`: what the quota counts"),
    ("DIRECTION", "`input`, `output`"),
    ("QUANTILE", "`p05`, `p50`, `p90`, `p95`, `p99`"),
    ("LAYER", "`application`, `sdk`, `proxy`"),
    ("LEVEL", "`mean`, `max`"),
    ("HOUR", "`00h` to `23h`"),
    ("KIND", "`normal`, `error`"),
    ("TIER", "a tier of the tiers"),
    ("AGE", "`10s` and `1m` (readers only), `1h`, `24h`, `3d`, `7d`, `30d`"),
    ("JOB", "`gets`, `exports`, `cleanups`"),
    ("KEY", "a kind of key, such as `index`"),
    ("OPS", "`reads`, `writes`, `deletes`, `lists`"),
    ("Q", "a queue, `[queue.Q]`"),
    ("P", "a provider, `[provider.P]`"),
    ("S", "a store, `[store.S]`"),
    ("T", "tiers of caches, `[tiers.T]`"),
    ("N", "a number from 2"),
    ("L, D, F, R", "a limiter, a database, a log file, a reader"),
];
