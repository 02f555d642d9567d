//! The two numbers that the arithmetic asks of a law of latency.

use crate::streams::LawSpec;
use crate::units::Span;

/// An attempt under a timeout.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// The chance that it is cut: an answer at the very timeout is an answer.
    pub late: f64,
    /// How long it takes, cut or not, in seconds.
    pub seconds: f64,
}

/// What a timeout makes of a law.
pub(super) fn under(law: &LawSpec, timeout: Option<Span>) -> Cut {
    let law = law.formulas().expect("a checked model has laws that exist");
    match timeout {
        Some(timeout) => Cut { late: 1.0 - law.cdf(timeout.secs()), seconds: law.limited(timeout) },
        None => Cut { late: 0.0, seconds: law.mean() },
    }
}
