//! A metric: its form, unit, range and meaning.

use crate::stats::Range;

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More of it is better.
    More,
    /// Less of it is better.
    Less,
}

/// What there is to say about a metric, or about all whose names have one form.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The form of its name; what is in capitals stands for a part of the model, or for one of a few words
    /// ([`PLACEHOLDERS`](super::PLACEHOLDERS)).
    pub form: &'static str,
    /// `plans`, `s`, `1` (a fraction), …
    pub unit: &'static str,
    /// What values it can have.
    pub range: Range,
    /// The better way; none where neither is better by itself.
    pub better: Option<Better>,
    /// What it is, in a sentence or two.
    pub meaning: &'static str,
    /// Which models have it; empty: all that have the parts in its name.
    pub exists: &'static str,
}

impl Metric {
    pub(super) const fn new(form: &'static str, unit: &'static str, range: Range, meaning: &'static str) -> Metric {
        Metric { form, unit, range, better: None, meaning, exists: "" }
    }

    /// 0 or more.
    pub(super) const fn amount(form: &'static str, unit: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, unit, Range::Amount, meaning)
    }

    /// A fraction, 0 to 1.
    pub(super) const fn share(form: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, "1", Range::Share, meaning)
    }

    /// A fraction that may pass 1.
    pub(super) const fn ratio(form: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, "1", Range::Amount, meaning)
    }

    /// An hour of the day, 0 to 24.
    pub(super) const fn hour(form: &'static str, meaning: &'static str) -> Metric {
        Metric::new(form, "h", Range::Hour, meaning)
    }

    pub(super) const fn more(mut self) -> Metric {
        self.better = Some(Better::More);
        self
    }

    pub(super) const fn less(mut self) -> Metric {
        self.better = Some(Better::Less);
        self
    }

    pub(super) const fn exists(mut self, exists: &'static str) -> Metric {
        self.exists = exists;
        self
    }
}
