//! Occupancy over time: how many items there are, and since when the oldest of them.

use super::Quantiles;

/// Instants at which it is looked.
const LOOKS: usize = 1024;
/// Tables for stretches of 1, 2, 4, … looks.
const LEVELS: usize = LOOKS.ilog2() as usize + 1;

/// Items that are present from one instant until another, observed at 1,024 evenly spaced instants of a run: in the
/// middle of each 1,024th. They can be added in any order, long after they have gone, and none is stored by itself.
#[derive(Clone, Debug)]
pub struct Occupancy {
    from: u64,
    /// The time between two looks; the first comes after half of it.
    step: u64,
    /// At look `i`: how many more are there than at the look before.
    change: Vec<i64>,
    /// At level `l`, place `i`: the earliest beginning that covers the looks `i..i + 2^l`. Two overlapping stretches
    /// cover any other, so that a thing is noted in two places only.
    earliest: Vec<u64>,
}

impl Occupancy {
    /// Nothing is there between two instants in nanoseconds, the second being the later.
    pub fn new(from: u64, to: u64) -> Occupancy {
        Occupancy { from, step: ((to - from) / LOOKS as u64).max(2), change: Vec::new(), earliest: Vec::new() }
    }

    /// The instant of a look.
    fn look(&self, at: usize) -> u64 {
        self.from + self.step * at as u64 + self.step / 2
    }

    /// The first look at or after an instant.
    fn next_look(&self, instant: u64) -> usize {
        let past = instant.saturating_sub(self.from).saturating_add(self.step - self.step / 2 - 1);
        (past / self.step).min(LOOKS as u64) as usize
    }

    /// An item was present from `begin` until `end`.
    pub fn there(&mut self, begin: u64, end: u64) {
        let (first, after) = (self.next_look(begin), self.next_look(end));
        if first >= after {
            return;
        }
        if self.change.is_empty() {
            self.change = vec![0; LOOKS + 1];
            self.earliest = vec![u64::MAX; LOOKS * LEVELS];
        }
        self.change[first] += 1;
        self.change[after] -= 1;
        let level = (after - first).ilog2() as usize;
        for at in [first, after - (1 << level)] {
            let place = &mut self.earliest[level * LOOKS + at];
            *place = (*place).min(begin);
        }
    }

    /// At each look: its instant, how many things are there, and since when the oldest.
    pub fn looks(&self) -> Vec<(u64, u64, Option<u64>)> {
        let mut earliest = self.earliest.clone();
        for level in (1..LEVELS).rev().filter(|_| !self.earliest.is_empty()) {
            let (finer, coarser) = earliest.split_at_mut(level * LOOKS);
            let finer = &mut finer[(level - 1) * LOOKS..];
            for (at, &begin) in coarser[..LOOKS].iter().enumerate() {
                for half in [at, at + (1 << (level - 1))] {
                    if let Some(place) = finer.get_mut(half) {
                        *place = (*place).min(begin);
                    }
                }
            }
        }
        let mut count = 0;
        let look = |at: usize| {
            count += self.change.get(at).unwrap_or(&0);
            let begin = earliest.get(at).copied().filter(|&begin| begin < u64::MAX);
            (self.look(at), u64::try_from(count).unwrap_or(0), begin)
        };
        (0..LOOKS).map(look).collect()
    }

    /// How far back the oldest item reaches, in nanoseconds, over the looks that `counts`; 0 if there is none.
    pub fn reach_back(&self, counts: impl Fn(u64) -> bool) -> Quantiles {
        let mut reach = Quantiles::default();
        for (now, _, begin) in self.looks().into_iter().filter(|look| counts(look.0)) {
            reach.record(begin.map_or(0, |begin| now - begin));
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_what_a_list_of_all_things_says() {
        // Stretches that begin and end anywhere, before and after the run too, and some of no length.
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for (from, to) in [(0, 1_000_003), (5_000, 5_700), (123, 40_000_000)] {
            let mut seen = Occupancy::new(from, to);
            let length = to - from;
            let things: Vec<(u64, u64)> = (0..300)
                .map(|_| {
                    let begin = (from + next(length)).saturating_sub(next(length / 3 + 1));
                    (begin, begin + next(length / 2 + 1))
                })
                .collect();
            things.iter().rev().for_each(|&(begin, end)| seen.there(begin, end));
            for (now, count, oldest) in seen.looks() {
                let there = || things.iter().filter(|(begin, end)| *begin <= now && now < *end);
                assert_eq!(count, there().count() as u64, "at {now} of {from}..{to}");
                assert_eq!(oldest, there().map(|thing| thing.0).min(), "at {now} of {from}..{to}");
            }
        }
    }

    #[test]
    fn nothing_reaches_back_nowhere() {
        let reach = Occupancy::new(0, 1_000).reach_back(|_| true);
        assert_eq!((reach.count(), reach.max()), (1024, Some(0)));
    }

    #[test]
    fn a_saw_has_the_quantiles_of_a_line() {
        // Ten files of 100,000 each, gone when the next but one begins: from 100,000 to 200,000 back.
        let mut files = Occupancy::new(200_000, 1_000_000);
        (0..10).for_each(|file| files.there(file * 100_000, (file + 2) * 100_000));
        let reach = files.reach_back(|_| true);
        for (p, exact) in [(0.05, 105_000.0), (0.5, 150_000.0), (0.95, 195_000.0)] {
            let found = reach.quantile(p).unwrap();
            assert!((found - exact).abs() < 500.0, "{p}: {found}");
        }
    }
}
