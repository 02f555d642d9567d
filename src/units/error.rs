//! Why a text or a number is no value of a unit.

/// Why a text or a number is not a value of the unit asked for: one clause, ready to stand after a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError(pub String);

impl std::fmt::Display for UnitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnitError {}

/// The error with this text.
pub(super) fn refuse<T>(why: impl Into<String>) -> Result<T, UnitError> {
    Err(UnitError(why.into()))
}
