//! `[traffic.NAME]`: who comes, and when.

use super::cursor::Cursor;
use super::fields::Kind;
use super::input::Input;
use super::language::RATES;
use super::names::Names;
use super::problems::Complaint;
use super::run::too_many;
use super::spec::{Arrivals, Class, Comeback, OnLeave, Run, Spike};
use super::{law, trace};
use crate::streams::LawSpec;
use crate::units::{Probability, Rate, RateUnit, Span};

/// Reads the classes, in the order of their names.
pub(super) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names, run: Option<&Run>) -> Vec<Class> {
    let classes = root.named("traffic");
    classes.into_iter().filter_map(|(name, cursor)| class(input, name, &cursor, names, run)).collect()
}

fn class(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, names: &Names, run: Option<&Run>) -> Option<Class> {
    let workflow = names.workflows.resolve_or_only(input, cursor, "workflow");
    let spikes = spikes(input, cursor);
    let arrivals = arrivals(input, cursor)?;
    if matches!(arrivals, Arrivals::Closed { .. } | Arrivals::Trace { .. }) && !spikes.is_empty() {
        let complaint = Complaint::new("a spike multiplies a rate, and these arrivals have none")
            .allowed("spikes with poisson, deterministic, profile, batch or mmpp");
        input.problems.report_once(cursor.at("spike"), &cursor.key("spike"), complaint);
    }
    if let (Some(run), Some(rate)) = (run, mean_per_second(&arrivals)) {
        let extra =
            spikes.iter().map(|spike| (spike.factor - 1.0).max(0.0) * spike.lasts.min(run.horizon).secs()).sum();
        too_many(input, (cursor.at("arrivals"), &cursor.key("arrivals")), "plans", rate, extra, run);
    }
    let comeback = cursor.table("retry").and_then(|table| comeback(input, &table));
    if comeback.is_some() && matches!(arrivals, Arrivals::Trace { .. }) {
        let complaint = Complaint::new("a trace has all its plans: nobody comes back");
        input.problems.report_once(cursor.at("retry"), &cursor.key("retry"), complaint.cure("take it out"));
    }
    let patience = law::read(input, cursor, "patience");
    let priority = cursor.signed("priority").unwrap_or_default();
    // Without one, what a trace says of its calls could not be judged.
    let workflow = workflow?;
    let region = cursor.text("region").unwrap_or("home").into();
    let leaves_after = law::read(input, cursor, "leaves_after");
    let on_leave = if cursor.word("on_leave") == "cancel" { OnLeave::Cancel } else { OnLeave::GoesOn };
    let name = name.into();
    Some(Class { name, workflow, arrivals, spikes, priority, patience, region, leaves_after, on_leave, comeback })
}

fn comeback(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Comeback> {
    let chance = Probability::new(cursor.number("chance")?).ok()?;
    let after = match cursor.get("after") {
        Some(_) => law::read(input, cursor, "after")?,
        None => LawSpec::Constant { value: Span::from_secs(30) },
    };
    Some(Comeback { chance, after, max: cursor.count("max")? })
}

fn mean_per_second(arrivals: &Arrivals) -> Option<f64> {
    match arrivals {
        Arrivals::Poisson(rate) | Arrivals::Deterministic(rate) => Some(rate.per_second()),
        Arrivals::Profile { rate, .. } | Arrivals::Batch { rate, .. } => Some(rate.per_second()),
        Arrivals::Mmpp { states } => {
            let plans: f64 = states.iter().map(|(rate, stay)| rate.map_or(0.0, Rate::per_second) * stay.secs()).sum();
            Some(plans / states.iter().map(|(_, stay)| stay.secs()).sum::<f64>())
        }
        Arrivals::Closed { .. } | Arrivals::Trace { .. } => None,
    }
}

fn spikes(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Vec<Spike> {
    let mut spikes: Vec<Spike> = Vec::new();
    for table in cursor.tables("spike") {
        let (Some(at), Some(lasts), Some(factor)) = (table.span("at"), table.span("for"), table.number("factor"))
        else {
            continue;
        };
        let overlaps = |other: &Spike| at < other.at.saturating_add(other.lasts) && other.at < at.saturating_add(lasts);
        if spikes.iter().any(overlaps) {
            let complaint = Complaint::new("this spike overlaps another").cure("give each stretch one factor");
            input.problems.report_once(table.node.at, &table.path, complaint);
        }
        spikes.push(Spike { at, lasts, factor });
    }
    spikes.sort_by_key(|spike| spike.at);
    spikes
}

fn arrivals(input: &mut Input<'_>, class: &Cursor<'_>) -> Option<Arrivals> {
    let Some(Kind::Tagged(tagged)) = class.kind("arrivals") else { return None };
    let (process, cursor) = Cursor::tagged(class.get("arrivals")?, tagged, class.key("arrivals"))?;
    Some(match process {
        "poisson" => Arrivals::Poisson(rate(input, &cursor)?),
        "deterministic" => Arrivals::Deterministic(rate(input, &cursor)?),
        "profile" => {
            let (rate, weights) = (rate(input, &cursor), weights(input, &cursor));
            Arrivals::Profile { rate: rate?, weights: weights?, zone: cursor.zone("timezone") }
        }
        "batch" => Arrivals::Batch { rate: rate(input, &cursor)?, size: cursor.count("size")? },
        "mmpp" => Arrivals::Mmpp { states: states(input, &cursor)? },
        "closed" => {
            let think = law::read(input, &cursor, "think")?;
            Arrivals::Closed { users: cursor.count("users")?, think }
        }
        _ => Arrivals::Trace { plans: trace::placeholder(&cursor)? },
    })
}

/// The rate in a table: one number, in one unit.
fn rate(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Rate> {
    let (key, unit) = rate_key(input, cursor)?;
    match Rate::new(cursor.number(key)?, unit) {
        Ok(rate) => Some(rate),
        Err(error) => {
            let found = cursor.get(key).map(super::tree::Node::describe).unwrap_or_default();
            input.problems.report_once(cursor.at(key), &cursor.key(key), Complaint::new(error.0).found(found));
            None
        }
    }
}

fn rate_key(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<(&'static str, RateUnit)> {
    let units = [RateUnit::Second, RateUnit::Minute, RateUnit::Hour, RateUnit::Day];
    let given: Vec<_> = RATES.into_iter().zip(units).filter(|(key, _)| cursor.get(key).is_some()).collect();
    if let [one] = given[..] {
        return Some(one);
    }
    let names: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
    let found = if names.is_empty() { "none".into() } else { names.join(" and ") };
    let what = if names.is_empty() { "the rate is missing" } else { "a rate has one unit" };
    let complaint = Complaint::new(what).found(found).allowed("one of per_second, per_minute, per_hour, per_day");
    if names.is_empty() {
        // Where a rate stands under another name, that was complained about already.
        input.problems.report_once(cursor.node.at, &cursor.path, complaint);
    } else {
        input.problems.report_once(cursor.at(names[1]), &cursor.key(names[1]), complaint);
    }
    None
}

/// `hours` × `days` as 168 weights with mean 1.
fn weights(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Box<[f64; 168]>> {
    let list = |key: &str, length: usize| -> Option<Vec<f64>> {
        if cursor.get(key).is_none() {
            return Some(vec![1.0; length]);
        }
        let numbers: Vec<f64> = cursor.items(key).iter().filter_map(super::fields::number).collect();
        (numbers.len() == length && numbers.iter().all(|weight| weight.is_finite() && *weight >= 0.0))
            .then_some(numbers)
    };
    let (hours, days) = (list("hours", 24)?, list("days", 7)?);
    for (key, weights) in [("hours", &hours), ("days", &days)] {
        if weights.iter().all(|weight| *weight == 0.0) {
            let complaint = Complaint::new("all weights are 0: nobody would ever come");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
            return None;
        }
    }
    let mean = hours.iter().sum::<f64>() / 24.0 * (days.iter().sum::<f64>() / 7.0);
    let mut weights = Box::new([0.0; 168]);
    for (i, weight) in weights.iter_mut().enumerate() {
        *weight = days[i / 24] * hours[i % 24] / mean;
    }
    Some(weights)
}

fn states(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Vec<(Option<Rate>, Span)>> {
    let tables = cursor.tables("states");
    let mut states = Vec::new();
    for table in &tables {
        let silent = RATES.iter().any(|key| table.number(key) == Some(0.0));
        let known = rate_key(input, table);
        let rate = if silent { None } else { Some(known.and_then(|_| rate(input, table))?) };
        states.push((rate, table.span("stay")?));
    }
    if states.len() < 2 || states.iter().all(|(rate, _)| rate.is_none()) {
        let complaint = Complaint::new("bursts need at least two states, one of them with a rate over 0")
            .found(cursor.get("states").map(super::tree::Node::describe).unwrap_or_default());
        input.problems.report_once(cursor.at("states"), &cursor.key("states"), complaint);
    }
    Some(states)
}
