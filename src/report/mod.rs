//! The answer in the forms that people and programs read: one function per form, from plain data to text or
//! bytes. Nothing here prints, simulates, or depends on anything but what it is given.
//!
//! `summary` and [`Advice`] say in sentences what the metrics mean; [`text()`], [`markdown()`] and [`html()`] set
//! them for people, [`json()`] and [`csv()`] carry the numbers to programs, and [`plots`] draws them.

mod advice;
mod arithmetic;
mod csv;
mod html;
mod json;
mod markdown;
pub mod plots;
mod preset;
mod summary;
mod text;
mod words;

pub use advice::Advice;
pub use arithmetic::{arithmetic_json, arithmetic_text};
pub use csv::csv;
pub use html::html;
pub use json::{SCHEMA, SCHEMA_VERSION, json};
pub use markdown::markdown;
pub use preset::{preset, preset_list, strategy_as_custom, strategy_list};
pub use text::text;
pub use words::Paint;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
