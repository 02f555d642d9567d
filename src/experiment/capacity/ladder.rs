//! The ladder: at which demand each limit and each objective binds by itself, by arithmetic and by the probes.

use super::probe::{Search, breaks};
use crate::experiment::demand::Demand;
use crate::experiment::explain;
use crate::experiment::trials::Trial;
use crate::model::{Limit, Model, OpKind, Server};

/// A queue whose slots are busy so much is taken to bind.
const BUSY: f64 = 0.95;

/// One limit or objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// `kv.quota.writes`, `queue.ai.slots`, or the bound of an objective.
    pub limit: String,
    /// Whether it is an objective.
    pub objective: bool,
    /// Plans a day by arithmetic.
    pub arithmetic: Option<f64>,
    /// The largest demand simulated at which it does not bind yet.
    pub free_at: Option<f64>,
    /// The smallest demand simulated at which it does.
    pub binds_at: Option<f64>,
}

/// What relaxing the first limit by one step buys.
#[derive(Clone, Debug, PartialEq)]
pub struct Relief {
    /// The limit.
    pub limit: String,
    /// The step: `twice the limit`, `one slot more`.
    pub step: &'static str,
    /// Plans a day by arithmetic before.
    pub before: f64,
    /// After.
    pub after: f64,
    /// What binds then.
    pub then: String,
}

/// The rungs, the smallest demand first.
pub(super) fn ladder(search: &Search<'_>, model: &Model, of: Demand) -> Vec<Rung> {
    let arithmetic = explain(model);
    let limits = arithmetic.ceilings.iter().filter(|ceiling| !ceiling.billed).map(|ceiling| {
        let (free_at, binds_at) =
            symptom(&ceiling.limit).map_or((None, None), |symptom| search.passes(|trial| symptom.shows(trial)));
        // The ceilings are over all classes; those of one class among others are not worked out.
        let alone = of == Demand::All || model.classes.len() == 1;
        Rung {
            limit: ceiling.limit.clone(),
            objective: false,
            arithmetic: alone.then(|| ceiling.binds_at()),
            free_at,
            binds_at,
        }
    });
    let objectives = model.objectives.iter().map(|objective| {
        let (free_at, binds_at) = search.passes(|trial| breaks(trial, objective));
        Rung { limit: objective.metric.clone(), objective: true, arithmetic: None, free_at, binds_at }
    });
    let mut rungs: Vec<Rung> = limits.chain(objectives).collect();
    let at = |rung: &Rung| rung.binds_at.or(rung.arithmetic).unwrap_or(f64::INFINITY);
    rungs.sort_by(|a, b| at(a).total_cmp(&at(b)).then_with(|| a.limit.cmp(&b.limit)));
    rungs
}

/// The metric that shows that one limit binds, and no other.
enum Symptom {
    /// What this limit itself refused: more than none.
    Refused(String),
    /// How busy it is: over [`BUSY`].
    Busy(String),
}

impl Symptom {
    /// Whether it is seen in the replications at a demand. What ran away shows that something bound, and not what.
    fn shows(&self, trial: &Trial) -> Option<bool> {
        if trial.ran_away {
            return None;
        }
        match self {
            Symptom::Refused(metric) => Some(trial.estimate(metric)?.mean > 0.0),
            Symptom::Busy(metric) => match trial.estimate(metric)?.ci95()? {
                (low, _) if low > BUSY => Some(true),
                (_, high) if high <= BUSY => Some(false),
                _ => None,
            },
        }
    }
}

/// The limiter whose own limit it is.
fn limiter(limit: &str) -> Option<&str> {
    let (name, what) = limit.strip_prefix("limiter.")?.rsplit_once('.')?;
    ["per_day", "limit"].contains(&what).then_some(name)
}

fn symptom(limit: &str) -> Option<Symptom> {
    if limit == "platform.requests" {
        return Some(Symptom::Refused("platform.requests_rejected".into()));
    }
    if let Some(limiter) = limiter(limit) {
        return Some(Symptom::Refused(format!("limiter.{limiter}.refused")));
    }
    if limit.contains(".quota.") {
        return Some(Symptom::Refused(format!("{limit}.refused")));
    }
    if let Some((store, family)) = limit.split_once(".key.") {
        return Some(Symptom::Refused(format!("{store}.writes.family.{family}_rejected_key")));
    }
    if let Some((provider, key)) = limit.strip_prefix("provider.").and_then(|rest| rest.split_once('.')) {
        let cause = if key == "slots" { "provider_slots" } else { key };
        return Some(Symptom::Refused(format!("provider.{provider}.attempts.refused_by.{cause}")));
    }
    if let Some(database) = limit.strip_prefix("d1.").and_then(|rest| rest.strip_suffix(".writer")) {
        return Some(Symptom::Busy(format!("d1.{database}.utilisation")));
    }
    let queue = limit.strip_prefix("queue.")?.strip_suffix(".slots")?;
    Some(Symptom::Busy(format!("queue.{queue}.utilisation")))
}

/// Whose limit `provider.NAME.KEY` is.
fn provider_of(limit: &str) -> Option<&str> {
    limit.strip_prefix("provider.")?.split_once('.').map(|(name, _)| name)
}

/// The first limit with twice its quota, half its spacing, or one slot more.
pub(super) fn relief(model: &Model) -> Option<Relief> {
    let arithmetic = explain(model);
    let first = arithmetic.binding()?;
    let mut relaxed = model.clone();
    let step = relax(&mut relaxed, &first.limit)?;
    let after = explain(&relaxed);
    let then = after.binding()?;
    let (limit, before) = (first.limit.clone(), first.binds_at());
    Some(Relief { limit, step, before, after: then.binds_at(), then: then.limit.clone() })
}

fn relax(model: &mut Model, limit: &str) -> Option<&'static str> {
    if let Some(name) = limit.strip_prefix("queue.").and_then(|rest| rest.strip_suffix(".slots")) {
        model.queues.iter_mut().find(|queue| queue.name == name)?.max_concurrency += 1;
        return Some("one slot more");
    }
    if let Some(name) = provider_of(limit) {
        let provider = model.providers.iter_mut().find(|provider| provider.name == name)?;
        return relax_provider(provider.server.as_mut()?, limit);
    }
    if limit == "platform.requests" {
        model.platform.requests.as_mut()?.limit *= 2;
        return Some("twice the limit");
    }
    if let Some(name) = limiter(limit) {
        let limiter = model.limiters.iter_mut().find(|limiter| limiter.name == name)?;
        limiter.limit = limiter.limit.saturating_mul(2);
        return Some("twice the limit");
    }
    let store = model
        .stores
        .iter_mut()
        .find(|store| limit.strip_prefix(&store.name).is_some_and(|rest| rest.starts_with('.')))?;
    if limit.contains(".key.") {
        store.key_spacing = store.key_spacing.map(|spacing| spacing.scale(0.5));
        return Some("half the spacing");
    }
    let op = OpKind::ALL.into_iter().find(|op| limit.ends_with(op.plural()))?;
    let quotas = &mut store.quotas[op as usize];
    quotas.iter_mut().for_each(|quota| quota.limit = quota.limit.saturating_mul(2));
    (!quotas.is_empty()).then_some("twice the limit")
}

fn relax_provider(server: &mut Server, limit: &str) -> Option<&'static str> {
    if limit.ends_with(".slots") {
        server.max_concurrency = server.max_concurrency.map(|slots| slots + 1);
        return Some("one slot more");
    }
    if limit.contains(".quota.") {
        server.quotas.iter_mut().for_each(|of| of.quota.limit *= 2);
        return Some("twice the limit");
    }
    let limit = Limit::parse(limit.rsplit('.').next()?)?;
    let rate = server.limits[limit as usize].as_mut()?;
    *rate *= 2;
    Some("twice the limit")
}
