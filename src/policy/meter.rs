//! The state of a quota: what it decides for an operation, and how its windows were used.

use super::quota::{OnExceed, Quota, Usage, Window};
use crate::units::{CalendarStart, Instant, Timestamp};

/// What a quota decides for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes place at this instant: at once, or later if the quota delays it.
    At(Instant),
    /// It is refused.
    Refused,
    /// It is answered as if it were done, but it is dropped.
    Dropped,
}

/// The state of a quota, and how the windows of the recorded time were used. For rolling windows and buckets those are
/// the calendar days of the quota's zone.
#[derive(Clone, Debug)]
pub struct Meter {
    quota: Quota,
    usage: Usage,
    calendar: CalendarStart,
    exhausted_now: bool,
    sound: bool,
    accepted: u64,
    /// Windows that have ended, or begun by the end of the run.
    pub windows: u64,
    /// Those in which the limit was reached (for rolling windows and buckets: in which it kept an operation back).
    pub exhausted: u64,
    /// Operations counted in them: the sum.
    pub used_sum: u64,
    /// The most in one of them.
    pub used_max: u64,
    /// The sum of the hours of the day at which the quota was used up, over `exhaustions` times.
    pub exhausted_hours: f64,
    /// How often it was used up.
    pub exhaustions: u64,
    /// The days of the month, their hours as a fraction, at which it was: their sum. Only of months.
    pub exhausted_days: f64,
    /// When it was first used up.
    pub first_exhausted: Option<Instant>,
    /// Operations over the limit that are charged.
    pub billed: u64,
    /// Operations that waited.
    pub waited: u64,
    /// Recorded operations that this quota refused or dropped, and no other: its owner counts them.
    pub kept_back: u64,
}

impl Meter {
    /// Operations counted in the window that is open at `now`.
    pub fn used(&self, now: Instant) -> u64 {
        if self.usage.is_over(now) { 0 } else { self.usage.used() }
    }

    /// Nothing used, in a run that starts at `start`.
    pub fn new(quota: &Quota, start: Timestamp) -> Meter {
        let calendar = CalendarStart::new(start, &quota.zone);
        Meter {
            quota: quota.clone(),
            usage: Usage::new(quota, &calendar),
            calendar,
            exhausted_now: false,
            sound: true,
            accepted: 0,
            windows: 0,
            exhausted: 0,
            used_sum: 0,
            used_max: 0,
            exhausted_hours: 0.0,
            exhaustions: 0,
            exhausted_days: 0.0,
            first_exhausted: None,
            billed: 0,
            waited: 0,
            kept_back: 0,
        }
    }

    /// The quota.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// From `now` on the quota has another limit; what the window has used stays used.
    pub fn change(&mut self, quota: &Quota, now: Instant) {
        if *quota == self.quota {
            return;
        }
        self.catch_up(now);
        self.usage.change(quota, now);
        self.quota = quota.clone();
        if self.is_window() && quota.on_exceed != OnExceed::Bill {
            let full = self.usage.used() >= quota.admitted();
            if full && !self.exhausted_now {
                self.note_exhausted(now);
            }
        }
    }

    /// Closes every window that has ended by `now`.
    #[inline]
    pub fn catch_up(&mut self, now: Instant) {
        if self.usage.is_over(now) {
            self.close_past(now);
        }
    }

    #[cold]
    fn close_past(&mut self, now: Instant) {
        while self.usage.is_over(now) {
            let end = self.usage.ends();
            let used = self.usage.roll(&self.quota, end, &self.calendar);
            self.close(used);
            if let Window::Fixed(length) = self.quota.window {
                // Short windows in which nothing happened are counted, not visited.
                let skipped = now.since(end).nanos() / length.nanos().max(1);
                if skipped > 0 {
                    self.windows += skipped;
                    self.usage.roll(&self.quota, now, &self.calendar);
                }
            }
        }
    }

    fn close(&mut self, used: u64) {
        self.windows += 1;
        self.exhausted += u64::from(self.exhausted_now);
        self.used_sum += used;
        self.used_max = self.used_max.max(used);
        self.exhausted_now = false;
        self.accepted = 0;
    }

    /// What it decides for an operation requested at `now`. Nothing is counted yet.
    #[inline]
    pub fn ask(&mut self, now: Instant) -> Verdict {
        self.ask_for(now, 1)
    }

    /// The same for an operation that counts `n`: tokens, rows or units. One that counts nothing always takes place.
    #[inline]
    pub fn ask_for(&mut self, now: Instant, n: u64) -> Verdict {
        self.catch_up(now);
        if self.quota.on_exceed == OnExceed::Bill || n == 0 {
            return Verdict::At(now);
        }
        let at = self.usage.fits_at(&self.quota, now, n);
        if at == now {
            return Verdict::At(now);
        }
        match self.quota.on_exceed {
            OnExceed::Wait if at < Instant::NEVER => Verdict::At(at),
            OnExceed::Drop => {
                self.keeps_back(now, n);
                Verdict::Dropped
            }
            _ => {
                self.keeps_back(now, n);
                Verdict::Refused
            }
        }
    }

    /// Of rolling windows and buckets the day counts as exhausted once they keep an operation back; and any window once
    /// what is left is too little for one that counts more than 1.
    fn keeps_back(&mut self, now: Instant, n: u64) {
        if (n > 1 || !self.is_window()) && !self.exhausted_now {
            self.note_exhausted(now);
        }
    }

    /// Whether it is used up by its limit, and not by the flow of time.
    fn is_window(&self) -> bool {
        !matches!(self.quota.window, Window::Rolling(_) | Window::Bucket(..))
    }

    /// When an operation that counts `n` would fit, as the quota would say to whoever it refused at `now`; of more than
    /// it ever admits, when so much would have flowed in.
    pub fn fits_at(&self, now: Instant, n: u64) -> Instant {
        self.usage.fits_at(&self.quota, now, n)
    }

    fn note_exhausted(&mut self, now: Instant) {
        self.exhausted_now = true;
        let hour = self.calendar.hour_of_day(now);
        self.exhausted_hours += hour;
        self.exhaustions += 1;
        self.first_exhausted.get_or_insert(now);
        if self.quota.window == Window::Month {
            self.exhausted_days += f64::from(self.calendar.day_of_month(now)) + hour / 24.0;
        }
    }

    /// Counts an operation that takes place at `at`, which [`Meter::ask`] has allowed for an operation asked for at
    /// `now`.
    #[inline]
    pub fn take(&mut self, now: Instant, at: Instant) {
        self.take_for(now, at, 1);
    }

    /// The same of an operation that counts `n`.
    #[inline]
    pub fn take_for(&mut self, now: Instant, at: Instant, n: u64) {
        self.catch_up(at);
        self.waited += u64::from(at > now);
        let bills = self.quota.on_exceed == OnExceed::Bill;
        let fits = n == 0 || self.usage.fits_at(&self.quota, at, n) == at;
        if bills && !fits {
            let over = (self.usage.used() + n).saturating_sub(self.quota.admitted());
            self.billed += if self.is_window() { n.min(over) } else { n };
        }
        self.sound &= fits || bills;
        self.usage.count(&self.quota, at, n);
        self.accepted += n;
        let counts = if self.quota.counts_rejected { self.usage.used() } else { self.accepted };
        self.sound &= !self.is_window() || bills || self.accepted <= self.quota.admitted();
        if self.is_window() && !bills && self.reaches_limit(counts, n) {
            self.note_exhausted(at);
        }
    }

    /// Whether the latest operation, which counted `n` of these, has used up the window.
    fn reaches_limit(&self, counts: u64, n: u64) -> bool {
        let limit = self.quota.admitted();
        counts >= limit && counts - n < limit && !(self.exhausted_now && n > 1)
    }

    /// An operation was refused, here or by another limit of the store: it counts where the quota says so. Of a bucket
    /// it takes a token, or what there is of one.
    pub fn refused(&mut self, now: Instant) {
        self.refused_for(now, 1);
    }

    /// The same of an operation that would have counted `n`.
    pub fn refused_for(&mut self, now: Instant, n: u64) {
        if !self.quota.counts_rejected || self.quota.on_exceed == OnExceed::Wait || n == 0 {
            return;
        }
        self.catch_up(now);
        let was_full = self.usage.fits_at(&self.quota, now, n) != now;
        self.usage.count(&self.quota, now, n);
        if self.is_window() && !was_full && self.reaches_limit(self.usage.used(), n) {
            self.note_exhausted(now);
        }
    }

    /// Forgets how past windows were used, but not the current one.
    pub fn restart(&mut self, now: Instant) {
        self.catch_up(now);
        (self.windows, self.exhausted, self.used_sum, self.used_max) = (0, 0, 0, 0);
        (self.exhausted_hours, self.exhaustions) = (0.0, 0);
        (self.exhausted_days, self.first_exhausted) = (0.0, None);
        (self.billed, self.waited) = (0, 0);
    }

    /// The run ends at `horizon`: the windows that have begun count.
    pub fn finish(&mut self, horizon: Instant) {
        self.catch_up(Instant::from_nanos(horizon.nanos() - 1));
        let used = self.usage.used();
        self.close(used);
    }

    /// Whether no window admitted more than its limit: always, unless the meter is broken.
    pub fn is_sound(&self) -> bool {
        self.sound
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
