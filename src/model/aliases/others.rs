//! Aliases in all other sections: traffic, laws, stores, the run, the model as a whole.

use super::row::Row;

/// Arrivals at a rate.
const RATED: &[&str] =
    &["process = \"poisson\"", "process = \"deterministic\"", "process = \"profile\"", "process = \"batch\""];
/// Laws that have a shape.
const SHAPED: &[&str] = &["dist = \"lognormal\"", "dist = \"gamma\"", "dist = \"weibull\""];
const ALL_LAWS: &[&str] = &[
    "dist = \"lognormal\"",
    "dist = \"gamma\"",
    "dist = \"weibull\"",
    "dist = \"exponential\"",
    "dist = \"constant\"",
    "dist = \"uniform\"",
    "dist = \"empirical\"",
    "dist = \"mixture\"",
];

pub(super) const ROWS: &[Row] = &[
    // Users and when they come.
    (
        &["[traffic.NAME]"],
        &[
            "rate",
            "rps",
            "qps",
            "rpm",
            "lambda",
            "per_second",
            "per_minute",
            "per_hour",
            "per_day",
            "requests_per_second",
            "load",
            "process",
        ],
        "write `arrivals`, such as { process = \"poisson\", per_day = 100 }",
    ),
    (
        &["[traffic.NAME]"],
        &["users", "vus", "clients", "concurrency", "think", "think_time"],
        "write `arrivals`, such as { process = \"closed\", users = 10, think = \"30s\" }",
    ),
    (
        &["[traffic.NAME]"],
        &["timeout", "timeout_ms", "max_wait", "ttl", "deadline"],
        "write `patience` for how long they wait in a queue, or `leaves_after` for how long they stay at all",
    ),
    (
        &["[traffic.NAME]"],
        &["retries", "max_retries", "max_attempts"],
        "write `retry` for users who come back; retries of calls stand in [retry.NAME]",
    ),
    (&["[traffic.NAME]"], &["spikes", "burst", "bursts"], "write [[traffic.NAME.spike]] with `at`, `for` and `factor`"),
    (
        RATED,
        &["rate", "lambda", "rps", "qps", "tps", "requests_per_second", "per_sec"],
        "write `per_second`, or `per_minute`, `per_hour`, `per_day`",
    ),
    (RATED, &["rpm", "per_min", "requests_per_minute"], "write `per_minute`"),
    (RATED, &["rph", "hourly", "requests_per_hour"], "write `per_hour`"),
    (RATED, &["rpd", "daily", "plans_per_day", "requests_per_day", "a_day"], "write `per_day`"),
    (
        RATED,
        &["interval", "every", "mean", "mean_ms", "gap", "interarrival", "mean_interarrival"],
        "write a rate: `per_second`, `per_minute`, `per_hour` or `per_day`",
    ),
    (
        RATED,
        &["users", "vus", "clients", "think", "concurrency"],
        "users who wait for their answer are `process = \"closed\"`",
    ),
    (&["process = \"closed\""], &["think_time", "pause", "think_ms", "delay"], "write `think`, such as \"30s\""),
    (&["process = \"closed\""], &["vus", "clients", "concurrency", "count", "n", "workers"], "write `users`"),
    (&["process = \"trace\""], &["path", "trace", "source", "filename"], "write `file`"),
    (&["process = \"batch\""], &["count", "n", "batch", "batch_size"], "write `size`"),
    // Laws.
    (SHAPED, &["p50", "p_50", "q50"], "write `median`"),
    (
        SHAPED,
        &[
            "stddev",
            "std",
            "sd",
            "std_dev",
            "stdev",
            "sigma",
            "variance",
            "var",
            "stddev_ms",
            "shape",
            "scale",
            "alpha",
            "beta",
            "k",
            "theta",
        ],
        "write `cv`, the standard deviation over the mean, with `mean`; or two quantiles",
    ),
    (
        SHAPED,
        &["mean_ms", "avg", "average", "avg_ms", "mean_s", "mu", "expected"],
        "write `mean` with its unit, such as \"250ms\"",
    ),
    (SHAPED, &["median_ms", "p50_ms"], "write `median` with its unit, such as \"250ms\""),
    (
        SHAPED,
        &["p90_ms", "p95_ms", "p99_ms", "p75", "p80", "p85", "p98", "p999", "max", "min"],
        "write two of `median`, `p90`, `p95`, `p99`, each with its unit",
    ),
    (
        &["dist = \"exponential\""],
        &["mean_ms", "avg", "average", "lambda", "rate", "mean_s", "avg_ms", "scale", "p50", "median", "cv"],
        "write `mean` with its unit, such as \"250ms\"",
    ),
    (
        &["dist = \"constant\""],
        &["mean", "ms", "value_ms", "time", "mean_ms", "seconds", "latency"],
        "write `value` with its unit, such as \"250ms\"",
    ),
    (
        &["dist = \"uniform\""],
        &["low", "high", "from", "to", "min_ms", "max_ms", "a", "b"],
        "write `min` and `max` with their unit",
    ),
    (
        &["dist = \"empirical\""],
        &["values", "samples", "data", "points", "p50", "p95"],
        "write `quantiles`, such as [[0.5, \"4s\"], [0.95, \"11s\"]], or `file`",
    ),
    (ALL_LAWS, &["unit"], "a duration says its unit itself, such as \"250ms\""),
    // Stores, caches, databases, limiters.
    (&["[store.NAME]"], &["ttl_s", "ttl_ms", "expiry", "expires", "expire", "max_age"], "write `ttl`, such as \"24h\""),
    (
        &["[store.NAME]"],
        &["size", "max_size", "limit", "memory"],
        "write `capacity` for where the oldest go, or `storage` for a limit",
    ),
    (
        &["[store.NAME]"],
        &[
            "reads_per_day",
            "writes_per_day",
            "lists_per_day",
            "deletes_per_day",
            "quotas",
            "rpm",
            "rate_limit",
            "writes",
            "reads",
        ],
        "write `quota`, such as { writes = { limit = 1000 } }",
    ),
    (&["[store.NAME]"], &["type"], "write `kind`"),
    (&["[[tiers.NAME.tier]]"], &["expiry", "expires", "max_age", "ttl_s", "ttl_ms", "cache_ttl"], "write `ttl`"),
    (
        &["[tiers.NAME]"],
        &["expiry", "expires", "max_age", "ttl_s", "ttl_ms", "cache_ttl"],
        "give each [[tiers.NAME.tier]] its own `ttl`",
    ),
    (&["[tiers.NAME]"], &["tiers", "levels", "caches"], "write [[tiers.NAME.tier]]"),
    (&["[d1.NAME]"], &["timeout", "timeout_ms", "patience"], "write `max_wait`"),
    (&["[d1.NAME]"], &["size", "queue", "queue_size", "depth"], "write `max_queue`"),
    (
        &["[d1.NAME]"],
        &["concurrency", "max_concurrency", "workers", "slots"],
        "a database does one operation at a time; leave this out",
    ),
    (
        &["[limiter.NAME]"],
        &["max", "rate", "rpm", "rps", "quota", "requests"],
        "write `limit` and `window`: limit = 30, window = \"1m\"",
    ),
    (&["[limiter.NAME]"], &["daily", "requests_per_day"], "write `per_day`"),
    (&["[limiter.NAME]"], &["per", "period", "interval", "every"], "write `window`: \"day\" or a duration"),
    (&["a quota", "quota of a provider"], &["max", "count", "rate", "amount"], "write `limit`"),
    (&["quota of a store"], &["max", "count", "rate", "amount"], "name the operation: writes = { limit = … }"),
    (
        &["a quota", "quota of a provider"],
        &["per", "period", "interval", "every"],
        "write `window`: \"day\", \"month\" or a duration",
    ),
    (&["[logging]"], &["ttl", "expiry", "cache_expiry"], "write `cache_ttl`"),
    (&["[reads.NAME]"], &["ttl", "cache_ttl"], "write `memory_ttl`"),
    (&["[reads.NAME]"], &["count", "n", "keys", "reads"], "write `per_plan` or `per_call`"),
    // The run and the whole.
    (&["[run]"], &["duration", "days", "length", "time", "period", "simulate"], "write `horizon`, such as \"30d\""),
    (&["[run]"], &["reps", "runs", "iterations", "repetitions", "n", "replicas"], "write `replications`"),
    (&["[run]"], &["warm_up", "burn_in", "ramp_up"], "write `warmup`"),
    (
        &["[run]"],
        &["threads", "workers", "jobs", "parallel"],
        "the number of threads belongs to the command line: --jobs N",
    ),
    (
        &["the model"],
        &["queues", "providers", "stores", "workflows", "retries", "breakers", "limiters", "objective", "readers"],
        "a section is named in the singular, with the name of the part: [queue.NAME], [provider.NAME], [store.NAME], [workflow.NAME], [retry.NAME]; but `objectives`",
    ),
    (&["the model"], &["slo", "slos", "sla", "targets", "goals", "thresholds"], "write [objectives]"),
    (&["the model"], &["arrivals", "users", "classes", "class", "load"], "write [traffic.NAME]"),
    (&["the model"], &["steps", "plan", "step"], "write [workflow.NAME] with `steps`"),
    (
        &["the model"],
        &["cache", "caches"],
        "write [store.NAME] for a cache of logs, or [tiers.NAME] for one in front of a provider",
    ),
    (&["the model"], &["database", "db"], "write [d1.NAME]"),
    (&["the model"], &["simulation", "settings", "config", "seed", "horizon", "replications"], "write [run]"),
    (
        &["an objective"],
        &["lt", "le", "lte", "below", "less_than", "at_most", "maximum", "upper", "target", "value", "threshold"],
        "write `max`",
    ),
    (&["an objective"], &["gt", "ge", "gte", "above", "more_than", "at_least", "minimum", "lower"], "write `min`"),
];
