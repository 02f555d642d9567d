//! M/M/4/68, load 0.95: four servers, mean service 1 s, 64 waiting places; whoever finds them full is lost.

use super::candidates::{Calendar, Quad};
use super::sample::Draws;
use super::{SECOND, Summary, Sums};

pub const SERVERS: usize = 4;
pub const PLACES: usize = 64;
pub const LOAD: f64 = 0.95;

/// Events at one instant: departures first. The payload of a departure is the instant its customer came.
const DEPARTURE: u64 = 0;
const ARRIVAL: u64 = 1;

/// Offers `n` customers, with a 4-ary heap.
pub fn run(seed: u64, n: u64) -> Summary {
    run_on::<Quad>(seed, n)
}

/// Offers `n` customers, with the calendar asked for.
pub fn run_on<C: Calendar>(seed: u64, n: u64) -> Summary {
    let mut draws = Draws::new(seed);
    let mut calendar = C::new();
    let mut queue = [0_u64; PLACES];
    let (mut head, mut waiting, mut active) = (0, 0, 0);
    let (mut sums, mut summary) = (Sums::default(), Summary::default());
    let gap = SECOND / (LOAD * SERVERS as f64);
    if n > 0 {
        calendar.push((draws.exponential() * gap) as u64, ARRIVAL, 0);
    }
    while let Some((now, kind, payload)) = calendar.pop() {
        summary.events += 1;
        let came = if kind == ARRIVAL {
            summary.offered += 1;
            if summary.offered < n {
                calendar.push(now + (draws.exponential() * gap) as u64, ARRIVAL, 0);
            }
            if active == SERVERS {
                if waiting == PLACES {
                    summary.dropped += 1;
                } else {
                    queue[(head + waiting) % PLACES] = now;
                    waiting += 1;
                }
                continue;
            }
            active += 1;
            now
        } else {
            summary.completed += 1;
            sums.sojourn += now - payload;
            if waiting == 0 {
                active -= 1;
                continue;
            }
            let came = queue[head];
            head = (head + 1) % PLACES;
            waiting -= 1;
            sums.wait += now - came;
            came
        };
        summary.served += 1;
        calendar.push(now + (draws.exponential() * SECOND) as u64, DEPARTURE, came);
    }
    sums.finish(summary)
}

/// Offers `n` customers without a calendar: an instant a server, the least of them found by comparing all.
pub fn run_bare(seed: u64, n: u64) -> Summary {
    let mut draws = Draws::new(seed);
    let mut queue = [0_u64; PLACES];
    let (mut head, mut waiting, mut active) = (0, 0, 0);
    let (mut departures, mut came) = ([u64::MAX; SERVERS], [0_u64; SERVERS]);
    let (mut sums, mut summary) = (Sums::default(), Summary::default());
    let gap = SECOND / (LOAD * SERVERS as f64);
    let mut arrival = (draws.exponential() * gap) as u64;
    while summary.completed + summary.dropped < n {
        summary.events += 1;
        let low = usize::from(departures[1] < departures[0]);
        let high = 2 + usize::from(departures[3] < departures[2]);
        let mut server = if departures[high] < departures[low] { high } else { low };
        let now = departures[server].min(arrival);
        let customer = if arrival < departures[server] {
            summary.offered += 1;
            arrival = if summary.offered < n { now + (draws.exponential() * gap) as u64 } else { u64::MAX };
            if active == SERVERS {
                if waiting == PLACES {
                    summary.dropped += 1;
                } else {
                    queue[(head + waiting) % PLACES] = now;
                    waiting += 1;
                }
                continue;
            }
            active += 1;
            server = departures.iter().position(|&d| d == u64::MAX).unwrap_or(0);
            now
        } else {
            summary.completed += 1;
            sums.sojourn += now - came[server];
            if waiting == 0 {
                active -= 1;
                departures[server] = u64::MAX;
                continue;
            }
            let first = queue[head];
            head = (head + 1) % PLACES;
            waiting -= 1;
            sums.wait += now - first;
            first
        };
        summary.served += 1;
        came[server] = customer;
        departures[server] = now + (draws.exponential() * SECOND) as u64;
    }
    sums.finish(summary)
}

#[cfg(test)]
mod tests {
    use super::super::Winner;
    use super::*;

    /// Chances of 0 to 68 customers: π(k) ∝ Π λ/min(k, 4), services of mean 1.
    fn chances() -> Vec<f64> {
        let rate = LOAD * SERVERS as f64;
        let mut chances = vec![1.0];
        for k in 1..=SERVERS + PLACES {
            chances.push(chances[k - 1] * rate / k.min(SERVERS) as f64);
        }
        let sum: f64 = chances.iter().sum();
        chances.into_iter().map(|p| p / sum).collect()
    }

    /// Arrivals see time averages, so π(68) of them are lost. While 68 are there losses come at the arrival rate λ
    /// and change nothing, so the count of losses has variance λπ(68) a second, plus that of λ times the time spent
    /// there, which for a birth-death process is 2 Σ (Σ_{i≤j} (f(i) − f̄) π(i))² / (λ π(j)) (Whitt 1992, eq. 26).
    /// Counted by arrivals instead of by time it is a little smaller: more arrivals, more losses.
    #[test]
    fn loss_and_wait_are_those_of_theory() {
        const N: u64 = 1_000_000;
        let rate = LOAD * SERVERS as f64;
        let chance = chances();
        let loss = chance[SERVERS + PLACES];
        let mut below = 0.0;
        let mut variance = rate * loss;
        for p in &chance[..SERVERS + PLACES] {
            below += p;
            variance += 2.0 * rate * loss * loss * below * below / p;
        }
        // A second has λ arrivals.
        let error = (variance / rate / N as f64).sqrt();
        // Little: the mean number waiting is the rate of those served times their mean wait.
        let waiting: f64 = (1..=PLACES).map(|k| k as f64 * chance[SERVERS + k]).sum();
        let wait = waiting / (rate * (1.0 - loss));
        for summary in [run(1, N), run_on::<Winner>(2, N), run_bare(3, N)] {
            assert_eq!(summary.completed + summary.dropped, N);
            let z = (summary.dropped as f64 / N as f64 - loss) / error;
            assert!(z.abs() < 2.576, "{} lost is {z:.2} standard errors from {loss}", summary.dropped);
            // The number in the system has the same kind of variance, with f(k) = waiting.
            let (mut gap, mut spread) = (0.0, 0.0);
            for (k, p) in chance[..SERVERS + PLACES].iter().enumerate() {
                gap += (k.saturating_sub(SERVERS) as f64 - waiting) * p;
                spread += 2.0 * gap * gap / (rate * p);
            }
            let seconds = N as f64 / rate;
            let z = (summary.mean_wait - wait) / ((spread / seconds).sqrt() / rate);
            assert!(z.abs() < 2.576, "mean wait {} is {z:.2} standard errors from {wait}", summary.mean_wait);
        }
    }

    #[test]
    fn the_calendar_makes_no_difference() {
        assert_eq!(run(4, 50_000), run_on::<Winner>(4, 50_000));
        assert_eq!(run(4, 50_000), run_bare(4, 50_000));
    }
}
