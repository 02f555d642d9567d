//! Log records as a part of the world: recorded, ended, balanced and measured.

use super::{Retention, measures};
use crate::units::Instant;
use crate::world::ledger::{CausesOf, check};
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Ending, Part};

impl Part for Retention {
    fn start_recording(&mut self, now: Instant) {
        self.alive.restart(now.nanos());
    }

    /// What was never stored is gone at every age.
    fn finish(&mut self, horizon: Instant) {
        self.alive.finish(horizon.nanos());
        for kind in &mut self.kinds {
            let never = kind.offered() - kind.written;
            kind.retrievable.deaths(0, never);
            kind.reachable.deaths(0, never);
        }
        for view in &mut self.readers {
            for (at, kind) in self.kinds.iter().enumerate() {
                let never = kind.offered() - kind.written;
                view.retrievable[at].there.deaths(0, never);
                view.reachable[at].there.deaths(0, never);
            }
        }
    }

    /// Every record that was written has exactly one lifetime, and every one that was lost before one cause.
    fn balance(&self, _: usize, ending: &Ending) -> Result<(), String> {
        let known = CausesOf::of(&ending.first.model).records;
        for kind in &self.kinds {
            check("lost records", kind.lost_by.total() - i128::from(kind.lost()), 0)?;
            kind.lost_by.check("records", known)?;
            let known = kind.gone.iter().sum::<u64>() + kind.alive;
            check("written records", i128::from(kind.written) - i128::from(known), 0)?;
        }
        Ok(())
    }

    fn measures(&self, _: usize, ending: &Ending, sheet: &mut Sheet) {
        measures::of_records(self, ending, sheet);
    }
}
