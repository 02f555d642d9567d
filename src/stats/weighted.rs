//! The average of a level over time.

/// A whole-numbered level that holds until it is set anew, and its exact integral over nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeWeighted {
    began: u64,
    since: u64,
    level: u64,
    max: u64,
    area: u128,
}

impl TimeWeighted {
    /// A level of `level` from the instant `now`, in nanoseconds.
    pub fn new(now: u64, level: u64) -> TimeWeighted {
        TimeWeighted { began: now, since: now, level, max: level, area: 0 }
    }

    /// Sets the level from `now` on. Time does not run backwards: an earlier `now` is a programmer's error.
    #[inline]
    pub fn set(&mut self, now: u64, level: u64) {
        debug_assert!(now >= self.since, "time ran backwards");
        self.area += u128::from(now - self.since) * u128::from(self.level);
        self.since = now;
        self.level = level;
        if level > self.max {
            self.max = level;
        }
    }

    /// Raises the level by one from `now` on.
    #[inline]
    pub fn raise(&mut self, now: u64) {
        self.set(now, self.level + 1);
    }

    /// Lowers the level by one from `now` on.
    #[inline]
    pub fn lower(&mut self, now: u64) {
        debug_assert!(self.level > 0, "a level under 0");
        self.set(now, self.level - 1);
    }

    /// Forgets what was before `now`, but not the level: the end of a warm-up.
    pub fn restart(&mut self, now: u64) {
        *self = TimeWeighted::new(now, self.level);
    }

    /// The level now.
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The highest level since the start.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Level times nanoseconds from the start until `now`, exactly.
    pub fn area(&self, now: u64) -> u128 {
        debug_assert!(now >= self.since, "time ran backwards");
        self.area + u128::from(now - self.since) * u128::from(self.level)
    }

    /// The average level from the start until `now`; none where no time has passed.
    pub fn mean(&self, now: u64) -> Option<f64> {
        (now > self.began).then(|| self.area(now) as f64 / (now - self.began) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_exact() {
        let mut queue = TimeWeighted::new(100, 0);
        assert_eq!(queue.mean(100), None);
        queue.raise(110);
        queue.set(120, 5);
        queue.lower(130);
        assert_eq!(queue.area(140), 10 + 50 + 40);
        assert_eq!((queue.mean(140), queue.max(), queue.level()), (Some(2.5), 5, 4));
        queue.restart(140);
        assert_eq!((queue.mean(150), queue.max()), (Some(4.0), 4));
    }

    #[test]
    fn three_centuries_do_not_overflow() {
        let mut level = TimeWeighted::new(0, u64::MAX);
        level.set(u64::MAX - 1, 0);
        assert_eq!(level.mean(u64::MAX - 1), Some(u64::MAX as f64));
    }
}
