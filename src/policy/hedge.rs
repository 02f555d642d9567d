//! Hedging: another attempt when the first is late; the better of them counts.

use super::Fault;
use crate::units::{Instant, Span};

/// The rules of hedging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    /// How long to wait for an attempt before another is sent.
    pub after: Span,
    /// Hedges of one attempt at most.
    pub max: u32,
}

impl Hedge {
    /// When the next hedge is sent, if nothing has ended by then: `sent` hedges went before, the last attempt at `now`.
    pub fn due(&self, sent: u32, now: Instant, ends: Instant) -> Option<Instant> {
        let at = now.saturating_add(self.after);
        (sent < self.max && at < ends).then_some(at)
    }
}

/// How an attempt ends for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Instant,
    /// None: it succeeded.
    pub fault: Option<Fault>,
    /// How long the provider asks to wait; 0 where it does not.
    pub retry_after: Span,
}

impl Ending {
    /// Of two that race: the first success; where there is none, the last fault.
    #[must_use]
    pub fn or(self, other: Ending) -> Ending {
        let is_better = match (self.fault, other.fault) {
            (None, None) => self.at <= other.at,
            (Some(_), Some(_)) => self.at >= other.at,
            (mine, _) => mine.is_none(),
        };
        if is_better { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// In whatever order they are compared: a success if there is one, and of those the first; and no more hedges
        /// than allowed, each so long after the one before.
        #[test]
        fn the_laws_of_a_race(
            ends in prop::collection::vec((0_u64..50, any::<bool>()), 1..9), after in 1_u64..20, max in 1_u32..5,
        ) {
            let all: Vec<Ending> = ends
                .iter()
                .map(|&(at, good)| Ending {
                    at: Instant::from_nanos(at),
                    fault: (!good).then_some(Fault::ServerError),
                    retry_after: Span::ZERO,
                })
                .collect();
            let best = all.iter().copied().reduce(Ending::or).unwrap();
            prop_assert_eq!(best, all.iter().rev().copied().reduce(Ending::or).unwrap());
            let first_success = ends.iter().filter(|(_, good)| *good).map(|(at, _)| *at).min();
            let last_fault = ends.iter().map(|(at, _)| *at).max().unwrap();
            prop_assert_eq!(best.fault.is_none(), first_success.is_some());
            prop_assert_eq!(best.at.nanos(), first_success.unwrap_or(last_fault));

            let hedge = Hedge { after: Span::from_nanos(after), max };
            let (mut now, mut sent) = (Instant::START, 0);
            while let Some(at) = hedge.due(sent, now, best.at) {
                prop_assert!(at.since(now) == hedge.after && at < best.at);
                (now, sent) = (at, sent + 1);
            }
            prop_assert!(sent <= max && (sent == max || u64::from(sent + 1) * after >= best.at.nanos()));
        }
    }
}
