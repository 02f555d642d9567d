//! From which demand on another plan of the platform is cheaper than what is lost without it.
//!
//! A limit that only this plan has loses every plan beyond it, or that plan's logs: `30 (D − C) v` a month at a demand
//! of `D` plans a day over a ceiling of `C`, where each is worth `v`. The other plan costs its price and what it bills
//! over what it includes. Limits that both have, storage and tokens are the same on both sides and left out.

use super::ceilings::DAYS_A_MONTH;
use super::month::overage;
use super::plan::Expected;
use super::{Ceiling, Upgrade, all_ceilings, invocation, mix, plans, weights};
use crate::model::{Model, OpKind};

/// One of the two.
struct Side<'a> {
    model: &'a Model,
    plan: Expected,
    ceilings: Vec<Ceiling>,
}

impl Side<'_> {
    fn new(model: &Model) -> Side<'_> {
        let mix = mix(model, &plans(model), &weights(model));
        let ceilings = all_ceilings(model, &mix, &invocation::needs(model));
        let [_, plan] = mix;
        Side { model, plan, ceilings: ceilings.into_iter().filter(|ceiling| !ceiling.billed).collect() }
    }

    /// The first limit that is not there, or is higher, on the other side.
    fn lifted_by(&self, other: &Side) -> Option<&Ceiling> {
        let is_lifted = |mine: &&Ceiling| {
            let same = other.ceilings.iter().find(|theirs| theirs.limit == mine.limit);
            same.is_none_or(|theirs| theirs.plans_per_day > mine.plans_per_day)
        };
        self.ceilings.iter().find(is_lifted)
    }

    /// What a month costs at a demand in plans a day.
    fn month(&self, demand: f64) -> f64 {
        let mut dollars = self.model.platform.base_price.dollars();
        for (at, store) in self.model.stores.iter().enumerate() {
            for op in OpKind::ALL {
                let per_day = demand * self.plan.ops(at, op, demand);
                dollars += store.quotas[op as usize].iter().map(|quota| overage(quota, per_day)).sum::<f64>();
            }
        }
        let requests = self.model.platform.requests.iter();
        dollars += self.model.platform.cpu.dollars(demand * self.plan.cpu_seconds * DAYS_A_MONTH);
        dollars + requests.map(|quota| overage(quota, demand * self.plan.invocations)).sum::<f64>()
    }
}

/// The comparison that `[cost]` asks for.
pub(super) fn of(model: &Model) -> Option<Upgrade> {
    let cost = model.cost.as_ref()?;
    let (here, there) = (Side::new(model), Side::new(cost.upgraded.as_ref()?));
    let value = cost.value_per_plan.dollars();
    let limit = here.lifted_by(&there);
    let room = limit.map(|ceiling| ceiling.plans_per_day);
    let lost = |demand: f64| DAYS_A_MONTH * value * (demand - room.unwrap_or(f64::INFINITY)).max(0.0);
    let extra = |demand: f64| there.month(demand) - here.month(demand);
    let pays_from = from(|demand| lost(demand) - extra(demand));
    Some(Upgrade {
        preset: cost.preset.clone(),
        room,
        limit: limit.map(|ceiling| ceiling.limit.clone()),
        value_per_plan: value,
        extra_month: pays_from.map(extra),
        pays_from,
    })
}

/// The least demand at which the gain is not negative, up to a thousand million plans a day: looked for in steps of
/// one per cent, then halved.
fn from(gain: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, 0.01);
    while gain(high) < 0.0 {
        (low, high) = (high, high * 1.01);
        if high > 1e9 {
            return None;
        }
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        *(if gain(middle) < 0.0 { &mut low } else { &mut high }) = middle;
    }
    Some(high)
}
