//! The page of `explain`: ops per plan, the ladder of ceilings, and what they leave out.

use super::json::{ceiling, charge, invocation, longest_call, nullable, ops_per_day, ops_per_plan, pretty};
use super::text::{WIDTH, heading, plain_table, section, wrapped_table};
use super::words::{Paint, paragraph, plans_a_day};
use crate::experiment::{Arithmetic, Ceiling, InvocationNeed, Over, Upgrade, Wave};
use crate::math::floor;
use crate::units::{Span, count, number};
use serde_json::{Value, json};

/// Renders the arithmetic of a model as text.
pub fn arithmetic_text(model: &str, description: &str, arithmetic: &Arithmetic, paint: Paint) -> String {
    let mut out = heading(model, description, paint);
    let demand = match arithmetic.demand_per_day {
        Some(demand) => format!("The model offers {}.", plans_a_day(demand)),
        None => "The model's traffic has no rate, so no demand can be named.".into(),
    };
    out += &paragraph("  ", &demand, WIDTH);
    section(&mut out, "What a plan uses", per_plan(arithmetic), paint);
    section(&mut out, "Ops per day, by the clock", per_day(arithmetic), paint);
    section(&mut out, "In one invocation", invocations(arithmetic), paint);
    section(&mut out, "What it needs when nothing fails, were it", by_scope(arithmetic), paint);
    section(&mut out, "The longest call, without waits in a queue", longest(arithmetic), paint);
    section(&mut out, "Ceilings: the plans a day at which each limit binds by itself", ceilings(arithmetic), paint);
    section(&mut out, "A month at this demand, if every plan is carried", month(arithmetic), paint);
    section(&mut out, "Another plan of the platform", upgrade(arithmetic), paint);
    let leaves_out = arithmetic.leaves_out.iter().map(|sentence| paragraph("  - ", sentence, WIDTH)).collect();
    section(&mut out, "What this leaves out (`capsim run` does not)", leaves_out, paint);
    paint.finish(&out)
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
        "month": arithmetic.month.iter().map(charge).collect::<Vec<_>>(),
        "waves": arithmetic.waves.iter().map(wave_json).collect::<Vec<_>>(),
        "upgrade": arithmetic.upgrade.as_ref().map_or(Value::Null, super::json::upgrade),
        "longest_calls": arithmetic.longest.iter().map(longest_call).collect::<Vec<_>>(),
        "leaves_out": arithmetic.leaves_out,
    }))
}

fn upgrade(arithmetic: &Arithmetic) -> String {
    let Some(upgrade) = &arithmetic.upgrade else { return String::new() };
    paragraph("  ", &upgrade_in_words(upgrade), WIDTH)
}

/// Whether the other plan of the platform pays, and from when.
pub(super) fn upgrade_in_words(upgrade: &Upgrade) -> String {
    let Upgrade { preset, limit, room, value_per_plan, extra_month, pays_from, then } = upgrade;
    let (Some(limit), Some(room)) = (limit, *room) else {
        return format!("{preset} lifts no limit of this model.");
    };
    let lost = format!("beyond {} ({limit}) each loses {} USD here", plans_a_day(room), number(*value_per_plan));
    if let (Some(demand), Some(extra)) = (*pays_from, *extra_month) {
        let extra = number(extra);
        return format!(
            "{preset} pays from {} on: {lost}, and from that demand on this is more than the {extra} USD a month that \
             it costs more.",
            plans_a_day(demand)
        );
    }
    let why = match then {
        Some((first, at)) if *at <= room => {
            format!("{first} binds at {} there, before {limit} at {} here", plans_a_day(*at), plans_a_day(room))
        }
        Some((first, at)) => format!(
            "{lost}, and what it carries more, up to {} ({first}), is worth less than it costs",
            plans_a_day(*at)
        ),
        None => format!("{lost}, and at least as much there"),
    };
    format!("{preset} never pays: {why}.")
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

fn lines(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

fn per_plan(arithmetic: &Arithmetic) -> String {
    if arithmetic.per_plan.is_empty() {
        return String::new();
    }
    let rows = arithmetic.per_plan.iter().map(|row| {
        [
            row.class.clone(),
            row.store.clone(),
            row.op.replace('_', "-"),
            number(row.without_errors),
            number(row.expected),
        ]
    });
    let header = ["class", "of", "what", "without errors", "expected"];
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
    let plans = |ceiling: &Ceiling, plans: f64| {
        let whole = floor(plans + 1e-9);
        // A limit of a moment has no whole number of plans.
        let rounded = if plans < 1000.0 && plans != whole && ceiling.over != Over::Moment {
            format!(" ({} whole)", number(whole))
        } else {
            String::new()
        };
        if plans < 1000.0 { format!("{}{rounded}", number(plans)) } else { number(whole) }
    };
    let cells = |ceiling: &Ceiling| {
        let at_peak = ceiling.at_peak.map_or(String::new(), |at| plans(ceiling, at));
        let (over, even) = (ceiling.over.to_string(), plans(ceiling, ceiling.plans_per_day));
        [ceiling.limit.clone(), over, even, at_peak, ceiling.because.clone()]
    };
    let rows: Vec<[String; 5]> = arithmetic.ceilings.iter().map(cells).collect();
    if rows.iter().all(|row| row[3].is_empty()) {
        let rows = rows.into_iter().map(|[limit, over, even, _, because]| [limit, over, even, because]).collect();
        return lines(wrapped_table(["limit", "over", "plans a day", "because"], [false, false, true, false], rows));
    }
    let header = ["limit", "over", "plans a day", "at the peak", "because"];
    let note = "At the peak: the plans of a mean day at which the busiest hour of the week meets the limit, or for a window \
                of more hours the busiest stretch as long as it. \"Because\" is about the mean day.";
    lines(wrapped_table(header, [false, false, true, true, false], rows)) + "\n" + &paragraph("  ", note, WIDTH)
}
