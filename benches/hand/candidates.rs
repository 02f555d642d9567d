//! The event calendars that were measured against each other; `benches/calendar.rs` runs them.
//!
//! All of them order by the pair (time, order) and carry eight bytes of payload. None is used by the program: the
//! winner is `capsim::calendar`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An event: when, the order within the instant, and what.
pub type Event = (u64, u64, u64);

/// What a simulation asks of its calendar.
pub trait Calendar {
    /// The name in the table.
    const NAME: &'static str;
    /// One without events.
    fn new() -> Self;
    /// Adds an event.
    fn push(&mut self, at: u64, order: u64, payload: u64);
    /// Takes the earliest event.
    fn pop(&mut self) -> Option<Event>;
}

/// The pair as one number: it compares in two instructions without a branch.
#[inline(always)]
fn key(at: u64, order: u64) -> u128 {
    u128::from(at) << 64 | u128::from(order)
}

/// All ones where `a < b`, for numbers below 2^127: the sign of the difference, which no optimiser takes for a
/// condition. (Asked for a choice, even one marked unpredictable, it makes a branch that goes wrong half the time.)
#[inline(always)]
pub fn less(a: u128, b: u128) -> u64 {
    (a.wrapping_sub(b) as i128 >> 127) as u64
}

/// `a` where the mask is all ones, `b` where it is zero.
#[inline(always)]
pub fn select(mask: u64, a: u128, b: u128) -> u128 {
    let mask = u128::from(mask) << 64 | u128::from(mask);
    b ^ ((a ^ b) & mask)
}

#[inline(always)]
fn event(key: u128, payload: u64) -> Event {
    ((key >> 64) as u64, key as u64, payload)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: u64,
    order: u64,
    payload: u64,
}

impl Entry {
    #[inline(always)]
    fn key(&self) -> u128 {
        key(self.at, self.order)
    }
}

/// The standard library's binary heap.
pub struct Binary(BinaryHeap<Reverse<Entry>>);

impl Calendar for Binary {
    const NAME: &'static str = "std BinaryHeap";
    fn new() -> Self {
        Binary(BinaryHeap::new())
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        self.0.push(Reverse(Entry { at, order, payload }));
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        self.0.pop().map(|Reverse(e)| (e.at, e.order, e.payload))
    }
}

/// A 4-ary heap of whole entries, the textbook way: last to the root, then down.
pub struct Quad(Vec<Entry>);

/// The index of the smallest of up to four children from `first`.
#[inline(always)]
fn least_child(items: &[Entry], first: usize) -> Option<usize> {
    if let Some(four) = items.get(first..first + 4) {
        // A tournament of three matches by arithmetic: the outcome is random, so a branch would mispredict.
        let low = (less(four[1].key(), four[0].key()) & 1) as usize;
        let high = 2 + (less(four[3].key(), four[2].key()) & 1) as usize;
        let mask = less(four[high].key(), four[low].key()) as usize;
        Some(first + (low ^ ((low ^ high) & mask)))
    } else {
        let rest = items.get(first..)?;
        (0..rest.len()).min_by_key(|&i| rest[i].key()).map(|i| first + i)
    }
}

#[inline(always)]
fn down(items: &mut [Entry], mut hole: usize, entry: Entry) {
    while let Some(child) = least_child(items, 4 * hole + 1) {
        if items[child].key() >= entry.key() {
            break;
        }
        items[hole] = items[child];
        hole = child;
    }
    items[hole] = entry;
}

#[inline(always)]
fn up(items: &mut [Entry], mut hole: usize, entry: Entry) {
    while hole > 0 {
        let parent = (hole - 1) / 4;
        if items[parent].key() <= entry.key() {
            break;
        }
        items[hole] = items[parent];
        hole = parent;
    }
    items[hole] = entry;
}

impl Calendar for Quad {
    const NAME: &'static str = "4-ary heap";
    fn new() -> Self {
        Quad(Vec::new())
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        let entry = Entry { at, order, payload };
        self.0.push(entry);
        let last = self.0.len() - 1;
        up(&mut self.0, last, entry);
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        let last = self.0.pop()?;
        let Some(&top) = self.0.first() else { return Some((last.at, last.order, last.payload)) };
        down(&mut self.0, 0, last);
        Some((top.at, top.order, top.payload))
    }
}

/// A 4-ary heap whose pop leaves the root open: a push that follows fills it, which saves one of two passes.
pub struct QuadOpen {
    items: Vec<Entry>,
    open: bool,
}

impl Calendar for QuadOpen {
    const NAME: &'static str = "4-ary heap, open root";
    fn new() -> Self {
        QuadOpen { items: Vec::new(), open: false }
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        let entry = Entry { at, order, payload };
        if self.open {
            self.open = false;
            down(&mut self.items, 0, entry);
        } else {
            self.items.push(entry);
            let last = self.items.len() - 1;
            up(&mut self.items, last, entry);
        }
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        if self.open {
            let last = self.items.pop()?;
            if !self.items.is_empty() {
                down(&mut self.items, 0, last);
            }
        }
        self.open = !self.items.is_empty();
        self.items.first().map(|e| (e.at, e.order, e.payload))
    }
}

/// A D-ary heap with keys and payloads in arrays of their own.
pub struct Split<const D: usize> {
    keys: Vec<u128>,
    payloads: Vec<u64>,
}

impl<const D: usize> Calendar for Split<D> {
    const NAME: &'static str = if D == 4 { "4-ary heap, split" } else { "8-ary heap, split" };
    fn new() -> Self {
        Split { keys: Vec::new(), payloads: Vec::new() }
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        let key = key(at, order);
        self.keys.push(key);
        self.payloads.push(payload);
        let mut hole = self.keys.len() - 1;
        while hole > 0 {
            let parent = (hole - 1) / D;
            if self.keys[parent] <= key {
                break;
            }
            self.keys[hole] = self.keys[parent];
            self.payloads[hole] = self.payloads[parent];
            hole = parent;
        }
        self.keys[hole] = key;
        self.payloads[hole] = payload;
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        let (last, last_payload) = (self.keys.pop()?, self.payloads.pop()?);
        let Some(&top) = self.keys.first() else { return Some(event(last, last_payload)) };
        let top_payload = self.payloads[0];
        let (keys, payloads) = (&mut self.keys[..], &mut self.payloads[..]);
        let mut hole = 0;
        loop {
            let first = D * hole + 1;
            let mut child = first;
            if let Some(all) = keys.get(first..first + D) {
                let mut least = all[0];
                for (i, &k) in all.iter().enumerate().skip(1) {
                    let wins = less(k, least);
                    child ^= (child ^ (first + i)) & wins as usize;
                    least = select(wins, k, least);
                }
            } else if let Some(rest) = keys.get(first..)
                && let Some(i) = (0..rest.len()).min_by_key(|&i| rest[i])
            {
                child = first + i;
            } else {
                break;
            }
            if keys[child] >= last {
                break;
            }
            keys[hole] = keys[child];
            payloads[hole] = payloads[child];
            hole = child;
        }
        keys[hole] = last;
        payloads[hole] = last_payload;
        Some(event(top, top_payload))
    }
}

/// A sorted array, the earliest at the end; an insertion walks from the end.
pub struct Sorted(Vec<Entry>);

#[inline(always)]
fn insert(items: &mut Vec<Entry>, entry: Entry) {
    items.push(entry);
    let mut hole = items.len() - 1;
    while hole > 0 && items[hole - 1].key() < entry.key() {
        items[hole] = items[hole - 1];
        hole -= 1;
    }
    items[hole] = entry;
}

impl Calendar for Sorted {
    const NAME: &'static str = "sorted array";
    fn new() -> Self {
        Sorted(Vec::new())
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        insert(&mut self.0, Entry { at, order, payload });
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        self.0.pop().map(|e| (e.at, e.order, e.payload))
    }
}

/// A sorted array whose insertion passes the whole array without a branch on the keys.
pub struct SortedFlat(Vec<Entry>);

impl Calendar for SortedFlat {
    const NAME: &'static str = "sorted array, branchless";
    fn new() -> Self {
        SortedFlat(Vec::new())
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        let mut carried = Entry { at, order, payload };
        for slot in &mut self.0 {
            // The later of the two stays, the earlier is carried on towards the end.
            let swap = less(slot.key(), carried.key());
            let (key, swapped) = (slot.key(), select(swap, carried.key(), slot.key()));
            let kept = slot.payload ^ ((slot.payload ^ carried.payload) & swap);
            let going = select(swap, key, carried.key());
            carried =
                Entry { at: (going >> 64) as u64, order: going as u64, payload: slot.payload ^ carried.payload ^ kept };
            *slot = Entry { at: (swapped >> 64) as u64, order: swapped as u64, payload: kept };
        }
        self.0.push(carried);
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        self.0.pop().map(|e| (e.at, e.order, e.payload))
    }
}

/// An unsorted array; a pop looks at all of it.
pub struct Unsorted(Vec<Entry>);

impl Calendar for Unsorted {
    const NAME: &'static str = "unsorted array";
    fn new() -> Self {
        Unsorted(Vec::new())
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        self.0.push(Entry { at, order, payload });
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        let mut least = 0;
        let mut least_key = self.0.first()?.key();
        for (i, e) in self.0.iter().enumerate().skip(1) {
            let wins = less(e.key(), least_key);
            least ^= (least ^ i) & wins as usize;
            least_key = select(wins, e.key(), least_key);
        }
        let e = self.0.swap_remove(least);
        Some((e.at, e.order, e.payload))
    }
}

/// The sorted array up to `N` events, the 4-ary heap beyond.
pub struct Hybrid<const N: usize> {
    items: Vec<Entry>,
    heap: bool,
}

impl<const N: usize> Calendar for Hybrid<N> {
    const NAME: &'static str = "sorted to 16, then 4-ary";
    fn new() -> Self {
        Hybrid { items: Vec::new(), heap: false }
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        let entry = Entry { at, order, payload };
        if self.heap {
            self.items.push(entry);
            let last = self.items.len() - 1;
            up(&mut self.items, last, entry);
        } else {
            insert(&mut self.items, entry);
            if self.items.len() > N {
                self.items.reverse(); // ascending order is a heap
                self.heap = true;
            }
        }
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        let last = self.items.pop()?;
        if !self.heap || self.items.is_empty() {
            return Some((last.at, last.order, last.payload));
        }
        let top = self.items[0];
        down(&mut self.items, 0, last);
        if self.items.len() <= N / 2 {
            self.items.sort_unstable_by_key(|e| Reverse(e.key()));
            self.heap = false;
        }
        Some((top.at, top.order, top.payload))
    }
}
