//! The pages of `tune`: the best values in a sentence, and the best few in a table.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, interval, nullable, pretty};
use super::page::{Page, Table};
use super::words::{self, NOTHING, agree, range, short, things};
use crate::experiment::{Better, Candidate, Goal, Objective, Tuned, Verdict, set_at};
use crate::metrics;
use crate::units::count;
use serde_json::{Map, Value, json};

/// The JSON Schema of what `tune --format json` prints.
pub const TUNE_SCHEMA: &str = include_str!("../../docs/tune.schema.json");

fn wanted(goal: &Goal) -> String {
    match goal {
        Goal::Capacity => "the largest capacity".into(),
        Goal::Metric(metric, Better::More) => format!("the largest {metric}"),
        Goal::Metric(metric, Better::Less) => format!("the smallest {metric}"),
    }
}

fn goal_name(goal: &Goal) -> &str {
    match goal {
        Goal::Capacity => "capacity",
        Goal::Metric(metric, _) => metric,
    }
}

impl Tuned {
    fn values<'a>(&'a self, candidate: &'a Candidate) -> impl Iterator<Item = (&'a str, &'a str)> {
        set_at(&self.axes, &candidate.at)
    }

    fn named(&self, candidate: &Candidate) -> String {
        words::assignments(self.values(candidate))
    }
}

fn unit(goal: &Goal) -> &'static str {
    match goal {
        Goal::Capacity => "plans/day",
        Goal::Metric(metric, _) => metrics::of(metric).map_or("", |metric| metric.unit),
    }
}

fn value(tuned: &Tuned, candidate: &Candidate) -> String {
    let unit = unit(&tuned.search.goal);
    let Some(value) = candidate.value else { return NOTHING.into() };
    match candidate.interval {
        Some((low, high)) if high == f64::INFINITY => format!("{} or more", words::value(low, unit)),
        Some((low, high)) if low < high => format!("{} ({})", words::value(value, unit), range(low, high, unit)),
        _ => words::value(value, unit),
    }
}

fn with_unit(tuned: &Tuned, candidate: &Candidate) -> String {
    format!("{} {}", value(tuned, candidate), words::unit(unit(&tuned.search.goal))).trim_end().into()
}

fn broken(not_met: &[(Objective, Verdict)]) -> String {
    let of = |wanted: Verdict| {
        let all = not_met.iter().filter(|(_, verdict)| *verdict == wanted).map(|(goal, _)| words::bound(goal));
        Some(all.collect::<Vec<_>>().join(", ")).filter(|all| !all.is_empty())
    };
    let part = |verdict: Verdict| of(verdict).map(|all| format!("{} {all}", words::verdict(verdict)));
    [Verdict::Broken, Verdict::Undecided].into_iter().filter_map(part).collect::<Vec<_>>().join("; ")
}

fn objectives(tuned: &Tuned, candidate: &Candidate) -> String {
    match candidate.verdict {
        Verdict::Met => "all met".into(),
        Verdict::Broken if tuned.search.goal == Goal::Capacity => "met at no demand".into(),
        _ if candidate.not_met.is_empty() => "more traffic than it can carry".into(),
        _ => broken(&candidate.not_met),
    }
}

fn answer(tuned: &Tuned) -> Vec<String> {
    let mut all = Vec::new();
    if tuned.partial {
        all.push("Interrupted: this ranks what was done so far, on the draws of the search.".to_string());
    }
    let Some(best) = tuned.best.first() else { return all };
    let (named, value) = (tuned.named(best), with_unit(tuned, best));
    let goal = wanted(&tuned.search.goal);
    all.push(match best.verdict {
        Verdict::Met if tuned.has_objectives => format!("{named} has {goal} under the objectives: {value}."),
        Verdict::Met => format!("{named} has {goal}: {value}. The model has no objectives."),
        Verdict::Undecided => format!(
            "Nothing tried meets every objective for sure. Of those that may, {named} has {goal}: {value}; {}.",
            broken(&best.not_met)
        ),
        Verdict::Broken => format!(
            "Infeasible: nothing tried meets every objective. {named} comes first among those that do not: {}.",
            objectives(tuned, best)
        ),
    });
    if tuned.ties > 0 {
        let many = if tuned.ties == 1 {
            "One more cannot".into()
        } else {
            format!("{} more cannot", count(tuned.ties as u64))
        };
        all.push(format!("{many} be told from it on this evidence: take the one that suits you."));
    }
    let of = if tuned.tried < tuned.grid { ", a Latin hypercube" } else { ", all of them" };
    let fresh = if tuned.partial { "" } else { " The ranking is on fresh replications." };
    all.push(format!(
        "{} of {} {} tried{of}; {}{}.{fresh}",
        count(tuned.tried as u64),
        things(tuned.grid as f64, "point", "points"),
        agree(tuned.tried as f64, "was", "were"),
        things(tuned.runs as f64, "replication", "replications"),
        if tuned.search.goal == Goal::Capacity {
            String::new()
        } else {
            format!(" of a budget of {}", count(tuned.search.budget.into()))
        },
    ));
    all
}

/// The page of what `tune` found.
pub(super) fn page(tuned: &Tuned) -> Page {
    let unit = words::unit(unit(&tuned.search.goal));
    let unit = if unit.is_empty() { String::new() } else { format!(" [{unit}]") };
    let goal = format!("#{}{unit}", goal_name(&tuned.search.goal));
    let knobs = tuned.axes.iter().map(|axis| axis.path.as_str());
    let judged = tuned.has_objectives.then_some("objectives");
    let header = knobs.chain([goal.as_str()]).chain(judged).chain(["#replications", "standing"]);
    let header: Vec<&str> = header.collect();
    let rows = tuned.best.iter().enumerate().map(|(at, candidate)| {
        let knobs = tuned.values(candidate).map(|(_, value)| value.to_string());
        let standing = match (at, candidate.tied) {
            (0, _) => "best",
            (_, true) => "tied",
            _ => "behind",
        };
        let judged = tuned.has_objectives.then(|| objectives(tuned, candidate));
        let rest = [count(candidate.replications.into()), standing.into()];
        knobs.chain([value(tuned, candidate)]).chain(judged).chain(rest).collect()
    });
    let digest = short(&tuned.digest);
    Page::new(
        format!("{}: {}", tuned.model, wanted(&tuned.search.goal)),
        answer(tuned),
        format!("Seed {}, model {digest}.", tuned.seed),
        vec![Table::part("The best few", &header, rows)],
    )
}

/// The best few.
pub(super) fn csv(tuned: &Tuned) -> String {
    let knobs = tuned.axes.iter().map(|axis| csv_field(&axis.path));
    let rest = ["value", "ci95_low", "ci95_high", "objectives", "replications", "tied"].map(String::from);
    let mut out = knobs.chain(rest).collect::<Vec<_>>().join(",") + "\r\n";
    for candidate in &tuned.best {
        let knobs = tuned.values(candidate).map(|(_, value)| csv_field(value));
        let rest = [
            csv_number(candidate.value),
            csv_number(candidate.interval.map(|interval| interval.0)),
            csv_number(candidate.interval.map(|interval| interval.1)),
            words::verdict(candidate.verdict).into(),
            candidate.replications.to_string(),
            candidate.tied.to_string(),
        ];
        out += &(knobs.chain(rest).collect::<Vec<_>>().join(",") + "\r\n");
    }
    out
}

/// For programs.
pub(super) fn json(tuned: &Tuned) -> String {
    let candidates = tuned.best.iter().map(|candidate| {
        let set: Map<_, _> = tuned.values(candidate).map(|(path, value)| (path.into(), value.into())).collect();
        let not_met =
            candidate.not_met.iter().map(|(goal, verdict)| (goal.metric.clone(), words::verdict(*verdict).into()));
        json!({
            "set": set,
            "value": nullable(candidate.value),
            "interval": interval(candidate.interval),
            "objectives": words::verdict(candidate.verdict),
            "not_met": not_met.collect::<Map<_, Value>>(),
            "replications": candidate.replications,
            "tied": candidate.tied,
        })
    });
    let verdict = match tuned.best.first().map(|best| best.verdict) {
        Some(Verdict::Met) => "found",
        Some(Verdict::Undecided) => "undecided",
        _ => "infeasible",
    };
    let way = match tuned.search.goal {
        Goal::Capacity | Goal::Metric(_, Better::More) => "maximise",
        Goal::Metric(_, Better::Less) => "minimise",
    };
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": tuned.model,
        "digest": tuned.digest,
        "seed": tuned.seed,
        "way": way,
        "goal": goal_name(&tuned.search.goal),
        "verdict": verdict,
        "grid": tuned.grid,
        "tried": tuned.tried,
        "budget": tuned.search.budget,
        "replications": tuned.runs,
        "ties": tuned.ties,
        "partial": tuned.partial,
        "best": candidates.collect::<Vec<_>>(),
    }))
}
