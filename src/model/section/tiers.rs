//! `[tiers.NAME]`: caches in front of a computation or a provider.

use crate::model::language::*;
use crate::model::section::catalogue::{CATALOGUE, Catalogue, MAX_KEYS};
use crate::model::section::law::LAW;
use crate::model::section::{catalogue, law};
use crate::model::tree::Node;
use crate::policy::{Evict, Renew};
use crate::streams::LawSpec;
use crate::units::{Span, count};

const ALIKE: &str = "a value that all isolates share";

/// What a tier holds is the isolate's own, or that of all.
fn of_a_tier(tier: &Node) -> Rule {
    match tier.get("per").and_then(Node::text) {
        Some("isolate") => Program,
        _ => Shared("a tier that all isolates share"),
    }
}

pub(in crate::model) static TIERS: Section = Section {
    title: "[tiers.NAME]",
    about: "Each lookup draws its key. The tiers are asked in order: a hit takes its `latency` and the `miss_latency` \
        of those before it. What is computed goes into every tier when it is ready; a failure goes into none. A hit \
        takes no slot of a queue. `stampeded` counts computations that begin while one of the same key is under \
        way.",
    changes: Some(Shared(ALIKE)),
    fields: &[
        required("keys", Tagged(&CATALOGUE), "What lookups ask for.")
            .example(r#"{ law = "zipf", count = 5_000, s = 1.1 }"#),
        optional("compute", Law(&LAW), "the step's provider is asked", "How long a miss takes."),
        default(
            "single_flight",
            Bool,
            "false",
            "Whether a miss waits for a computation of the same key that its isolate has under way.",
        )
        .note("Those who wait share the answer, a failure too.")
        .changes(Fixed(KIND))
        .decision(),
        default("restarts_per_day", Number(0.0, 1e6), "0", "How often each isolate restarts.").note(
            "A restart empties the isolate's own tiers and leaves what is under way. Tiers that isolates share \
                and that do not survive have restarts of their own, at the same rate.",
        ),
        required("tier", List(&Table(&TIER), None), "`[[tiers.NAME.tier]]`: the caches, in the order they are asked.")
            .example(r#"[{ name = "memory", per = "isolate", entries = 500, ttl = "10m" }]"#)
            .changes(Shared(SEVERAL)),
    ],
};

static TIER: Section = Section {
    title: "[[tiers.NAME.tier]]",
    changes: Some(Fixed(KIND)),
    fields: &[
        required("name", Name, "Its name: memory, redis, disk."),
        default("per", OneOf(&["isolate", "all"]), "all", "Whether each isolate has its own."),
        optional("entries", Whole(1, MAX_KEYS), "unlimited", "How many it holds.")
            .note("In mid-run it changes in each isolate by itself, where the tier is `per = \"isolate\"`.")
            .changes_by(of_a_tier)
            .decision(),
        optional("ttl", Length, "for ever", "How long an entry lives.")
            .note("Expired entries hold no room; an entry of age `ttl` is gone.")
            .changes_by(of_a_tier)
            .decision(),
        default("ttl_from", OneOf(Renew::WORDS), "write", "What that is counted from: `read` renews it.").decision(),
        default("evict", OneOf(Evict::WORDS), "lru", "Who goes when it is full: least recently used, or oldest.")
            .decision(),
        default(
            "fills_on_hit",
            OneOf(FillsOnHit::WORDS),
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
    ..PLAIN
};

/// `[tiers.NAME]`: caches in front of a computation or a provider, asked in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiers {
    /// Its name.
    pub name: String,
    /// `keys`: what lookups ask for.
    pub keys: Catalogue,
    /// `compute`: how long a miss takes where no provider is asked.
    pub compute: Option<LawSpec>,
    /// `single_flight`: whether a miss waits for a computation of the same key that its isolate has under way.
    pub single_flight: bool,
    /// `restarts_per_day`: mean restarts of each isolate a day, as a Poisson process; 0 by default.
    pub restarts_per_day: f64,
    /// `[[tiers.NAME.tier]]`, the first to be asked first; 1 to 8.
    pub tiers: Vec<Tier>,
}

/// `[[tiers.NAME.tier]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// `per`: whether each isolate has one of its own; else all share one.
    pub per_isolate: bool,
    /// `entries`: how many entries it holds; none: unlimited.
    pub entries: Option<u32>,
    /// `ttl`: how long an entry lives; none: forever.
    pub ttl: Option<Span>,
    /// `ttl_from`: what that is counted from.
    pub renew: Renew,
    /// `evict`: which entry is evicted when it is full.
    pub evict: Evict,
    /// `fills_on_hit`: after a hit in which later tier it takes a copy.
    pub fills: FillsOnHit,
    /// `latency`: how long a hit takes.
    pub latency: LawSpec,
    /// `miss_latency`: how long a miss takes to notice.
    pub miss_latency: LawSpec,
    /// `survives_restart`: whether its entries outlive a restart.
    pub survives_restart: bool,
}

/// `fills_on_hit`; a computed value goes into every tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillsOnHit {
    /// In any later tier.
    Any,
    /// In the next one only.
    Next,
    /// In none.
    None,
}

words!(FillsOnHit: "any" => Any, "next" => Next, "none" => None);
words!(Renew: "write" => OnWrite, "read" => OnRead);
words!(Evict: "lru" => Lru, "fifo" => Fifo);

/// The most places for entries of one memory tier in all isolates together.
const MAX_PLACES: u64 = 4_000_000;

const MAX_TIERS: usize = 8;

/// Reads the tiers, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, isolates: u32) -> Vec<Tiers> {
    root.named("tiers").into_iter().filter_map(|(name, cursor)| tiers_of(input, name, &cursor, isolates)).collect()
}

fn tiers_of(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, isolates: u32) -> Option<Tiers> {
    let tables = cursor.tables("tier");
    if tables.is_empty() || tables.len() > MAX_TIERS {
        let complaint = Complaint::new("1 to 8 tiers are required").found(tables.len().to_string());
        input.problems.report_once(cursor.at("tier"), &cursor.key("tier"), complaint);
    }
    for (at, table) in tables.iter().enumerate() {
        let same = |other: &Cursor<'_>| other.text("name") == table.text("name");
        if tables[..at].iter().any(same) {
            let complaint = Complaint::new("duplicate tier name").cure("give each its own name");
            input.problems.report_once(table.at("name"), &table.key("name"), complaint);
        }
    }
    let compute = law::read(input, cursor, "compute");
    let tiers: Option<Vec<Tier>> = tables.iter().map(|table| tier(input, table)).collect();
    let keys = catalogue::read(input, cursor, "keys")?;
    let tiers = tiers?;
    let places = u64::from(keys.count) * u64::from(isolates);
    if tiers.iter().any(|tier| tier.per_isolate) && places > MAX_PLACES {
        let complaint = Complaint::new("too many keys times isolates")
            .found(format!("{} keys in {} isolates", count(keys.count.into()), count(isolates.into())))
            .allowed(format!("at most {} keys times isolates", count(MAX_PLACES)));
        input.problems.report_once(cursor.at("keys"), &cursor.key("keys"), complaint);
    }
    Some(Tiers {
        name: name.into(),
        keys,
        compute,
        single_flight: cursor.flag("single_flight"),
        restarts_per_day: cursor.number("restarts_per_day").unwrap_or_default(),
        tiers,
    })
}

fn tier(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Tier> {
    let nothing = LawSpec::Constant { value: Span::ZERO };
    let latency = law::read(input, cursor, "latency").unwrap_or_else(|| nothing.clone());
    let miss_latency = law::read(input, cursor, "miss_latency").unwrap_or(nothing);
    let per_isolate = !cursor.is_second("per", ["isolate", "all"]);
    let survives = cursor.get("survives_restart").map(|_| cursor.flag("survives_restart"));
    Some(Tier {
        name: cursor.text("name")?.into(),
        per_isolate,
        entries: cursor.count("entries"),
        ttl: cursor.span("ttl"),
        renew: cursor.one("ttl_from"),
        evict: cursor.one("evict"),
        fills: cursor.one("fills_on_hit"),
        latency,
        miss_latency,
        survives_restart: survives.unwrap_or(!per_isolate),
    })
}

/// What may change while a model runs.
pub(in crate::model) fn keep(tiers: &mut Tiers, of: &Tiers) {
    catalogue::keep(&mut tiers.keys, &of.keys);
    keep_some(&mut tiers.compute, &of.compute);
    keep_hazard(&mut tiers.restarts_per_day, of.restarts_per_day);
    keep_all(&mut tiers.tiers, &of.tiers, |tier, of| {
        (tier.entries, tier.ttl) = (of.entries, of.ttl);
        tier.latency.clone_from(&of.latency);
        tier.miss_latency.clone_from(&of.miss_latency);
    });
}
