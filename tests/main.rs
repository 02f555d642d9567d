//! All integration tests, in one binary.

mod architecture;
mod common;
mod determinism;
mod laws;
mod properties;
mod published;
mod replay;
mod shipped;
