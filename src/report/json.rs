//! The report for programs: stable names in a stable order, as `docs/report.schema.json` describes it. Numbers are
//! finite, in the fixed unit that stands beside them; `null` is for what was not observed.

use super::Advice;
use super::{settings, theory, words};
use crate::experiment::{Answer, Ceiling, Charge, InvocationNeed, LongestCall, Metric, OpsPerDay, OpsPerPlan, Upgrade};
use crate::units::is_hidden;
use serde_json::{Map, Value, json};

/// The JSON Schema of the report.
pub const SCHEMA: &str = include_str!("../../docs/report.schema.json");
/// Changes when a name is removed or changes its meaning, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// Renders an answer as JSON.
pub fn json(answer: &Answer) -> String {
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
    if !answer.settings.is_empty() {
        report["settings"] = answer.settings.iter().map(settings::json).collect();
    }
    pretty(&report)
}

pub(super) fn pretty(value: &Value) -> String {
    written(&format!("{value:#}\n"))
}

/// The text of a value with all that is hidden in its words written as JSON writes it. Outside of words there is
/// nothing of the kind but ends of lines.
pub(super) fn written(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter != '\n' && is_hidden(letter) {
            let mut units = [0; 2];
            letter.encode_utf16(&mut units).iter().for_each(|unit| out += &format!("\\u{unit:04x}"));
        } else {
            out.push(letter);
        }
    }
    out
}

/// A number that JSON can say; whole ones without a fraction, and no negative zero.
pub(super) fn finite(x: f64) -> Value {
    let whole = x as i64;
    if whole as f64 == x && whole.unsigned_abs() < 1 << 53 { Value::from(whole) } else { Value::from(x) }
}

/// A number, or null where there is none or it is not finite.
pub(super) fn nullable(x: Option<f64>) -> Value {
    x.filter(|x| x.is_finite()).map_or(Value::Null, finite)
}

/// A number as text, so that what is read back is the same to the last bit; null where there is none.
pub(super) fn exact(x: Option<f64>) -> Value {
    x.map_or(Value::Null, |x| x.to_string().into())
}

/// What [`exact`] has written; none where it is something else.
pub(super) fn read_exact(value: &Value) -> Option<Option<f64>> {
    match value {
        Value::Null => Some(None),
        value => value.as_str()?.parse().ok().filter(|x: &f64| x.is_finite()).map(Some),
    }
}

/// Both ends of an interval, or null where there is none.
pub(super) fn interval(ends: Option<(f64, f64)>) -> Value {
    ends.map_or(Value::Null, |(low, high)| json!([finite(low), nullable(Some(high))]))
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
