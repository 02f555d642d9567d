//! The metrics of a store.

use super::Store;
use crate::model::{OnKeyExceed, OpKind, StoreKind};
use crate::policy::{OnExceed, Window};
use crate::world::ledger::{Cause, of_ops};
use crate::world::measures::sheet::{Sheet, causes, quota, ratio};
use crate::world::part::Ending;

pub(super) fn of_store(store: &Store, number: usize, ending: &Ending, sheet: &mut Sheet) {
    let name = &store.name;
    let days = ending.recorded().days();
    for op in OpKind::ALL {
        let what = op.plural();
        let counts = &store.counts[op as usize];
        let metric = |suffix: &str| format!("{name}.{what}{suffix}");
        sheet.count(&metric(""), "ops", counts.accepted[1]);
        sheet.count(&metric("_attempted"), "ops", counts.attempted[1]);
        let refused = |why: Cause| counts.refused.of(why);
        let by_quota = counts.refused.of_all(Cause::is_quota);
        sheet.count(&metric("_rejected_quota"), "ops", by_quota);
        sheet.count(&metric("_rejected_key"), "ops", refused(Cause::KeySpacing));
        sheet.count(&metric("_rejected"), "ops", by_quota + refused(Cause::KeySpacing));
        sheet.count(&metric("_rejected_invocation"), "ops", counts.refused.of_all(Cause::is_invocation));
        causes(sheet, &metric(".refused_by"), "ops", (&counts.refused, of_ops(&ending.first.model, number, op)));
        let spec = &ending.model().stores[number];
        let on = |what: OnExceed| spec.quotas[op as usize].iter().any(|quota| quota.on_exceed == what);
        let is_service = spec.kind == StoreKind::LogService;
        if is_service {
            sheet.count(&metric("_failed_network"), "ops", refused(Cause::Network));
        }
        if is_service || on(OnExceed::Drop) {
            sheet.count(&metric("_dropped"), "ops", refused(Cause::Dropped) + refused(Cause::ClientSilent));
        }
        if on(OnExceed::Wait) {
            sheet.count(&metric("_delayed"), "ops", store.meters[op as usize].iter().map(|m| m.waited).sum());
        }
        if let Some(others) = &store.others[op as usize] {
            sheet.count(&format!("{name}.background.{what}"), "ops", others.accepted);
            sheet.count(&format!("{name}.background.{what}_rejected"), "ops", others.refused);
        }
        sheet.put(&metric("_per_plan"), "ops", ratio(counts.accepted[1] as f64, ending.plans() as f64));
        sheet.put(&metric("_per_day.mean"), "ops/day", ratio(store.accepted_in_time(op) as f64, days));
        for nth in 0..store.meters[op as usize].len() {
            let meter = &store.meters[op as usize][nth];
            if meter.quota().window == Window::Day && nth == 0 {
                sheet.count(&metric("_per_day.max"), "ops/day", meter.used_max);
            }
            let number = if nth > 0 { format!(".{}", nth + 1) } else { String::new() };
            quota(sheet, meter, &format!("{name}.quota.{what}{number}"));
        }
    }
    extras(store, number, ending, sheet);
    if ending.model().stores[number].kind == crate::model::StoreKind::Cache {
        for (what, count) in [
            ("hits", store.hits[1]),
            ("misses", store.misses[1]),
            ("evicted", store.evicted[1]),
            ("expired", store.expired[1]),
            ("lost_at_restart", store.lost_at_restart[1]),
        ] {
            sheet.count(&format!("{name}.{what}"), "ops", count);
        }
        sheet.count(&format!("{name}.puts"), "ops", store.counts[OpKind::Put as usize].accepted[1]);
    }
    let spec = &ending.first.model;
    let rejects = |model: &crate::model::Model| {
        model.stores[number].key_spacing.is_some() && model.stores[number].on_key_exceed == OnKeyExceed::Reject
    };
    let rejects = spec.is_ever(rejects);
    for (at, family) in ending.blueprint.families.iter().enumerate().filter(|(_, f)| f.store as usize == number) {
        let metric = format!("{name}.writes.family.{}", family.name);
        if rejects {
            sheet.count(&format!("{metric}_rejected_key"), "ops", store.family_too_soon[at]);
        }
        sheet.count(&metric, "ops", store.family_writes[at]);
    }
}

/// What only some stores have.
fn extras(store: &Store, number: usize, ending: &Ending, sheet: &mut Sheet) {
    let spec = &ending.model().stores[number];
    let metric = |what: &str| format!("{}.{what}", store.name);
    // What a change sets in mid-run is measured from the start.
    if ending.first.model.is_ever(|model| model.stores[number].on_key_exceed == OnKeyExceed::Overwrite) {
        sheet.count(&metric("writes_overwriting"), "ops", store.overwrites[1]);
    }
    if spec.put_stores_nothing.value() > 0.0 {
        sheet.count(&metric("puts_kept_nothing"), "ops", store.kept_nothing[1]);
    }
    if spec.storage.is_some() {
        let refused = store.counts[OpKind::Put as usize].refused.of(Cause::StoreFull);
        sheet.count(&metric("writes_rejected_full"), "ops", refused);
        sheet.put(&metric("stored.mean"), "bytes", store.stored.level().mean(ending.now.nanos()));
        sheet.count(&metric("stored.max"), "bytes", store.stored.level().max());
        sheet.count(&metric("stored.end"), "bytes", store.stored.level().level());
    }
}
