//! The index of a strategy: whether it writes one, and which readers see which copy.

use crate::model::{OpKind, Role};
use crate::units::Span;
use crate::world::blueprint::Blueprint;
use crate::world::parts::index::{Index, Regions};

impl Blueprint {
    /// How late other regions see the index, if they do; none if the strategy writes no index.
    pub(crate) fn index_staleness(&self) -> Option<Option<Span>> {
        let rows = self.requests.iter().chain(&self.responses).chain(&self.plan_ends);
        let store = rows.into_iter().find(|row| row.role == Role::Index && row.op == OpKind::Put)?.store as usize;
        let spec = &self.model.stores[store];
        Some(spec.is_seen_elsewhere().then_some(spec.staleness))
    }

    /// The index of the strategy, if it writes one.
    pub(crate) fn index(&self) -> Option<Index> {
        let staleness = self.index_staleness()?;
        let several = self.class_regions.iter().any(|region| *region != self.class_regions[0]);
        let all = self.class_regions.iter().chain(&self.reader_regions);
        let writers = if several { all.max().map_or(1, |most| usize::from(*most) + 1) } else { 1 };
        Some(Index::new(self.has_list, Regions { writers, staleness }))
    }

    /// Whether other regions see the index.
    pub(crate) fn index_is_shared(&self) -> bool {
        let rows = self.requests.iter().chain(&self.responses).chain(&self.plan_ends);
        let puts = rows.filter(|row| matches!(row.role, Role::Index | Role::Session) && row.op == OpKind::Put);
        puts.into_iter().all(|row| self.model.stores[row.store as usize].is_seen_elsewhere())
    }
}
