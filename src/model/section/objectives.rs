//! `[objectives]`: bounds on metrics. Which metrics a run has is known only to the world, so what is checked here
//! is whether a name can be one: its form, its first word, and the parts that it speaks of.

use crate::model::fields::{did_you_mean, is_name};
use crate::model::language::*;
use crate::model::names::List;

pub(in crate::model) static OBJECTIVE: Section = Section {
    title: "an objective",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        optional("min", Number(f64::MIN, f64::MAX), "no lower bound", "The least that is good enough."),
        optional("max", Number(f64::MIN, f64::MAX), "no upper bound", "The most that is good enough.").note(
            "The name must be able to be a metric: its form, its first word, and the parts it speaks of are \
                checked. A metric that a run does not have leaves its objective undecided.",
        ),
    ],
    ..PLAIN
};

/// One entry of `[objectives]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The metric's name, such as `plans.failed_fraction`.
    pub metric: String,
    /// `min`: the least value that meets it, in the unit of the metric.
    pub min: Option<f64>,
    /// `max`: the largest value that meets it, in the unit of the metric; at least `min`.
    pub max: Option<f64>,
}

/// The first words of metric names, beside those of stores.
const ROOTS: [&str; 22] = [
    "plans",
    "plan",
    "calls",
    "attempts",
    "queue",
    "logs",
    "logfile",
    "reader",
    "breaker",
    "cost",
    "class",
    "provider",
    "reads",
    "retry",
    "hedge",
    "diagnostics",
    "isolates",
    "platform",
    "invocation",
    "tiers",
    "d1",
    "limiter",
];

/// Names that metrics had, and the names that they have now.
const RENAMED: [(&str, &str); 1] = [("plans.failed", "plans.call_failed")];

/// The name that a metric has now, where `metric` is one that it had; by class too.
pub fn renamed(metric: &str) -> Option<String> {
    let class = metric.strip_prefix("class.").and_then(|rest| rest.find('.').map(|at| "class.".len() + at + 1));
    let (class, name) = metric.split_at(class.unwrap_or(0));
    RENAMED.iter().find(|(was, _)| *was == name).map(|(_, is)| format!("{class}{is}"))
}

/// Reads the objectives, in the order of their metrics.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Objective> {
    let mut objectives = Vec::new();
    for (metric, cursor) in root.named("objectives") {
        let (min, max) = bounds(input, (metric, &cursor), names);
        objectives.push(Objective { metric: metric.into(), min, max });
    }
    objectives
}

/// The `min` and the `max` of a metric, at least one of them.
pub(super) fn bounds(
    input: &mut Input<'_>,
    (metric, cursor): (&str, &Cursor<'_>),
    names: &Names,
) -> (Option<f64>, Option<f64>) {
    let (min, max) = (cursor.number("min"), cursor.number("max"));
    if let Err(complaint) = possible(metric, names) {
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            let complaint =
                Complaint::new("`min` is larger than `max`").found(format!("a min of {min} over a max of {max}"));
            input.problems.report_once(cursor.node.at, &cursor.path, complaint);
        }
        (None, None) if cursor.get("min").is_none() && cursor.get("max").is_none() => {
            let complaint = Complaint::new("a bound is missing").allowed("`min`, `max` or both");
            input.problems.report_once(cursor.node.at, &cursor.path, complaint);
        }
        _ => {}
    }
    (min, max)
}

fn possible(metric: &str, names: &Names) -> Result<(), Complaint> {
    let parts: Vec<&str> = metric.split('.').collect();
    if parts.len() < 2 || !parts.iter().all(|part| is_name(part)) {
        let complaint = Complaint::new("not a metric name").found(format!("{metric:?}"));
        return Err(complaint
            .allowed("words with dots between them, such as \"plans.failed_fraction\"")
            .cure("write the name in quotes: \"plans.failed_fraction\" = { max = 0.01 }"));
    }
    if let Some(now) = renamed(metric) {
        return Err(Complaint::new(format!("this metric was renamed to {now}")).found(format!("{metric:?}")));
    }
    match parts[..] {
        ["class", class, _, ..] => {
            part(class, &names.classes)?;
            possible(&parts[2..].join("."), names)
        }
        ["queue", queue, _, ..] => part(queue, &names.queues),
        ["provider" | "breaker" | "hedge", provider, _, ..] => part(provider, &names.providers),
        ["tiers", tiers, _, ..] => part(tiers, &names.tiers),
        ["d1", database, _, ..] => part(database, &names.d1),
        ["limiter", limiter, _, ..] => part(limiter, &names.limiters),
        ["class" | "queue" | "provider" | "tiers" | "d1" | "limiter", _] => Err(Complaint::new("not a metric name")
            .found(format!("{metric:?}"))
            .allowed("such as \"queue.ai.drop_fraction\"")),
        [root, ..] if ROOTS.contains(&root) || names.stores.position(root).is_some() => Ok(()),
        [root, ..] => {
            let known: Vec<&str> = ROOTS.into_iter().chain(names.stores.all().iter().map(String::as_str)).collect();
            Err(Complaint::new(format!("no metric begins with {root:?}"))
                .allowed(known.join(", "))
                .cure(did_you_mean(root, &known)))
        }
        [] => Ok(()),
    }
}

fn part(name: &str, list: &List) -> Result<(), Complaint> {
    if list.position(name).is_some() { Ok(()) } else { Err(list.missing(name)) }
}
