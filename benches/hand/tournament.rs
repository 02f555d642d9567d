//! Tournament trees of wider arity than that of `capsim::calendar`, which says why such a tree is fast.

use super::candidates::{Calendar, Event, less, select};

const NOTHING: u128 = u128::MAX >> 1;

#[inline(always)]
fn select_leaf(mask: u64, a: u32, b: u32) -> u32 {
    b ^ ((a ^ b) & mask as u32)
}

#[derive(Clone, Copy)]
struct Group<const A: usize> {
    keys: [u128; A],
    leaves: [u32; A],
}

/// Winners of groups of `A`, up to the earliest of all.
pub struct Tournament<const A: usize> {
    groups: Vec<Group<A>>,
    payloads: Vec<u64>,
    free: Vec<u32>,
    bottom: usize,
    top: u128,
    top_leaf: u32,
    open: bool,
}

impl<const A: usize> Tournament<A> {
    /// Puts `key` on a leaf and replays its matches up to the root.
    #[inline(always)]
    fn replay(&mut self, leaf: u32, key: u128) {
        let place = self.bottom * A + leaf as usize;
        let (mut group, mut slot) = (place / A, place % A);
        let (mut key, mut leaf) = (key, leaf);
        loop {
            let g = &mut self.groups[group];
            g.keys[slot] = key;
            g.leaves[slot] = leaf;
            // The best of the others does not wait for the match below, so only one comparison a level is in line.
            let (mut best, mut best_leaf) = (g.keys[slot ^ 1], g.leaves[slot ^ 1]);
            for i in 2..A {
                let (k, l) = (g.keys[slot ^ i], g.leaves[slot ^ i]);
                let wins = less(k, best);
                best = select(wins, k, best);
                best_leaf = select_leaf(wins, l, best_leaf);
            }
            let wins = less(best, key);
            key = select(wins, best, key);
            leaf = select_leaf(wins, best_leaf, leaf);
            if group == 0 {
                break;
            }
            slot = (group - 1) % A;
            group = (group - 1) / A;
        }
        self.top = key;
        self.top_leaf = leaf;
    }

    #[cold]
    fn grow(&mut self) {
        let old = self.payloads.len();
        let leaves: Vec<u128> = (0..old).map(|l| self.groups[self.bottom + l / A].keys[l % A]).collect();
        self.bottom = self.bottom * A + 1;
        self.groups = vec![Group { keys: [NOTHING; A], leaves: [0; A] }; self.bottom * A + 1];
        self.payloads.resize(old * A, 0);
        self.free.extend((old..old * A).rev().map(|l| l as u32));
        for (leaf, key) in leaves.into_iter().enumerate() {
            self.replay(leaf as u32, key);
        }
    }
}

impl<const A: usize> Calendar for Tournament<A> {
    const NAME: &'static str = match A {
        4 => "tournament of 4",
        _ => "tournament of 8",
    };
    fn new() -> Self {
        Tournament {
            groups: vec![Group { keys: [NOTHING; A], leaves: [0; A] }; 1],
            payloads: vec![0; A],
            free: (0..A as u32).rev().collect(),
            bottom: 0,
            top: NOTHING,
            top_leaf: 0,
            open: false,
        }
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        let leaf = if self.open {
            self.open = false;
            self.top_leaf
        } else {
            if self.free.is_empty() {
                self.grow();
            }
            self.free.pop().unwrap_or(0)
        };
        self.payloads[leaf as usize] = payload;
        self.replay(leaf, u128::from(at) << 64 | u128::from(order));
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        if self.open {
            self.free.push(self.top_leaf);
            self.replay(self.top_leaf, NOTHING);
        }
        self.open = self.top != NOTHING;
        self.open.then(|| ((self.top >> 64) as u64, self.top as u64, self.payloads[self.top_leaf as usize]))
    }
}
