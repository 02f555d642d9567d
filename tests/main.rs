//! All integration tests, in one binary.

mod architecture;
mod common;
mod determinism;
mod laws;
mod model_errors;
mod published;
mod shipped;
mod what_if;
