//! The users of a closed class.

use crate::model::{Arrivals, Class};

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
