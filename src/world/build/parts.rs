//! What the loop reads of parts with a behaviour of their own, and who does the work of a call.

use super::flow::provider;
use super::{Laws, Provider};
use crate::model::{self, Limiter, Model, Step, Tier, Tiers};
use crate::policy::Retry;
use crate::streams::{Choice, LawSpec};
use crate::units::Span;
use crate::world::work::Work;

/// A limiter, flat.
#[derive(Debug)]
pub(in crate::world) struct Check {
    pub(in crate::world) people: Choice,
    pub(in crate::world) store: u16,
}

/// Tiers, flat.
#[derive(Debug)]
pub(in crate::world) struct Lookup {
    pub(in crate::world) keys: Choice,
    /// How long a hit and a miss of each tier take.
    pub(in crate::world) tiers: Vec<[u16; 2]>,
}

/// Whom calls ask, each with its retries: the providers, the databases, the limiters, and nobody.
pub(super) fn answerers(model: &Model) -> Vec<Provider> {
    let forever = Span::from_nanos(u64::MAX);
    let sure = |retry: Retry| Provider {
        timeout: forever,
        from_arrival: false,
        faults: Vec::new(),
        request_error: 0.0,
        retry,
    };
    let never = std::iter::repeat_n(Retry::NEVER, model.limiters.len() + 1);
    let others = model.d1.iter().map(|db| db.retry).chain(never);
    model.providers.iter().map(provider).chain(others.map(sure)).collect()
}

pub(super) fn check(spec: &Limiter) -> Check {
    let people = Choice::new(spec.people.count, &spec.people.popularity);
    Check { people, store: spec.store.index() as u16 }
}

pub(super) fn lookup(tiers: &Tiers, laws: &mut Laws) -> Result<Lookup, String> {
    let law = |tier: &Tier| Ok([laws.id(&tier.latency)?, laws.id(&tier.miss_latency)?]);
    let keys = Choice::new(tiers.keys.count, &tiers.keys.popularity);
    let tiers: Result<Vec<[u16; 2]>, String> = tiers.tiers.iter().map(law).collect();
    Ok(Lookup { keys, tiers: tiers? })
}

/// Who does the work of a step, its place among all whom calls ask, and how long it takes.
pub(super) fn work<'m>(model: &'m Model, step: &'m Step) -> (Work, usize, &'m LawSpec) {
    let (providers, databases) = (model.providers.len(), model.d1.len());
    let (work, place, law) = match step.work {
        model::Work::Provider(id) => (Work::Provider, id.index(), Some(&model.providers[id.index()].latency)),
        model::Work::D1(id) => (Work::D1, providers + id.index(), Some(&model.d1[id.index()].latency)),
        model::Work::Limiter(id) => (Work::Limiter, providers + databases + id.index(), None),
        model::Work::Compute(id) => {
            let nobody = providers + databases + model.limiters.len();
            (Work::Compute, nobody, model.tiers[id.index()].compute.as_ref())
        }
    };
    (work, place, step.latency.as_ref().or(law).unwrap_or(&AT_ONCE))
}

/// What takes no time.
static AT_ONCE: LawSpec = LawSpec::Constant { value: Span::ZERO };
