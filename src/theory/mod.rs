//! Formulas that a simulated result is laid beside: what the books say, with nothing simulated.
//!
//! Seconds and rates per second throughout. Read in this order: [`erlang`] and [`queues`] for waiting, [`bursts`] and
//! [`patience`] for arrivals that come otherwise or leave, [`plan`], [`retry`] and [`breaker`] for calls and attempts,
//! [`bucket`] and [`spacing`] for limits on rates, [`counting`] for quotas, and [`cache`] for what is forgotten.

pub mod breaker;
pub mod bucket;
pub mod bursts;
pub mod cache;
pub mod counting;
pub mod erlang;
pub mod patience;
pub mod plan;
pub mod queues;
pub mod retry;
pub mod spacing;

#[cfg(test)]
fn close(seen: f64, expected: f64, bound: f64) {
    assert!((seen - expected).abs() <= bound * expected.abs().max(1e-300), "{seen} is not {expected}");
}
