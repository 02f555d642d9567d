//! The columns of a file and the first of its rows: what it is decided on.

use super::dialect::Dialect;
use super::name::snake;
use super::row::{Column, Kept};
use super::wrong::Wrong;
use crate::units::did_you_mean;

/// The columns of a file and the first of its rows.
pub(super) struct Sample<'a> {
    pub columns: &'a [Column],
    pub rows: &'a [Kept],
    /// What stands between cells.
    pub separator: Option<u8>,
    pub dialect: Option<&'static Dialect>,
}

impl Sample<'_> {
    /// The values of a column that are not empty.
    pub fn values(&self, column: usize) -> Vec<String> {
        let place = &self.columns[column].place;
        let values = self.rows.iter().map(|row| row.row().get(place).into_owned());
        values.filter(|text| !is_empty(text)).collect()
    }

    /// A column by its name in the form of [`snake`].
    pub fn by_snake(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| snake(&column.name) == name)
    }

    /// A column that the user names: as it is written, in another spelling, or by its number from 1.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, wanted: &str) -> Result<usize, Wrong> {
        let names = || self.columns.iter().filter(|column| column.is_seen).map(|column| column.name.as_str());
        let exact = names().position(|name| name.trim() == wanted);
        let like = || names().position(|name| name.trim().eq_ignore_ascii_case(wanted));
        let same = || names().position(|name| snake(name) == snake(wanted));
        let number = || wanted.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < self.columns.len());
        exact.or_else(like).or_else(same).or_else(number).ok_or_else(|| {
            Wrong::new(format!("no column is named {wanted:?}"))
                .allowed(self.list())
                .cure(did_you_mean(wanted, names()))
        })
    }

    /// The names of all columns, for people.
    pub fn list(&self) -> String {
        const SHOWN: usize = 40;
        let seen = || self.columns.iter().filter(|column| column.is_seen);
        let names: Vec<&str> = seen().map(|column| column.name.trim()).take(SHOWN).collect();
        let more = seen().count().saturating_sub(SHOWN);
        names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
    }
}

/// Whether a cell says nothing.
pub(super) fn is_empty(text: &str) -> bool {
    matches!(text, "" | "-" | "null" | "NULL" | "None" | "nil" | "NaN" | "nan" | "N/A" | "n/a" | "undefined" | "\\N")
}
