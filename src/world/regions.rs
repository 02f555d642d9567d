//! Where plans run and where readers are: who sees which copy of what.

use super::build::Blueprint;
use super::parts::index::{Index, Regions};
use crate::model::{Model, OpKind, Role};
use crate::units::Span;

impl Blueprint {
    /// How late other regions see the index, where they see it; nothing where the strategy writes none.
    pub(super) fn index_staleness(&self) -> Option<Option<Span>> {
        let rows = self.requests.iter().chain(&self.responses).chain(&self.plan_ends);
        let store = rows.into_iter().find(|row| row.role == Role::Index && row.op == OpKind::Put)?.store as usize;
        let spec = &self.model.stores[store];
        Some(spec.is_seen_elsewhere().then_some(spec.staleness))
    }

    /// The index of the strategy, if it writes one.
    pub(super) fn index(&self) -> Option<Index> {
        let staleness = self.index_staleness()?;
        let several = self.class_regions.iter().any(|region| *region != self.class_regions[0]);
        let all = self.class_regions.iter().chain(&self.reader_regions);
        let writers = if several { all.max().map_or(1, |most| usize::from(*most) + 1) } else { 1 };
        Some(Index::new(self.has_list, Regions { writers, staleness }))
    }

    /// Whether other regions see the index.
    pub(super) fn index_is_shared(&self) -> bool {
        let rows = self.requests.iter().chain(&self.responses).chain(&self.plan_ends);
        let puts = rows.filter(|row| matches!(row.role, Role::Index | Role::Session) && row.op == OpKind::Put);
        puts.into_iter().all(|row| self.model.stores[row.store as usize].is_seen_elsewhere())
    }
}

/// The number of each class's region and of each reader's, among all that the model names.
pub(super) fn regions(model: &Model) -> (Vec<u16>, Vec<u16>) {
    let of_classes = model.classes.iter().map(|class| &class.region);
    let of_readers = model.readers.iter().map(|reader| &reader.region);
    let mut names: Vec<&String> = of_classes.clone().collect();
    names.extend(of_readers.clone());
    names.sort();
    names.dedup();
    let number = |region: &String| names.binary_search(&region).unwrap_or(0) as u16;
    (of_classes.map(number).collect(), of_readers.map(number).collect())
}
