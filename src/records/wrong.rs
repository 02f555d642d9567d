//! Why a file gives no records, or a line of it none.

/// What is wrong with a file, or with a line of it, for its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// The line, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// The line itself, where it may be shown: cut if very long.
    pub shown: String,
    /// What is wrong, a clause.
    pub what: String,
    /// What was found; may be empty.
    pub found: String,
    /// What is allowed; may be empty.
    pub allowed: Box<str>,
    /// What to do about it; may be empty.
    pub cure: Box<str>,
    /// Whether the message names nothing of a file that has not been recognised as measured data.
    pub is_harmless: bool,
    /// Whether the file could not be read at all.
    pub is_unreadable: bool,
}

impl Wrong {
    /// Something wrong that needs no more than a clause.
    pub(super) fn new(what: impl Into<String>) -> Wrong {
        Wrong { what: what.into(), ..Wrong::default() }
    }

    /// With what was found.
    pub(super) fn found(self, found: impl Into<String>) -> Wrong {
        Wrong { found: found.into(), ..self }
    }

    /// With what is allowed.
    pub(super) fn allowed(self, allowed: impl Into<Box<str>>) -> Wrong {
        Wrong { allowed: allowed.into(), ..self }
    }

    /// With what to do about it.
    pub(super) fn cure(self, cure: impl Into<Box<str>>) -> Wrong {
        Wrong { cure: cure.into(), ..self }
    }

    /// On a line.
    pub(super) fn at(self, line: u64) -> Wrong {
        Wrong { line, ..self }
    }

    /// It shows nothing of the file.
    pub(super) fn harmless(self) -> Wrong {
        Wrong { is_harmless: true, ..self }
    }

    /// What the system says about the reading of a file.
    pub(super) fn of(error: &std::io::Error) -> Wrong {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof, Unsupported};
        let again = "fetch the file again, or unpack what is whole of it";
        match error.kind() {
            UnexpectedEof => Wrong::new("the file ends before its data do: it was cut off").cure(again).harmless(),
            Unsupported => Wrong::new(error.to_string()).harmless(),
            InvalidData | InvalidInput => Wrong::new(format!("the file is damaged: {error}")).cure(again).harmless(),
            _ => Wrong { is_unreadable: true, ..Wrong::new(format!("cannot read on: {error}")).harmless() },
        }
    }
}
