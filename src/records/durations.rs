//! Many durations in little room: sorted, each with how often it is there. Beyond a million different ones they are kept to
//! five digits, which no estimate notices.

use crate::units::Span;

/// How many are gathered before they are put in order, and how many different ones are kept as they are.
const MANY: usize = 1 << 20;
/// What five digits leave.
const FIVE_DIGITS: u64 = 100_000;

/// Durations and how often each is there, the shortest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations(Vec<(Span, u64)>);

/// Durations as they come.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    sorted: Vec<(Span, u64)>,
    recent: Vec<Span>,
    /// Whether more than five digits are too many.
    is_rounded: bool,
}

impl Durations {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each different one and how often it is there, the shortest first.
    pub fn counts(&self) -> &[(Span, u64)] {
        &self.0
    }
}

impl FromIterator<Span> for Durations {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Durations {
        let mut gathering = Gathering::default();
        spans.into_iter().for_each(|span| gathering.push(span));
        gathering.finish()
    }
}

impl Gathering {
    /// Adds one.
    pub fn push(&mut self, span: Span) {
        self.recent.push(span);
        if self.recent.len() >= MANY {
            self.settle();
        }
    }

    /// All of them.
    pub fn finish(mut self) -> Durations {
        self.settle();
        Durations(self.sorted)
    }

    fn settle(&mut self) {
        let recent = std::mem::take(&mut self.recent);
        self.sorted.extend(recent.into_iter().map(|span| (span, 1)));
        self.merge();
        if self.sorted.len() > MANY || self.is_rounded {
            self.is_rounded = true;
            self.sorted.iter_mut().for_each(|(span, _)| *span = to_five_digits(*span));
            self.merge();
        }
    }

    /// One entry for each duration.
    fn merge(&mut self) {
        self.sorted.sort_unstable();
        self.sorted.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 += later.1;
            }
            is_same
        });
    }
}

fn to_five_digits(span: Span) -> Span {
    let mut unit = 1;
    while span.nanos() / unit >= FIVE_DIGITS {
        unit *= 10;
    }
    Span::from_nanos((span.nanos() + unit / 2) / unit * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted() {
        let span = Span::from_nanos;
        let all: Durations = [3, 1, 3, 2, 3].into_iter().map(span).collect();
        assert_eq!(all.counts(), [(span(1), 1), (span(2), 1), (span(3), 3)]);
        assert_eq!((all.len(), all.is_empty(), Durations::default().is_empty()), (5, false, true));
    }

    #[test]
    fn many_are_kept_to_five_digits() {
        let exact = |n: u64| Span::from_nanos(1_000_000_000 + n * 1_234);
        let few: Durations = (0..1000).map(exact).collect();
        assert_eq!(few.counts().len(), 1000);
        let many: Durations = (0..3_000_000).map(exact).collect();
        assert!(many.counts().len() < 100_000 && many.len() == 3_000_000, "{}", many.counts().len());
        assert_eq!(to_five_digits(Span::from_nanos(1_234_567)), Span::from_nanos(1_234_600));
        assert_eq!(to_five_digits(Span::from_nanos(12_345)), Span::from_nanos(12_345));
    }
}
