//! The world: what happens to plans, calls, attempts, operations and records. One replication is [`run`].
//!
//! - `event`, `run`, `stale`, `timeline`: what may happen, in which order, the loop, stale events, and the loop seen from
//!   outside;
//! - `blueprint`: a checked model as the flat tables that the loop reads;
//! - `state`: what a replication holds at one instant: data only, known to all that follows and knowing none of it;
//! - `part`, `parts`: components with their own behaviour (queues, stores, databases, …), none of which knows another;
//! - `flow`: what a plan and a call do next;
//! - `operation`: one operation on a store, from request to answer;
//! - `records`: the lifetime of log records;
//! - `population`: users who think, renege, leave and come back;
//! - `change`, `isolates`, `diagnostics`: values that change in mid-run, isolates that come and go, the page that shows them;
//! - `ledger`: what began, how it ended and why; `measures`: the same as metrics.
//!
//! Nothing here reads a clock, prints, starts a thread or writes text for people.

mod blueprint;
mod change;
mod diagnostics;
mod event;
mod flow;
mod isolates;
mod ledger;
mod measures;
mod operation;
mod outage;
mod part;
mod parts;
mod population;
mod records;
mod run;
mod stale;
mod state;
mod timeline;

pub use blueprint::Blueprint;
pub use measures::sheet::Measure;
pub use run::{Failure, GoesOn, Outcome, metrics, run, run_while};
pub use state::{Moment, Slice};
pub use timeline::{Level, Timeline, timeline};
