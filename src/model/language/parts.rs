//! The words for parts with a behaviour of their own: tiers of caches, D1, rate limiters.

use super::super::fields::Kind::*;
use super::super::fields::{Field, Section, Tagged, Variant, default, optional, required};
use super::{LAW, U32};

/// The most entries of a catalogue.
pub(in super::super) const MAX_KEYS: i128 = 1_000_000;

const COUNT: Field = required("count", Whole(1, MAX_KEYS), "How many there are.");

pub(in super::super) static CATALOGUE: Tagged = Tagged {
    title: "a catalogue",
    tag: "law",
    common: &[],
    variants: &[
        Variant { name: "same", doc: "there is only one", fields: &[] },
        Variant { name: "uniform", doc: "all alike", fields: &[COUNT] },
        Variant {
            name: "zipf",
            doc: "the one of rank k in proportion to 1 over k to the power of `s`",
            fields: &[COUNT, default("s", Number(0.0, 10.0), "1", "How steep it is; 0: all alike.")],
        },
        Variant {
            name: "weights",
            doc: "as given",
            fields: &[required("weights", List(&Number(0.0, 1e9), None), "A weight for each.")],
        },
    ],
};

pub(super) static TIERS: Section = Section {
    title: "[tiers.NAME]",
    fields: &[
        required("keys", Tagged(&CATALOGUE), "What lookups ask for."),
        optional("compute", Law(&LAW), "the step's provider is asked", "How long a miss takes."),
        default(
            "single_flight",
            Bool,
            "false",
            "Whether a miss waits for a computation of the same key that its isolate has under way.",
        )
        .decision(),
        default("restarts_per_day", Number(0.0, 1e6), "0", "How often each isolate restarts."),
        required("tier", List(&Table(&TIER), None), "`[[tiers.NAME.tier]]`: the caches, in the order they are asked."),
    ],
};

static TIER: Section = Section {
    title: "[[tiers.NAME.tier]]",
    fields: &[
        required("name", Name, "Its name: memory, redis, disk."),
        default("per", OneOf(&["isolate", "all"]), "all", "Whether each isolate has its own."),
        optional("entries", Whole(1, MAX_KEYS), "unlimited", "How many it holds.").decision(),
        optional("ttl", Length, "for ever", "How long an entry lives.").decision(),
        default("ttl_from", OneOf(&["write", "read"]), "write", "What that is counted from: `read` renews it.")
            .decision(),
        default("evict", OneOf(&["lru", "fifo"]), "lru", "Who goes when it is full: least recently used, or oldest.")
            .decision(),
        default(
            "fills_on_hit",
            OneOf(&["any", "next", "none"]),
            "any",
            "After a hit in which later tier it takes a copy; what was computed goes into every tier.",
        ),
        default("latency", Law(&LAW), "0s", "How long a hit takes."),
        default("miss_latency", Law(&LAW), "0s", "How long it takes to find nothing."),
        optional(
            "survives_restart",
            Bool,
            "not per isolate, else yes",
            "Whether its entries outlive a restart; of `[isolates]`, also the isolate: then the next one in its place has them.",
        ),
    ],
};

pub(super) static D1: Section = Section {
    title: "[d1.NAME]",
    fields: &[
        required("latency", Law(&LAW), "How long an operation takes once it has begun; one is done at a time."),
        default(
            "max_queue",
            WholeOr(1, U32, "unlimited"),
            "unlimited",
            "Accepted operations that are unfinished, beyond which one more is refused as overloaded.",
        )
        .decision(),
        optional("max_wait", Length, "for ever", "An operation that has waited so long is refused as overloaded.")
            .decision(),
    ],
};

pub(super) static LIMITER: Section = Section {
    title: "[limiter.NAME]",
    fields: &[
        required("people", Tagged(&CATALOGUE), "Who comes."),
        required("per_day", Whole(0, U32), "Requests of one person in a calendar day, UTC.").decision(),
        default("store", Text, "kv", "Where the counts are kept, a key a person: each request reads and writes it."),
        default("on_error", OneOf(&["allow", "refuse"]), "allow", "What a read or write that the store refuses means.")
            .decision(),
    ],
};
