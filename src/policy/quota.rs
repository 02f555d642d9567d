//! Quotas: a limit on operations in a window, and how much of it is used.
//!
//! One type serves every store: calendar days and months of any zone, windows that repeat, windows that roll, and
//! buckets of tokens. All of it is whole numbers, so a reset is exact to the nanosecond.

use super::Bucket;
use crate::math::floor;
use crate::units::{CalendarStart, Instant, Money, Span, Zone};
use std::collections::VecDeque;

/// The stretch of time in which a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A calendar day of the quota's zone, `[midnight, midnight)`.
    Day,
    /// A calendar month of the quota's zone.
    Month,
    /// Fixed windows of this length, the first from the start of the run.
    Fixed(Span),
    /// Any period of this length: an operation counts until exactly this long after it.
    Rolling(Span),
    /// A bucket of this many tokens, full at the start, that refills continuously by the limit in each span.
    Bucket(u64, Span),
}

/// What happens to an operation over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExceed {
    /// It is refused (429).
    Reject,
    /// It is delayed until it fits, behind those already waiting.
    Wait,
    /// It is done, and charged.
    Bill,
    /// It is answered as if it were done, but it is dropped.
    Drop,
}

/// A limit on operations in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// Operations that a window admits (or includes in the price, where more are billed).
    pub limit: u64,
    /// The window.
    pub window: Window,
    /// Whose midnight a day and a month begin at.
    pub zone: Zone,
    /// What happens to an operation over the limit.
    pub on_exceed: OnExceed,
    /// The price of a million operations over the limit, where they are billed.
    pub price_per_million: Money,
    /// Whether operations that are refused count as well.
    pub counts_rejected: bool,
    /// The share of the limit that is admitted beyond it before it is enforced; 0 if it is exact.
    pub enforcement_lag: f64,
}

impl Quota {
    /// A limit a UTC day, over which operations are refused.
    pub fn daily(limit: u64) -> Quota {
        Quota {
            limit,
            window: Window::Day,
            zone: Zone::UTC,
            on_exceed: OnExceed::Reject,
            price_per_million: Money::ZERO,
            counts_rejected: false,
            enforcement_lag: 0.0,
        }
    }

    /// Operations that a window, or a full bucket, really admits: the limit plus the enforcement lag.
    pub fn admitted(&self) -> u64 {
        let limit = if let Window::Bucket(burst, _) = self.window { burst } else { self.limit };
        let extra = floor(limit as f64 * self.enforcement_lag + 1e-9);
        limit.saturating_add(extra as u64)
    }
}

/// How much of a quota is used.
#[derive(Clone, Debug)]
pub struct Usage {
    /// What a window admits.
    admitted: u64,
    /// The window that is being filled: past the present, where operations wait.
    begins: Instant,
    ends: Instant,
    used: u64,
    /// Of a rolling window: the latest operations that count, each with how much, and no more than fill it.
    recent: VecDeque<(Instant, u64)>,
    /// What they count together.
    in_recent: u64,
    bucket: Option<Bucket>,
}

impl Usage {
    /// Nothing used at the start.
    pub fn new(quota: &Quota, calendar: &CalendarStart) -> Usage {
        let admitted = quota.admitted();
        let bucket = match quota.window {
            Window::Bucket(_, span) => Some(Bucket::full(admitted, quota.limit, span)),
            _ => None,
        };
        let (begins, recent) = (Instant::START, VecDeque::new());
        let mut usage = Usage { admitted, begins, ends: Instant::START, used: 0, recent, in_recent: 0, bucket };
        usage.roll(quota, Instant::START, calendar);
        usage.begins = Instant::START;
        usage
    }

    /// The limit changes at `now`, which must not lie past the window.
    pub fn change(&mut self, new: &Quota, now: Instant) {
        self.admitted = new.admitted();
        if let Some(bucket) = &mut self.bucket {
            bucket.change(self.admitted, new.limit, now);
        }
        self.forget_oldest(0);
    }

    /// Of a rolling window only as many of the latest count as fill it, `more` included: the oldest of them says when it
    /// has room.
    fn forget_oldest(&mut self, more: u64) {
        while let Some(&(_, oldest)) = self.recent.front()
            && (self.in_recent - oldest).saturating_add(more) >= self.admitted
        {
            self.recent.pop_front();
            self.in_recent -= oldest;
        }
    }

    /// Operations counted in the current window; for rolling windows and buckets, in the calendar day.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// When the current window ends.
    pub fn ends(&self) -> Instant {
        self.ends
    }

    /// Whether `now` lies past the current window: an operation at the very end belongs to the next one.
    #[inline]
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.ends
    }

    /// Opens the window that `now` lies in, and returns what the old one had used. Rolling windows and buckets are
    /// told apart by calendar days here, which bind nothing.
    pub fn roll(&mut self, quota: &Quota, now: Instant, calendar: &CalendarStart) -> u64 {
        self.ends = match quota.window {
            Window::Day | Window::Rolling(_) | Window::Bucket(..) => calendar.next_day(now),
            Window::Month => calendar.next_month(now),
            Window::Fixed(length) => {
                let length = length.nanos().max(1);
                Instant::from_nanos((now.nanos() / length + 1).saturating_mul(length))
            }
        };
        self.begins = now;
        std::mem::take(&mut self.used)
    }

    /// When an operation that is asked for at `now` and counts `n` fits: `now` itself, or the first later instant; never,
    /// where so much is not admitted at all. `now` must not lie past the window ([`Usage::roll`]).
    #[inline]
    pub fn fits_at(&self, quota: &Quota, now: Instant, n: u64) -> Instant {
        if n > self.admitted {
            return Instant::NEVER;
        }
        match quota.window {
            Window::Day | Window::Month | Window::Fixed(_) => {
                if n <= self.admitted.saturating_sub(self.used) {
                    now.max(self.begins)
                } else {
                    self.ends
                }
            }
            Window::Rolling(length) => self.rolls_to(length, now, n),
            Window::Bucket(..) => self.bucket.as_ref().map_or(now, |bucket| bucket.holds_at(now, n)),
        }
    }

    /// The same of a rolling window: when enough of the oldest count no more.
    fn rolls_to(&self, length: Span, now: Instant, n: u64) -> Instant {
        let now = self.recent.back().map_or(now, |&(last, _)| now.max(last));
        let (mut left, room) = (self.in_recent, self.admitted - n);
        let mut oldest = self.recent.iter();
        let mut at = now;
        while left > room
            && let Some(&(when, counts)) = oldest.next()
        {
            left -= counts;
            at = now.max(when.saturating_add(length));
        }
        at
    }

    /// Counts `n` for an operation at `at`, which lies in the current window. Where one that waited is counted later
    /// already (and this one is refused, which counts), rolling windows and buckets count it with that one: never too
    /// little.
    #[inline]
    pub fn count(&mut self, quota: &Quota, at: Instant, n: u64) {
        self.used = self.used.saturating_add(n);
        match quota.window {
            Window::Day | Window::Month | Window::Fixed(_) => {}
            Window::Rolling(_) => {
                let at = self.recent.back().map_or(at, |&(last, _)| at.max(last));
                self.forget_oldest(n);
                self.recent.push_back((at, n));
                self.in_recent = self.in_recent.saturating_add(n);
            }
            Window::Bucket(..) => self.bucket.iter_mut().for_each(|bucket| bucket.take(at, n)),
        }
    }
}
