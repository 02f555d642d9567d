//! From which demand on another plan of the platform is cheaper than what is lost without it.
//!
//! Each side carries what its lowest limit lets through, `C` plans a day, limits that both have included. Beyond it every
//! plan is lost, or that plan's logs: `30 (D − C) v` a month at a demand of `D` plans a day, where each is worth `v`. The
//! other plan costs its price and what it bills over what it includes, for the plans that it carries. Storage and tokens
//! are the same on both sides and left out.

use super::ceilings::DAYS_A_MONTH;
use super::plan::Expected;
use super::{Ceiling, Upgrade, all_ceilings, invocation, mix, month, plans, weights};
use crate::model::Model;

/// One of the two.
struct Side<'a> {
    model: &'a Model,
    plan: Expected,
    /// Those that do not just bill more, the lowest first.
    ceilings: Vec<Ceiling>,
}

impl Side<'_> {
    fn new(model: &Model) -> Side<'_> {
        let (plans, weights) = (plans(model), weights(model));
        let [_, plan] = mix(model, &plans, &weights);
        let mut ceilings = all_ceilings(model, &plans, &weights, &invocation::needs(model));
        ceilings.retain(|ceiling| !ceiling.billed);
        // Whole days are compared, so what counts is the mean day.
        ceilings.sort_by(|a, b| a.plans_per_day.total_cmp(&b.plans_per_day));
        Side { model, plan, ceilings }
    }

    /// The first limit that is not there, or is higher, on the other side.
    fn lifted_by(&self, other: &Side) -> Option<&Ceiling> {
        let is_lifted = |mine: &&Ceiling| {
            let same = other.ceilings.iter().find(|theirs| theirs.limit == mine.limit);
            same.is_none_or(|theirs| theirs.plans_per_day > mine.plans_per_day)
        };
        self.ceilings.iter().find(is_lifted)
    }

    /// What it carries of a demand.
    fn carries(&self, demand: f64) -> f64 {
        self.ceilings.first().map_or(demand, |first| first.plans_per_day.min(demand))
    }

    /// What a month costs at a demand.
    fn month(&self, demand: f64) -> f64 {
        let charges = month::platform(self.model, &self.plan, self.carries(demand));
        charges.iter().map(|charge| charge.dollars).sum()
    }
}

/// The comparison that `[cost]` asks for.
pub(super) fn of(model: &Model) -> Option<Upgrade> {
    let cost = model.cost.as_ref()?;
    let (here, there) = (Side::new(model), Side::new(model.upgraded.as_ref()?));
    let value = cost.value_per_plan.dollars();
    let limit = here.lifted_by(&there);
    let saved = |demand: f64| DAYS_A_MONTH * value * (there.carries(demand) - here.carries(demand));
    let extra = |demand: f64| there.month(demand) - here.month(demand);
    let pays_from = from(|demand| saved(demand) - extra(demand));
    Some(Upgrade {
        preset: cost.preset.clone(),
        room: limit.map(|ceiling| ceiling.plans_per_day),
        limit: limit.map(|ceiling| ceiling.limit.clone()),
        value_per_plan: value,
        extra_month: pays_from.map(extra),
        pays_from,
        then: there.ceilings.first().map(|first| (first.limit.clone(), first.plans_per_day)),
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
