//! The calendar: what is still to come, in the order of (time, order).

use crate::units::Instant;

/// Pending events, the earliest first; of one instant, the smallest `order`.
#[derive(Debug)]
pub struct Calendar<E> {
    /// Latest first.
    entries: Vec<Entry<E>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    at: u64,
    order: u64,
    event: E,
}

impl<E: Copy> Calendar<E> {
    /// Nothing to come.
    pub fn new() -> Self {
        Calendar { entries: Vec::new() }
    }

    /// Something will happen at `at`.
    #[inline]
    pub fn push(&mut self, at: Instant, order: u64, event: E) {
        let entry = Entry { at: at.nanos(), order, event };
        self.entries.push(entry);
        let mut place = self.entries.len() - 1;
        while place > 0 {
            let before = self.entries[place - 1];
            if (before.at, before.order) > (entry.at, entry.order) {
                break;
            }
            self.entries[place] = before;
            place -= 1;
        }
        self.entries[place] = entry;
    }

    /// What comes next.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        self.entries.pop().map(|entry| (Instant::from_nanos(entry.at), entry.event))
    }
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Self::new()
    }
}
