//! The pages of `compare`: what is better, what moved, every metric side by side.

use super::csv::{field, number as csv_number};
use super::json::{interval, nullable, pretty};
use super::page::{Page, Part, Table};
use super::words::{self, range, value, value_or_dash};
use crate::experiment::{Change, Comparison, Missed, Row, Standing};
use crate::units::{number, percent};
use serde_json::{Value, json};

/// The JSON Schema of what `compare --format json` prints.
pub const COMPARE_SCHEMA: &str = include_str!("../../docs/compare.schema.json");
/// Rows in the list of what moved.
const MOVED: usize = 6;

/// Why an interval is still too wide, in a sentence; `known`: whether the model has the metric.
pub fn missed(missed: &Missed, known: bool, replications: u32) -> String {
    let asked = percent(missed.precision.relative);
    let metric = &missed.precision.metric;
    match missed.reached {
        _ if !known => format!("--precision {metric}: this model has no such metric"),
        Some(reached) => format!(
            "--precision {metric}: ± {} of the mean after {}, {asked} was asked for",
            percent(reached),
            words::replications(replications)
        ),
        None => format!(
            "--precision {metric}: no relative precision after {}, for it was not observed or its mean is 0",
            words::replications(replications)
        ),
    }
}

pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Better => "better",
        Standing::Worse => "worse",
        Standing::More => "more",
        Standing::Less => "less",
        Standing::Same => "the same",
        Standing::CannotTell => "cannot tell",
    }
}

/// A change with its interval: `-3.1 (-3.4 to -2.8)`.
fn difference(change: &Change, unit: &str) -> String {
    let Some(difference) = change.difference else { return words::NOTHING.into() };
    let mean = value(difference.mean, unit);
    match difference.ci95() {
        Some((low, high)) if low < high => format!("{mean} ({})", range(low, high, unit)),
        _ => mean,
    }
}

fn verdict(comparison: &Comparison, other: usize) -> String {
    let of = |wanted: Standing| comparison.rows.iter().filter(|row| row.changes[other - 1].standing == wanted).count();
    let (name, first) = (&comparison.names[other], &comparison.names[0]);
    let mut text = format!(
        "{name} against {first}: {} better, {} worse, {} cannot be told apart, {} the same.",
        words::things(of(Standing::Better) as f64, "metric", "metrics"),
        of(Standing::Worse),
        of(Standing::CannotTell),
        of(Standing::Same)
    );
    if let Some(times) = comparison.narrowing(other) {
        text += &match number(times) {
            one if one == "1" => " The same draws make the intervals no narrower (median).".into(),
            times => format!(" The same draws make the intervals {times} times narrower (median)."),
        };
    }
    text
}

fn moved(comparison: &Comparison, other: usize) -> Vec<String> {
    lines(comparison.moved(other), other)
}

fn lines(rows: Vec<&Row>, other: usize) -> Vec<String> {
    let line = |row: &&Row| {
        let change = &row.changes[other - 1];
        let relative = change.relative.map_or(String::new(), |relative| {
            format!(", {}{}", if relative > 0.0 { "+" } else { "" }, percent(relative))
        });
        let after = format!("{} {}", value_or_dash(row.means[other], row.unit), words::unit(row.unit));
        format!(
            "{}: {} to {}{relative} ({})",
            row.metric,
            value_or_dash(row.means[0], row.unit),
            after.trim_end(),
            standing(change.standing)
        )
    };
    rows.iter().take(MOVED).map(line).collect()
}

fn seen(comparison: &Comparison) -> impl Iterator<Item = &Row> {
    comparison.rows.iter().filter(|row| {
        let silent = row.means.iter().all(|mean| mean.is_none_or(|mean| mean == 0.0));
        !silent && !row.metric.starts_with("class.") && !row.metric.starts_with("run.")
    })
}

/// The page of a comparison.
pub(super) fn page(comparison: &Comparison) -> Page {
    let first = &comparison.answers[0];
    let mut parts = Vec::new();
    for other in 1..comparison.names.len() {
        let name = &comparison.names[other];
        parts.push(Part::List(format!("What moved: {name}"), moved(comparison, other)));
        let why = lines(comparison.why(other), other);
        parts.push(Part::List(format!("Why plans do not end well: {name}"), why));
        let rows = seen(comparison).map(|row| {
            let change = &row.changes[other - 1];
            vec![
                row.metric.clone(),
                value_or_dash(row.means[0], row.unit),
                value_or_dash(row.means[other], row.unit),
                difference(change, row.unit),
                standing(change.standing).into(),
                words::unit(row.unit).into(),
            ]
        });
        let names = [&comparison.names[0], name].map(|name| format!("#{name}"));
        let header = ["metric", &names[0], &names[1], "#difference (95 %)", "verdict", "unit"];
        let title = if comparison.names.len() > 2 { format!("Metrics: {name}") } else { "Metrics".into() };
        parts.push(Table::part(title, &header, rows));
    }
    Page {
        title: comparison.names.join(" · "),
        answer: partial(comparison)
            .into_iter()
            .chain((1..comparison.names.len()).map(|o| verdict(comparison, o)))
            .collect(),
        run: format!(
            "Seed {}, {} of {}; 95 % intervals of paired differences, verdicts for all metrics at once.",
            first.seed,
            words::replications(first.replications),
            first.horizon
        ),
        parts,
    }
}

/// What an interruption has left, in a sentence.
fn partial(comparison: &Comparison) -> Option<String> {
    let first = &comparison.answers[0];
    let (done, asked) = (first.replications, first.asked);
    (done < asked).then(|| {
        format!("Partial: {done} of {} done.", words::things(asked.into(), "replication was", "replications were"))
    })
}

/// A line for each metric and configuration but the first.
pub(super) fn csv(comparison: &Comparison) -> String {
    let mut out =
        "metric,unit,first,first_mean,second,second_mean,difference,ci95_low,ci95_high,p,verdict,narrowing\r\n"
            .to_string();
    for row in &comparison.rows {
        for (at, change) in row.changes.iter().enumerate() {
            let interval = change.difference.and_then(|difference| difference.ci95());
            let cells = [
                field(&row.metric),
                field(row.unit),
                field(&comparison.names[0]),
                csv_number(row.means[0]),
                field(&comparison.names[at + 1]),
                csv_number(row.means[at + 1]),
                csv_number(change.difference.map(|difference| difference.mean)),
                csv_number(interval.map(|(low, _)| low)),
                csv_number(interval.map(|(_, high)| high)),
                csv_number(change.p),
                standing(change.standing).into(),
                csv_number(change.narrowing),
            ];
            out += &(cells.join(",") + "\r\n");
        }
    }
    out
}

/// For programs.
pub(super) fn json(comparison: &Comparison) -> String {
    let change = |(at, change): (usize, &Change)| {
        json!({
            "configuration": comparison.names[at + 1],
            "difference": nullable(change.difference.map(|difference| difference.mean)),
            "ci95": interval(change.difference.and_then(|d| d.ci95())),
            "relative": nullable(change.relative),
            "p": nullable(change.p),
            "verdict": standing(change.standing),
            "narrowing": nullable(change.narrowing),
        })
    };
    let configurations = comparison
        .names
        .iter()
        .zip(&comparison.answers)
        .map(|(name, answer)| json!({ "name": name, "digest": answer.digest, "overrides": answer.overrides }));
    let rows = comparison.rows.iter().map(|row| {
        let means: Vec<Value> = row.means.iter().map(|&mean| nullable(mean)).collect();
        let changes: Vec<Value> = row.changes.iter().enumerate().map(change).collect();
        (row.metric.clone(), json!({ "unit": row.unit, "means": means, "changes": changes }))
    });
    let first = &comparison.answers[0];
    pretty(&json!({
        "schema_version": super::SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "seed": first.seed,
        "replications": first.replications,
        "partial": first.replications < first.asked,
        "configurations": configurations.collect::<Vec<_>>(),
        "metrics": rows.collect::<serde_json::Map<_, _>>(),
        "moved": (1..comparison.names.len()).map(|other| moved(comparison, other)).collect::<Vec<_>>(),
    }))
}
