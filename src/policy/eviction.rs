//! A cache of limited size whose entries expire: which keys it holds, and which entry is evicted.
//!
//! Keys are small whole numbers, so that an entry is a place in a table and every operation takes constant time.

use crate::units::{Instant, Span};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which entry is evicted when the cache is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evict {
    /// The entry whose last read or write is longest ago.
    Lru,
    /// The entry that was written first.
    Fifo,
}

/// What the life of an entry is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renew {
    /// Its last write.
    OnWrite,
    /// Its last read or write.
    OnRead,
}

/// How many entries were removed, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Evicted, as the cache was full.
    pub evicted: u64,
    /// Expired.
    pub expired: u64,
    /// All at once, in a [`Cache::clear`].
    pub lost: u64,
}

/// Links of two circular lists of the entries, by use and by write, and when each entry expires. The last node is the
/// head of both lists.
#[derive(Clone, Copy, Debug)]
struct Node {
    links: [(u32, u32); 2],
    expires: Instant,
    held: bool,
}

const BY_USE: usize = 0;
const BY_WRITE: usize = 1;

/// A cache. An entry of age `ttl` has expired and holds no room.
#[derive(Clone, Debug)]
pub struct Cache {
    places: u32,
    ttl: Option<Span>,
    evict: Evict,
    renew: Renew,
    nodes: Vec<Node>,
    /// When which entry goes, once they do not live equally long: some of it is no longer true.
    ends: Option<BinaryHeap<Reverse<(Instant, u32)>>>,
    held: u32,
    /// Entries that were put in where they were not.
    pub added: u64,
    /// How many have gone.
    pub forgotten: Forgotten,
}

impl Cache {
    /// An empty cache for keys under `keys`, with room for `places` entries; at least one.
    pub fn new(keys: u32, places: u32, ttl: Option<Span>, evict: Evict, renew: Renew) -> Cache {
        let nobody = Node { links: [(keys, keys); 2], expires: Instant::NEVER, held: false };
        Cache {
            places,
            ttl,
            evict,
            renew,
            nodes: vec![nobody; keys as usize + 1],
            ends: None,
            held: 0,
            added: 0,
            forgotten: Forgotten::default(),
        }
    }

    /// Entries that are there, as of the last operation.
    pub fn len(&self) -> u32 {
        self.held
    }

    /// Whether nothing is there, as of the last operation.
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Whether the key is there; reading it makes it the last used.
    pub fn read(&mut self, key: u32, now: Instant) -> bool {
        self.expire(now);
        if !self.nodes[key as usize].held {
            return false;
        }
        self.unlink(key, BY_USE);
        self.append(key, BY_USE);
        if self.renew == Renew::OnRead {
            self.lives_from(key, now);
        }
        true
    }

    /// Another size, and another time to live for entries written from now on; entries that no longer fit are evicted
    /// at once.
    pub fn change(&mut self, places: u32, ttl: Option<Span>, now: Instant) {
        self.expire(now);
        self.places = places;
        while self.held > places {
            self.make_room();
        }
        if ttl == self.ttl {
            return;
        }
        let held = (0..self.head()).filter(|&key| self.nodes[key as usize].held);
        self.ends.get_or_insert_with(|| held.map(|key| Reverse((self.nodes[key as usize].expires, key))).collect());
        self.ttl = ttl;
    }

    /// Writes a key, new or again; if the cache is full an entry is evicted.
    pub fn write(&mut self, key: u32, now: Instant) {
        self.expire(now);
        if self.nodes[key as usize].held {
            self.unlink(key, BY_USE);
            self.unlink(key, BY_WRITE);
        } else {
            if self.held == self.places {
                self.make_room();
            }
            self.held += 1;
            self.added += 1;
            self.nodes[key as usize].held = true;
        }
        self.append(key, BY_USE);
        self.append(key, BY_WRITE);
        self.lives_from(key, now);
    }

    fn make_room(&mut self) {
        let order = if self.evict == Evict::Lru { BY_USE } else { BY_WRITE };
        self.remove(self.first(order));
        self.forgotten.evicted += 1;
    }

    /// Removes all entries at once.
    pub fn clear(&mut self, now: Instant) {
        self.expire(now);
        self.forgotten.lost += u64::from(self.held);
        while self.held > 0 {
            self.remove(self.first(BY_USE));
        }
    }

    /// Entries whose life is over by now go. All live equally long, so they go in the order of what renews them; unless
    /// the time to live has changed.
    pub fn expire(&mut self, now: Instant) {
        if self.ends.is_some() {
            return self.expire_in_order(now);
        }
        if self.ttl.is_none() {
            return;
        }
        let order = if self.renew == Renew::OnRead { BY_USE } else { BY_WRITE };
        while self.held > 0 && self.nodes[self.first(order) as usize].expires <= now {
            self.remove(self.first(order));
            self.forgotten.expired += 1;
        }
    }

    fn expire_in_order(&mut self, now: Instant) {
        while let Some(Reverse((at, key))) = self.ends.as_ref().and_then(|ends| ends.peek().copied())
            && at <= now
        {
            self.ends.as_mut().and_then(BinaryHeap::pop);
            if self.nodes[key as usize].held && self.nodes[key as usize].expires == at {
                self.remove(key);
                self.forgotten.expired += 1;
            }
        }
    }

    /// Restarts the life of an entry.
    fn lives_from(&mut self, key: u32, now: Instant) {
        let expires = self.ttl.map_or(Instant::NEVER, |ttl| now.saturating_add(ttl));
        self.nodes[key as usize].expires = expires;
        if let Some(ends) = self.ends.as_mut().filter(|_| expires < Instant::NEVER) {
            ends.push(Reverse((expires, key)));
        }
    }

    fn head(&self) -> u32 {
        self.nodes.len() as u32 - 1
    }

    fn first(&self, order: usize) -> u32 {
        self.nodes[self.head() as usize].links[order].1
    }

    fn remove(&mut self, key: u32) {
        self.unlink(key, BY_USE);
        self.unlink(key, BY_WRITE);
        self.nodes[key as usize].held = false;
        self.held -= 1;
    }

    fn unlink(&mut self, key: u32, order: usize) {
        let (before, after) = self.nodes[key as usize].links[order];
        self.nodes[before as usize].links[order].1 = after;
        self.nodes[after as usize].links[order].0 = before;
    }

    fn append(&mut self, key: u32, order: usize) {
        let head = self.head();
        let last = self.nodes[head as usize].links[order].0;
        self.nodes[key as usize].links[order] = (last, head);
        self.nodes[last as usize].links[order].1 = key;
        self.nodes[head as usize].links[order].0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same in the plainest way: a list of (key, last use, last write), searched from end to end.
    struct Naive {
        places: usize,
        ttl: Option<u64>,
        evict: Evict,
        renew: Renew,
        entries: Vec<(u32, u64, u64)>,
        operations: u64,
    }

    impl Naive {
        fn alive(&mut self, now: u64) {
            let (ttl, renew) = (self.ttl, self.renew);
            let born = |times: (u64, u64)| if renew == Renew::OnRead { times.0.max(times.1) } else { times.1 };
            self.entries
                .retain(|&(_, used, written)| ttl.is_none_or(|ttl| now < born((used >> 20, written >> 20)) + ttl));
        }

        /// An instant, and after it the number of the operation, which orders those of one instant.
        fn stamp(&mut self, now: u64) -> u64 {
            self.operations += 1;
            now << 20 | self.operations
        }

        fn read(&mut self, key: u32, now: u64) -> bool {
            self.alive(now);
            let stamp = self.stamp(now);
            let found = self.entries.iter_mut().find(|entry| entry.0 == key);
            found.map(|entry| entry.1 = stamp).is_some()
        }

        fn write(&mut self, key: u32, now: u64) {
            self.alive(now);
            let stamp = self.stamp(now);
            self.entries.retain(|entry| entry.0 != key);
            if self.entries.len() == self.places {
                let evict = self.evict;
                let oldest = |entry: &&(u32, u64, u64)| if evict == Evict::Lru { entry.1 } else { entry.2 };
                let goes = self.entries.iter().min_by_key(oldest).unwrap().0;
                self.entries.retain(|entry| entry.0 != goes);
            }
            self.entries.push((key, stamp, stamp));
        }
    }

    fn at(seconds: u64) -> Instant {
        Instant::START + Span::from_secs(seconds)
    }

    proptest! {
        /// Whatever is done, the same keys are there as in the plain list, never more than there is room for, and all
        /// that came in is there or has gone for one reason.
        #[test]
        fn holds_what_a_plain_list_holds(
            places in 1_u32..6,
            ttl in proptest::option::of(1_u64..20),
            fifo: bool,
            sliding: bool,
            steps in proptest::collection::vec((0_u32..8, 0_u64..5, 0_u8..8), 0..200),
        ) {
            let evict = if fifo { Evict::Fifo } else { Evict::Lru };
            let renew = if sliding { Renew::OnRead } else { Renew::OnWrite };
            let mut cache = Cache::new(8, places, ttl.map(Span::from_secs), evict, renew);
            let mut naive = Naive { places: places as usize, ttl, evict, renew, entries: vec![], operations: 0 };
            let mut now = 0;
            for (key, later, what) in steps {
                now += later;
                match what {
                    0..3 => {
                        cache.write(key, at(now));
                        naive.write(key, now);
                    }
                    3 => {
                        cache.clear(at(now));
                        naive.entries.clear();
                    }
                    _ => prop_assert_eq!(cache.read(key, at(now)), naive.read(key, now), "key {} at {}", key, now),
                }
                prop_assert_eq!(cache.len() as usize, naive.entries.len());
                prop_assert!(cache.len() <= places);
                let gone = cache.forgotten.evicted + cache.forgotten.expired + cache.forgotten.lost;
                prop_assert_eq!(cache.added, gone + u64::from(cache.len()));
            }
        }

        /// What a smaller LRU cache holds, a larger one holds too (Mattson et al., *IBM Systems Journal* 9, 1970).
        #[test]
        fn a_larger_lru_cache_never_misses_where_a_smaller_hits(
            keys in proptest::collection::vec(0_u32..8, 0..200), small in 1_u32..6, more in 1_u32..3,
        ) {
            let cache = |places| Cache::new(8, places, None, Evict::Lru, Renew::OnWrite);
            let (mut small, mut large) = (cache(small), cache(small + more));
            for key in keys {
                let (hit, hit_in_large) = (small.read(key, at(0)), large.read(key, at(0)));
                prop_assert!(!hit || hit_in_large);
                small.write(key, at(0));
                large.write(key, at(0));
            }
        }
    }

    #[test]
    fn an_entry_of_age_ttl_is_gone_and_holds_no_room() {
        let mut cache = Cache::new(4, 2, Some(Span::from_secs(10)), Evict::Lru, Renew::OnWrite);
        cache.write(0, at(0));
        cache.write(1, at(5));
        assert!(cache.read(0, at(9)));
        cache.write(2, at(10)); // 0 was read last, and has expired: nobody must make room
        assert_eq!(cache.forgotten, Forgotten { evicted: 0, expired: 1, lost: 0 });
        assert!(cache.read(1, at(14)) && cache.read(2, at(14)) && !cache.read(0, at(14)));
    }
}
