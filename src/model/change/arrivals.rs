//! What may change of the arrivals of a class: every value of its process. The process itself stays, for each kind
//! carries something else over from one era to the next.

use crate::model::spec::{Arrivals, Class};

/// Lays what may change over from the class before.
pub(super) fn keep(class: &mut Class, of: &Class) {
    if why_not(&of.arrivals, &class.arrivals).is_none() {
        class.arrivals.clone_from(&of.arrivals);
        class.spikes.clone_from(&of.spikes);
    }
}

/// Why the first arrivals that cannot become others cannot.
pub(super) fn first_reason(base: &[Class], stage: &[Class]) -> Option<&'static str> {
    base.iter().zip(stage).find_map(|(of, class)| why_not(&of.arrivals, &class.arrivals))
}

fn why_not(of: &Arrivals, new: &Arrivals) -> Option<&'static str> {
    match (of, new) {
        (Arrivals::Mmpp { states: of }, Arrivals::Mmpp { states }) if of.len() != states.len() => {
            Some("as many states as before: the one that traffic is in carries over")
        }
        (Arrivals::Trace { plans: of }, Arrivals::Trace { plans }) if of != plans => {
            Some("one trace a run: it says what each of its plans does")
        }
        (Arrivals::Poisson(_), Arrivals::Poisson(_))
        | (Arrivals::Deterministic(_), Arrivals::Deterministic(_))
        | (Arrivals::Profile { .. }, Arrivals::Profile { .. })
        | (Arrivals::Batch { .. }, Arrivals::Batch { .. })
        | (Arrivals::Mmpp { .. }, Arrivals::Mmpp { .. })
        | (Arrivals::Closed { .. }, Arrivals::Closed { .. })
        | (Arrivals::Trace { .. }, Arrivals::Trace { .. }) => None,
        _ => Some(
            "values of the same process: what one has drawn means nothing to another; use two classes, and spikes of factor 0",
        ),
    }
}
