//! Lists of kinds of fault.

use crate::model::language::*;
use crate::policy::{Fault, FaultSet};

/// Every fault: first those of attempts that reach the provider, then those of attempts that are not sent.
pub(in crate::model) const FAULTS: &[&str] = &[
    "timeout",
    "rate_limited",
    "server_error",
    "overloaded",
    "parse_failure",
    "invalid_response",
    "network",
    "auth",
    "bad_request",
    "subrequest_limit",
    "breaker_open",
];

/// The kinds of fault in a list; if absent, the transient ones.
pub(in crate::model) fn read(cursor: &Cursor<'_>, key: &str) -> FaultSet {
    if cursor.get(key).is_none() {
        use Fault::{Network, Overloaded, RateLimited, ServerError, Timeout};
        return FaultSet::from_iter([Timeout, RateLimited, ServerError, Overloaded, Network]);
    }
    cursor.items(key).iter().filter_map(|node| Fault::parse(node.text()?)).collect()
}
