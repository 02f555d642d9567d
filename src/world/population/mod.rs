//! Users: those who think and ask again, who give up while they wait, who leave, and who come back.

pub(crate) mod departure;
pub(crate) mod reneging;
pub(crate) mod retrial;
pub(crate) mod users;
