//! The ledger: every plan, call, attempt, op and record ends in exactly one bucket, and the buckets sum to what
//! began. It is balanced at the end of every replication; a sum that does not come out is an internal error.

use crate::units::count;

/// Counts of what began and how it ended. Each is kept twice: `[0]` for plans of the warm-up, `[1]` for recorded.
pub(super) type Both = [u64; 2];

/// How a plan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum PlanEnd {
    Completed,
    Failed,
    Overloaded,
    Abandoned,
    Crashed,
    /// Its user left.
    Left,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum CallEnd {
    Succeeded,
    Failed,
    Refused,
    Abandoned,
    Crashed,
    /// Its user left while it waited.
    Cancelled,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum AttemptEnd {
    Succeeded,
    TimedOut,
    Errored,
    RateLimited,
    /// Its isolate went.
    Lost,
}

/// The counts of one kind of work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Account<const ENDS: usize> {
    pub(super) begun: Both,
    pub(super) ended: [Both; ENDS],
}

impl<const ENDS: usize> Account<ENDS> {
    pub(super) fn new() -> Self {
        Account { begun: [0; 2], ended: [[0; 2]; ENDS] }
    }

    #[inline]
    pub(super) fn begin(&mut self, recorded: bool) {
        self.begun[usize::from(recorded)] += 1;
    }

    #[inline]
    pub(super) fn end(&mut self, end: usize, recorded: bool) {
        self.ended[end][usize::from(recorded)] += 1;
    }

    /// Recorded ends of one kind.
    pub(super) fn of(&self, end: usize) -> u64 {
        self.ended[end][1]
    }

    /// Recorded that have begun and not ended.
    pub(super) fn open(&self) -> u64 {
        self.begun[1].saturating_sub(self.ended.iter().map(|both| both[1]).sum())
    }

    fn total_open(&self) -> i128 {
        let begun: i128 = self.begun.iter().map(|&n| i128::from(n)).sum();
        begun - self.ended.iter().flatten().map(|&n| i128::from(n)).sum::<i128>()
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.begun.iter_mut().zip(other.begun) {
            *mine += theirs;
        }
        for (mine, theirs) in self.ended.iter_mut().flatten().zip(other.ended.iter().flatten()) {
            *mine += theirs;
        }
    }
}

/// All accounts of one class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ledger {
    pub(super) plans: Account<6>,
    pub(super) calls: Account<6>,
    pub(super) attempts: Account<5>,
}

impl Ledger {
    pub(super) fn new() -> Ledger {
        Ledger { plans: Account::new(), calls: Account::new(), attempts: Account::new() }
    }

    /// Adds another class's accounts.
    pub(super) fn add(&mut self, other: &Ledger) {
        self.plans.add(&other.plans);
        self.calls.add(&other.calls);
        self.attempts.add(&other.attempts);
    }

    /// Checks that what has begun and not ended is what is alive.
    pub(super) fn balance(&self, alive: Alive) -> Result<(), String> {
        check("plans", self.plans.total_open(), alive.plans)?;
        check("calls", self.calls.total_open(), alive.calls)?;
        check("attempts", self.attempts.total_open(), alive.attempts)
    }
}

/// What the world still holds when a replication ends, counted from its parts and not from the ledger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alive {
    pub(super) plans: u64,
    pub(super) calls: u64,
    pub(super) attempts: u64,
}

/// Checks that one kind of work balances.
pub(super) fn check(what: &str, open: i128, alive: u64) -> Result<(), String> {
    if open == i128::from(alive) {
        return Ok(());
    }
    Err(format!("the ledger of {what} does not balance: {open} have begun and not ended, {} are alive", count(alive)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_plan_is_noticed() {
        let mut ledger = Ledger::new();
        ledger.plans.begin(true);
        ledger.plans.begin(false);
        ledger.plans.end(PlanEnd::Completed as usize, true);
        let alive = |plans| Alive { plans, calls: 0, attempts: 0 };
        assert_eq!(ledger.balance(alive(1)), Ok(()));
        assert!(ledger.balance(alive(0)).unwrap_err().contains("plans"));
        assert_eq!((ledger.plans.open(), ledger.plans.of(PlanEnd::Completed as usize)), (0, 1));
    }
}
