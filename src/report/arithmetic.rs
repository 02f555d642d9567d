//! The page of `explain`: ops per plan, the ladder of ceilings, and what they leave out.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, nullable, pretty};
use super::json::{ceiling, charge, invocation, longest_call, ops_per_day, ops_per_plan};
use super::page::{Page, Part, Table};
use super::words::{self, plans_a_day};
use crate::experiment::{Arithmetic, Ceiling, InvocationNeed, Over, Upgrade, Wave};
use crate::math::floor;
use crate::units::{Span, count, number};
use serde_json::{Value, json};

/// The page of a model's arithmetic.
pub(super) fn page(model: &str, description: &str, arithmetic: &Arithmetic) -> Page {
    let demand = match arithmetic.demand_per_day {
        Some(demand) => format!("The model offers {}.", plans_a_day(demand)),
        None => "The model's traffic has no rate, so no demand can be named.".into(),
    };
    let upgrade = arithmetic.upgrade.as_ref().map(upgrade_in_words);
    let parts = vec![
        per_plan(arithmetic),
        per_day(arithmetic),
        invocations(arithmetic),
        by_scope(arithmetic),
        longest(arithmetic),
        month(arithmetic),
        Part::List("Another plan of the platform".into(), upgrade.into_iter().collect()),
    ];
    let parts = parts.into_iter().chain(bounds(arithmetic)).collect();
    let answer = [Some(demand), binds_first(arithmetic)];
    Page::new(words::title(model, description), answer.into_iter().flatten().collect(), "", parts)
}

/// The ceilings, and what they say nothing of.
pub(super) fn bounds(arithmetic: &Arithmetic) -> [Part; 2] {
    let left_out =
        Part::List("What the ceilings leave out, and a simulation does not".into(), arithmetic.leaves_out.clone());
    [ceilings(arithmetic), left_out]
}

/// The answer: which limit binds, and where.
fn binds_first(arithmetic: &Arithmetic) -> Option<String> {
    let first = arithmetic.binding()?;
    Some(format!(
        "{} binds first, at {} ({}).",
        first.limit,
        plans_a_day(floor(first.binds_at() + 1e-9)),
        first.because
    ))
}

/// The ceilings as CSV, the smallest first.
pub(super) fn csv(arithmetic: &Arithmetic) -> String {
    let mut out = String::from("limit,over,plans_per_day,whole_plans,at_peak,billed,because\r\n");
    for ceiling in &arithmetic.ceilings {
        let cells = [
            csv_field(&ceiling.limit),
            csv_field(&ceiling.over.to_string()),
            csv_number(Some(ceiling.plans_per_day)),
            ceiling.whole_plans().to_string(),
            csv_number(ceiling.at_peak),
            ceiling.billed.to_string(),
            csv_field(&ceiling.because),
        ];
        out += &(cells.join(",") + "\r\n");
    }
    out
}

/// The arithmetic of a model as JSON.
pub(super) fn json(model: &str, description: &str, arithmetic: &Arithmetic) -> String {
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
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

fn per_plan(arithmetic: &Arithmetic) -> Part {
    let rows = arithmetic.per_plan.iter().map(|row| {
        let op = row.op.replace('_', "-");
        vec![row.class.clone(), row.store.clone(), op, number(row.without_errors), number(row.expected)]
    });
    let header = ["class", "of", "what", "#without errors", "#expected"];
    Table::part("What a plan uses", &header, rows)
}

fn per_day(arithmetic: &Arithmetic) -> Part {
    let rows = arithmetic.per_day.iter().map(|row| vec![row.store.clone(), row.op.clone(), number(row.count)]);
    Table::part("Ops per day, by the clock", &["store", "op", "#ops"], rows)
}

fn invocations(arithmetic: &Arithmetic) -> Part {
    let rows = arithmetic.invocations.iter().map(|need| {
        let [allowed, needed, at_most] = [need.allowed, need.needed, need.at_most].map(|n| count(n.into()));
        vec![need.class.clone(), need.limit.clone(), allowed, needed, at_most]
    });
    let header = ["class", "limit", "#allowed", "#needed", "#with every retry"];
    let notes = arithmetic.waves.iter().map(words::wave).collect();
    Part::Table(Table { notes, ..Table::new("In one invocation", &header, rows) })
}

fn month(arithmetic: &Arithmetic) -> Part {
    let charges = &arithmetic.month;
    let rows = charges.iter().map(|charge| vec![charge.what.clone(), number(charge.dollars), charge.because.clone()]);
    let total = charges.iter().map(|charge| charge.dollars).sum::<f64>();
    let demand = arithmetic.demand_per_day.filter(|_| !charges.is_empty());
    let together = demand.map(|demand| {
        let each = format!("{} USD a plan", number(total / (demand * 30.0)));
        vec!["together".into(), number(total), each]
    });
    let rows = rows.take(demand.map_or(0, |_| charges.len())).chain(together);
    Table::part("A month at this demand, if every plan is carried", &["what", "#USD", "because"], rows)
}

fn by_scope(arithmetic: &Arithmetic) -> Part {
    let several = |need: &&InvocationNeed| need.by_scope[0] > need.by_scope[2];
    let rows = arithmetic.invocations.iter().filter(several).map(|need| {
        let [plan, step, call] = need.by_scope.map(|n| count(n.into()));
        vec![need.class.clone(), need.limit.clone(), count(need.allowed.into()), plan, step, call]
    });
    let header = ["class", "limit", "#allowed", "#a plan", "#a step", "#a call"];
    Table::part("What it needs when nothing fails, were it", &header, rows)
}

/// Of models in which a call is tried again.
fn longest(arithmetic: &Arithmetic) -> Part {
    let rows = arithmetic.longest.iter().filter(|call| call.attempts.iter().product::<u64>() > 1).map(|call| {
        let layers: Vec<String> = call.attempts.iter().map(|n| count(*n)).collect();
        let attempts = count(call.attempts.iter().product());
        let attempts = if layers.len() > 1 { format!("{} = {attempts}", layers.join(" × ")) } else { attempts };
        let longest = Span::from_millis((call.seconds * 1e3 + 0.5) as u64).to_string();
        vec![call.provider.clone(), attempts, format!("{} s", number(call.timeout_seconds)), longest]
    });
    let header = ["provider", "#attempts", "#of at most", "#all of them, and the waits"];
    Table::part("The longest call, without waits in a queue", &header, rows)
}

fn ceilings(arithmetic: &Arithmetic) -> Part {
    const TITLE: &str = "Ceilings: the plans a day at which each limit binds by itself";
    if arithmetic.ceilings.is_empty() {
        return Part::List(TITLE.into(), vec!["No limit of this model depends on the demand.".into()]);
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
    let rows = arithmetic.ceilings.iter().map(|ceiling| {
        let at_peak = ceiling.at_peak.map_or(String::new(), |at| plans(ceiling, at));
        let (over, even) = (ceiling.over.to_string(), plans(ceiling, ceiling.plans_per_day));
        vec![ceiling.limit.clone(), over, even, at_peak, ceiling.because.clone()]
    });
    let header = ["`limit", "over", "#plans a day", "#at the peak", "because"];
    let table = Table::new(TITLE, &header, rows);
    if table.rows.iter().all(|row| row[3].is_empty()) {
        return Part::Table(Table { title: TITLE.into(), ..table.without(3) });
    }
    let note = "At the peak: the plans of a mean day at which the busiest hour of the week meets the limit, or for a window \
                of more hours the busiest stretch as long as it. \"Because\" is about the mean day.";
    Part::Table(Table { notes: vec![note.into()], ..table })
}
