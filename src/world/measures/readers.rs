//! How far back logs and log files reach, and what is left of the first error of an incident, as metrics.

use crate::model::Chore;
use crate::stats::Quantiles;
use crate::world::ledger::causes_of::of_jobs;
use crate::world::ledger::record_lifetime::{AGES, VISIBILITY_AGES};
use crate::world::measures::sheet::{Sheet, both, causes};
use crate::world::state::World;

const NANOS_AN_HOUR: f64 = 3.6e12;

/// What a reader finds when looking back.
pub(crate) fn reach(sheet: &mut Sheet, world: &World) {
    if world.blueprint.has_logs {
        growth(sheet, world);
        errors(sheet, world);
    }
    log_files(sheet, world);
    readers(sheet, world);
}

/// How many records there are.
fn growth(sheet: &mut Sheet, world: &World) {
    let alive = world.retention.alive.level();
    sheet.put("logs.alive.mean", "records", alive.mean(world.now.nanos()));
    sheet.count("logs.alive.max", "records", alive.max());
    sheet.count("logs.alive.end", "records", alive.level());
}

fn errors(sheet: &mut Sheet, world: &World) {
    let retention = &world.retention;
    let found = [("", true), (".index", world.index.is_some())];
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

fn log_files(sheet: &mut Sheet, world: &World) {
    let spikes = world.first.spikes();
    let in_spike = |now: u64| spikes.iter().any(|(from, to)| (from.nanos()..to.nanos()).contains(&now));
    for (spec, file) in world.blueprint.model.logfiles.iter().zip(&world.logfiles) {
        let metric = |what: &str| format!("logfile.{}.{what}", spec.name);
        sheet.count(&metric("lines"), "lines", file.lines);
        sheet.count(&metric("bytes"), "bytes", file.bytes);
        let reach = file.files.reach_back(|_| true);
        hours(sheet, &metric("reach_back"), &reach, &[("p50", 0.5), ("p05", 0.05), ("min", 0.0)]);
        if !spikes.is_empty() {
            let reach = file.files.reach_back(in_spike);
            hours(sheet, &metric("reach_back.spike"), &reach, &[("p50", 0.5), ("min", 0.0)]);
        }
    }
}

fn hours(sheet: &mut Sheet, name: &str, reach: &Quantiles, quantiles: &[(&str, f64)]) {
    for &(quantile, p) in quantiles {
        sheet.put(&format!("{name}.{quantile}"), "h", reach.quantile(p).map(|nanos| nanos / NANOS_AN_HOUR));
    }
}

/// What each reader sees, and what the admin page has done for them.
fn readers(sheet: &mut Sheet, world: &World) {
    for (number, (reader, eyes)) in world.blueprint.model.readers.iter().zip(&world.retention.readers).enumerate() {
        let metric = |what: &str| format!("reader.{}.{what}", reader.name);
        for (kind, name) in ["normal", "error"].into_iter().enumerate() {
            let [there, reached] = [eyes.retrievable[kind].shares(), eyes.reachable[kind].shares()];
            let reached: Vec<_> =
                reached.iter().zip(there).map(|(r, there)| r.zip(there).map(|(r, t)| r.min(t))).collect();
            let count = eyes.retrievable[kind].count();
            for (what, shares) in [("retrievable", &there[..]), ("reachable", &reached)] {
                for ((age, _), share) in VISIBILITY_AGES.into_iter().zip(shares) {
                    sheet.share_of(&metric(&format!("logs.{name}.{what}.{age}")), count, *share);
                }
            }
        }
        for (spec, job) in world.blueprint.jobs.iter().zip(&world.jobs).filter(|(spec, _)| spec.reader == number) {
            let what = match spec.what {
                Chore::Get => "gets",
                Chore::Export => "exports",
                Chore::Cleanup => "cleanups",
            };
            sheet.count(&metric(what), "runs", job.begun);
            sheet.count(&metric(&format!("{what}_stopped")), "runs", job.stopped.of_all(|_| true));
            let known = of_jobs(&world.first.model, spec.store.into());
            causes(sheet, &metric(&format!("{what}_stopped_by")), "runs", (&job.stopped, known));
            sheet.count(&metric(&format!("{what}_skipped")), "runs", job.skipped);
            if spec.what == Chore::Cleanup {
                sheet.count(&metric("deleted"), "records", job.deleted);
                sheet.count(&metric("overdue.end"), "records", job.overdue);
            }
        }
    }
}
