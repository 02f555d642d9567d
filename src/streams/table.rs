//! A quantile function as a table of cubics: the hot loop computes no logarithm and no exponential.

use super::Word;
use super::exact::Exact;
use crate::math::gamma::{Node, Tail, first_guess};
use crate::math::{exp, ln};

/// Octaves on each side of the median. Beyond the last, one draw in 4 thousand million, the formula is used.
const OCTAVES: usize = 32;
/// Cells in an octave.
const CELLS: usize = 32;
/// Steps between the nodes of an octave: a cubic has four nodes, its ends shared with its neighbours.
const STEPS: usize = 3 * CELLS;
/// Cells in a table.
const SIZE: usize = 2 * OCTAVES * CELLS;

/// The quantile function in nanoseconds, cubic by cubic.
///
/// The first bit of a word says which side of the median it is on; what follows is its distance `e` from that end of
/// the unit interval, in units of 2⁻⁶⁴. The leading zeros of `e` are the octave, the next five bits the cell, the rest
/// the place in the cell. So cells are as fine towards both tails as in the middle, and finding one takes shifts only.
#[derive(Clone)]
pub(super) struct Table {
    cells: Box<[Cell; SIZE]>,
}

/// Coefficients of one cubic in the place within the cell, counted in 2⁻⁵³: of powers 0, 2, 1 and 3, so that the two
/// halves of a sum are loaded as they are added.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Cell([f64; 4]);

impl Table {
    /// Tabulates a continuous law.
    pub(super) fn new(law: &Exact) -> Table {
        let mut cells = vec![Cell([0.0; 4]); SIZE];
        for (side, tail) in [Tail::Lower, Tail::Upper].into_iter().enumerate() {
            let mut walk = Walk::new(law, tail);
            let mut last = walk.nanos(0.5);
            for octave in 0..OCTAVES {
                let least = 0.25 / (1_u64 << octave) as f64;
                let mut nodes = [0.0; STEPS + 1];
                nodes[STEPS] = last;
                for (step, node) in nodes[..STEPS].iter_mut().enumerate().rev() {
                    *node = walk.nanos(least * (1.0 + step as f64 / STEPS as f64));
                }
                last = nodes[0];
                for cell in 0..CELLS {
                    let at = (side * OCTAVES + octave) * CELLS + cell;
                    cells[at] = Cell::through([0, 1, 2, 3].map(|i| nodes[3 * cell + i]));
                }
            }
        }
        let cells: Box<[Cell]> = cells.into();
        Table { cells: cells.try_into().unwrap_or_else(|_| unreachable!("the length is SIZE")) }
    }

    /// The table of a law that is a multiple of this one.
    pub(super) fn scaled(&self, factor: f64) -> Table {
        let mut cells = self.cells.clone();
        for Cell([a, c, b, d]) in cells.iter_mut() {
            (*a, *b, *c, *d) = ((*a - 0.5) * factor + 0.5, *b * factor, *c * factor, *d * factor);
        }
        Table { cells }
    }

    /// The span in nanoseconds; none in the far tails.
    #[inline]
    pub(super) fn sample(&self, word: Word) -> Option<u64> {
        let side = word.0 >> 63;
        let e = distance(word) << 1;
        if e >> (64 - OCTAVES) == 0 {
            return None;
        }
        let octave = u64::from((e | 1).leading_zeros());
        let aligned = e << octave;
        let cell = (aligned >> 58) & (CELLS as u64 - 1);
        let at = (side * OCTAVES as u64 + octave) * CELLS as u64 + cell;
        let [a, c, b, d] = self.cells[at as usize % SIZE].0;
        let t = ((aligned << 6) >> 11) as i64 as f64;
        Some(((a + b * t) + (t * t) * (c + d * t)) as i64 as u64)
    }
}

/// The distance from the nearer end of the unit interval, in units of 2⁻⁶⁴, less a half.
#[inline]
fn distance(word: Word) -> u64 {
    word.0 ^ (((word.0 as i64) >> 63) as u64)
}

/// The tail that a word is in, and the probability of lying further out.
pub(super) fn place(word: Word) -> (Tail, f64) {
    let tail = if word.0 >> 63 == 0 { Tail::Lower } else { Tail::Upper };
    (tail, (distance(word) as f64 + 0.5) * (0.5 / (1_u64 << 63) as f64))
}

impl Cell {
    /// The cubic through four values at 0, 1/3, 2/3 and 1, raised by the half that makes truncation round.
    fn through([start, y1, y2, y3]: [f64; 4]) -> Cell {
        const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
        let (y1, y2, y3) = (y1 - start, y2 - start, y3 - start);
        let b = 9.0 * y1 - 4.5 * y2 + y3;
        let c = -22.5 * y1 + 18.0 * y2 - 4.5 * y3;
        let d = 13.5 * y1 - 13.5 * y2 + 4.5 * y3;
        Cell([start + 0.5, c * (UNIT * UNIT), b * UNIT, d * (UNIT * UNIT * UNIT)])
    }
}

/// A walk outwards along one tail. A gamma quantile is found from the one before, in one step.
struct Walk<'a> {
    law: &'a Exact,
    tail: Tail,
    gamma: Option<(f64, Node)>,
}

impl<'a> Walk<'a> {
    fn new(law: &'a Exact, tail: Tail) -> Walk<'a> {
        Walk { law, tail, gamma: None }
    }

    fn nanos(&mut self, e: f64) -> f64 {
        let Exact::Gamma { shape, scale } = *self.law else {
            return self.law.tail(self.tail, e) * 1e9;
        };
        let ln_e = ln(e);
        let guess = match &self.gamma {
            Some((before, node)) => node.ahead(shape, self.tail, ln_e - before),
            None => first_guess(shape, self.tail, e),
        };
        let node = Node::solve(shape, self.tail, ln_e, guess);
        self.gamma = Some((ln_e, node));
        exp(node.y) * scale * 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words over both sides, all octaves and the places within a cell where a cubic errs most, and the end words.
    fn grid() -> impl Iterator<Item = Word> {
        let octaves = (0..62).flat_map(|octave| {
            let finer = (0..997_u64).map(move |i| (1 << 62 | ((i << 62) / 997)) >> octave);
            finer.flat_map(|e| [Word(e), Word(!e)])
        });
        octaves.chain([Word(0), Word(u64::MAX), Word(u64::MAX / 2), Word(u64::MAX / 2 + 1)])
    }

    /// The largest error against the formula, less the half nanosecond of rounding, as a share of the exact value and
    /// a billionth of the mean (which only matters where a span is under a thousandth of the mean).
    fn worst(law: &Exact) -> f64 {
        let table = Table::new(law);
        let mean = law.mean() * 1e9;
        grid()
            .filter_map(|word| {
                let seen = table.sample(word)? as f64;
                let (tail, e) = place(word);
                let exact = law.tail(tail, e) * 1e9;
                Some(((seen - exact).abs() - 0.5).max(0.0) / (exact + 1e-2 * mean))
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_table_is_the_formula_to_one_in_ten_million() {
        for cv in [0.05, 0.3, 0.7, 1.0, 1.5, 3.0] {
            // A mean of an hour, so that the nanosecond does not hide the error.
            for law in [Exact::lognormal(3.6e3, cv), Exact::gamma(3.6e3, cv), Exact::weibull(3.6e3, cv)] {
                let worst = worst(&law);
                assert!(worst <= 1e-7, "cv {cv}, {law:?}: {worst:e}");
            }
        }
        assert!(worst(&Exact::Exponential { mean: 3.6e3 }) <= 1e-7);
    }

    #[test]
    fn a_larger_word_is_never_a_shorter_span() {
        let law = Exact::lognormal(4.0, 1.2);
        let table = Table::new(&law);
        let mut words: Vec<Word> = grid().collect();
        words.sort_by_key(|word| word.0);
        let spans: Vec<u64> = words.into_iter().filter_map(|word| table.sample(word)).collect();
        assert!(spans.is_sorted());
    }
}
