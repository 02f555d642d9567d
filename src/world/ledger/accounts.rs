//! The ledger: every plan, call, attempt, op and record ends in exactly one bucket, and the buckets sum to what
//! began. It is balanced at the end of every replication; a sum that does not come out is an internal error.

use crate::units::count;
use crate::world::ledger::{Both, Cause, Causes, CausesOf};

/// How a plan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum PlanEnd {
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
pub(crate) enum CallEnd {
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
pub(crate) enum AttemptEnd {
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
pub(crate) struct Account<const ENDS: usize> {
    pub(crate) begun: Both,
    pub(crate) ended: [Both; ENDS],
    /// Why, of those that did not end well.
    pub(crate) by: Causes,
}

impl<const ENDS: usize> Account<ENDS> {
    pub(crate) fn new() -> Self {
        Account { begun: [0; 2], ended: [[0; 2]; ENDS], by: Causes::NONE }
    }

    #[inline]
    pub(crate) fn begin(&mut self, recorded: bool) {
        self.begun[usize::from(recorded)] += 1;
    }

    #[inline]
    pub(crate) fn end(&mut self, end: usize, recorded: bool) {
        self.ended[end][usize::from(recorded)] += 1;
    }

    /// One does not end well.
    pub(crate) fn fail(&mut self, end: usize, cause: Cause, recorded: bool) {
        self.end(end, recorded);
        self.by.count(cause, recorded);
    }

    /// Recorded ends of one kind.
    pub(crate) fn of(&self, end: usize) -> u64 {
        self.ended[end][1]
    }

    /// Ends of one kind, those of the warm-up too.
    pub(crate) fn ended_in_all(&self, end: usize) -> u64 {
        self.ended[end].iter().sum()
    }

    /// Recorded ones that are still open.
    pub(crate) fn open(&self) -> u64 {
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
pub(crate) struct Ledger {
    pub(crate) plans: Account<6>,
    pub(crate) calls: Account<6>,
    pub(crate) attempts: Account<6>,
}

impl Ledger {
    pub(crate) fn new() -> Ledger {
        Ledger { plans: Account::new(), calls: Account::new(), attempts: Account::new() }
    }

    /// Adds another class's accounts.
    pub(crate) fn add(&mut self, other: &Ledger) {
        self.plans.add(&other.plans);
        self.calls.add(&other.calls);
        self.attempts.add(&other.attempts);
    }

    /// Checks that what is open in the ledger is what is in flight.
    pub(crate) fn balance(&self, alive: Alive) -> Result<(), String> {
        check("plans", self.plans.total_open(), alive.plans)?;
        check("calls", self.calls.total_open(), alive.calls)?;
        check("attempts", self.attempts.total_open(), alive.attempts)
    }

    /// Checks that whatever did not end well has one cause, and one that the model has.
    pub(crate) fn balance_causes(&self, known: &CausesOf) -> Result<(), String> {
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
pub(crate) struct Alive {
    pub(crate) plans: u64,
    pub(crate) calls: u64,
    pub(crate) attempts: u64,
}

/// Checks that one kind of work balances.
pub(crate) fn check(what: &str, open: i128, alive: u64) -> Result<(), String> {
    if open == i128::from(alive) {
        return Ok(());
    }
    Err(format!("conservation check failed for {what}: {open} open in the ledger, {} in flight", count(alive)))
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
