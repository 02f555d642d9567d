//! `[provider.NAME]` and `[queue.NAME]`.

use super::cursor::Cursor;
use super::input::Input;
use super::names::Names;
use super::problems::Complaint;
use super::spec::{Discipline, Provider, Queue, RetryAfter, Tokens};
use super::tree::Value;
use super::{law, retry, server};
use crate::policy::{Adaptive, By, Fault, FaultSet, Retry};
use crate::units::{Probability, Span};

/// Reads the providers with the policies around them, in the order of their names.
pub(super) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Provider> {
    let sections = ["retry", "breaker", "hedge"].map(|section| root.named(section));
    for (at, (name, cursor)) in sections.iter().enumerate().flat_map(|(at, of)| of.iter().map(move |one| (at, one))) {
        let is_database = at == 0 && names.d1.position(name).is_some();
        if names.providers.position(name).is_none() && !is_database {
            input.problems.report_once(cursor.node.key, &cursor.path, names.providers.missing(name));
        }
    }
    let mut providers = Vec::new();
    for (name, cursor) in root.named("provider") {
        let [retry, breaker, hedge] =
            sections.each_ref().map(|of| of.iter().find(|(other, _)| *other == name).map(|(_, cursor)| cursor));
        let Some(mut provider) = provider(input, name, &cursor) else { continue };
        if let Some(retry) = retry {
            retry::read(input, retry, &mut provider);
        }
        provider.breaker = breaker.map(|breaker| retry::breaker(input, breaker));
        provider.hedge = hedge.map(retry::hedge);
        if provider.hedge.is_some() && provider.server.as_ref().is_some_and(|server| server.capacity.is_some()) {
            let complaint = Complaint::new("not supported together with [hedge.NAME] of the same provider");
            let complaint = complaint.cure("take one of the two out");
            input.problems.report_once(cursor.at("capacity"), &cursor.key("capacity"), complaint);
        }
        if provider.hedge.is_some() && provider.tokens.is_some() {
            let complaint = Complaint::new("not supported together with [hedge.NAME] of the same provider");
            input.problems.report_once(
                cursor.at("usage"),
                &cursor.key("usage"),
                complaint.cure("take one of the two out"),
            );
        }
        providers.push(provider);
    }
    providers
}

/// The retries of a database; never, where the model has none for it.
pub(super) fn retry_of(input: &mut Input<'_>, root: &Cursor<'_>, name: &str) -> Retry {
    let retries = root.named("retry");
    let found = retries.iter().find(|(other, _)| *other == name);
    found.map_or(Retry::NEVER, |(_, cursor)| retry::of_database(input, cursor))
}

fn provider(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>) -> Option<Provider> {
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
    let server = server::read(input, cursor);
    Some(Provider {
        name: name.into(),
        latency: latency?,
        request_timeout,
        headers_after: cursor.span("headers_after"),
        timeout_from_arrival,
        errors,
        request_error,
        retry: Retry::NEVER,
        inner: [None, None],
        deadline: None,
        budget: None,
        retry_after: RetryAfter::Honour(Span::MAX),
        breaker: None,
        tokens: tokens(input, cursor),
        hedge: None,
        server,
    })
}

/// What an attempt costs; a price without tokens would charge nobody.
fn tokens(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Tokens> {
    let (tokens, prices) = (cursor.table("usage"), cursor.table("prices"));
    let Some(tokens) = tokens else {
        for key in ["prices", "billed_on"] {
            if cursor.get(key).is_some() {
                let complaint = Complaint::new("nothing is billed where an attempt uses no tokens");
                input.problems.report_once(cursor.at(key), &cursor.key(key), complaint.cure("add `usage`"));
            }
        }
        return None;
    };
    // Who stops working for a client that has gone bills nothing for it.
    let stops_with_client = cursor.get("outlives_client").is_some() && !cursor.flag("outlives_client");
    let price = |key: &str| prices.as_ref().map(|table| table.money(key)).unwrap_or_default();
    Some(Tokens {
        input: tokens.whole("input").unwrap_or_default(),
        output: tokens.whole("output").unwrap_or_default(),
        input_per_million: price("input_per_million"),
        output_per_million: price("output_per_million"),
        billed_on: match cursor.get("billed_on") {
            None => [Fault::Timeout, Fault::ParseFailure, Fault::InvalidResponse]
                .into_iter()
                .filter(|&fault| fault != Fault::Timeout || !stops_with_client)
                .collect(),
            Some(_) => retry::faults(cursor, "billed_on"),
        },
    })
}

/// The keys of each kind of adaptive limit.
const AIMD: [&str; 2] = ["increase", "decrease"];
const GRADIENT: [&str; 4] = ["allowance", "tolerance", "smoothing", "window"];

fn adaptive(input: &mut Input<'_>, cursor: &Cursor<'_>, max: u32) -> Option<(Adaptive, FaultSet)> {
    let min = cursor.count("min")?;
    if min > max {
        let complaint = Complaint::new("more slots at least than there are").found(format!("{min} of {max}"));
        input.problems.report_once(cursor.at("min"), &cursor.key("min"), complaint);
    }
    let on = match cursor.get("on") {
        None => FaultSet::from_iter([Fault::Timeout, Fault::RateLimited, Fault::Overloaded]),
        Some(_) => cursor.items("on").iter().filter_map(|node| Fault::parse(node.text()?)).collect(),
    };
    let kind = cursor.word("kind");
    let of_the_other = if kind == "aimd" { &GRADIENT[..] } else { &AIMD[..] };
    for key in of_the_other.iter().filter(|key| cursor.get(key).is_some()) {
        let other = if kind == "aimd" { "gradient" } else { "aimd" };
        let complaint = Complaint::new("not a key of this kind of limit").found(format!("kind = \"{kind}\""));
        input.problems.report_once(
            cursor.at(key),
            &cursor.key(key),
            complaint.allowed(format!("with kind = \"{other}\"")),
        );
    }
    let by = match kind {
        "aimd" => By::Aimd { increase: cursor.number("increase")?, decrease: cursor.number("decrease")? },
        _ => By::Gradient {
            allowance: cursor.number("allowance")?,
            tolerance: cursor.number("tolerance")?,
            smoothing: cursor.number("smoothing")?,
            window: cursor.count("window")?,
        },
    };
    Some((Adaptive { min, max, by }, on))
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
            patience: law::read(input, &cursor, "patience"),
            adaptive,
        })
    };
    root.named("queue").into_iter().filter_map(queue).collect()
}
