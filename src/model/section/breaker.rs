//! `[breaker.PROVIDER]`: circuit breakers.

use crate::model::language::*;
use crate::model::section::faults::{self, FAULTS};
use crate::policy::{Breaker, HalfOpen, Latest, Trip};

pub(in crate::model) static BREAKER: Section = Section {
    title: "[breaker.PROVIDER]",
    changes: Some(Program),
    fields: &[
        optional("fail_max", Whole(1, 1_000_000), "5, without a window", "It opens after so many failures in a row.")
            .decision(),
        optional("window", Table(&WINDOW), "failures in a row", "It opens at a share of failures instead.")
            .example(r#"{ length = "1m", failure_rate = 0.5 }"#),
        default("reset_timeout", Duration, "60s", "How long it is open; half-open once that has fully passed.")
            .decision(),
        default(
            "half_open_probes",
            Whole(1, 1_000_000),
            "1",
            "Probes that it lets through half-open: it closes when all have succeeded, and opens again when one fails.",
        )
        .decision(),
        optional(
            "half_open_failure_rate",
            Fraction,
            "one failure is enough",
            "Half-open it waits for all its probes, and opens again if this share of them or more have failed.",
        )
        .example("0.6")
        .decision(),
        default(
            "counts",
            OneOf(&["attempts", "calls"]),
            "attempts",
            "Whether it stands inside the retries or around them.",
        )
        .changes(Fixed(KIND))
        .decision(),
        optional(
            "failures",
            List(&OneOf(FAULTS), None),
            "timeout, rate_limited, server_error, overloaded, network",
            "The kinds of fault that are failures; any other result is a success.",
        )
        .example(r#"["timeout", "server_error"]"#),
    ],
    ..PLAIN
};

static WINDOW: Section = Section {
    title: "window of a breaker",
    fields: &[
        optional("size", Whole(1, 1_000_000), "`length` is given", "The latest so many results.").decision(),
        optional("length", Length, "`size` is given", "The results of the latest stretch of time.").decision(),
        optional(
            "failures",
            Whole(1, 1_000_000),
            "a share decides",
            "It opens at so many failures, whatever their share.",
        )
        .decision(),
        default("failure_rate", Fraction, "0.5", "The share of failures at which it opens.").decision(),
        default("min_calls", Whole(1, 1_000_000), "10", "Results that the window must hold before it opens.")
            .decision(),
    ],
    ..PLAIN
};

/// `[breaker.PROVIDER]`
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Breaker {
    let window = cursor.table("window");
    if window.is_some() && cursor.get("fail_max").is_some() {
        let complaint =
            Complaint::new("a breaker has only one trip rule").found("both").allowed("`fail_max` or `window`");
        input.problems.report_once(cursor.at("fail_max"), &cursor.key("fail_max"), complaint);
    }
    Breaker {
        trip: window.map_or(Trip::InARow(cursor.count("fail_max").unwrap_or(5)), |window| latest(input, &window)),
        reset_timeout: cursor.span("reset_timeout").unwrap_or_default(),
        half_open_probes: cursor.count("half_open_probes").unwrap_or(1),
        half_open: match cursor.number("half_open_failure_rate") {
            Some(share) if share > 0.0 => HalfOpen::ShareBelow(share),
            _ => HalfOpen::AllSucceed,
        },
        counts_calls: cursor.is_second("counts", ["attempts", "calls"]),
        failures: faults::read(cursor, "failures"),
    }
}

/// What the latest results decide: the share of failures among them, or their number.
fn latest(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Trip {
    let window = match (cursor.count("size"), cursor.span("length")) {
        (Some(size), None) => Latest::Calls(size),
        (None, Some(length)) => Latest::Time(length),
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            let complaint = Complaint::new("a window needs exactly one of size and length").found(found);
            input.problems.report_once(
                cursor.node.key,
                &cursor.path,
                complaint.allowed("`size` (results) or `length` (time)"),
            );
            Latest::Calls(u32::MAX)
        }
    };
    if let Some(failures) = cursor.count("failures") {
        for key in ["failure_rate", "min_calls"].into_iter().filter(|key| cursor.get(key).is_some()) {
            let complaint = Complaint::new("a window opens at a number of failures or at their share").found("both");
            let complaint = complaint.allowed("`failures`, or `failure_rate` with `min_calls`");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
        too_many(input, cursor, window, ("failures", failures));
        return Trip::Count { window, failures };
    }
    let min_calls = cursor.count("min_calls").unwrap_or(1);
    too_many(input, cursor, window, ("min_calls", min_calls));
    Trip::Share { window, failure_rate: cursor.number("failure_rate").unwrap_or(1.0), min_calls }
}

/// More than a window of results ever holds.
fn too_many(input: &mut Input<'_>, cursor: &Cursor<'_>, window: Latest, (what, many): (&str, u32)) {
    if let Latest::Calls(size) = window
        && size < many
    {
        let key = if cursor.get(what).is_some() { what } else { "size" };
        let complaint = Complaint::new(format!("`{what}` is larger than the window, so the breaker would never open"))
            .found(format!("a `size` of {size} and a `{what}` of {many}"))
            .allowed(format!("a `{what}` of at most `size`"));
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
}

/// What may change while a model runs.
pub(in crate::model) fn keep(breaker: &mut Breaker, of: &Breaker) {
    (breaker.reset_timeout, breaker.half_open_probes) = (of.reset_timeout, of.half_open_probes);
    (breaker.failures, breaker.half_open) = (of.failures, of.half_open);
    let is_alike = match (breaker.trip, of.trip) {
        (Trip::InARow(_), Trip::InARow(_)) => true,
        (Trip::Share { window, .. }, Trip::Share { window: of, .. })
        | (Trip::Count { window, .. }, Trip::Count { window: of, .. }) => {
            matches!(window, Latest::Calls(_)) == matches!(of, Latest::Calls(_))
        }
        _ => false,
    };
    if is_alike {
        breaker.trip = of.trip;
    }
}
