//! The metrics of the diagnostics page.

use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::state::diagnostics::Seen;

/// What the diagnostics page showed, beside what was true.
pub(crate) fn diagnostics(sheet: &mut Sheet, seen: &Seen) {
    let samples = seen.samples as f64;
    sheet.prefix = "diagnostics.".into();
    sheet.count("samples", "visits", seen.samples);
    for (side, levels) in [("", &seen.shown), ("true.", &seen.real)] {
        sheet.put(&format!("{side}active.mean"), "calls", ratio(levels.active as f64, samples));
        sheet.count(&format!("{side}active.max"), "calls", levels.active_max);
        sheet.put(&format!("{side}queued.mean"), "calls", ratio(levels.queued as f64, samples));
        sheet.count(&format!("{side}queued.max"), "calls", levels.queued_max);
        sheet.count(&format!("{side}dropped"), "calls", levels.dropped_max);
    }
    sheet.put("wait.mean", "s", ratio(seen.wait_ns / 1e9, samples));
    for (name, count) in [
        ("last_drop_fraction", seen.last_drop),
        ("zero_fraction", seen.zero),
        ("overloaded_fraction", seen.overloaded),
        ("blind_fraction", seen.blind),
    ] {
        sheet.share(name, count, seen.samples);
    }
    sheet.prefix = String::new();
}
