//! Which advice applies to an answer. Every metric may be absent: a model has only some of the parts.

use super::causes::{causes, counted, listed, verb};
use super::*;
use crate::math;
use crate::report::words::wave;

/// An interval that reaches further than this to either side of the mean says little.
const WIDE: f64 = 0.10;
/// Above this share of busy slots a queue hardly ever empties.
const SATURATED: f64 = 0.95;
/// A difference of less than this is not worth a sentence.
const DIFFERENT: f64 = 0.05;
/// What accounts for less of a difference than this does not explain it.
const HALF: f64 = 0.5;
/// More replications than this are not suggested.
const REPLICATIONS_MAX: f64 = 100_000.0;

pub(super) fn all(answer: &Answer) -> Vec<Advice> {
    let mut all: Vec<Advice> = retries::find(answer).into_iter().collect();
    all.extend(objectives::find(answer));
    all.extend(limits::providers(answer));
    all.extend(limits::quotas(answer));
    all.extend(limits::timeouts(answer));
    all.extend(limits::jobs(answer));
    all.extend(keys(answer));
    all.extend(invocations(answer));
    all.extend(in_one_invocation(answer));
    all.extend(queues(answer));
    all.extend(page(answer));
    all.extend(records(answer));
    all.extend(differences(answer));
    if answer.replications > 0 {
        all.extend(intervals(answer));
    }
    all
}

/// Metrics named `PREFIX + anything + SUFFIX`, with the anything.
fn matching<'a>(answer: &'a Answer, prefix: &str, suffix: &str) -> Vec<(&'a str, &'a Metric)> {
    let metrics = answer.metrics.iter().filter(|metric| !metric.name.starts_with("class."));
    metrics
        .filter_map(|metric| Some((metric.name.strip_prefix(prefix)?.strip_suffix(suffix)?, metric)))
        .filter(|(middle, _)| !middle.is_empty())
        .collect()
}

fn keys(answer: &Answer) -> Vec<Advice> {
    let rejected = matching(answer, "", ".writes_rejected_key").into_iter();
    let rejected = rejected.filter_map(|(store, metric)| Some((store, metric.mean.filter(|&n| n > 0.0)?)));
    rejected
        .map(|(store, rejected)| {
            let prefix = format!("{store}.key.");
            let hottest = answer.arithmetic.ceilings.iter().find(|ceiling| ceiling.limit.starts_with(&prefix));
            let attempted = answer.mean(&format!("{store}.writes_attempted")).filter(|&n| n > 0.0);
            Advice::KeyTooHot {
                store: store.into(),
                family: hottest.map(|ceiling| ceiling.limit[prefix.len()..].into()),
                rejected,
                share: attempted.map(|attempted| rejected / attempted),
                ceiling_per_day: hottest.map(|ceiling| ceiling.plans_per_day),
            }
        })
        .collect()
}

fn invocations(answer: &Answer) -> Vec<Advice> {
    let ops = matching(answer, "", "_rejected_invocation").into_iter().filter_map(|(_, metric)| metric.mean);
    let refused = ops.chain(answer.mean("attempts.subrequest_limited")).sum::<f64>();
    let refused = Some(refused).filter(|&n| n > 0.0);
    let largest = answer.metric("invocation.subrequests.max").and_then(|metric| metric.max);
    let needs = answer.arithmetic.invocations.iter().filter(|need| {
        let external = need.limit.ends_with(".external");
        let reached = refused.is_some() || largest.is_some_and(|largest| largest >= f64::from(need.allowed));
        need.at_call.is_some() || (external && reached && need.at_most > need.allowed)
    });
    needs
        .map(|need| Advice::InvocationTooSmall {
            limit: need.limit.clone(),
            allowed: need.allowed,
            needed: need.needed,
            at_most: need.at_most,
            at_call: need.at_call,
            at_retry: need.at_retry,
            refused: refused.filter(|_| need.limit.ends_with(".external")),
        })
        .collect()
}

fn in_one_invocation(answer: &Answer) -> Vec<Advice> {
    let of = |what: &str| answer.mean(&format!("invocation.{what}")).filter(|&n| n > 0.0);
    let connections = of("connections.waited").map(|waited| Advice::ConnectionsTooFew {
        waited,
        longest: of("connections.wait.max").unwrap_or(0.0),
        waves: answer.arithmetic.waves.iter().map(wave).collect(),
    });
    let lost = |kind: &str| answer.mean(&format!("logs.{kind}.unfinished")).unwrap_or(0.0);
    let cut = of("wait_until.cut").map(|cut| Advice::CutOff { cut, records: lost("normal") + lost("error") });
    let cpu = of("cpu.exceeded").map(|exceeded| Advice::ProcessorTime { exceeded });
    [connections, cut, cpu].into_iter().flatten().collect()
}

fn queues(answer: &Answer) -> Vec<Advice> {
    let demand = answer.arithmetic.demand_per_day;
    let below = |ceiling: f64| demand.is_some_and(|demand| ceiling < demand);
    let slots = answer.arithmetic.ceilings.iter();
    let slots = slots.filter_map(|c| Some((c.limit.strip_prefix("queue.")?.strip_suffix(".slots")?, c.plans_per_day)));
    let busy = matching(answer, "queue.", ".utilisation").into_iter();
    let mut names: Vec<&str> = slots.clone().map(|(name, _)| name).chain(busy.map(|(name, _)| name)).collect();
    names.sort_unstable();
    names.dedup();
    let advice = names.into_iter().filter_map(|queue| {
        let utilisation = answer.mean(&format!("queue.{queue}.utilisation"));
        let ceiling = slots.clone().find(|(name, _)| *name == queue).map(|(_, ceiling)| ceiling).filter(|&c| below(c));
        (utilisation.is_some_and(|busy| busy > SATURATED) || ceiling.is_some()).then(|| Advice::QueueSaturated {
            queue: queue.into(),
            utilisation,
            ceiling_per_day: ceiling,
            drop_fraction: answer.mean(&format!("queue.{queue}.drop_fraction")),
        })
    });
    advice.collect()
}

fn page(answer: &Answer) -> Option<Advice> {
    let dropped = matching(answer, "queue.", ".dropped").iter().filter_map(|(_, metric)| metric.mean).sum();
    Some(Advice::DiagnosticsBlind {
        zero_fraction: answer.mean("diagnostics.zero_fraction")?,
        overloaded_fraction: answer.mean("diagnostics.overloaded_fraction")?,
        blind_fraction: answer.mean("diagnostics.blind_fraction").filter(|&blind| blind > DIFFERENT)?,
        overloaded: answer.mean("plans.overloaded")?,
        dropped,
    })
}

fn differences(answer: &Answer) -> Vec<Advice> {
    let rows = &answer.arithmetic.per_plan;
    let mut kinds: Vec<(&str, &str)> = rows.iter().map(|row| (row.store.as_str(), row.op.as_str())).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut all: Vec<Advice> = kinds
        .into_iter()
        .filter_map(|(store, op)| {
            let metric = answer.metric(&format!("{store}.{op}_per_plan"))?;
            let of = |row: &&OpsPerPlan| row.store == store && row.op == op;
            let arithmetic: f64 = rows.iter().filter(of).map(|row| row.share * row.expected).sum();
            let from_memory = rows.iter().filter(of).any(|row| row.from_memory);
            let plans = answer.mean("plans.offered").unwrap_or(0.0);
            let why = |simulated: f64| match from_memory {
                true => None,
                false => why_ops(answer, (store, op), (arithmetic - simulated) * plans),
            };
            differs(format!("{store} {op} a plan"), arithmetic, metric, why)
        })
        .collect();
    let room = answer.arithmetic.carries().unwrap_or(f64::INFINITY);
    if let (Some(demand), Some(metric)) = (answer.arithmetic.demand_per_day, answer.metric("plans.per_day"))
        && metric.mean.is_some_and(|mean| mean < demand.min(room) || room < demand)
        && room > 0.0
    {
        // What was not offered cannot be completed.
        let days = (answer.horizon.secs() - answer.warmup.secs()) / 86_400.0;
        let offered = answer.mean("plans.offered").map_or(f64::INFINITY, |offered| offered / days);
        let expected = demand.min(room).min(offered);
        all.extend(differs("plans a day".into(), expected, metric, |simulated| {
            why_plans(answer, (expected - simulated) * days)
        }));
    }
    all
}

fn differs(
    what: String,
    arithmetic: f64,
    metric: &Metric,
    reason: impl FnOnce(f64) -> Option<String>,
) -> Option<Advice> {
    let simulated = metric.mean?;
    let inside = metric.ci95.is_some_and(|(low, high)| (low..=high).contains(&arithmetic));
    let apart = arithmetic > 0.0 && (simulated - arithmetic).abs() > DIFFERENT * arithmetic;
    (apart && !inside).then(|| Advice::ArithmeticDiffers { what, arithmetic, simulated, reason: reason(simulated) })
}

/// Why there are fewer ops than by arithmetic, where refusals of them account for at least half of what is missing.
fn why_ops(answer: &Answer, (store, op): (&str, &str), missing: f64) -> Option<String> {
    let by = causes(answer, &format!("{store}.{op}.refused_by"));
    let refused: f64 = by.iter().map(|one| one.count).sum();
    (missing > 0.0 && refused >= missing * HALF).then(|| {
        let is = verb(refused, "is", "are");
        format!("{} {store} {op} of a replication {is} refused, {}", number(refused), listed(&by))
    })
}

/// Why fewer plans are completed than by arithmetic, where those that end otherwise, or are under way, account for at
/// least half of what is missing.
fn why_plans(answer: &Answer, missing: f64) -> Option<String> {
    if missing < 0.0 {
        let first = answer.arithmetic.binding()?;
        let refused = answer.mean(&format!("{}.refused", first.limit)).filter(|&n| n > 0.0)?;
        let what = counted(refused, "operation");
        return Some(format!("plans go on without the {what} of a replication that {} refuses", first.limit));
    }
    let by = causes(answer, "plans.ended_by");
    let ended: f64 = by.iter().map(|one| one.count).sum();
    let open = answer.mean("plans.in_flight").unwrap_or(0.0);
    if ended.max(open) < missing * HALF {
        return None;
    }
    Some(if ended >= open {
        format!("{} of a replication end without success, {}", counted(ended, "plan"), listed(&by))
    } else {
        format!("{} of a replication {} still under way at the end", counted(open, "plan"), verb(open, "is", "are"))
    })
}

fn records(answer: &Answer) -> Vec<Advice> {
    let mut all = Vec::new();
    let after = |what: &str| answer.mean(&format!("logs.{what}.3d"));
    if let (Some(retrievable), Some(context)) = (after("error.retrievable"), after("error.context"))
        && retrievable - context > DIFFERENT
    {
        all.push(Advice::ErrorContextLost { retrievable, context });
    }
    if let Some(lost) = answer.mean("logs.index.lost_updates").filter(|&lost| lost > 0.0) {
        all.push(Advice::IndexContended { lost });
    }
    let index = answer.arithmetic.index;
    for records in ["error", "normal"] {
        let retrievable = after(&format!("{records}.retrievable"));
        let reachable = after(&format!("{records}.reachable"));
        if let (Some(retrievable), Some(reachable)) = (retrievable, reachable)
            && retrievable - reachable > DIFFERENT
        {
            let (sessions, hours) = (index.map(|index| index.sessions), index.and_then(|index| index.hours));
            let records = records.into();
            let stores = |lists: bool| {
                let stores = answer.facts.record_stores.iter().filter(move |store| store.1 == lists);
                stores.map(|store| store.0.clone()).collect::<Vec<String>>()
            };
            all.push(Advice::RecordsUnreachable {
                listed_in: stores(true),
                unlisted_in: stores(false),
                records,
                retrievable,
                reachable,
                sessions,
                hours,
            });
        }
    }
    all
}

fn intervals(answer: &Answer) -> Vec<Advice> {
    let mut all = Vec::new();
    if let Some(metric) = answer.metric("plans.per_day")
        && let Some(mean) = metric.mean.filter(|&mean| mean > 0.0)
    {
        let relative = half_width(metric).map(|half| half / mean);
        if relative.is_none_or(|relative| relative > WIDE) {
            let wanted = relative.and_then(|relative| replications(answer, relative / WIDE)).unwrap_or(30);
            let metric = metric.name.clone();
            all.push(Advice::IntervalTooWide { metric, relative_half_width: relative, replications: wanted });
        }
    }
    let undecided = answer.objectives.iter().filter(|(_, verdict)| *verdict == Verdict::Undecided);
    all.extend(undecided.map(|(objective, _)| {
        let metric = answer.metric(&objective.metric);
        let mean = metric.and_then(|metric| metric.mean);
        let wanted = metric.zip(mean).and_then(|(metric, mean)| {
            let bounds = [objective.min, objective.max].into_iter().flatten();
            let distance = bounds.map(|bound| (mean - bound).abs()).fold(f64::INFINITY, f64::min);
            match half_width(metric) {
                Some(half) => replications(answer, half / distance),
                None => Some(30),
            }
        });
        Advice::ObjectiveUndecided { metric: objective.metric.clone(), replications: wanted, observed: mean.is_some() }
    }));
    all
}

fn half_width(metric: &Metric) -> Option<f64> {
    metric.ci95.map(|(low, high)| (high - low) / 2.0)
}

/// Replications that shrink an interval by this factor, rounded up to two digits; none if too many.
fn replications(answer: &Answer, factor: f64) -> Option<u32> {
    let wanted = math::ceil(f64::from(answer.replications) * factor * factor * 1.1);
    let digit = if wanted > 1_000.0 { 100.0 } else { 10.0 };
    let wanted = math::ceil(wanted / digit) * digit;
    (wanted.is_finite() && wanted <= REPLICATIONS_MAX).then_some(wanted as u32)
}
