//! The shelf of a store that remembers its records: the oldest are evicted for size, or the admin page works on them.

use crate::units::Span;
use crate::world::parts::store::Loss;
use crate::world::state::{Copy, CopyAt, KEYED, Records, SHELVED, World};
use std::cmp::Reverse;

impl Records {
    /// A copy is there no more, or its end is known.
    pub(crate) fn take_off(&mut self, copy: Copy) {
        if copy.sooner & SHELVED > 0 {
            let shelf = &mut self.shelves[copy.store as usize];
            (shelf.copies, shelf.bytes) = (shelf.copies - 1, shelf.bytes - copy.bytes);
        }
    }

    fn is_shelved(&mut self, at: CopyAt) -> bool {
        self.copy(at).is_some_and(|copy| copy.sooner & SHELVED > 0)
    }

    /// The oldest copy on a shelf.
    fn oldest(&mut self, store: usize) -> Option<CopyAt> {
        while let Some(&front) = self.shelves[store].queue.front() {
            if self.is_shelved(front) {
                return Some(front);
            }
            self.shelves[store].queue.pop_front();
        }
        None
    }

    /// A shelf forgets the copies that have left it, once they are most of what it remembers.
    fn tidy(&mut self, store: usize) {
        let most = 2 * self.shelves[store].copies as usize + 64;
        if self.shelves[store].queue.len() > most {
            let mut queue = std::mem::take(&mut self.shelves[store].queue);
            queue.retain(|at| self.is_shelved(*at));
            self.shelves[store].queue = queue;
        }
        if self.shelves[store].going.len() > most {
            let mut going = std::mem::take(&mut self.shelves[store].going);
            going.retain(|Reverse((_, at))| self.is_shelved(*at));
            self.shelves[store].going = going;
        }
    }
}

impl World<'_> {
    /// What has gone by itself leaves the shelf, and the oldest leave until so many bytes more fit.
    pub(crate) fn make_room(&mut self, store: usize, bytes: u64) {
        self.forget_gone(store);
        let capacity = self.parts.stores[store].capacity.unwrap_or(u64::MAX);
        while self.records.shelves[store].bytes.saturating_add(bytes) > capacity
            && let Some(oldest) = self.records.oldest(store)
        {
            self.end_copy(oldest, Loss::Evicted);
        }
        self.records.tidy(store);
    }

    /// What has gone by itself leaves the shelf.
    pub(crate) fn forget_gone(&mut self, store: usize) {
        while let Some(&Reverse((goes, copy))) = self.records.shelves[store].going.peek()
            && goes <= self.now
        {
            self.records.shelves[store].going.pop();
            if self.records.is_shelved(copy) {
                self.known(copy, KEYED | SHELVED);
            }
        }
    }

    /// The oldest copy on a shelf, where its record was written so long ago.
    pub(crate) fn oldest_of_age(&mut self, store: usize, age: Span) -> Option<CopyAt> {
        let oldest = self.records.oldest(store)?;
        let written = self.records.at(oldest.record).written;
        (written.saturating_add(age) <= self.now).then_some(oldest)
    }

    /// The administrator deletes a copy; whether it was still there.
    pub(crate) fn clean(&mut self, at: CopyAt) -> bool {
        let now = self.now;
        let is_there = self.records.copy(at).is_some_and(|copy| copy.goes > now);
        self.end_copy(at, Loss::Cleaned);
        is_there
    }

    /// Copies on a shelf whose record was written so long ago.
    pub(crate) fn overdue(&self, store: usize, age: Span) -> u64 {
        let is_overdue = |at: &&CopyAt| {
            let record = &self.records.list[at.record as usize];
            record.serial == at.serial
                && record
                    .copies
                    .get(at.nth as usize)
                    .is_some_and(|copy| copy.sooner & SHELVED > 0 && copy.goes > self.now)
                && record.written.saturating_add(age) <= self.now
        };
        self.records.shelves[store].queue.iter().filter(is_overdue).count() as u64
    }
}
