//! What was used at which prices, and what attempts go to which account.

use crate::units::Money;

/// The attempts that go to an account, of recorded plans.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bill {
    /// All of them.
    pub(crate) attempts: u64,
    /// Those that were not the first of their call.
    pub(crate) retries: u64,
    /// Cut by the timeout.
    pub(crate) cut: u64,
    /// Answered with another fault.
    pub(crate) faulty: u64,
    /// Answered well, for a plan that did not come to be.
    pub(crate) unused: u64,
}

/// Something that the platform bills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Item {
    /// How much of it a month has used so far, and how much of that is included.
    pub(crate) used: f64,
    pub(crate) included: f64,
    /// How much of it the price is for.
    pub(crate) unit: f64,
    pub(crate) price: Money,
}

impl Item {
    /// What costs what was used since `before`: what is included is used up in the order of time.
    pub(crate) fn dollars(&self, before: f64) -> f64 {
        let over = |used: f64| (used - self.included).max(0.0);
        (over(self.used) - over(before)) / self.unit * self.price.dollars()
    }
}

/// The bill up to an instant, at the prices that held last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cut {
    /// How much of the recorded time is over.
    pub(crate) share: f64,
    pub(crate) base: Money,
    pub(crate) items: Vec<Item>,
}
