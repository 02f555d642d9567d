//! M/M/1, load 0.9: one server, mean service 1 s, unlimited queue.

use super::candidates::{Calendar, Quad};
use super::sample::Draws;
use super::{SECOND, Summary, Sums};
use std::collections::VecDeque;

pub const LOAD: f64 = 0.9;

const DEPARTURE: u64 = 0;
const ARRIVAL: u64 = 1;

/// Serves `n` customers, with a 4-ary heap.
pub fn run(seed: u64, n: u64) -> Summary {
    run_on::<Quad>(seed, n)
}

/// Serves `n` customers, with the calendar asked for.
pub fn run_on<C: Calendar>(seed: u64, n: u64) -> Summary {
    let mut draws = Draws::new(seed);
    let mut calendar = C::new();
    let mut queue: VecDeque<u64> = VecDeque::with_capacity(1024);
    let (mut sums, mut summary) = (Sums::default(), Summary::default());
    // When the customer in service came; none: idle.
    let mut in_service: Option<u64> = None;
    let gap = SECOND / LOAD;
    if n > 0 {
        calendar.push((draws.exponential() * gap) as u64, ARRIVAL, ARRIVAL);
    }
    while let Some((now, _, event)) = calendar.pop() {
        summary.events += 1;
        if event == ARRIVAL {
            summary.offered += 1;
            if summary.offered < n {
                calendar.push(now + (draws.exponential() * gap) as u64, ARRIVAL, ARRIVAL);
            }
            if in_service.is_some() {
                queue.push_back(now);
                continue;
            }
            in_service = Some(now);
        } else {
            if let Some(came) = in_service {
                summary.completed += 1;
                sums.sojourn += now - came;
            }
            in_service = queue.pop_front();
            let Some(came) = in_service else { continue };
            sums.wait += now - came;
        }
        summary.served += 1;
        calendar.push(now + (draws.exponential() * SECOND) as u64, DEPARTURE, DEPARTURE);
    }
    sums.finish(summary)
}

/// Serves `n` customers without any calendar: two instants, compared. What no general program can reach.
pub fn run_bare(seed: u64, n: u64) -> Summary {
    let mut draws = Draws::new(seed);
    let mut queue: VecDeque<u64> = VecDeque::with_capacity(1024);
    let (mut sums, mut summary) = (Sums::default(), Summary::default());
    let gap = SECOND / LOAD;
    let (mut arrival, mut departure) = ((draws.exponential() * gap) as u64, u64::MAX);
    while summary.completed < n {
        summary.events += 1;
        // The one in service stays at the head of the queue.
        if arrival < departure {
            let now = arrival;
            summary.offered += 1;
            arrival = if summary.offered < n { now + (draws.exponential() * gap) as u64 } else { u64::MAX };
            if queue.is_empty() {
                summary.served += 1;
                departure = now + (draws.exponential() * SECOND) as u64;
            }
            queue.push_back(now);
        } else {
            let now = departure;
            summary.completed += 1;
            sums.sojourn += now - queue.pop_front().unwrap_or(now);
            departure = match queue.front() {
                None => u64::MAX,
                Some(came) => {
                    summary.served += 1;
                    sums.wait += now - came;
                    now + (draws.exponential() * SECOND) as u64
                }
            };
        }
    }
    sums.finish(summary)
}

#[cfg(test)]
mod tests {
    use super::super::Winner;
    use super::*;

    /// With services of mean 1 the mean wait is ρ/(1−ρ) = 9. The mean of n successive waits varies about it with
    /// variance ρ(2+5ρ−4ρ²+ρ³)/(1−ρ)⁴/n (Daley 1968; Whitt 1989): a standard error of 0.19 for a million.
    #[test]
    fn the_mean_wait_is_that_of_theory() {
        const N: u64 = 1_000_000;
        let p = LOAD;
        let variance = p * (2.0 + 5.0 * p - 4.0 * p * p + p * p * p) / (1.0 - p).powi(4) / N as f64;
        for summary in [run(1, N), run_on::<Winner>(2, N), run_bare(3, N)] {
            assert_eq!((summary.offered, summary.completed, summary.served), (N, N, N));
            let z = (summary.mean_wait - p / (1.0 - p)) / variance.sqrt();
            assert!(z.abs() < 2.576, "mean wait {} is {z:.2} standard errors off", summary.mean_wait);
            // A sojourn is a wait and a service: their means differ by 1, within 4 standard errors of that.
            assert!((summary.mean_sojourn - summary.mean_wait - 1.0).abs() < 4.0 / (N as f64).sqrt());
        }
    }

    #[test]
    fn the_calendar_makes_no_difference() {
        assert_eq!(run(4, 50_000), run_on::<Winner>(4, 50_000));
        assert_eq!(run(4, 50_000), run_bare(4, 50_000));
    }
}
