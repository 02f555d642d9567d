//! A deterministic discrete-event simulator and capacity planner for AI back-ends that live under hard
//! limits: daily quotas, small queues, timeouts, retries, and logs that must still be readable later.
//!
//! Read in this order:
//!
//! 1. [`model`]: what a model says, once its text has been checked.
//! 2. [`world`]: what happens to one plan, call, attempt and op; one replication is [`world::run`].
//! 3. [`experiment`]: many replications, and the questions asked of them.
//! 4. [`report`]: the answer, in the forms people and programs read.
//!
//! Below these stand [`units`] (numbers with a meaning), [`math`] (portable elementary functions), [`stats`],
//! [`records`] (what logs and exports say of requests), [`streams`] (random draws addressed by what they are for), [`calendar`] (the order of events), [`policy`]
//! (retry, quota and the like, as pure objects), [`theory`] (formulas to hold a result against) and [`metrics`] (what
//! each metric means). A module
//! may use only those that stand above it in this table; `tests/architecture.rs` holds it:
//!
//! | room | may use |
//! | --- | --- |
//! | `math`, `units`, `stats` | nothing of ours but `math` |
//! | `streams` | `units` |
//! | `calendar` | `units` |
//! | `policy` | `units`, a stream passed in |
//! | `records` | `units`, kinds of failure of `policy` |
//! | `theory` | `units`, `stats` |
//! | `metrics` | `stats` |
//! | `model` | all above |
//! | `world` | all above |
//! | `experiment` | all above |
//! | `report` | results of `experiment`, `units`, `stats`, `metrics` |

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// The library answers; whoever calls it prints, aborts, or does not.
#![warn(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro, clippy::exit)]
// What clippy.toml bans would let a platform or a clock into a result. Tests may check against the platform.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod calendar;
pub mod experiment;
pub mod math;
pub mod metrics;
pub mod model;
pub mod policy;
pub mod records;
pub mod report;
pub mod stats;
pub mod streams;
pub mod theory;
pub mod units;
pub mod world;
