//! What a comparison says first: in one sentence what the other configuration does better and what worse, and a row for
//! each thing that people compare for.

use super::advice::causes;
use super::page::Table;
use super::words::{self, value, value_or_dash};
use crate::experiment::{Comparison, Row, Standing, Verdict};
use crate::metrics;
use crate::units::{number, percent};

/// What people compare for, by the form of its name.
const NEWS: [&str; 10] = [
    "plans.per_day",
    "plans.failed_fraction",
    "plans.overloaded_fraction",
    "plan.latency.p95",
    "logs.error.retrievable.3d",
    "logs.error.reachable.3d",
    "logs.error.context.3d",
    "cost.month",
    "S.OPS_rejected",
    "provider.P.attempts.refused",
];

/// Place among the news; none of what is none.
fn place(name: &str) -> Option<usize> {
    NEWS.iter().position(|form| metrics::has_form(form, name))
}

/// Whether a metric is among the news.
pub(super) fn is_news(row: &Row) -> bool {
    place(&row.metric).is_some()
}

/// The rows of the news that say something, in their order.
fn rows(comparison: &Comparison) -> Vec<&Row> {
    let is_silent = |row: &Row| row.means.iter().all(|mean| mean.is_none_or(|mean| mean == 0.0));
    let always = |row: &Row| row.metric == NEWS[0] || row.metric == NEWS[1];
    let mut rows: Vec<&Row> =
        comparison.rows.iter().filter(|row| is_news(row) && (always(row) || !is_silent(row))).collect();
    rows.sort_by(|a, b| place(&a.metric).cmp(&place(&b.metric)).then_with(|| a.metric.cmp(&b.metric)));
    rows
}

/// The table of the news about configuration `other` (from 1).
pub(super) fn table(comparison: &Comparison, other: usize, title: String) -> Table {
    side_by_side(comparison, other, title, rows(comparison))
}

/// Metrics of the first and of configuration `other` (from 1), side by side.
pub(super) fn side_by_side(comparison: &Comparison, other: usize, title: String, rows: Vec<&Row>) -> Table {
    let names = [&comparison.names[0], &comparison.names[other]].map(|name| format!("#{name}"));
    let header = ["`metric", &names[0], &names[1], "#difference (95 %)", "!verdict", "unit"];
    let rows = rows.into_iter().map(|row| cells(comparison, row, other));
    Table { spare: Some(5), ..Table::new(title, &header, rows) }
}

fn cells(comparison: &Comparison, row: &Row, other: usize) -> Vec<String> {
    let change = &row.changes[other - 1];
    let standing = match change.standing {
        Standing::OnlyFirst => format!("only {}", comparison.names[0]),
        Standing::OnlyOther => format!("only {}", comparison.names[other]),
        standing => words::standing(standing).into(),
    };
    vec![
        row.metric.clone(),
        value_or_dash(row.means[0], row.unit),
        value_or_dash(row.means[other], row.unit),
        change
            .difference
            .map_or(words::NOTHING.into(), |change| words::difference(change.mean, change.ci95(), row.unit)),
        standing,
        words::unit(row.unit).into(),
    ]
}

/// The news about configuration `other` (from 1), in a sentence.
pub(super) fn sentence(comparison: &Comparison, other: usize) -> String {
    let name = &comparison.names[other];
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    let mut has_ended = false;
    for row in rows(comparison) {
        let change = &row.changes[other - 1];
        let (Some(before), Some(after)) = (row.means[0], row.means[other]) else { continue };
        let said = match change.standing {
            Standing::Better => &mut better,
            Standing::Worse => &mut worse,
            _ => continue,
        };
        // What no plan does says nothing of how well it is done.
        has_ended |= row.metric == NEWS[0] && after == 0.0;
        if has_ended && row.metric != NEWS[0] {
            continue;
        }
        said.extend(clause(row, before, after));
    }
    if has_ended {
        return format!("{name} {}{}.", worse.concat(), because(comparison, other));
    }
    let but = if better.is_empty() { "" } else { ", but " };
    match (better.is_empty(), worse.is_empty()) {
        (true, true) => format!(
            "{name} and {} do not differ significantly in plans, failures, latency, error logs, cost or refusals.",
            comparison.names[0]
        ),
        (_, true) => format!("{name} {}, and is worse in nothing listed below.", words::enumerated(&better)),
        (_, false) => {
            let fails = worse.iter().any(|clause| clause.contains("plans"));
            let because = if fails { because(comparison, other) } else { String::new() };
            format!("{name} {}{but}{}{because}.", words::enumerated(&better), words::enumerated(&worse))
        }
    }
}

/// What most of the plans that are lost more end by.
fn because(comparison: &Comparison, other: usize) -> String {
    let change = |row: &&Row| row.changes[other - 1].difference.map_or(0.0, |difference| difference.mean);
    let lost: Vec<&Row> = comparison.why(other).into_iter().filter(|row| change(row) > 0.0).collect();
    let all: f64 = lost.iter().map(change).sum();
    let Some(first) = lost.first() else { return String::new() };
    let cause = first.metric.strip_prefix("plans.ended_by.").unwrap_or(&first.metric);
    let share = change(first) / all;
    let share = if share > 0.995 { String::new() } else { format!(", {} of them", words::about(share)) };
    format!(": plans end by {}{share}", causes::words(cause))
}

/// What a configuration does, after its name, in one of the news that is better or worse for sure.
fn clause(row: &Row, before: f64, after: f64) -> Option<String> {
    let metric = row.metric.as_str();
    let [was, is] = [before, after].map(|x| value(x, row.unit));
    let more = |more: &'static str, less: &'static str| if after > before { more } else { less };
    let points = format!("{} percentage points", number((after - before).abs() * 100.0));
    Some(match NEWS[place(metric)?] {
        "plans.per_day" if after == 0.0 => format!("no longer completes any plan ({was} a day before)"),
        "plans.per_day" if before == 0.0 => format!("completes {is} plans a day (none before)"),
        "plans.per_day" => {
            let by = percent((after / before - 1.0).abs());
            format!("completes {by} {} plans ({was} → {is} a day)", more("more", "fewer"))
        }
        "plans.failed_fraction" => format!("fails {points} {} of the plans ({was} → {is})", more("more", "less")),
        "plans.overloaded_fraction" => {
            format!("answers {points} {} of the plans with an overload ({was} → {is})", more("more", "less"))
        }
        "plan.latency.p95" => {
            let by = number((after - before).abs());
            format!("is {by} s {} for the slowest 5 % of plans (p95 {was} → {is} s)", more("slower", "faster"))
        }
        "logs.error.retrievable.3d" => format!("keeps {} for 3 days ({was} before)", share_of(after, "error log")),
        "logs.error.reachable.3d" => {
            format!("finds {} through the index after 3 days ({was} before)", share_of(after, "error log"))
        }
        "logs.error.context.3d" if after == 0.0 => {
            format!("loses the request that led to an error ({was} before)")
        }
        "logs.error.context.3d" => {
            format!("keeps the request that led to an error in {is} of cases ({was} before)")
        }
        "cost.month" => {
            let by = number((after - before).abs());
            format!("costs {by} USD a month {} ({was} → {is})", more("more", "less"))
        }
        "S.OPS_rejected" => {
            let ops = metric.strip_suffix("_rejected")?.replacen('.', " ", 1);
            match after {
                0.0 => format!("refuses no {} ({was} before)", ops.strip_suffix('s')?),
                _ => format!("refuses {is} {ops} ({was} before)"),
            }
        }
        _ => {
            let provider = metric.strip_prefix("provider.")?.strip_suffix(".attempts.refused")?;
            format!("has {is} attempts refused by {provider} ({was} before)")
        }
    })
}

/// `all error logs`, `no error log`, `27.9 % of the error logs`.
fn share_of(share: f64, what: &str) -> String {
    match share {
        0.0 => format!("no {what}"),
        all if all > 0.9995 => format!("all {what}s"),
        some => format!("{} of the {what}s", percent(some)),
    }
}

/// The objectives whose verdict is another one in configuration `other` (from 1), in a sentence.
pub(super) fn flips(comparison: &Comparison, other: usize) -> Option<String> {
    if comparison.objectives.is_empty() {
        return None;
    }
    let changed: Vec<String> = comparison
        .objectives
        .iter()
        .filter(|(_, verdicts)| verdicts[0] != verdicts[other])
        .map(|(goal, verdicts)| {
            let [before, after] = [verdicts[0], verdicts[other]].map(words::verdict);
            format!("{}: {before} → {after}", words::bound(goal))
        })
        .collect();
    if !changed.is_empty() {
        return Some(format!("Objectives that change: {}.", changed.join("; ")));
    }
    let of = |wanted: Verdict| comparison.objectives.iter().filter(|(_, verdicts)| verdicts[0] == wanted).count();
    let counted = [Verdict::Broken, Verdict::Undecided, Verdict::Met]
        .map(|verdict| (of(verdict), words::verdict(verdict)))
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"));
    Some(format!("No objective changes its verdict: {}.", counted.collect::<Vec<_>>().join(", ")))
}
