//! The busiest stretch of a week: traffic that follows the hours reaches a limit of a minute at its peak, not on its mean day.

use crate::model::{Arrivals, Model};
use crate::units::{CalendarStart, Instant, Zone};

const HOURS: usize = 168;

/// By what each class's mean rate is multiplied, in each stretch of so many hours that differs from the others; nothing where
/// the traffic does not follow the hours.
pub(super) fn stretches(model: &Model, hours: usize) -> Vec<Vec<f64>> {
    if !model.classes.iter().any(|class| matches!(class.arrivals, Arrivals::Profile { .. })) {
        return Vec::new();
    }
    let by_class: Vec<Option<Vec<f64>>> =
        model.classes.iter().map(|class| means(model, &class.arrivals, hours)).collect();
    let at = |hour: usize| by_class.iter().map(|means| means.as_ref().map_or(1.0, |means| means[hour])).collect();
    let mut all: Vec<Vec<f64>> = (0..HOURS).map(at).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    all.dedup();
    all
}

/// The mean weight of the hours from each hour of the week on, by the clock of UTC; none where the rate does not follow them.
fn means(model: &Model, arrivals: &Arrivals, hours: usize) -> Option<Vec<f64>> {
    let Arrivals::Profile { weights, zone, .. } = arrivals else { return None };
    let local = |zone: &Zone| CalendarStart::new(model.run.start, zone).hour_of_week(Instant::START).0;
    let ahead = (local(zone) + HOURS - local(&Zone::UTC)) % HOURS;
    let sum = |from: usize| (from..from + hours).map(|hour| weights[(hour + ahead) % HOURS]).sum::<f64>();
    // Rounded, so that sums of the same hours in another order are the same.
    Some((0..HOURS).map(|from| (sum(from) / hours as f64 * 1e12 + 0.5).trunc() / 1e12).collect())
}
