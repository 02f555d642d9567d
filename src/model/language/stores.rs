//! The keys of stores, of reads and logs that go to them, and of who reads those.

use super::{LAW, QUOTA, U32};
use crate::model::fields::Kind::*;
use crate::model::fields::{PLAIN, Section, default, optional, required};
use crate::model::rule::Rule::*;
use crate::model::rule::{KIND, LOOKS, PARTS, PRESET, STORED};

pub(super) static STORE: Section = Section {
    title: "[store.NAME]",
    changes: Some(Shared(STORED)),
    fields: &[
        optional("preset", OneOf(super::super::preset::STORES), "none", "Where the defaults of this store come from.").changes(Fixed(PRESET)),
        required(
            "kind",
            OneOf(&["kv", "cache", "log-service"]),
            "`kv`: durable, an internal subrequest; `cache`: forgets, an external one; `log-service`: its client is silent for a while after a refusal, and it finds records without an index; an external one.",
        ).changes(Fixed(KIND)),
        optional("latency", Table(&LATENCY), "no time", "How long each operation takes."),
        optional(
            "hot_for",
            Length,
            "every key is",
            "How long a key stays hot in a region that has fetched it; with `latency.cold`. A key of one plan or call never is.",
        ),
        optional("quota", Table(&QUOTAS), "unlimited", "How many of each operation."),
        optional("key_spacing", Length, "none", "The least time between two accepted writes of one key."),
        default(
            "on_key_exceed",
            OneOf(&["reject", "overwrite"]),
            "reject",
            "What happens to a write that comes sooner: refused (429), or it replaces the value (the last write wins).",
        ),
        optional("storage", Table(&STORAGE), "unlimited", "How much it holds."),
        optional("background", Table(&BACKGROUND), "nobody", "What other programs of the account do on its quotas."),
        optional("ops_per_invocation", Whole(0, U32), "unlimited", "Operations that one invocation may make."),
        optional("ttl", Length, "for ever", "How long an entry lives when the operation does not say."),
        optional("capacity", Size, "unlimited", "The size at which the least recently used entries go."),
        default("evictions_per_hour", Number(0.0, 1e6), "0", "The hazard at which an entry is evicted."),
        default(
            "evictions_spike_factor",
            Number(0.0, 1e6),
            "1",
            "What that is multiplied by while a spike of any traffic lasts.",
        ),
        default("restarts_per_day", Number(0.0, 1e6), "0", "How often everything in it is lost at once."),
        default("retry_after", Duration, "60s", "How long the client of a `log-service` drops all after a refusal."),
        default("network_errors", Fraction, "0", "The chance that an operation of a `log-service` does not arrive."),
        optional(
            "awaited",
            Bool,
            "what [logging] says",
            "Whether calls wait for the log operations on it; if not they go on beside the plan (`waitUntil`).",
        ).changes(Fixed(KIND)),
        optional(
            "searchable",
            Bool,
            "true for a `log-service`, else false",
            "Whether its records are found without an index.",
        ).changes(Fixed(KIND)),
        default("subrequest", Bool, "true", "Whether its operations count among the subrequests of the invocation.").changes(Fixed(KIND)),
        default(
            "staleness",
            Duration,
            "0s",
            "How long another region may see an old value, or none, after a write; a cache is not seen there at all.",
        ),
        default("put_stores_nothing", Fraction, "0", "The chance that a write is answered and nothing kept."),
    ],
};

static STORAGE: Section = Section {
    title: "storage of a store",
    fields: &[
        required("limit", Size, "What it holds, or what is included in the price."),
        default("on_exceed", OneOf(&["reject", "bill"]), "reject", "Whether a write beyond it is refused or charged.")
            .changes(Fixed(KIND)),
        default("price_per_gb", Number(0.0, 1e12), "0", "US dollars for a GB over the limit and a month; with `bill`."),
    ],
    ..PLAIN
};

static BACKGROUND: Section = Section {
    title: "background of a store",
    fields: &[
        default("reads_per_day", Number(0.0, 1e9), "0", "Reads, at Poisson instants."),
        default("writes_per_day", Number(0.0, 1e9), "0", "Writes."),
        default("deletes_per_day", Number(0.0, 1e9), "0", "Deletes."),
        default("lists_per_day", Number(0.0, 1e9), "0", "Lists."),
    ],
    ..PLAIN
};

static LATENCY: Section = Section {
    title: "latency of a store",
    fields: &[
        default("get", Law(&LAW), "0s", "Of reading a key; where there is `cold`, one that is hot."),
        optional("cold", Law(&LAW), "as `get`", "Of reading a key that the region has not fetched for `hot_for`."),
        default("put", Law(&LAW), "0s", "Of writing a key."),
        default("delete", Law(&LAW), "0s", "Of deleting a key."),
        default("list", Law(&LAW), "0s", "Of listing keys."),
    ],
    ..PLAIN
};

static QUOTAS: Section = Section {
    title: "quota of a store",
    fields: &[
        optional("reads", OneOrMore(&QUOTA), "unlimited", "Keys read."),
        optional("writes", OneOrMore(&QUOTA), "unlimited", "Keys written."),
        optional("deletes", OneOrMore(&QUOTA), "unlimited", "Keys deleted."),
        optional("lists", OneOrMore(&QUOTA), "unlimited", "Lists."),
    ],
    ..PLAIN
};

pub(super) static READS: Section = Section {
    title: "[reads.NAME]",
    changes: Some(Shared(STORED)),
    fields: &[
        default("store", Text, "kv", "Where the keys are kept.").changes(Fixed(PARTS)),
        optional("per_plan", Whole(1, 10_000), "`per_call` is given", "So many as a plan begins.")
            .changes(Fixed(PARTS)),
        optional("per_call", Whole(1, 10_000), "`per_plan` is given", "So many before each call.")
            .changes(Fixed(PARTS)),
        optional("memory_ttl", Length, "no memory cache", "How long an isolate's memory keeps a key.")
            .changes(Program)
            .decision(),
    ],
};

pub(super) static LOGGING: Section = Section {
    title: "[logging]",
    changes: Some(Program),
    fields: &[
        default(
            "strategy",
            OneOf(super::super::strategy::NAMES),
            "none",
            "The table of operations; `custom`: the table `ops`.",
        ).changes(Fixed(PARTS)).decision(),
        optional(
            "level",
            OneOf(&["all", "errors_only", "none"]),
            "all; errors_only with `conditional`",
            "Which events are logged.",
        ).decision(),
        default("cache_ttl", Length, "24h", "How long an entry lives that a strategy puts into a cache.").decision(),
        default("kv_errors", Bool, "true", "Whether `hybrid` writes errors to KV too; others do not read it.").changes(Fixed(PARTS)).decision(),
        default(
            "index",
            OneOf(&["none", "cache"]),
            "none",
            "Whether `hybrid` keeps an index in the cache; others do not read it.",
        ).changes(Fixed(PARTS)).decision(),
        default(
            "on_error",
            OneOf(&["swallow", "fail_plan"]),
            "swallow",
            "What a rejected log operation does; one that nobody awaits fails no plan.",
        ).decision(),
        default(
            "awaited",
            Bool,
            "true",
            "Whether calls wait for their log operations. If not, those of one event are made one after the other beside the plan, after any that are awaited, and what `platform.wait_until` cuts is lost.",
        ).changes(Fixed(PARTS)).decision(),
        default("max_log_entries", Whole(1, 1_000_000), "10", "Sessions that the index keeps.").decision(),
        default(
            "incident_gap",
            Length,
            "1h",
            "An error after so long without any is the first of an incident (`logs.error.first.…`).",
        ).changes(Fixed("how results are measured")),
        default("record_bytes", Size, "2KiB", "The size of an entry, where a row does not say; at most 1GiB."),
        optional("ops", List(&Table(&LOG_OP), None), "the strategy's", "The rows of a `custom` strategy.").changes(Program),
    ],
};

/// What a strategy's own file holds.
pub(in super::super) static STRATEGY: Section = Section {
    title: "a strategy",
    fields: &[
        default("description", Text, "", "What it does, in a line."),
        default("level", OneOf(&["all", "errors_only", "none"]), "all", "The level where the model names none."),
        required("ops", List(&Table(&LOG_OP), None), "The rows, in order."),
    ],
    ..PLAIN
};

static LOG_OP: Section = Section {
    title: "a row of a strategy",
    changes: Some(Fixed(PARTS)),
    fields: &[
        required(
            "on",
            OneOf(&["request", "response", "plan_end", "day_end"]),
            "When it happens: before a call, after it, after the last call of a plan, at every midnight UTC.",
        ),
        default(
            "when",
            OneOf(&["always", "error", "normal", "critical", "error_or_critical"]),
            "always",
            "Under which condition; a plan is an error when it is not completed, a day never is.",
        ),
        required("store", Text, "Where."),
        required("op", OneOf(&["get", "put", "delete", "list"]), "What."),
        required(
            "key",
            Text,
            "Which key; `{log}` is the call's own, `{session}` the plan's, `{day}` the day's, none everybody's.",
        ),
        default(
            "role",
            OneOf(&["record", "index", "session", "other"]),
            "other",
            "What the key means to a reader. Records are those of calls; the end of a day is always `other`.",
        ),
        optional("only_if", OneOf(&["kv_errors", "index"]), "always", "The switch of [logging] that must be on."),
        optional("ttl", Length, "cache_ttl in a cache, else the store's", "How long the entry lives.").changes(Program),
        optional("bytes", Size, "record_bytes", "The size of the entry; at most 1GiB.").changes(Program),
    ],
};

pub(super) static READER: Section = Section {
    title: "[reader.NAME]",
    changes: Some(Shared(LOOKS)),
    fields: &[
        default("region", Name, "home", "Where they read: of a cache in another region they see nothing.")
            .changes(Fixed(PARTS)),
        default("store", Text, "kv", "The store that the admin page works on.").changes(Fixed(PARTS)),
        optional("get_every", Length, "never", "How often the admin page reads one record."),
        optional("export_every", Length, "never", "How often it lists all records (1,000 a list) and reads each."),
        optional("cleanup_every", Length, "never", "How often it lists all records and deletes the old ones.")
            .decision(),
        default("cleanup_age", Length, "30d", "The age from which on a cleanup deletes a record.").decision(),
    ],
};

pub(super) static LOGFILE: Section = Section {
    title: "[logfile.NAME]",
    changes: Some(Shared("a file that all isolates write to")),
    fields: &[
        default(
            "rotate",
            OneOf(&["size", "date"]),
            "size",
            "When a new file is begun: when it is full, or each day (UTC).",
        )
        .changes(Fixed(KIND)),
        default("max_size", Size, "10MB", "A line that would fill the file to this goes into a new one; with `size`.")
            .decision(),
        default("backups", Whole(0, 100_000), "5", "Older files that are kept beside the current one.").decision(),
        default("format", OneOf(&["text", "json"]), "text", "How a line is written; each request and response is one."),
        default("text_bytes", Size, "150B", "Of a line as text; measure yours."),
        default("json_bytes", Size, "400B", "Of a line as JSON; measure yours."),
        default("error_bytes", Size, "0B", "What an error adds to its line: a traceback, say."),
    ],
};
