//! The words for parts with a behaviour of their own: tiers of caches, D1, rate limiters.

use super::{LAW, U32};
use crate::model::fields::Kind::*;
use crate::model::fields::{Field, Section, Tagged, Variant, default, optional, required};
use crate::model::rule::Rule::*;
use crate::model::rule::{KIND, LAID_OUT, PARTS, Rule, SEVERAL, STORED};
use crate::model::tree::Node;

/// The most entries of a catalogue.
pub(in super::super) const MAX_KEYS: i128 = 1_000_000;

const COUNT: Field = required("count", Whole(1, MAX_KEYS), "How many there are.").changes(Fixed(LAID_OUT));

pub(in super::super) static CATALOGUE: Tagged = Tagged {
    title: "a catalogue",
    tag: "law",
    changes: Some(Fixed(LAID_OUT)),
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

const ALIKE: &str = "what is alike in all isolates";

/// What a tier holds is the isolate's own, or that of all.
fn of_a_tier(tier: &Node) -> Rule {
    match tier.get("per").and_then(Node::text) {
        Some("isolate") => Program,
        _ => Shared("a tier that all isolates share"),
    }
}

pub(super) static TIERS: Section = Section {
    title: "[tiers.NAME]",
    changes: Some(Shared(ALIKE)),
    fields: &[
        required("keys", Tagged(&CATALOGUE), "What lookups ask for."),
        optional("compute", Law(&LAW), "the step's provider is asked", "How long a miss takes."),
        default(
            "single_flight",
            Bool,
            "false",
            "Whether a miss waits for a computation of the same key that its isolate has under way.",
        )
        .changes(Fixed(KIND))
        .decision(),
        default("restarts_per_day", Number(0.0, 1e6), "0", "How often each isolate restarts."),
        required("tier", List(&Table(&TIER), None), "`[[tiers.NAME.tier]]`: the caches, in the order they are asked.")
            .changes(Shared(SEVERAL)),
    ],
};

static TIER: Section = Section {
    title: "[[tiers.NAME.tier]]",
    changes: Some(Fixed(KIND)),
    fields: &[
        required("name", Name, "Its name: memory, redis, disk."),
        default("per", OneOf(&["isolate", "all"]), "all", "Whether each isolate has its own."),
        optional("entries", Whole(1, MAX_KEYS), "unlimited", "How many it holds.").changes_by(of_a_tier).decision(),
        optional("ttl", Length, "for ever", "How long an entry lives.").changes_by(of_a_tier).decision(),
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
        default("latency", Law(&LAW), "0s", "How long a hit takes.").changes(Shared(ALIKE)),
        default("miss_latency", Law(&LAW), "0s", "How long it takes to find nothing.").changes(Shared(ALIKE)),
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
    changes: Some(Shared(STORED)),
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
    changes: Some(Shared("what people do")),
    fields: &[
        required("people", Tagged(&CATALOGUE), "Who comes."),
        required("per_day", Whole(0, U32), "Requests of one person in a calendar day, UTC.")
            .changes(Program)
            .decision(),
        default("store", Text, "kv", "Where the counts are kept, a key a person: each request reads and writes it.")
            .changes(Fixed(PARTS)),
        default("on_error", OneOf(&["allow", "refuse"]), "allow", "What a read or write that the store refuses means.")
            .changes(Program)
            .decision(),
    ],
};
