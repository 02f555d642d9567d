//! One operation on a store: requested, held by a limit or sent on a connection, answered, and its effect.

pub(crate) mod ask;
pub(crate) mod connection;
pub(crate) mod done;
pub(crate) mod drive;
pub(crate) mod limits;
pub(crate) mod requester;
