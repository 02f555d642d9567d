//! The catalogue as people read it: on a terminal, and as `docs/metrics.md`.

use super::words::paragraph;
use crate::metrics::{Better, CATALOGUE, Metric, PLACEHOLDERS};
use std::fmt::Write as _;

fn unit_in_words(metric: &Metric) -> &'static str {
    if metric.unit == "1" { "fraction" } else { metric.unit }
}

fn better_in_words(metric: &Metric) -> &'static str {
    match metric.better {
        Some(Better::More) => "more",
        Some(Better::Less) => "less",
        None => "",
    }
}

/// Of a line of text.
const WIDTH: usize = 100;

/// Metrics one after the other: the form of the name, the unit, which way is better, and what it is.
pub fn metrics(metrics: &[&Metric]) -> String {
    let mut out = String::new();
    for metric in metrics {
        let better = better_in_words(metric);
        let better = if better.is_empty() { String::new() } else { format!(", {better} is better") };
        let _ = writeln!(out, "{} [{}{better}]", metric.form, unit_in_words(metric));
        for sentences in [metric.meaning, metric.exists] {
            if !sentences.is_empty() {
                out += &paragraph("    ", sentences, WIDTH);
            }
        }
    }
    let stands: Vec<String> = PLACEHOLDERS
        .iter()
        .filter(|(name, _)| name.len() > 1 && metrics.iter().any(|metric| metric.form.contains(name)))
        .map(|(name, stands)| format!("{name}: {}.", stands.replace('`', "")))
        .collect();
    if !stands.is_empty() {
        let _ = writeln!(out, "\n{}", stands.join("\n"));
    }
    out
}

/// The whole catalogue, in Markdown.
pub fn metrics_page() -> String {
    let mut out = String::from(INTRODUCTION);
    for (name, stands) in PLACEHOLDERS {
        let names: Vec<String> = name.split(", ").map(|name| format!("`{name}`")).collect();
        let _ = writeln!(out, "| {} | {stands} |", names.join(", "));
    }
    for (title, metrics) in CATALOGUE {
        let _ = write!(out, "\n## {title}\n\n| metric | unit | better | meaning |\n| --- | --- | --- | --- |\n");
        for metric in metrics {
            let exists = if metric.exists.is_empty() { String::new() } else { format!(" *{}*", metric.exists) };
            let (unit, better) = (unit_in_words(metric), better_in_words(metric));
            let _ = writeln!(out, "| `{}` | {unit} | {better} | {}{exists} |", metric.form, metric.meaning);
        }
    }
    out
}

const INTRODUCTION: &str = "\
# Metrics

Made from the catalogue in `src/metrics` (`capsim metrics` prints it, `capsim metrics kv.writes` a part of it).

A metric exists by the model, never by what happened: where nothing was counted it is 0, where nothing was observed it
has no value. What is counted is what came in the recorded time, after the warm-up. Over replications, `mean` is the
average of those in which there was a value, with a 95 % interval (Student's, within what the metric can be; of shares of
things that were counted Wilson's), and `min` and `max` are the smallest and the largest value of a replication: the
`max` of `queue.Q.queued.max` is the most of all replications, its `mean` the most of an average one. Of several isolates,
counts and levels are those of all together, unless it says otherwise.

With more than one class of users each of the metrics of plans, calls, attempts and waits is there for each class, too:
`class.NAME.plans.per_day`.

| in a name | stands for |
| --- | --- |
";
