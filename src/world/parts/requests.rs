//! The requests of the whole account: each invocation takes one, and is refused where there is none left.

use crate::policy::{Meter, Quota, Verdict};
use crate::units::{Instant, Timestamp};

/// The quota of requests at work.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) meter: Meter,
    /// Invocations that began; `[0]` in the warm-up, `[1]` recorded.
    pub(crate) accepted: [u64; 2],
    pub(crate) refused: [u64; 2],
}

impl Requests {
    /// Nothing used, in a run that starts at `start`.
    pub(crate) fn new(quota: &Quota, start: Timestamp) -> Requests {
        Requests { meter: Meter::new(quota, start), accepted: [0; 2], refused: [0; 2] }
    }

    /// Another quota from `now` on; what is used stays used.
    pub(crate) fn change(&mut self, quota: &Quota, now: Instant) {
        self.meter.change(quota, now);
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
