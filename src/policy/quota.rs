//! Quotas: a limit on operations in a window.

use crate::units::{CalendarStart, Instant, Money, Span};

/// The stretch of time, or of work, in which a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A calendar day of the quota's zone, `[midnight, midnight)`.
    Day,
    /// A calendar month of the quota's zone.
    Month,
    /// Fixed windows of this length, the first from the start of the run.
    Fixed(Span),
}

/// What happens to an operation over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExceed {
    /// It is refused (429).
    Reject,
    /// It is done, and charged.
    Bill,
}

/// A limit on operations in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// Operations that a window admits (or includes in the price, where more are billed).
    pub limit: u64,
    /// The window.
    pub window: Window,
    /// What happens to one more.
    pub on_exceed: OnExceed,
    /// The price of a million operations over the limit, where they are billed.
    pub price_per_million: Money,
}

/// How much of a quota is used in the current window, and how past windows ended.
#[derive(Clone, Debug)]
pub struct Usage {
    ends: Instant,
    used: u64,
}

impl Usage {
    /// Nothing used; the first window ends when [`Usage::roll`] says so.
    pub fn new() -> Usage {
        Usage { ends: Instant::START, used: 0 }
    }

    /// Operations counted in the current window.
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

    /// Opens the window that `now` lies in, and returns what the old one had used.
    pub fn roll(&mut self, quota: &Quota, now: Instant, calendar: &CalendarStart) -> u64 {
        self.ends = match quota.window {
            Window::Day => calendar.next_day(now),
            Window::Month => calendar.next_month(now),
            Window::Fixed(length) => {
                let length = length.nanos().max(1);
                Instant::from_nanos((now.nanos() / length + 1).saturating_mul(length))
            }
        };
        std::mem::take(&mut self.used)
    }

    /// Counts one operation if the quota has room for it.
    #[inline]
    pub fn admit(&mut self, quota: &Quota) -> bool {
        if self.used >= quota.limit && quota.on_exceed == OnExceed::Reject {
            return false;
        }
        self.used += 1;
        true
    }
}

impl Default for Usage {
    fn default() -> Self {
        Usage::new()
    }
}
