//! Stores and what else keeps or counts: databases, tiers of caches, limiters, the platform, and the bill.

use super::metric::Metric;

const QUOTA: &str = "Where the op has a quota; of several, those after the first are numbered.";
const BILLED: &str = "Where the platform or a provider has a price.";
const TOKENS: &str = "Where a provider's tokens have a price.";
const CACHE: &str = "Where the store is a cache.";
const SIZE: &str = "Where the store has a size.";
const CONNECTIONS: &str = "Where the invocation's connections can bind.";
const CHURN: &str = "Where isolates come and go.";

pub(super) const METRICS: &[Metric] = &[
    // Ops on a store
    Metric::amount("S.OPS", "ops", "Ops that the store accepted: kv.writes are the accepted writes."),
    Metric::amount("S.OPS_attempted", "ops", "Ops that were asked for, whatever came of them."),
    Metric::amount(
        "S.OPS_rejected",
        "ops",
        "Ops that a quota or the spacing of keys refused. What the invocation's limits refused is in \
         ..._rejected_invocation, and not in this.",
    )
    .less(),
    Metric::amount("S.OPS_rejected_quota", "ops", "Ops that a quota refused.").less(),
    Metric::amount("S.OPS_rejected_key", "ops", "Ops that came too soon after another write of the same key.").less(),
    Metric::amount(
        "S.OPS_rejected_invocation",
        "ops",
        "Ops that a limit of the invocation refused before they left it.",
    )
    .less(),
    Metric::amount("S.OPS_rejected_full", "ops", "Writes that found no room.").exists(SIZE).less(),
    Metric::amount("S.OPS.refused_by.CAUSE", "ops", "Ops that were not done, by their one cause."),
    Metric::amount("S.OPS_failed_network", "ops", "Ops that did not arrive.")
        .exists("Where the store is a log service."),
    Metric::amount("S.OPS_dropped", "ops", "Ops that were not done, and nobody was told.")
        .exists("Where a quota drops, or the store is a log service."),
    Metric::amount("S.OPS_delayed", "ops", "Ops that waited for their quota.").exists("Where a quota makes ops wait."),
    Metric::amount("S.OPS_overwriting", "ops", "Writes that came too soon, and replaced the value.")
        .exists("Where writes that come too soon replace the value."),
    Metric::amount("S.OPS_per_plan", "ops", "Ops accepted for each plan offered."),
    Metric::amount("S.OPS_per_day.mean", "ops/day", "Ops accepted a day, on average over the recorded time."),
    Metric::amount("S.OPS_per_day.max", "ops/day", "The most of a day of the quota, other programs' included.")
        .exists("Where the op has a daily quota."),
    Metric::amount("S.background.OPS", "ops", "Ops of other programs on the same quota that were accepted.")
        .exists("Where other programs use the quota."),
    Metric::amount("S.background.OPS_rejected", "ops", "Ops of other programs on the same quota that were refused.")
        .less()
        .exists("Where other programs use the quota."),
    Metric::amount("S.puts_kept_nothing", "ops", "Writes that were answered, and nothing kept.")
        .exists("Where the store can keep nothing."),
    Metric::amount("S.writes.family.KEY", "ops", "Writes accepted, by the kind of key."),
    Metric::amount(
        "S.writes.family.KEY_rejected_key",
        "ops",
        "Writes that came too soon after another of the same key, by the kind of key.",
    )
    .exists("Where the store refuses such writes.")
    .less(),
    Metric::amount("S.stored.mean", "bytes", "Bytes in the store, over time.").exists(SIZE),
    Metric::amount("S.stored.max", "bytes", "The most bytes in the store at once.").exists(SIZE),
    Metric::amount("S.stored.end", "bytes", "Bytes in the store at the end.").exists(SIZE),
    Metric::amount("S.hits", "ops", "Reads that found something.").more().exists(CACHE),
    Metric::amount("S.misses", "ops", "Reads that found nothing.").exists(CACHE),
    Metric::amount("S.evicted", "ops", "Entries that went because something else needed their place.").exists(CACHE),
    Metric::amount("S.expired", "ops", "Entries that went at the end of their TTL.").exists(CACHE),
    Metric::amount("S.lost_at_restart", "ops", "Entries that went at a restart.").less().exists(CACHE),
    Metric::amount("S.puts", "ops", "Entries that were put in.").exists(CACHE),
    // Quotas, of stores, of providers (attempts) and of the account (requests)
    Metric::ratio(
        "S.quota.OPS[.N].used_fraction",
        "How much of the limit a window uses, on average; over 100 % where more is billed.",
    )
    .less()
    .exists(QUOTA),
    Metric::amount("S.quota.OPS[.N].refused", "ops", "Ops that this quota refused or dropped.").exists(QUOTA),
    Metric::share("S.quota.OPS[.N].exhausted_days_fraction", "The share of windows in which the quota was used up.")
        .less()
        .exists(QUOTA),
    Metric::hour("S.quota.OPS[.N].exhausted_at_hour", "The hour of the day at which it was used up, on average.")
        .exists(QUOTA),
    Metric::amount(
        "S.quota.OPS[.N].exhausted_on_day",
        "d",
        "The day of the month on which it was used up, on average.",
    )
    .exists("Where the quota is monthly."),
    Metric::amount(
        "S.quota.OPS[.N].first_exhausted",
        "s",
        "From the start of a replication until it was first used up.",
    )
    .exists(QUOTA)
    .more(),
    Metric::ratio("provider.P.quota.COUNTED[.N].used_fraction", "How much of the limit a window uses, on average.")
        .less()
        .exists("Where the provider has a quota."),
    Metric::amount("provider.P.quota.COUNTED[.N].refused", "ops", "Attempts that this quota refused.")
        .exists("Where the provider has a quota."),
    Metric::share(
        "provider.P.quota.COUNTED[.N].exhausted_days_fraction",
        "The share of windows in which it was used up.",
    )
    .less()
    .exists("Where the provider has a quota."),
    Metric::hour(
        "provider.P.quota.COUNTED[.N].exhausted_at_hour",
        "The hour of the day at which it was used up, on average.",
    )
    .exists("Where the provider has a quota."),
    Metric::amount(
        "provider.P.quota.COUNTED[.N].exhausted_on_day",
        "d",
        "The day of the month on which it was used up, on average.",
    )
    .exists("Where the quota is monthly."),
    Metric::amount(
        "provider.P.quota.COUNTED[.N].first_exhausted",
        "s",
        "From the start of a replication until it was first used up.",
    )
    .exists("Where the provider has a quota."),
    // Tiers of caches.more(),
    Metric::amount("tiers.T.lookups", "lookups", "Lookups.").exists(TIERS),
    Metric::share("tiers.T.hit_fraction", "The share of lookups that found the value in one of the tiers.")
        .more()
        .exists(TIERS),
    Metric::amount("tiers.T.computed", "computations", "Values that had to be computed.").exists(TIERS),
    Metric::amount("tiers.T.joined", "lookups", "Lookups that waited for a computation that was under way.")
        .exists(TIERS),
    Metric::amount("tiers.T.stampeded", "computations", "Computations of a value that was being computed already.")
        .exists(TIERS),
    Metric::amount("tiers.T.latency.mean", "s", "From a lookup until its value is there.").less().exists(TIERS),
    Metric::amount(
        "tiers.T.latency.QUANTILE",
        "s",
        "So many per cent of the lookups took no longer until the value was there.",
    )
    .less()
    .exists(TIERS),
    Metric::amount("tiers.T.latency.max", "s", "The same: the longest of a replication.").less().exists(TIERS),
    Metric::amount("tiers.T.TIER.hits", "lookups", "Lookups that found the value in this tier.").more().exists(TIERS),
    Metric::amount("tiers.T.TIER.misses", "lookups", "Lookups that asked this tier and found nothing.").exists(TIERS),
    Metric::share("tiers.T.TIER.hit_fraction", "Of the lookups that asked this tier: the share that found the value.")
        .more()
        .exists(TIERS),
    Metric::amount("tiers.T.TIER.evicted", "entries", "Entries that went because another needed their place.")
        .exists(TIERS),
    Metric::amount("tiers.T.TIER.expired", "entries", "Entries that went at the end of their TTL.").exists(TIERS),
    Metric::amount("tiers.T.TIER.lost_at_restart", "entries", "Entries that went at a restart.").less().exists(TIERS),
    Metric::amount("tiers.T.TIER.held", "entries", "Entries at the end.").exists(TIERS),
    // Databases
    Metric::amount("d1.D.ops", "ops", "Queries that were done.").exists(DATABASE),
    Metric::amount("d1.D.ops_attempted", "ops", "Queries that were sent, retries included.").exists(DATABASE),
    Metric::amount("d1.D.ops_accepted", "ops", "Queries that the database let in.").exists(DATABASE),
    Metric::amount(
        "d1.D.ops_overloaded",
        "ops",
        "Queries that met an overload: refused at once, or after too long a wait.",
    )
    .less()
    .exists(DATABASE),
    Metric::amount("d1.D.ops_down", "ops", "Queries that came while the database was down.").less().exists(DATABASE),
    Metric::amount("d1.D.ops_retried", "ops", "Queries that were sent again.").exists(DATABASE),
    Metric::amount("d1.D.ops_exhausted", "ops", "Queries that met an overload on their last attempt.")
        .less()
        .exists(DATABASE),
    Metric::share("d1.D.overloaded_fraction", "Of the queries sent: the share that met an overload.")
        .less()
        .exists(DATABASE),
    Metric::share("d1.D.exhausted_fraction", "Of the queries, whatever their retries: the share that was not done.")
        .less()
        .exists(DATABASE),
    Metric::amount("d1.D.wait.mean", "s", "From the arrival of a query until the database works on it.")
        .less()
        .exists(DATABASE),
    Metric::amount(
        "d1.D.wait.QUANTILE",
        "s",
        "So many per cent of the queries waited no longer until the database worked on them.",
    )
    .less()
    .exists(DATABASE),
    Metric::amount("d1.D.wait.max", "s", "The same: the longest of a replication.").less().exists(DATABASE),
    Metric::amount("d1.D.unfinished.mean", "ops", "Queries in the database, over time.").exists(DATABASE),
    Metric::amount("d1.D.unfinished.max", "ops", "The most queries in the database at once.").exists(DATABASE),
    Metric::share("d1.D.utilisation", "The share of time in which the database works.").exists(DATABASE),
    // Limiters
    Metric::amount("limiter.L.checked", "requests", "Requests that the limiter was asked about.").exists(LIMITER),
    Metric::amount("limiter.L.admitted", "requests", "Requests that the limiter let through.").exists(LIMITER),
    Metric::amount(
        "limiter.L.admitted_over",
        "requests",
        "Requests that the limiter let through though they were over the limit: it did not know.",
    )
    .exists(LIMITER),
    Metric::amount(
        "limiter.L.refused",
        "requests",
        "Requests that the limiter refused, whether the person was over the limit or its store refused.",
    )
    .exists(LIMITER),
    Metric::amount(
        "limiter.L.lost_updates",
        "requests",
        "Requests that the limiter forgot because another wrote the count at the same time.",
    )
    .less()
    .exists(LIMITER),
    Metric::amount("limiter.L.reads_failed", "requests", "Requests of which the limiter could not read the count.")
        .exists(LIMITER),
    Metric::amount("limiter.L.writes_failed", "requests", "Requests of which the limiter could not write the count.")
        .exists(LIMITER),
    Metric::share("limiter.L.refused_fraction", "Of the requests checked: the share that was refused.").exists(LIMITER),
    // The platform
    Metric::amount("platform.requests", "requests", "Requests of the account that were let in.").exists(ACCOUNT),
    Metric::amount("platform.requests_rejected", "requests", "Requests that the account's quota refused.")
        .less()
        .exists(ACCOUNT),
    Metric::ratio("platform.quota.requests[.N].used_fraction", "How much of the limit a window uses, on average.")
        .less()
        .exists(ACCOUNT),
    Metric::amount("platform.quota.requests[.N].refused", "ops", "Requests that the quota refused.").exists(ACCOUNT),
    Metric::share(
        "platform.quota.requests[.N].exhausted_days_fraction",
        "The share of windows in which it was used up.",
    )
    .less()
    .exists(ACCOUNT),
    Metric::hour(
        "platform.quota.requests[.N].exhausted_at_hour",
        "The hour of the day at which it was used up, on average.",
    )
    .exists(ACCOUNT),
    Metric::amount(
        "platform.quota.requests[.N].exhausted_on_day",
        "d",
        "The day of the month on which it was used up, on average.",
    )
    .exists("Where the quota is monthly."),
    Metric::amount(
        "platform.quota.requests[.N].first_exhausted",
        "s",
        "From the start of a replication until it was first used up.",
    )
    .exists(ACCOUNT)
    .more(),
    Metric::amount("isolates.alive.mean", "isolates", "Isolates, over time.").exists(CHURN),
    Metric::amount("isolates.alive.max", "isolates", "The most bytes in the store at once.").exists(CHURN),
    Metric::amount("isolates.started", "isolates", "Isolates that were started.").exists(CHURN),
    Metric::amount("isolates.ended_idle", "isolates", "Isolates that ended because nothing came.").exists(CHURN),
    Metric::amount("isolates.evicted", "isolates", "Isolates that the platform ended.").exists(CHURN),
    Metric::amount("isolates.deployed", "isolates", "Isolates that a deploy ended.").exists(CHURN),
    Metric::amount("invocation.subrequests.max", "subrequests", "The most external subrequests of one invocation.")
        .exists("Where the limit of external subrequests can be reached."),
    Metric::amount(
        "invocation.connections.max",
        "connections",
        "The most connections that one invocation had open at once.",
    )
    .exists(CONNECTIONS),
    Metric::amount("invocation.connections.waited", "ops", "Ops and attempts that waited for a connection.")
        .exists(CONNECTIONS),
    Metric::amount("invocation.connections.wait.mean", "s", "How long what opened a connection waited for it.")
        .less()
        .exists(CONNECTIONS),
    Metric::amount("invocation.connections.wait.max", "s", "The longest wait for a connection.")
        .less()
        .exists(CONNECTIONS),
    Metric::amount(
        "invocation.connections.given_up",
        "attempts",
        "Attempts that were given up before they had a connection.",
    )
    .exists(CONNECTIONS),
    Metric::amount("invocation.wait_until.tasks", "tasks", "Work that went on after the response.")
        .exists("Where logs or reads are left to waitUntil."),
    Metric::amount("invocation.wait_until.cut", "tasks", "Work after the response that was cut off.")
        .exists("Where logs or reads are left to waitUntil."),
    Metric::amount("invocation.cpu.per_plan", "s", "Processor time for each plan offered.")
        .exists("Where processor time is limited or has a price."),
    Metric::amount(
        "invocation.cpu.exceeded",
        "invocations",
        "Invocations that were ended because they used too much processor time.",
    )
    .exists("Where processor time is limited or has a price."),
    // The bill
    Metric::amount("cost.month", "USD", "What 30 such days cost.").less().exists(BILLED),
    Metric::amount("cost.per_plan", "USD", "What a plan offered costs.").less().exists(BILLED),
    Metric::amount("cost.per_useful_plan", "USD", "What a plan completed costs.").less().exists(BILLED),
    Metric::amount("cost.tokens.month", "USD", "Of the cost of a month, the tokens.").less().exists(TOKENS),
    Metric::amount("cost.retries.month", "USD", "Of the cost of tokens, retries.").less().exists(TOKENS),
    Metric::amount(
        "cost.waste.month",
        "USD",
        "Of the cost of tokens, what nobody had anything from: attempts cut off or failed, and plans not \
         completed.",
    )
    .less()
    .exists(TOKENS),
    Metric::amount("cost.waste.timeouts.month", "USD", "Of the waste, attempts that reached their time limit.")
        .less()
        .exists(TOKENS),
    Metric::amount("cost.waste.errors.month", "USD", "Of the waste, attempts that failed.").less().exists(TOKENS),
    Metric::amount("cost.waste.failed_plans.month", "USD", "Of the waste, answers for plans that were not completed.")
        .less()
        .exists(TOKENS),
];

const TIERS: &str = "Where the model has [tiers.T].";
const DATABASE: &str = "Where the model has [d1.D].";
const LIMITER: &str = "Where the model has [limiter.L].";
const ACCOUNT: &str = "Where the account has a quota of requests.";
