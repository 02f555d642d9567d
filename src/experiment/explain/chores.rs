//! Ops by the clock: at the end of a day, and what the admin page does for its readers.
//!
//! What the admin page reads and deletes grows with the records, so it is counted as if each plan did its part: a
//! record is deleted once, and read by every export for as long as it is there.

use super::plan::Expected;
use crate::math::ceil;
use crate::model::{Chore, Level, LogEvent, Model, OpKind, Reader};
use crate::units::Span;

/// Keys that one list names.
const KEYS_A_LIST: f64 = 1_000.0;

/// How many days a record is there on average: until its end, or until a cleanup of its age comes by; else for half the
/// run.
fn days_there(model: &Model, store: usize, ttl: Option<Span>) -> f64 {
    let cleans = |reader: &&Reader| reader.store.is_some_and(|id| id.index() == store);
    let cleaned = model.readers.iter().filter(cleans).filter_map(|reader| {
        let every = reader.every[Chore::Cleanup as usize]?;
        Some(reader.cleanup_age.days() + every.days() / 2.0)
    });
    let most = cleaned.fold(model.run.horizon.days() / 2.0, f64::min);
    ttl.map_or(most, |ttl| ttl.days().min(most))
}

/// Records there on average for each plan a day.
fn records_there(model: &Model, plan: &Expected, store: usize) -> f64 {
    plan.records(store).iter().map(|&(n, ttl)| n * days_there(model, store, ttl)).sum()
}

/// What the admin page reads and deletes of the records of one plan.
pub(super) fn add(model: &Model, plan: &mut Expected) {
    for reader in &model.readers {
        let Some(store) = reader.store.map(|id| id.index()) else { continue };
        if let Some(every) = reader.every[Chore::Export as usize] {
            let reads = records_there(model, plan, store) / every.days();
            plan.add(store, OpKind::Get, reads);
        }
        if reader.every[Chore::Cleanup as usize].is_some() {
            let is_old = |ttl: Option<Span>| ttl.is_none_or(|ttl| ttl > reader.cleanup_age);
            let deletes = plan.records(store).iter().filter(|(_, ttl)| is_old(*ttl)).map(|(n, _)| n).sum();
            plan.add(store, OpKind::Delete, deletes);
        }
    }
}

/// How often a day the admin page is asked for something.
pub(super) fn runs_a_day(model: &Model) -> f64 {
    let every = model.readers.iter().filter(|reader| reader.store.is_some()).flat_map(|reader| reader.every);
    every.flatten().map(|every| 1.0 / every.days()).sum()
}

/// Ops of a day at this demand, beside those that go with its plans: by store, then op.
pub(super) fn per_day(model: &Model, plan: &Expected, demand: f64) -> Vec<[f64; 4]> {
    let mut ops = vec![[0.0; 4]; model.stores.len()];
    for op in model.logging.ops.iter().filter(|op| op.event == LogEvent::DayEnd) {
        ops[op.store.index()][op.op as usize] += f64::from(model.logging.level != Level::None);
    }
    for reader in &model.readers {
        let Some(store) = reader.store.map(|id| id.index()) else { continue };
        let lists = ceil(records_there(model, plan, store) * demand / KEYS_A_LIST).max(1.0);
        for (chore, every) in Chore::ALL.into_iter().zip(reader.every) {
            let Some(every) = every else { continue };
            match chore {
                Chore::Get => ops[store][OpKind::Get as usize] += 1.0 / every.days(),
                Chore::Export | Chore::Cleanup => ops[store][OpKind::List as usize] += lists / every.days(),
            }
        }
    }
    ops
}
