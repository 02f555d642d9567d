//! A row of the table of aliases.

/// Sections by their title, the words, and what to do instead. Words are in lower case with `_`.
pub(super) type Row = (&'static [&'static str], &'static [&'static str], &'static str);
