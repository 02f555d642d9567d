//! The theory beside the simulation, and a word where they differ.

use super::encode::{finite, interval, nullable};
use super::words::{NOTHING, plans_a_day, range, value, value_or_dash};
use crate::experiment::{Answer, Theory};
use serde_json::{Value, json};

/// The cells of a line: metric, simulated, theory, law.
pub(super) fn cells(theory: &Theory) -> [String; 4] {
    let about = if theory.approximate.is_some() { "≈ " } else { "" };
    let law = match theory.approximate {
        Some(why) => format!("{}: {why}", theory.law),
        None => theory.law.into(),
    };
    [
        theory.metric.clone(),
        value_or_dash(theory.simulated, theory.unit),
        format!("{about}{}", value(theory.value, theory.unit)),
        law,
    ]
}

/// A sentence for each formula that the simulation disagrees with.
pub(super) fn warnings(answer: &Answer) -> Vec<String> {
    let differs = answer.theory.iter().filter(|theory| theory.agrees() == Some(false));
    let arithmetic = &answer.arithmetic;
    let bound =
        arithmetic.binding().filter(|first| arithmetic.demand_per_day.is_some_and(|demand| first.binds_at() <= demand));
    let why = match bound {
        Some(first) => format!(
            "{} binds at {}, so what is offered is not what gets there.",
            first.limit,
            plans_a_day(first.binds_at())
        ),
        None => "The run may be too short, or begin too far from its steady state (see `run.warmup`).".into(),
    };
    let sentence = |theory: &Theory| {
        let interval = theory.interval.map_or(NOTHING.into(), |(low, high)| range(low, high, theory.unit));
        format!(
            "{} is not what theory says: {} lies outside {interval}. {why}",
            theory.metric,
            value(theory.value, theory.unit),
        )
    };
    differs.map(sentence).collect()
}

pub(super) fn json(theory: &Theory) -> Value {
    json!({
        "metric": theory.metric,
        "law": theory.law,
        "value": finite(theory.value),
        "approximate": theory.approximate,
        "simulated": nullable(theory.simulated),
        "interval": interval(theory.interval),
        "agrees": theory.agrees(),
        "unit": theory.unit,
    })
}
