//! Limits divided by what a plan uses of them.

use super::lookup::most_popular;
use super::plan::Expected;
use super::{Ceiling, Over, chores, demand_per_day};
use crate::model::{Counted, Limit, Limiter, Model, OnKeyExceed, OpKind, ProviderQuota, Server, Step, Store};
use crate::policy::{OnExceed, Quota, Window};
use crate::units::{Span, count, number, things};

/// A quota on calendar months is spread over this many days.
pub(super) const DAYS_A_MONTH: f64 = 30.0;

/// The ceilings of quotas, key spacing, slots and account requests, in no order. `mix` is the plan without errors
/// and the plan as expected; each limit is divided by whichever uses more of it.
pub(super) fn of(model: &Model, mix: &[Expected; 2]) -> Vec<Ceiling> {
    let mut all = Vec::new();
    let clock = chores::per_day(model, &mix[1], demand_per_day(model).unwrap_or(0.0));
    for (store, clock) in clock.iter().enumerate() {
        for op in OpKind::ALL {
            all.extend(store_quotas(model, mix, (store, op), clock[op as usize]));
        }
    }
    all.extend(shared_keys(model, mix));
    for (at, limiter) in model.limiters.iter().enumerate() {
        all.extend(people(model, mix, (at, limiter)));
    }
    all.extend((0..model.queues.len()).filter_map(|queue| slots(model, mix, queue)));
    all.extend((0..model.d1.len()).filter_map(|database| writer(model, mix, database)));
    for (at, provider) in model.providers.iter().enumerate() {
        if let Some(server) = &provider.server {
            all.extend(of_server(model, server, mix, at));
        }
    }
    all.extend(requests(model, mix));
    all
}

/// The larger of the two, and what to say when it is the one with errors.
fn larger(mix: &[Expected; 2], of: impl Fn(&Expected) -> f64) -> (f64, &'static str) {
    let (without, expected) = (of(&mix[0]), of(&mix[1]));
    let note = if expected > without * 1.005 { ", errors included" } else { "" };
    (without.max(expected), note)
}

/// So much of something in each window, or that the price includes so much.
fn amount_per_day(quota: &Quota, limit: f64) -> f64 {
    match quota.window {
        Window::Day => limit,
        Window::Month => limit / DAYS_A_MONTH,
        Window::Fixed(length) | Window::Rolling(length) | Window::Bucket(_, length) => {
            limit * Span::DAY.secs() / length.secs()
        }
    }
}

/// What a quota includes a day.
pub(super) fn per_day(quota: &Quota) -> f64 {
    amount_per_day(quota, quota.limit as f64)
}

/// What it lets through a day before it bites; a bucket that holds more fills no faster.
fn lets_through(quota: &Quota) -> f64 {
    let late = quota.on_exceed != OnExceed::Bill && !matches!(quota.window, Window::Bucket(..));
    amount_per_day(quota, if late { quota.admitted() } else { quota.limit } as f64)
}

fn over(quota: &Quota) -> Over {
    match quota.window {
        Window::Day => Over::Day,
        Window::Month => Over::Month,
        Window::Fixed(length) | Window::Bucket(_, length) => Over::Each(length),
        Window::Rolling(length) => Over::Any(length),
    }
}

fn in_words(quota: &Quota, what: &str) -> String {
    let bites_late = quota.on_exceed != OnExceed::Bill && quota.admitted() != quota.limit;
    let limit = match quota.window {
        Window::Bucket(..) => quota.limit,
        _ if bites_late => quota.admitted(),
        _ => quota.limit,
    };
    let of = things(limit as f64, what.trim_end_matches('s'), what);
    let words = match quota.window {
        Window::Day => format!("{of} a day"),
        Window::Month => format!("{of} a month ÷ {DAYS_A_MONTH} days"),
        Window::Fixed(length) => format!("{of} each {length}"),
        Window::Rolling(length) => format!("{of} in any {length}"),
        Window::Bucket(_, length) => format!("{} for {what} each {length}", things(limit as f64, "token", "tokens")),
    };
    let is_bucket = matches!(quota.window, Window::Bucket(..));
    if bites_late && !is_bucket {
        format!("{words}, {} and what it lets through late,", count(quota.limit))
    } else {
        words
    }
}

/// Whether what it refuses keeps it full, so that a steady demand beyond it gets nothing more.
fn collapses(quota: &Quota) -> bool {
    let keeps = matches!(quota.window, Window::Rolling(_) | Window::Bucket(..));
    keeps && quota.counts_rejected && matches!(quota.on_exceed, OnExceed::Reject | OnExceed::Drop)
}

/// The ceiling of a quota.
fn ceiling(limit: String, plans_per_day: f64, quota: &Quota, mut because: String) -> Ceiling {
    let billed = quota.on_exceed == OnExceed::Bill;
    if billed {
        because += "; more is billed";
    }
    if collapses(quota) {
        because += &beyond(&count(quota.admitted()));
    }
    Ceiling { billed, collapses: collapses(quota), ..Ceiling::new(limit, plans_per_day, over(quota), because) }
}

fn beyond(first: &str) -> String {
    format!("; what is refused counts too: a steady demand beyond this gets the first {first} and nothing more")
}

fn store_quotas(model: &Model, mix: &[Expected; 2], (store, op): (usize, OpKind), clock: f64) -> Vec<Ceiling> {
    let spec = &model.stores[store];
    let at = |demand: f64| larger(mix, |plan| plan.ops(store, op, demand));
    let others = spec.background[op as usize];
    let what = op.plural();
    let mut less = if others > 0.0 { format!(" - {} of other programs", number(others)) } else { String::new() };
    if clock > 0.0 {
        let has_chores = model.readers.iter().any(|reader| reader.store.is_some_and(|id| id.index() == store));
        let when = if has_chores { "by the clock" } else { "at the end of a day" };
        less += &format!(" - {} {when}", number(clock));
    }
    let of_quota = |(nth, quota): (usize, &Quota)| {
        let plans_per_day = demand_at((lets_through(quota) - others - clock).max(0.0), |demand| at(demand).0)?;
        let (per_plan, note) = at(plans_per_day);
        let mut because = format!("{}{less} ÷ {} a plan{note}", in_words(quota, what), number(per_plan));
        if op == OpKind::Get && mix[1].has_cached(store) {
            because += ", the rest answered from memory";
        }
        Some(ceiling(format!("{}.quota.{what}{}", spec.name, numbered(nth)), plans_per_day, quota, because))
    };
    spec.quotas[op as usize].iter().enumerate().filter_map(of_quota).collect()
}

/// Of several quotas on one thing, those after the first are numbered.
fn numbered(nth: usize) -> String {
    if nth > 0 { format!(".{}", nth + 1) } else { String::new() }
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

/// The least time between two writes of a key that refuses what comes sooner.
fn spacing(store: &Store) -> Option<Span> {
    store.key_spacing.filter(|spacing| !spacing.is_zero() && store.on_key_exceed == OnKeyExceed::Reject)
}

/// The keys that all plans write.
fn shared_keys(model: &Model, mix: &[Expected; 2]) -> Vec<Ceiling> {
    let keys = mix[1].shared_writes.keys().chain(mix[0].shared_writes.keys());
    let mut keys: Vec<&(usize, String)> = keys.collect();
    keys.sort();
    keys.dedup();
    let of_key = |key: &(usize, String)| {
        let store = &model.stores[key.0];
        let (per_plan, note) = larger(mix, |plan| plan.shared_writes.get(key).copied().unwrap_or(0.0));
        Some(spaced(store, &key.1, spacing(store)?, (per_plan, note)))
    };
    keys.into_iter().filter_map(of_key).collect()
}

fn spaced(store: &Store, key: &str, spacing: Span, (per_plan, note): (f64, &str)) -> Ceiling {
    let writes = Span::DAY.secs() / spacing.secs();
    Ceiling::new(
        format!("{}.key.{key}", store.name),
        writes / per_plan,
        Over::Each(spacing),
        format!("{} a day, one each {spacing}, ÷ {} a plan{note}", things(writes, "write", "writes"), number(per_plan)),
    )
}

/// Where the person who comes most often meets a limiter: its count of a day, and the key that it is kept in.
fn people(model: &Model, mix: &[Expected; 2], (at, limiter): (usize, &Limiter)) -> Vec<Ceiling> {
    let store = &model.stores[limiter.store.index()];
    let (checks, note) = larger(mix, |plan| plan.checks[at]);
    if checks == 0.0 {
        return Vec::new();
    }
    let busiest = checks * most_popular(&limiter.people);
    let whose = if limiter.people.count > 1 { " of the one who comes most often" } else { "" };
    let (name, windows, over, each) = match limiter.window {
        None => ("per_day", 1.0, Over::Day, "a day".into()),
        Some(length) => {
            let windows = Span::DAY.secs() / length.secs();
            ("limit", windows, Over::Each(length), format!("each {length} × {} a day", number(windows)))
        }
    };
    let admits = Ceiling::new(
        format!("limiter.{}.{name}", limiter.name),
        f64::from(limiter.limit) * windows / busiest,
        over,
        format!("{} {each} ÷ {} a plan{note}{whose}", things(limiter.limit.into(), "check", "checks"), number(busiest)),
    );
    let key = spacing(store).map(|spacing| spaced(store, &limiter.name, spacing, (busiest, note)));
    let key = key.map(|key| Ceiling { because: key.because + whose, ..key });
    [Some(admits), key].into_iter().flatten().collect()
}

/// Copies of the program's memory: the most that there can be, where they come and go.
pub(super) fn isolates(model: &Model) -> u32 {
    match &model.isolates {
        Some(isolates) if isolates.per_isolate.is_some() => isolates.max,
        Some(isolates) => isolates.min,
        None => model.platform.isolates,
    }
}

fn slots(model: &Model, mix: &[Expected; 2], queue: usize) -> Option<Ceiling> {
    let (seconds, note) = larger(mix, |plan| plan.slot_seconds[queue]);
    let (slots, isolates) = (model.queues[queue].max_concurrency, isolates(model));
    let each = if isolates > 1 { format!(" × {} isolates", count(isolates.into())) } else { String::new() };
    (seconds > 0.0).then(|| {
        Ceiling::new(
            format!("queue.{}.slots", model.queues[queue].name),
            f64::from(slots) * f64::from(isolates) * Span::DAY.secs() / seconds,
            Over::Moment,
            format!(
                "{}{each} × 86,400 s a day ÷ {} a plan{note}",
                things(slots.into(), "slot", "slots"),
                things(seconds, "slot-second", "slot-seconds")
            ),
        )
    })
}

/// A database does one operation at a time.
fn writer(model: &Model, mix: &[Expected; 2], database: usize) -> Option<Ceiling> {
    let (seconds, note) = larger(mix, |plan| plan.database_seconds[database]);
    (seconds > 0.0).then(|| {
        Ceiling::new(
            format!("d1.{}.writer", model.d1[database].name),
            Span::DAY.secs() / seconds,
            Over::Moment,
            format!("one at a time, 86,400 s a day ÷ {} s a plan{note}", number(seconds)),
        )
    })
}

/// The limits of a provider: of a minute, of other windows, and its slots.
fn of_server(model: &Model, server: &Server, mix: &[Expected; 2], at: usize) -> Vec<Ceiling> {
    let name = &model.providers[at].name;
    let mut all = Vec::new();
    for (limit, rate) in server.flows() {
        let per_plan = larger(mix, |plan| plan.weight[at][limit.counts() as usize]);
        all.extend(too_large(model, at, limit).or_else(|| of_flow(name, server, (limit, rate), per_plan)));
    }
    let (seconds, note) = larger(mix, |plan| plan.work_seconds[at]);
    if let Some(slots) = server.max_concurrency.into_iter().chain(server.capacity).min().filter(|_| seconds > 0.0) {
        let because =
            format!("{} × 86,400 s a day ÷ {} s a plan{note}", things(slots.into(), "slot", "slots"), number(seconds));
        let plans = f64::from(slots) * Span::DAY.secs() / seconds;
        all.push(Ceiling::new(format!("provider.{name}.slots"), plans, Over::Moment, because));
    }
    for (nth, ProviderQuota { quota, of }) in server.quotas.iter().enumerate() {
        let (per_plan, note) = larger(mix, |plan| plan.weight[at][*of as usize]);
        if per_plan > 0.0 {
            let what = of.name().replace('_', " ");
            let because = format!("{} ÷ {} a plan{note}", in_words(quota, &what), number(per_plan));
            let limit = format!("provider.{name}.quota.{}{}", of.name(), numbered(nth));
            all.push(ceiling(limit, lets_through(quota) / per_plan, quota, because));
        }
    }
    all
}

/// A full bucket that holds less than an attempt of some step reserves: it is refused each time.
fn too_large(model: &Model, at: usize, limit: Limit) -> Option<Ceiling> {
    let provider = &model.providers[at];
    let holds = provider.server.as_ref()?.holds(limit)?;
    let mut steps = model.classes.iter().flat_map(|class| &model.workflows[class.workflow.index()].steps);
    let needs = |step: &Step| provider.weight(&step.weight)[limit.counts() as usize];
    let step = steps.find(|step| step.shares().iter().any(|(id, _)| id.index() == at) && needs(step) > holds)?;
    let (name, key) = (&provider.name, limit.name());
    let because = format!(
        "step {} reserves {} at once, and a full bucket holds {}: it is refused each time",
        step.name,
        things(needs(step) as f64, "token", "tokens"),
        number(holds as f64)
    );
    Some(Ceiling::new(format!("provider.{name}.{key}"), 0.0, Over::Each(limit.window()), because))
}

/// The ceiling of a limit that flows in, of which a plan takes so much.
fn of_flow(name: &str, server: &Server, (limit, rate): (Limit, u64), (per_plan, note): (f64, &str)) -> Option<Ceiling> {
    let window = limit.window();
    let (a_day, over) = match window == Span::DAY {
        true => (1.0, "a day".to_string()),
        false => (Span::DAY.secs() / window.secs(), "a minute × 1,440 minutes".to_string()),
    };
    let unit = if limit.counts() == Counted::Attempts { "attempts" } else { "tokens" };
    let each = things(per_plan, unit.trim_end_matches('s'), unit);
    let mut because = format!("{} {over} ÷ {each} a plan{note}", number(rate as f64));
    if server.counts_refused {
        because += &beyond(&things(server.holds(limit)? as f64, unit.trim_end_matches('s'), unit));
    }
    let name = format!("provider.{name}.{}", limit.name());
    let ceiling = Ceiling::new(name, rate as f64 * a_day / per_plan, Over::Each(window), because);
    (per_plan > 0.0).then_some(Ceiling { collapses: server.counts_refused, ..ceiling })
}

fn requests(model: &Model, mix: &[Expected; 2]) -> Option<Ceiling> {
    let quota = model.platform.requests.as_ref()?;
    let (per_plan, _) = larger(mix, |plan| plan.invocations);
    let chores = chores::runs_a_day(model);
    let less = if chores > 0.0 { format!(" - {} by the clock", number(chores)) } else { String::new() };
    let because = format!("{}{less} ÷ {} a plan", in_words(quota, "requests"), number(per_plan));
    let plans_per_day = (lets_through(quota) - chores).max(0.0) / per_plan;
    Some(ceiling("platform.requests".into(), plans_per_day, quota, because))
}
