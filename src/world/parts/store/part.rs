//! A store as a part of the world: recorded, changed, ended, balanced and measured.

use super::{Store, measures};
use crate::model::OpKind;
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{check, of_ops};
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Effect, Ending, Part};

impl Part for Store {
    fn drawn(&self) -> u64 {
        let others = self.others.iter().flatten().map(|others| others.ops.drawn);
        self.restarts.as_ref().map_or(0, |restarts| restarts.drawn) + others.sum::<u64>()
    }

    fn start_recording(&mut self, now: Instant) {
        self.catch_up(now);
        self.accepted_before = std::array::from_fn(|op| self.counts[op].accepted.iter().sum());
        for others in self.others.iter_mut().flatten() {
            (others.accepted, others.refused) = (0, 0);
        }
        self.meters.iter_mut().flatten().for_each(|meter| meter.restart(now));
        self.stored.restart(now.nanos());
    }

    /// What was stored and counted stays.
    fn change(&mut self, at: usize, blueprint: &Blueprint, now: Instant, effects: &mut Vec<Effect>) {
        let spec = &blueprint.model.stores[at];
        self.catch_up(now);
        for (op, meters) in self.meters.iter_mut().enumerate() {
            meters.iter_mut().zip(&spec.quotas[op]).for_each(|(meter, quota)| meter.change(quota, now));
            if let Some(others) = &mut self.others[op] {
                others.ops.change(spec.background[op], now);
            }
        }
        (self.spacing, self.on_key_exceed) = (spec.key_spacing, spec.on_key_exceed);
        self.storage.clone_from(&spec.storage);
        self.default_ttl = spec.ttl;
        self.ops_per_invocation = spec.ops_per_invocation.unwrap_or(u32::MAX);
        self.retry_after = self.retry_after.map(|_| spec.retry_after);
        if let Some(pressure) = &mut self.pressure {
            pressure.per_second = spec.evictions_per_hour / 3600.0;
            pressure.factor = spec.evictions_spike_factor;
        }
        if let Some(restarts) = &mut self.restarts {
            restarts.catch_up(now);
            restarts.change(spec.restarts_per_day, now);
        }
        let capacity = spec.capacity.map(|bytes| bytes.0);
        if std::mem::replace(&mut self.capacity, capacity) != capacity {
            effects.push(Effect::StoreResized(at));
        }
        self.staleness = self.staleness.map(|_| spec.staleness);
        (self.put_stores_nothing, self.network_errors) = (spec.put_stores_nothing, spec.network_errors);
    }

    /// The windows that have begun count.
    fn finish(&mut self, horizon: Instant) {
        for (meters, others) in self.meters.iter_mut().zip(&mut self.others) {
            others.iter_mut().for_each(|others| others.catch_up(meters, horizon));
            meters.iter_mut().for_each(|meter| meter.finish(horizon));
        }
        self.stored.finish(horizon.nanos());
    }

    fn balance(&self, at: usize, ending: &Ending) -> Result<(), String> {
        check(&format!("ops on {}", self.name), self.unaccounted(), 0)?;
        for op in OpKind::ALL {
            let known = of_ops(&ending.first.model, at, op);
            self.counts[op as usize].refused.check(&format!("{} of {}", op.plural(), self.name), known)?;
        }
        if !self.keeps_its_counts() {
            return Err(format!("the quotas of {} do not add up to what they refused", self.name));
        }
        if !self.is_within_limits() {
            return Err(format!("a quota of {} was exceeded", self.name));
        }
        Ok(())
    }

    fn measures(&self, at: usize, ending: &Ending, sheet: &mut Sheet) {
        measures::of_store(self, at, ending, sheet);
    }
}
