//! What is measured of a class, and of its waits in a queue, beside its accounts.

use crate::stats::Quantiles;

/// What is measured of one class, beside its ledger.
#[derive(Debug, Default)]
pub(crate) struct ClassTally {
    /// Of completed plans.
    pub(crate) latencies: Quantiles,
    pub(crate) latency_ns: u128,
    pub(crate) retried: u64,
    /// Completed after their user had left.
    pub(crate) for_nobody: u64,
    pub(crate) faults: [u64; crate::policy::Fault::ALL.len()],
}

impl ClassTally {
    pub(crate) fn add(&mut self, other: &ClassTally) {
        self.latencies.merge(&other.latencies);
        self.latency_ns += other.latency_ns;
        self.retried += other.retried;
        self.for_nobody += other.for_nobody;
        for (mine, theirs) in self.faults.iter_mut().zip(other.faults) {
            *mine += theirs;
        }
    }
}

/// The waits of one class in one queue.
#[derive(Debug, Default)]
pub(crate) struct QueueTally {
    pub(crate) offered: u64,
    pub(crate) refused: u64,
    pub(crate) abandoned: u64,
    pub(crate) lost: u64,
    pub(crate) cancelled: u64,
    pub(crate) granted: u64,
    pub(crate) wait_ns: u128,
    pub(crate) waits: crate::stats::Quantiles,
}

impl QueueTally {
    pub(crate) fn add(&mut self, other: &QueueTally) {
        self.offered += other.offered;
        self.refused += other.refused;
        self.abandoned += other.abandoned;
        self.lost += other.lost;
        self.cancelled += other.cancelled;
        self.granted += other.granted;
        self.wait_ns += other.wait_ns;
        self.waits.merge(&other.waits);
    }
}
