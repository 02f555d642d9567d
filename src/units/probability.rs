//! Probabilities and fractions.

use super::error::{UnitError, refuse};

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// It never happens.
    pub const ZERO: Probability = Probability(0.0);
    /// It always happens.
    pub const ONE: Probability = Probability(1.0);

    /// A probability.
    ///
    /// # Errors
    /// A number outside 0..=1, or none.
    pub fn new(value: f64) -> Result<Probability, UnitError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Probability(value))
        } else {
            refuse("a fraction must be a number from 0 to 1")
        }
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }
}
