//! The calendar: what is still to come, in the order of (time, order).

use crate::units::Instant;

/// Pending events, the earliest first; of one instant, the smallest `order`.
#[derive(Debug)]
pub struct Calendar<E> {
    /// Latest first.
    entries: Vec<(u64, u64, E)>,
}

impl<E: Copy> Calendar<E> {
    /// Nothing to come.
    pub fn new() -> Self {
        Calendar { entries: Vec::new() }
    }

    /// Something will happen at `at`.
    #[inline]
    pub fn push(&mut self, at: Instant, order: u64, event: E) {
        let key = (at.nanos(), order);
        let place = self.entries.iter().rposition(|e| (e.0, e.1) > key).map_or(0, |p| p + 1);
        self.entries.insert(place, (key.0, key.1, event));
    }

    /// What comes next.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        self.entries.pop().map(|(at, _, event)| (Instant::from_nanos(at), event))
    }
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Self::new()
    }
}
