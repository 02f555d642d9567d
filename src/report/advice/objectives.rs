//! Objectives that are broken, and by what: where the ledger has the causes of what they bound.

use super::causes::{causes, listed, try_it, verb};
use super::{Advice, CauseCount, cure};
use crate::experiment::{Answer, Verdict};
use crate::report::words::{bound, value};
use crate::units::number;

/// Advice for each objective that is broken and has causes; those that share an account are told once.
pub(super) fn find(answer: &Answer) -> Vec<Advice> {
    let mut all: Vec<Advice> = Vec::new();
    for (objective, _) in answer.objectives.iter().filter(|(_, verdict)| *verdict == Verdict::Broken) {
        let Some((account, of)) = account(&objective.metric) else { continue };
        let told = |advice: &Advice| matches!(advice, Advice::ObjectiveBroken { of: other, .. } if *other == of);
        let (by, metric) = (causes(answer, &account), answer.metric(&objective.metric));
        let (Some(metric), false, false) = (metric, by.is_empty(), all.iter().any(told)) else { continue };
        let Some(found) = metric.mean else { continue };
        let command = cure::against(answer, &by[0].cause);
        all.push(Advice::ObjectiveBroken { bound: bound(objective), found, unit: metric.unit, of, by, command });
    }
    all
}

/// The causes among these counts, by metric, that move a metric of an objective, in words: `by a full queue`.
pub(in crate::report) fn causes_of(metric: &str, counts: &[(String, f64)]) -> Option<String> {
    let (account, _) = account(metric)?;
    let of = |(name, count): &(String, f64)| {
        let cause = name.strip_prefix(&account)?.strip_prefix('.')?;
        (!cause.contains('.')).then(|| CauseCount { cause: cause.into(), count: *count })
    };
    let mut by: Vec<CauseCount> = counts.iter().filter_map(of).collect();
    by.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.cause.cmp(&b.cause)));
    (!by.is_empty()).then(|| listed(&by))
}

/// The account whose causes move a metric, and what it counts.
fn account(metric: &str) -> Option<(String, String)> {
    let (class, name) = match metric.strip_prefix("class.").and_then(|rest| rest.split_once('.')) {
        Some((class, name)) => (format!("class.{class}."), name),
        None => (String::new(), metric),
    };
    let is_of = |prefix: &str| name.starts_with(prefix);
    if is_of("plans.") {
        let of = if class.is_empty() { "plans".into() } else { format!("plans of {}", &class[6..class.len() - 1]) };
        return Some((format!("{class}plans.ended_by"), of));
    }
    if is_of("calls.") || is_of("attempts.") {
        let what = name.split('.').next()?;
        return Some((format!("{class}{what}.ended_by"), what.into()));
    }
    if let Some(kind) = name
        .strip_prefix("logs.")
        .and_then(|rest| rest.split('.').next())
        .filter(|_| name.ends_with(".lost") || name.ends_with(".written") || name.ends_with(".dropped"))
    {
        return Some((format!("logs.{kind}.lost_by"), format!("log events of kind {kind}")));
    }
    let (store, rest) = name.split_once('.')?;
    let op =
        ["reads", "writes", "deletes", "lists"].into_iter().find(|op| rest.starts_with(&format!("{op}_reject")))?;
    Some((format!("{store}.{op}.refused_by"), format!("{store} {op}")))
}

pub(super) fn text(advice: &Advice) -> String {
    let Advice::ObjectiveBroken { bound, found, unit, of, by, command } = advice else { return String::new() };
    let all: f64 = by.iter().map(|one| one.count).sum();
    let (all, do_not) = (number(all), verb(all, "does not", "do not"));
    let found = value(*found, unit);
    format!(
        "The objective {bound} is broken: it is {found}. Of the {of} in a replication {all} {do_not} end well: {}.{}",
        listed(by),
        try_it(command.as_ref())
    )
}
