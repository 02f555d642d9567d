//! `[observed]`: what was measured of the real system. An objective says what is wanted, this says what is: a model that
//! does not come out there is wrong, and a lever that leaves it may well be an improvement.

use super::objectives::bounds;
use crate::model::language::*;

pub(in crate::model) static OBSERVED: Section = Section {
    title: "an observation",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        optional("min", Number(f64::MIN, f64::MAX), "no lower bound", "The least that was observed."),
        optional("max", Number(f64::MIN, f64::MAX), "no upper bound", "The most that was observed.").note(
            "`run` says whether the model agrees, `check` fails where it does not. `tune`, `levers` and `capacity` do not \
                ask: they look for something better than what is there.",
        ),
    ],
    ..PLAIN
};

/// One entry of `[observed]`: a metric, and between what it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The metric's name, such as `class.user.plans.overloaded_fraction`.
    pub metric: String,
    /// `min`: the least that was observed, in the unit of the metric.
    pub min: Option<f64>,
    /// `max`: the most that was observed, in the unit of the metric; at least `min`.
    pub max: Option<f64>,
}

/// Reads the observations, in the order of their metrics.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Observed> {
    let mut observed = Vec::new();
    for (metric, cursor) in root.named("observed") {
        let (min, max) = bounds(input, (metric, &cursor), names);
        observed.push(Observed { metric: metric.into(), min, max });
    }
    observed
}
