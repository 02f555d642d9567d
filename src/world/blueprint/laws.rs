//! The compiled laws of a model, and the position that stands for none.

use crate::streams::{Law, LawSpec};

/// The position that stands for none.
pub(crate) const NONE: u16 = u16::MAX;

/// Compiled laws; equal ones are compiled once.
#[derive(Default)]
pub(crate) struct Laws {
    specs: Vec<LawSpec>,
    pub(crate) compiled: Vec<Law>,
}

impl Laws {
    /// The position of a law.
    pub(crate) fn id(&mut self, spec: &LawSpec) -> Result<u16, String> {
        if let Some(at) = self.specs.iter().position(|known| known == spec) {
            return Ok(at as u16);
        }
        self.compiled.push(spec.compile().map_err(|error| error.0)?);
        self.specs.push(spec.clone());
        u16::try_from(self.specs.len() - 1).map_err(|_| "more than 65,536 different laws".into())
    }
}
