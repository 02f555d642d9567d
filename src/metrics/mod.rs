//! Every metric that there is: its unit, what it means, which way is better, and when it exists.
//!
//! What counts in the world gives a value to a name; whoever reads, compares or explains that name asks here. A metric
//! exists by the model, never by the data, and is the same in text, JSON, objectives and baselines.
//!
//! Over replications all are combined alike: the mean of the replications in which something was observed, its 95 %
//! interval (Student's, cut to the range of the metric; of shares of things that were counted, Wilson's), the smallest
//! and the largest value.

mod find;
mod logs;
mod stores;
mod work;

pub use find::{better, is_asked, like, of, rank};

use crate::stats::Range;

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More of it is better.
    More,
    /// Less of it is better.
    Less,
}

/// What there is to say about a metric, or about all whose names have one form.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The form of its name; what is in capitals stands for a part of the model, or for one of a few words
    /// ([`PLACEHOLDERS`]).
    pub form: &'static str,
    /// `plans`, `s`, `1` (a fraction), …
    pub unit: &'static str,
    /// What values it can have.
    pub range: Range,
    /// The better way; none where neither is better by itself.
    pub better: Option<Better>,
    /// What it is, in a sentence or two.
    pub meaning: &'static str,
    /// Which models have it; empty: all that have the parts in its name.
    pub exists: &'static str,
}

impl Metric {
    const fn new(form: &'static str, unit: &'static str, range: Range, meaning: &'static str) -> Metric {
        Metric { form, unit, range, better: None, meaning, exists: "" }
    }

    /// 0 or more.
    const fn amount(form: &'static str, unit: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, unit, Range::Amount, meaning)
    }

    /// A fraction, 0 to 1.
    const fn share(form: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, "1", Range::Share, meaning)
    }

    /// A fraction that may pass 1.
    const fn ratio(form: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, "1", Range::Amount, meaning)
    }

    /// An hour of the day, 0 to 24.
    const fn hour(form: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, "h", Range::Hour, meaning)
    }

    const fn more(mut self) -> Metric {
        self.better = Some(Better::More);
        self
    }

    const fn less(mut self) -> Metric {
        self.better = Some(Better::Less);
        self
    }

    const fn exists(mut self, exists: &'static str) -> Metric {
        self.exists = exists;
        self
    }
}

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
    "provider.P.quota.attempts[.N].used_fraction",
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
pub const PLACEHOLDERS: [(&str, &str); 18] = [
    ("CAUSE", "a cause, such as `queue_full`: `capsim metrics` of a model's run names those that it has"),
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
