//! Customers who all leave after the same time.

use super::erlang::erlang_b;
use crate::math::exp;

/// What M/M/c+D says of a queue whose customers leave when they have waited for so long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impatient {
    /// The fraction of arrivals that leave before they start.
    pub abandoned: f64,
    /// The mean wait of those who are served, waits of 0 included, in seconds.
    pub wait: f64,
    /// The mean number waiting.
    pub queued: f64,
}

/// M/M/c+D: `servers >= 1`, arrivals a second, mean service and patience in seconds over 0.
///
/// The wait that an arrival would have with endless patience has the density `λp e^((λ − cμ)x)` up to the patience `d`
/// and `λp e^(λd − cμx)` beyond it, beside the states with a free server, which weigh `1/B(c − 1, a)` (Baccelli and
/// Hebuterne, 1981; Zeltyn and Mandelbaum, *Queueing Systems* 51, 2005). Who finds more than `d` leaves.
pub fn mmc_d(servers: u32, rate: f64, service: f64, patience: f64) -> Impatient {
    let spare = f64::from(servers) / service;
    let growth = rate - spare;
    let edge = exp(growth * patience);
    // ∫ e^(gx) dx and ∫ x e^(gx) dx up to the patience.
    let (within, weighed) = if (growth * patience).abs() < 1e-6 {
        (patience, 0.5 * patience * patience)
    } else {
        ((edge - 1.0) / growth, patience * edge / growth - (edge - 1.0) / (growth * growth))
    };
    let free = 1.0 / erlang_b(servers - 1, rate * service);
    let beyond = rate * edge / spare;
    let all = free + rate * within + beyond;
    let abandoned = beyond / all;
    let waited = rate * weighed / all;
    Impatient { abandoned, wait: waited / (1.0 - abandoned), queued: rate * (waited + patience * abandoned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::close;
    use crate::theory::erlang::mmc_wait;

    #[test]
    fn between_its_limits() {
        close(mmc_d(3, 2.0, 1.0, 200.0).wait, mmc_wait(3, 2.0, 1.0).unwrap(), 1e-10); // nobody leaves
        close(mmc_d(3, 2.0, 1.0, 1e-9).abandoned, erlang_b(3, 2.0), 1e-6); // nobody waits
        let (under, at) = (mmc_d(2, 2.0 - 1e-4, 1.0, 3.0), mmc_d(2, 2.0, 1.0, 3.0)); // at a load of 1
        close(under.abandoned, at.abandoned, 1e-3);
    }

    /// Served at the rate that the busy servers give: what is not abandoned is the mean number in service over `s`,
    /// worked out from the states with a free server (weights aⁿ/n! against that of c − 1) and the rest.
    #[test]
    fn what_stays_is_served() {
        let (servers, rate, patience) = (3_u32, 3.3, 1.7);
        let (k, c) = (rate - 3.0, 3.0);
        let weights = [1.0, rate, rate * rate / 2.0].map(|w| w / (rate * rate / 2.0));
        let steps = 100_000;
        let width = patience / f64::from(steps);
        let within: f64 = (0..steps).map(|i| rate * width * (k * width * (f64::from(i) + 0.5)).exp()).sum();
        let busy = within + rate * (k * patience).exp() / c;
        let all = weights.iter().sum::<f64>() + busy;
        let in_service = (weights[1] + 2.0 * weights[2] + c * busy) / all;
        close(rate * (1.0 - mmc_d(servers, rate, 1.0, patience).abandoned), in_service, 1e-8);
    }
}
