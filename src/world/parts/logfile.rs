//! Log files: each request and each response of a call is a line of every one of them.

use crate::model::LogFile as Spec;
use crate::policy::Rotation;
use crate::stats::Presence;
use crate::units::{CalendarStart, Instant, Zone};
use crate::world::blueprint::Blueprint;

/// A log file at work.
#[derive(Debug)]
pub(crate) struct LogFile {
    rotation: Rotation,
    line: u64,
    error: u64,
    /// Recorded lines and bytes.
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Its files over time, each from its first line until it is dropped.
    pub(crate) files: Presence,
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
            files: Presence::new(blueprint.recording_from.nanos(), blueprint.horizon.nanos()),
        }
    }

    /// Other sizes from `now` on; files that are too many are dropped.
    pub(crate) fn change(&mut self, spec: &Spec, now: Instant) {
        (self.line, self.error) = (spec.line.0, spec.error.0);
        for begun in self.rotation.change(spec.rotate, spec.backups) {
            self.files.there(begun.nanos(), now.nanos());
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

    /// The replication ends: the files that are left stay.
    pub(crate) fn finish(&mut self) {
        for begun in self.rotation.files() {
            self.files.there(begun.nanos(), u64::MAX);
        }
    }
}
