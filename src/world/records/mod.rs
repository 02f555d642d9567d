//! The lifetime of log records: the record that an event stores, its copies, and when the last of them goes.

pub(crate) mod copies;
pub(crate) mod lifetime;
pub(crate) mod shelf;
