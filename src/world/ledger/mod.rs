//! What began, how it ended and why: the accounts that must balance, and what is measured beside them.

mod accounts;
mod bill;
mod cause;
mod causes_of;
mod retention;
mod tally;

pub(crate) use self::accounts::{Account, Alive, AttemptEnd, CallEnd, Ledger, PlanEnd, check};
pub(crate) use self::bill::{Bill, Cut, Item};
pub(crate) use self::cause::{Both, Cause, CauseSet, Causes};
pub(crate) use self::causes_of::{CausesOf, of_jobs, of_ops, of_provider};
pub(crate) use self::retention::{Lifetime, Retention, Unstored};
pub(crate) use self::tally::{ClassTally, QueueTally};
