//! The rows of a strategy: which operations on which stores an event of a call makes.

use crate::model::language::*;
use crate::model::section::store::{OpKind, Store, StoreKind};
use crate::model::tree::{Node, parse};
use crate::units::{Bytes, Id, Span};
use std::path::Path;

/// What a strategy's own file holds.
pub(in crate::model) static STRATEGY: Section = Section {
    title: "a strategy",
    fields: &[
        default("description", Text, "", "What it does, in a line."),
        default("level", OneOf(Level::WORDS), "all", "The level where the model names none."),
        required("ops", List(&Table(&LOG_OP), None), "The rows, in order."),
    ],
    ..PLAIN
};

pub(in crate::model) static LOG_OP: Section = Section {
    title: "a row of a strategy",
    changes: Some(Fixed(PARTS)),
    fields: &[
        required(
            "on",
            OneOf(LogEvent::WORDS),
            "When it happens: before a call, after it, after the last call of a plan, at every midnight UTC.",
        ),
        default(
            "when",
            OneOf(When::WORDS),
            "always",
            "Under which condition; a plan is an error when it is not completed, a day never is.",
        ),
        required("store", Text, "Where."),
        required("op", OneOf(OpKind::WORDS), "What."),
        required(
            "key",
            Text,
            "Which key; `{log}` is the call's own, `{session}` the plan's, `{day}` the day's, none everybody's.",
        )
        .note("What stands before the first placeholder names the family (`kv.writes.family.NAME`)."),
        default(
            "role",
            OneOf(Role::WORDS),
            "other",
            "What the key means to a reader. Records are those of calls; the end of a day is always `other`.",
        ),
        optional("only_if", OneOf(Switch::WORDS), "always", "The switch of [logging] that must be on."),
        optional("ttl", Length, "cache_ttl in a cache, else the store's", "How long the entry lives.").changes(Program),
        optional("bytes", Size, "record_bytes", "The size of the entry; at most 1GiB.").changes(Program),
    ],
    ..PLAIN
};

/// One row of a strategy's table.
#[derive(Clone, Debug, PartialEq)]
pub struct LogOp {
    /// `on`: when it happens.
    pub event: LogEvent,
    /// `when`: under which condition.
    pub when: When,
    /// `store`: where it happens.
    pub store: Id<Store>,
    /// `op`: the operation.
    pub op: OpKind,
    /// `key`: the key that it is about.
    pub key: Key,
    /// `role`: what the key means to a reader.
    pub role: Role,
    /// `ttl`: how long the entry lives; none: as long as the store says.
    pub ttl: Option<Span>,
    /// The size of the entry.
    pub bytes: Bytes,
    /// `awaited`: whether the call waits for it.
    pub awaited: bool,
}

impl LogOp {
    /// Whether it ends the life of the entry under its key.
    pub fn is_write(&self) -> bool {
        matches!(self.op, OpKind::Put | OpKind::Delete)
    }

    /// Whether it writes a log record.
    pub fn is_record(&self) -> bool {
        self.role == Role::Record && self.op == OpKind::Put
    }

    pub(in crate::model) fn has_key_of(&self, other: &LogOp) -> bool {
        self.store == other.store && self.key.template == other.key.template
    }
}

/// When a log op happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// Before the call enters the queue.
    Request,
    /// After the call has ended, however it did.
    Response,
    /// After the last call of a plan has ended, however the plan did; not awaited.
    PlanEnd,
    /// At every midnight UTC, whether there were plans or not.
    DayEnd,
}

words!(LogEvent: "request" => Request, "response" => Response, "plan_end" => PlanEnd, "day_end" => DayEnd);

/// Under which condition a log op happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// The event is an error: a faulty request, a failed response, a plan that was not completed.
    Error,
    /// The event is no error.
    Normal,
    /// The step is critical.
    Critical,
    /// Either.
    ErrorOrCritical,
}

words!(
    When: "always" => Always, "error" => Error, "normal" => Normal, "critical" => Critical,
    "error_or_critical" => ErrorOrCritical
);

impl When {
    /// Whether an event fulfils it.
    #[inline]
    pub fn holds(self, error: bool, critical: bool) -> bool {
        match self {
            When::Always => true,
            When::Error => error,
            When::Normal => !error,
            When::Critical => critical,
            When::ErrorOrCritical => error || critical,
        }
    }
}

/// A key: its text up to the first placeholder names the family, its last placeholder says who shares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// As written: `ai_communication_log:{log}`.
    pub template: String,
    /// Everything before the first `{`, without a trailing `:`; the name in `kv.writes.family.NAME`.
    pub family: String,
    /// Who writes the same key.
    pub scope: KeyScope,
}

/// Who writes the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// `{log}`, `{day}`: nobody else; each call, or each day, has its own.
    Log,
    /// `{session}`: the calls of one plan.
    Session,
    /// No placeholder: everybody.
    Shared,
}

/// What a key means to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is the log record.
    Record,
    /// It is the index of the last sessions.
    Index,
    /// It lists the records of one session.
    Session,
    /// Something else.
    Other,
}

words!(Role: "record" => Record, "index" => Index, "session" => Session, "other" => Other);

/// Which events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All.
    All,
    /// Those that are errors.
    ErrorsOnly,
    /// None.
    None,
}

words!(Level: "all" => All, "errors_only" => ErrorsOnly, "none" => None);

impl Level {
    /// Whether an event is logged.
    #[inline]
    pub fn admits(self, error: bool) -> bool {
        match self {
            Level::All => true,
            Level::ErrorsOnly => error,
            Level::None => false,
        }
    }
}

/// A switch of `[logging]` that a row may depend on.
#[derive(Clone, Copy)]
pub(in crate::model) enum Switch {
    KvErrors,
    Index,
}

words!(Switch: "kv_errors" => KvErrors, "index" => Index);

/// The strategies that a model may name.
pub(in crate::model) const NAMES: &[&str] =
    &["none", "kv-only", "cache-only", "hybrid", "conditional", "external", "combination", "custom"];

/// The text of each strategy that is built in.
pub const STRATEGIES: [(&str, &str); 7] = [
    ("none", include_str!("../../../presets/strategies/none.toml")),
    ("kv-only", include_str!("../../../presets/strategies/kv-only.toml")),
    ("cache-only", include_str!("../../../presets/strategies/cache-only.toml")),
    ("hybrid", include_str!("../../../presets/strategies/hybrid.toml")),
    ("conditional", include_str!("../../../presets/strategies/conditional.toml")),
    ("external", include_str!("../../../presets/strategies/external.toml")),
    ("combination", include_str!("../../../presets/strategies/combination.toml")),
];

/// The table of a built-in strategy, as a tree.
pub(in crate::model) fn built_in(input: &mut Input<'_>, name: &str) -> Option<Node> {
    let (_, text) = STRATEGIES.iter().find(|(other, _)| *other == name)?;
    let source = input.add(&format!("<strategy {name}>"), text, Path::new(""));
    parse(source, text, &mut input.problems)
}

pub(in crate::model) fn log_op(
    input: &mut Input<'_>,
    logging: &Cursor<'_>,
    row: &Cursor<'_>,
    built_in: bool,
    names: &Names,
    stores: &[Store],
) -> Option<LogOp> {
    let name = row.text("store")?;
    let Some(position) = names.stores.position(name) else {
        let mut complaint = names.stores.missing(name);
        // Where a built-in table needs a store, the place to change is the model.
        let (at, key) = if built_in {
            let strategy = logging.word("strategy");
            complaint.what = format!("the strategy {strategy:?} needs the store {name:?}, which is not defined");
            complaint.cure = match name {
                "external" => "define [store.external], for example with `preset = \"sentry-developer\"`".into(),
                _ => format!("set platform.preset, or define [store.{name}]"),
            };
            (logging.at("strategy"), logging.key("strategy"))
        } else {
            (row.at("store"), row.key("store"))
        };
        input.problems.report_once(at, &key, complaint);
        return None;
    };
    let is_cache = stores.get(position).is_some_and(|store| store.kind == StoreKind::Cache);
    let op = OpKind::parse(row.text("op")?)?;
    if is_cache && op == OpKind::List {
        let complaint = Complaint::new("a cache cannot be listed")
            .found("a list of a cache")
            .cure("read a known key, or keep an index");
        input.problems.report_once(row.at("op"), &row.key("op"), complaint);
    }
    let cache_ttl = logging.span("cache_ttl").filter(|_| is_cache && op == OpKind::Put);
    let event = event(input, row);
    let of_store = stores.get(position).and_then(|store| store.awaited);
    Some(LogOp {
        event,
        awaited: of_store.unwrap_or_else(|| logging.flag("awaited")),
        when: row.one("when"),
        store: Id::new(position),
        op,
        key: key(input, row, event)?,
        role: row.one("role"),
        ttl: row.span("ttl").or(cache_ttl),
        bytes: entry_size(input, row, logging),
    })
}

/// The most bytes of one entry: no store takes more, and so no sum of a run is too large to count.
const MOST_BYTES: Bytes = Bytes(1 << 30);

fn entry_size(input: &mut Input<'_>, row: &Cursor<'_>, logging: &Cursor<'_>) -> Bytes {
    let (of, key) = if row.get("bytes").is_some() { (row, "bytes") } else { (logging, "record_bytes") };
    let size = of.size(key).unwrap_or(Bytes(2048));
    if size > MOST_BYTES {
        let complaint = Complaint::new("too large for any store").found(size.to_string()).allowed("up to 1GiB");
        input.problems.report_once(of.at(key), &of.key(key), complaint);
    }
    size
}

/// When a row happens; refuses what the end of a plan or a day cannot do.
fn event(input: &mut Input<'_>, row: &Cursor<'_>) -> LogEvent {
    let event = row.one("on");
    let (roles, whens): (&[&str], &[&str]) = match event {
        LogEvent::PlanEnd => (&["index", "session", "other"], &[]),
        LogEvent::DayEnd => (&["other"], &["always"]),
        _ => (&[], &[]),
    };
    for (key, allowed) in [("role", roles), ("when", whens)] {
        let word = row.word(key);
        if !allowed.is_empty() && !word.is_empty() && !allowed.contains(&word) {
            let complaint = Complaint::new(format!("cannot be combined with `on = {:?}`", row.word("on")))
                .found(format!("{word:?}"))
                .allowed(allowed.join(", "));
            input.problems.report_once(row.at(key), &row.key(key), complaint);
        }
    }
    event
}

/// A key: the text before the first placeholder is its family, and the narrowest placeholder decides which calls share
/// it.
fn key(input: &mut Input<'_>, row: &Cursor<'_>, event: LogEvent) -> Option<Key> {
    let (own, of_plan, allowed) = match event {
        LogEvent::Request | LogEvent::Response => ("{log}", true, "{log}, {session}, or none"),
        LogEvent::PlanEnd => ("", true, "{session}, or none"),
        LogEvent::DayEnd => ("{day}", false, "{day}, or none"),
    };
    let template = row.text("key")?;
    let mut scope = KeyScope::Shared;
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let end = rest[open..].find('}').map(|length| open + length);
        match end.map(|end| &rest[open..=end]) {
            Some(name) if name == own => scope = KeyScope::Log,
            Some("{session}") if of_plan && scope != KeyScope::Log => scope = KeyScope::Session,
            Some("{session}") if of_plan => {}
            other => {
                let complaint = Complaint::new("unknown placeholder")
                    .found(format!("{:?}", other.unwrap_or(&rest[open..])))
                    .allowed(allowed);
                input.problems.report_once(row.at("key"), &row.key("key"), complaint);
                return None;
            }
        }
        rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
    }
    let family = template.split('{').next().unwrap_or_default().trim_end_matches(':').to_string();
    if family.is_empty() {
        let complaint = Complaint::new("a key must start with the name of its family").found(format!("{template:?}"));
        input.problems.report_once(row.at("key"), &row.key("key"), complaint);
    }
    if family.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let complaint = Complaint::new("the family of a key cannot contain spaces: it is part of a metric name");
        input.problems.report_once(row.at("key"), &row.key("key"), complaint.found(format!("{family:?}")));
    }
    Some(Key { template: template.into(), family, scope })
}
