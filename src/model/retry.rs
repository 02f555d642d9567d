//! `[retry.PROVIDER]`, `[breaker.PROVIDER]` and `[hedge.PROVIDER]`: the policies around an attempt.

use super::cursor::Cursor;
use super::input::Input;
use super::problems::{At, Complaint};
use super::spec::{Model, Provider, RetryAfter, Workflow};
use crate::policy::{Backoff, BackoffKind, Breaker, Fault, FaultSet, Hedge, Jitter, Latest, Retry, RetryBudget, Trip};
use crate::units::Span;

/// Attempts that a call can make at most, at all its providers: so many have draws, and places among the events of one
/// instant, of their own.
const MOST_ATTEMPTS: u64 = 255;

/// Reads the retries of a provider, in all their layers.
pub(super) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, provider: &mut Provider) {
    provider.retry = Retry { hold_slot: cursor.flag("hold_slot"), ..layer(input, cursor) };
    provider.inner = ["sdk", "proxy"].map(|key| cursor.table(key).map(|table| layer(input, &table)));
    provider.deadline = cursor.span("deadline");
    provider.budget = cursor.table("budget").map(|table| RetryBudget {
        ratio: table.number("ratio").unwrap_or_default(),
        min_per_second: table.number("min_per_second").unwrap_or_default(),
        burst: table.count("burst").unwrap_or(1),
    });
    provider.retry_after = match cursor.word("retry_after") {
        "ignore" => RetryAfter::Ignore,
        _ => RetryAfter::Honour(cursor.span("retry_after_max").unwrap_or(Span::MAX)),
    };
    let attempts = provider.attempts();
    if attempts > MOST_ATTEMPTS {
        let complaint = Complaint::new("the layers of retries multiply beyond what a call can make")
            .found(format!("{attempts} attempts"))
            .allowed(format!("at most {MOST_ATTEMPTS}: `max` + 1 of each layer, multiplied"));
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
}

/// A call that falls back makes the attempts of both providers.
pub(super) fn check_fallbacks(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    workflows: &[Workflow],
    providers: &[Provider],
) {
    for (name, cursor) in root.named("workflow") {
        let steps = workflows.iter().filter(|workflow| workflow.name == name).flat_map(|workflow| &workflow.steps);
        for step in steps {
            let attempts = step.attempts(providers);
            let table = cursor.tables("steps").into_iter().find(|table| table.text("name") == Some(&step.name));
            if let Some(table) = table.filter(|_| step.fallback.is_some() && attempts > MOST_ATTEMPTS) {
                let complaint = Complaint::new("a call would make more attempts at both providers than it can")
                    .found(format!("{attempts} attempts"))
                    .allowed(format!("at most {MOST_ATTEMPTS} at both together"))
                    .cure("lower `max` of [retry.NAME] of one of them");
                input.problems.report_once(table.at("fallback"), &table.key("fallback"), complaint);
            }
        }
    }
}

/// The same where retries change in mid-run: a call that lives through a change makes the attempts of each layer that
/// any of the models allows.
pub(super) fn check_stages(input: &mut Input<'_>, at: At, base: &Model) {
    let mut most = base.providers.clone();
    for stage in &base.stages {
        for (most, provider) in most.iter_mut().zip(&stage.model.providers) {
            most.retry.max = most.retry.max.max(provider.retry.max);
            for (most, inner) in most.inner.iter_mut().flatten().zip(provider.inner.iter().flatten()) {
                most.max = most.max.max(inner.max);
            }
        }
    }
    let steps = base.workflows.iter().flat_map(|workflow| &workflow.steps);
    let attempts = steps.map(|step| step.attempts(&most)).max().unwrap_or_default();
    if attempts > MOST_ATTEMPTS {
        let complaint = Complaint::new("a call that lives through a change could make more attempts than it can")
            .found(format!("{attempts} attempts"))
            .allowed(format!("at most {MOST_ATTEMPTS}: the largest `max` + 1 of each layer, multiplied"));
        input.problems.report_once(at, "change", complaint);
    }
}

/// The retries of a database: one layer, with nothing around it.
pub(super) fn of_database(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Retry {
    for key in ["sdk", "proxy", "deadline", "budget", "retry_after", "retry_after_max"] {
        if cursor.get(key).is_some() {
            let complaint = Complaint::new("only the retries of a provider have this").found("a database");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
    }
    Retry { hold_slot: cursor.flag("hold_slot"), ..layer(input, cursor) }
}

/// What every layer of retries has.
fn layer(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Retry {
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
    Retry { max: cursor.count("max").unwrap_or_default(), on, backoff, hold_slot: true }
}

/// `[hedge.PROVIDER]`
pub(super) fn hedge(cursor: &Cursor<'_>) -> Hedge {
    Hedge { after: cursor.span("after").unwrap_or(Span::MAX), max: cursor.count("max").unwrap_or(1) }
}

/// The kinds of fault in a list; where it is absent, those that may pass by themselves.
pub(super) fn faults(cursor: &Cursor<'_>, key: &str) -> FaultSet {
    if cursor.get(key).is_none() {
        use Fault::{Network, Overloaded, RateLimited, ServerError, Timeout};
        return FaultSet::from_iter([Timeout, RateLimited, ServerError, Overloaded, Network]);
    }
    cursor.items(key).iter().filter_map(|node| Fault::parse(node.text()?)).collect()
}

/// `[breaker.PROVIDER]`
pub(super) fn breaker(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Breaker {
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
        "quarter" => Jitter::Quarter,
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
