//! Metrics with a name, a unit and a range.

use crate::policy::{Meter, OnExceed, Window};
use crate::stats::{Quantiles, Range, Survival};
use crate::units::Span;
use crate::world::ledger::{CauseSet, Causes};

/// One metric of one replication; `None` where nothing was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Dotted, lower case.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// What values it can have.
    pub range: Range,
    /// Of a share of things that were counted, how many they were; 0 for all else.
    pub trials: u64,
    /// Its value.
    pub value: Option<f64>,
}

/// Measures under a prefix.
pub(crate) struct Sheet {
    pub(crate) prefix: String,
    pub(crate) measures: Vec<Measure>,
}

impl Sheet {
    fn add(&mut self, name: &str, (unit, range): (&'static str, Range), trials: u64, value: Option<f64>) {
        let (name, value) = (format!("{}{name}", self.prefix), value.filter(|v| v.is_finite()));
        self.measures.push(Measure { name, unit, range, trials, value });
    }

    /// An amount, 0 or more.
    pub(crate) fn put(&mut self, name: &str, unit: &'static str, value: Option<f64>) {
        self.add(name, (unit, Range::Amount), 0, value);
    }

    /// A share of things that were counted.
    pub(crate) fn share(&mut self, name: &str, part: u64, whole: u64) {
        self.add(name, ("1", Range::Share), whole, ratio(part as f64, whole as f64));
    }

    /// A share of so many things, worked out elsewhere.
    pub(crate) fn share_of(&mut self, name: &str, whole: u64, value: Option<f64>) {
        self.add(name, ("1", Range::Share), whole, value);
    }

    /// A share of time, or of another whole that has no parts to count.
    pub(crate) fn part(&mut self, name: &str, value: Option<f64>) {
        self.add(name, ("1", Range::Share), 0, value);
    }

    /// The share of records that are still there at an age.
    pub(crate) fn surviving(&mut self, name: &str, records: &Survival, age: Span) {
        self.share_of(name, records.count(), records.surviving(age.nanos()));
    }

    /// An hour of the day.
    pub(crate) fn hour(&mut self, name: &str, value: Option<f64>) {
        self.add(name, ("h", Range::Hour), 0, value);
    }

    pub(crate) fn count(&mut self, name: &str, unit: &'static str, value: u64) {
        self.put(name, unit, Some(value as f64));
    }
}

/// How many of an account each cause ended, of those that the model has.
pub(crate) fn causes(sheet: &mut Sheet, name: &str, unit: &'static str, (by, known): (&Causes, CauseSet)) {
    for cause in known.iter() {
        sheet.count(&format!("{name}.{}", cause.name()), unit, by.of(cause));
    }
}

pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

pub(crate) fn seconds(quantiles: &Quantiles, p: f64) -> Option<f64> {
    quantiles.quantile(p).map(|ns| ns / 1e9)
}

/// How the windows of a quota went; of several on one op, those after the first are numbered.
pub(crate) fn quota(sheet: &mut Sheet, meter: &Meter, what: &str) {
    let windows = meter.windows as f64;
    let is_window = matches!(meter.quota().window, Window::Day | Window::Month | Window::Fixed(_));
    if is_window {
        let used = ratio(meter.used_sum as f64 / meter.quota().limit as f64, windows);
        sheet.put(&format!("{what}.used_fraction"), "1", used);
    }
    if matches!(meter.quota().on_exceed, OnExceed::Reject | OnExceed::Drop) {
        sheet.count(&format!("{what}.refused"), "ops", meter.kept_back);
    }
    if meter.quota().on_exceed != OnExceed::Bill {
        sheet.share(&format!("{what}.exhausted_days_fraction"), meter.exhausted, meter.windows);
        let hour = ratio(meter.exhausted_hours, meter.exhaustions as f64);
        sheet.hour(&format!("{what}.exhausted_at_hour"), hour);
        let first = meter.first_exhausted.map(|at| at.since(crate::units::Instant::START).secs());
        sheet.put(&format!("{what}.first_exhausted"), "s", first);
        if meter.quota().window == Window::Month {
            let day = ratio(meter.exhausted_days, meter.exhaustions as f64);
            sheet.put(&format!("{what}.exhausted_on_day"), "d", day);
        }
    }
}

/// The shares that can be retrieved and reached at an age. Of a record that is still in the index as the run ends it is
/// not known until when it is reached, but no longer than it is there.
pub(crate) fn both(retrievable: &Survival, reachable: &Survival, age: Span) -> [Option<f64>; 2] {
    let there = retrievable.surviving(age.nanos());
    [there, reachable.surviving(age.nanos()).zip(there).map(|(reachable, there)| reachable.min(there))]
}

pub(crate) fn quantiles(sheet: &mut Sheet, name: &str, of: &Quantiles) {
    for (what, p) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        sheet.put(&format!("{name}.{what}"), "s", seconds(of, p));
    }
    sheet.put(&format!("{name}.max"), "s", of.max().map(|ns| ns as f64 / 1e9));
}

const NANOS_AN_HOUR: f64 = 3.6e12;

/// Quantiles of how far back something reaches.
pub(crate) fn hours(sheet: &mut Sheet, name: &str, reach: &Quantiles, quantiles: &[(&str, f64)]) {
    for &(quantile, p) in quantiles {
        sheet.put(&format!("{name}.{quantile}"), "h", reach.quantile(p).map(|nanos| nanos / NANOS_AN_HOUR));
    }
}
