//! Queues in equilibrium.

use super::erlang::erlang_c;
use crate::math::ln;

/// A queue solved through its states.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The probability of `n` customers in the system, from 0 on.
    pub states: Vec<f64>,
    /// The fraction of arrivals refused.
    pub loss: f64,
    /// The mean wait before service of those accepted, waits of 0 included, in seconds.
    pub wait: f64,
    /// The mean number waiting.
    pub queued: f64,
    /// The mean number in service.
    pub active: f64,
    /// Customers served a second.
    pub throughput: f64,
}

/// States of a birth and death process, given the ratio of the birth rate in `n − 1` to the death rate in `n`.
fn birth_and_death(last: u32, ratio: impl Fn(u32) -> f64) -> Vec<f64> {
    let mut states = vec![1.0];
    let (mut weight, mut sum) = (1.0, 1.0);
    for n in 1..=last {
        weight *= ratio(n);
        sum += weight;
        states.push(weight);
        if sum > 1e200 {
            states.iter_mut().for_each(|state| *state *= 1e-200);
            (weight, sum) = (weight * 1e-200, sum * 1e-200);
        }
    }
    states.iter_mut().for_each(|state| *state /= sum);
    states
}

/// M/M/c/K: `servers >= 1`, `places` waiting beside them, arrivals a second, mean service in seconds over 0.
///
/// `pₙ ∝ Π λ/(min(n, c)μ)`; an arrival is refused in state `c + places`; the wait of the accepted is Little's law
/// (Gross et al., *Fundamentals of Queueing Theory*, 4th ed., 2.5).
pub fn mmck(servers: u32, places: u32, rate: f64, service: f64) -> Solution {
    let states = birth_and_death(servers + places, |n| rate * service / f64::from(n.min(servers)));
    let loss = states[states.len() - 1];
    let throughput = rate * states[..states.len() - 1].iter().sum::<f64>();
    solution(states, servers, loss, throughput)
}

/// The closed queue of `users` who think, ask, and wait for the answer: M/M/c//N, the machine repairman.
///
/// `pₙ ∝ Π (N − n + 1)s/(z min(n, c))` for a mean think time `z` and service `s` over 0 (Gross et al., 2.8). The mean
/// response is `wait + service`; by Little's law it is also `N/throughput − z`. Nothing is refused.
pub fn repairman(users: u32, think: f64, servers: u32, service: f64) -> Solution {
    let states = birth_and_death(users, |n| f64::from(users - n + 1) * service / (think * f64::from(n.min(servers))));
    let thinking: f64 = states.iter().enumerate().map(|(n, p)| f64::from(users - n as u32) * p).sum();
    solution(states, servers, 0.0, thinking / think)
}

/// A closed queue without waiting places, whose users go on thinking when they are refused: Engset's, in which only the
/// means `z` and `s` matter.
///
/// `pₙ ∝ C(N, n)(s/z)ⁿ`, `n <= c`; who asks sees the states of the other `N − 1` users (Kleinrock I, 3.9).
pub fn engset(users: u32, think: f64, servers: u32, service: f64) -> Solution {
    let of = |users: u32| {
        birth_and_death(servers.min(users), |n| f64::from(users - n + 1) * service / (think * f64::from(n)))
    };
    let full = |states: &[f64]| if states.len() > servers as usize { states[servers as usize] } else { 0.0 };
    let states = of(users);
    let thinking: f64 = states.iter().enumerate().map(|(n, p)| f64::from(users - n as u32) * p).sum();
    let loss = full(&of(users - 1));
    solution(states, servers, loss, thinking / think * (1.0 - loss))
}

fn solution(states: Vec<f64>, servers: u32, loss: f64, throughput: f64) -> Solution {
    let sum = |value: &dyn Fn(u32) -> u32| -> f64 {
        states.iter().enumerate().map(|(n, p)| f64::from(value(n as u32)) * p).sum()
    };
    let queued = sum(&|n| n.saturating_sub(servers));
    let active = sum(&|n| n.min(servers));
    Solution {
        loss,
        wait: if throughput > 0.0 { queued / throughput } else { 0.0 },
        queued,
        active,
        throughput,
        states,
    }
}

/// The mean wait of M/M/1 in seconds, `ρ/(μ − λ)`; none where it grows without end.
pub fn mm1_wait(rate: f64, service: f64) -> Option<f64> {
    mg1_wait(rate, service, 1.0)
}

/// The wait that a share `p` in 0..1 of M/M/1 arrivals stays within, in seconds; none where it grows without end.
///
/// `P(W > t) = ρ e^(−(μ−λ)t)` (Kleinrock I, 5.7), so that the share `1 − ρ` does not wait at all.
pub fn mm1_wait_quantile(rate: f64, service: f64, p: f64) -> Option<f64> {
    let spare = 1.0 / service - rate;
    (spare > 0.0).then(|| (ln(rate * service / (1.0 - p)) / spare).max(0.0))
}

/// The mean wait of M/G/1 in seconds by Pollaczek and Khinchine; none where it grows without end.
///
/// `W = ρ s (1 + cv²) / (2(1 − ρ))` for a service of mean `s` and coefficient of variation `cv` (Kleinrock I, 5.6).
pub fn mg1_wait(rate: f64, service: f64, cv: f64) -> Option<f64> {
    let busy = rate * service;
    (busy < 1.0).then(|| busy * service * (1.0 + cv * cv) / (2.0 * (1.0 - busy)))
}

/// The mean wait of M/D/1 in seconds: half that of M/M/1.
pub fn md1_wait(rate: f64, service: f64) -> Option<f64> {
    mg1_wait(rate, service, 0.0)
}

/// By what factor a server slows down everybody whom it shares itself among: Poisson arrivals that bring a `load` of work,
/// at full speed up to `capacity` of them; none where the number present grows without end.
///
/// Their number has the law of M/M/c whatever the law of the work, and who needs `x` stays `x` times this: for one,
/// `1/(1 − ρ)`; for more, `1 + C(c, a)/(c − a)` (Kleinrock II, 4.4; Cohen, *Acta Informatica* 12, 1979).
pub fn sharing_slowdown(capacity: u32, load: f64) -> Option<f64> {
    let spare = f64::from(capacity) - load;
    (spare > 0.0).then(|| 1.0 + erlang_c(capacity, load) / spare)
}

/// A class of customers in a priority queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// Arrivals a second.
    pub rate: f64,
    /// Mean service in seconds.
    pub service: f64,
    /// The coefficient of variation of the service.
    pub cv: f64,
}

/// Mean waits of non-preemptive M/G/1 priorities in seconds, the most urgent class first; none from the class on that
/// the server cannot keep up with.
///
/// `Wₖ = W₀ / ((1 − σₖ₋₁)(1 − σₖ))`, with `W₀ = Σ λᵢE[Sᵢ²]/2` over all classes and `σₖ = ρ₁ + … + ρₖ` (Cobham,
/// *Operations Research* 2, 1954). Where lower classes overload the server, `W₀` counts only the time it has for them.
pub fn cobham(classes: &[Class]) -> Vec<Option<f64>> {
    let mut room = 1.0;
    let rest: f64 = classes
        .iter()
        .map(|class| {
            let busy = (class.rate * class.service).min(room);
            room -= busy;
            busy * class.service * (1.0 + class.cv * class.cv) / 2.0
        })
        .sum();
    levels(rest, classes.iter().map(|class| class.rate * class.service))
}

/// Mean waits of non-preemptive M/M/c priorities in seconds where all classes have the same mean service, the most
/// urgent first: Cobham's formula with `W₀ = C(c, a)·s/c` (Cobham 1954; Gross et al., 3.4.2).
pub fn cobham_mmc(servers: u32, rates: &[f64], service: f64) -> Vec<Option<f64>> {
    let c = f64::from(servers);
    let load = rates.iter().sum::<f64>() * service;
    levels(erlang_c(servers, load) * service / c, rates.iter().map(|rate| rate * service / c))
}

fn levels(rest: f64, busy: impl Iterator<Item = f64>) -> Vec<Option<f64>> {
    let mut above = 0.0;
    busy.map(|own| {
        let before = 1.0 - above;
        above += own;
        (above < 1.0).then(|| rest / (before * (1.0 - above)))
    })
    .collect()
}

/// The mean number present in M/G/∞, `λs`; the number is Poisson with that mean whatever the service is like
/// (Kleinrock I, 3.4).
pub fn mg_infinity(rate: f64, service: f64) -> f64 {
    rate * service
}

#[cfg(test)]
mod tests {
    use super::super::erlang::{erlang_b, mmc_wait};
    use super::*;
    use crate::theory::close;

    #[test]
    fn limits_of_mmck_are_erlangs() {
        close(mmck(5, 0, 4.0, 1.0).loss, erlang_b(5, 4.0), 1e-13);
        close(mmck(3, 2_000, 2.0, 1.0).wait, mmc_wait(3, 2.0, 1.0).unwrap(), 1e-10);
        let full = mmck(4, 64, 3.0, 2.0); // overloaded: all served by four servers, two seconds each
        close(full.throughput, 2.0, 1e-9);
        close(full.states.iter().sum(), 1.0, 1e-13);
        close(mmck(1, 3, 1.0, 1.0).loss, 0.2, 1e-14); // ρ = 1: five equal states
    }

    /// Worked by hand from the definition: two machines, one repairman, equal think and repair times.
    #[test]
    fn a_small_repair_shop() {
        let shop = repairman(2, 1.0, 1, 1.0);
        assert_eq!(shop.states, [0.2, 0.4, 0.4]);
        close(shop.throughput, 0.8, 1e-14);
        close(shop.wait + 1.0, 2.0 / shop.throughput - 1.0, 1e-13);
        close(repairman(7, 3.0, 7, 2.0).throughput, 7.0 / 5.0, 1e-13); // a server for everybody
    }

    /// Two users and one server, equal times: the other thinks half of the time that he is not in service.
    #[test]
    fn a_small_shop_that_turns_away() {
        let shop = engset(2, 1.0, 1, 1.0);
        close(shop.states[1], 2.0 / 3.0, 1e-14);
        close(shop.loss, 0.5, 1e-14);
        close(shop.throughput, shop.active, 1e-14); // what is served is what is in service, at a service of 1
        assert_eq!(engset(3, 1.0, 3, 1.0).loss, 0.0);
        close(engset(100_000, 1e5, 4, 1.0).loss, erlang_b(4, 1.0), 1e-4);
    }

    #[test]
    fn waits_of_one_server() {
        close(mm1_wait(0.8, 1.0).unwrap(), 4.0, 1e-13);
        close(md1_wait(0.8, 1.0).unwrap(), 2.0, 1e-13);
        close(mm1_wait_quantile(0.5, 1.0, 0.95).unwrap(), 2.0 * 10.0_f64.ln(), 1e-13);
        assert_eq!(mm1_wait_quantile(0.5, 1.0, 0.4), Some(0.0));
        assert_eq!(mg1_wait(1.0, 1.0, 0.0), None);
        close(mg_infinity(3.0, 2.0), 6.0, 0.0);
    }

    /// Kleinrock's conservation law: `Σ ρᵢWᵢ` does not depend on the order of service.
    #[test]
    fn priorities_only_move_waits_about() {
        let classes = [(0.2, 1.0, 1.0), (0.1, 3.0, 0.5), (0.3, 0.7, 2.0)];
        let classes = classes.map(|(rate, service, cv)| Class { rate, service, cv });
        let total = |classes: &[Class]| -> f64 {
            classes.iter().zip(cobham(classes)).map(|(class, wait)| class.rate * class.service * wait.unwrap()).sum()
        };
        close(total(&classes), total(&[classes[2], classes[0], classes[1]]), 1e-13);
        close(cobham(&[Class { rate: 0.8, service: 1.0, cv: 1.0 }])[0].unwrap(), 4.0, 1e-13);
        close(cobham_mmc(3, &[2.0], 1.0)[0].unwrap(), mmc_wait(3, 2.0, 1.0).unwrap(), 1e-13);
        let over = cobham_mmc(1, &[0.5, 0.6], 1.0);
        close(over[0].unwrap(), 2.0, 1e-13); // always somebody in service: a whole memoryless service, over 1 - 0.5
        assert_eq!(over[1], None);
    }
}
