//! What the work costs: the platform's bill, the tokens of attempts, and which of those served no plan.
//!
//! A plan is useful if it was completed and its user was still there. An attempt that was billed is wasted if it was cut
//! by its timeout, if its answer was of no use, or if its plan did not come to be: each in one way only, the first of
//! these that holds.

use super::ledger::{Ledger, PlanEnd};
use super::measures::{Sheet, ratio};
use super::state::World;
use crate::model::{OpKind, Tokens};
use crate::policy::{Fault, OnExceed, Quota, Window};

/// The attempts that a provider bills to recorded plans.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bill {
    /// All of them.
    attempts: u64,
    /// Those that were not the first of their call.
    retries: u64,
    /// Cut by the timeout.
    cut: u64,
    /// Answered with another fault.
    faulty: u64,
    /// Answered well, for a plan that did not come to be.
    unused: u64,
}

impl World<'_> {
    /// An attempt has ended: its provider may bill it.
    pub(super) fn bill(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let provider = call.provider as usize;
        let Some(tokens) = &self.blueprint.model.providers[provider].tokens else { return };
        if !call.recorded || call.fault.is_some_and(|fault| !tokens.billed_on.contains(fault)) {
            return;
        }
        if call.fault == Some(Fault::Timeout) && !self.policies.bills_what_is_cut(provider, id) {
            return;
        }
        let bill = &mut self.bills[provider];
        bill.attempts += 1;
        bill.retries += u64::from(call.attempt > 0);
        match call.fault {
            Some(Fault::Timeout) => bill.cut += 1,
            Some(_) => bill.faulty += 1,
            None if self.plans[call.plan as usize].over || self.plans[call.plan as usize].left => bill.unused += 1,
            None => self.answered[call.plan as usize * self.answered_each + provider] += 1,
        }
    }

    /// An attempt under way is lost with its isolate: who bills what is cut bills it too, and it serves nobody.
    #[cold]
    pub(super) fn bill_lost(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let spec = self.blueprint.model.providers.get(call.provider as usize);
        let Some(tokens) = spec.and_then(|provider| provider.tokens.as_ref()) else { return };
        let provider = call.provider as usize;
        let is_billed = tokens.billed_on.contains(Fault::Timeout) && self.policies.bills_what_is_cut(provider, id);
        if call.recorded && is_billed {
            let bill = &mut self.bills[provider];
            bill.attempts += 1;
            bill.retries += u64::from(call.attempt > 0);
            bill.unused += 1;
        }
    }

    /// A plan does not come to be: what was answered for it served nobody.
    #[cold]
    pub(super) fn write_off(&mut self, place: u32) {
        let answered = &self.answered[place as usize * self.answered_each..][..self.answered_each];
        for (bill, &answered) in self.bills.iter_mut().zip(answered) {
            bill.unused += u64::from(answered);
        }
    }
}

/// A month of 30 days at the simulated rates.
pub(super) fn measures(sheet: &mut Sheet, world: &World, all: &Ledger) {
    let model = &world.blueprint.model;
    let has_price = model.platform.preset.is_some() || model.platform.base_price.dollars() > 0.0;
    if !has_price && !world.blueprint.bills_tokens {
        return;
    }
    let days = world.blueprint.horizon.since(world.blueprint.recording_from).days();
    let month = |count: u64| count as f64 / days * 30.0;
    let mut dollars = platform(world, month);
    if world.blueprint.bills_tokens {
        dollars += tokens(sheet, world, month);
    }
    sheet.put("cost.month", "USD", Some(dollars));
    sheet.put("cost.per_plan", "USD", ratio(dollars, month(all.plans.begun[1])));
    let completed = month(all.plans.of(PlanEnd::Completed as usize));
    sheet.put("cost.per_useful_plan", "USD", ratio(dollars, completed));
}

/// The platform's bill of a month.
fn platform(world: &World, month: impl Fn(u64) -> f64 + Copy) -> f64 {
    let model = &world.blueprint.model;
    let days = world.blueprint.horizon.since(world.blueprint.recording_from).days();
    let cpu = model.platform.cpu.dollars(world.cpu_seconds() / days * 30.0);
    let mut dollars = model.platform.base_price.dollars() + cpu;
    for (store, spec) in world.stores.iter().zip(&model.stores) {
        for op in OpKind::ALL {
            for (meter, quota) in store.meters[op as usize].iter().zip(&spec.quotas[op as usize]) {
                dollars += overage(store.counts[op as usize].accepted[1], (quota, meter.billed), month);
            }
        }
        if let Some(storage) = spec.storage.as_ref().filter(|storage| storage.on_exceed == OnExceed::Bill) {
            let over = store.stored.mean(world.now.nanos()).unwrap_or(0.0) - storage.limit.0 as f64;
            dollars += over.max(0.0) / 1e9 * storage.price_per_gb.dollars();
        }
    }
    if let Some(requests) = &world.requests {
        dollars += overage(requests.accepted[1], (requests.meter.quota(), requests.meter.billed), month);
    }
    dollars
}

/// What a month's ops over a quota cost: of a month's quota by the month, of others by the ops that were over.
fn overage(accepted: u64, (quota, billed): (&Quota, u64), month: impl Fn(u64) -> f64) -> f64 {
    let over = match (quota.on_exceed, quota.window) {
        (OnExceed::Bill, Window::Month) => (month(accepted) - quota.limit as f64).max(0.0),
        (OnExceed::Bill, _) => month(billed),
        _ => 0.0,
    };
    over / 1e6 * quota.price_per_million.dollars()
}

/// The tokens of a month, and what of them was for nothing.
fn tokens(sheet: &mut Sheet, world: &World, month: impl Fn(u64) -> f64) -> f64 {
    let providers = world.blueprint.model.providers.iter().zip(&world.bills);
    let billing: Vec<(&str, Tokens, &Bill)> =
        providers.filter_map(|(provider, bill)| Some((provider.name.as_str(), provider.tokens?, bill))).collect();
    for (name, tokens, bill) in &billing {
        sheet.count(&format!("provider.{name}.tokens.input"), "tokens", bill.attempts * tokens.input);
        sheet.count(&format!("provider.{name}.tokens.output"), "tokens", bill.attempts * tokens.output);
    }
    let dollars = |count: fn(&Bill) -> u64| -> f64 {
        billing.iter().map(|(_, tokens, bill)| month(count(bill)) * tokens.dollars()).sum()
    };
    let mut put = |name: &str, count: fn(&Bill) -> u64| {
        let dollars = dollars(count);
        sheet.put(name, "USD", Some(dollars));
        dollars
    };
    put("cost.retries.month", |bill| bill.retries);
    put("cost.waste.month", |bill| bill.cut + bill.faulty + bill.unused);
    put("cost.waste.timeouts.month", |bill| bill.cut);
    put("cost.waste.errors.month", |bill| bill.faulty);
    put("cost.waste.failed_plans.month", |bill| bill.unused);
    put("cost.tokens.month", |bill| bill.attempts)
}
