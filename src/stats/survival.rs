//! Survival by age, from deaths and right-censored observations.

use super::grid::cell;

/// 32 cells an octave.
const BITS: u32 = 5;

/// The product-limit estimate of survival (Kaplan and Meier, *JASA* 53, 1958) over ages in nanoseconds.
///
/// A death at age `d` counts as gone at `d` and every later age; an observation censored at age `c` was still alive at
/// `c`. Ages are kept in cells of 1/32 of an octave, cut at the checkpoints given: at a checkpoint the estimate is that
/// of the samples themselves except for deaths and censorings that fall in one cell, where deaths count first. At other
/// ages, deaths later in the same cell count as well.
#[derive(Clone, Debug)]
pub struct Survival {
    checkpoints: Vec<u64>,
    /// Deaths and censorings by cell.
    cells: Vec<(u64, u64)>,
    count: u64,
    /// The age that was last told, and its cell: most things of a kind live as long as the one before.
    last: (u64, usize),
}

impl Survival {
    /// A measure that is exact at these ages.
    pub fn new(checkpoints: &[u64]) -> Survival {
        Survival { checkpoints: checkpoints.to_vec(), cells: Vec::new(), count: 0, last: (0, 0) }
    }

    /// A death at this age.
    pub fn death(&mut self, age: u64) {
        self.deaths(age, 1);
    }

    /// This many deaths at this age.
    pub fn deaths(&mut self, age: u64, many: u64) {
        if many > 0 {
            self.cell_of(age).0 += many;
            self.count += many - 1;
        }
    }

    /// An observation that is censored at this age.
    pub fn censored(&mut self, age: u64) {
        self.cell_of(age).1 += 1;
    }

    /// The number of observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The share alive at an age; none without observations. Beyond the last observation it stays at its last value.
    pub fn surviving(&self, age: u64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        // Between two censorings the product telescopes into one fraction, so that it is exact without any.
        let (mut share, mut run, mut left) = (1.0, self.count, self.count);
        for (deaths, censored) in self.cells.iter().take(self.index(age) + 1) {
            left -= deaths;
            if *censored > 0 {
                share *= left as f64 / run as f64;
                left -= censored;
                run = left;
            }
            if left == 0 && run == 0 {
                return Some(share);
            }
        }
        Some(share * (left as f64 / run as f64))
    }

    /// Adds what another measure with the same checkpoints has seen.
    pub fn merge(&mut self, other: &Survival) {
        debug_assert_eq!(self.checkpoints, other.checkpoints);
        if self.cells.len() < other.cells.len() {
            self.cells.resize(other.cells.len(), (0, 0));
        }
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            *cell = (cell.0 + more.0, cell.1 + more.1);
        }
        self.count += other.count;
    }

    /// The cell of an age: its place on the grid, moved up by one for every checkpoint that it has passed, so that a
    /// checkpoint is the last age of a cell.
    fn index(&self, age: u64) -> usize {
        cell(age, BITS) + self.checkpoints.iter().filter(|checkpoint| age > **checkpoint).count()
    }

    fn cell_of(&mut self, age: u64) -> &mut (u64, u64) {
        if self.last.0 != age {
            self.last = (age, self.index(age));
        }
        let at = self.last.1;
        if at >= self.cells.len() {
            self.cells.resize(at + 1, (0, 0));
        }
        self.count += 1;
        &mut self.cells[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;
    const DAY: u64 = 24 * HOUR;

    #[test]
    fn without_censoring_it_is_the_plain_fraction() {
        let mut logs = Survival::new(&[HOUR, DAY]);
        for age in [0, HOUR - 1, HOUR, HOUR + 1, DAY, DAY + 1, 3 * DAY] {
            logs.death(age);
        }
        assert_eq!(logs.surviving(0), Some(6.0 / 7.0));
        assert_eq!(logs.surviving(HOUR), Some(4.0 / 7.0)); // age ≥ TTL is gone
        assert_eq!(logs.surviving(DAY), Some(2.0 / 7.0));
        assert_eq!(logs.surviving(30 * DAY), Some(0.0));
        assert_eq!(Survival::new(&[HOUR]).surviving(HOUR), None);
    }

    /// The remission times of 21 leukaemia patients under 6-MP (Freireich et al. 1963), whose product-limit estimate
    /// is in every textbook on survival, with weeks for nanoseconds.
    #[test]
    fn a_published_estimate() {
        let mut patients = Survival::new(&[]);
        [6, 6, 6, 7, 10, 13, 16, 22, 23].into_iter().for_each(|week| patients.death(week));
        [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].into_iter().for_each(|week| patients.censored(week));
        for (week, share) in
            [(5, 1.0), (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (40, 0.448)]
        {
            assert!((patients.surviving(week).unwrap() - share).abs() < 5e-4, "week {week}");
        }
    }

    #[test]
    fn after_the_last_sighting_the_last_value_stays() {
        let mut logs = Survival::new(&[HOUR, DAY]);
        logs.death(5);
        logs.censored(HOUR);
        assert_eq!((logs.surviving(HOUR), logs.surviving(30 * DAY)), (Some(0.5), Some(0.5)));
    }

    #[test]
    fn merging_is_measuring_all() {
        let (mut left, mut right, mut all) = (Survival::new(&[DAY]), Survival::new(&[DAY]), Survival::new(&[DAY]));
        for (i, age) in [3, DAY, 2 * DAY, 7 * DAY].into_iter().enumerate() {
            let half = if i % 2 == 0 { &mut left } else { &mut right };
            half.death(age);
            half.censored(age / 2);
            all.death(age);
            all.censored(age / 2);
        }
        left.merge(&right);
        assert_eq!((left.cells, left.count), (all.cells, all.count));
    }
}
