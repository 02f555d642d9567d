//! `[provider.NAME]`, `[retry.NAME]`, `[breaker.PROVIDER]` and `[queue.NAME]`.

use super::cursor::Cursor;
use super::input::Input;
use super::law;
use super::names::Names;
use super::problems::Complaint;
use super::spec::{Discipline, Provider, Queue, Tokens};
use super::tree::Value;
use crate::policy::{Aimd, Backoff, BackoffKind, Breaker, Fault, FaultSet, Jitter, Latest, Retry, Trip};
use crate::units::{Probability, Span};

/// Reads the providers with their retries, in the order of their names.
pub(super) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Provider> {
    for section in ["retry", "breaker"] {
        for (name, cursor) in root.named(section) {
            let is_database = section == "retry" && names.d1.position(name).is_some();
            if is_database || names.providers.position(name).is_some() {
                continue;
            }
            input.problems.report_once(cursor.node.key, &cursor.path, names.providers.missing(name));
        }
    }
    let mut providers = Vec::new();
    for (name, cursor) in root.named("provider") {
        let retry = retry_of(input, root, name);
        let breakers = root.named("breaker");
        let breaker = breakers.iter().find(|(other, _)| *other == name).map(|(_, cursor)| breaker(input, cursor));
        providers.extend(provider(input, name, &cursor, retry).map(|provider| Provider { breaker, ..provider }));
    }
    providers
}

/// The retries of a provider or a database; never, where the model has none for it.
pub(super) fn retry_of(input: &mut Input<'_>, root: &Cursor<'_>, name: &str) -> Retry {
    let retries = root.named("retry");
    let found = retries.iter().find(|(other, _)| *other == name);
    found.map_or(Retry::NEVER, |(_, cursor)| retry(input, cursor))
}

fn provider(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, retry: Retry) -> Option<Provider> {
    let latency = law::read(input, cursor, "latency");
    let mut errors = Vec::new();
    let mut request_error = Probability::ZERO;
    if let Some(table) = cursor.table("errors") {
        let chance = |key: &str| Probability::new(table.number(key).unwrap_or_default()).unwrap_or_default();
        request_error = chance("request_error");
        // The kinds that come from elsewhere than an answer are no keys of the table.
        let answered = Fault::ALL
            .into_iter()
            .filter(|fault| !matches!(fault, Fault::Timeout | Fault::SubrequestLimit | Fault::BreakerOpen));
        errors = answered.map(|fault| (fault, chance(fault.name()))).filter(|(_, p)| p.value() > 0.0).collect();
        let sum: f64 = errors.iter().map(|(_, p)| p.value()).sum();
        if sum > 1.0 + 1e-9 {
            let complaint = Complaint::new("the chances of all errors sum to more than 1")
                .found(format!("a sum of {}", crate::units::number(sum)))
                .allowed("a sum of at most 1: an attempt ends in one way");
            input.problems.report_once(table.node.key, &table.path, complaint);
        }
    }
    let request_timeout = cursor.span("request_timeout");
    let timeout_from_arrival = cursor.word("timeout_from") == "arrival";
    Some(Provider {
        name: name.into(),
        latency: latency?,
        request_timeout,
        timeout_from_arrival,
        errors,
        request_error,
        retry,
        breaker: None,
        tokens: tokens(input, cursor),
    })
}

/// What an attempt costs; a price without tokens would charge nobody.
fn tokens(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Tokens> {
    let (tokens, prices) = (cursor.table("tokens"), cursor.table("prices"));
    let Some(tokens) = tokens else {
        for key in ["prices", "billed_on"] {
            if cursor.get(key).is_some() {
                let complaint = Complaint::new("nothing is billed where an attempt uses no tokens");
                input.problems.report_once(cursor.at(key), &cursor.key(key), complaint.cure("add `tokens`"));
            }
        }
        return None;
    };
    let price = |key: &str| prices.as_ref().map(|table| table.money(key)).unwrap_or_default();
    Some(Tokens {
        input: tokens.whole("input").unwrap_or_default(),
        output: tokens.whole("output").unwrap_or_default(),
        input_per_million: price("input_per_million"),
        output_per_million: price("output_per_million"),
        billed_on: match cursor.get("billed_on") {
            None => FaultSet::from_iter([Fault::Timeout, Fault::ParseFailure, Fault::InvalidResponse]),
            Some(_) => faults(cursor, "billed_on"),
        },
    })
}

fn retry(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Retry {
    let on = faults(cursor, "on");
    let backoff = match cursor.table("backoff") {
        Some(table) => backoff(input, &table),
        None => Backoff {
            kind: BackoffKind::Exponential,
            base: Span::SECOND,
            factor: 2.0,
            cap: Span::from_secs(30),
            jitter: Jitter::Full,
        },
    };
    Retry { max: cursor.count("max").unwrap_or_default(), on, backoff, hold_slot: cursor.flag("hold_slot") }
}

/// The kinds of fault in a list; where it is absent, those that may pass by themselves.
fn faults(cursor: &Cursor<'_>, key: &str) -> FaultSet {
    if cursor.get(key).is_none() {
        use Fault::{Network, Overloaded, RateLimited, ServerError, Timeout};
        return FaultSet::from_iter([Timeout, RateLimited, ServerError, Overloaded, Network]);
    }
    cursor.items(key).iter().filter_map(|node| Fault::parse(node.text()?)).collect()
}

fn breaker(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Breaker {
    let window = cursor.table("window");
    if window.is_some() && cursor.get("fail_max").is_some() {
        let complaint = Complaint::new("a breaker trips in one way").found("both").allowed("`fail_max` or `window`");
        input.problems.report_once(cursor.at("fail_max"), &cursor.key("fail_max"), complaint);
    }
    Breaker {
        trip: window.map_or(Trip::InARow(cursor.count("fail_max").unwrap_or(5)), |window| share(input, &window)),
        reset_timeout: cursor.span("reset_timeout").unwrap_or_default(),
        half_open_probes: cursor.count("half_open_probes").unwrap_or(1),
        counts_calls: cursor.word("counts") == "calls",
        failures: faults(cursor, "failures"),
    }
}

fn share(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Trip {
    let window = match (cursor.count("size"), cursor.span("length")) {
        (Some(size), None) => Latest::Calls(size),
        (None, Some(length)) => Latest::Time(length),
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            let complaint = Complaint::new("a window is so many results, or a stretch of time").found(found);
            input.problems.report_once(cursor.node.key, &cursor.path, complaint.allowed("`size` or `length`"));
            Latest::Calls(u32::MAX)
        }
    };
    let min_calls = cursor.count("min_calls").unwrap_or(1);
    if let Latest::Calls(size) = window
        && size < min_calls
    {
        let key = if cursor.get("min_calls").is_some() { "min_calls" } else { "size" };
        let complaint = Complaint::new("the window never holds so many results, so the breaker would never open")
            .found(format!("a `size` of {size} and a `min_calls` of {min_calls}"))
            .allowed("a `min_calls` of at most `size`");
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    Trip::Share { window, failure_rate: cursor.number("failure_rate").unwrap_or(1.0), min_calls }
}

fn backoff(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Backoff {
    let kind = match cursor.word("kind") {
        "none" => BackoffKind::None,
        "constant" => BackoffKind::Constant,
        "decorrelated" => BackoffKind::Decorrelated,
        _ => BackoffKind::Exponential,
    };
    let jitter = match cursor.word("jitter") {
        "none" => Jitter::None,
        "equal" => Jitter::Equal,
        _ => Jitter::Full,
    };
    let (base, cap) = (cursor.span("base").unwrap_or_default(), cursor.span("cap").unwrap_or(Span::MAX));
    if base > cap {
        let key = if cursor.get("cap").is_some() { "cap" } else { "base" };
        let complaint = Complaint::new("the cap is shorter than the first wait")
            .found(format!("a base of {base} and a cap of {cap}"))
            .allowed("a cap of at least `base`");
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    Backoff { kind, base, factor: cursor.number("factor").unwrap_or(1.0), cap, jitter }
}

fn adaptive(input: &mut Input<'_>, cursor: &Cursor<'_>, max: u32) -> Option<(Aimd, FaultSet)> {
    let min = cursor.count("min")?;
    if min > max {
        let complaint = Complaint::new("more slots at least than there are").found(format!("{min} of {max}"));
        input.problems.report_once(cursor.at("min"), &cursor.key("min"), complaint);
    }
    let on = match cursor.get("on") {
        None => FaultSet::from_iter([Fault::Timeout, Fault::RateLimited, Fault::Overloaded]),
        Some(_) => cursor.items("on").iter().filter_map(|node| Fault::parse(node.text()?)).collect(),
    };
    Some((Aimd { min, max, increase: cursor.number("increase")?, decrease: cursor.number("decrease")? }, on))
}

/// Reads the reserved slots, by class.
fn reserved(input: &mut Input<'_>, cursor: &Cursor<'_>, names: &Names, slots: u32) -> Vec<u32> {
    let Some((node, table)) = cursor.get("reserved").and_then(|node| Some((node, node.table()?))) else {
        return Vec::new();
    };
    let mut reserved = vec![0; names.classes.all().len()];
    for (class, value) in table {
        let key = super::shape::join(&cursor.key("reserved"), class);
        let Value::Whole(slots) = value.value else { continue };
        match names.classes.position(class) {
            Some(class) => reserved[class] = u32::try_from(slots).unwrap_or(u32::MAX),
            None => input.problems.report_once(value.key, &key, names.classes.missing(class)),
        }
    }
    let all: u64 = reserved.iter().map(|&slots| u64::from(slots)).sum();
    if all >= u64::from(slots) && slots > 0 {
        let complaint = Complaint::new("nothing is left for others").found(format!("{all} reserved of {slots} slots"));
        input.problems.report_once(node.at, &cursor.key("reserved"), complaint.allowed("fewer than `max_concurrency`"));
    }
    if all == 0 { Vec::new() } else { reserved }
}

/// Reads the queues, in the order of their names.
pub(super) fn queues(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Queue> {
    let queue = |(name, cursor): (&str, Cursor<'_>)| {
        let discipline = match cursor.word("discipline") {
            "lifo" => Discipline::Lifo,
            "priority" => Discipline::Priority,
            _ => Discipline::Fifo,
        };
        let max_concurrency = cursor.count("max_concurrency")?;
        let adaptive = cursor.table("adaptive").and_then(|table| adaptive(input, &table, max_concurrency));
        let reserved = reserved(input, &cursor, names, max_concurrency);
        Some(Queue {
            name: name.into(),
            reserved,
            max_concurrency,
            max_queue: cursor.count("max_queue"),
            discipline,
            patience: cursor.span("patience"),
            adaptive,
        })
    };
    root.named("queue").into_iter().filter_map(queue).collect()
}
