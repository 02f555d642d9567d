//! What advice must know of a model beside its metrics: the limits as they are set, and by which path.

use crate::model::{Model, OpKind, ProviderQuota, Step};
use crate::policy::{OnExceed, Quota, Window};
use crate::units::Span;

/// The limits and policies of a model at its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Every quota that can refuse, drop or delay.
    pub quotas: Vec<QuotaFact>,
    /// Every provider that a call may ask.
    pub providers: Vec<ProviderFact>,
    /// Every queue: its name, its slots, and its waiting places where they are limited.
    pub queues: Vec<(String, u32, Option<u32>)>,
    /// The workflows, by name; whether each has an invocation for each call.
    pub workflows: Vec<(String, bool)>,
    /// How often each reader does each job: its name, `export` or `cleanup`.
    pub chores: Vec<(String, &'static str, Span)>,
    /// The stores that log records are put into, by name; whether a list finds them by their prefix.
    pub record_stores: Vec<(String, bool)>,
}

/// A quota.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaFact {
    /// What its metrics begin with: `kv.quota.writes`.
    pub metric: String,
    /// Where its limit is set.
    pub path: String,
    /// Whose it is, in words: `kv writes`, `attempts at openai`, `requests of the account`.
    pub what: String,
    /// Operations that a window admits.
    pub limit: u64,
    /// The window.
    pub window: WindowFact,
    /// The zone of its days and months.
    pub zone: String,
    /// Whether operations wait for it instead of being refused.
    pub waits: bool,
    /// Whether operations over it are answered as if they were done.
    pub drops: bool,
    /// Whether what it refuses counts too.
    pub counts_refused: bool,
}

/// The window of a quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowFact {
    /// A calendar day.
    Day,
    /// A calendar month.
    Month,
    /// Windows of this length, one after the other.
    Fixed(Span),
    /// Any stretch of this length.
    Rolling(Span),
    /// A bucket that refills by the limit in this time, and holds so many.
    Bucket(u64, Span),
}

/// A provider and what stands around it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderFact {
    /// Its name.
    pub name: String,
    /// Attempts of one call at most, over all layers of retries.
    pub attempts: u64,
    /// Whether there are a budget of retries and a breaker.
    pub budget: bool,
    /// A breaker.
    pub breaker: bool,
    /// `request_timeout`
    pub timeout: Option<Span>,
    /// Those of its limits that it has, such as `requests_per_minute` and `max_concurrency`, by their key.
    pub limits: Vec<(&'static str, u64)>,
}

/// The facts of a model.
pub(crate) fn facts(model: &Model) -> Facts {
    let steps = || model.workflows.iter().flat_map(|workflow| &workflow.steps);
    let asked = |at: usize| steps().any(|step: &Step| step.asks().any(|id| id.index() == at));
    let providers = model.providers.iter().enumerate().filter(|(at, _)| asked(*at)).map(|(_, provider)| {
        let layers = [Some(&provider.retry), provider.inner[0].as_ref(), provider.inner[1].as_ref()];
        let server = provider.server.as_ref();
        ProviderFact {
            name: provider.name.clone(),
            attempts: layers.into_iter().flatten().map(|retry| u64::from(retry.max) + 1).product(),
            budget: provider.budget.is_some(),
            breaker: provider.breaker.is_some(),
            timeout: provider.request_timeout,
            limits: server.map_or_else(Vec::new, |server| {
                let slots = server.max_concurrency.map(|slots| ("max_concurrency", u64::from(slots)));
                server.flows().map(|(limit, rate)| (limit.name(), rate)).chain(slots).collect()
            }),
        }
    });
    let chores = model.readers.iter().flat_map(|reader| {
        let [_, export, cleanup] = reader.every;
        let each = [("export", export), ("cleanup", cleanup)];
        each.into_iter().filter_map(|(what, every)| Some((reader.name.clone(), what, every?)))
    });
    let mut record_stores: Vec<(String, bool)> = Vec::new();
    for op in model.logging.ops.iter().filter(|op| op.role == crate::model::Role::Record && op.op == OpKind::Put) {
        let store = &model.stores[op.store.index()];
        if !store.searchable {
            record_stores.push((store.name.clone(), store.kind == crate::model::StoreKind::Kv));
        }
    }
    record_stores.sort();
    record_stores.dedup();
    let each_call = crate::model::InvocationScope::Call;
    Facts {
        quotas: quotas(model),
        providers: providers.collect(),
        queues: model.queues.iter().map(|q| (q.name.clone(), q.max_concurrency, q.max_queue)).collect(),
        workflows: model.workflows.iter().map(|w| (w.name.clone(), w.invocation == each_call)).collect(),
        chores: chores.collect(),
        record_stores,
    }
}

fn quotas(model: &Model) -> Vec<QuotaFact> {
    let mut all = Vec::new();
    for store in &model.stores {
        for op in OpKind::ALL {
            let what = op.plural();
            let place = format!("quota.{what}");
            let words = format!("{} {what}", store.name);
            let names = (format!("{}.{place}", store.name), format!("store.{}.{place}", store.name), words);
            all.extend(numbered(&store.quotas[op as usize], &names));
        }
    }
    for provider in &model.providers {
        let quotas = provider.server.as_ref().map_or(&[][..], |server| &server.quotas);
        let prefix = format!("provider.{}.quota", provider.name);
        for (nth, ProviderQuota { quota, of }) in quotas.iter().enumerate() {
            let words = format!("{} at {}", of.name().replace('_', " "), provider.name);
            let names = (format!("{prefix}.{}", of.name()), prefix.clone(), words);
            all.extend(fact(quota, (nth, quotas.len()), &names));
        }
    }
    if let Some(quota) = &model.platform.requests {
        let names = ("platform.quota.requests".into(), "platform.requests".into(), "requests of the account".into());
        all.extend(numbered(std::slice::from_ref(quota), &names));
    }
    all
}

/// The quotas of one place.
fn numbered(quotas: &[Quota], names: &(String, String, String)) -> Vec<QuotaFact> {
    quotas.iter().enumerate().filter_map(|(nth, quota)| fact(quota, (nth, quotas.len()), names)).collect()
}

/// A quota that keeps something back. Of several in one place, the metrics of those after the first are numbered, and their
/// paths too.
fn fact(
    quota: &Quota,
    (nth, of): (usize, usize),
    (metric, path, what): &(String, String, String),
) -> Option<QuotaFact> {
    (quota.on_exceed != OnExceed::Bill).then(|| QuotaFact {
        metric: if nth > 0 { format!("{metric}.{}", nth + 1) } else { metric.clone() },
        path: if of > 1 { format!("{path}.{nth}.limit") } else { format!("{path}.limit") },
        what: what.clone(),
        limit: quota.limit,
        window: match quota.window {
            Window::Day => WindowFact::Day,
            Window::Month => WindowFact::Month,
            Window::Fixed(length) => WindowFact::Fixed(length),
            Window::Rolling(length) => WindowFact::Rolling(length),
            Window::Bucket(holds, length) => WindowFact::Bucket(holds, length),
        },
        zone: quota.zone.name().into(),
        waits: quota.on_exceed == OnExceed::Wait,
        drops: quota.on_exceed == OnExceed::Drop,
        counts_refused: quota.counts_rejected,
    })
}
