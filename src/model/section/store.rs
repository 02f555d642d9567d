//! `[store.NAME]`: key-value stores, caches and log services.

use crate::model::language::*;
use crate::model::preset;
use crate::model::section::law::LAW;
use crate::model::section::quota::QUOTA;
use crate::model::section::run::{Run, too_many};
use crate::model::section::{law, quota};
use crate::policy::{OnExceed, Quota};
use crate::streams::LawSpec;
use crate::units::{Bytes, Money, Probability, Span};

pub(in crate::model) static STORE: Section = Section {
    title: "[store.NAME]",
    changes: Some(Shared(STORED)),
    fields: &[
        optional("preset", OneOf(preset::STORES), "none", "Where the defaults of this store come from.").changes(Fixed(PRESET)),
        required(
            "kind",
            OneOf(StoreKind::WORDS),
            "`kv`: durable, an internal subrequest; `cache`: forgets, an external one; `log-service`: its client is silent for a while after a refusal, and it finds records without an index; an external one.",
        ).note("A `log-service` answers a refused post with 429, which costs time and a subrequest; its client \
                tells nobody, and drops everything for `retry_after`. `preset` gives it the limits of a service.").changes(Fixed(KIND)),
        optional("latency", Table(&LATENCY), "no time", "How long each operation takes.").example(r#"{ get = "10ms", put = "25ms" }"#),
        optional(
            "hot_for",
            Length,
            "every key is",
            "How long a key stays hot in a region that has fetched it; with `latency.cold`. A key of one plan or call never is.",
        ).note("A key that several plans read, of `[reads]` or without a placeholder, is fetched once each \
                `hot_for` in each region; in between it is hot. On Workers KV a hot read takes 7 ms, and one after \
                its 60 s about 170 ms."),
        optional("quota", Table(&QUOTAS), "unlimited", "How many of each operation.").example("{ writes = { limit = 1_000 } }"),
        optional("key_spacing", Length, "none", "The least time between two accepted writes of one key."),
        default(
            "on_key_exceed",
            OneOf(OnKeyExceed::WORDS),
            "reject",
            "What happens to a write that comes sooner: refused (429), or it replaces the value (the last write wins).",
        ),
        optional("storage", Table(&STORAGE), "unlimited", "How much it holds.").example(r#"{ limit = "1GB" }"#).note("Several writes of one key count once in what a store holds, at the size of the first. What is \
                billed is the mean over the run."),
        optional("background", Table(&BACKGROUND), "nobody", "What other programs of the account do on its quotas.").example("{ reads_per_day = 2_000 }").note("These operations use the quotas up; they are neither in the bill nor in the counts of the store."),
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
    ..PLAIN
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
        optional("reads", OneOrMore(&QUOTA), "unlimited", "Keys read.").example("{ limit = 100_000 }"),
        optional("writes", OneOrMore(&QUOTA), "unlimited", "Keys written.")
            .example(r#"[{ limit = 1_000 }, { limit = 50, window = "1m" }]"#),
        optional("deletes", OneOrMore(&QUOTA), "unlimited", "Keys deleted.").example("{ limit = 1_000 }"),
        optional("lists", OneOrMore(&QUOTA), "unlimited", "Lists.").example("{ limit = 1_000 }"),
    ],
    ..PLAIN
};

/// `[store.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Its name: `kv`, `cache`, or the user's own.
    pub name: String,
    /// `kind`: what kind of store it is.
    pub kind: StoreKind,
    /// `latency.get` and so on, by [`OpKind`]: how long an operation takes.
    pub latency: [LawSpec; 4],
    /// `hot_for` and `latency.cold`: how long a key stays hot in a region that has read it, and how long the read of a
    /// cold key takes; none: all reads are alike.
    pub cold: Option<(Span, LawSpec)>,
    /// `quota.reads`, `.writes`, `.deletes`, `.lists`, by [`OpKind`]; all quotas of a list hold at once.
    pub quotas: [Vec<Quota>; 4],
    /// `key_spacing`: the shortest time between two accepted writes of one key; none: no limit.
    pub key_spacing: Option<Span>,
    /// `on_key_exceed`: what happens to a write that comes sooner.
    pub on_key_exceed: OnKeyExceed,
    /// `storage`: how much it holds; none: unlimited.
    pub storage: Option<Storage>,
    /// `background.reads_per_day` and so on, by [`OpKind`]: operations a day, at least 0, that other programs make on
    /// the same quotas.
    pub background: [f64; 4],
    /// `ops_per_invocation`: how many of its operations one invocation may make; none: unlimited.
    pub ops_per_invocation: Option<u32>,
    /// `ttl`: how long an entry lives when its operation does not say; none: forever.
    pub ttl: Option<Span>,
    /// `capacity`: the size at which the least recently used entries are evicted; none: unlimited.
    pub capacity: Option<Bytes>,
    /// `evictions_per_hour`: the hazard rate per hour, at least 0, at which an entry is evicted by others; 0 by
    /// default.
    pub evictions_per_hour: f64,
    /// `evictions_spike_factor`: what that is multiplied by during a spike of traffic, at least 0; 1 by default.
    pub evictions_spike_factor: f64,
    /// `restarts_per_day`: mean restarts a day, as a Poisson process, in each of which all entries are lost; 0 by
    /// default.
    pub restarts_per_day: f64,
    /// `retry_after`: how long the client of a log service drops everything after a refusal.
    pub retry_after: Span,
    /// `network_errors`: the probability that an operation of a log service does not arrive.
    pub network_errors: Probability,
    /// `searchable`: whether its records are found without an index.
    pub searchable: bool,
    /// `awaited`: whether calls wait for the log operations on it; none: as `[logging]` says.
    pub awaited: Option<bool>,
    /// `subrequest`: whether its operations count as subrequests of the invocation.
    pub subrequest: bool,
    /// `staleness`: the longest time for which another region sees an old value, or none, after a write.
    pub staleness: Span,
    /// `put_stores_nothing`: the probability that a write is answered but nothing is kept.
    pub put_stores_nothing: Probability,
}

impl Store {
    /// Whether its ops are external subrequests; those of KV are internal ones.
    pub fn is_external(&self) -> bool {
        self.kind != StoreKind::Kv
    }

    /// Whether another region sees what is stored, later perhaps; a cache is a region's own.
    pub fn is_seen_elsewhere(&self) -> bool {
        self.kind != StoreKind::Cache
    }
}

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Workers KV: global, durable, quotas by op, one write a second and key; an internal subrequest.
    Kv,
    /// The Cache API: forgets; an external subrequest.
    Cache,
    /// An external log service: after a refusal its client is silent for a while; it finds records by itself.
    LogService,
}

words!(StoreKind: "kv" => Kv, "cache" => Cache, "log-service" => LogService);

/// An operation on a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum OpKind {
    /// Read one key.
    Get,
    /// Write one key.
    Put,
    /// Delete one key.
    Delete,
    /// List keys.
    List,
}

words!(OpKind: "get" => Get, "put" => Put, "delete" => Delete, "list" => List);

impl OpKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [OpKind; 4] = [OpKind::Get, OpKind::Put, OpKind::Delete, OpKind::List];

    /// What several of them are called, in quotas and metrics.
    pub fn plural(self) -> &'static str {
        ["reads", "writes", "deletes", "lists"][self as usize]
    }
}

/// `on_key_exceed`: what happens to a write of a key that was written less than the spacing ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnKeyExceed {
    /// It is refused (429).
    Reject,
    /// It is accepted and replaces the value: the last write wins.
    Overwrite,
}

words!(OnKeyExceed: "reject" => Reject, "overwrite" => Overwrite);

/// `storage`: how much a store holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// `limit`: the bytes that it holds, or that are included in the price.
    pub limit: Bytes,
    /// `on_exceed`: whether more is refused or billed.
    pub on_exceed: OnExceed,
    /// `price_per_gb`: US dollars a month for a GB (10⁹ bytes) over the limit, if it is billed.
    pub price_per_gb: Money,
}

/// Reads the stores, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, run: Option<&Run>) -> Vec<Store> {
    root.named("store").into_iter().map(|(name, cursor)| store(input, name, &cursor, run)).collect()
}

fn store(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, run: Option<&Run>) -> Store {
    let nothing = LawSpec::Constant { value: Span::ZERO };
    let latency = cursor.table("latency");
    let cold = cold(input, cursor, latency.as_ref());
    let latency = OpKind::ALL.map(|op| {
        let law = latency.as_ref().and_then(|table| law::read(input, table, OpKind::WORDS[op as usize]));
        law.unwrap_or_else(|| nothing.clone())
    });
    let quotas = cursor.table("quota");
    let quotas = OpKind::ALL.map(|op| {
        let tables = quotas.as_ref().map(|table| table.one_or_more(op.plural())).unwrap_or_default();
        tables.iter().filter_map(|table| quota::read(input, table)).collect()
    });
    let kind = cursor.one("kind");
    if kind == StoreKind::Cache && name == "isolates" {
        let complaint = Complaint::new("a cache cannot have this name: the metric isolates.evicted counts isolates");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint.cure("choose another name"));
    }
    cannot(input, cursor, kind);
    Store {
        name: name.into(),
        kind,
        latency,
        cold,
        quotas,
        key_spacing: cursor.span("key_spacing"),
        on_key_exceed: cursor.one("on_key_exceed"),
        storage: cursor.table("storage").and_then(|table| storage(&table)),
        background: background(input, cursor, run),
        ops_per_invocation: cursor.count("ops_per_invocation"),
        ttl: cursor.span("ttl"),
        capacity: cursor.size("capacity"),
        evictions_per_hour: cursor.number("evictions_per_hour").unwrap_or_default(),
        evictions_spike_factor: cursor.number("evictions_spike_factor").unwrap_or(1.0),
        restarts_per_day: cursor.number("restarts_per_day").unwrap_or_default(),
        retry_after: cursor.span("retry_after").unwrap_or_default(),
        network_errors: Probability::new(cursor.number("network_errors").unwrap_or_default()).unwrap_or_default(),
        searchable: match cursor.get("searchable") {
            Some(_) => cursor.flag("searchable"),
            None => kind == StoreKind::LogService,
        },
        awaited: cursor.get("awaited").map(|_| cursor.flag("awaited")),
        subrequest: cursor.flag("subrequest"),
        staleness: cursor.span("staleness").unwrap_or_default(),
        put_stores_nothing: Probability::new(cursor.number("put_stores_nothing").unwrap_or_default())
            .unwrap_or_default(),
    }
}

/// Refuses keys that would be ignored, as this kind of store lacks the feature.
fn cannot(input: &mut Input<'_>, cursor: &Cursor<'_>, kind: StoreKind) {
    let mut refuse = |cursor: &Cursor<'_>, key: &str, why: &str, is_set: bool| {
        if is_set {
            input.problems.report_once(cursor.at(key), &cursor.key(key), Complaint::new(why).cure("remove it"));
        }
    };
    if kind == StoreKind::Cache {
        let unlisted = "a cache cannot be listed";
        refuse(cursor, "searchable", unlisted, cursor.flag("searchable"));
        let elsewhere = "a cache is never visible in another region";
        refuse(cursor, "staleness", elsewhere, cursor.span("staleness").is_some_and(|span| !span.is_zero()));
        if let Some(quotas) = cursor.table("quota") {
            refuse(&quotas, "lists", unlisted, quotas.get("lists").is_some());
        }
        if let Some(background) = cursor.table("background") {
            let lists = background.number("lists_per_day").is_some_and(|rate| rate > 0.0);
            refuse(&background, "lists_per_day", unlisted, lists);
        }
    }
    if kind != StoreKind::LogService {
        let no_client = "only for a log-service";
        refuse(cursor, "retry_after", no_client, cursor.get("retry_after").is_some());
        refuse(cursor, "network_errors", no_client, cursor.number("network_errors").is_some_and(|chance| chance > 0.0));
    }
}

/// One is of no use without the other.
fn cold(input: &mut Input<'_>, cursor: &Cursor<'_>, latency: Option<&Cursor<'_>>) -> Option<(Span, LawSpec)> {
    let law = latency.filter(|table| table.get("cold").is_some()).and_then(|table| law::read(input, table, "cold"));
    match (cursor.span("hot_for"), law) {
        (Some(hot), Some(law)) => Some((hot, law)),
        (None, None) => None,
        (hot, _) => {
            let missing = if hot.is_some() { "latency.cold" } else { "hot_for" };
            let complaint = Complaint::new("`hot_for` and `latency.cold` need each other");
            let cure = format!("add `{missing}`");
            input.problems.report_once(cursor.at("hot_for"), &cursor.key("hot_for"), complaint.cure(cure));
            None
        }
    }
}

fn storage(cursor: &Cursor<'_>) -> Option<Storage> {
    Some(Storage {
        limit: cursor.size("limit")?,
        on_exceed: cursor.one("on_exceed"),
        price_per_gb: cursor.money("price_per_gb"),
    })
}

fn background(input: &mut Input<'_>, cursor: &Cursor<'_>, run: Option<&Run>) -> [f64; 4] {
    let table = cursor.table("background");
    let rates = ["reads_per_day", "writes_per_day", "deletes_per_day", "lists_per_day"]
        .map(|key| table.as_ref().and_then(|table| table.number(key)).unwrap_or_default());
    if let Some(run) = run {
        let rate = rates.iter().sum::<f64>() / 86_400.0;
        too_many(input, (cursor.at("background"), &cursor.key("background")), "ops", rate, 0.0, run);
    }
    rates
}

/// What may change while a model runs.
pub(in crate::model) fn keep(store: &mut Store, of: &Store) {
    keep_all(&mut store.latency, &of.latency, keep_law);
    if let (Some((hot_for, law)), Some((of_hot_for, of))) = (&mut store.cold, &of.cold) {
        *hot_for = *of_hot_for;
        keep_law(law, of);
    }
    for (quotas, of) in store.quotas.iter_mut().zip(&of.quotas) {
        keep_all(quotas, of, quota::keep);
    }
    keep_all(&mut store.background, &of.background, |rate, of| keep_hazard(rate, *of));
    (store.key_spacing, store.on_key_exceed) = (of.key_spacing, of.on_key_exceed);
    (store.ttl, store.ops_per_invocation, store.retry_after) = (of.ttl, of.ops_per_invocation, of.retry_after);
    if store.staleness.is_zero() == of.staleness.is_zero() {
        store.staleness = of.staleness;
    }
    keep_some(&mut store.capacity, &of.capacity);
    if let (Some(storage), Some(of)) = (&mut store.storage, &of.storage) {
        (storage.limit, storage.price_per_gb) = (of.limit, of.price_per_gb);
    }
    keep_hazard(&mut store.evictions_per_hour, of.evictions_per_hour);
    store.evictions_spike_factor = of.evictions_spike_factor;
    keep_hazard(&mut store.restarts_per_day, of.restarts_per_day);
    keep_chance(&mut store.network_errors, of.network_errors);
    keep_chance(&mut store.put_stores_nothing, of.put_stores_nothing);
}
