//! The order of events: by time, then by an order within the instant that the caller gives.
//!
//! A knock-out tournament: every pending event has a leaf of a binary tree, every inner place holds the earlier of
//! the two below, so the root holds the earliest. Whatever changes on a leaf is settled by replaying the matches on
//! its way up. Unlike a heap's, that way is known beforehand: the opponents' keys are fetched side by side instead of
//! one after the other, and nothing branches on the outcome of a comparison. A pop leaves its leaf open, and the
//! push that mostly follows takes it over: one pass up for both. `benches/README.md` has the measurements.

use crate::units::Instant;

/// The time of a leaf without an event: later than that of any event.
const NOTHING: u64 = u64::MAX >> 1;
/// The latest time kept apart from [`NOTHING`]; whatever lies beyond (292 years) is kept as this.
const LATEST: u64 = NOTHING - 1;
/// Fewer leaves than this are not worth giving back.
const SMALL: usize = 64;

/// A place of the tree: the earliest time below it, and the leaf that it stands on.
#[derive(Clone, Copy, Debug)]
struct Place {
    time: u64,
    leaf: u32,
}

const EMPTY: Place = Place { time: NOTHING, leaf: 0 };

/// Pending events, the earliest first; of two at the same instant, the one with the smaller `order`. Whoever pushes
/// makes orders unique within an instant: two equal pairs come out in an order that is fixed, but means nothing.
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    /// Siblings: pair `p` holds the winners of pairs `2p` and `2p + 1`; the final is pair 1, pair 0 is unused.
    pairs: Vec<[Place; 2]>,
    /// The winner of pair 1.
    first: Place,
    /// Whether the event at `first` has been handed out, so that its leaf is open to the next push.
    open: bool,
    /// By leaf, with the order within the instant; those never used are not there yet.
    events: Vec<(u64, E)>,
    /// Leaves that were used and are not now.
    free: Vec<u32>,
}

impl<E: Copy> Calendar<E> {
    /// No events.
    pub fn new() -> Calendar<E> {
        Calendar { pairs: vec![[EMPTY; 2]; 2], first: EMPTY, open: false, events: Vec::new(), free: Vec::new() }
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.events.len() - self.free.len() - usize::from(self.open)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an event.
    ///
    /// # Panics
    /// More than 2^31 events pending at once.
    #[inline]
    pub fn push(&mut self, at: Instant, order: u64, event: E) {
        let leaf = if self.open {
            self.open = false;
            self.events[self.first.leaf as usize] = (order, event);
            self.first.leaf
        } else {
            self.take_leaf((order, event))
        };
        self.replay(leaf, at.nanos().min(LATEST));
    }

    /// Takes the earliest event, with its time and order.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, u64, E)> {
        let next = self.peek()?;
        self.open = true;
        Some(next)
    }

    /// When the earliest event is due; past 292 years where there is none.
    #[inline]
    pub fn next_at(&mut self) -> Instant {
        if self.open {
            self.settle();
        }
        Instant::from_nanos(self.first.time)
    }

    /// The earliest event, which stays. (It settles what a pop left open, so it is no cheaper than a pop.)
    #[inline]
    pub fn peek(&mut self) -> Option<(Instant, u64, E)> {
        if self.open {
            self.settle();
        }
        let Place { time, leaf } = self.first;
        if time == NOTHING {
            return None;
        }
        let (order, event) = self.events[leaf as usize];
        Some((Instant::from_nanos(time), order, event))
    }

    /// Plays the matches from a leaf up to the root with a new time on it.
    #[inline]
    fn replay(&mut self, leaf: u32, time: u64) {
        let mut winner = Place { time, leaf };
        let mut place = self.pairs.len() + leaf as usize;
        while place > 1 {
            let pair = &mut self.pairs[place / 2];
            pair[place % 2] = winner;
            let other = pair[1 - place % 2];
            // Orders are looked up only where times are equal: a key of both made each match twice as long.
            winner = if (other.time == winner.time) & (winner.time != NOTHING) {
                self.first_by_order(winner, other)
            } else {
                earlier(winner, other)
            };
            place /= 2;
        }
        self.first = winner;
    }

    #[cold]
    fn first_by_order(&self, a: Place, b: Place) -> Place {
        let order = |place: Place| self.events[place.leaf as usize].0;
        if order(b) < order(a) { b } else { a }
    }

    /// Clears the leaf that a pop left open and no push took over.
    #[inline]
    fn settle(&mut self) {
        self.open = false;
        self.free.push(self.first.leaf);
        self.replay(self.first.leaf, NOTHING);
        let leaves = self.pairs.len();
        if leaves > SMALL && self.len() < leaves / 8 {
            self.rebuild(leaves / 2);
        }
    }

    #[inline]
    fn take_leaf(&mut self, event: (u64, E)) -> u32 {
        if let Some(leaf) = self.free.pop() {
            self.events[leaf as usize] = event;
            return leaf;
        }
        if self.events.len() == self.pairs.len() {
            self.rebuild(2 * self.events.len());
        }
        self.events.push(event);
        (self.events.len() - 1) as u32
    }

    /// Moves what is pending to the front of a tree with so many leaves. Every leaf but the open one is settled.
    #[cold]
    fn rebuild(&mut self, leaves: usize) {
        assert!(leaves <= 1 << 31, "more than 2^31 events pending");
        let pending: Vec<(u64, (u64, E))> = (0..self.events.len())
            .map(|leaf| (self.pairs[(self.pairs.len() + leaf) / 2][leaf % 2].time, self.events[leaf]))
            .filter(|&(time, _)| time != NOTHING)
            .collect();
        *self = Calendar { pairs: vec![[EMPTY; 2]; leaves], ..Calendar::new() };
        for (leaf, (time, event)) in pending.into_iter().enumerate() {
            self.events.push(event);
            self.replay(leaf as u32, time);
        }
    }
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Calendar::new()
    }
}

/// The earlier of two, `a` where they are equal.
///
/// The sign of the difference becomes a mask. Written as an `if`, or as `select_unpredictable`, this turns into a
/// branch that is wrong half of the time: 36 ns instead of 15 with 64 events pending (rustc 1.95, x86-64).
#[inline(always)]
fn earlier(a: Place, b: Place) -> Place {
    let b_wins = (b.time.wrapping_sub(a.time) as i64 >> 63) as u64;
    Place { time: a.time ^ ((a.time ^ b.time) & b_wins), leaf: a.leaf ^ ((a.leaf ^ b.leaf) & b_wins as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn time_comes_first_then_order() {
        let mut calendar = Calendar::new();
        for (time, order, event) in [(5, 2, 'd'), (5, 1, 'c'), (3, 9, 'a'), (4, 0, 'b'), (u64::MAX >> 2, 0, 'e')] {
            calendar.push(at(time), order, event);
        }
        assert_eq!(calendar.len(), 5);
        assert_eq!(calendar.peek(), Some((at(3), 9, 'a')));
        let served: String = std::iter::from_fn(|| calendar.pop()).map(|(_, _, event)| event).collect();
        assert_eq!(served, "abcde");
        assert!(calendar.is_empty());
        assert_eq!(calendar.pop(), None);
        assert_eq!(calendar.peek(), None);
    }

    #[test]
    fn it_says_whether_something_is_pending_and_when() {
        let mut calendar = Calendar::new();
        assert!(calendar.is_empty() && calendar.next_at() > at(1 << 62));
        calendar.push(at(7), 5, 'a');
        assert!(!calendar.is_empty());
        assert_eq!(calendar.next_at(), at(7));
        calendar.pop();
        assert!(calendar.is_empty() && calendar.next_at() > at(1 << 62));
    }

    #[test]
    fn an_event_of_the_instant_served_now_is_still_served() {
        let mut calendar = Calendar::new();
        calendar.push(at(7), 5, 'a');
        assert_eq!(calendar.pop(), Some((at(7), 5, 'a')));
        calendar.push(at(7), 1, 'b');
        calendar.push(at(7), 0, 'c');
        assert_eq!(calendar.pop(), Some((at(7), 0, 'c')));
        assert_eq!(calendar.pop(), Some((at(7), 1, 'b')));
    }

    /// The leaf that the first pop leaves empty makes two others meet that tie.
    #[test]
    fn orders_decide_on_the_way_up_from_an_empty_leaf_too() {
        let mut calendar = Calendar::new();
        for (time, order, event) in [(1, 0, 'a'), (9, 2, 'c'), (9, 1, 'b'), (9, 3, 'd')] {
            calendar.push(at(time), order, event);
        }
        let served: String = std::iter::from_fn(|| calendar.pop()).map(|(_, _, event)| event).collect();
        assert_eq!(served, "abcd");
    }

    #[test]
    fn the_end_of_time_is_an_instant_like_any_other() {
        let mut calendar = Calendar::new();
        calendar.push(Instant::NEVER, u64::MAX, 'b');
        calendar.push(at(LATEST), 0, 'a');
        assert_eq!(calendar.pop(), Some((at(LATEST), 0, 'a')));
        assert_eq!(calendar.pop(), Some((at(LATEST), u64::MAX, 'b')));
        assert_eq!(calendar.pop(), None);
    }

    #[test]
    fn it_gives_back_what_a_burst_made_it_take() {
        let mut calendar = Calendar::new();
        for n in 0..100_000 {
            calendar.push(at(n * 7919 % 100_003), n, n);
        }
        let mut last = at(0);
        while calendar.len() > 10 {
            let (now, _, n) = calendar.pop().unwrap();
            assert!(now > last || n == 0);
            last = now;
        }
        assert!(calendar.pairs.len() <= 2 * SMALL, "{} leaves for ten events", calendar.pairs.len());
        assert_eq!(std::iter::from_fn(|| calendar.pop()).count(), 10);
    }

    /// What a test does to a calendar.
    #[derive(Clone, Copy, Debug)]
    enum Deed {
        Push(u64),
        Pop,
        Peek,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        // Few distinct times, so that the order within an instant matters.
        prop_oneof![5 => (0_u64..12).prop_map(Deed::Push), 4 => Just(Deed::Pop), 1 => Just(Deed::Peek)]
    }

    proptest! {
        #[test]
        fn it_serves_as_a_sorted_list_does(
            deeds in prop::collection::vec(deed(), 0..400),
            // From mostly rising to all mixed up.
            orders in prop::collection::vec(0_u64..1 << 40, 400),
        ) {
            let mut calendar = Calendar::new();
            let mut model: Vec<(u64, u64, usize)> = Vec::new();
            for (n, deed) in deeds.into_iter().enumerate() {
                match deed {
                    Deed::Push(time) => {
                        let order = orders[n] << 10 | n as u64;
                        calendar.push(at(time), order, n);
                        model.push((time, order, n));
                        model.sort_unstable();
                    }
                    Deed::Pop => {
                        let expected = (!model.is_empty()).then(|| model.remove(0));
                        prop_assert_eq!(calendar.pop().map(|(t, o, n)| (t.nanos(), o, n)), expected);
                    }
                    Deed::Peek => {
                        let found = calendar.peek().map(|(t, o, n)| (t.nanos(), o, n));
                        prop_assert_eq!(found, model.first().copied());
                    }
                }
                prop_assert_eq!(calendar.len(), model.len());
            }
            for expected in model {
                prop_assert_eq!(calendar.pop().map(|(t, o, n)| (t.nanos(), o, n)), Some(expected));
            }
            prop_assert_eq!(calendar.pop(), None);
        }
    }
}
