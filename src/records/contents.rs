//! What a file holds besides its records.

use super::account::Account;
use super::grouped::Grouped;

/// What a file holds besides its records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// What was read, and how.
    pub account: Account,
    /// What is known of all latencies together, where the file has no single ones.
    pub grouped: Option<Grouped>,
}
