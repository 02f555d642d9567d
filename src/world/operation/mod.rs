//! One operation on a store: asked, held back by a limit or sent on a connection, answered, and what it has done.

pub(crate) mod ask;
pub(crate) mod connection;
pub(crate) mod done;
pub(crate) mod drive;
pub(crate) mod limits;
pub(crate) mod requester;
