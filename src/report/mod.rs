//! The answer in the forms that people and programs read: one function per form, from plain data to text or
//! bytes. Nothing here prints, simulates, or depends on anything but what it is given.
//!
//! A [`Report`] is the answer of a command, and has every form. For people each answer becomes a `page` (`run` that of a
//! run, `comparison` that of a comparison, …; `summary` and [`Advice`] say in sentences what the metrics mean), which
//! `text`, `markdown` and `html` set. Programs get JSON and CSV, and [`plots`] draws.

mod advice;
mod arithmetic;
mod capacity;
mod catalogue;
mod check;
mod comparison;
mod csv;
mod encode;
mod fit;
mod forms;
mod html;
mod json;
mod levers;
mod markdown;
mod markup;
mod news;
mod ours;
mod page;
pub mod plots;
mod preset;
mod reading;
mod run;
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
mod words;

pub use advice::{Advice, CauseCount};
pub use capacity::CAPACITY_SCHEMA;
pub use catalogue::{metrics, metrics_page};
pub use check::{baseline_json, read_baseline};
pub use comparison::{COMPARE_SCHEMA, missed};
pub use encode::SCHEMA_VERSION;
pub use forms::Report;
pub use json::SCHEMA;
pub use levers::LEVERS_SCHEMA;
pub use ours::Form;
pub use preset::{preset, preset_list, strategy_as_custom, strategy_list};
pub use show::Show;
pub use side_by_side::Strategies;
pub use sweep::{Cell, PointOf, SWEEP_SCHEMA, Sweep, begins_as_point, point};
pub use text::Screen;
pub use timeline::timeline;
pub use tune::TUNE_SCHEMA;
pub use words::Paint;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
