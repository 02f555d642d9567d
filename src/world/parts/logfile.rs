//! Log files: each request and each response of a call is a line of every one of them.

use crate::model::LogFile as Spec;
use crate::policy::Rotation;
use crate::stats::Occupancy;
use crate::units::{CalendarStart, Instant, Zone};
use crate::world::blueprint::Blueprint;
use crate::world::measures::sheet::{Sheet, hours};
use crate::world::part::{Effect, Ending, Part};

/// The state of a log file.
#[derive(Debug)]
pub(crate) struct LogFile {
    rotation: Rotation,
    line: u64,
    error: u64,
    /// Recorded lines and bytes.
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Its files over time, each from its first line until it is dropped.
    pub(crate) files: Occupancy,
}

impl LogFile {
    pub(crate) fn new(spec: &Spec, blueprint: &Blueprint) -> LogFile {
        let calendar = CalendarStart::new(blueprint.model.run.start, &Zone::UTC);
        LogFile {
            rotation: Rotation::new(spec.rotate, spec.backups, calendar),
            line: spec.line.0,
            error: spec.error.0,
            lines: 0,
            bytes: 0,
            files: Occupancy::new(blueprint.recording_from.nanos(), blueprint.horizon.nanos()),
        }
    }

    pub(crate) fn write(&mut self, now: Instant, error: bool, recorded: bool) {
        let bytes = self.line + if error { self.error } else { 0 };
        if let Some(begun) = self.rotation.write(now, bytes) {
            self.files.there(begun.nanos(), now.nanos());
        }
        self.lines += u64::from(recorded);
        self.bytes += if recorded { bytes } else { 0 };
    }
}

impl Part for LogFile {
    /// Drops surplus files.
    fn change(&mut self, at: usize, blueprint: &Blueprint, now: Instant, _: &mut Vec<Effect>) {
        let spec = &blueprint.model.logfiles[at];
        (self.line, self.error) = (spec.line.0, spec.error.0);
        for begun in self.rotation.change(spec.rotate, spec.backups) {
            self.files.there(begun.nanos(), now.nanos());
        }
    }

    /// The files that are left stay.
    fn finish(&mut self, _: Instant) {
        for begun in self.rotation.files() {
            self.files.there(begun.nanos(), u64::MAX);
        }
    }

    fn measures(&self, at: usize, ending: &Ending, sheet: &mut Sheet) {
        let spikes = ending.first.spikes();
        let in_spike = |now: u64| spikes.iter().any(|(from, to)| (from.nanos()..to.nanos()).contains(&now));
        let metric = |what: &str| format!("logfile.{}.{what}", ending.model().logfiles[at].name);
        sheet.count(&metric("lines"), "lines", self.lines);
        sheet.count(&metric("bytes"), "bytes", self.bytes);
        let reach = self.files.reach_back(|_| true);
        hours(sheet, &metric("reach_back"), &reach, &[("p50", 0.5), ("p05", 0.05), ("min", 0.0)]);
        if !spikes.is_empty() {
            let reach = self.files.reach_back(in_spike);
            hours(sheet, &metric("reach_back.spike"), &reach, &[("p50", 0.5), ("min", 0.0)]);
        }
    }
}
