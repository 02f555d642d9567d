//! The report for programs: stable names in a stable order, as `docs/report.schema.json` describes it. Numbers are
//! finite, in the fixed unit that stands beside them; `null` is for what was not observed.

use super::Advice;
use super::encode::{SCHEMA_VERSION, finite, interval, nullable, pretty};
use super::{settings, theory, words};
use crate::experiment::{Answer, Ceiling, Charge, InvocationNeed, LongestCall, Metric, OpsPerDay, OpsPerPlan, Upgrade};
use serde_json::{Map, Value, json};

/// The JSON Schema of the report.
pub const SCHEMA: &str = include_str!("../../docs/report.schema.json");

/// An answer as JSON.
pub(super) fn json(answer: &Answer) -> String {
    let metrics: Map<String, Value> =
        answer.metrics.iter().map(|metric| (metric.name.clone(), one_metric(metric))).collect();
    let arithmetic = &answer.arithmetic;
    let mut report = json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": answer.model,
        "description": answer.description,
        "digest": answer.digest,
        "zone_data": answer.zone_data,
        "overrides": answer.overrides,
        "seed": answer.seed,
        "replications": answer.replications,
        "replications_asked": answer.asked,
        "partial": answer.replications < answer.asked,
        "start": answer.start.to_string(),
        "horizon_s": finite(answer.horizon.secs()),
        "warmup_s": finite(answer.warmup.secs()),
        "demand_per_day": nullable(arithmetic.demand_per_day),
        "binding": arithmetic.binding().map_or(Value::Null, ceiling),
        "metrics": metrics,
        "objectives": answer.objectives.iter().map(|(objective, verdict)| json!({
            "metric": objective.metric,
            "min": nullable(objective.min),
            "max": nullable(objective.max),
            "verdict": words::verdict(*verdict),
        })).collect::<Vec<_>>(),
        "theory": answer.theory.iter().map(theory::json).collect::<Vec<_>>(),
        "per_plan": arithmetic.per_plan.iter().map(ops_per_plan).collect::<Vec<_>>(),
        "per_day": arithmetic.per_day.iter().map(ops_per_day).collect::<Vec<_>>(),
        "month": arithmetic.month.iter().map(charge).collect::<Vec<_>>(),
        "upgrade": arithmetic.upgrade.as_ref().map_or(Value::Null, upgrade),
        "ceilings": arithmetic.ceilings.iter().map(ceiling).collect::<Vec<_>>(),
        "invocations": arithmetic.invocations.iter().map(invocation).collect::<Vec<_>>(),
        "leaves_out": arithmetic.leaves_out,
        "advice": Advice::of(answer).iter().map(one_advice).collect::<Vec<_>>(),
    });
    if !answer.observed.is_empty() {
        let observed = answer.observed.iter().map(|(seen, verdict)| {
            json!({
                "metric": seen.metric,
                "min": nullable(seen.min),
                "max": nullable(seen.max),
                "verdict": words::agreement(*verdict),
            })
        });
        report["observed"] = observed.collect();
    }
    if !answer.settings.is_empty() {
        report["settings"] = answer.settings.iter().map(settings::json).collect();
    }
    pretty(&report)
}

fn one_metric(metric: &Metric) -> Value {
    let finite_ends = metric.ci95.filter(|(low, high)| low.is_finite() && high.is_finite());
    json!({
        "mean": nullable(metric.mean),
        "ci95": interval(finite_ends),
        "min": nullable(metric.min),
        "max": nullable(metric.max),
        "unit": metric.unit,
    })
}

pub(super) fn ops_per_plan(row: &OpsPerPlan) -> Value {
    json!({
        "class": row.class,
        "share": finite(row.share),
        "store": row.store,
        "op": row.op,
        "without_errors": finite(row.without_errors),
        "expected": finite(row.expected),
        "from_memory": row.from_memory,
    })
}

pub(super) fn ops_per_day(row: &OpsPerDay) -> Value {
    json!({ "store": row.store, "op": row.op, "count": finite(row.count) })
}

pub(super) fn ceiling(ceiling: &Ceiling) -> Value {
    json!({
        "limit": ceiling.limit,
        "plans_per_day": finite(ceiling.plans_per_day),
        "whole_plans": ceiling.whole_plans(),
        "at_peak": nullable(ceiling.at_peak),
        "over": ceiling.over.to_string(),
        "billed": ceiling.billed,
        "collapses": ceiling.collapses,
        "because": ceiling.because,
    })
}

pub(super) fn invocation(need: &InvocationNeed) -> Value {
    json!({
        "class": need.class,
        "limit": need.limit,
        "allowed": need.allowed,
        "needed": need.needed,
        "at_most": need.at_most,
        "at_call": need.at_call,
        "at_retry": need.at_retry,
        "as_plan": need.by_scope[0],
        "as_step": need.by_scope[1],
        "as_call": need.by_scope[2],
    })
}

pub(super) fn charge(charge: &Charge) -> Value {
    json!({ "what": charge.what, "usd": finite(charge.dollars), "because": charge.because })
}

pub(super) fn upgrade(upgrade: &Upgrade) -> Value {
    json!({
        "preset": upgrade.preset,
        "limit": upgrade.limit,
        "room_per_day": nullable(upgrade.room),
        "value_per_plan": finite(upgrade.value_per_plan),
        "extra_month": nullable(upgrade.extra_month),
        "pays_from_per_day": nullable(upgrade.pays_from),
        "then_limit": upgrade.then.as_ref().map(|(limit, _)| limit.clone()),
        "then_per_day": nullable(upgrade.then.as_ref().map(|(_, at)| *at)),
    })
}

pub(super) fn longest_call(call: &LongestCall) -> Value {
    json!({
        "provider": call.provider,
        "attempts": call.attempts,
        "timeout_s": finite(call.timeout_seconds),
        "longest_s": finite(call.seconds),
    })
}

fn one_advice(advice: &Advice) -> Value {
    let mut value = serde_json::to_value(advice).unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut value {
        fields.insert("text".into(), advice.text().into());
    }
    value
}
