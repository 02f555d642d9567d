//! The metrics of log records.

use crate::world::ledger::causes_of::CausesOf;
use crate::world::ledger::record_lifetime::AGES;
use crate::world::measures::sheet::{Sheet, both, causes};
use crate::world::state::World;

pub(crate) fn logs(sheet: &mut Sheet, world: &World) {
    for (kind, name) in world.retention.kinds.iter().zip(["normal", "error"]) {
        let metric = |what: &str| format!("logs.{name}.{what}");
        sheet.count(&metric("offered"), "records", kind.offered());
        sheet.count(&metric("written"), "records", kind.written);
        let dropped = kind.dropped + kind.unfinished;
        sheet.count(&metric("lost"), "records", kind.lost());
        let known = CausesOf::of(&world.first.model).records;
        causes(sheet, &metric("lost_by"), "records", (&kind.lost_by, known));
        sheet.count(&metric("dropped"), "records", dropped);
        if world.blueprint.leaves_logs_behind {
            sheet.count(&metric("unfinished"), "records", kind.unfinished);
        }
        sheet.count(&metric("unlogged"), "records", kind.unlogged);
        sheet.count(&metric("alive"), "records", kind.alive);
        for (reason, count) in ["expired", "evicted", "lost_at_restart"].into_iter().zip(kind.gone) {
            sheet.count(&metric(reason), "records", count);
        }
        let model = &world.blueprint.model;
        if !model.readers.is_empty() || model.logging.deletes_records() {
            sheet.count(&metric("cleaned"), "records", kind.gone[3]);
        }
        if model.logging.overwrites_records() {
            sheet.count(&metric("overwritten"), "records", kind.gone[4]);
        }
        for (age, span) in AGES {
            for (what, share) in
                ["retrievable", "reachable"].into_iter().zip(both(&kind.retrievable, &kind.reachable, span))
            {
                sheet.share_of(&metric(&format!("{what}.{age}")), kind.retrievable.count(), share);
            }
        }
    }
    for (age, span) in AGES {
        sheet.surviving(&format!("logs.error.context.{age}"), &world.retention.context, span);
    }
    if let Some(index) = &world.index {
        sheet.count("logs.index.lost_updates", "entries", index.lost_updates);
    }
}
