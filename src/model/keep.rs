//! Copies the values that may change in mid-run from one model to another: what still differs then may not change.

use crate::streams::LawSpec;
use crate::units::Probability;

pub(in crate::model) fn keep_all<T>(values: &mut [T], of: &[T], keep: impl Fn(&mut T, &T)) {
    values.iter_mut().zip(of).for_each(|(value, of)| keep(value, of));
}

/// A value that exists before and after may change; one cannot be added or removed.
pub(in crate::model) fn keep_some<T: Clone>(value: &mut Option<T>, of: &Option<T>) {
    if value.is_some() && of.is_some() {
        value.clone_from(of);
    }
}

/// A probability of 0 has no draws, so 0 stays 0 and another one does not become 0.
pub(in crate::model) fn keep_chance(chance: &mut Probability, of: Probability) {
    if (chance.value() > 0.0) == (of.value() > 0.0) {
        *chance = of;
    }
}

/// The same for a hazard.
pub(in crate::model) fn keep_hazard(hazard: &mut f64, of: f64) {
    if (*hazard > 0.0) == (of > 0.0) {
        *hazard = of;
    }
}

/// For the same reason a constant stays constant, and a random law random.
pub(in crate::model) fn keep_law(law: &mut LawSpec, of: &LawSpec) {
    if law.is_constant() == of.is_constant() {
        law.clone_from(of);
    }
}
