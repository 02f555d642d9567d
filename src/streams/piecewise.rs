//! A quantile function of straight lines, through quantiles that somebody measured.

use super::Word;
use crate::units::Span;

/// Straight lines between given quantiles, in seconds.
///
/// Below the first and above the last given quantile the first and the last line go on, to 0 at the lowest: the
/// measured end is not taken for the end of the world, and no tail is invented beyond the slope that was seen.
#[derive(Clone, Debug)]
pub(super) struct Piecewise {
    /// Probability and seconds, both rising, from probability 0 to 1.
    knots: Vec<(f64, f64)>,
    lines: Vec<Line>,
}

/// One line, as it is sampled: nanoseconds against the 64-bit word.
#[derive(Clone, Copy, Debug)]
struct Line {
    from: u64,
    nanos: f64,
    slope: f64,
}

impl Piecewise {
    /// Lines through at least two quantiles of rising probability in 0..=1 and seconds that do not fall.
    pub(super) fn through(quantiles: &[(f64, f64)]) -> Piecewise {
        let on = |(p, x): (f64, f64), (q, y): (f64, f64), at: f64| x + (y - x) / (q - p) * (at - p);
        let mut knots = quantiles.to_vec();
        let (first, second) = (knots[0], knots[1]);
        if first.0 > 0.0 {
            let lowest = on(first, second, 0.0);
            if lowest < 0.0 {
                knots.insert(0, (first.0 - first.1 * (second.0 - first.0) / (second.1 - first.1), 0.0));
            }
            knots.insert(0, (0.0, lowest.max(0.0)));
        }
        let (before, last) = (quantiles[quantiles.len() - 2], quantiles[quantiles.len() - 1]);
        if last.0 < 1.0 {
            knots.push((1.0, on(before, last, 1.0)));
        }
        knots.dedup_by(|b, a| a.0 >= b.0);
        let lines = knots.windows(2).map(|pair| Line::between(pair[0], pair[1])).collect();
        Piecewise { knots, lines }
    }

    pub(super) fn sample(&self, word: Word) -> Span {
        let line = &self.lines[self.lines.partition_point(|line| line.from <= word.0).saturating_sub(1)];
        Span::from_nanos((line.nanos + line.slope * (word.0 - line.from) as f64 + 0.5) as i64 as u64)
    }

    /// The sum over lines of a function of their width in probability and their two ends in seconds.
    fn sum(&self, part: impl Fn(f64, f64, f64) -> f64) -> f64 {
        self.knots.windows(2).map(|pair| part(pair[1].0 - pair[0].0, pair[0].1, pair[1].1)).sum()
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum(|width, x, y| width * 0.5 * (x + y))
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        self.sum(|width, x, y| {
            let (x, y) = (x - mean, y - mean);
            width * (x * x + x * y + y * y) / 3.0
        })
    }

    pub(super) fn limited(&self, cut: f64) -> f64 {
        self.sum(|width, x, y| match cut {
            cut if cut >= y => width * 0.5 * (x + y),
            cut if cut <= x => width * cut,
            cut => width * (cut - 0.5 * (cut - x) * (cut - x) / (y - x)),
        })
    }

    pub(super) fn cdf(&self, seconds: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.1 <= seconds);
        if after == 0 || after == self.knots.len() {
            return if after == 0 { 0.0 } else { 1.0 };
        }
        let ((p, x), (q, y)) = (self.knots[after - 1], self.knots[after]);
        p + (q - p) * (seconds - x) / (y - x)
    }

    pub(super) fn quantile(&self, p: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 <= p).clamp(1, self.knots.len() - 1);
        let ((from, x), (to, y)) = (self.knots[after - 1], self.knots[after]);
        x + (y - x) * ((p - from) / (to - from)).clamp(0.0, 1.0)
    }
}

impl Line {
    fn between((p, x): (f64, f64), (q, y): (f64, f64)) -> Line {
        const WORDS: f64 = 18_446_744_073_709_551_616.0; // 2⁶⁴
        Line { from: (p * WORDS) as u64, nanos: x * 1e9, slope: (y - x) * 1e9 / ((q - p) * WORDS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_pass_through_what_was_measured() {
        let line = Piecewise::through(&[(0.5, 4.0), (0.9, 8.0), (0.99, 8.0)]);
        for (p, seconds) in
            [(0.0, 0.0), (0.05, 0.0), (0.1, 0.0), (0.3, 2.0), (0.5, 4.0), (0.7, 6.0), (0.95, 8.0), (1.0, 8.0)]
        {
            assert!((line.quantile(p) - seconds).abs() < 1e-12, "{p}: {}", line.quantile(p));
            let word = Word((p * u64::MAX as f64) as u64);
            assert!((line.sample(word).secs() - seconds).abs() < 2e-9, "{p}: {}", line.sample(word));
        }
        assert!((line.cdf(6.0) - 0.7).abs() < 1e-12);
        assert_eq!((line.cdf(-1.0), line.cdf(8.0), line.cdf(9.0)), (0.0, 1.0, 1.0));
        assert!((line.mean() - (0.8 * 4.0 + 0.1 * 8.0)).abs() < 1e-12);
        assert!((line.limited(4.0) - (0.4 * 2.0 + 0.5 * 4.0)).abs() < 1e-12);
    }

    #[test]
    fn the_ends_go_on_in_a_straight_line() {
        let line = Piecewise::through(&[(0.25, 2.0), (0.75, 4.0)]);
        assert_eq!((line.quantile(0.0), line.quantile(1.0)), (1.0, 5.0));
        assert_eq!(line.sample(Word(0)), Span::SECOND);
        assert_eq!(line.mean(), 3.0);
        assert!((line.variance() - 16.0 / 12.0).abs() < 1e-12);
    }
}
