//! What may change while a model runs, laid over from the model before: what still differs then may not.

use crate::streams::LawSpec;
use crate::units::Probability;

pub(in crate::model) fn keep_all<T>(values: &mut [T], of: &[T], keep: impl Fn(&mut T, &T)) {
    values.iter_mut().zip(of).for_each(|(value, of)| keep(value, of));
}

/// What is there before and after may change; what comes or goes may not.
pub(in crate::model) fn keep_some<T: Clone>(value: &mut Option<T>, of: &Option<T>) {
    if value.is_some() && of.is_some() {
        value.clone_from(of);
    }
}

/// What is left to no chance has no draws: a chance that is 0 stays so, and another one does not become 0.
pub(in crate::model) fn keep_chance(chance: &mut Probability, of: Probability) {
    if (chance.value() > 0.0) == (of.value() > 0.0) {
        *chance = of;
    }
}

/// The same of a hazard.
pub(in crate::model) fn keep_hazard(hazard: &mut f64, of: f64) {
    if (*hazard > 0.0) == (of > 0.0) {
        *hazard = of;
    }
}

/// For the same reason a law stays one, and a constant too.
pub(in crate::model) fn keep_law(law: &mut LawSpec, of: &LawSpec) {
    if law.is_constant() == of.is_constant() {
        law.clone_from(of);
    }
}
