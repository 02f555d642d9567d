//! The answer in a few sentences: what every rendering for people begins with.

use super::arithmetic::upgrade_in_words;
use super::page::{Says, Statement};
use super::words::{self, plans_a_day, range, things, value, with_interval};
use crate::experiment::{Answer, Metric};
use crate::math;
use crate::units::{number, percent};

/// Plans under way at the end of a run, of all that came, that are worth a word.
const MANY: f64 = 0.01;

/// The statements of an answer, the most important first.
pub(super) fn statements(answer: &Answer) -> Vec<Statement> {
    let say = |topic, text: String| Statement::new(topic, text);
    let mut all = Vec::new();
    all.extend(partial(answer).map(|text| say("Partial", text)));
    all.push(say("Plans", plans(answer)));
    all.extend(binding(answer).map(|text| say("Binds first", text)));
    all.extend(reads(answer).map(|text| say("Reads", text)));
    all.extend(answer.arithmetic.upgrade.as_ref().map(|upgrade| say("Other plan", upgrade_in_words(upgrade))));
    all.extend(error_logs(answer).map(|text| say("Error logs", text)));
    all.extend(readers(answer).map(|text| say("Readers", text)));
    all.extend(objectives(answer));
    all.extend(observed(answer));
    all.extend(recorded(answer).map(|text| say("Recorded", text)));
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
    let Some(carried) = answer.metric("plans.per_day") else { return "Nothing was observed.".into() };
    let (Some(mean), Some(shown)) = (carried.mean, with_interval(carried)) else {
        return "Nothing was observed.".into();
    };
    if mean == 0.0 && answer.mean("plans.offered") == Some(0.0) {
        return "No plan came.".into();
    }
    let is = words::agree(mean, "plan a day is", "plans a day are");
    let offered = match answer.mean("plans.offered_per_day") {
        Some(offered) if number(mean) == number(offered) || mean < offered => {
            format!(" of {} offered", number(offered))
        }
        // Those that came in the warm-up and are done after it.
        Some(offered) => {
            format!(", and {} offered: some of those completed came before the recorded time", number(offered))
        }
        None => String::new(),
    };
    format!("{shown} {is} completed{offered}.{}", under_way(answer).unwrap_or_default())
}

/// What came and has not ended, where it is so much that latencies and fractions speak of few.
fn under_way(answer: &Answer) -> Option<String> {
    let (open, offered) = (answer.mean("plans.in_flight")?, answer.mean("plans.offered")?);
    let share = open / offered;
    (share > MANY).then(|| {
        let is = things(open, "plan is", "plans are");
        format!(" At the end {is} still under way, {} of those that came.", words::about(share))
    })
}

fn binding(answer: &Answer) -> Option<String> {
    let first = answer.arithmetic.binding()?;
    if first.binds_at() == 0.0 {
        return Some(format!("by arithmetic, {}: not one plan fits ({}).", first.limit, first.because));
    }
    let offered =
        answer.mean("plans.offered_per_day").or(answer.arithmetic.demand_per_day).filter(|offered| *offered > 0.0);
    let beside = offered.map(|offered| match offered / first.binds_at() {
        share if share <= 1.0 => format!("; {} of that is offered", percent(share)),
        times => format!("; {} times that is offered", number(times)),
    });
    let whole = |plans: f64| plans_a_day(math::floor(plans + 1e-9));
    let peak = first.at_peak.map(|at| match first.over.hours() {
        Some(1) | None => format!(", in the busiest hour at {}", whole(at)),
        Some(hours) => format!(", in the busiest {hours} hours at {}", whole(at)),
    });
    Some(format!(
        "by arithmetic, {} at {} ({}){}{}.",
        first.limit,
        whole(first.plans_per_day),
        first.because,
        peak.unwrap_or_default(),
        beside.unwrap_or_default()
    ))
}

/// The reads that the model speaks of, beside those that were made.
fn reads(answer: &Answer) -> Option<String> {
    let rows = || answer.arithmetic.per_plan.iter().filter(|row| row.op == "reads");
    let mut stores: Vec<&str> = rows().map(|row| row.store.as_str()).collect();
    stores.sort_unstable();
    stores.dedup();
    let of_store = |store: &str| {
        let expected: f64 = rows().filter(|row| row.store == store).map(|row| row.share * row.expected).sum();
        let simulated =
            answer.mean(&format!("{store}.reads_per_plan")).map(|mean| format!(", {} simulated", number(mean)));
        format!("{} a plan from {store} by arithmetic{}", number(expected), simulated.unwrap_or_default())
    };
    let all: Vec<String> = stores.into_iter().map(of_store).collect();
    (!all.is_empty()).then(|| format!("{}.", all.join("; ")))
}

/// Whether anything of a kind, `normal` or `error`, is logged.
pub(super) fn is_logged(answer: &Answer, kind: &str) -> bool {
    let of = |what: &str| answer.mean(&format!("logs.{kind}.{what}"));
    of("offered") != of("unlogged")
}

fn error_logs(answer: &Answer) -> Option<String> {
    let of = |what: &str| answer.mean(&format!("logs.error.{what}"));
    if of("offered").is_some_and(|offered| offered > 0.0) && !is_logged(answer, "error") {
        return is_logged(answer, "normal").then(|| "none is logged.".into());
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

/// What those see who read the logs from somewhere, where that is not the same for all.
fn readers(answer: &Answer) -> Option<String> {
    let names = answer
        .metrics
        .iter()
        .filter_map(|metric| metric.name.strip_prefix("reader.")?.strip_suffix(".logs.error.retrievable.3d"));
    let sees = |name: &str| {
        let of = |kind: &str| {
            let at = |age: &str| answer.mean(&format!("reader.{name}.logs.{kind}.retrievable.{age}")).map(words::about);
            Some(format!("{kind} logs {} after 1h, {} after 3d", at("1h")?, at("3d")?))
        };
        let kinds: Vec<String> = ["error", "normal"].into_iter().filter_map(of).collect();
        (!kinds.is_empty()).then(|| (name.to_string(), kinds.join("; ")))
    };
    let seen: Vec<(String, String)> = names.filter_map(sees).collect();
    let differ = seen.iter().any(|(_, what)| *what != seen[0].1);
    let one = |(name, what): &(String, String)| format!("{name} can read {what}.");
    differ.then(|| seen.iter().map(one).collect::<Vec<_>>().join(" "))
}

/// What is wanted, with what was found.
fn objectives(answer: &Answer) -> Option<Statement> {
    let judged = answer.objectives.iter().map(|(objective, verdict)| {
        let found = found(answer, &objective.metric);
        (words::verdict(*verdict), format!("{}: {found}", words::bound(objective)))
    });
    verdicts("Objectives", judged.collect())
}

/// What was observed, with what was found.
fn observed(answer: &Answer) -> Option<Statement> {
    let judged = answer.observed.iter().map(|(seen, verdict)| {
        let found = found(answer, &seen.metric);
        (words::agreement(*verdict), format!("{}: {found}", words::bounds(&seen.metric, (seen.min, seen.max))))
    });
    verdicts("Observed", judged.collect())
}

fn verdicts(topic: &'static str, judged: Vec<(&'static str, String)>) -> Option<Statement> {
    (!judged.is_empty()).then_some(Statement { topic, says: Says::Verdicts(judged) })
}

fn found(answer: &Answer, metric: &str) -> String {
    let found = |metric: &Metric| {
        let mean = words::value(metric.mean?, metric.unit);
        let interval = metric.ci95.filter(|(low, high)| low != high);
        Some(interval.map_or(mean.clone(), |(low, high)| format!("{mean} ({})", range(low, high, metric.unit))))
    };
    answer.metric(metric).and_then(found).unwrap_or_else(|| "nothing observed".into())
}

/// Which metrics look at when things end, and which at when they began.
fn recorded(answer: &Answer) -> Option<String> {
    (!answer.warmup.is_zero()).then(|| {
        format!(
            "plans a day and ops a day are what ends after the first {}, levels are its averages; latencies, fractions \
             and counts are of the plans that come after it, each followed to its end.",
            answer.warmup
        )
    })
}

/// Where the answer comes from.
pub(super) fn run(answer: &Answer) -> String {
    let warmup =
        if answer.warmup.is_zero() { String::new() } else { format!(", the first {} not recorded", answer.warmup) };
    format!(
        "seed {}, model {}, {} of {} from {}{warmup}.",
        answer.seed,
        words::short(&answer.digest),
        words::replications(answer.replications),
        answer.horizon,
        answer.start
    )
}
