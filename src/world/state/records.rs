//! The records that are in stores, copy by copy: what ends each copy, and with the last of them the record.
//!
//! Most copies go when it was known as they were written that they would. Two kinds may go sooner: those under a key
//! that may be written again or deleted, and those on the shelf of a store that remembers its records, as its size is
//! limited or the admin page works on it. A record of such copies ends only when the last of them is known to
//! go by itself, or has gone. A record that has no such copy needs no place here.

use crate::units::Instant;
use crate::world::parts::index::Subject;
use crate::world::parts::store::Loss;
use crate::world::state::{End, Ends, NOBODY};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A copy of a record: of the record that has this place now, if the serial is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CopyAt {
    pub(crate) record: u32,
    pub(crate) serial: u32,
    pub(crate) nth: u16,
}

/// What lies under a key that is written more than once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// When a write of it was last accepted.
    pub(crate) written: Option<Instant>,
    pub(crate) bytes: u64,
    /// When that goes by itself; [`Instant::START`] where nothing is there.
    pub(crate) goes: Instant,
    /// The copy of a record that it is, if it is one.
    pub(crate) copy: Option<CopyAt>,
}

impl Key {
    pub(crate) const EMPTY: Key = Key { written: None, bytes: 0, goes: Instant::START, copy: None };
}

/// Where a key is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyAt {
    /// With its plan.
    Plan(usize),
    /// With the world.
    World(usize),
}

/// Its key may be written again, or deleted.
pub(crate) const KEYED: u8 = 1;

/// The store may push it out, or the admin page delete it.
pub(crate) const SHELVED: u8 = 2;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy {
    pub(crate) store: u16,
    pub(crate) bytes: u64,
    pub(crate) goes: Instant,
    pub(crate) loss: Loss,
    /// Why it may go sooner; 0 where it is known when it goes.
    pub(crate) sooner: u8,
}

/// A record that has, or had, a copy that may go sooner than by itself.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) serial: u32,
    pub(crate) written: Instant,
    /// Of its copies that go by themselves.
    pub(crate) others: Ends,
    /// Those that may, or might, go sooner.
    pub(crate) copies: Vec<Copy>,
    pub(crate) recorded: bool,
    /// Copies that may go sooner; and 1 while its event is under way.
    pub(crate) unknown: u16,
    /// Others that wait for its end.
    pub(crate) holders: u16,
    pub(crate) about: Option<About>,
    /// When its last copy goes, once that is known.
    pub(crate) dies: Option<Instant>,
    /// The request and the response of one call, if it is one of them.
    pub(crate) pair: u32,
}

/// What a record tells of, known when its event is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) subject: Subject,
    /// Its place in the index's memory, where there is an index.
    pub(crate) session: Option<(u32, u32)>,
}

/// A failed call's request and response, while it is not known when one of them goes.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) written: Instant,
    pub(crate) dies: Instant,
    pub(crate) missing: u8,
    /// One of them was still there as the run ended.
    pub(crate) is_open: bool,
}

/// Every record of which something is still to be known.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) list: Vec<Record>,
    free: Vec<u32>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) free_pairs: Vec<u32>,
    /// By store.
    pub(crate) shelves: Vec<Shelf>,
    /// Those whose event is over and whose end is not known.
    pub(crate) pending: u64,
}

impl Records {
    pub(crate) fn new(stores: usize) -> Records {
        Records { shelves: (0..stores).map(|_| Shelf::default()).collect(), ..Records::default() }
    }

    pub(crate) fn shelf(&self, store: usize) -> &Shelf {
        &self.shelves[store]
    }

    pub(crate) fn at(&mut self, id: u32) -> &mut Record {
        &mut self.list[id as usize]
    }

    /// A place for the record of an event under way, which has such copies by now.
    pub(crate) fn open(&mut self, written: Instant, others: Ends, recorded: bool) -> u32 {
        let id = self.free.pop().unwrap_or(self.list.len() as u32);
        let (serial, copies) = match self.list.get_mut(id as usize) {
            Some(old) => (old.serial, std::mem::take(&mut old.copies)),
            None => (0, Vec::new()),
        };
        let (about, dies, pair) = (None, None, NOBODY);
        let record = Record { serial, written, others, copies, recorded, unknown: 1, holders: 0, about, dies, pair };
        match self.list.get_mut(id as usize) {
            Some(place) => *place = record,
            None => self.list.push(record),
        }
        id
    }

    pub(crate) fn copy(&mut self, at: CopyAt) -> Option<&mut Copy> {
        let record = self.list.get_mut(at.record as usize).filter(|record| record.serial == at.serial)?;
        record.copies.get_mut(at.nth as usize)
    }

    /// A record is no longer needed.
    pub(crate) fn close(&mut self, id: u32) {
        let record = &mut self.list[id as usize];
        record.serial = record.serial.wrapping_add(1);
        record.copies.clear();
        self.free.push(id);
    }

    /// One who wanted to know when a record goes does not any more.
    pub(crate) fn release(&mut self, end: End) {
        let End::Open(id) = end else { return };
        let record = &mut self.list[id as usize];
        record.holders -= 1;
        if record.holders == 0 && record.dies.is_some() {
            self.close(id);
        }
    }
}

impl Record {
    /// When its last copy goes, as far as it is known.
    pub(crate) fn last(&self) -> Instant {
        self.copies.iter().map(|copy| copy.goes).fold(self.others.dies, Instant::max)
    }
}

/// The copies in a store that remembers its records, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// With those that have gone since and were not in front.
    pub(crate) queue: VecDeque<CopyAt>,
    pub(crate) going: BinaryHeap<Reverse<(Instant, CopyAt)>>,
    pub(crate) copies: u64,
    pub(crate) bytes: u64,
}

impl Shelf {
    /// A copy that goes at `dies` is there.
    pub(crate) fn put(&mut self, copy: CopyAt, bytes: u64, dies: Instant) {
        (self.copies, self.bytes) = (self.copies + 1, self.bytes + bytes);
        self.queue.push_back(copy);
        if dies < Instant::NEVER {
            self.going.push(Reverse((dies, copy)));
        }
    }
}
