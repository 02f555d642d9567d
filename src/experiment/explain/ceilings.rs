//! Limits of a day divided by what a plan uses of them.

use super::plan::Expected;
use super::{Ceiling, chores, demand_per_day};
use crate::model::{Model, OpKind};
use crate::policy::{OnExceed, Quota, Window};
use crate::units::{Span, count, number};

/// A quota on calendar months is spread over this many days.
pub(super) const DAYS_A_MONTH: f64 = 30.0;

/// The ceilings of quotas, key spacing, slots and account requests, in no order. `mix` is the plan without errors
/// and the plan as expected; each limit is divided by whichever uses more of it.
pub(super) fn of(model: &Model, mix: &[Expected; 2]) -> Vec<Ceiling> {
    let of_op = |(store, op): (usize, OpKind)| {
        let quotas = &model.stores[store].quotas[op as usize];
        (0..quotas.len()).map(move |number| quota(model, mix, (store, op), number)).collect::<Vec<_>>()
    };
    let quotas = (0..model.stores.len()).flat_map(|store| OpKind::ALL.map(move |op| (store, op))).flat_map(of_op);
    let keys = mix[1].shared_writes.keys().chain(mix[0].shared_writes.keys());
    let mut keys: Vec<&(usize, String)> = keys.collect();
    keys.sort();
    keys.dedup();
    let keys = keys.into_iter().map(|key| shared_key(model, mix, key));
    let slots = (0..model.queues.len()).map(|queue| slots(model, mix, queue));
    let providers = (0..model.providers.len()).flat_map(|provider| self::provider(model, mix, provider));
    let writers = (0..model.d1.len()).map(|database| writer(model, mix, database));
    let of_providers = (0..model.providers.len()).flat_map(|provider| provider_quotas(model, mix, provider));
    quotas
        .chain(keys)
        .chain(slots)
        .chain(writers)
        .chain(providers)
        .chain(of_providers)
        .chain([requests(model, mix)])
        .flatten()
        .collect()
}

fn by_the_clock(model: &Model, mix: &[Expected; 2]) -> Vec<[f64; 4]> {
    chores::per_day(model, &mix[1], demand_per_day(model).unwrap_or(0.0))
}

/// The larger of the two, and what to say when it is the one with errors.
fn larger(mix: &[Expected; 2], of: impl Fn(&Expected) -> f64) -> (f64, &'static str) {
    let (without, expected) = (of(&mix[0]), of(&mix[1]));
    let note = if expected > without * 1.005 { ", errors included" } else { "" };
    (without.max(expected), note)
}

/// What a quota admits a day.
pub(super) fn per_day(quota: &Quota) -> f64 {
    let limit = quota.limit as f64;
    match quota.window {
        Window::Day => limit,
        Window::Month => limit / DAYS_A_MONTH,
        Window::Fixed(length) | Window::Rolling(length) | Window::Bucket(_, length) => {
            limit * Span::DAY.secs() / length.secs()
        }
    }
}

fn in_words(quota: &Quota, what: &str) -> String {
    let limit = count(quota.limit);
    match quota.window {
        Window::Day => format!("{limit} {what} a day"),
        Window::Month => format!("{limit} {what} a month ÷ {DAYS_A_MONTH} days"),
        Window::Fixed(length) => format!("{limit} {what} each {length}"),
        Window::Rolling(length) => format!("{limit} {what} in any {length}"),
        Window::Bucket(_, length) => format!("{limit} tokens for {what} each {length}"),
    }
}

fn quota(model: &Model, mix: &[Expected; 2], (store, op): (usize, OpKind), number_of: usize) -> Option<Ceiling> {
    let spec = &model.stores[store];
    let quota = &spec.quotas[op as usize][number_of];
    let at = |demand: f64| larger(mix, |plan| plan.ops(store, op, demand));
    let (others, daily) = (spec.background[op as usize], by_the_clock(model, mix)[store][op as usize]);
    let plans_per_day = demand_at((per_day(quota) - others - daily).max(0.0), |demand| at(demand).0)?;
    let (per_plan, note) = at(plans_per_day);
    let what = op.plural();
    let mut less = if others > 0.0 { format!(" - {} of other programs", number(others)) } else { String::new() };
    if daily > 0.0 {
        let has_chores = model.readers.iter().any(|reader| reader.store.is_some_and(|id| id.index() == store));
        let when = if has_chores { "by the clock" } else { "at the end of a day" };
        less += &format!(" - {} {when}", number(daily));
    }
    let mut because = format!("{}{less} ÷ {} a plan{note}", in_words(quota, what), number(per_plan));
    if op == OpKind::Get && mix[1].has_cached(store) {
        because += ", the rest answered from memory";
    }
    // Of several quotas on one op, those after the first are numbered.
    let nth = if number_of > 0 { format!(".{}", number_of + 1) } else { String::new() };
    Some(ceiling(format!("{}.quota.{what}{nth}", spec.name), plans_per_day, quota, because))
}

fn ceiling(limit: String, plans_per_day: f64, quota: &Quota, mut because: String) -> Ceiling {
    let billed = quota.on_exceed == OnExceed::Bill;
    if billed {
        because += "; more is billed";
    }
    Ceiling { limit, plans_per_day, billed, because }
}

/// The demand at which `demand × per_plan(demand)` reaches a limit, where it ever does. What a plan uses falls as
/// demand grows (memory caches), but the product never does.
fn demand_at(limit: f64, per_plan: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, 1e12);
    if high * per_plan(high) <= limit {
        return None;
    }
    if per_plan(0.0) == per_plan(high) {
        return Some(limit / per_plan(0.0));
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        *(if middle * per_plan(middle) <= limit { &mut low } else { &mut high }) = middle;
    }
    Some(low)
}

fn shared_key(model: &Model, mix: &[Expected; 2], key: &(usize, String)) -> Option<Ceiling> {
    let store = &model.stores[key.0];
    let spacing = store.key_spacing.filter(|spacing| !spacing.is_zero())?;
    let (per_plan, note) = larger(mix, |plan| plan.shared_writes.get(key).copied().unwrap_or(0.0));
    let writes = Span::DAY.secs() / spacing.secs();
    let plain = format!("{} writes a day, one each {spacing}, ÷ {} a plan{note}", number(writes), number(per_plan));
    Some(Ceiling {
        limit: format!("{}.key.{}", store.name, key.1),
        plans_per_day: writes / per_plan,
        billed: false,
        because: plain,
    })
}

fn slots(model: &Model, mix: &[Expected; 2], queue: usize) -> Option<Ceiling> {
    let (seconds, note) = larger(mix, |plan| plan.slot_seconds[queue]);
    let (slots, isolates) = (model.queues[queue].max_concurrency, model.platform.isolates);
    let each = if isolates > 1 { format!(" × {} isolates", count(isolates.into())) } else { String::new() };
    (seconds > 0.0).then(|| Ceiling {
        limit: format!("queue.{}.slots", model.queues[queue].name),
        plans_per_day: f64::from(slots) * f64::from(isolates) * Span::DAY.secs() / seconds,
        billed: false,
        because: format!(
            "{} slots{each} × 86,400 s a day ÷ {} slot-seconds a plan{note}",
            count(slots.into()),
            number(seconds)
        ),
    })
}

/// A database does one operation at a time.
fn writer(model: &Model, mix: &[Expected; 2], database: usize) -> Option<Ceiling> {
    let (seconds, note) = larger(mix, |plan| plan.database_seconds[database]);
    (seconds > 0.0).then(|| Ceiling {
        limit: format!("d1.{}.writer", model.d1[database].name),
        plans_per_day: Span::DAY.secs() / seconds,
        billed: false,
        because: format!("one at a time, 86,400 s a day ÷ {} s a plan{note}", number(seconds)),
    })
}

/// The rate limits and the slots of a provider.
fn provider(model: &Model, mix: &[Expected; 2], at: usize) -> [Option<Ceiling>; 3] {
    let provider = &model.providers[at];
    let limit = |what: &str, limit: Option<f64>, (per_plan, note): (f64, &str), each: &str, unit: &str| {
        let limit = limit.filter(|_| per_plan > 0.0)?;
        let per_day = limit * if what == "slots" { Span::DAY.secs() } else { Span::DAY.secs() / 60.0 };
        Some(Ceiling {
            limit: format!("provider.{}.{what}", provider.name),
            plans_per_day: per_day / per_plan,
            billed: false,
            because: format!("{} {each} ÷ {} {unit} a plan{note}", number(limit), number(per_plan)),
        })
    };
    let Some(server) = &provider.server else { return [None, None, None] };
    let (requests, tokens) = (server.requests_per_minute.map(|n| n as f64), server.tokens_per_minute.map(|n| n as f64));
    let slots = server.max_concurrency.into_iter().chain(server.capacity).min().map(f64::from);
    let (per_minute, all_day) = ("a minute × 1,440 minutes", "slots × 86,400 s a day");
    [
        limit("requests_per_minute", requests, larger(mix, |plan| plan.attempts[at]), per_minute, "attempts"),
        limit("tokens_per_minute", tokens, larger(mix, |plan| plan.tokens[at]), per_minute, "tokens"),
        limit("slots", slots, larger(mix, |plan| plan.work_seconds[at]), all_day, "s"),
    ]
}

/// What a provider admits in a day, a month or another window.
fn provider_quotas(model: &Model, mix: &[Expected; 2], at: usize) -> Vec<Option<Ceiling>> {
    let provider = &model.providers[at];
    let (per_plan, note) = larger(mix, |plan| plan.attempts[at]);
    let quotas = provider.server.iter().flat_map(|server| &server.quotas).enumerate();
    let ceiling = |(nth, quota): (usize, &Quota)| {
        let nth = if nth > 0 { format!(".{}", nth + 1) } else { String::new() };
        let because = format!("{} ÷ {} a plan{note}", in_words(quota, "attempts"), number(per_plan));
        let limit = format!("provider.{}.quota.attempts{nth}", provider.name);
        (per_plan > 0.0).then(|| ceiling(limit, per_day(quota) / per_plan, quota, because))
    };
    quotas.map(ceiling).collect()
}

fn requests(model: &Model, mix: &[Expected; 2]) -> Option<Ceiling> {
    let quota = model.platform.requests.as_ref()?;
    let (per_plan, _) = larger(mix, |plan| plan.invocations);
    let chores = chores::runs_a_day(model);
    let less = if chores > 0.0 { format!(" - {} by the clock", number(chores)) } else { String::new() };
    let because = format!("{}{less} ÷ {} a plan", in_words(quota, "requests"), number(per_plan));
    let plans_per_day = (per_day(quota) - chores).max(0.0) / per_plan;
    Some(ceiling("platform.requests".into(), plans_per_day, quota, because))
}
