//! What people type instead of a key, by section: words of other tools and of other parts of a model, and the key that
//! is meant. What is only misspelt is found by its likeness, in `fields`.

/// Sections by their title, the words, and what to do instead.
type Row = (&'static [&'static str], &'static [&'static str], &'static str);

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
const LAYERS: &[&str] = &["[retry.NAME]", "a layer of retries"];

/// The first row that has both the section and the word is taken. Words are in lower case with `_`.
const ROWS: &[Row] = &[
    // Providers.
    (
        &["[provider.NAME]", "slope"],
        &["rpm", "requests_per_min", "rate_limit", "ratelimit", "rate", "max_rpm"],
        "write `requests_per_minute`",
    ),
    (&["[provider.NAME]", "slope"], &["tpm", "tokens_per_min", "max_tpm", "itpm", "otpm"], "write `tokens_per_minute`"),
    (
        &["[provider.NAME]"],
        &["rps", "qps", "rpd", "requests_per_second", "requests_per_day", "requests_per_hour", "daily_limit"],
        "write `requests_per_minute`, or a `quota` such as { limit = 1000, window = \"day\" }",
    ),
    (
        &["[provider.NAME]"],
        &[
            "timeout",
            "timeout_ms",
            "timeout_s",
            "timeout_seconds",
            "time_limit",
            "deadline",
            "read_timeout",
            "max_latency",
        ],
        "write `request_timeout`, such as \"30s\"",
    ),
    (
        &["[provider.NAME]"],
        &["concurrency", "slots", "workers", "parallel", "parallelism", "max_concurrent", "servers"],
        "write `max_concurrency` for the provider's own slots; the slots of your program are `max_concurrency` of a [queue.NAME]",
    ),
    (
        &["[provider.NAME]"],
        &["retries", "retry", "max_retries", "max_attempts", "attempts", "backoff"],
        "retries stand in [retry.NAME], by the name of the provider: `max = 2`",
    ),
    (
        &["[provider.NAME]"],
        &["breaker", "circuit_breaker", "hedge", "hedging"],
        "that stands in a section of its own, [breaker.NAME] or [hedge.NAME], by the name of the provider",
    ),
    (
        &["[provider.NAME]"],
        &[
            "mean",
            "mean_ms",
            "avg",
            "avg_ms",
            "median",
            "p50",
            "p90",
            "p95",
            "p99",
            "latency_ms",
            "latency_s",
            "response_time",
            "service_time",
            "duration",
            "dist",
        ],
        "write `latency`, such as { dist = \"lognormal\", median = \"4s\", p95 = \"11s\" }",
    ),
    (
        &["[provider.NAME]"],
        &["error_rate", "failure_rate", "error", "failures", "fail_rate", "errors_rate"],
        "write `errors`, such as { server_error = 0.01 }",
    ),
    (
        &["[provider.NAME]"],
        &["price", "cost", "pricing", "input_price", "output_price"],
        "write `prices`, such as { input_per_million = 1, output_per_million = 2 }, and `usage`",
    ),
    (&["[provider.NAME]"], &["burst", "bucket"], "write `limit_burst`"),
    (
        &["[provider.NAME]"],
        &["queue", "queue_size"],
        "write `max_queue` for the provider's own waiting places; a queue of your program is named by a step",
    ),
    (&["[provider.NAME]"], &["model"], "a provider is known by the name in its header; leave this out"),
    // Queues.
    (
        &["[queue.NAME]"],
        &[
            "concurrency",
            "slots",
            "workers",
            "worker",
            "parallel",
            "parallelism",
            "max_workers",
            "max_concurrent",
            "max_parallel",
            "servers",
            "limit",
            "threads",
            "pool_size",
        ],
        "write `max_concurrency`",
    ),
    (
        &["[queue.NAME]"],
        &[
            "capacity",
            "size",
            "max_size",
            "queue_size",
            "maxsize",
            "length",
            "max_length",
            "places",
            "depth",
            "max_depth",
            "buffer",
            "max_waiting",
            "max_pending",
            "backlog",
        ],
        "write `max_queue`",
    ),
    (
        &["[queue.NAME]"],
        &["timeout", "timeout_ms", "max_wait", "wait_timeout", "max_wait_ms", "queue_timeout", "ttl", "deadline"],
        "write `patience`, such as \"30s\"",
    ),
    (
        &["[queue.NAME]"],
        &["policy", "order", "strategy", "kind", "type"],
        "write `discipline`: \"fifo\", \"lifo\" or \"priority\"",
    ),
    (
        &["[queue.NAME]"],
        &["rpm", "rps", "qps", "rate", "rate_limit", "tpm"],
        "a queue has no rate: a provider has `requests_per_minute`",
    ),
    (
        &["[queue.NAME]"],
        &["retries", "max_retries", "max_attempts", "retry"],
        "retries stand in [retry.NAME], by the name of the provider",
    ),
    // Steps and workflows.
    (
        &["a step"],
        &["concurrency", "max_concurrency", "workers", "slots", "parallelism", "max_parallel"],
        "write `parallel` for the calls at once of this step; slots are `max_concurrency` of a [queue.NAME]",
    ),
    (&["a step"], &["count", "times", "repeat", "n", "number", "num_calls", "requests"], "write `calls`"),
    (
        &["a step"],
        &["depends_on", "needs", "requires", "depends", "dependencies", "follows", "previous"],
        "write `after`, such as after = [\"first\"]",
    ),
    (
        &["a step"],
        &["store", "kv", "storage"],
        "a step asks a `provider`, a `lookup`, a `d1` or a `limiter`; stores are read in [reads.NAME] and written by [logging]",
    ),
    (
        &["a step"],
        &["timeout", "timeout_ms", "request_timeout", "deadline", "time_limit"],
        "the time limit is `request_timeout` of its provider",
    ),
    (
        &["a step"],
        &["retries", "retry", "max_retries", "max_attempts", "attempts"],
        "retries stand in [retry.NAME], by the name of the provider: `max = 2`",
    ),
    (&["a step"], &["database", "db", "sql"], "write `d1`, the name of a [d1.NAME]"),
    (&["a step"], &["cache", "caches", "tier", "tiers"], "write `lookup`, the name of a [tiers.NAME]"),
    (
        &["a step"],
        &["model", "llm", "ai", "upstream", "backend", "service"],
        "write `provider`, the name of a [provider.NAME]",
    ),
    (
        &["a step"],
        &["duration", "service_time", "mean", "mean_ms", "latency_ms", "time"],
        "write `latency`, such as \"4s\"",
    ),
    (&["a step"], &["rate_limit", "rate_limiter", "ratelimiter"], "write `limiter`, the name of a [limiter.NAME]"),
    (
        &["a step"],
        &["max_tokens", "input_tokens", "output_tokens", "prompt_tokens"],
        "write `tokens`, all that an attempt reserves",
    ),
    (&["a step"], &["lock", "mutex"], "write `semaphore`, the name of a [queue.NAME]"),
    (&["[workflow.NAME]"], &["step", "calls", "tasks", "stages", "nodes"], "write `steps`, a list of tables"),
    (&["[workflow.NAME]"], &["on_error", "on_failure", "on_fail"], "write `on_call_error`: \"abort\" or \"continue\""),
    // Retries.
    (LAYERS, &["retries", "max_retries", "count", "limit", "retry", "n", "times"], "write `max`"),
    (
        LAYERS,
        &["max_attempts", "attempts", "tries", "max_tries"],
        "write `max`, which counts retries: the attempts less one",
    ),
    (
        LAYERS,
        &[
            "delay",
            "base",
            "initial",
            "initial_delay",
            "wait",
            "min_delay",
            "base_delay",
            "base_ms",
            "delay_ms",
            "interval",
            "factor",
            "multiplier",
            "jitter",
            "max_delay",
            "cap",
            "max_wait",
            "kind",
        ],
        "write `backoff`, such as { base = \"1s\", factor = 2, cap = \"30s\" }",
    ),
    (
        &["[retry.NAME]"],
        &["timeout", "timeout_ms", "total_timeout", "max_elapsed", "max_elapsed_time"],
        "write `deadline` for the whole call; the time limit of an attempt is `request_timeout` of its provider",
    ),
    (
        LAYERS,
        &["retry_on", "codes", "status", "statuses", "status_codes", "errors", "when"],
        "write `on`, such as [\"timeout\", \"rate_limited\"]",
    ),
    (&["[retry.NAME]"], &["retry_budget", "ratio"], "write `budget`, such as { ratio = 0.1 }"),
    (
        &["backoff"],
        &[
            "initial",
            "initial_delay",
            "delay",
            "min",
            "min_delay",
            "start",
            "base_ms",
            "base_delay",
            "delay_ms",
            "wait",
            "interval",
        ],
        "write `base`, such as \"1s\"",
    ),
    (
        &["backoff"],
        &["max", "max_delay", "limit", "maximum", "max_wait", "max_ms", "cap_ms"],
        "write `cap`, such as \"30s\"",
    ),
    (&["backoff"], &["multiplier", "exponent", "rate", "growth"], "write `factor`"),
    (
        &["backoff"],
        &["type", "strategy", "policy"],
        "write `kind`: \"none\", \"constant\", \"exponential\" or \"decorrelated\"",
    ),
    (
        &["[breaker.PROVIDER]"],
        &["threshold", "failure_threshold", "max_failures", "max_errors", "errors", "limit"],
        "write `fail_max`",
    ),
    (
        &["[breaker.PROVIDER]"],
        &[
            "timeout",
            "timeout_ms",
            "reset",
            "cooldown",
            "cool_down",
            "open_for",
            "recovery_timeout",
            "sleep_window",
            "open_duration",
            "reset_timeout_ms",
        ],
        "write `reset_timeout`",
    ),
    (
        &["[breaker.PROVIDER]"],
        &["half_open", "probes", "half_open_max_calls", "half_open_requests", "success_threshold"],
        "write `half_open_probes`",
    ),
    (
        &["[breaker.PROVIDER]"],
        &["error_rate", "failure_rate", "error_threshold", "ratio", "size", "min_calls", "length"],
        "write `window`, such as { size = 20, failure_rate = 0.5 }",
    ),
    (
        &["[hedge.PROVIDER]"],
        &["delay", "after_ms", "delay_ms", "wait", "at", "timeout"],
        "write `after`, such as \"2s\"",
    ),
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
        &["limit", "max", "rate", "rpm", "rps", "quota", "daily", "requests_per_day"],
        "write `per_day`",
    ),
    (&["a quota"], &["max", "count", "rate", "amount"], "write `limit`"),
    (&["quota of a store"], &["max", "count", "rate", "amount"], "name the operation: writes = { limit = … }"),
    (&["a quota"], &["per", "period", "interval", "every"], "write `window`: \"day\", \"month\" or a duration"),
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

/// The same in any section.
const ANYWHERE: &[(&str, &str)] = &[
    ("jobs", "the number of threads belongs to the command line: --jobs N"),
    ("rate", "a rate says its unit: per_second, per_minute, per_hour or per_day"),
    (
        "timeout",
        "the time limit of an attempt is `request_timeout` of its provider; timeouts come from it, not from `errors`",
    ),
    ("std", "a spread is given as `cv` (standard deviation over mean), or by two quantiles"),
    ("p50", "the 50 % quantile is called `median`"),
];

/// What to do instead of a key that a section does not have; nothing where nobody would guess.
pub(super) fn hint(section: &str, key: &str) -> Option<&'static str> {
    let word = snake(key);
    let here = ROWS.iter().find(|(titles, words, _)| titles.contains(&section) && words.contains(&word.as_str()));
    here.map(|row| row.2).or_else(|| ANYWHERE.iter().find(|(word, _)| *word == key).map(|(_, hint)| *hint))
}

/// `maxRetries`, `max-retries` and `MAX_RETRIES` are one word.
fn snake(key: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(if letter == '-' { '_' } else { letter.to_ascii_lowercase() });
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests;
