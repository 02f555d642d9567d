//! What attempts cost, and what another plan of the platform is compared by.

use super::Model;
use crate::policy::FaultSet;
use crate::units::Money;

/// `usage`, `prices` and `billed_on` of a provider: what an attempt costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// Tokens that an attempt sends.
    pub input: u64,
    /// Tokens that the provider writes.
    pub output: u64,
    /// What a million tokens sent cost.
    pub input_per_million: Money,
    /// What a million tokens written cost.
    pub output_per_million: Money,
    /// Faults after which an attempt is billed all the same.
    pub billed_on: FaultSet,
}

impl Tokens {
    /// What one attempt costs, in US dollars.
    pub fn dollars(&self) -> f64 {
        let side = |tokens: u64, price: Money| tokens as f64 * price.dollars() / 1e6;
        side(self.input, self.input_per_million) + side(self.output, self.output_per_million)
    }
}

/// `[cost]`: whether another plan of the platform would pay.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// What is lost with a plan that finds a limit used up, or goes without its logs for it.
    pub value_per_plan: Money,
    /// `upgrade`: the preset to compare with.
    pub preset: String,
    /// The same model on that preset; always there once the model is loaded.
    pub upgraded: Option<Box<Model>>,
}
