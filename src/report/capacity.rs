//! The pages of `capacity`: the answer in a sentence, the ladder, the probes.

use super::advice::objectives::causes_of;
use super::encode::{SCHEMA_VERSION, csv_field, csv_number, finite, nullable, pretty};
use super::page::{Page, Table};
use super::words::{NOTHING, agree, bound, plans_a_day, short, things, value};
use crate::experiment::{Break, Capacity, Finding, Found, RARELY, Rung};
use crate::units::{count, number};
use serde_json::{Value, json};

/// The JSON Schema of what `capacity --format json` prints.
pub const CAPACITY_SCHEMA: &str = include_str!("../../docs/capacity.schema.json");

fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Meets => "meets",
        Finding::Fails => "fails",
        Finding::Undecided => "undecided",
    }
}

fn kind(rung: &Rung) -> &'static str {
    if rung.objective { "objective" } else { "limit" }
}

fn answer(capacity: &Capacity) -> Vec<String> {
    let mut all = Vec::new();
    if capacity.partial {
        all.push("Interrupted: this is what the demands tried so far say.".to_string());
    }
    match capacity.found {
        Found::Capacity { plans_per_day, not_at, fails_from } => {
            let fails =
                fails_from.map_or(String::new(), |at| format!("; some objective fails for sure at {}", number(at)));
            let beyond = capacity.probes.iter().find(|probe| probe.plans_per_day == not_at).map(|probe| probe.finding);
            let beyond = match beyond {
                _ if not_at <= plans_per_day => "The budget ended before a larger one was decided".into(),
                Some(Finding::Fails) => format!("At {} they do not all hold", number(not_at)),
                _ => format!("At {} that is not sure any more", number(not_at)),
            };
            let fails = if fails_from == Some(not_at) { String::new() } else { fails };
            let more = if not_at <= plans_per_day { " A larger --budget comes nearer." } else { "" };
            all.push(format!(
                "{}: the largest demand simulated at which every objective holds. {beyond}{fails}.{more}",
                plans_a_day(plans_per_day)
            ));
        }
        Found::Unbounded { top } => all.push(format!(
            "Unbounded: every objective still holds at {}, where the search ended ({} the model's demand).",
            plans_a_day(top),
            things(top / capacity.demand, "time", "times")
        )),
        Found::Open { holds_at, not_at } => {
            let at = |demand: Option<f64>, what: &str| demand.map(|at| format!("{what} at {} plans a day", number(at)));
            let known = [at(holds_at, "the objectives seem to hold"), at(not_at, "they do not hold")];
            let known: Vec<String> = known.into_iter().flatten().collect();
            all.push(match &known[..] {
                [] => "No capacity yet: no demand has been decided.".into(),
                some => format!(
                    "No capacity yet: {}.",
                    some.join(", ").replacen("they do", "the objectives do", usize::from(holds_at.is_none()))
                ),
            });
        }
        Found::Infeasible { smallest } => {
            all.push(format!("Infeasible: the objectives do not all hold even at {}.", plans_a_day(smallest)));
        }
    }
    all.extend(capacity.breaks.as_ref().map(what_breaks));
    if capacity.objectives.iter().any(|objective| objective.max == Some(0.0) && objective.min.is_none()) {
        let horizon = capacity.probes.iter().map(|probe| probe.horizon).max().unwrap_or_default();
        all.push(format!(
            "What must never happen (max 0) may happen in one replication of {horizon} in {}.",
            number(1.0 / RARELY)
        ));
    }
    if let Some((n, verdict)) = capacity.verified {
        let what = match verdict {
            Finding::Meets => "they all hold",
            Finding::Fails => "one fails, so take the capacity for smaller than this",
            Finding::Undecided => "the evidence does not decide",
        };
        all.push(format!(
            "Tried on {} fresh {}: {what}.",
            count(n.into()),
            agree(n.into(), "replication", "replications")
        ));
    }
    if let Some((fails, meets)) = capacity.not_monotone {
        all.push(format!(
            "Not monotone: {} where {} the objectives, so there is no one capacity.",
            things(fails, "plan a day fails", "plans a day fail"),
            things(meets, "meets", "meet")
        ));
    }
    if let Some(relief) = &capacity.relief {
        all.push(format!(
            "By arithmetic {} binds at {}; with {} it is {}, and {} binds.",
            relief.limit,
            plans_a_day(relief.before),
            relief.step,
            number(relief.after),
            relief.then
        ));
    }
    all
}

/// What breaks first beyond the capacity, how far, and why.
fn what_breaks(breaks: &Break) -> String {
    let Break { objective, finding, mean, broken, horizon, causes, plans_per_day } = breaks;
    let metric = &objective.metric;
    let verb = if *finding == Finding::Fails { "breaks" } else { "may break" };
    let unit = crate::metrics::of(metric).map_or("", |metric| metric.unit);
    let seen = match broken {
        Some((bad, n)) => format!(
            "{} of {} of {horizon} {} some",
            count(*bad),
            things(*n as f64, "replication", "replications"),
            if *bad == 1 { "sees" } else { "see" }
        ),
        None => format!("{} on average, where {} is wanted", value(*mean, unit), bound(objective)),
    };
    let why = causes_of(metric, causes).map_or(String::new(), |why| format!("; {why}"));
    format!("At {} {metric} {verb}: {seen}{why}.", plans_a_day(*plans_per_day))
}

fn simulated(rung: &Rung) -> String {
    match (rung.free_at, rung.binds_at) {
        (Some(free), Some(binds)) => format!("{} to {}", number(free), number(binds)),
        (None, Some(binds)) => format!("at {} or less", number(binds)),
        (Some(free), None) => format!("over {}", number(free)),
        (None, None) => NOTHING.into(),
    }
}

/// The page of a capacity.
pub(super) fn page(capacity: &Capacity) -> Page {
    let digest = short(&capacity.digest);
    let tried = things(capacity.probes.len() as f64, "demand", "demands");
    let events = things(capacity.events as f64, "event", "events");
    let rungs = capacity.ladder.iter().map(|rung| {
        vec![rung.limit.clone(), kind(rung).into(), rung.arithmetic.map_or(NOTHING.into(), number), simulated(rung)]
    });
    let probes = capacity.probes.iter().map(|probe| {
        let objectives = probe.objectives.iter().zip(&capacity.objectives);
        let not: Vec<&str> =
            objectives.filter(|(f, _)| **f != Finding::Meets).map(|(_, o)| o.metric.as_str()).collect();
        vec![
            number(probe.plans_per_day),
            count(probe.replications.into()),
            probe.horizon.to_string(),
            finding(probe.finding).into(),
            not.join(", "),
        ]
    });
    Page::new(
        format!("{}: capacity", capacity.model),
        answer(capacity),
        format!("Seed {}, model {digest}, {tried} tried, {events}.", capacity.seed),
        vec![
            Table::part(
                "Ladder: the plans a day at which each limit and objective binds by itself",
                &["binds", "kind", "#by arithmetic", "#simulated"],
                rungs,
            ),
            Table::part("Demands tried", &["#plans a day", "#replications", "#of", "verdict", "not met"], probes),
        ],
    )
}

/// A line for the capacity and one for each rung of the ladder.
pub(super) fn csv(capacity: &Capacity) -> String {
    let (free_at, binds_at) = match capacity.found {
        Found::Capacity { plans_per_day, not_at, .. } => (Some(plans_per_day), Some(not_at)),
        Found::Unbounded { top } => (Some(top), None),
        Found::Infeasible { smallest } => (None, Some(smallest)),
        Found::Open { holds_at, not_at } => (holds_at, not_at),
    };
    let mut out = String::from("limit,kind,arithmetic,free_at,binds_at\r\n");
    let mut line = |limit: &str, kind: &str, numbers: [Option<f64>; 3]| {
        out += &format!("{},{kind},{}\r\n", csv_field(limit), numbers.map(csv_number).join(","));
    };
    line("capacity", "answer", [None, free_at, binds_at]);
    for rung in &capacity.ladder {
        line(&rung.limit, kind(rung), [rung.arithmetic, rung.free_at, rung.binds_at]);
    }
    out
}

/// For programs.
pub(super) fn json(capacity: &Capacity) -> String {
    let (verdict, plans, bounds) = match capacity.found {
        Found::Capacity { plans_per_day, not_at, fails_from } => {
            ("capacity", Some(plans_per_day), (Some(not_at), fails_from))
        }
        Found::Unbounded { top } => ("unbounded", Some(top), (None, None)),
        Found::Infeasible { smallest } => ("infeasible", None, (Some(smallest), None)),
        Found::Open { not_at, .. } => ("open", None, (not_at, None)),
    };
    let ladder = capacity.ladder.iter().map(|rung| {
        json!({
            "limit": rung.limit,
            "kind": kind(rung),
            "arithmetic": nullable(rung.arithmetic),
            "free_at": nullable(rung.free_at),
            "binds_at": nullable(rung.binds_at),
        })
    });
    let probes = capacity.probes.iter().map(|probe| {
        let each = probe.objectives.iter().zip(&capacity.objectives);
        json!({
            "plans_per_day": finite(probe.plans_per_day),
            "replications": probe.replications,
            "horizon_s": finite(probe.horizon.secs()),
            "verdict": finding(probe.finding),
            "objectives": each.map(|(f, o)| (o.metric.clone(), finding(*f).into())).collect::<serde_json::Map<_, _>>(),
        })
    });
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": capacity.model,
        "digest": capacity.digest,
        "seed": capacity.seed,
        "demand_per_day": finite(capacity.demand),
        "verdict": verdict,
        "plans_per_day": nullable(plans),
        "not_at": nullable(bounds.0),
        "fails_from": nullable(bounds.1),
        "verified": capacity.verified.map_or(Value::Null, |(n, f)| json!({ "replications": n, "verdict": finding(f) })),
        "breaks": capacity.breaks.as_ref().map_or(Value::Null, |breaks| json!({
            "plans_per_day": finite(breaks.plans_per_day),
            "metric": breaks.objective.metric,
            "verdict": finding(breaks.finding),
            "mean": finite(breaks.mean),
            "replications_with_any": breaks.broken.map_or(Value::Null, |(bad, _)| bad.into()),
            "by": breaks.causes.iter().map(|(name, n)| (name.clone(), finite(*n))).collect::<serde_json::Map<_, _>>(),
        })),
        "not_monotone": capacity.not_monotone.map_or(Value::Null, |(a, b)| json!({ "fails_at": finite(a), "meets_at": finite(b) })),
        "ladder": ladder.collect::<Vec<_>>(),
        "relief": capacity.relief.as_ref().map_or(Value::Null, |relief| json!({
            "limit": relief.limit, "step": relief.step, "before": finite(relief.before),
            "after": finite(relief.after), "then": relief.then,
        })),
        "probes": probes.collect::<Vec<_>>(),
        "events": capacity.events,
        "partial": capacity.partial,
    }))
}
