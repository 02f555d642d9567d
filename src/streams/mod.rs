//! Stand-in until the draws land.
use crate::units::Span;
/// w
#[derive(Clone, Copy, Debug)]
pub struct Word(pub u64);
impl Word {
    /// u
    pub fn unit(self) -> f64 {
        ((self.0 >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }
}
/// The description of a distribution of durations.
#[derive(Clone, Debug, PartialEq)]
pub enum LawSpec {
    /// Always the same.
    Constant {
        /// The value.
        value: Span,
    },
    /// Exponential.
    Exponential {
        /// Its mean.
        mean: Span,
    },
    /// Uniform.
    Uniform {
        /// From.
        min: Span,
        /// To.
        max: Span,
    },
    /// Lognormal.
    Lognormal(Shape),
    /// Gamma.
    Gamma(Shape),
    /// Weibull.
    Weibull(Shape),
    /// Piecewise linear between quantiles.
    Empirical {
        /// Probability and value, ascending.
        quantiles: Vec<(f64, Span)>,
    },
    /// One of several, by weight.
    Mixture {
        /// Weight and law.
        parts: Vec<(f64, LawSpec)>,
    },
}
/// The two numbers that fix a law with a location and a spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Mean and coefficient of variation.
    MeanCv {
        /// Mean.
        mean: Span,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Two quantiles, the lower first.
    Quantiles {
        /// Probability and value.
        low: (f64, Span),
        /// Probability and value.
        high: (f64, Span),
    },
}
