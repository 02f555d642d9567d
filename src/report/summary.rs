//! The answer in a few sentences: what every rendering for people begins with.

use super::words::{self, range, things, value, with_interval};
use crate::experiment::{Answer, Verdict};
use crate::math;
use crate::units::{number, percent};

/// One statement of the answer: a word for the margin, and the sentence.
pub(super) struct Statement {
    pub topic: &'static str,
    pub text: String,
}

/// The statements of an answer, the most important first.
pub(super) fn statements(answer: &Answer) -> Vec<Statement> {
    let say = |topic, text| Statement { topic, text };
    let mut all = Vec::new();
    all.extend(partial(answer).map(|text| say("Partial", text)));
    all.push(say("Plans", plans(answer)));
    all.extend(binding(answer).map(|text| say("Binds first", text)));
    all.extend(error_logs(answer).map(|text| say("Error logs", text)));
    all.extend(objectives(answer).map(|text| say("Objectives", text)));
    all.push(say("Run", run(answer)));
    all
}

fn partial(answer: &Answer) -> Option<String> {
    if answer.replications == 0 {
        return Some("Interrupted before the first replication was finished.".into());
    }
    (answer.replications < answer.asked).then(|| {
        let says = words::agree(answer.replications.into(), "says", "say");
        format!("Interrupted: this is what {} of {} replications {says}.", answer.replications, answer.asked)
    })
}

fn plans(answer: &Answer) -> String {
    let Some(carried) = answer.metric("plans.per_day").and_then(with_interval) else {
        return "No plan was completed.".into();
    };
    let offered = answer.arithmetic.demand_per_day.map(|demand| format!(" of {} offered", number(demand)));
    format!("{carried} plans a day are completed{}.", offered.unwrap_or_default())
}

fn binding(answer: &Answer) -> Option<String> {
    let first = answer.arithmetic.binding()?;
    if first.plans_per_day == 0.0 {
        return Some(format!("by arithmetic, {}: not one plan fits ({}).", first.limit, first.because));
    }
    let beside = answer.arithmetic.demand_per_day.map(|demand| match first.plans_per_day / demand {
        times if times >= 1.0 => format!("; the demand is {} of that", percent(1.0 / times)),
        times => format!("; the demand is {} times that", number(1.0 / times)),
    });
    let whole = things(math::floor(first.plans_per_day + 1e-9), "plan", "plans");
    Some(format!("by arithmetic, {} at {whole} a day ({}){}.", first.limit, first.because, beside.unwrap_or_default()))
}

fn error_logs(answer: &Answer) -> Option<String> {
    let of = |what: &str| answer.mean(&format!("logs.error.{what}"));
    if of("offered").is_some_and(|offered| offered > 0.0 && of("unlogged") == Some(offered)) {
        return Some("none is logged.".into());
    }
    let metric = answer.metric("logs.error.retrievable.3d")?;
    let Some(mean) = metric.mean else {
        let none = of("offered") == Some(0.0);
        return Some(
            if none {
                "none: no call to a provider failed."
            } else {
                "no error record was old enough to ask for after 3 days."
            }
            .into(),
        );
    };
    let interval = metric.ci95.filter(|(low, high)| low != high);
    let interval = interval.map_or(String::new(), |(low, high)| format!(" ({})", range(low, high, metric.unit)));
    let reachable = answer.mean("logs.error.reachable.3d").filter(|reachable| mean - reachable > 0.005);
    let reachable = reachable.map_or(String::new(), |share| format!(", {} found through the index", percent(share)));
    Some(format!("{}{interval} can be retrieved after 3 days{reachable}.", value(mean, metric.unit)))
}

fn objectives(answer: &Answer) -> Option<String> {
    let all = &answer.objectives;
    if all.is_empty() {
        return None;
    }
    let of = |wanted: Verdict| all.iter().filter(move |(_, verdict)| *verdict == wanted);
    let part = |verdict: Verdict, word: &str| {
        let names: Vec<&str> = of(verdict).map(|(objective, _)| objective.metric.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} {word} ({})", names.len(), names.join(", ")))
    };
    if of(Verdict::Met).count() == all.len() {
        return Some(if all.len() == 1 { "the one is met.".into() } else { format!("all {} are met.", all.len()) });
    }
    let parts = [part(Verdict::Broken, "broken"), part(Verdict::Undecided, "undecided"), part(Verdict::Met, "met")];
    Some(format!("{}.", parts.into_iter().flatten().collect::<Vec<_>>().join(", ")))
}

fn run(answer: &Answer) -> String {
    let warmup =
        if answer.warmup.is_zero() { String::new() } else { format!(", the first {} not counted", answer.warmup) };
    format!(
        "seed {}, model {}, {} of {} from {}{warmup}.",
        answer.seed,
        words::short(&answer.digest),
        things(answer.replications.into(), "replication", "replications"),
        answer.horizon,
        answer.start
    )
}
