//! The pools of providers of all steps; steps that have the same one share it.

use crate::model::{Model, Pool, Step};
use crate::world::blueprint::Laws;

/// A pool, flat.
#[derive(Debug)]
pub(crate) struct PoolSpec {
    pub(crate) rules: Pool,
    /// Its providers, each with the law of its latency.
    pub(crate) members: Vec<(u16, u16)>,
}

/// All pools; equal ones are one.
#[derive(Debug, Default)]
pub(crate) struct Pools(pub(crate) Vec<PoolSpec>);

impl Pools {
    /// The position of the pool of a step, if it has one.
    pub(crate) fn id(&mut self, model: &Model, step: &Step, laws: &mut Laws) -> Result<Option<u16>, String> {
        let Some(rules) = &step.pool else { return Ok(None) };
        let law = |at: usize| step.latency.as_ref().unwrap_or(&model.providers[at].latency);
        let member = |id: &crate::units::Id<_>| Ok((id.index() as u16, laws.id(law(id.index()))?));
        let members: Vec<(u16, u16)> = rules.providers.iter().map(member).collect::<Result<_, String>>()?;
        let at = self.0.iter().position(|pool| pool.rules == *rules && pool.members == members).unwrap_or(self.0.len());
        if at == self.0.len() {
            self.0.push(PoolSpec { rules: rules.clone(), members });
        }
        Ok(Some(at as u16))
    }
}
