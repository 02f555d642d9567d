//! `[store.NAME]` and `[reads.NAME]`.

use super::cursor::Cursor;
use super::input::Input;
use super::law;
use super::names::Names;
use super::problems::Complaint;
use super::run::{quota, too_many};
use super::spec::{OnKeyExceed, OpKind, Read, ReadCount, Run, Storage, Store, StoreKind};
use crate::policy::OnExceed;
use crate::streams::LawSpec;
use crate::units::{Id, Probability, Span};

/// Reads the stores, in the order of their names.
pub(super) fn read(input: &mut Input<'_>, root: &Cursor<'_>, run: Option<&Run>) -> Vec<Store> {
    root.named("store").into_iter().map(|(name, cursor)| store(input, name, &cursor, run)).collect()
}

fn store(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, run: Option<&Run>) -> Store {
    let nothing = LawSpec::Constant { value: Span::ZERO };
    let latency = cursor.table("latency");
    let cold = cold(input, cursor, latency.as_ref());
    let latency = ["get", "put", "delete", "list"].map(|op| {
        let law = latency.as_ref().and_then(|table| law::read(input, table, op));
        law.unwrap_or_else(|| nothing.clone())
    });
    let quotas = cursor.table("quota");
    let quotas = OpKind::ALL.map(|op| {
        let tables = quotas.as_ref().map(|table| table.one_or_more(op.plural())).unwrap_or_default();
        tables.iter().filter_map(|table| quota(input, table)).collect()
    });
    let kind = match cursor.word("kind") {
        "cache" => StoreKind::Cache,
        "log-service" => StoreKind::LogService,
        _ => StoreKind::Kv,
    };
    if kind == StoreKind::Cache && name == "isolates" {
        let complaint = Complaint::new("a cache cannot have this name: `isolates.evicted` counts isolates");
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
        on_key_exceed: match cursor.word("on_key_exceed") {
            "overwrite" => OnKeyExceed::Overwrite,
            _ => OnKeyExceed::Reject,
        },
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

/// Keys that would be read and ignored, as no store of this kind can do it.
fn cannot(input: &mut Input<'_>, cursor: &Cursor<'_>, kind: StoreKind) {
    let mut refuse = |cursor: &Cursor<'_>, key: &str, why: &str, is_set: bool| {
        if is_set {
            input.problems.report_once(cursor.at(key), &cursor.key(key), Complaint::new(why).cure("take it out"));
        }
    };
    if kind == StoreKind::Cache {
        let unlisted = "nobody can ask a cache what is in it";
        refuse(cursor, "searchable", unlisted, cursor.flag("searchable"));
        let elsewhere = "what is in a cache is never seen in another region, however late";
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
        let no_client = "only the client of a log service does this";
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
            let complaint = Complaint::new("a read is hot for a while and cold after it, or all reads are alike");
            let cure = format!("add `{missing}`");
            input.problems.report_once(cursor.at("hot_for"), &cursor.key("hot_for"), complaint.cure(cure));
            None
        }
    }
}

fn storage(cursor: &Cursor<'_>) -> Option<Storage> {
    Some(Storage {
        limit: cursor.size("limit")?,
        on_exceed: if cursor.word("on_exceed") == "bill" { OnExceed::Bill } else { OnExceed::Reject },
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

/// Reads the reads that are not logs, in the order of their names.
pub(super) fn reads(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Read> {
    let mut reads = Vec::new();
    for (name, cursor) in root.named("reads") {
        let store = names.stores.resolve(input, cursor.word("store"), cursor.at("store"), &cursor.key("store"));
        let count = match (cursor.get("per_plan"), cursor.get("per_call")) {
            (Some(_), None) => cursor.count("per_plan").map(ReadCount::PerPlan),
            (None, Some(_)) => cursor.count("per_call").map(ReadCount::PerCall),
            (both, _) => {
                let found = if both.is_some() { "both" } else { "neither" };
                let complaint = Complaint::new("so many reads a plan, or so many a call").found(found);
                input.problems.report_once(
                    cursor.node.key,
                    &cursor.path,
                    complaint.allowed("`per_plan` or `per_call`"),
                );
                None
            }
        };
        let count = count.unwrap_or(ReadCount::PerPlan(1));
        reads.push(Read {
            name: name.into(),
            store: store.unwrap_or(Id::new(0)),
            count,
            memory_ttl: cursor.span("memory_ttl"),
        });
    }
    reads
}
