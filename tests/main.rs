//! All integration tests, in one binary.

#![allow(clippy::disallowed_methods, reason = "tests check against the platform's functions, and wait for a process")]

mod architecture;
mod capacity;
mod cli;
mod common;
mod coverage;
mod determinism;
mod laws;
mod model_errors;
mod parts;
mod properties;
mod providers;
mod published;
mod reference;
mod replay;
mod shipped;
mod stores;
mod tune;
mod verify;
mod what_if;
