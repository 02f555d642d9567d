//! The parts of the world. None imports another: each answers with what should happen, and the world routes it.

pub(super) mod d1;
pub(super) mod index;
pub(super) mod limiter;
pub(super) mod queue;
pub(super) mod requests;
pub(super) mod server;
pub(super) mod sharing;
pub(super) mod source;
pub(super) mod store;
pub(super) mod tiers;
