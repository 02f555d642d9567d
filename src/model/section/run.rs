//! `[run]`: length, seed and limits of a run.

use crate::model::language::*;
use crate::model::problems::At;
use crate::units::{Span, Timestamp, count};

/// The longest horizon: a hundred years leave room for what is still in flight at its end.
pub(in crate::model) const MAX_HORIZON: Span = Span::from_secs(36_525 * 86_400);

pub(in crate::model) static RUN: Section = Section {
    title: "[run]",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        default("horizon", Length, "30d", "Simulated time of one replication; at most 100 years."),
        default("warmup", Duration, "0s", "How much of it is not recorded; shorter than the horizon."),
        default("start", Date, "2026-01-01T00:00:00Z", "The date at which a replication starts."),
        default("replications", Whole(1, 1_000_000), "30", "Independent runs."),
        default("seed", Whole(0, U64), "1", "The seed of all draws."),
        default("max_events", Whole(1, U64), "10000000000", "A replication that takes more events is stopped.")
            .note("A model that offers more plans in its horizon than this is refused before it runs."),
        default(
            "max_plans_alive",
            Whole(1, U32),
            "1000000",
            "A replication with more plans at one instant is stopped.",
        ),
        default(
            "max_records",
            Whole(1, U32),
            "10000000",
            "A replication with more log records to remember is stopped.",
        ),
    ],
    ..PLAIN
};

/// `[run]`
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `horizon`: simulated time of one replication, the warm-up included; at most 100 years.
    pub horizon: Span,
    /// `warmup`: the part at the start that is not recorded; shorter than `horizon`.
    pub warmup: Span,
    /// `start`: the date and time at which a replication starts.
    pub start: Timestamp,
    /// `replications`: independent runs; at least 1.
    pub replications: u32,
    /// `seed`: the seed of all draws.
    pub seed: u64,
    /// `max_events`: a replication that would take more events is stopped.
    pub max_events: u64,
    /// `max_plans_alive`: a replication with more plans in flight at one instant is stopped.
    pub max_plans_alive: u32,
    /// `max_records`: a replication that must remember more log records at one instant is stopped.
    pub max_records: u32,
}

/// Reads `[run]`.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Run> {
    let (horizon, warmup) = (cursor.span("horizon"), cursor.span("warmup"));
    if let (Some(horizon), Some(warmup)) = (horizon, warmup) {
        if horizon > MAX_HORIZON {
            let complaint = Complaint::new("longer than 100 years").found(horizon.to_string());
            input.problems.report(cursor.at("horizon"), &cursor.key("horizon"), complaint);
        } else if warmup >= horizon {
            let key = if cursor.get("warmup").is_some() { "warmup" } else { "horizon" };
            let complaint = Complaint::new("the warm-up covers the whole run")
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

/// Refuses a model before it runs that would exceed the event limit: `what` happens at `rate` per second for as long as
/// the values being read are in force, and for `extra` seconds more.
pub(in crate::model) fn too_many(
    input: &mut Input<'_>,
    (at, key): (At, &str),
    what: &str,
    rate: f64,
    extra: f64,
    run: &Run,
) {
    let lasts = input.lasts.unwrap_or(run.horizon).min(run.horizon);
    let all = rate * (lasts.secs() + extra);
    if all > run.max_events as f64 {
        let complaint = Complaint::new(format!("too many {what} for the event limit of a replication"))
            .found(format!("about {all:.2e} {what} in {lasts}"))
            .allowed(format!("at most run.max_events = {}", count(run.max_events)))
            .cure("lower the rate, or shorten run.horizon");
        input.problems.report_once(at, key, complaint);
    }
}
