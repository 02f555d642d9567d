//! The diagnostics page, and what its samples have shown so far.

use crate::streams::{Purpose, Source as Draws, Stream};
use crate::world::blueprint::Blueprint;
use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::part::{Ending, Part};
use crate::world::parts::queues::queue::Page;

/// The page, and what its samples have shown so far.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    pub(crate) routing: Stream,
    /// The next of the listed instants.
    pub(crate) next: usize,
    /// Overload answers up to the sample before.
    pub(crate) overloaded_before: u64,
    pub(crate) seen: Seen,
}

/// Sums over the recorded samples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) samples: u64,
    pub(crate) shown: Levels,
    /// In all isolates together.
    pub(crate) real: Levels,
    /// The sum of the average waits shown, in nanoseconds; a page without an admitted call shows 0.
    pub(crate) wait_ns: f64,
    /// Samples that show a last drop.
    pub(crate) last_drop: u64,
    /// Samples that show 0 everywhere.
    pub(crate) zero: u64,
    /// Samples since whose predecessor some user got an overload answer, and those of them that show 0 everywhere.
    pub(crate) overloaded: u64,
    pub(crate) blind: u64,
}

/// Sums and maxima of what one place shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Levels {
    pub(crate) active: u64,
    pub(crate) active_max: u64,
    pub(crate) queued: u64,
    pub(crate) queued_max: u64,
    pub(crate) dropped_max: u64,
}

impl Levels {
    pub(crate) fn add(&mut self, page: &Page) {
        self.active += page.active;
        self.active_max = self.active_max.max(page.active);
        self.queued += page.queued;
        self.queued_max = self.queued_max.max(page.queued);
        self.dropped_max = self.dropped_max.max(page.dropped);
    }
}

impl Diagnostics {
    /// The page of a model, if it has one.
    pub(crate) fn of(blueprint: &Blueprint, draws: &Draws) -> Option<Diagnostics> {
        blueprint.model.diagnostics.as_ref().map(|_| Diagnostics {
            routing: draws.stream("diagnostics", Purpose::Page, 0),
            next: 0,
            overloaded_before: 0,
            seen: Seen::default(),
        })
    }
}

/// What the page showed, beside what was true.
impl Part for Diagnostics {
    fn measures(&self, _: usize, _: &Ending, sheet: &mut Sheet) {
        let samples = self.seen.samples as f64;
        sheet.count("diagnostics.samples", "visits", self.seen.samples);
        for (side, levels) in [("", &self.seen.shown), ("true.", &self.seen.real)] {
            sheet.put(&format!("diagnostics.{side}active.mean"), "calls", ratio(levels.active as f64, samples));
            sheet.count(&format!("diagnostics.{side}active.max"), "calls", levels.active_max);
            sheet.put(&format!("diagnostics.{side}queued.mean"), "calls", ratio(levels.queued as f64, samples));
            sheet.count(&format!("diagnostics.{side}queued.max"), "calls", levels.queued_max);
            sheet.count(&format!("diagnostics.{side}dropped"), "calls", levels.dropped_max);
        }
        sheet.put("diagnostics.wait.mean", "s", ratio(self.seen.wait_ns / 1e9, samples));
        for (name, count) in [
            ("last_drop_fraction", self.seen.last_drop),
            ("zero_fraction", self.seen.zero),
            ("overloaded_fraction", self.seen.overloaded),
            ("blind_fraction", self.seen.blind),
        ] {
            sheet.share(&format!("diagnostics.{name}"), count, self.seen.samples);
        }
    }
}
