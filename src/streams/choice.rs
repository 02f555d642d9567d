//! A choice among many: which entry of a catalogue is requested, which person comes.

use super::Word;
use crate::math;

/// How popular the entries of a catalogue are.
#[derive(Clone, Debug, PartialEq)]
pub enum Popularity {
    /// All alike.
    Uniform,
    /// The entry of rank k, from 1, by `k^-s`: Zipf's law.
    Zipf(f64),
    /// By these weights, one for each entry.
    Weights(Vec<f64>),
}

impl Popularity {
    /// The share of each of `count` entries; they sum to 1.
    pub fn shares(&self, count: u32) -> Vec<f64> {
        let weights: Vec<f64> = match self {
            Popularity::Uniform => vec![1.0; count as usize],
            Popularity::Zipf(s) => (1..=count).map(|rank| math::pow(f64::from(rank), -s)).collect(),
            Popularity::Weights(weights) => weights.clone(),
        };
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }
}

/// Draws an entry, from 0, of a catalogue.
#[derive(Clone, Debug)]
pub struct Choice {
    count: u32,
    /// Below which a draw falls on each entry or one before it; none where all are alike.
    upper: Vec<f64>,
}

impl Choice {
    /// A choice among `count` entries, at least one.
    pub fn new(count: u32, popularity: &Popularity) -> Choice {
        let mut sum = 0.0;
        let mut add = |share: f64| {
            sum += share;
            sum
        };
        let upper = match popularity {
            Popularity::Uniform => Vec::new(),
            other => other.shares(count).into_iter().map(&mut add).collect(),
        };
        Choice { count, upper }
    }

    /// The entry that a draw falls on: one word, one entry.
    pub fn pick(&self, word: Word) -> u32 {
        if self.upper.is_empty() {
            return word.index(u64::from(self.count)) as u32;
        }
        let u = word.unit();
        (self.upper.partition_point(|upper| *upper <= u) as u32).min(self.count - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_has_its_share_of_the_words() {
        let by_weight = Popularity::Weights(vec![1.0, 0.0, 3.0]);
        assert_eq!(by_weight.shares(3), [0.25, 0.0, 0.75]);
        let choice = Choice::new(3, &by_weight);
        let quarter = 1 << 62;
        assert_eq!([0, quarter - 1, quarter, u64::MAX].map(|word| choice.pick(Word(word))), [0, 0, 2, 2]);
        let zipf = Popularity::Zipf(1.0).shares(2);
        assert!((zipf[0] - 2.0 / 3.0).abs() < 1e-15);
        let even = Choice::new(5, &Popularity::Uniform);
        assert_eq!([Word(0), Word(u64::MAX)].map(|word| even.pick(word)), [0, 4]);
        assert_eq!(Choice::new(4, &Popularity::Zipf(0.0)).pick(Word(u64::MAX)), 3);
    }
}
