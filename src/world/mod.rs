//! The world: what happens to plans, calls, attempts, ops and records. One replication is [`run`].
//!
//! Read `event` (what may happen, and in which order), then `life` (a plan and its calls), `attempt` (the provider
//! and what follows), `policies` (what stands around an attempt), `log` (stores), `fate` (records), `work` (lookups,
//! computations, databases), `permit` (rate limiters), `semaphore` (what a call holds around it), `invocation` (what
//! one has to itself) and `connection`, `errand` and `admin` (ops that no call makes), `change` (values
//! that change in mid-run), `isolates` (those that come and go); `state` is what all of it works on, `build` turns a
//! checked model into the tables it reads, `draws` says where its draws come from, `parts` are the things with a
//! behaviour of their own. `ledger` holds the sums that must balance, `cause` why something
//! did not end well, `record` what is measured, `measures` and
//! `readable` give it names.
//!
//! Nothing here reads a clock, prints, starts a thread or writes text for people.

mod adapt;
mod admin;
mod attempt;
mod bad_ends;
mod build;
mod cause;
mod change;
mod comeback;
mod connection;
mod cost;
mod diagnostics;
mod draws;
mod errand;
mod event;
mod fate;
mod invocation;
mod isolates;
mod laws;
mod leaving;
mod ledger;
mod life;
mod log;
mod logfile;
mod measures;
mod parts;
mod permit;
mod policies;
mod readable;
mod record;
mod records;
mod regions;
mod run;
mod semaphore;
mod state;
mod timeline;
mod work;

pub use build::Blueprint;
pub use measures::Measure;
pub use run::{Failure, GoesOn, Outcome, metrics, run, run_while};
pub use timeline::{Level, Moment, Slice, Timeline, timeline};
