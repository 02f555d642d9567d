//! The metrics of log records: how long they live, how far back they reach, and what each reader sees of them.

use super::{AGES, Retention, VISIBILITY_AGES};
use crate::world::ledger::CausesOf;
use crate::world::measures::sheet::{Sheet, both, causes, hours};
use crate::world::part::Ending;

pub(super) fn of_records(retention: &Retention, ending: &Ending, sheet: &mut Sheet) {
    logs(retention, ending, sheet);
    if ending.blueprint.has_logs {
        growth(retention, ending, sheet);
        errors(retention, ending, sheet);
    }
    readers(retention, ending, sheet);
}

fn logs(retention: &Retention, ending: &Ending, sheet: &mut Sheet) {
    for (kind, name) in retention.kinds.iter().zip(["normal", "error"]) {
        let metric = |what: &str| format!("logs.{name}.{what}");
        sheet.count(&metric("offered"), "records", kind.offered());
        sheet.count(&metric("written"), "records", kind.written);
        let dropped = kind.dropped + kind.unfinished;
        sheet.count(&metric("lost"), "records", kind.lost());
        let known = CausesOf::of(&ending.first.model).records;
        causes(sheet, &metric("lost_by"), "records", (&kind.lost_by, known));
        sheet.count(&metric("dropped"), "records", dropped);
        if ending.blueprint.leaves_logs_behind {
            sheet.count(&metric("unfinished"), "records", kind.unfinished);
        }
        sheet.count(&metric("unlogged"), "records", kind.unlogged);
        sheet.count(&metric("alive"), "records", kind.alive);
        for (reason, count) in ["expired", "evicted", "lost_at_restart"].into_iter().zip(kind.gone) {
            sheet.count(&metric(reason), "records", count);
        }
        let model = &ending.model();
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
        sheet.surviving(&format!("logs.error.context.{age}"), &retention.context, span);
    }
}

/// How many records there are.
fn growth(retention: &Retention, ending: &Ending, sheet: &mut Sheet) {
    let alive = retention.alive.level();
    sheet.put("logs.alive.mean", "records", alive.mean(ending.now.nanos()));
    sheet.count("logs.alive.max", "records", alive.max());
    sheet.count("logs.alive.end", "records", alive.level());
}

fn errors(retention: &Retention, ending: &Ending, sheet: &mut Sheet) {
    let found = [("", true), (".index", ending.blueprint.index_staleness().is_some())];
    for ((through, exists), errors) in found.into_iter().zip(&retention.errors) {
        if exists {
            let reach = errors.reach_back(|_| true);
            hours(sheet, &format!("logs.error.reach_back{through}"), &reach, &[("p50", 0.5), ("p05", 0.05)]);
        }
    }
    sheet.count("logs.incidents", "incidents", retention.incidents);
    let [retrievable, reachable] = &retention.firsts;
    let shares = AGES.map(|(age, span)| (age, both(retrievable, reachable, span)));
    for (at, what) in ["retrievable", "reachable"].into_iter().enumerate() {
        for (age, shares) in &shares {
            sheet.share_of(&format!("logs.error.first.{what}.{age}"), retrievable.count(), shares[at]);
        }
    }
}

/// What each reader sees.
fn readers(retention: &Retention, ending: &Ending, sheet: &mut Sheet) {
    for (reader, view) in ending.model().readers.iter().zip(&retention.readers) {
        let metric = |what: &str| format!("reader.{}.{what}", reader.name);
        for (kind, name) in ["normal", "error"].into_iter().enumerate() {
            let [there, reached] = [view.retrievable[kind].shares(), view.reachable[kind].shares()];
            let reached: Vec<_> =
                reached.iter().zip(there).map(|(r, there)| r.zip(there).map(|(r, t)| r.min(t))).collect();
            let count = view.retrievable[kind].count();
            for (what, shares) in [("retrievable", &there[..]), ("reachable", &reached)] {
                for ((age, _), share) in VISIBILITY_AGES.into_iter().zip(shares) {
                    sheet.share_of(&metric(&format!("logs.{name}.{what}.{age}")), count, *share);
                }
            }
        }
    }
}
