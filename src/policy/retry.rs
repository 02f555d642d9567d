//! Faults of an attempt, and whether and when it is retried.

use crate::streams::Word;
use crate::units::Span;

/// How an attempt ended when it did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fault {
    /// No answer within the `request_timeout`.
    Timeout,
    /// The provider refused for too many requests or tokens (429).
    RateLimited,
    /// The provider failed (5xx).
    ServerError,
    /// The provider is overloaded (503, 529).
    Overloaded,
    /// An answer came, but could not be read.
    ParseFailure,
    /// An answer came, but is not valid.
    InvalidResponse,
    /// The connection broke.
    Network,
    /// The credentials were refused.
    Auth,
    /// The request itself was faulty (400).
    BadRequest,
    /// The platform refused the subrequest: the invocation has used all it may make.
    SubrequestLimit,
    /// The circuit breaker was open, so nothing was sent.
    BreakerOpen,
}

impl Fault {
    /// Every kind, in the order of the enum.
    pub const ALL: [Fault; 11] = [
        Fault::Timeout,
        Fault::RateLimited,
        Fault::ServerError,
        Fault::Overloaded,
        Fault::ParseFailure,
        Fault::InvalidResponse,
        Fault::Network,
        Fault::Auth,
        Fault::BadRequest,
        Fault::SubrequestLimit,
        Fault::BreakerOpen,
    ];

    /// The name in models, traces and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Timeout => "timeout",
            Fault::RateLimited => "rate_limited",
            Fault::ServerError => "server_error",
            Fault::Overloaded => "overloaded",
            Fault::ParseFailure => "parse_failure",
            Fault::InvalidResponse => "invalid_response",
            Fault::Network => "network",
            Fault::Auth => "auth",
            Fault::BadRequest => "bad_request",
            Fault::SubrequestLimit => "subrequest_limit",
            Fault::BreakerOpen => "breaker_open",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// A set of kinds of fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultSet(u16);

impl FaultSet {
    /// No kind.
    pub const NONE: FaultSet = FaultSet(0);

    /// The set with one kind more.
    #[must_use]
    pub const fn with(self, fault: Fault) -> FaultSet {
        FaultSet(self.0 | 1 << fault as u16)
    }

    /// Whether the kind is in the set.
    pub const fn contains(self, fault: Fault) -> bool {
        self.0 & 1 << fault as u16 != 0
    }
}

impl FromIterator<Fault> for FaultSet {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> FaultSet {
        faults.into_iter().fold(FaultSet::NONE, FaultSet::with)
    }
}

/// How the wait before a retry grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffKind {
    /// No wait.
    None,
    /// Always `base`.
    Constant,
    /// `base * factor^a` after attempt a (from 0).
    Exponential,
    /// Uniform from `base` to three times the wait before, as in the AWS article on backoff and jitter.
    Decorrelated,
    /// As listed in `waits`, the last one again and again.
    List,
}

/// Waits before the first retry, the second and so on; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    list: [Span; Waits::MOST],
    count: u8,
}

impl Waits {
    /// As many as a list may have.
    pub const MOST: usize = 16;

    /// The waits of a list; none where it is empty or longer than [`Waits::MOST`].
    pub fn new(waits: &[Span]) -> Option<Waits> {
        let mut list = [Span::ZERO; Waits::MOST];
        list.get_mut(..waits.len())?.copy_from_slice(waits);
        (!waits.is_empty()).then_some(Waits { list, count: waits.len() as u8 })
    }

    /// No wait.
    pub const NONE: Waits = Waits { list: [Span::ZERO; Waits::MOST], count: 0 };

    fn after(&self, attempt: u32) -> Span {
        let last = usize::from(self.count).saturating_sub(1);
        self.list[last.min(attempt as usize)]
    }
}

/// How the wait is spread, so that callers who failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Over the last quarter: 3d/4 + uniform in [0, d/4], as the OpenAI and Anthropic SDKs do.
    Quarter,
    /// Half fixed, half uniform: d/2 + uniform in [0, d/2].
    Equal,
    /// Uniform in [0, d].
    Full,
}

/// The wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// How it grows.
    pub kind: BackoffKind,
    /// The first wait.
    pub base: Span,
    /// The waits of a list.
    pub waits: Waits,
    /// What it is multiplied by each time; at least 1.
    pub factor: f64,
    /// The longest wait, applied before the jitter.
    pub cap: Span,
    /// How it is spread.
    pub jitter: Jitter,
}

impl Backoff {
    /// No wait before any retry.
    pub const NONE: Backoff = Backoff {
        kind: BackoffKind::None,
        base: Span::ZERO,
        waits: Waits::NONE,
        factor: 1.0,
        cap: Span::MAX,
        jitter: Jitter::None,
    };

    /// The wait after attempt `attempt` (from 0) failed, where `last` is the wait before that attempt.
    pub fn delay(&self, attempt: u32, last: Span, word: Word) -> Span {
        let full = match self.kind {
            BackoffKind::None => return Span::ZERO,
            BackoffKind::Constant => self.base,
            BackoffKind::List => self.waits.after(attempt),
            BackoffKind::Exponential => {
                self.base.scale((0..attempt).fold(1.0, |growth: f64, _| (growth * self.factor).min(1e12)))
            }
            BackoffKind::Decorrelated => {
                let top = last.max(self.base).scale(3.0);
                return (self.base + Span::from_nanos(top.nanos() - self.base.nanos()).scale(word.unit()))
                    .min(self.cap);
            }
        };
        let full = full.min(self.cap);
        match self.jitter {
            Jitter::None => full,
            Jitter::Quarter => {
                let quarter = Span::from_nanos(full.nanos() / 4);
                Span::from_nanos(full.nanos() - quarter.nanos()) + quarter.scale(word.unit())
            }
            Jitter::Equal => {
                let half = Span::from_nanos(full.nanos() / 2);
                half + half.scale(word.unit())
            }
            Jitter::Full => full.scale(word.unit()),
        }
    }
}

/// Whether a failed attempt is followed by another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Retries at most, so there are `max + 1` attempts.
    pub max: u32,
    /// The kinds of fault that are retried.
    pub on: FaultSet,
    /// The wait before each.
    pub backoff: Backoff,
    /// Whether the call keeps its slot while it waits, or queues again.
    pub hold_slot: bool,
}

impl Retry {
    /// One attempt, no more.
    pub const NEVER: Retry = Retry { max: 0, on: FaultSet::NONE, backoff: Backoff::NONE, hold_slot: true };

    /// The longest that a call may take whose attempts take `attempt` at most: layers of retries inside each other, the
    /// outermost first, each try of one being all that happens inside it.
    pub fn longest(layers: &[Retry], attempt: Span) -> Span {
        let Some((outer, inside)) = layers.split_first() else { return attempt };
        let inside = Retry::longest(inside, attempt);
        let (mut sum, mut wait) = (inside, Span::ZERO);
        for nth in 0..outer.max {
            wait = outer.backoff.delay(nth, wait, Word(u64::MAX));
            sum = sum.saturating_add(wait).saturating_add(inside);
        }
        sum
    }

    /// Whether attempt `attempt` (from 0), having ended in `fault`, is followed by another.
    pub fn again(&self, attempt: u32, fault: Fault) -> bool {
        attempt < self.max && self.on.contains(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXPONENTIAL: Backoff = Backoff {
        kind: BackoffKind::Exponential,
        base: Span::SECOND,
        waits: Waits::NONE,
        factor: 2.0,
        cap: Span::from_secs(30),
        jitter: Jitter::None,
    };

    #[test]
    fn exponential_doubles_up_to_the_cap() {
        let waits: Vec<u64> =
            (0..7).map(|a| EXPONENTIAL.delay(a, Span::ZERO, Word(0)).nanos() / 1_000_000_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(EXPONENTIAL.delay(u32::MAX / 1024, Span::ZERO, Word(0)), Span::from_secs(30));
    }

    /// 10 s, 60 s and 300 s outlive a storm of five minutes, three times 10 s do not.
    #[test]
    fn listed_waits_come_in_their_order_and_the_last_again() {
        let waits = Waits::new(&[10, 60, 300].map(Span::from_secs)).unwrap();
        let backoff = Backoff { kind: BackoffKind::List, waits, cap: Span::MAX, ..EXPONENTIAL };
        let seen = [0, 1, 2, 3, 99].map(|nth| backoff.delay(nth, Span::ZERO, Word(7)).secs());
        assert_eq!(seen, [10.0, 60.0, 300.0, 300.0, 300.0]);
        let spread = Backoff { jitter: Jitter::Equal, ..backoff };
        assert_eq!(spread.delay(1, Span::ZERO, Word(0)), Span::from_secs(30));
        assert_eq!(Backoff { cap: Span::from_secs(90), ..backoff }.delay(2, Span::ZERO, Word(0)), Span::from_secs(90));
        assert!(Waits::new(&[]).is_none() && Waits::new(&[Span::ZERO; 17]).is_none());
    }

    #[test]
    fn jitter_stays_in_its_half_or_whole() {
        for word in [Word(0), Word(u64::MAX / 3), Word(u64::MAX)] {
            let full = Backoff { jitter: Jitter::Full, ..EXPONENTIAL }.delay(3, Span::ZERO, word);
            let equal = Backoff { jitter: Jitter::Equal, ..EXPONENTIAL }.delay(3, Span::ZERO, word);
            assert!(full <= Span::from_secs(8));
            assert!(equal >= Span::from_secs(4) && equal <= Span::from_secs(8));
            let quarter = Backoff { jitter: Jitter::Quarter, ..EXPONENTIAL }.delay(3, Span::ZERO, word);
            assert!(quarter >= Span::from_secs(6) && quarter <= Span::from_secs(8));
        }
    }

    #[test]
    fn decorrelated_lies_between_base_and_three_times_the_last() {
        let backoff = Backoff { kind: BackoffKind::Decorrelated, ..EXPONENTIAL };
        for word in [Word(0), Word(u64::MAX / 2), Word(u64::MAX)] {
            let wait = backoff.delay(0, Span::from_secs(4), word);
            assert!(wait >= Span::SECOND && wait <= Span::from_secs(12), "{wait}");
        }
        assert!(backoff.delay(0, Span::from_secs(29), Word(u64::MAX)) <= Span::from_secs(30));
    }

    /// AWS's rule: uniform from the base to three times the wait before; it is that wait which grows, not the attempt.
    #[test]
    fn decorrelated_spans_from_the_base_to_three_times_the_last() {
        let backoff = Backoff { kind: BackoffKind::Decorrelated, cap: Span::HOUR, ..EXPONENTIAL };
        let ends = |last: u64| {
            [Word(0), Word(u64::MAX)].map(|word| {
                let wait = backoff.delay(9, Span::from_secs(last), word).secs();
                (wait * 1e6).round() / 1e6
            })
        };
        assert_eq!([ends(0), ends(1), ends(4), ends(20)], [[1.0, 3.0], [1.0, 3.0], [1.0, 12.0], [1.0, 60.0]]);
        let chain: Vec<f64> = (0..4)
            .scan(Span::ZERO, |last, attempt| {
                *last = backoff.delay(attempt, *last, Word(u64::MAX));
                Some(last.secs().round())
            })
            .collect();
        assert_eq!(chain, [3.0, 9.0, 27.0, 81.0]);
    }

    /// Half of a wait of 8 s spread over all of it, its last half and its last quarter.
    #[test]
    fn jitter_spreads_evenly_over_its_share() {
        let wait = |jitter, word| {
            (Backoff { jitter, ..EXPONENTIAL }.delay(3, Span::ZERO, Word(word)).secs() * 1e6).round() / 1e6
        };
        let spread = |jitter| [wait(jitter, 0), wait(jitter, u64::MAX / 2), wait(jitter, u64::MAX)];
        assert_eq!(spread(Jitter::None), [8.0, 8.0, 8.0]);
        assert_eq!(spread(Jitter::Full), [0.0, 4.0, 8.0]);
        assert_eq!(spread(Jitter::Equal), [4.0, 6.0, 8.0]);
        assert_eq!(spread(Jitter::Quarter), [6.0, 7.0, 8.0]);
    }

    /// Three attempts of 10 s with waits of 1 s and 2 s are 33 s; three of those with the same waits around them 102 s.
    #[test]
    fn layers_multiply() {
        let layer = Retry { max: 2, backoff: EXPONENTIAL, ..Retry::NEVER };
        let longest = |layers: &[Retry]| Retry::longest(layers, Span::from_secs(10));
        assert_eq!([longest(&[]), longest(&[layer])], [10, 33].map(Span::from_secs));
        assert_eq!(longest(&[layer, layer]), Span::from_secs(102));
        // With the default jitter the longest wait is the whole of it, but for a part in 2⁵².
        let jittered = Retry { backoff: Backoff { jitter: Jitter::Full, ..EXPONENTIAL }, ..layer };
        assert!(longest(&[layer]).nanos() - longest(&[jittered]).nanos() <= 2);
    }

    proptest! {
        /// Whatever the kind: never beyond the cap, and between what the jitter leaves of the full wait and all of it.
        #[test]
        fn a_wait_stays_in_its_bounds(
            base in 0_u64..5_000, cap in 0_u64..60_000, factor in 1.0_f64..10.0, attempt in 0_u32..30,
            last in 0_u64..60_000, word in any::<u64>(), kind in 0..4_usize, jitter in 0..4_usize,
        ) {
            let kind =
                [BackoffKind::None, BackoffKind::Constant, BackoffKind::Exponential, BackoffKind::Decorrelated][kind];
            let jitter = [Jitter::None, Jitter::Quarter, Jitter::Equal, Jitter::Full][jitter];
            let (base, cap) = (Span::from_millis(base), Span::from_millis(base + cap));
            let backoff = Backoff { kind, base, waits: Waits::NONE, factor, cap, jitter };
            let wait = backoff.delay(attempt, Span::from_millis(last), Word(word));
            let bare = Backoff { jitter: Jitter::None, ..backoff }.delay(attempt, Span::from_millis(last), Word(word));
            let least = match jitter {
                Jitter::None => 1.0,
                Jitter::Quarter => 0.75,
                Jitter::Equal => 0.5,
                Jitter::Full => 0.0,
            };
            prop_assert!(wait <= cap && bare <= cap && wait <= bare);
            prop_assert!(wait.secs() >= least * bare.secs() - 2e-9 || kind == BackoffKind::Decorrelated);
            if kind == BackoffKind::Decorrelated {
                prop_assert!(wait >= base.min(cap) && wait.secs() <= 3.0 * last.max(base.nanos() / 1_000_000) as f64 / 1e3);
            }
        }
    }

    #[test]
    fn a_decorrelated_wait_is_at_most_three_times_the_last() {
        let backoff = Backoff { kind: BackoffKind::Decorrelated, cap: Span::from_secs(1_000), ..EXPONENTIAL };
        let wait = |last: u64, word: Word| backoff.delay(7, Span::from_secs(last), word).secs();
        for (last, longest) in [(0, 3.0), (1, 3.0), (2, 6.0), (40, 120.0)] {
            assert_eq!(wait(last, Word(0)), 1.0, "the base at least");
            assert!((wait(last, Word(u64::MAX)) - longest).abs() < 1e-6, "after {last} s");
            assert!((wait(last, Word(u64::MAX / 2)) - f64::midpoint(1.0, longest)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_retry_needs_a_listed_fault_and_an_attempt_left() {
        let retry = Retry { max: 2, on: FaultSet::NONE.with(Fault::Timeout), ..Retry::NEVER };
        assert!(retry.again(1, Fault::Timeout));
        assert!(!retry.again(2, Fault::Timeout));
        assert!(!retry.again(0, Fault::ParseFailure));
        for fault in Fault::ALL {
            assert_eq!(Fault::parse(fault.name()), Some(fault));
        }
    }
}
