//! The page of `explain`: ops per plan, the ladder of ceilings, and what they leave out.

use super::json::{ceiling, finite, invocation, longest_call, nullable, ops_per_day, ops_per_plan, pretty};
use super::text::{WIDTH, heading, plain_table, section, wrapped_table};
use super::words::{Paint, paragraph};
use crate::experiment::{Arithmetic, Charge, InvocationNeed, Upgrade, Wave};
use crate::units::{Span, count, number};
use serde_json::{Value, json};

/// Renders the arithmetic of a model as text.
pub fn arithmetic_text(model: &str, description: &str, arithmetic: &Arithmetic, paint: Paint) -> String {
    let mut out = heading(model, description, paint);
    let demand = match arithmetic.demand_per_day {
        Some(demand) => format!("The model offers {} plans a day.", number(demand)),
        None => "The model's traffic has no rate, so no demand can be named.".into(),
    };
    out += &paragraph("  ", &demand, WIDTH);
    section(&mut out, "Ops per plan", per_plan(arithmetic), paint);
    section(&mut out, "Ops per day, by the clock", per_day(arithmetic), paint);
    section(&mut out, "In one invocation", invocations(arithmetic), paint);
    section(&mut out, "What it needs when nothing fails, were it", by_scope(arithmetic), paint);
    section(&mut out, "The longest call, without waits in a queue", longest(arithmetic), paint);
    section(&mut out, "Ceilings: the plans a day at which each limit binds by itself", ceilings(arithmetic), paint);
    section(&mut out, "A month at this demand, if every plan is carried", month(arithmetic), paint);
    section(&mut out, "Another plan of the platform", upgrade(arithmetic), paint);
    let leaves_out = arithmetic.leaves_out.iter().map(|sentence| paragraph("  - ", sentence, WIDTH)).collect();
    section(&mut out, "What this leaves out (`capsim run` does not)", leaves_out, paint);
    out
}

/// Renders the arithmetic of a model as JSON.
pub fn arithmetic_json(model: &str, description: &str, arithmetic: &Arithmetic) -> String {
    pretty(&json!({
        "schema_version": super::SCHEMA_VERSION,
        "model": model,
        "description": description,
        "demand_per_day": nullable(arithmetic.demand_per_day),
        "binding": arithmetic.binding().map_or(Value::Null, ceiling),
        "per_plan": arithmetic.per_plan.iter().map(ops_per_plan).collect::<Vec<_>>(),
        "per_day": arithmetic.per_day.iter().map(ops_per_day).collect::<Vec<_>>(),
        "ceilings": arithmetic.ceilings.iter().map(ceiling).collect::<Vec<_>>(),
        "invocations": arithmetic.invocations.iter().map(invocation).collect::<Vec<_>>(),
        "month": arithmetic.month.iter().map(charge_json).collect::<Vec<_>>(),
        "waves": arithmetic.waves.iter().map(wave_json).collect::<Vec<_>>(),
        "upgrade": arithmetic.upgrade.as_ref().map_or(Value::Null, upgrade_json),
        "longest_calls": arithmetic.longest.iter().map(longest_call).collect::<Vec<_>>(),
        "leaves_out": arithmetic.leaves_out,
    }))
}

fn upgrade(arithmetic: &Arithmetic) -> String {
    let Some(upgrade) = &arithmetic.upgrade else { return String::new() };
    let preset = &upgrade.preset;
    let sentence = match (&upgrade.limit, upgrade.room, upgrade.pays_from, upgrade.extra_month) {
        (None, ..) | (_, None, ..) => format!("{preset} lifts no limit of this model."),
        (Some(limit), Some(room), Some(demand), Some(extra)) => format!(
            "{preset} pays from {} plans a day on: beyond {} ({limit}) each plan loses {} USD here, and from that \
             demand on this is more than the {} USD a month that it costs more.",
            number(demand),
            number(room),
            number(upgrade.value_per_plan),
            number(extra)
        ),
        (Some(limit), Some(room), ..) => format!(
            "{preset} never pays: a plan beyond {} a day ({limit}) loses {} USD here, and costs at least that there.",
            number(room),
            number(upgrade.value_per_plan)
        ),
    };
    paragraph("  ", &sentence, WIDTH)
}

fn charge_json(charge: &Charge) -> Value {
    json!({ "what": charge.what, "usd": finite(charge.dollars), "because": charge.because })
}

fn wave_json(wave: &Wave) -> Value {
    json!({
        "workflow": wave.workflow,
        "step": wave.step,
        "calls": wave.calls,
        "parallel": wave.parallel,
        "connections": wave.connections,
    })
}

fn upgrade_json(upgrade: &Upgrade) -> Value {
    json!({
        "preset": upgrade.preset,
        "limit": upgrade.limit,
        "room_per_day": nullable(upgrade.room),
        "value_per_plan": finite(upgrade.value_per_plan),
        "extra_month": nullable(upgrade.extra_month),
        "pays_from_per_day": nullable(upgrade.pays_from),
    })
}

fn lines(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

fn per_plan(arithmetic: &Arithmetic) -> String {
    if arithmetic.per_plan.is_empty() {
        return String::new();
    }
    let rows = arithmetic.per_plan.iter().map(|row| {
        [row.class.clone(), row.store.clone(), row.op.clone(), number(row.without_errors), number(row.expected)]
    });
    let header = ["class", "store", "op", "without errors", "expected"];
    lines(plain_table(header, [false, false, false, true, true], rows.collect()))
}

fn per_day(arithmetic: &Arithmetic) -> String {
    if arithmetic.per_day.is_empty() {
        return String::new();
    }
    let rows = arithmetic.per_day.iter().map(|row| [row.store.clone(), row.op.clone(), number(row.count)]);
    lines(plain_table(["store", "op", "ops"], [false, false, true], rows.collect()))
}

fn invocations(arithmetic: &Arithmetic) -> String {
    if arithmetic.invocations.is_empty() {
        return String::new();
    }
    let rows = arithmetic.invocations.iter().map(|need| {
        let [allowed, needed, at_most] = [need.allowed, need.needed, need.at_most].map(|n| count(n.into()));
        [need.class.clone(), need.limit.clone(), allowed, needed, at_most]
    });
    let header = ["class", "limit", "allowed", "needed", "with every retry"];
    let waves = arithmetic.waves.iter().map(|wave| paragraph("  ", &super::words::wave(wave), WIDTH));
    lines(plain_table(header, [false, false, true, true, true], rows.collect())) + &waves.collect::<String>()
}

fn month(arithmetic: &Arithmetic) -> String {
    let charges = &arithmetic.month;
    let (Some(demand), false) = (arithmetic.demand_per_day, charges.is_empty()) else { return String::new() };
    let rows = charges.iter().map(|charge| [charge.what.clone(), number(charge.dollars), charge.because.clone()]);
    let total = charges.iter().map(|charge| charge.dollars).sum::<f64>();
    let each = format!("{} USD a plan", number(total / (demand * 30.0)));
    let rows = rows.chain([["together".into(), number(total), each]]).collect();
    lines(wrapped_table(["what", "USD", "because"], [false, true, false], rows))
}

fn by_scope(arithmetic: &Arithmetic) -> String {
    let several = |need: &&InvocationNeed| need.by_scope[0] > need.by_scope[2];
    let rows = arithmetic.invocations.iter().filter(several).map(|need| {
        let [plan, step, call] = need.by_scope.map(|n| count(n.into()));
        [need.class.clone(), need.limit.clone(), count(need.allowed.into()), plan, step, call]
    });
    let rows: Vec<[String; 6]> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["class", "limit", "allowed", "a plan", "a step", "a call"];
    lines(plain_table(header, [false, false, true, true, true, true], rows))
}

/// Of models in which a call is tried again.
fn longest(arithmetic: &Arithmetic) -> String {
    let rows = arithmetic.longest.iter().filter(|call| call.attempts.iter().product::<u64>() > 1).map(|call| {
        let layers: Vec<String> = call.attempts.iter().map(|n| count(*n)).collect();
        let attempts = count(call.attempts.iter().product());
        let attempts = if layers.len() > 1 { format!("{} = {attempts}", layers.join(" × ")) } else { attempts };
        let longest = Span::from_millis((call.seconds * 1e3 + 0.5) as u64).to_string();
        [call.provider.clone(), attempts, format!("{} s", number(call.timeout_seconds)), longest]
    });
    let rows: Vec<[String; 4]> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    lines(plain_table(
        ["provider", "attempts", "of at most", "all of them, and the waits"],
        [false, true, true, true],
        rows,
    ))
}

fn ceilings(arithmetic: &Arithmetic) -> String {
    if arithmetic.ceilings.is_empty() {
        return "  No limit of this model depends on the demand.\n".into();
    }
    let rows = arithmetic.ceilings.iter().map(|ceiling| {
        let exact = ceiling.plans_per_day;
        let whole = ceiling.whole_plans();
        let plans = if exact < 1000.0 && exact != whole as f64 {
            format!("{} ({} whole)", number(exact), count(whole))
        } else {
            count(whole)
        };
        [ceiling.limit.clone(), plans, ceiling.because.clone()]
    });
    lines(wrapped_table(["limit", "plans a day", "because"], [false, true, false], rows.collect()))
}
