//! What an isolate remembers of the providers among which its attempts choose.

use crate::model::CoolDown;
use crate::units::Instant;

/// One of several providers.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Attempts under way.
    busy: u32,
    /// Those that have failed in a row.
    failed: u32,
    /// Until when it is not asked.
    out_until: Instant,
}

/// Several providers, as one isolate knows them.
#[derive(Clone, Debug)]
pub(crate) struct PoolState {
    members: Vec<Member>,
    /// Whose turn it is.
    turn: usize,
}

impl PoolState {
    pub(crate) fn new(members: usize) -> PoolState {
        let member = Member { busy: 0, failed: 0, out_until: Instant::START };
        PoolState { members: vec![member; members], turn: 0 }
    }

    /// Who may be asked: all that have not failed of late, and whose breaker is not open until later, as `open` says of
    /// each; if there is none, the first that comes back.
    pub(crate) fn ready(&self, now: Instant, open: &[Option<Instant>]) -> Vec<usize> {
        let back =
            |at: usize| open[at].map_or(self.members[at].out_until, |until| until.max(self.members[at].out_until));
        let all = 0..self.members.len();
        let ready: Vec<usize> = all.clone().filter(|at| back(*at) <= now).collect();
        if ready.is_empty() { all.min_by_key(|at| back(*at)).into_iter().collect() } else { ready }
    }

    /// The next of these in turn.
    pub(crate) fn in_turn(&mut self, ready: &[usize]) -> usize {
        let next = ready.iter().copied().find(|at| *at >= self.turn).or(ready.first().copied()).unwrap_or(0);
        self.turn = (next + 1) % self.members.len();
        next
    }

    /// The one of these with the fewest attempts under way: of several the one whose turn it is.
    pub(crate) fn least_busy(&mut self, ready: &[usize]) -> usize {
        let fewest = ready.iter().map(|at| self.members[*at].busy).min().unwrap_or(0);
        let ready: Vec<usize> = ready.iter().copied().filter(|at| self.members[*at].busy == fewest).collect();
        self.in_turn(&ready)
    }

    /// An attempt goes to it.
    pub(crate) fn begins(&mut self, member: usize) {
        self.members[member].busy += 1;
    }

    /// An attempt at it is over, if that is known, well or not; true if it is not asked from now on for a while.
    pub(crate) fn ended(&mut self, member: usize, now: Instant, failed: Option<bool>, rules: Option<CoolDown>) -> bool {
        let member = &mut self.members[member];
        member.busy = member.busy.saturating_sub(1);
        let (Some(failed), Some(rules)) = (failed, rules) else { return false };
        member.failed = if failed { member.failed + 1 } else { 0 };
        let goes_out = member.failed >= rules.failures && member.out_until <= now;
        if goes_out {
            member.failed = 0;
            member.out_until = now.saturating_add(rules.lasts);
        }
        goes_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn who_has_failed_is_passed_over_until_its_time_is_up() {
        let rules = Some(CoolDown { failures: 2, lasts: Span::from_nanos(10) });
        let mut pool = PoolState::new(3);
        let open = [None; 3];
        let all = pool.ready(at(0), &open);
        assert_eq!([0; 4].map(|_| pool.in_turn(&all)), [0, 1, 2, 0]);
        assert!(!pool.ended(1, at(5), Some(true), rules) && !pool.ended(1, at(5), Some(false), rules));
        assert!(!pool.ended(1, at(6), Some(true), rules) && pool.ended(1, at(7), Some(true), rules), "two in a row");
        assert_eq!((pool.ready(at(16), &open), pool.ready(at(17), &open)), (vec![0, 2], vec![0, 1, 2]));
        let left = pool.ready(at(16), &open);
        assert_eq!([0; 3].map(|_| pool.in_turn(&left)), [2, 0, 2], "the turn goes on without it");
        // Nobody is there: the first to come back is asked all the same.
        let open = [Some(at(30)), None, Some(at(20))];
        assert_eq!(pool.ready(at(10), &open), [1]);
        assert_eq!(pool.ready(at(10), &[Some(at(30)), Some(at(40)), Some(at(20))]), [2]);
    }

    #[test]
    fn the_least_busy_is_asked_and_of_equals_the_next() {
        let mut pool = PoolState::new(3);
        let ask = |pool: &mut PoolState| {
            let chosen = pool.least_busy(&[0, 1, 2]);
            pool.begins(chosen);
            chosen
        };
        assert_eq!([0; 4].map(|_| ask(&mut pool)), [0, 1, 2, 0]);
        pool.ended(2, at(1), None, None);
        assert_eq!(ask(&mut pool), 2);
        assert_eq!(ask(&mut pool), 1);
    }
}
