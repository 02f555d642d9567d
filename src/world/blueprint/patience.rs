//! How long a call waits in a queue at most.

use crate::streams::LawSpec;
use crate::units::Span;
use crate::world::blueprint::Laws;

/// How long a call waits in a queue before it reneges.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    Endless,
    Constant(Span),
    /// The position of its law.
    Drawn(u16),
}

impl Patience {
    pub(crate) fn of(law: Option<&LawSpec>, laws: &mut Laws) -> Result<Patience, String> {
        match law {
            None => Ok(Patience::Endless),
            Some(LawSpec::Constant { value }) => Ok(Patience::Constant(*value)),
            Some(law) => laws.id(law).map(Patience::Drawn),
        }
    }
}
