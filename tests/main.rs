//! All integration tests, in one binary.

mod common;
mod determinism;
mod laws;
mod model_errors;
mod shipped;
