//! `[logging]`, and the tables of operations that strategies are.

use super::cursor::Cursor;
use super::input::Input;
use super::language::STRATEGY;
use super::names::Names;
use super::problems::Complaint;
use super::spec::{
    Key, KeyScope, Level, LogEvent, LogFile, LogOp, Logging, OnLogError, OpKind, Role, Store, StoreKind, When,
};
use super::tree::{Node, parse};
use crate::policy::RotateOn;
use crate::units::{Bytes, Id, Span};
use std::path::Path;

/// The strategies that a model may name.
pub(super) const NAMES: &[&str] =
    &["none", "kv-only", "cache-only", "hybrid", "conditional", "external", "combination", "custom"];

/// The text of each strategy that is built in.
pub const STRATEGIES: [(&str, &str); 7] = [
    ("none", include_str!("../../presets/strategies/none.toml")),
    ("kv-only", include_str!("../../presets/strategies/kv-only.toml")),
    ("cache-only", include_str!("../../presets/strategies/cache-only.toml")),
    ("hybrid", include_str!("../../presets/strategies/hybrid.toml")),
    ("conditional", include_str!("../../presets/strategies/conditional.toml")),
    ("external", include_str!("../../presets/strategies/external.toml")),
    ("combination", include_str!("../../presets/strategies/combination.toml")),
];

/// The table of a built-in strategy, as a tree.
pub(super) fn built_in(input: &mut Input<'_>, name: &str) -> Option<Node> {
    let (_, text) = STRATEGIES.iter().find(|(other, _)| *other == name)?;
    let source = input.add(&format!("<strategy {name}>"), text, Path::new(""));
    parse(source, text, &mut input.problems)
}

/// Reads `[logging]`; `table` is the strategy's own tree, where it is built in.
pub(super) fn read(
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
            Complaint::new(format!("the rows are not used with the strategy {strategy:?}"))
                .cure("write `strategy = \"custom\"`, or take them out")
        };
        input.problems.report_once(cursor.at("ops"), &cursor.key("ops"), complaint);
    }
    let own = table.map(|node| Cursor::new(node, &STRATEGY, "strategy".into()));
    let rows = own.as_ref().unwrap_or(cursor).tables("ops");
    let level = cursor.text("level").or_else(|| own.as_ref()?.text("level")).unwrap_or("all");
    let ops = rows
        .iter()
        .filter(|row| switched_on(row, cursor))
        .filter_map(|row| log_op(input, cursor, row, own.is_some(), names, stores));
    Logging {
        strategy: strategy.into(),
        ops: ops.collect(),
        level: match level {
            "errors_only" => Level::ErrorsOnly,
            "none" => Level::None,
            _ => Level::All,
        },
        on_error: if cursor.word("on_error") == "fail_plan" { OnLogError::FailPlan } else { OnLogError::Swallow },
        max_log_entries: cursor.count("max_log_entries").unwrap_or(10),
        incident_gap: cursor.span("incident_gap").unwrap_or(Span::HOUR),
    }
}

/// Reads the log files, in the order of their names.
pub(super) fn logfiles(root: &Cursor<'_>) -> Vec<LogFile> {
    let file = |(name, cursor): (&str, Cursor<'_>)| {
        let line = if cursor.word("format") == "json" { "json_bytes" } else { "text_bytes" };
        LogFile {
            name: name.into(),
            rotate: match cursor.word("rotate") {
                "date" => RotateOn::Date,
                _ => RotateOn::Size(cursor.size("max_size").map_or(u64::MAX, |size| size.0)),
            },
            backups: cursor.count("backups").unwrap_or(5),
            line: Bytes(cursor.size(line).map_or(1, |size| size.0.max(1))),
            error: cursor.size("error_bytes").unwrap_or(Bytes(0)),
        }
    };
    root.named("logfile").into_iter().map(file).collect()
}

fn switched_on(row: &Cursor<'_>, logging: &Cursor<'_>) -> bool {
    match row.text("only_if") {
        Some("kv_errors") => logging.flag("kv_errors"),
        Some("index") => logging.word("index") == "cache",
        _ => true,
    }
}

fn log_op(
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
    let op = match row.text("op")? {
        "get" => OpKind::Get,
        "put" => OpKind::Put,
        "delete" => OpKind::Delete,
        _ => OpKind::List,
    };
    if is_cache && op == OpKind::List {
        let complaint = Complaint::new("nobody can ask a cache what is in it")
            .found("a list of it")
            .cure("read a key that is known, or keep an index");
        input.problems.report_once(row.at("op"), &row.key("op"), complaint);
    }
    let cache_ttl = logging.span("cache_ttl").filter(|_| is_cache && op == OpKind::Put);
    let event = event(input, row);
    let of_store = stores.get(position).and_then(|store| store.awaited);
    Some(LogOp {
        event,
        awaited: of_store.unwrap_or_else(|| logging.flag("awaited")),
        when: match row.word("when") {
            "error" => When::Error,
            "normal" => When::Normal,
            "critical" => When::Critical,
            "error_or_critical" => When::ErrorOrCritical,
            _ => When::Always,
        },
        store: Id::new(position),
        op,
        key: key(input, row, event)?,
        role: match row.word("role") {
            "record" => Role::Record,
            "index" => Role::Index,
            "session" => Role::Session,
            _ => Role::Other,
        },
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
        let complaint =
            Complaint::new("no store takes so large an entry").found(size.to_string()).allowed("up to 1GiB");
        input.problems.report_once(of.at(key), &of.key(key), complaint);
    }
    size
}

/// When a row happens; what a day and the end of a plan cannot do is complained about.
fn event(input: &mut Input<'_>, row: &Cursor<'_>) -> LogEvent {
    let event = match row.word("on") {
        "response" => LogEvent::Response,
        "plan_end" => LogEvent::PlanEnd,
        "day_end" => LogEvent::DayEnd,
        _ => return LogEvent::Request,
    };
    let (roles, whens): (&[&str], &[&str]) = match event {
        LogEvent::PlanEnd => (&["index", "session", "other"], &[]),
        LogEvent::DayEnd => (&["other"], &["always"]),
        _ => (&[], &[]),
    };
    for (key, allowed) in [("role", roles), ("when", whens)] {
        let word = row.word(key);
        if !allowed.is_empty() && !word.is_empty() && !allowed.contains(&word) {
            let complaint = Complaint::new(format!("not with `on = {:?}`", row.word("on")))
                .found(format!("{word:?}"))
                .allowed(allowed.join(", "));
            input.problems.report_once(row.at(key), &row.key(key), complaint);
        }
    }
    event
}

/// A key: what stands before the first placeholder is its family, and the narrowest placeholder says who shares it.
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
                let complaint = Complaint::new("no such placeholder")
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
        let complaint = Complaint::new("a key begins with a text that names its family").found(format!("{template:?}"));
        input.problems.report_once(row.at("key"), &row.key("key"), complaint);
    }
    if family.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let complaint = Complaint::new("the family of a key has no spaces: it is a part of a metric's name");
        input.problems.report_once(row.at("key"), &row.key("key"), complaint.found(format!("{family:?}")));
    }
    Some(Key { template: template.into(), family, scope })
}
