//! What is wanted of a file, and what its owner says about it.

use super::account::Role;

/// What is wanted, and what is known beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Columns by their role, as the user names them.
    pub columns: Vec<(Role, String)>,
    /// The seconds that a latency of 1 without a unit stands for.
    pub unit: Option<f64>,
    /// Rows to take: a column, and the value that it must have.
    pub chosen: Vec<(String, String)>,
    /// The largest share of rows that may be broken.
    pub broken: f64,
    /// Whether a row without a latency is of no use.
    pub wants_latencies: bool,
    /// Whether times, tokens and costs are wanted.
    pub wants_times: bool,
}

impl Asked {
    /// The share of broken rows that is let pass without a word from the user.
    pub const BROKEN: f64 = 0.05;

    /// Latencies and outcomes.
    pub fn latencies() -> Asked {
        Asked {
            columns: Vec::new(),
            unit: None,
            chosen: Vec::new(),
            broken: Asked::BROKEN,
            wants_latencies: true,
            wants_times: false,
        }
    }

    /// Times, with whatever else there is.
    pub fn arrivals() -> Asked {
        Asked { wants_latencies: false, wants_times: true, ..Asked::latencies() }
    }

    /// The column that the user names for a role.
    pub(super) fn column(&self, role: Role) -> Option<&str> {
        self.columns.iter().find(|(known, _)| *known == role).map(|(_, name)| name.as_str())
    }
}
