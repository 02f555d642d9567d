//! What a month costs at the model's demand if every plan is carried: the base price, what is over the included amounts,
//! processor time, tokens. Storage is left out.

use super::Charge;
use super::ceilings::{DAYS_A_MONTH, per_day};
use super::chores::{self, runs_a_day};
use super::plan::Expected;
use crate::model::{Model, OpKind};
use crate::policy::{OnExceed, Quota};
use crate::units::{number, things};

/// What is billed, the platform first; nothing where no demand or no price is known.
pub(super) fn of(model: &Model, plan: &Expected, demand: Option<f64>) -> Vec<Charge> {
    let Some(demand) = demand else { return Vec::new() };
    let charges = platform(model, plan, demand).into_iter().chain(tokens(model, plan, demand));
    charges.filter(|charge| charge.dollars > 0.0).collect()
}

/// What the platform bills: the base price, requests, processor time, ops.
pub(super) fn platform(model: &Model, plan: &Expected, demand: f64) -> Vec<Charge> {
    let base = model.platform.base_price.dollars();
    let mut all = vec![Charge { what: "platform.base_price".into(), dollars: base, because: "a month".into() }];
    all.extend(model.platform.requests.iter().map(|quota| {
        over("platform.requests".into(), quota, demand * plan.invocations + runs_a_day(model), "requests")
    }));
    all.push(cpu(model, plan, demand));
    let clock = chores::per_day(model, plan, demand);
    for (at, store) in model.stores.iter().enumerate() {
        for op in OpKind::ALL {
            let ops = demand * plan.ops(at, op, demand) + clock[at][op as usize];
            let what = format!("{}.quota.{}", store.name, op.plural());
            all.extend(store.quotas[op as usize].iter().map(|quota| over(what.clone(), quota, ops, op.plural())));
        }
    }
    all
}

fn over(what: String, quota: &Quota, ops_a_day: f64, ops: &str) -> Charge {
    let because = format!(
        "{} a month, {} included, {} USD a million",
        things(ops_a_day * DAYS_A_MONTH, ops.trim_end_matches('s'), ops),
        number(per_day(quota) * DAYS_A_MONTH),
        number(quota.price_per_million.dollars())
    );
    Charge { what, dollars: overage(quota, ops_a_day), because }
}

/// What so many ops a day cost a month over what a quota includes.
pub(super) fn overage(quota: &Quota, ops_a_day: f64) -> f64 {
    if quota.on_exceed != OnExceed::Bill {
        return 0.0;
    }
    (ops_a_day - per_day(quota)).max(0.0) * DAYS_A_MONTH / 1e6 * quota.price_per_million.dollars()
}

/// Processor time.
fn cpu(model: &Model, plan: &Expected, demand: f64) -> Charge {
    let seconds = demand * plan.cpu_seconds * DAYS_A_MONTH;
    let included = model.platform.cpu.included;
    let because = format!("{} s of processor time a month, {included} included", number(seconds));
    Charge { what: "platform.cpu".into(), dollars: model.platform.cpu.dollars(seconds), because }
}

fn tokens(model: &Model, plan: &Expected, demand: f64) -> Vec<Charge> {
    let billing = model.providers.iter().zip(&plan.billed).filter_map(|(p, billed)| Some((p, p.tokens?, *billed)));
    let charge = |(provider, tokens, billed): (&crate::model::Provider, crate::model::Tokens, f64)| Charge {
        what: format!("provider.{}.tokens", provider.name),
        dollars: demand * billed * DAYS_A_MONTH * tokens.dollars(),
        because: format!(
            "{} a plan, {} USD each",
            things(billed, "billed attempt", "billed attempts"),
            number(tokens.dollars())
        ),
    };
    billing.map(charge).collect()
}
