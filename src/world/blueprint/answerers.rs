//! What calls ask, as flat tables: providers, databases, limiters, tiers of caches, and what does the work of a call.

use crate::model::{self, Limiter, Model, Step, Tier, Tiers};
use crate::policy::{Fault, Retry};
use crate::streams::{Choice, LawSpec};
use crate::units::Span;
use crate::world::blueprint::Laws;
use crate::world::state::Work;

/// A provider, flat.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) timeout: Span,
    /// Waiting in the queue spends the timeout.
    pub(crate) from_arrival: bool,
    /// Upper ends of the intervals in [0, 1) that stand for each fault.
    pub(crate) faults: Vec<(f64, Fault)>,
    pub(crate) request_error: f64,
    pub(crate) retry: Retry,
    /// The law of the first token, where answers come token by token.
    pub(crate) first_token: Option<u16>,
}

/// A provider, flat.
fn provider(spec: &crate::model::Provider, laws: &mut Laws) -> Result<Provider, String> {
    let mut sum = 0.0;
    let faults = spec.errors.iter().map(|&(fault, probability)| {
        sum += probability.value();
        (sum, fault)
    });
    Ok(Provider {
        faults: faults.collect(),
        first_token: spec.streamed.as_ref().map(|streamed| laws.id(&streamed.first_token)).transpose()?,
        from_arrival: spec.timeout_from_arrival && spec.request_timeout.is_some(),
        timeout: spec.request_timeout.unwrap_or(Span::from_nanos(u64::MAX)),
        request_error: spec.request_error.value(),
        retry: spec.retry,
    })
}

/// A limiter, flat.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) people: Choice,
    pub(crate) store: u16,
}

/// Tiers, flat.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) keys: Choice,
    /// How long a hit and a miss of each tier take.
    pub(crate) tiers: Vec<[u16; 2]>,
}

/// What calls ask, each with its retries: the providers, the databases, the limiters, and none of them.
pub(crate) fn answerers(model: &Model, laws: &mut Laws) -> Result<Vec<Provider>, String> {
    let forever = Span::from_nanos(u64::MAX);
    let sure = |retry: Retry| Provider {
        timeout: forever,
        from_arrival: false,
        faults: Vec::new(),
        request_error: 0.0,
        retry,
        first_token: None,
    };
    let never = std::iter::repeat_n(Retry::NEVER, model.limiters.len() + 1);
    let others = model.d1.iter().map(|db| db.retry).chain(never);
    let providers = model.providers.iter().map(|spec| provider(spec, laws));
    providers.chain(others.map(sure).map(Ok)).collect()
}

pub(crate) fn check(spec: &Limiter) -> Check {
    let people = Choice::new(spec.people.count, &spec.people.popularity);
    Check { people, store: spec.store.index() as u16 }
}

pub(crate) fn lookup(tiers: &Tiers, laws: &mut Laws) -> Result<Lookup, String> {
    let law = |tier: &Tier| Ok([laws.id(&tier.latency)?, laws.id(&tier.miss_latency)?]);
    let keys = Choice::new(tiers.keys.count, &tiers.keys.popularity);
    let tiers: Result<Vec<[u16; 2]>, String> = tiers.tiers.iter().map(law).collect();
    Ok(Lookup { keys, tiers: tiers? })
}

/// What does the work of a step, its position among all that calls ask, and how long it takes.
pub(crate) fn work<'m>(model: &'m Model, step: &'m Step) -> (Work, usize, &'m LawSpec) {
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
