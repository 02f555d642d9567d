//! The world: what happens to plans, calls, attempts, ops and records. One replication is [`run`].
//!
//! Read `event` (what may happen, and in which order), then `life` (a plan and its calls), `attempt` (the provider
//! and what follows), `log` (stores and records), `work` (lookups, computations, databases), `permit` (rate limiters); `state` is what all of it
//! works on, `build` turns a checked model into the tables it reads, `draws` says where its draws come from, `parts` are
//! the things with a behaviour of their own. `ledger` holds the sums that must balance, `record` what is measured,
//! `measures` gives it names.
//!
//! Nothing here reads a clock, prints, starts a thread or writes text for people.

mod attempt;
mod build;
mod draws;
mod event;
mod ledger;
mod life;
mod log;
mod measures;
mod parts;
mod permit;
mod policies;
mod record;
mod run;
mod state;
mod work;

pub use build::Blueprint;
pub use measures::Measure;
pub use run::{Failure, Outcome, run};
