//! A model that cannot be wrong: what the TOML said, with every default filled in, every name resolved to an
//! id and every number in its range. [`load`] is the only way from text to here.
//!
//! Each section of the language is a file in `section`: its keys, the type that it becomes, its reader, and what of it
//! may change in mid-run; `root` declares the whole and `whole` is the [`Model`] that they make. `build` makes it from text in four
//! steps: `tree` parses and remembers places, `overlay` lays bases, overrides and presets over each other, `shape` checks
//! every key against its declaration, and the reader of each section builds the part, by way of a `cursor`.

mod aliases;
mod build;
mod change;
mod cursor;
mod digest;
mod endless;
mod fields;
mod foreign;
mod input;
mod keep;
mod knobs;
mod language;
mod load;
mod measured;
mod names;
mod newcomers;
mod overlay;
mod preset;
mod problems;
mod root;
mod rule;
mod schema;
mod section;
mod shape;
mod strategies;
mod trace;
mod tree;
mod whole;
mod words;

#[cfg(test)]
mod tests;

pub use fields::did_you_mean;
pub use input::{Source, reason};
pub use knobs::{Knob, knobs};
pub use load::{load, load_file, open, open_file, open_through, read_all, read_file};
pub use measured::{Measured, Measurements, Reading, measurements, measurements_from};
pub use preset::{Preset, PresetValue, STARTER, platforms, presets};
pub use problems::{Problem, Problems};
pub use schema::schema;
pub use section::*;
pub use strategies::{Strategy, strategies};
pub use whole::{Model, Stage};
