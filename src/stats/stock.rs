//! What is there over time, where it is known when most of it goes.

use super::TimeWeighted;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// When an amount goes, and how much.
type Going = (u64, u64);

/// Most of what comes stays as long as others of its kind, and so goes in the order in which it came: a few lanes in
/// which each goes after the one before cost less than a heap of all.
const LANES: usize = 3;

/// An amount of what comes and goes by itself at an instant known beforehand, unless it is taken out sooner. Instants
/// are in nanoseconds; `u64::MAX` is never.
#[derive(Clone, Debug)]
pub struct Stock {
    level: TimeWeighted,
    /// When the next of it goes, and from which lane; from none: from the others.
    next: u64,
    next_lane: usize,
    lanes: [VecDeque<Going>; LANES],
    /// What fits into no lane.
    others: BinaryHeap<Reverse<Going>>,
    /// What is among those, but was taken out before.
    taken: BinaryHeap<Reverse<Going>>,
}

impl Default for Stock {
    fn default() -> Stock {
        let (level, lanes) = (TimeWeighted::default(), Default::default());
        Stock { level, next: u64::MAX, next_lane: 0, lanes, others: BinaryHeap::new(), taken: BinaryHeap::new() }
    }
}

impl Stock {
    /// So much is there from `now` until `until`.
    pub fn put(&mut self, amount: u64, now: u64, until: u64) {
        self.catch_up(now);
        self.level.set(now, self.level.level().saturating_add(amount));
        if until == u64::MAX {
            return;
        }
        let going = (until, amount);
        let lane = self.lanes.iter().position(|lane| lane.back().is_none_or(|last| *last <= going)).unwrap_or(LANES);
        match self.lanes.get_mut(lane) {
            Some(lane) => lane.push_back(going),
            None => self.others.push(Reverse(going)),
        }
        if until < self.next {
            (self.next, self.next_lane) = (until, lane);
        } else if until == self.next {
            self.find_next();
        }
    }

    /// So much of what would be there until `until`, which lies after `now`, is taken out.
    pub fn take(&mut self, amount: u64, now: u64, until: u64) {
        self.catch_up(now);
        self.level.set(now, self.level.level().saturating_sub(amount));
        if until < u64::MAX {
            self.taken.push(Reverse((until, amount)));
        }
    }

    /// Takes out what has gone by `now`.
    #[inline]
    pub fn catch_up(&mut self, now: u64) {
        if self.next <= now {
            self.let_go(now);
        }
    }

    /// In the order in which it goes, and of what goes at one instant the smaller first: what was taken out is found by
    /// that order.
    fn let_go(&mut self, now: u64) {
        while self.next <= now {
            let going = match self.lanes.get_mut(self.next_lane) {
                Some(lane) => lane.pop_front(),
                None => self.others.pop().map(|Reverse(going)| going),
            };
            self.find_next();
            let Some((at, amount)) = going else { return };
            if self.taken.peek().is_some_and(|Reverse(taken)| *taken == (at, amount)) {
                self.taken.pop();
            } else {
                self.level.set(at, self.level.level().saturating_sub(amount));
            }
        }
    }

    fn find_next(&mut self) {
        let mut next = self.others.peek().map_or((u64::MAX, u64::MAX), |Reverse(going)| *going);
        self.next_lane = LANES;
        for (at, lane) in self.lanes.iter().enumerate() {
            if let Some(&first) = lane.front()
                && first < next
            {
                (next, self.next_lane) = (first, at);
            }
        }
        self.next = next.0;
    }

    /// The time ends at `end`, which belongs to it no more: what goes then is still there.
    pub fn finish(&mut self, end: u64) {
        if let Some(last) = end.checked_sub(1) {
            self.catch_up(last);
        }
    }

    /// Forgets what was before `now`, but not what is there: the end of a warm-up.
    pub fn restart(&mut self, now: u64) {
        self.catch_up(now);
        self.level.restart(now);
    }

    /// How much is there, as of the last change.
    pub fn level(&self) -> &TimeWeighted {
        &self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_a_list_of_all_that_was_there() {
        let mut state = 11_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut stock = Stock::default();
        let mut all: Vec<(u64, u64, u64)> = Vec::new();
        let mut now = 0;
        for _ in 0..400 {
            now += next(20);
            // Few different ends and amounts, so that many are alike; and some that fit into no lane.
            let until = match next(7) {
                0 => u64::MAX,
                1 => now + 1 + next(200),
                _ => now + 1 + 50 * next(4),
            };
            let amount = 1 + next(3);
            stock.put(amount, now, until);
            all.push((now, until, amount));
            let at = next(all.len() as u64) as usize;
            if next(3) == 0 && all[at].1 > now {
                stock.take(all[at].2, now, all[at].1);
                all[at].1 = now;
            }
        }
        let end = now + 30;
        stock.finish(end);
        let at = |t: u64| all.iter().filter(|thing| thing.0 <= t && t < thing.1).map(|thing| thing.2).sum::<u64>();
        assert_eq!(stock.level().level(), at(end - 1));
        assert_eq!(stock.level().max(), (0..end).map(at).max().unwrap());
        assert_eq!(stock.level().area(end), (0..end).map(|t| u128::from(at(t))).sum::<u128>());
    }

    #[test]
    fn what_goes_at_the_very_end_is_still_there() {
        let mut stock = Stock::default();
        stock.put(7, 0, 10);
        stock.finish(10);
        assert_eq!(stock.level().level(), 7);
        stock.catch_up(10);
        assert_eq!(stock.level().level(), 0);
    }
}
