//! The parts of the world. None imports another: each answers with what should happen, and the world routes it.

pub(crate) mod d1;
pub(crate) mod index;
pub(crate) mod limiter;
pub(crate) mod logfile;
pub(crate) mod policies;
pub(crate) mod queues;
pub(crate) mod requests;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod tiers;
