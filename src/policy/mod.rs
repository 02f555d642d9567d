//! Policies as pure objects: they are told the time, and answer; none keeps a clock or draws for itself.
//!
//! [`Fault`] names what can go wrong with an attempt; [`Retry`] decides what happens next; [`Quota`] limits
//! operations in a window, and [`Meter`] is one in force; [`Breaker`] stops sending after too many failures, and
//! [`Circuit`] is one in force; [`Cache`] forgets.

mod adaptive;
mod breaker;
mod eviction;
mod meter;
mod quota;
mod retry;

pub use adaptive::{AdaptiveLimit, Aimd};
pub use breaker::{Breaker, Circuit, Latest, Pass, Trip};
pub use eviction::{Cache, Evict, Forgotten, Renew};
pub use meter::{Meter, Verdict};
pub use quota::{OnExceed, Quota, Usage, Window};
pub use retry::{Backoff, BackoffKind, Fault, FaultSet, Jitter, Retry};
