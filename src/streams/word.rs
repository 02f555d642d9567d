//! One draw, and the simple things to make of it.

use crate::math;
use crate::units::{Probability, Span};

/// 64 random bits: one draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub u64);

/// A probability, ready to be compared with a [`Word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold(u64);

impl Threshold {
    /// The threshold below which a word lies with this probability, to 2⁻⁶³: never at 0, always at 1.
    pub fn new(p: Probability) -> Threshold {
        Threshold((p.value() * (1_u64 << 63) as f64) as u64)
    }
}

impl From<Probability> for Threshold {
    fn from(p: Probability) -> Threshold {
        Threshold::new(p)
    }
}

impl Word {
    /// A real number inside (0, 1), never either end: the middle of one of 2⁵² cells (with 2⁵³, the last would round
    /// to 1).
    #[inline]
    pub fn unit(self) -> f64 {
        ((self.0 >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// True with the threshold's probability. One word may be held against rising thresholds to choose one of several
    /// outcomes.
    #[inline]
    pub fn below(self, p: Threshold) -> bool {
        (self.0 >> 1) < p.0
    }

    /// A whole number from 0 to `n - 1`, each equally likely; 0 where `n` is 0.
    #[inline]
    pub fn index(self, n: u64) -> u64 {
        ((u128::from(self.0) * u128::from(n)) >> 64) as u64
    }

    /// A span from nothing to `longest`, both included, each whole nanosecond equally likely.
    #[inline]
    pub fn up_to(self, longest: Span) -> Span {
        Span::from_nanos(self.index(longest.nanos() + 1))
    }

    /// An exponential number of mean 1: the hazard passed until something happens.
    pub fn exponential(self) -> f64 {
        -math::ln_1p(-self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [Word; 2] = [Word(0), Word(u64::MAX)];

    #[test]
    fn the_ends_are_never_reached() {
        for word in ENDS {
            assert!(word.unit() > 0.0 && word.unit() < 1.0);
            assert!(word.exponential() > 0.0 && word.exponential() < 40.0);
        }
    }

    #[test]
    fn certain_and_impossible_are_exact() {
        for word in ENDS {
            assert!(word.below(Threshold::new(Probability::ONE)));
            assert!(!word.below(Threshold::new(Probability::ZERO)));
        }
        let half = Threshold::new(Probability::new(0.5).unwrap());
        assert!(Word((1 << 63) - 1).below(half) && !Word(1 << 63).below(half));
    }

    #[test]
    fn whole_numbers_cover_their_range() {
        assert_eq!(ENDS.map(|w| w.index(7)), [0, 6]);
        assert_eq!(ENDS.map(|w| w.up_to(Span::SECOND)), [Span::ZERO, Span::SECOND]);
        assert_eq!(ENDS.map(|w| w.up_to(Span::ZERO)), [Span::ZERO; 2]);
    }
}
