//! What the work costs: the platform's bill, the tokens of attempts, and which of those served no plan.
//!
//! A plan is useful if it was completed and its user was still there. An attempt that was billed is wasted if it was cut
//! by its timeout, if its answer was of no use, or if its plan did not come to be: each in one way only, the first of
//! these that holds.
//!
//! Prices that change cut the bill: what was used until then is billed at the prices that held. Attempts go to one
//! account for each tariff of their provider, so that what becomes of them later is written off where it was billed.

use crate::model::{Model, OpKind, Tokens};
use crate::policy::{Fault, OnExceed, Quota, Window};
use crate::units::Money;
use crate::world::ledger::{Bill, Cut, Item, Ledger, PlanEnd};
use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::state::World;

impl World<'_> {
    /// An attempt has ended: its provider may bill it.
    pub(crate) fn bill(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let provider = call.provider as usize;
        let Some(tokens) = &self.blueprint.model.providers[provider].tokens else { return };
        if !call.recorded || call.fault.is_some_and(|fault| !tokens.billed_on.contains(fault)) {
            return;
        }
        if call.fault == Some(Fault::Timeout) && !self.parts.policies.bills_what_is_cut(provider, id) {
            return;
        }
        let account = self.blueprint.account_of[provider];
        let bill = &mut self.bills[account];
        bill.attempts += 1;
        bill.retries += u64::from(call.attempt > 0);
        match call.fault {
            Some(Fault::Timeout) => bill.cut += 1,
            Some(_) => bill.faulty += 1,
            None if self.plans[call.plan as usize].over || self.plans[call.plan as usize].left => bill.unused += 1,
            None => self.answered[call.plan as usize * self.answered_each + account] += 1,
        }
    }

    /// An attempt under way is lost with its isolate: who bills what is cut bills it too, and it serves nobody.
    #[cold]
    pub(crate) fn bill_lost(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let spec = self.blueprint.model.providers.get(call.provider as usize);
        let Some(tokens) = spec.and_then(|provider| provider.tokens.as_ref()) else { return };
        let provider = call.provider as usize;
        let is_billed =
            tokens.billed_on.contains(Fault::Timeout) && self.parts.policies.bills_what_is_cut(provider, id);
        if call.recorded && is_billed {
            let bill = &mut self.bills[self.blueprint.account_of[provider]];
            bill.attempts += 1;
            bill.retries += u64::from(call.attempt > 0);
            bill.unused += 1;
        }
    }

    /// A plan does not come to be: what was answered for it served nobody.
    #[cold]
    pub(crate) fn write_off(&mut self, place: u32) {
        let answered = &self.answered[place as usize * self.answered_each..][..self.answered_each];
        for (bill, &answered) in self.bills.iter_mut().zip(answered) {
            bill.unused += u64::from(answered);
        }
    }

    /// Prices are about to change: bills what was used until now.
    pub(crate) fn cut_bill(&mut self, next: &Model) {
        if self.now <= self.blueprint.recording_from {
            return;
        }
        self.parts.stores.iter_mut().for_each(|store| store.catch_up(self.now));
        let cut = self.bill_at(&self.blueprint.model);
        if cut != self.bill_at(next) {
            self.cuts.push(cut);
        }
    }

    /// What was used from the beginning of the recorded time until now, at the prices of `model`.
    fn bill_at(&self, model: &Model) -> Cut {
        let begin = self.blueprint.recording_from;
        let recorded = self.blueprint.horizon.since(begin);
        let month = |amount: f64| amount / recorded.days() * 30.0;
        let share = |nanos: f64| nanos / recorded.nanos() as f64;
        let cpu = &model.platform.cpu;
        let (included, price) = (cpu.included.secs(), cpu.price_per_million_ms);
        let mut items = vec![Item { used: month(self.parts.invocations.cpu_seconds()), included, unit: 1e3, price }];
        // Of a month's quota all ops count, of others those that were over as they came.
        let of_quota = |quota: &Quota, accepted: u64, over: u64| {
            let by_month = quota.window == Window::Month;
            let (count, included) = if by_month { (accepted, quota.limit as f64) } else { (over, 0.0) };
            let price = if quota.on_exceed == OnExceed::Bill { quota.price_per_million } else { Money::ZERO };
            Item { used: month(count as f64), included, unit: 1e6, price }
        };
        for (store, spec) in self.parts.stores.iter().zip(&model.stores) {
            for op in OpKind::ALL.map(|op| op as usize) {
                let quotas = store.meters[op].iter().zip(&spec.quotas[op]);
                let accepted = store.counts[op].accepted[1];
                items.extend(quotas.map(|(meter, quota)| of_quota(quota, accepted, meter.billed)));
            }
            if let Some(storage) = spec.storage.as_ref().filter(|storage| storage.on_exceed == OnExceed::Bill) {
                let used = share(store.stored.level().area(self.now.nanos()) as f64);
                let (included, price) = (storage.limit.0 as f64, storage.price_per_gb);
                items.push(Item { used, included, unit: 1e9, price });
            }
        }
        if let (Some(requests), Some(quota)) = (&self.parts.requests, &model.platform.requests) {
            items.push(of_quota(quota, requests.accepted[1], requests.meter.billed));
        }
        let base = model.platform.base_price;
        Cut { share: share(self.now.saturating_since(begin).nanos() as f64), base, items }
    }
}

/// A month of 30 days at the simulated rates, and with the stages of the recorded time in their order.
pub(crate) fn measures(sheet: &mut Sheet, world: &World, all: &Ledger) {
    let has_price =
        world.first.model.is_ever(|model| model.platform.preset.is_some() || model.platform.base_price.dollars() > 0.0);
    if !has_price && !world.blueprint.bills_tokens {
        return;
    }
    let days = world.blueprint.horizon.since(world.blueprint.recording_from).days();
    let month = |count: u64| count as f64 / days * 30.0;
    let mut dollars = platform(world);
    if world.blueprint.bills_tokens {
        dollars += tokens(sheet, world, month);
    }
    sheet.put("cost.month", "USD", Some(dollars));
    sheet.put("cost.per_plan", "USD", ratio(dollars, month(all.plans.begun[1])));
    let completed = month(all.plans.of(PlanEnd::Completed as usize));
    sheet.put("cost.per_useful_plan", "USD", ratio(dollars, completed));
}

/// The platform's bill of a month, from one cut to the next.
fn platform(world: &World) -> f64 {
    let last = world.bill_at(&world.blueprint.model);
    let mut dollars = 0.0;
    let mut before: Option<&Cut> = None;
    for cut in world.cuts.iter().chain([&last]) {
        dollars += (cut.share - before.map_or(0.0, |before| before.share)) * cut.base.dollars();
        for (at, item) in cut.items.iter().enumerate() {
            dollars += item.dollars(before.map_or(0.0, |before| before.items[at].used));
        }
        before = Some(cut);
    }
    dollars
}

/// The tokens of a month, and what of them was for nothing.
fn tokens(sheet: &mut Sheet, world: &World, month: impl Fn(u64) -> f64) -> f64 {
    let accounts = || {
        let all = world.first.accounts.iter().zip(&world.bills);
        all.filter_map(|(account, bill)| Some((account.provider, account.tokens?, bill)))
    };
    for (at, provider) in world.blueprint.model.providers.iter().enumerate().filter(|(_, spec)| spec.tokens.is_some()) {
        let sum = |side: fn(&Tokens) -> u64| {
            accounts().filter(|(of, ..)| *of == at).map(|(_, tokens, bill)| bill.attempts * side(&tokens)).sum()
        };
        sheet.count(&format!("provider.{}.tokens.input", provider.name), "tokens", sum(|tokens| tokens.input));
        sheet.count(&format!("provider.{}.tokens.output", provider.name), "tokens", sum(|tokens| tokens.output));
    }
    let dollars = |count: fn(&Bill) -> u64| -> f64 {
        accounts().map(|(_, tokens, bill)| month(count(bill)) * tokens.dollars()).sum()
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
