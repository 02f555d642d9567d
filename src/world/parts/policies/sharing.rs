//! A provider with shared capacity (processor sharing): up to its capacity every attempt runs at full speed; beyond it
//! all run at the same lower speed, so that the total stays at capacity.
//!
//! The end of an attempt depends on later arrivals, so only the next end is known. A virtual clock runs at the speed of
//! one attempt: an attempt ends when the clock has advanced by its latency. The clock counts in whole parts of a
//! nanosecond, so that nothing depends on the order of sums.

use crate::policy::Fault;
use crate::units::{Instant, Span};
use std::collections::BTreeMap;

/// Parts of a nanosecond, as a power of two.
const PARTS: u32 = 32;

/// An attempt that is there: when the clock of the provider ends it, and its place among those that end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    ends: u128,
    pub(crate) address: u64,
    pub(crate) attempt: u16,
}

/// What is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    /// The call that waits for it; none once it has given up.
    pub(crate) client: Option<u32>,
    pub(crate) recorded: bool,
    pub(crate) fault: Option<Fault>,
    /// Since when nobody waits for it.
    pub(crate) left_at: Instant,
}

/// The attempts at one provider.
#[derive(Debug)]
pub(crate) struct Sharing {
    capacity: u64,
    clock: u128,
    now: Instant,
    jobs: BTreeMap<Ticket, Job>,
    /// Counts the times that the next end has changed: an event of an earlier count is ignored.
    pub(crate) version: u32,
}

impl Sharing {
    pub(crate) fn new(capacity: u32) -> Sharing {
        let capacity = u64::from(capacity);
        Sharing { capacity, clock: 0, now: Instant::START, jobs: BTreeMap::new(), version: 0 }
    }

    /// It works on so many at full speed from `now` on; whether that is another number.
    pub(crate) fn change(&mut self, capacity: u32, now: Instant) -> bool {
        self.advance(now);
        std::mem::replace(&mut self.capacity, capacity.into()) != u64::from(capacity)
    }

    /// Attempts that are there.
    pub(crate) fn present(&self) -> u64 {
        self.jobs.len() as u64
    }

    /// Attempts that have been abandoned.
    pub(crate) fn abandoned(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(|job| job.client.is_none())
    }

    fn advance(&mut self, now: Instant) {
        let present = u128::from(self.present());
        if present > 0 {
            let at_once = present.min(u128::from(self.capacity));
            self.clock += ((u128::from(now.since(self.now).nanos()) * at_once) << PARTS) / present;
        }
        self.now = now;
    }

    /// An attempt comes that takes so long at full speed.
    pub(crate) fn enter(&mut self, now: Instant, latency: Span, (address, attempt): (u64, u16), job: Job) -> Ticket {
        self.advance(now);
        let ticket = Ticket { ends: self.clock + (u128::from(latency.nanos()) << PARTS), address, attempt };
        self.jobs.insert(ticket, job);
        ticket
    }

    /// An attempt goes before its end.
    pub(crate) fn leave(&mut self, now: Instant, ticket: Ticket) {
        self.advance(now);
        self.jobs.remove(&ticket);
    }

    /// An attempt is abandoned, and goes on.
    pub(crate) fn abandon(&mut self, now: Instant, ticket: Ticket) {
        if let Some(job) = self.jobs.get_mut(&ticket) {
            (job.client, job.left_at) = (None, now);
        }
    }

    /// The attempt that ends next, and when, if nobody comes or goes before.
    pub(crate) fn next(&self) -> Option<(Instant, Ticket)> {
        let (ticket, _) = self.jobs.first_key_value()?;
        let present = u128::from(self.present());
        let speed = present.min(u128::from(self.capacity)) << PARTS;
        let takes = (ticket.ends.saturating_sub(self.clock) * present).div_ceil(speed);
        let takes = Span::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX));
        Some((self.now.saturating_add(takes), *ticket))
    }

    /// The attempt that was to end next has ended.
    pub(crate) fn end(&mut self, now: Instant) -> Option<Job> {
        self.advance(now);
        self.jobs.pop_first().map(|(_, job)| job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    /// When each ends that comes at its time with its latency, by hand.
    fn ends(capacity: u32, arrivals: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut sharing = Sharing::new(capacity);
        let mut arrivals = arrivals.iter().enumerate().peekable();
        let mut ended = Vec::new();
        loop {
            let next = sharing.next();
            match (arrivals.peek(), next) {
                (Some((_, (now, _))), next) if next.is_none_or(|(ends, _)| ends > at(*now)) => {
                    let (number, (now, latency)) = arrivals.next().unwrap();
                    let job = Job { client: None, recorded: true, fault: None, left_at: at(0) };
                    sharing.enter(at(*now), Span::from_nanos(*latency), (number as u64, 0), job);
                }
                (_, Some((ends, ticket))) => {
                    sharing.end(ends);
                    ended.push((ticket.address, ends.nanos()));
                }
                _ => return ended,
            }
        }
    }

    #[test]
    fn two_share_one_and_one_has_it_alone() {
        // Alone until 10; then half speed: the first has 20 left, done at 50; the second has done 20 of 30 then.
        assert_eq!(ends(1, &[(0, 30), (10, 30)]), [(0, 50), (1, 60)]);
        assert_eq!(ends(2, &[(0, 30), (10, 30)]), [(0, 30), (1, 40)], "room for both");
        // Three on two: two thirds of full speed, so 30 take 45.
        assert_eq!(ends(2, &[(0, 30), (0, 30), (0, 30)]), [(0, 45), (1, 45), (2, 45)]);
        // At one instant the address decides, whoever came first: at 0 and at 10 with 10 less to do.
        assert_eq!(ends(1, &[(0, 20), (0, 20), (40, 1)]), [(0, 40), (1, 40), (2, 41)]);
    }
}
