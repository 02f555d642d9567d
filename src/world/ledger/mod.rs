//! What began, how it ended and why: the accounts that must balance, and what is measured beside them.

pub(crate) mod accounts;
pub(crate) mod bill;
pub(crate) mod cause;
pub(crate) mod causes_of;
pub(crate) mod retention;
pub(crate) mod tally;
