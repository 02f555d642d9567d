//! Erlang's formulas: loss, delay, and delay with customers who leave.

use crate::math::ln;

/// Erlang B: the fraction of Poisson arrivals that find all servers busy and are lost.
///
/// `B(0) = 1`, `B(c) = aB(c−1) / (c + aB(c−1))` with the offered load `a = λ/μ >= 0` (Kleinrock, *Queueing Systems*
/// I, 3.6). It depends on the service time through its mean only.
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |b, c| load * b / (f64::from(c) + load * b))
}

/// Erlang C: the fraction of arrivals that wait in M/M/c; 1 where the load is at least the number of servers.
///
/// `C = cB / (c − a(1 − B))` (Kleinrock I, 3.5).
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let (c, b) = (f64::from(servers), erlang_b(servers, load));
    if load >= c { 1.0 } else { c * b / (c - load * (1.0 - b)) }
}

/// The mean wait of M/M/c in seconds, waits of 0 included; none where the queue grows without end.
///
/// `W = C / (cμ − λ)` (Kleinrock I, 3.5), for a mean service time `1/μ` over 0.
pub fn mmc_wait(servers: u32, rate: f64, service: f64) -> Option<f64> {
    let load = rate * service;
    let spare = f64::from(servers) - load;
    (spare > 0.0).then(|| erlang_c(servers, load) * service / spare)
}

/// The wait that a share `p` in 0..1 of M/M/c arrivals stays within, in seconds; none where it grows without end.
///
/// `P(W > t) = C e^(−(cμ − λ)t)` (Gross et al., *Fundamentals of Queueing Theory*, 4th ed., 2.3).
pub fn mmc_wait_quantile(servers: u32, rate: f64, service: f64, p: f64) -> Option<f64> {
    let load = rate * service;
    let spare = f64::from(servers) - load;
    (spare > 0.0).then(|| (ln(erlang_c(servers, load) / (1.0 - p)) * service / spare).max(0.0))
}

/// What Erlang A says of a queue whose customers leave after an exponential patience.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangA {
    /// The fraction of arrivals that do not start at once.
    pub waiting: f64,
    /// The fraction of arrivals that leave before they start.
    pub abandoned: f64,
    /// The mean number waiting.
    pub queued: f64,
    /// The mean wait of those who are served, waits of 0 included, first come first served; in seconds.
    pub wait: f64,
}

/// Erlang A, that is M/M/c+M: `servers >= 1`, arrivals a second, mean service and mean patience in seconds over 0.
///
/// The birth and death process with death rate `min(n, c)/s + max(n − c, 0)/p`, summed until the rest is nothing
/// (Garnett, Mandelbaum and Reiman, *M&SOM* 4, 2002). Whoever waits leaves at rate `1/p`: `abandoned = queued/(λp)`.
/// Who finds `k` waiting moves up at rates `c/s + j/p`, `j = k + 1` to 1, and each step is not its own leaving, so it is
/// served with probability `(c/s)/(c/s + (k + 1)/p)`, after the sum of the steps' means.
pub fn erlang_a(servers: u32, rate: f64, service: f64, patience: f64) -> ErlangA {
    let c = f64::from(servers);
    let busy = c / service;
    let (mut weight, mut sum, mut waiting, mut queued, mut waited) = (1.0, 1.0, 0.0, 0.0, 0.0);
    let (mut n, mut steps) = (0.0, 0.0);
    loop {
        n += 1.0;
        let over = f64::max(n - c, 0.0);
        let deaths = f64::min(n, c) / service + over / patience;
        weight *= rate / deaths;
        sum += weight;
        if n >= c {
            waiting += weight;
            queued += over * weight;
            let moves = busy + (over + 1.0) / patience;
            steps += 1.0 / moves;
            waited += weight * busy / moves * steps;
        }
        if n > c && rate < deaths && weight * (1.0 + over) < 1e-18 * sum {
            break;
        }
        if sum > 1e200 {
            [weight, sum, waiting, queued, waited] = [weight, sum, waiting, queued, waited].map(|x| x * 1e-200);
        }
    }
    let abandoned = queued / sum / (rate * patience);
    ErlangA { waiting: waiting / sum, abandoned, queued: queued / sum, wait: waited / sum / (1.0 - abandoned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;

    /// Entries of the tables of Erlang B: 10 servers lose 1 % at 4.461 erlangs, 100 lose 1 % at 84.06.
    #[test]
    fn erlang_b_is_that_of_the_tables() {
        close(erlang_b(10, 4.461), 0.01, 1e-3);
        close(erlang_b(100, 84.06), 0.01, 1e-3);
        close(erlang_b(2, 1.0), 0.2, 1e-15);
        close(erlang_b(1, 3.0), 0.75, 1e-15);
    }

    #[test]
    fn erlang_c_is_the_sum_of_the_states() {
        close(erlang_c(1, 0.7), 0.7, 1e-14); // M/M/1 waits with probability ρ
        close(erlang_c(2, 1.0), 1.0 / 3.0, 1e-14);
        close(mmc_wait(1, 0.5, 1.0).unwrap(), 1.0, 1e-14);
        assert_eq!(mmc_wait(2, 2.0, 1.0), None);
        // With one server it is that of M/M/1; its mean over all shares is the mean wait.
        let (one, other) =
            (mmc_wait_quantile(1, 0.5, 1.0, 0.95), super::super::queues::mm1_wait_quantile(0.5, 1.0, 0.95));
        close(one.unwrap(), other.unwrap(), 1e-14);
        let shares = 1_000_000;
        let of = |i| mmc_wait_quantile(3, 2.0, 1.0, (f64::from(i) + 0.5) / f64::from(shares)).unwrap();
        let mean = (0..shares).map(of).sum::<f64>() / f64::from(shares);
        close(mean, mmc_wait(3, 2.0, 1.0).unwrap(), 1e-5);
    }

    #[test]
    fn erlang_a_lies_between_its_limits() {
        // Patience equal to the service time: n is Poisson(a), as with servers for everybody.
        let a = erlang_a(2, 3.0, 1.0, 1.0);
        close(a.waiting, 1.0 - 4.0 * (-3.0_f64).exp(), 1e-12);
        close(erlang_a(5, 4.0, 1.0, 1e9).waiting, erlang_c(5, 4.0), 1e-6); // nobody leaves
        close(erlang_a(5, 4.0, 1.0, 1e9).wait, mmc_wait(5, 4.0, 1.0).unwrap(), 1e-6);
        close(erlang_a(5, 4.0, 1.0, 1e-9).abandoned, erlang_b(5, 4.0), 1e-6); // nobody waits
    }

    /// One server, so impatient that hardly two wait: the states 0 to 3 by hand.
    #[test]
    fn the_wait_of_those_who_are_served() {
        let (rate, patience) = (0.5, 0.01);
        let weights = [1.0, rate, rate * rate / 101.0, rate * rate * rate / (101.0 * 201.0)];
        let waits = [0.0, 1.0 / 101.0, 1.0 / 101.0 + 1.0 / 201.0, 1.0 / 101.0 + 1.0 / 201.0 + 1.0 / 301.0];
        let served = [1.0, 1.0 / 101.0, 1.0 / 201.0, 1.0 / 301.0];
        let sum = |of: &dyn Fn(usize) -> f64| (0..4).map(|n| weights[n] * served[n] * of(n)).sum::<f64>();
        close(erlang_a(1, rate, 1.0, patience).wait, sum(&|n| waits[n]) / sum(&|_| 1.0), 1e-6);
    }
}
