//! Writes to one key that must lie apart.

/// The fraction of Poisson writes to one key that are refused when accepted ones must be `spacing` seconds apart:
/// `λd/(1 + λd)`.
///
/// A counter with a dead time that refused arrivals do not extend (Feller, *An Introduction to Probability Theory and
/// Its Applications* II, XI.10): each accepted write is followed by `λd` refused ones on average.
pub fn refused(rate: f64, spacing: f64) -> f64 {
    rate * spacing / (1.0 + rate * spacing)
}

/// Writes accepted a second: `λ/(1 + λd)`, at most `1/d`.
pub fn accepted(rate: f64, spacing: f64) -> f64 {
    rate / (1.0 + rate * spacing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;
    use crate::theory::erlang::erlang_b;

    /// A single server that is busy for the spacing loses the same share, whatever its service time is like.
    #[test]
    fn it_is_a_server_without_a_queue() {
        for rate in [0.01, 1.0, 30.0] {
            close(refused(rate, 1.0), erlang_b(1, rate), 1e-15);
            close(accepted(rate, 2.0), rate * (1.0 - refused(rate, 2.0)), 1e-14);
        }
    }
}
