//! The answer in the forms that people and programs read: one function per form, from plain data to text or
//! bytes. Nothing here prints, simulates, or depends on anything but what it is given.
//!
//! `summary` and [`Advice`] say in sentences what the metrics mean; [`text()`], [`markdown()`] and [`html()`] set
//! them for people, [`json()`] and [`csv()`] carry the numbers to programs, and [`plots`] draws them.

mod advice;
mod arithmetic;
mod capacity;
mod comparison;
mod csv;
mod html;
mod json;
mod judgement;
mod markdown;
pub mod plots;
mod preset;
mod summary;
mod sweep;
mod text;
mod theory;
mod tune;
mod verification;
mod words;

pub use advice::Advice;
pub use arithmetic::{arithmetic_json, arithmetic_text};
pub use capacity::{capacity_json, capacity_text};
pub use comparison::{comparison_csv, comparison_json, comparison_markdown, comparison_text, missed};
pub use csv::csv;
pub use html::html;
pub use json::{SCHEMA, SCHEMA_VERSION, json};
pub use judgement::{
    baseline_json, judgement_json, judgement_junit, judgement_markdown, judgement_text, read_baseline,
};
pub use markdown::markdown;
pub use preset::{preset, preset_list, strategy_as_custom, strategy_list};
pub use sweep::{Cell, Sweep, point, point_json, read_point, sweep_csv, sweep_json, sweep_markdown, sweep_text};
pub use text::text;
pub use tune::{TUNE_SCHEMA, tune_csv, tune_json, tune_markdown, tune_text};
pub use verification::{verification_csv, verification_json, verification_markdown, verification_text};
pub use words::Paint;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
