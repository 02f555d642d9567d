//! All integration tests, in one binary.

mod architecture;
mod common;
mod determinism;
mod laws;
mod model_errors;
mod properties;
mod published;
mod reference;
mod replay;
mod shipped;
mod stores;
