//! The users of a closed class, and those who come back after a refusal.

use crate::model::{Arrivals, Class};
use crate::streams::Scatter;

/// The users of a closed class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Users {
    /// How many there have ever been.
    pub(crate) ever: u64,
    /// How many are still to leave.
    pub(crate) too_many: i64,
}

impl Users {
    pub(crate) fn of(class: &Class) -> Users {
        Users {
            ever: if let Arrivals::Closed { users, .. } = class.arrivals { u64::from(users) } else { 0 },
            too_many: 0,
        }
    }

    /// Whether a user who would think or ask leaves instead.
    pub(crate) fn leaves(&mut self) -> bool {
        let leaves = self.too_many > 0;
        self.too_many -= i64::from(leaves);
        leaves
    }
}

/// Users on their way back, and what became of those who were turned away.
#[derive(Debug)]
pub(crate) struct Retrials {
    /// By class; none where nobody comes back.
    pub(crate) draws: Vec<Option<Scatter>>,
    /// By place of a plan: the number of the plan that is there, and which try of its user it is.
    pub(crate) tries: Vec<(u64, u32)>,
    /// Those on their way: class and the number of their next try.
    pub(crate) under_way: Vec<(u16, u32)>,
    pub(crate) free: Vec<u32>,
    pub(crate) tallies: Vec<RetrialTally>,
}

/// The counts of one class; `[1]` of recorded plans.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RetrialTally {
    /// Plans turned away whose users will try again.
    pub(crate) will_return: [u64; 2],
    /// Plans that are another try.
    pub(crate) returned: [u64; 2],
    /// Plans turned away whose users do not try again.
    pub(crate) gave_up: [u64; 2],
}
