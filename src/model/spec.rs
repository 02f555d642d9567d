//! What a checked model holds.

mod cost;
mod invocation;
mod operation;
mod parts;

pub use cost::*;
pub use invocation::*;
pub use parts::*;

mod provider;

pub use provider::{Outage, Provider, RetryAfter, Server, UpAndDown};

use super::change::{Setting, Stage};
use crate::policy::{Adaptive, Fault, FaultSet, OnExceed, Quota};
use crate::streams::LawSpec;
use crate::units::{Bytes, Id, Instant, Money, Probability, Rate, Span, Timestamp, Zone};

mod logging;

pub use logging::*;
pub use operation::{Comeback, Diagnostics, Isolates, OnLeave, OnLoss};

/// A whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What question it answers, in a line.
    pub description: String,
    /// SHA-256 of the effective model (bases merged, overrides applied), in hex: two models with the same
    /// digest and seed have the same report.
    pub digest: String,
    /// The version of the table of time zones, where the model names a zone other than UTC.
    pub zone_data: Option<&'static str>,
    /// The `--set` overrides in force, as given.
    pub overrides: Vec<String>,
    /// Length, seed and limits of a run.
    pub run: Run,
    /// The platform that the model stands on.
    pub platform: Platform,
    /// The kinds of user; at least one.
    pub classes: Vec<Class>,
    /// The workflows.
    pub workflows: Vec<Workflow>,
    /// The AI providers.
    pub providers: Vec<Provider>,
    /// The in-memory queues.
    pub queues: Vec<Queue>,
    /// KV, caches.
    pub stores: Vec<Store>,
    /// Caches in front of a computation or a provider.
    pub tiers: Vec<Tiers>,
    /// Databases that do one operation at a time.
    pub d1: Vec<D1>,
    /// Rate limiters that count in a store.
    pub limiters: Vec<Limiter>,
    /// Reads that are not logs: allow and deny lists, prompts.
    pub reads: Vec<Read>,
    /// How calls are logged.
    pub logging: Logging,
    /// `[reader.NAME]`: who reads the logs.
    pub readers: Vec<Reader>,
    /// `[logfile.NAME]`: the log files.
    pub logfiles: Vec<LogFile>,
    /// What another plan of the platform is compared by.
    pub cost: Option<Cost>,
    /// Isolates that come and go; none: `platform.isolates` of them, all the time.
    pub isolates: Option<Isolates>,
    /// The diagnostics page.
    pub diagnostics: Option<Diagnostics>,
    /// What the results are held against.
    pub objectives: Vec<Objective>,
    /// `[[change]]`: the models in force later, in order of time.
    pub stages: Vec<Stage>,
    /// The values of the settings that change, or were meant to, by path and time.
    pub settings: Vec<Setting>,
}

impl Model {
    /// Whether this holds of the model at its start or in any stage.
    pub fn is_ever(&self, has: impl Fn(&Model) -> bool) -> bool {
        has(self) || self.stages.iter().any(|stage| has(&stage.model))
    }

    /// Whether an attempt at any provider meets more than a latency, a timeout, faults and one layer of retries.
    pub fn has_policies(&self) -> bool {
        self.providers.iter().any(Provider::has_policies)
            || self.workflows.iter().flat_map(|workflow| &workflow.steps).any(|step| step.fallback.is_some())
    }
}

/// `[run]`
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Simulated time of one replication; longer than `warmup`.
    pub horizon: Span,
    /// How much of it is not recorded.
    pub warmup: Span,
    /// The date at which a replication starts.
    pub start: Timestamp,
    /// Independent runs; at least 1.
    pub replications: u32,
    /// The seed.
    pub seed: u64,
    /// `max_events`: a replication that would take more is stopped.
    pub max_events: u64,
    /// `max_plans_alive`: a replication with more at one instant is stopped.
    pub max_plans_alive: u32,
    /// `max_records`: a replication that must remember more log records at one instant is stopped.
    pub max_records: u32,
}

/// `[platform]`: the limits and prices that no one part has to itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// `preset`: where the defaults came from.
    pub preset: Option<String>,
    /// `isolates`: copies of the program's memory, each with its own queues and memory caches; at least 1. A plan
    /// lands on one at random and stays there.
    pub isolates: u32,
    /// `subrequests_external`: `fetch` and Cache API calls that one invocation may make.
    pub subrequests_external: Option<u32>,
    /// `subrequests_internal`: KV calls that one invocation may make.
    pub subrequests_internal: Option<u32>,
    /// `requests`: invocations of the whole account.
    pub requests: Option<Quota>,
    /// `connections`: what one invocation has open at once.
    pub connections: Option<u32>,
    /// `wait_until`: how long an invocation goes on after its last call.
    pub wait_until: Option<Span>,
    /// `cpu`: processor time.
    pub cpu: Cpu,
    /// `base_price`: what a month costs before anything is used.
    pub base_price: Money,
}

/// `[traffic.NAME]`: a kind of user.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// What one arrival does.
    pub workflow: Id<Workflow>,
    /// When they come.
    pub arrivals: Arrivals,
    /// `[[traffic.NAME.spike]]`: stretches in which the rate is multiplied. Only for rates (not closed, trace).
    pub spikes: Vec<Spike>,
    /// Served before those with a smaller number, where a queue's discipline is `priority`; 0 if absent.
    pub priority: i32,
    /// `patience`: how long they wait in a queue before they leave; overrides the queue's.
    pub patience: Option<LawSpec>,
    /// `region`: where their plans run, and so where they write.
    pub region: String,
    /// `leaves_after`: how long after the arrival of a plan its user leaves for good.
    pub leaves_after: Option<LawSpec>,
    /// `on_leave`
    pub on_leave: OnLeave,
    /// `retry`: whether they come back after an overload answer. Never with a trace.
    pub comeback: Option<Comeback>,
}

/// `arrivals = { process = … }`
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Independent, at a constant rate.
    Poisson(Rate),
    /// Evenly spaced, the first at the start.
    Deterministic(Rate),
    /// Poisson with a rate that follows the local hour and day of the week; `rate` is the mean over a week.
    Profile {
        /// The mean rate over a week without daylight-saving changes.
        rate: Rate,
        /// `hours` × `days` as 168 weights from Monday 00:00, with mean 1.
        weights: Box<[f64; 168]>,
        /// The zone whose clock the users live by.
        zone: Zone,
    },
    /// Several at a time: `rate` counts plans, a batch of `size` comes at once, at Poisson instants.
    Batch {
        /// Plans per unit of time.
        rate: Rate,
        /// Plans in a batch; at least 1.
        size: u32,
    },
    /// Markov-modulated Poisson: a hidden state with its own rate, changing at random.
    Mmpp {
        /// Each state's rate (none: silent) and mean stay; visited in order, round and round.
        states: Vec<(Option<Rate>, Span)>,
    },
    /// A fixed number of users, each of whom thinks, asks, waits for the end, and thinks again.
    Closed {
        /// How many; at least 1.
        users: u32,
        /// How long they think.
        think: LawSpec,
    },
    /// A recorded file, replayed exactly.
    Trace {
        /// The plans of this class, by time.
        plans: Vec<TracePlan>,
    },
}

/// A stretch in which a rate is multiplied.
#[derive(Clone, Debug, PartialEq)]
pub struct Spike {
    /// When it starts, after the start of the run.
    pub at: Span,
    /// `for`: how long it lasts.
    pub lasts: Span,
    /// What the rate is multiplied by; at least 0.
    pub factor: f64,
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct TracePlan {
    /// When the plan arrives.
    pub at: Instant,
    /// The isolate it is pinned to.
    pub isolate: Option<u32>,
    /// Per call in workflow order, the attempts in order; never empty, and as many calls as the workflow has.
    pub calls: Vec<Vec<TraceAttempt>>,
}

/// What one recorded attempt did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceAttempt {
    /// How long the provider took.
    pub latency: Span,
    /// How it ended (when it was not cut by the timeout); `None` is "ok".
    pub fault: Option<Fault>,
    /// Whether the request itself was faulty.
    pub request_error: bool,
}

/// `[workflow.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// In an order in which every step stands after those it waits for; at least one, 4,096 calls at most.
    pub steps: Vec<Step>,
    /// What a failed call does to its plan.
    pub on_call_error: OnCallError,
    /// `overload_on`: faults after which a failed call that ends its plan shows the user the overload answer.
    pub overload_on: FaultSet,
    /// What shares one invocation.
    pub invocation: InvocationScope,
}

/// One entry of `steps`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Who answers its calls.
    pub work: Work,
    /// The tiers that they ask first.
    pub lookup: Option<Id<Tiers>>,
    /// Where its calls wait for a slot; none: they start at once.
    pub queue: Option<Id<Queue>>,
    /// `semaphore`: a queue, never also a `queue` of a step, whose slot each of its calls holds from before its reads,
    /// its lookup and its logs to its end.
    pub semaphore: Option<Id<Queue>>,
    /// `after`: indices of the steps that must have ended first.
    pub after: Vec<usize>,
    /// `fallback`: who is asked when that has failed; not `provider` itself.
    pub fallback: Option<Id<Provider>>,
    /// How many calls it makes; at least 1.
    pub calls: u32,
    /// How many of them at once; 1 to `calls`.
    pub parallel: u32,
    /// Whether strategies log it as critical.
    pub critical: bool,
    /// A latency of its own, instead of the provider's.
    pub latency: Option<LawSpec>,
    /// Tokens that an attempt reserves, instead of the provider's number.
    pub tokens: Option<u64>,
    /// `cpu`: processor time that a call takes once it is answered.
    pub cpu: Option<LawSpec>,
}

impl Step {
    /// The provider that its calls ask, if they ask one.
    pub fn provider(&self) -> Option<Id<Provider>> {
        if let Work::Provider(id) = self.work { Some(id) } else { None }
    }

    /// Attempts that one of its calls makes at most, at its provider and at the one it falls back to.
    pub fn attempts(&self, providers: &[Provider]) -> u64 {
        let asked = self.provider().into_iter().chain(self.fallback);
        asked.filter_map(|id| providers.get(id.index())).map(Provider::attempts).sum()
    }
}

/// `on_call_error`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCallError {
    /// The plan ends with the call.
    Abort,
    /// The plan goes on without the answer.
    Continue,
}

/// `[queue.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Slots, in each isolate; at least 1.
    pub max_concurrency: u32,
    /// Waiting places beside the slots; none: unlimited.
    pub max_queue: Option<u32>,
    /// Who is next.
    pub discipline: Discipline,
    /// How long a call waits before it leaves.
    pub patience: Option<LawSpec>,
    /// `reserved`: by class, slots that only its calls may have; empty where there are none.
    pub reserved: Vec<u32>,
    /// `adaptive`: a limit that follows the provider, and the faults that lower it.
    pub adaptive: Option<(Adaptive, FaultSet)>,
}

/// `discipline`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First in, first out.
    Fifo,
    /// Last in, first out.
    Lifo,
    /// The class with the largest `priority` first; first in, first out within it.
    Priority,
}

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Workers KV: global, durable, quotas by op, one write a second and key; an internal subrequest.
    Kv,
    /// The Cache API: forgets; an external subrequest.
    Cache,
    /// An external log service: after a refusal its client is silent for a while; it finds records by itself.
    LogService,
}

/// An operation on a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum OpKind {
    /// Read one key.
    Get,
    /// Write one key.
    Put,
    /// Delete one key.
    Delete,
    /// List keys.
    List,
}

impl OpKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [OpKind; 4] = [OpKind::Get, OpKind::Put, OpKind::Delete, OpKind::List];

    /// What several of them are called, in quotas and metrics.
    pub fn plural(self) -> &'static str {
        ["reads", "writes", "deletes", "lists"][self as usize]
    }
}

/// `on_key_exceed`: what happens to a write of a key that was written less than the spacing ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnKeyExceed {
    /// It is refused (429).
    Reject,
    /// It is accepted and replaces the value: the last write wins.
    Overwrite,
}

/// `storage`: how much a store holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Bytes that it holds, or that are included in the price.
    pub limit: Bytes,
    /// Whether more is refused or billed.
    pub on_exceed: OnExceed,
    /// `price_per_gb`: of a GB (10⁹ bytes) over the limit for a month, where it is billed.
    pub price_per_gb: Money,
}

/// `[store.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Its name: `kv`, `cache`, or the user's own.
    pub name: String,
    /// What it is.
    pub kind: StoreKind,
    /// `latency.get` and so on, by [`OpKind`].
    pub latency: [LawSpec; 4],
    /// `hot_for` and `latency.cold`: how long a key stays hot, and how long the read of another takes.
    pub cold: Option<(Span, LawSpec)>,
    /// `quota.reads`, `.writes`, `.deletes`, `.lists`, by [`OpKind`]; all of a list hold at once.
    pub quotas: [Vec<Quota>; 4],
    /// `key_spacing`: the least time between two accepted writes of one key.
    pub key_spacing: Option<Span>,
    /// `on_key_exceed`: what happens to a write that comes sooner.
    pub on_key_exceed: OnKeyExceed,
    /// `storage`: how much it holds.
    pub storage: Option<Storage>,
    /// `background.reads_per_day` and so on, by [`OpKind`]: what other programs do on the same quotas.
    pub background: [f64; 4],
    /// `ops_per_invocation`: how many of its ops one invocation may make.
    pub ops_per_invocation: Option<u32>,
    /// `ttl`: how long an entry lives when the op does not say; none: for ever.
    pub ttl: Option<Span>,
    /// `capacity`: the size at which the least recently used entries go; none: unlimited.
    pub capacity: Option<Bytes>,
    /// `evictions_per_hour`: the hazard at which an entry is evicted by pressure from others; 0 by default.
    pub evictions_per_hour: f64,
    /// `evictions_spike_factor`: what that is multiplied by while a spike of traffic lasts; 1 by default.
    pub evictions_spike_factor: f64,
    /// `restarts_per_day`: how often everything in it is lost at once; 0 by default.
    pub restarts_per_day: f64,
    /// `retry_after`: how long the client of a log service drops everything after a refusal.
    pub retry_after: Span,
    /// `network_errors`: the chance that an op of a log service does not arrive.
    pub network_errors: Probability,
    /// `searchable`: whether its records are found without an index.
    pub searchable: bool,
    /// `awaited`: whether calls wait for the log ops on it, where it says so itself.
    pub awaited: Option<bool>,
    /// `subrequest`: whether its ops count among those of the invocation.
    pub subrequest: bool,
    /// `staleness`: how long another region may see an old value, or none, after a write.
    pub staleness: Span,
    /// `put_stores_nothing`: the chance that a write is answered and nothing kept.
    pub put_stores_nothing: Probability,
}

impl Store {
    /// Whether its ops are external subrequests; those of KV are internal ones.
    pub fn is_external(&self) -> bool {
        self.kind != StoreKind::Kv
    }

    /// Whether another region sees what is stored, later perhaps; a cache is a region's own.
    pub fn is_seen_elsewhere(&self) -> bool {
        self.kind != StoreKind::Cache
    }
}

/// `[reads.NAME]`: reads that are not logs.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// Where the keys are kept.
    pub store: Id<Store>,
    /// `per_plan` (made as the plan begins) or `per_call` (before each call).
    pub count: ReadCount,
    /// `memory_ttl`: how long an isolate's memory keeps a key; none: every read goes to the store. The reads of one
    /// entry are of that many different keys.
    pub memory_ttl: Option<Span>,
}

/// How many reads, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCount {
    /// So many as a plan begins.
    PerPlan(u32),
    /// So many before each call.
    PerCall(u32),
}

/// One entry of `[objectives]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The metric's name.
    pub metric: String,
    /// `min`
    pub min: Option<f64>,
    /// `max`
    pub max: Option<f64>,
}
