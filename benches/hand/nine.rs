//! Plans of nine sequential calls with timeouts and retries.
//!
//! Plans come Poisson, 4 × 0.85 ÷ 36 s. Each call waits in turn for one of 4 slots, in 64 places; where they are
//! full, the plan fails. A call takes a lognormal time, mean 4 s, coefficient of variation 0.8, and is cut at 12 s,
//! which frees the slot; it is tried again up to twice, after up to 1 s and up to 2 s (full jitter), at the tail of
//! the queue. A third timeout fails the plan.

use super::candidates::{Calendar, Quad};
use super::sample::Draws;
use super::{SECOND, Summary, Sums};

pub const SLOTS: usize = 4;
pub const PLACES: usize = 64;
pub const CALLS: u8 = 9;
pub const RETRIES: u8 = 2;
pub const RATE: f64 = 4.0 * 0.85 / 36.0;
pub const TIMEOUT: u64 = 12_000_000_000;
const MEAN: f64 = 4.0;
const CV: f64 = 0.8;

/// What an event is: the top bits of its order, so that at one instant answers come before timeouts and so on. The
/// rest of the order is the plan's number; the payload is its place in memory.
const ANSWER: u64 = 0;
const CUT: u64 = 1;
const BACK: u64 = 2;
const ARRIVAL: u64 = 3;
const KIND: u32 = 60;

#[derive(Clone, Copy, Default)]
struct Plan {
    came: u64,
    /// When its call joined the queue.
    joined: u64,
    number: u64,
    call: u8,
    attempt: u8,
}

struct World<C> {
    calendar: C,
    draws: Draws,
    plans: Vec<Plan>,
    free: Vec<u32>,
    queue: [u32; PLACES],
    head: usize,
    waiting: usize,
    active: usize,
    mu: f64,
    sigma: f64,
    /// The standard normal beyond which a call takes longer than the timeout.
    cut: f64,
    sums: Sums,
    summary: Summary,
}

impl<C: Calendar> World<C> {
    /// A call joins the queue, or starts, or finds it full.
    #[inline]
    fn enter(&mut self, now: u64, plan: u32) {
        if self.active < SLOTS {
            self.active += 1;
            self.start(now, plan);
        } else if self.waiting < PLACES {
            self.plans[plan as usize].joined = now;
            self.queue[(self.head + self.waiting) % PLACES] = plan;
            self.waiting += 1;
        } else {
            self.summary.dropped += 1;
            self.free.push(plan);
        }
    }

    /// A call starts. How it ends is known at once: a timeout needs no event beside the answer's.
    #[inline]
    fn start(&mut self, now: u64, plan: u32) {
        self.summary.served += 1;
        let z = self.draws.normal();
        let (kind, takes) = if z > self.cut {
            (CUT, TIMEOUT)
        } else {
            (ANSWER, ((self.mu + self.sigma * z).exp() as u64).min(TIMEOUT))
        };
        self.calendar.push(now + takes, kind << KIND | self.plans[plan as usize].number, u64::from(plan));
    }

    /// A call leaves: its slot goes to the head of the queue.
    #[inline]
    fn leave(&mut self, now: u64) {
        if self.waiting == 0 {
            self.active -= 1;
            return;
        }
        let plan = self.queue[self.head];
        self.head = (self.head + 1) % PLACES;
        self.waiting -= 1;
        self.sums.wait += now - self.plans[plan as usize].joined;
        self.start(now, plan);
    }

    #[inline]
    fn arrive(&mut self, now: u64, n: u64) {
        let plan = Plan { came: now, number: self.summary.offered, ..Plan::default() };
        self.summary.offered += 1;
        if self.summary.offered < n {
            self.next_arrival(now);
        }
        let place = match self.free.pop() {
            Some(place) => {
                self.plans[place as usize] = plan;
                place
            }
            None => {
                self.plans.push(plan);
                (self.plans.len() - 1) as u32
            }
        };
        self.enter(now, place);
    }

    fn next_arrival(&mut self, now: u64) {
        let gap = self.draws.exponential() * (SECOND / RATE);
        self.calendar.push(now + gap as u64, ARRIVAL << KIND, 0);
    }
}

/// Offers `n` plans, with a 4-ary heap.
pub fn run(seed: u64, n: u64) -> Summary {
    run_on::<Quad>(seed, n)
}

/// Offers `n` plans, with the calendar asked for.
pub fn run_on<C: Calendar>(seed: u64, n: u64) -> Summary {
    let variance = (1.0 + CV * CV).ln();
    let mu = (MEAN * SECOND).ln() - variance / 2.0;
    let sigma = variance.sqrt();
    let mut w = World {
        calendar: C::new(),
        draws: Draws::new(seed),
        plans: Vec::new(),
        free: Vec::new(),
        queue: [0; PLACES],
        head: 0,
        waiting: 0,
        active: 0,
        mu,
        sigma,
        cut: ((TIMEOUT as f64).ln() - mu) / sigma,
        sums: Sums::default(),
        summary: Summary::default(),
    };
    if n > 0 {
        w.next_arrival(0);
    }
    while let Some((now, order, payload)) = w.calendar.pop() {
        w.summary.events += 1;
        let place = payload as u32;
        match order >> KIND {
            ANSWER => {
                w.leave(now);
                let plan = &mut w.plans[place as usize];
                plan.call += 1;
                plan.attempt = 0;
                if plan.call < CALLS {
                    w.enter(now, place);
                } else {
                    w.summary.completed += 1;
                    w.sums.sojourn += now - plan.came;
                    w.free.push(place);
                }
            }
            CUT => {
                w.summary.timeouts += 1;
                w.leave(now);
                let plan = &mut w.plans[place as usize];
                if plan.attempt < RETRIES {
                    let most = SECOND * f64::from(1 << plan.attempt);
                    plan.attempt += 1;
                    let wait = w.draws.unit() * most;
                    w.calendar.push(now + wait as u64, BACK << KIND | plan.number, payload);
                } else {
                    w.summary.failed += 1;
                    w.free.push(place);
                }
            }
            BACK => w.enter(now, place),
            _ => w.arrive(now, n),
        }
    }
    w.sums.finish(w.summary)
}

#[cfg(test)]
mod tests {
    use super::super::Winner;
    use super::*;

    /// Attempts are independent, so the share cut is that of the lognormal beyond 12 s, with a binomial error; and a
    /// call that is never refused fails with the cube of that chance.
    #[test]
    fn timeouts_are_those_of_theory() {
        let summary = run(1, 100_000);
        let Summary { offered, completed, dropped, failed, served, timeouts, .. } = summary;
        assert_eq!(offered, completed + dropped + failed);
        let variance = (1.0 + CV * CV).ln();
        let z = ((12.0 / MEAN).ln() + variance / 2.0) / variance.sqrt();
        let p = libm::erfc(z / 2.0_f64.sqrt()) / 2.0;
        let share = |count: u64, of: u64, p: f64| (count as f64 - of as f64 * p) / (of as f64 * p * (1.0 - p)).sqrt();
        let z = share(timeouts, served, p);
        assert!(z.abs() < 2.576, "{timeouts} of {served} attempts timed out: {z:.2} standard errors off");
        // A plan fails unless nine calls do not; those dropped (few) could have failed as well.
        let fails = 1.0 - (1.0 - p * p * p).powi(9);
        let z = share(failed, offered - dropped, fails);
        assert!(z.abs() < 2.576, "{failed} plans failed: {z:.2} standard errors off");
        // A plan cannot take less than its nine calls.
        assert!(summary.mean_sojourn > 9.0 * 3.7, "{}", summary.mean_sojourn);
    }

    #[test]
    fn the_calendar_makes_no_difference() {
        assert_eq!(run(4, 5_000), run_on::<Winner>(4, 5_000));
    }
}
