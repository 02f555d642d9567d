//! The answer in the forms that people and programs read: one function per form, from plain data to text or
//! bytes. Nothing here prints, simulates, or depends on anything but what it is given.
//!
//! `summary` and [`Advice`] say in sentences what the metrics mean; [`text()`], [`markdown()`] and [`html()`] set
//! them for people, [`json()`] and [`csv()`] carry the numbers to programs, and [`plots`] draws them. [`WhatIf`] is the
//! same for the answers of the what-if commands.

mod advice;
mod arithmetic;
mod capacity;
mod catalogue;
mod check;
mod comparison;
mod csv;
mod fit;
mod html;
mod json;
mod levers;
mod markdown;
mod ours;
mod page;
pub mod plots;
mod preset;
mod sealed;
mod settings;
mod show;
mod side_by_side;
mod summary;
mod sweep;
mod text;
mod theory;
mod timeline;
mod tune;
mod verification;
mod what_if;
mod words;

pub use advice::{Advice, CauseCount};
pub use arithmetic::{arithmetic_json, arithmetic_text};
pub use capacity::CAPACITY_SCHEMA;
pub use catalogue::{metrics, metrics_page};
pub use check::{baseline_json, judgement_json, judgement_junit, judgement_markdown, judgement_text, read_baseline};
pub use comparison::{COMPARE_SCHEMA, missed};
pub use csv::csv;
pub use fit::{fit_json, fit_markdown, fit_text, fit_toml};
pub use html::html;
pub use json::{SCHEMA, SCHEMA_VERSION, json};
pub use levers::LEVERS_SCHEMA;
pub use markdown::markdown;
pub use ours::Form;
pub use preset::{preset, preset_list, strategy_as_custom, strategy_list};
pub use show::Show;
pub use side_by_side::{Platform, strategies_side_by_side};
pub use sweep::{Cell, PointOf, SWEEP_SCHEMA, Sweep, begins_as_point, point};
pub use text::text;
pub use timeline::timeline;
pub use tune::TUNE_SCHEMA;
pub use verification::{verification_csv, verification_json, verification_markdown, verification_text};
pub use what_if::WhatIf;
pub use words::Paint;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
