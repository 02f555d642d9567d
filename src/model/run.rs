//! `[run]`, `[platform]` and quotas.

use super::cursor::Cursor;
use super::fields::span;
use super::input::Input;
use super::language::MAX_HORIZON;
use super::law;
use super::names::Names;
use super::problems::{At, Complaint};
use super::spec::{Cost, Cpu, Diagnostics, Isolates, OnLoss, Platform, Run};
use super::tree::Node;
use crate::policy::{OnExceed, Quota, Window};
use crate::units::{Span, Timestamp, count};

/// A model that would take for ever is refused before it is tried: `what` happens at a rate a second for as long as what
/// is read is in force, and for some seconds more.
pub(super) fn too_many(input: &mut Input<'_>, (at, key): (At, &str), what: &str, rate: f64, extra: f64, run: &Run) {
    let lasts = input.lasts.unwrap_or(run.horizon).min(run.horizon);
    let all = rate * (lasts.secs() + extra);
    if all > run.max_events as f64 {
        let complaint = Complaint::new(format!("more {what} than a replication may have events"))
            .found(format!("about {all:.2e} {what} in {lasts}"))
            .allowed(format!("at most run.max_events = {}", count(run.max_events)))
            .cure("lower the rate, or shorten run.horizon");
        input.problems.report_once(at, key, complaint);
    }
}

/// Reads `[run]`.
pub(super) fn run(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Run> {
    let (horizon, warmup) = (cursor.span("horizon"), cursor.span("warmup"));
    if let (Some(horizon), Some(warmup)) = (horizon, warmup) {
        if horizon > MAX_HORIZON {
            let complaint = Complaint::new("longer than 100 years").found(horizon.to_string());
            input.problems.report(cursor.at("horizon"), &cursor.key("horizon"), complaint);
        } else if warmup >= horizon {
            let key = if cursor.get("warmup").is_some() { "warmup" } else { "horizon" };
            let complaint = Complaint::new("the warm-up leaves nothing to record")
                .found(format!("a warm-up of {warmup} in a horizon of {horizon}"))
                .allowed("a warm-up shorter than the horizon");
            input.problems.report(cursor.at(key), &cursor.key(key), complaint);
        }
    }
    Some(Run {
        horizon: horizon?,
        warmup: warmup?,
        start: cursor.date("start").or_else(|| Timestamp::parse("2026-01-01T00:00:00Z").ok())?,
        replications: cursor.count("replications")?,
        seed: cursor.whole("seed")?,
        max_events: cursor.whole("max_events")?,
        max_plans_alive: cursor.count("max_plans_alive")?,
        max_records: cursor.count("max_records")?,
    })
}

/// Reads `[platform]`.
pub(super) fn platform(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Platform {
    Platform {
        preset: cursor.text("preset").map(str::to_string),
        isolates: cursor.count("isolates").unwrap_or(1),
        subrequests_external: cursor.count("subrequests_external"),
        subrequests_internal: cursor.count("subrequests_internal"),
        requests: cursor.table("requests").and_then(|table| requests(input, &table)),
        connections: cursor.count("connections"),
        wait_until: cursor.span("wait_until"),
        cpu: cursor.table("cpu").map(|table| cpu(&table)).unwrap_or_default(),
        base_price: cursor.money("base_price"),
    }
}

fn cpu(cursor: &Cursor<'_>) -> Cpu {
    Cpu {
        limit: cursor.span("limit"),
        included: cursor.span("included").unwrap_or_default(),
        price_per_million_ms: cursor.money("price_per_million_ms"),
    }
}

/// Reads `[cost]`; the model on the other preset is read once this one is sound.
pub(super) fn cost(cursor: &Cursor<'_>) -> Cost {
    Cost { value_per_plan: cursor.money("value_per_plan"), preset: cursor.word("upgrade").to_string(), upgraded: None }
}

/// Reads a quota of a provider, over which attempts are refused.
pub(super) fn refusing_quota(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    if cursor.word("on_exceed") != "reject" {
        let complaint = Complaint::new("a provider refuses what is over its quota").found(cursor.word("on_exceed"));
        input.problems.report_once(
            cursor.at("on_exceed"),
            &cursor.key("on_exceed"),
            complaint.allowed("\"reject\"; what attempts cost is said by `prices`"),
        );
    }
    quota(input, cursor)
}

/// Reads the quota of requests: an invocation begins at once, or does not.
fn requests(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    if matches!(cursor.word("on_exceed"), "wait" | "drop") {
        let complaint = Complaint::new("a request is answered at once, or refused")
            .found(cursor.word("on_exceed"))
            .allowed("\"reject\" or \"bill\"");
        input.problems.report_once(cursor.at("on_exceed"), &cursor.key("on_exceed"), complaint);
    }
    quota(input, cursor)
}

/// Reads `[isolates]`.
pub(super) fn isolates(input: &mut Input<'_>, cursor: &Cursor<'_>, root: &Node) -> Option<Isolates> {
    let mut refuse = |key: &str, complaint: Complaint| {
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    };
    let (min, max) = (cursor.count("min")?, cursor.count("max")?);
    if min > max {
        let found = format!("a min of {min} and a max of {max}");
        refuse("min", Complaint::new("more at least than at most").found(found));
    }
    if root.get("platform").is_some_and(|platform| platform.get("isolates").is_some()) {
        let complaint = Complaint::new("how many isolates? `platform.isolates` and [isolates] both say it");
        refuse("min", complaint.cure("take `platform.isolates` out"));
    }
    let (mut deploys_every, mut deploys_at) = (None, Vec::new());
    if let Some(table) = cursor.table("deploys") {
        (deploys_every, deploys_at) = times(input, &table, "when is a new version deployed?");
    }
    Some(Isolates {
        min,
        max,
        per_isolate: cursor.count("per_isolate"),
        idle: cursor.span("idle"),
        lifetime: cursor.get("lifetime").and_then(|_| law::read(input, cursor, "lifetime")),
        deploys_every,
        deploys_at,
        drain_timeout: cursor.span("drain_timeout")?,
        on_loss: if cursor.word("on_loss") == "lost" { OnLoss::Lost } else { OnLoss::ClientRetries },
    })
}

/// `every` or `at`, one of which must be there.
fn times(input: &mut Input<'_>, cursor: &Cursor<'_>, asked: &str) -> (Option<Span>, Vec<Span>) {
    let every = cursor.span("every");
    let mut at: Vec<Span> = cursor.items("at").iter().filter_map(|node| span(node).ok()).collect();
    at.sort_unstable();
    if cursor.get("every").is_some() == cursor.get("at").is_some() {
        let complaint = Complaint::new(asked).allowed("one of `every` and `at`");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    (every, at)
}

/// Reads `[diagnostics]`.
pub(super) fn diagnostics(input: &mut Input<'_>, cursor: &Cursor<'_>, names: &Names) -> Option<Diagnostics> {
    let (every, at) = times(input, cursor, "when does somebody look at the page?");
    if names.queues.all().is_empty() {
        let complaint = Complaint::new("a page without a queue").cure("add [queue.NAME]");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    Some(Diagnostics { queue: names.queues.resolve_or_only(input, cursor, "queue")?, every, at })
}

/// Reads a quota.
pub(super) fn quota(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    let on_exceed = match cursor.word("on_exceed") {
        "bill" => OnExceed::Bill,
        "wait" => OnExceed::Wait,
        "drop" => OnExceed::Drop,
        _ => OnExceed::Reject,
    };
    let mut refuse = |key: &str, complaint: Complaint| {
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    };
    if on_exceed != OnExceed::Bill && cursor.number("price_per_million").is_some_and(|price| price > 0.0) {
        refuse("price_per_million", Complaint::new("a price without `on_exceed = \"bill\"` is never charged"));
    }
    let limit = cursor.whole("limit")?;
    if on_exceed == OnExceed::Wait && limit == 0 {
        refuse("limit", Complaint::new("an operation would wait for ever").allowed("a limit of at least 1"));
    }
    let kind = cursor.word("kind");
    if kind != "bucket" && cursor.get("burst").is_some() {
        refuse("burst", Complaint::new("only a bucket holds tokens").cure("add `kind = \"bucket\"`"));
    }
    let length = |refuse: &mut dyn FnMut(&str, Complaint)| {
        let length = Span::parse(cursor.word("window")).ok();
        if length.is_none() {
            let complaint = Complaint::new("a calendar day or month does not roll").found(cursor.word("window"));
            refuse("window", complaint.allowed("a duration, such as \"24h\""));
        }
        length
    };
    let window = match (kind, cursor.word("window")) {
        ("rolling", _) => Window::Rolling(length(&mut refuse)?),
        ("bucket", _) => Window::Bucket(cursor.whole("burst").unwrap_or(limit), length(&mut refuse)?),
        (_, "day") => Window::Day,
        (_, "month") => Window::Month,
        _ => Window::Fixed(length(&mut refuse)?),
    };
    Some(Quota {
        limit,
        window,
        zone: cursor.zone("zone"),
        on_exceed,
        price_per_million: cursor.money("price_per_million"),
        counts_rejected: cursor.flag("counts_rejected"),
        enforcement_lag: cursor.number("enforcement_lag").unwrap_or_default(),
    })
}
