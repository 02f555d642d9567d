//! Imports for the files of `section`: what declarations of keys and their readers need.

pub(super) use super::cursor::Cursor;
pub(super) use super::fields::Kind::*;
pub(super) use super::fields::{Field, Kind, PLAIN, Section, U32, U64, default, number, optional, required, span};
pub(super) use super::input::Input;
pub(super) use super::keep::{keep_all, keep_chance, keep_hazard, keep_law, keep_some};
pub(super) use super::names::Names;
pub(super) use super::problems::Complaint;
pub(super) use super::rule::Rule::{self, *};
pub(super) use super::rule::{CALENDAR, KIND, LAID_OUT, LOOKS, PARTS, PRESET, RUN_ITSELF, SEVERAL, STORED};
pub(super) use super::words::{Word, words};
