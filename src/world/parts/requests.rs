//! The requests of the whole account: each invocation takes one, and is refused where there is none left.

use crate::model::Model;
use crate::policy::{Meter, Quota, Verdict};
use crate::units::{Instant, Timestamp};
use crate::world::blueprint::Blueprint;
use crate::world::measures::sheet::{Sheet, quota};
use crate::world::part::{Effect, Ending, Part};

/// The state of the quota of requests.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) meter: Meter,
    /// Invocations that began; `[0]` in the warm-up, `[1]` recorded.
    pub(crate) accepted: [u64; 2],
    pub(crate) refused: [u64; 2],
}

impl Requests {
    /// Those of a model, if their number is limited.
    pub(crate) fn of(model: &Model) -> Option<Requests> {
        model.platform.requests.as_ref().map(|quota| Requests::new(quota, model.run.start))
    }

    /// Nothing used, in a run that starts at `start`.
    fn new(quota: &Quota, start: Timestamp) -> Requests {
        Requests { meter: Meter::new(quota, start), accepted: [0; 2], refused: [0; 2] }
    }

    /// Whether an invocation may begin at `now`; if so it is counted.
    pub(crate) fn admits(&mut self, now: Instant, recorded: bool) -> bool {
        let admitted = self.meter.ask(now) == Verdict::At(now);
        if admitted {
            self.meter.take(now, now);
            self.accepted[usize::from(recorded)] += 1;
        } else {
            self.meter.refused(now);
            self.meter.kept_back += u64::from(recorded);
            self.refused[usize::from(recorded)] += 1;
        }
        admitted
    }
}

impl Part for Requests {
    fn start_recording(&mut self, now: Instant) {
        self.meter.restart(now);
    }

    /// What is used stays used.
    fn change(&mut self, _: usize, blueprint: &Blueprint, now: Instant, _: &mut Vec<Effect>) {
        if let Some(quota) = &blueprint.model.platform.requests {
            self.meter.change(quota, now);
        }
    }

    fn finish(&mut self, horizon: Instant) {
        self.meter.finish(horizon);
    }

    fn balance(&self, _: usize, _: &Ending) -> Result<(), String> {
        if self.meter.is_sound() { Ok(()) } else { Err("the quota of requests was exceeded".into()) }
    }

    fn measures(&self, _: usize, _: &Ending, sheet: &mut Sheet) {
        sheet.count("platform.requests", "requests", self.accepted[1]);
        sheet.count("platform.requests_rejected", "requests", self.refused[1]);
        quota(sheet, &self.meter, "platform.quota.requests");
    }
}
