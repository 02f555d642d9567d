//! Which metrics a report for people shows.

use super::{summary, words};
use crate::experiment::{Answer, Metric};
use crate::metrics;

/// As many as fit on a screen beside the answer and the advice.
const MOST: usize = 15;
/// Of several parts of a kind.
const ALIKE: usize = 3;

/// Which metrics a report shows, and how much beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// Those that people ask for first, at most fifteen: one screen.
    Short,
    /// All that say something, theory, and all advice.
    All,
    /// Those in whose name one of these stands; `*` is anything.
    Like(Vec<String>),
}

impl Show {
    /// The metrics that are shown, in the order in which they are read.
    pub(super) fn metrics<'a>(&self, answer: &'a Answer) -> Vec<&'a Metric> {
        match self {
            Show::All => words::reading_order(answer),
            Show::Like(patterns) => {
                let is_asked = |metric: &&Metric| patterns.iter().any(|of| metrics::is_asked(of, &metric.name));
                answer.metrics.iter().filter(is_asked).collect()
            }
            Show::Short => short(answer),
        }
    }

    /// A sentence about what is not shown.
    pub(super) fn left_out(&self, answer: &Answer, shown: usize) -> Option<String> {
        let left = answer.metrics.len() - shown;
        match self {
            Show::All => words::left_out(answer, shown),
            Show::Like(_) => None,
            Show::Short => (left > 0).then(|| {
                let more = words::things(left as f64, "more metric", "more metrics");
                format!("{more}: --all shows them, --metric NAME some; capsim metrics says what they mean.")
            }),
        }
    }
}

/// What the objectives judge, and of the rest what people ask for first, as far as it says something.
fn short(answer: &Answer) -> Vec<&Metric> {
    let judged = |metric: &Metric| answer.objectives.iter().any(|(objective, _)| objective.metric == metric.name);
    let is_logged = summary::is_logged(answer, "error");
    // What was observed stands with its values above the table.
    let stands_above = |metric: &Metric| answer.observed.iter().any(|(observed, _)| observed.metric == metric.name);
    let says_something = |metric: &Metric| {
        let is_zero = (metric.min, metric.max) == (Some(0.0), Some(0.0));
        let is_log = metric.name.starts_with("logs.");
        let always = ["plans.per_day", "plans.failed_fraction"].contains(&metric.name.as_str());
        metric.mean.is_some() && !stands_above(metric) && (always || is_log && is_logged || !is_log && !is_zero)
    };
    let ranked = answer.metrics.iter().filter_map(|metric| match metrics::rank(&metric.name) {
        _ if judged(metric) => Some((0, metric)),
        Some(rank) if says_something(metric) => Some((rank + 1, metric)),
        _ => None,
    });
    let mut ranked: Vec<(usize, &Metric)> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut shown: Vec<&Metric> = Vec::new();
    let (mut rank_before, mut alike) = (0, 0);
    for (rank, metric) in ranked {
        alike = if rank == rank_before { alike + 1 } else { 1 };
        rank_before = rank;
        if shown.len() < MOST && (rank == 0 || alike <= ALIKE) {
            shown.push(metric);
        }
    }
    words::in_reading_order(shown)
}
