//! When something is down: once, or again and again.

use crate::model::UpAndDown;
use crate::streams::{Purpose, Source, Stream};
use crate::units::Instant;

/// One outage, or one that comes and goes.
#[derive(Debug)]
pub(crate) struct Timeline {
    when: UpAndDown,
    times: Stream,
    /// The latest time down that has been drawn.
    from: Instant,
    until: Instant,
    drawn: u64,
}

impl Timeline {
    /// The outage in this place of the list of `name`.
    pub(crate) fn new(when: UpAndDown, name: &str, place: usize, draws: &Source) -> Timeline {
        let times = draws.stream(name, Purpose::Outage, place as u64);
        Timeline { when, times, from: Instant::START, until: Instant::START, drawn: 0 }
    }

    /// Other times hold from `now` on; a time up or down that has begun ends as it would have.
    pub(crate) fn change(&mut self, when: UpAndDown, now: Instant) {
        self.is_down(now);
        self.when = when;
    }

    /// Whether it is down at `now`, which never goes back.
    pub(crate) fn is_down(&mut self, now: Instant) -> bool {
        match self.when {
            UpAndDown::Once { at, lasts } => {
                self.from = Instant::START + at;
                self.until = self.from.saturating_add(lasts);
            }
            UpAndDown::Random { mean_up, mean_down } => {
                while self.until <= now {
                    self.from = self.until.saturating_add(mean_up.scale(self.times.next().exponential()));
                    self.until = self.from.saturating_add(mean_down.scale(self.times.next().exponential()));
                    self.drawn += 1;
                }
            }
        }
        self.from <= now && now < self.until
    }

    /// Outages drawn so far.
    pub(crate) fn drawn(&self) -> u64 {
        self.drawn
    }
}
