//! The ledger: every plan, call, attempt, op and record ends in exactly one bucket, and the buckets sum to what
//! began. It is balanced at the end of every replication; a sum that does not come out is an internal error.

use super::cause::{Cause, Causes, CausesOf};
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
    /// It was never sent: a breaker, a limit of its invocation or its own time limit kept it back.
    KeptBack,
}

/// The counts of one kind of work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Account<const ENDS: usize> {
    pub(super) begun: Both,
    pub(super) ended: [Both; ENDS],
    /// Why, of those that did not end well.
    pub(super) by: Causes,
}

impl<const ENDS: usize> Account<ENDS> {
    pub(super) fn new() -> Self {
        Account { begun: [0; 2], ended: [[0; 2]; ENDS], by: Causes::NONE }
    }

    #[inline]
    pub(super) fn begin(&mut self, recorded: bool) {
        self.begun[usize::from(recorded)] += 1;
    }

    #[inline]
    pub(super) fn end(&mut self, end: usize, recorded: bool) {
        self.ended[end][usize::from(recorded)] += 1;
    }

    /// One does not end well.
    pub(super) fn fail(&mut self, end: usize, cause: Cause, recorded: bool) {
        self.end(end, recorded);
        self.by.count(cause, recorded);
    }

    /// Recorded ends of one kind.
    pub(super) fn of(&self, end: usize) -> u64 {
        self.ended[end][1]
    }

    /// Ends of one kind, those of the warm-up too.
    pub(super) fn ended_in_all(&self, end: usize) -> u64 {
        self.ended[end].iter().sum()
    }

    /// Recorded that have begun and not ended.
    pub(super) fn open(&self) -> u64 {
        self.begun[1].saturating_sub(self.ended.iter().map(|both| both[1]).sum())
    }

    fn total_open(&self) -> i128 {
        let begun: i128 = self.begun.iter().map(|&n| i128::from(n)).sum();
        begun - self.ended.iter().flatten().map(|&n| i128::from(n)).sum::<i128>()
    }

    /// Checks that each that did not end well has one cause; the first end is the good one.
    fn check_causes(&self, what: &str) -> Result<(), String> {
        let bad: i128 = self.ended[1..].iter().flatten().map(|&n| i128::from(n)).sum();
        if bad == self.by.total() {
            return Ok(());
        }
        Err(format!("the causes of {what} do not balance: {bad} did not end well, {} have a cause", self.by.total()))
    }

    fn add(&mut self, other: &Self) {
        self.by.add(&other.by);
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
    pub(super) attempts: Account<6>,
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

    /// Checks that whatever did not end well has one cause, and one that the model has.
    pub(super) fn balance_causes(&self, known: &CausesOf) -> Result<(), String> {
        self.plans.check_causes("plans")?;
        self.calls.check_causes("calls")?;
        self.attempts.check_causes("attempts")?;
        self.plans.by.check("plans", known.plans)?;
        self.calls.by.check("calls", known.calls)?;
        self.attempts.by.check("attempts", known.attempts)
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
