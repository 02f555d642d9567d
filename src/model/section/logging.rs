//! `[logging]`: how calls are logged.

use crate::model::language::*;
use crate::model::section::store::{OpKind, Store};
use crate::model::section::strategy::{self, KeyScope, LOG_OP, Level, LogOp, STRATEGY, Switch, log_op};
use crate::model::tree::Node;
use crate::units::Span;

pub(in crate::model) static LOGGING: Section = Section {
    title: "[logging]",
    about: "What nobody awaits (`awaited = false`, here or of a store): the rows of one event that are awaited are made \
        first; the others follow one after the other beside the plan, and those of different events beside each \
        other. A refusal skips the rest of its event, and fails no plan. `platform.wait_until` after the last call \
        of the invocation, what is left is cut off: an operation that was sent stays counted as accepted, and its \
        record is `unfinished`. The rows of a plan's end have as long; a day's end and the admin page have no \
        limit.",
    changes: Some(Program),
    fields: &[
        default(
            "strategy",
            OneOf(strategy::NAMES),
            "none",
            "The table of operations; `custom`: the table `ops`.",
        ).changes(Fixed(PARTS)).decision(),
        optional(
            "level",
            OneOf(Level::WORDS),
            "all; errors_only with `conditional`",
            "Which events are logged.",
        ).note("Where the model names none it is that of the strategy.").decision(),
        default("cache_ttl", Length, "24h", "How long an entry lives that a strategy puts into a cache.").note("A write into a cache lives so long, one into KV for the store's `ttl`, unless the row names its \
                own.").decision(),
        default("kv_errors", Bool, "true", "Whether `hybrid` writes errors to KV too; others do not read it.").note("Rows of a `custom` strategy with `only_if` read this and `index` too.").changes(Fixed(PARTS)).decision(),
        default(
            "index",
            OneOf(&["none", "cache"]),
            "none",
            "Whether `hybrid` keeps an index in the cache; others do not read it.",
        ).changes(Fixed(PARTS)).decision(),
        default(
            "on_error",
            OneOf(OnLogError::WORDS),
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
        ).changes(Fixed("the way results are measured")),
        default("record_bytes", Size, "2KiB", "The size of an entry, where a row does not say; at most 1GiB."),
        optional("ops", List(&Table(&LOG_OP), None), "the strategy's", "The rows of a `custom` strategy.").example(r#"[{ on = "response", when = "error", store = "kv", op = "put", key = "log:{log}", role = "record" }]"#).changes(Program),
    ],
};

/// `[logging]`
#[derive(Clone, Debug, PartialEq)]
pub struct Logging {
    /// `strategy`: its name.
    pub strategy: String,
    /// The rows of the strategy, in order, with the switches (`kv_errors`, `index`) applied and `cache_ttl` filled in.
    pub ops: Vec<LogOp>,
    /// `level`: which events are logged at all.
    pub level: Level,
    /// `on_error`: what a rejected operation does to its plan.
    pub on_error: OnLogError,
    /// `max_log_entries`: how many sessions the index keeps; 1 to 1,000,000.
    pub max_log_entries: u32,
    /// `incident_gap`: an error is the first of an incident if there was none for this long before it.
    pub incident_gap: Span,
}

impl Logging {
    /// Whether a record may be lost to a later writer of its key.
    pub fn overwrites_records(&self) -> bool {
        let puts = |of: &LogOp| self.ops.iter().filter(|op| op.op == OpKind::Put && op.has_key_of(of)).count();
        self.ops.iter().any(|op| op.is_record() && (op.key.scope != KeyScope::Log || puts(op) > 1))
    }

    /// Whether the program itself deletes records.
    pub fn deletes_records(&self) -> bool {
        let deletes = |of: &LogOp| self.ops.iter().any(|op| op.op == OpKind::Delete && op.has_key_of(of));
        self.ops.iter().any(|op| op.is_record() && deletes(op))
    }
}

/// What a rejected log op does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLogError {
    /// The rest of the event's ops is skipped, and the plan goes on.
    Swallow,
    /// The plan ends: crashed.
    FailPlan,
}

words!(OnLogError: "swallow" => Swallow, "fail_plan" => FailPlan);

/// Reads `[logging]`; `table` is the strategy's own tree, where it is built in.
pub(in crate::model) fn read(
    input: &mut Input<'_>,
    cursor: &Cursor<'_>,
    table: Option<&Node>,
    names: &Names,
    stores: &[Store],
) -> Logging {
    let strategy = cursor.word("strategy");
    if (strategy == "custom") != cursor.get("ops").is_some() && !strategy.is_empty() {
        let complaint = if strategy == "custom" {
            Complaint::new("the strategy `custom` has no rows").cure("add [[logging.ops]]")
        } else {
            Complaint::new(format!("the strategy {strategy:?} does not use these rows"))
                .cure("set strategy = \"custom\", or remove the rows")
        };
        input.problems.report_once(cursor.at("ops"), &cursor.key("ops"), complaint);
    }
    let own = table.map(|node| Cursor::new(node, &STRATEGY, "strategy".into()));
    let rows = own.as_ref().unwrap_or(cursor).tables("ops");
    let level = cursor.text("level").or_else(|| own.as_ref()?.text("level"));
    let ops = rows
        .iter()
        .filter(|row| switched_on(row, cursor))
        .filter_map(|row| log_op(input, cursor, row, own.is_some(), names, stores));
    Logging {
        strategy: strategy.into(),
        ops: ops.collect(),
        level: level.and_then(Level::parse).unwrap_or(Level::All),
        on_error: cursor.one("on_error"),
        max_log_entries: cursor.count("max_log_entries").unwrap_or(10),
        incident_gap: cursor.span("incident_gap").unwrap_or(Span::HOUR),
    }
}

fn switched_on(row: &Cursor<'_>, logging: &Cursor<'_>) -> bool {
    match row.text("only_if").and_then(Switch::parse) {
        Some(Switch::KvErrors) => logging.flag("kv_errors"),
        Some(Switch::Index) => logging.is_second("index", ["none", "cache"]),
        None => true,
    }
}

/// What may change while a model runs.
pub(in crate::model) fn keep(logging: &mut Logging, of: &Logging) {
    (logging.level, logging.on_error) = (of.level, of.on_error);
    logging.max_log_entries = of.max_log_entries;
    keep_all(&mut logging.ops, &of.ops, |op, of| (op.ttl, op.bytes) = (of.ttl, of.bytes));
}
