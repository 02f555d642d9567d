//! All integration tests, in one binary.

#![allow(clippy::disallowed_methods, reason = "tests check against the platform's functions, and wait for a process")]

mod architecture;
mod capacity;
mod change;
mod cli;
mod common;
mod cost;
mod coverage;
mod determinism;
mod effects;
mod ends;
mod eras;
mod forms;
mod interplay;
mod invocation;
mod isolates;
mod laws;
mod levers;
mod metrics;
mod model_errors;
mod nonsense;
mod overload;
mod parts;
mod profiles;
mod properties;
mod providers;
mod published;
mod quotas;
mod reach;
mod readers;
mod reference;
mod replay;
mod semaphores;
mod shipped;
mod signals;
mod slopes;
mod stores;
mod strategies;
mod superset;
mod tariffs;
mod timeline;
mod tune;
mod verify;
mod what_if;
mod whole;
