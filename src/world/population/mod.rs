//! Users: thinking, reneging, leaving and retrials.

pub(crate) mod departure;
pub(crate) mod reneging;
pub(crate) mod retrial;
pub(crate) mod users;
