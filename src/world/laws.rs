//! The laws of a model, compiled.

use crate::streams::{Law, LawSpec};

/// Compiled laws; equal ones are compiled once.
#[derive(Default)]
pub(super) struct Laws {
    specs: Vec<LawSpec>,
    pub(super) compiled: Vec<Law>,
}

impl Laws {
    /// The position of a law.
    pub(super) fn id(&mut self, spec: &LawSpec) -> Result<u16, String> {
        if let Some(at) = self.specs.iter().position(|known| known == spec) {
            return Ok(at as u16);
        }
        self.compiled.push(spec.compile().map_err(|error| error.0)?);
        self.specs.push(spec.clone());
        u16::try_from(self.specs.len() - 1).map_err(|_| "more than 65,536 different laws".into())
    }
}
