//! Policies as pure objects: the time and the draws are passed in; none keeps a clock or a random stream.
//!
//! [`Fault`] names what can go wrong with an attempt; [`Retry`] decides what happens next; [`Hedge`] sends attempts that
//! race a late one. [`Breaker`] stops sending after too many failures, [`Quota`] limits operations in a window,
//! [`RetryBudget`] limits retries and [`Slope`] limits growth; each is a rule, and [`BreakerState`], [`Meter`],
//! [`RetryBudgetState`] and [`SlopeState`] are what one in force remembers. A [`Bucket`] limits a rate; a [`Cache`] forgets;
//! [`Rotation`] says which lines of a log file are still there.

mod adaptive;
mod breaker;
mod bucket;
mod budget;
mod eviction;
mod hedge;
mod meter;
mod quota;
mod retry;
mod rotation;
mod slope;

pub use adaptive::{Adaptive, AdaptiveLimit, By};
pub use breaker::{Breaker, BreakerState, HalfOpen, Latest, Pass, Trip};
pub use bucket::Bucket;
pub use budget::{RetryBudget, RetryBudgetState};
pub use eviction::{Cache, Evict, Forgotten, Renew};
pub use hedge::{Ending, Hedge};
pub use meter::{Meter, Verdict};
pub use quota::{OnExceed, Quota, Usage, Window};
pub use retry::{Backoff, BackoffKind, Fault, FaultSet, Jitter, Retry, Waits};
pub use rotation::{RotateOn, Rotation};
pub use slope::{Slope, SlopeState};
