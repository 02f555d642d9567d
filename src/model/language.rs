//! The language: every section and every key, with its kind, its default and what it means.
//!
//! This is the only place where a key is spelled for checking, a default is written down, or a key is explained.
//! `docs/language.md` and the JSON Schema are made from it.

use super::fields::Kind::*;
use super::fields::{Field, Kind, PLAIN, Section, default, optional, required};
use super::rule::Rule;
use super::rule::Rule::*;
use super::rule::{KIND, PARTS, PRESET, RUN_ITSELF, SEVERAL};
use crate::units::Span;

mod arrivals;
mod operation;
mod parts;
mod provider;
mod stores;

use arrivals::ARRIVALS;
pub(super) use arrivals::LAW;
use operation::{ADAPTIVE, CHANGE, COMEBACK, DIAGNOSTICS, ISOLATES};
pub(super) use parts::CATALOGUE;
use provider::{BREAKER, FAULTS, HEDGE, PROVIDER, RETRY};
pub(super) use stores::STRATEGY;
use stores::{LOGFILE, LOGGING, READER, READS, STORE};

const U32: i128 = u32::MAX as i128;
const U64: i128 = u64::MAX as i128;
/// The most calls that a plan makes.
pub(super) const MAX_CALLS: i128 = 4_096;
/// The longest horizon: a hundred years leave room for what is still in flight at its end.
pub(super) const MAX_HORIZON: Span = Span::from_secs(36_525 * 86_400);

/// The whole model.
pub(super) static MODEL: Section = Section {
    title: "the model",
    fields: &[
        optional("name", Text, "the file's name", "What the model is called in reports.").changes(Fixed(RUN_ITSELF)),
        default("description", Text, "", "What question it answers, in a line.").changes(Fixed(RUN_ITSELF)),
        optional("extends", Text, "no base", "Another model file, relative to this one, that this one changes.")
            .changes(Fixed(RUN_ITSELF)),
        optional("run", Table(&RUN), "all defaults", "Length, seed and limits of a run."),
        optional("platform", Table(&PLATFORM), "nothing is limited", "Limits and prices of the platform."),
        required("traffic", Named(&Table(&TRAFFIC)), "The kinds of user, and when they come."),
        required("workflow", Named(&Table(&WORKFLOW)), "What a plan does."),
        optional("provider", Named(&Table(&PROVIDER)), "no step asks one", "The AI providers."),
        optional("retry", Named(&Table(&RETRY)), "no retries", "Retries, by the provider's or database's name."),
        optional("breaker", Named(&Table(&BREAKER)), "none", "Circuit breakers, by the provider's name."),
        optional("hedge", Named(&Table(&HEDGE)), "none", "Attempts that race a late one, by the provider's name."),
        optional("queue", Named(&Table(&QUEUE)), "no queues", "The in-memory queues."),
        optional("store", Named(&Table(&STORE)), "the preset's", "Key-value stores and caches."),
        optional("tiers", Named(&Table(&parts::TIERS)), "none", "Caches in front of a computation or a provider."),
        optional("d1", Named(&Table(&parts::D1)), "none", "Databases that do one operation at a time."),
        optional("limiter", Named(&Table(&parts::LIMITER)), "none", "Rate limiters that count in a store."),
        optional("reads", Named(&Table(&READS)), "none", "Reads that are not logs: allow and deny lists, prompts."),
        optional("logging", Table(&LOGGING), "nothing is logged", "How calls are logged."),
        optional("cost", Table(&COST), "no comparison", "What another plan of the platform would cost and save."),
        optional(
            "reader",
            Named(&Table(&READER)),
            "only who is where it was written",
            "Who reads the logs, and from where.",
        ),
        optional("logfile", Named(&Table(&LOGFILE)), "none", "Log files that are rotated."),
        optional(
            "isolates",
            Table(&ISOLATES),
            "as many as `platform.isolates`, all the time",
            "Isolates that come and go.",
        ),
        optional("diagnostics", Table(&DIAGNOSTICS), "no page", "A page that shows the counters of a queue."),
        optional("objectives", Metrics(&Table(&OBJECTIVE)), "none", "Bounds that metrics are held against."),
        optional(
            "change",
            List(&Table(&CHANGE), None),
            "nothing changes",
            "`[[change]]`: values that change while the model runs.",
        ),
    ],
    ..PLAIN
};

static RUN: Section = Section {
    title: "[run]",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        default("horizon", Length, "30d", "Simulated time of one replication; at most 100 years."),
        default("warmup", Duration, "0s", "How much of it is not recorded; shorter than the horizon."),
        default("start", Date, "2026-01-01T00:00:00Z", "The date at which a replication starts."),
        default("replications", Whole(1, 1_000_000), "30", "Independent runs."),
        default("seed", Whole(0, U64), "1", "The seed of all draws."),
        default("max_events", Whole(1, U64), "10000000000", "A replication that takes more events is stopped."),
        default(
            "max_plans_alive",
            Whole(1, U32),
            "1000000",
            "A replication with more plans at one instant is stopped.",
        ),
        default(
            "max_records",
            Whole(1, U32),
            "10000000",
            "A replication with more log records to remember is stopped.",
        ),
    ],
};

static PLATFORM: Section = Section {
    title: "[platform]",
    changes: Some(Shared("what the platform does")),
    fields: &[
        optional(
            "preset",
            OneOf(super::preset::NAMES),
            "no limits, no prices, no stores",
            "Where the defaults below, and the stores `kv` and `cache`, come from.",
        )
        .changes(Fixed(PRESET)),
        default(
            "isolates",
            Whole(1, 100_000),
            "1",
            "Copies of the program's memory, each with its own queues and memory caches.",
        )
        .changes(Fixed(PARTS))
        .decision(),
        optional(
            "subrequests_external",
            Whole(0, U32),
            "unlimited",
            "AI attempts and Cache API calls that one invocation may make.",
        ),
        optional("subrequests_internal", Whole(0, U32), "unlimited", "KV calls that one invocation may make."),
        optional(
            "requests",
            Table(&QUOTA),
            "unlimited",
            "Invocations of the whole account; a plan that finds none left is refused, and counts as overloaded.",
        ),
        optional(
            "connections",
            Whole(1, U32),
            "unlimited",
            "Attempts, operations on stores that are subrequests, and on databases that one invocation has open at once; more wait, in order. Waiting spends the time limit of an attempt. A hedge is not sent where it would have to wait.",
        ),
        optional(
            "wait_until",
            Length,
            "as long as it takes",
            "How long an invocation may go on after its last call for what nobody awaits; what is unfinished then is lost.",
        ),
        optional("cpu", Table(&CPU), "not limited, not billed", "Processor time."),
        default("base_price", Number(0.0, 1e12), "0", "What a month costs before anything is used, in US dollars."),
    ],
};

static CPU: Section = Section {
    title: "cpu of the platform",
    fields: &[
        optional("limit", Length, "unlimited", "Of one invocation: it is killed with the call that passes this."),
        default("included", Duration, "0s", "What a month's price includes."),
        default("price_per_million_ms", Number(0.0, 1e12), "0", "US dollars for a million milliseconds beyond it."),
    ],
    ..PLAIN
};

/// Of a store or the platform, which may bill what goes beyond it.
static QUOTA: Section = Section { title: "a quota", fields: &QUOTA_KEYS, ..PLAIN };
static QUOTA_KEYS: [Field; 9] = quota(None);

/// Of a provider, which refuses what goes beyond it.
static REFUSING_QUOTA: Section = Section { title: "a quota", fields: &REFUSING_QUOTA_KEYS, ..PLAIN };
static REFUSING_QUOTA_KEYS: [Field; 9] = quota(Some(Fixed("a price of what is refused and never billed")));

const fn quota(price: Option<Rule>) -> [Field; 9] {
    [
        required("limit", Whole(0, U64), "Operations that a window admits, or includes in the price."),
        default(
            "window",
            LengthOr(&["day", "month"]),
            "day",
            "A calendar `day` or `month`, or a duration, which repeats from the start of the run.",
        )
        .changes(Fixed(KIND)),
        default(
            "kind",
            OneOf(&["fixed", "rolling", "bucket"]),
            "fixed",
            "`rolling`: any stretch as long as the window; `bucket`: tokens, `limit` of them flow in during a window.",
        )
        .changes(Fixed(KIND)),
        optional("burst", Whole(1, U64), "the limit", "Tokens that a full bucket holds; only with `bucket`."),
        default("zone", Zone, "UTC", "Whose midnight a day and a month begin at.").changes(Fixed(KIND)),
        default(
            "on_exceed",
            OneOf(&["reject", "wait", "bill", "drop"]),
            "reject",
            "What happens to one more: refused, delayed until it fits, done and charged, or answered but not done.",
        )
        .changes(Fixed(KIND)),
        default("counts_rejected", Bool, "false", "Whether refused operations count too.").changes(Fixed(KIND)),
        default(
            "enforcement_lag",
            Number(0.0, 100.0),
            "0",
            "The share of the limit (of a bucket: of its burst) that is admitted beyond it before it bites.",
        ),
        Field {
            changes: price,
            ..default(
                "price_per_million",
                Number(0.0, 1e12),
                "0",
                "US dollars for a million operations over the limit; with `bill`.",
            )
        },
    ]
}

static TRAFFIC: Section = Section {
    title: "[traffic.NAME]",
    changes: Some(Shared("what people do")),
    fields: &[
        optional("workflow", Text, "the only one", "What one arrival does.").changes(Fixed(PARTS)),
        required("arrivals", Tagged(&ARRIVALS), "When they come."),
        optional(
            "spike",
            List(&Table(&SPIKE), None),
            "none",
            "`[[traffic.NAME.spike]]`: stretches in which the rate is multiplied.",
        ),
        default(
            "priority",
            Whole(-1000, 1000),
            "0",
            "Served before smaller ones, where a queue's discipline is `priority`.",
        ),
        optional("patience", Law(&LAW), "the queue's", "How long they wait in a queue before they leave."),
        default("region", Name, "home", "Where their plans run, and so where they write.").changes(Fixed(PARTS)),
        optional("leaves_after", Law(&LAW), "never", "How long after the arrival of a plan its user leaves for good."),
        default(
            "on_leave",
            OneOf(&["goes_on", "cancel"]),
            "goes_on",
            "What happens to a plan whose user has left: it goes on, or does only what has begun.",
        ),
        optional("retry", Table(&COMEBACK), "nobody comes back", "Whether they come back after an overload answer."),
    ],
};

static SPIKE: Section = Section {
    title: "[[traffic.NAME.spike]]",
    fields: &[
        required("at", Duration, "When it starts, after the start of the run."),
        required("for", Length, "How long it lasts."),
        required("factor", Number(0.0, 1e6), "What the rate is multiplied by."),
    ],
    ..PLAIN
};

/// The keys that give a rate; exactly one of them stands in a table.
pub(super) const RATES: [&str; 4] = ["per_second", "per_minute", "per_hour", "per_day"];
/// Keys that say the same thing in different ways: who sets one of them over a base replaces the others.
pub(super) const EXCLUSIVE: [&[&str]; 2] = [&RATES, &["per_plan", "per_call"]];
/// Keys that decide what other keys a table has: who sets one of them over a base replaces the whole table.
pub(super) const TAGS: [&str; 3] = ["process", "dist", "law"];

const WORK: &str = "how long work takes";

static WORKFLOW: Section = Section {
    title: "[workflow.NAME]",
    changes: Some(Shared(WORK)),
    fields: &[
        required("steps", List(&Table(&STEP), None), "What is done, in which order.").changes(Shared(SEVERAL)),
        default(
            "on_call_error",
            OneOf(&["abort", "continue"]),
            "abort",
            "What a call that does not succeed does to its plan, whether it failed, was refused, ran out of patience or was denied: `abort` ends it, with `continue` it goes on.",
        ).changes(Program),
        optional(
            "overload_on",
            List(&OneOf(FAULTS), None),
            "none",
            "Faults after which a failed call shows the overload answer, as a refused one does; with `abort`.",
        ).changes(Program),
        default("invocation", OneOf(&["plan", "step", "call"]), "plan", "What shares the limits of one invocation.").changes(Fixed(PARTS)),
    ],
};

static STEP: Section = Section {
    title: "a step",
    changes: Some(Fixed(PARTS)),
    fields: &[
        required("name", Name, "Its name."),
        optional("provider", Text, "the only one, unless a key below says who", "Who answers its calls."),
        optional(
            "lookup",
            Text,
            "none",
            "The tiers that its calls ask first; without a `provider`, a miss is computed.",
        ),
        optional("d1", Text, "none", "The database that its calls are operations on, in place of a provider."),
        optional("limiter", Text, "none", "The rate limiter that its calls ask, in place of a provider."),
        optional("queue", Text, "no queue", "Where its calls wait for a slot; those that a lookup answers do not."),
        optional(
            "semaphore",
            Text,
            "none",
            "A queue whose slot each call holds from before its reads, lookup and logs to its end; of no step's `queue`.",
        ),
        optional("after", List(&Text, None), "starts with the plan", "The steps that must have ended first."),
        default("calls", Whole(1, MAX_CALLS), "1", "How many calls it makes; at most 4,096 in a workflow."),
        default("parallel", Whole(1, MAX_CALLS), "1", "How many of them at once.").decision(),
        default("critical", Bool, "false", "Whether logging strategies treat it as critical.").changes(Program),
        optional("latency", Law(&LAW), "the provider's", "A latency of its own.").changes(Shared(WORK)),
        optional(
            "tokens",
            Whole(0, U32),
            "the provider's",
            "Tokens that an attempt reserves: of the prompt, and `max_tokens`.",
        )
        .changes(Program),
        optional(
            "cpu",
            Law(&LAW),
            "none",
            "Processor time that a call takes once it is answered; it counts, but takes no simulated time.",
        )
        .changes(Shared(WORK)),
        optional("fallback", Text, "none", "The provider to which a call goes that has failed at the first."),
    ],
};

static COST: Section = Section {
    title: "[cost]",
    changes: Some(Fixed("the comparison with another plan of the platform, which is made at the start")),
    fields: &[
        required(
            "value_per_plan",
            Number(0.0, 1e12),
            "What is lost with a plan that finds a limit used up, or goes without its logs for it; US dollars.",
        ),
        default("upgrade", OneOf(super::preset::NAMES), "cloudflare-paid", "The platform's plan to compare with."),
    ],
};

static QUEUE: Section = Section {
    title: "[queue.NAME]",
    changes: Some(Program),
    fields: &[
        required("max_concurrency", Whole(1, 1_000_000), "Slots, in each isolate.").decision(),
        default("max_queue", WholeOr(0, 1_000_000_000, "unlimited"), "unlimited", "Waiting places beside the slots.")
            .decision(),
        default("discipline", OneOf(&["fifo", "lifo", "priority"]), "fifo", "Who is next.")
            .changes(Fixed(KIND))
            .decision(),
        optional(
            "patience",
            Law(&LAW),
            "for ever",
            "How long a call waits before it leaves, drawn each time it waits.",
        )
        .decision(),
        optional(
            "reserved",
            Named(&Whole(0, 1_000_000)),
            "none",
            "Slots that only calls of a class may have: `{ admin = 1 }`; fewer together than `max_concurrency`.",
        )
        .decision(),
        optional("adaptive", Table(&ADAPTIVE), "all slots all the time", "A limit of slots that follows the provider."),
    ],
};

static OBJECTIVE: Section = Section {
    title: "an objective",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        optional("min", Number(f64::MIN, f64::MAX), "no lower bound", "The least that is good enough."),
        optional("max", Number(f64::MIN, f64::MAX), "no upper bound", "The most that is good enough."),
    ],
};

/// What is often written instead of a key, and what to do instead.
pub(super) const HINTS: &[(&str, &str)] = &[
    ("jobs", "the number of threads belongs to the command line: --jobs N"),
    ("rate", "a rate says its unit: per_second, per_minute, per_hour or per_day"),
    (
        "timeout",
        "the time limit of an attempt is `request_timeout` of its provider; timeouts come from it, not from `errors`",
    ),
    ("std", "a spread is given as `cv` (standard deviation over mean), or by two quantiles"),
    ("p50", "the 50 % quantile is called `median`"),
];

/// The kind of the whole model.
pub(super) const ROOT: Kind = Table(&MODEL);
