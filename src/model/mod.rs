//! A model that cannot be wrong: what the TOML said, with every default filled in, every name resolved to an
//! id and every number in its range. [`load`] is the only way from text to here.
//!
//! Read [`spec`](Model) for what a model holds. Text becomes it in four steps, each in a file of its own: `tree`
//! parses and remembers places, `overlay` lays bases, overrides and presets over each other, `shape` checks every
//! key against `language`, and a reader for each section builds the part, by way of a `cursor`.

mod aliases;
mod change;
mod cursor;
mod digest;
mod endless;
mod fields;
mod foreign;
mod input;
mod knobs;
mod language;
mod law;
mod load;
mod measured;
mod names;
mod newcomers;
mod objectives;
mod overlay;
mod parts;
mod preset;
mod problems;
mod provider;
mod reader;
mod retry;
mod rule;
mod run;
mod schema;
mod server;
mod shape;
mod spec;
mod store;
mod strategies;
mod strategy;
mod trace;
mod traffic;
mod tree;
mod workflow;

#[cfg(test)]
mod tests;

pub use change::{Reach, Setting, Stage};
pub use fields::did_you_mean;
pub use input::{Source, reason};
pub use knobs::{Knob, knobs};
pub use load::{load, load_file, open, open_through, read_all, read_file};
pub use measured::{Measurements, Reading, measurements};
pub use objectives::renamed;
pub use preset::{Preset, PresetValue, STARTER, platforms, presets};
pub use problems::{Problem, Problems};
pub use schema::schema;
pub use spec::*;
pub use strategies::{Strategy, strategies};
pub use strategy::STRATEGIES;
