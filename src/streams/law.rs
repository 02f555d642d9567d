//! Distributions of durations, compiled for the hot loop.

use super::Word;
use super::exact::Exact;
use super::piecewise::Piecewise;
use super::table::{Table, place};
use crate::math::sqrt;
use crate::units::Span;
use std::fmt;
use std::sync::LazyLock;

/// A distribution of durations. Made by [`LawSpec::compile`](super::LawSpec::compile).
///
/// Sampling inverts the distribution function, one word a draw. Samples are whole nanoseconds, at most [`Span::MAX`];
/// the formulas ([`Law::mean`] and the rest) are those of the law itself, in seconds.
#[derive(Clone)]
pub struct Law {
    sampler: Sampler,
    exact: Exact,
}

#[derive(Clone)]
enum Sampler {
    /// By the formula of the law.
    Formula,
    Table(Table),
    Constant(Span),
    /// The least span, and the span above it.
    Uniform(Span, Span),
    Piecewise(Piecewise),
    Mixture(Vec<Part>),
}

/// One part of a mixture: the words from `from` on are its own.
#[derive(Clone)]
struct Part {
    from: u64,
    /// 2¹²⁸ divided by how many words are its own: stretches them over all words.
    stretch: u128,
    law: Law,
}

impl Part {
    fn tabulated(self) -> Part {
        Part { law: self.law.tabulated(), ..self }
    }
}

/// A span drawn with one word from the exponential law of this mean.
#[inline]
pub fn exponential(mean: Span, word: Word) -> Span {
    mean.scale(unit_exponential().sample(word).secs())
}

/// The exponential law of this mean in seconds, a finite number over 0. Its table is made of the one of mean 1 s.
pub fn exponential_law(mean: f64) -> Law {
    let sampler = match &unit_exponential().sampler {
        Sampler::Table(table) => Sampler::Table(table.scaled(mean)),
        _ => Sampler::Formula,
    };
    Law { sampler, exact: Exact::Exponential { mean } }
}

/// The exponential law of mean 1 s, of which every other is a multiple.
///
/// # Panics
/// Never.
pub fn unit_exponential() -> &'static Law {
    static UNIT: LazyLock<Law> = LazyLock::new(|| Law::smooth(Exact::Exponential { mean: 1.0 }).tabulated());
    &UNIT
}

impl Law {
    /// A span drawn with one word: a larger word is never a shorter span, except in a mixture.
    #[inline]
    pub fn sample(&self, word: Word) -> Span {
        if let Sampler::Table(table) = &self.sampler
            && let Some(nanos) = table.sample(word)
        {
            return Span::from_nanos(nanos);
        }
        self.sample_otherwise(word)
    }

    #[inline(never)]
    fn sample_otherwise(&self, word: Word) -> Span {
        match &self.sampler {
            Sampler::Table(_) | Sampler::Formula => {
                let (tail, e) = place(word);
                Span::from_nanos((self.exact.tail(tail, e) * 1e9 + 0.5) as i64 as u64)
            }
            Sampler::Constant(value) => *value,
            Sampler::Uniform(min, width) => *min + word.up_to(*width),
            Sampler::Piecewise(line) => line.sample(word),
            Sampler::Mixture(parts) => {
                let part = &parts[parts.partition_point(|part| part.from <= word.0).saturating_sub(1)];
                let fresh = (u128::from(word.0 - part.from) * part.stretch) >> 64;
                part.law.sample(Word(fresh as u64))
            }
        }
    }

    /// The mean, in seconds.
    pub fn mean(&self) -> f64 {
        self.exact.mean()
    }

    /// The coefficient of variation: the standard deviation over the mean; 0 where the mean is 0.
    pub fn cv(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { sqrt(self.exact.variance()) / mean } else { 0.0 }
    }

    /// The seconds that a share `p`, inside (0, 1), stays within.
    pub fn quantile(&self, p: f64) -> f64 {
        self.exact.quantile(p)
    }

    /// The probability of at most so many seconds.
    pub fn cdf(&self, seconds: f64) -> f64 {
        self.exact.cdf(seconds)
    }

    /// The mean of the smaller of the duration and a cut, in seconds: what an attempt takes under a timeout.
    pub fn limited(&self, cut: Span) -> f64 {
        self.exact.limited(cut.secs())
    }

    pub(super) fn constant(value: Span) -> Law {
        Law { sampler: Sampler::Constant(value), exact: Exact::Constant(value.secs()) }
    }

    /// Every whole nanosecond from `min` to `max`, equally likely.
    pub(super) fn uniform(min: Span, max: Span) -> Law {
        let width = Span::from_nanos(max.nanos() - min.nanos());
        if width.is_zero() {
            return Law::constant(min);
        }
        Law { sampler: Sampler::Uniform(min, width), exact: Exact::Uniform { min: min.secs(), max: max.secs() } }
    }

    /// A law with a density, sampled by its formula.
    pub(super) fn smooth(exact: Exact) -> Law {
        Law { sampler: Sampler::Formula, exact }
    }

    /// The same law, sampled from tables.
    pub(super) fn tabulated(mut self) -> Law {
        match &mut self.sampler {
            Sampler::Formula => self.sampler = Sampler::Table(Table::new(&self.exact)),
            Sampler::Mixture(parts) => {
                *parts = std::mem::take(parts).into_iter().map(Part::tabulated).collect();
            }
            Sampler::Table(_) | Sampler::Constant(_) | Sampler::Uniform(..) | Sampler::Piecewise(_) => {}
        }
        self
    }

    pub(super) fn piecewise(line: Piecewise) -> Law {
        Law { sampler: Sampler::Piecewise(line.clone()), exact: Exact::Piecewise(line) }
    }

    /// Parts with weights of at least 0 and a positive sum.
    pub(super) fn mixture(mut parts: Vec<(f64, Law)>) -> Law {
        parts.retain(|(weight, _)| *weight > 0.0);
        if parts.len() == 1 {
            return parts.remove(0).1;
        }
        let sum: f64 = parts.iter().map(|(weight, _)| weight).sum();
        let exact = Exact::Mixture(parts.iter().map(|(weight, law)| (weight / sum, law.exact.clone())).collect());
        let mut before = 0.0;
        let mut from: Vec<u64> = Vec::new();
        for (weight, _) in &parts {
            from.push((before / sum * 18_446_744_073_709_551_616.0) as u64);
            before += weight;
        }
        let ends = from[1..].iter().map(|end| u128::from(*end)).chain([1 << 64]);
        let own: Vec<u128> = ends.zip(&from).map(|(end, from)| (end - u128::from(*from)).max(1)).collect();
        let parts = parts.into_iter().zip(from.into_iter().zip(own));
        let parts = parts.map(|((_, law), (from, own))| Part { from, stretch: u128::MAX / own, law });
        Law { sampler: Sampler::Mixture(parts.collect()), exact }
    }
}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Law").field(&self.exact).finish()
    }
}
