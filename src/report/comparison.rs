//! The pages of `compare`: the news, why plans end otherwise, what else moved, and metrics side by side.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, interval, nullable, pretty};
use super::news;
use super::page::{Page, Part, Table};
use super::show::Show;
use super::words::{self, value_or_dash};
use crate::experiment::{Change, Comparison, Missed, Row, Standing};
use crate::metrics;
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

/// The sure changes that tell most besides the news.
fn moved(comparison: &Comparison, other: usize) -> Vec<String> {
    let rows = comparison.moved(other).into_iter().filter(|row| !news::is_news(row));
    rows.take(MOVED).map(|row| line(row, other, None)).collect()
}

/// Why plans end otherwise than before: causes, with their share of what one cause adds or takes away.
fn why(comparison: &Comparison, other: usize) -> Vec<String> {
    let rows = comparison.why(other);
    let change = |row: &Row| row.changes[other - 1].difference.map_or(0.0, |difference| difference.mean);
    let all: f64 = rows.iter().map(|row| change(row).abs()).sum();
    rows.iter().take(MOVED).map(|row| line(row, other, Some(change(row).abs() / all))).collect()
}

/// A change in a line: `attempts.made: 27,530 to 28,012 attempts, +1.75 % (more)`.
fn line(row: &Row, other: usize, share: Option<f64>) -> String {
    let change = &row.changes[other - 1];
    let relative = change
        .relative
        .map_or(String::new(), |relative| format!(", {}{}", if relative > 0.0 { "+" } else { "" }, percent(relative)));
    let after = format!("{} {}", value_or_dash(row.means[other], row.unit), words::unit(row.unit));
    let share = share.map_or(String::new(), |share| format!(", {} of all that changed", words::about(share)));
    format!(
        "{}: {} to {}{relative}{share} ({})",
        row.metric,
        value_or_dash(row.means[0], row.unit),
        after.trim_end(),
        words::standing(change.standing)
    )
}

fn seen(comparison: &Comparison) -> Vec<&Row> {
    let says_something = |row: &&Row| {
        let silent = row.means.iter().all(|mean| mean.is_none_or(|mean| mean == 0.0));
        !silent && !row.metric.starts_with("class.") && !row.metric.starts_with("run.")
    };
    comparison.rows.iter().filter(says_something).collect()
}

/// The rows that are asked for beside the news.
fn shown<'a>(comparison: &'a Comparison, show: &Show) -> Vec<&'a Row> {
    match show {
        Show::Short => Vec::new(),
        Show::All => seen(comparison),
        Show::Like(patterns) => {
            let asked = |row: &&Row| patterns.iter().any(|pattern| metrics::is_asked(pattern, &row.metric));
            comparison.rows.iter().filter(asked).collect()
        }
    }
}

/// The page of a comparison.
pub(super) fn page(comparison: &Comparison, show: &Show) -> Page {
    let (first, several) = (&comparison.answers[0], comparison.names.len() > 2);
    let mut parts = Vec::new();
    for other in 1..comparison.names.len() {
        let name = &comparison.names[other];
        let titled = |title: &str| if several { format!("{title}: {name}") } else { title.into() };
        parts.push(Part::Table(news::table(comparison, other, titled("News"))));
        parts.push(Part::List(titled("Why plans end otherwise"), why(comparison, other)));
        parts.push(Part::List(titled("What else moved"), moved(comparison, other)));
        let rows = shown(comparison, show);
        let left = seen(comparison).len().saturating_sub(rows.len());
        let table = news::side_by_side(comparison, other, titled("Metrics"), rows);
        parts.push(Part::Table(Table { grouped: true, folded: true, ..table }));
        if *show == Show::Short && other + 1 == comparison.names.len() {
            let more = words::things(left as f64, "metric", "metrics");
            parts.push(Part::List("More".into(), vec![format!("{more} side by side: --all; some: --metric NAME.")]));
        }
    }
    let answer = partial(comparison).into_iter().chain((1..comparison.names.len()).flat_map(|other| {
        let said = [Some(news::sentence(comparison, other)), news::flips(comparison, other)];
        said.into_iter().flatten().chain([verdict(comparison, other)])
    }));
    let run = format!(
        "Seed {}, {} of {}; 95 % intervals of paired differences, verdicts for all metrics at once.",
        first.seed,
        words::replications(first.replications),
        first.horizon
    );
    Page::new(comparison.names.join(" · "), answer.collect(), run, parts)
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
                csv_field(&row.metric),
                csv_field(row.unit),
                csv_field(&comparison.names[0]),
                csv_number(row.means[0]),
                csv_field(&comparison.names[at + 1]),
                csv_number(row.means[at + 1]),
                csv_number(change.difference.map(|difference| difference.mean)),
                csv_number(interval.map(|(low, _)| low)),
                csv_number(interval.map(|(_, high)| high)),
                csv_number(change.p),
                words::standing(change.standing).into(),
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
            "verdict": words::standing(change.standing),
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
    let objectives = comparison.objectives.iter().map(|(goal, verdicts)| {
        json!({
            "metric": goal.metric,
            "min": nullable(goal.min),
            "max": nullable(goal.max),
            "verdicts": verdicts.iter().map(|verdict| words::verdict(*verdict)).collect::<Vec<_>>(),
        })
    });
    let first = &comparison.answers[0];
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "seed": first.seed,
        "replications": first.replications,
        "partial": first.replications < first.asked,
        "configurations": configurations.collect::<Vec<_>>(),
        "metrics": rows.collect::<serde_json::Map<_, _>>(),
        "news": (1..comparison.names.len()).map(|other| news::sentence(comparison, other)).collect::<Vec<_>>(),
        "objectives": objectives.collect::<Vec<_>>(),
        "moved": (1..comparison.names.len()).map(|other| moved(comparison, other)).collect::<Vec<_>>(),
    }))
}
