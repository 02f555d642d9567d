//! When a record goes, as far as its copies tell.

use crate::units::Instant;
use crate::world::ledger::Lifetime;
use crate::world::parts::store::{Loss, Store};

/// When, and why, the last of some copies of a record goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) dies: Instant,
    loss: Loss,
    /// When the last copy that other regions see goes, and the last that a search finds; [`Instant::START`]: none.
    pub(crate) far: Instant,
    pub(crate) searchable: Instant,
}

impl Ends {
    /// There is no copy.
    pub(crate) const NONE: Ends =
        Ends { dies: Instant::START, loss: Loss::None, far: Instant::START, searchable: Instant::START };

    /// Of one copy in a store, which goes at `dies`.
    pub(crate) fn of(store: &Store, dies: Instant, loss: Loss) -> Ends {
        let only = |is_so| if is_so { dies } else { Instant::START };
        Ends { dies, loss, far: only(store.staleness.is_some()), searchable: only(store.is_searchable) }
    }

    /// There are those copies, too.
    pub(crate) fn add(&mut self, copies: Ends) {
        if copies.dies >= self.dies {
            (self.dies, self.loss) = (copies.dies, copies.loss);
        }
        self.far = self.far.max(copies.far);
        self.searchable = self.searchable.max(copies.searchable);
    }

    pub(crate) fn lifetime(self, written: Instant) -> Lifetime {
        Lifetime { written, dies: self.dies, loss: self.loss, far: self.far }
    }
}
