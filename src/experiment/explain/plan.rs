//! One plan in expectation: how many of its calls begin, how many attempts they take, and what that costs in ops.

use super::chores;
use super::latency::{self, Cut};
use crate::model::{
    Class, InvocationScope, KeyScope, Level, LogEvent, LogOp, Model, OnCallError, OpKind, Provider, ReadCount, Role,
    Step, Store, When, Work, Workflow,
};
use crate::policy::Fault;
use crate::streams::{LawSpec, Word};
use crate::units::Span;
use std::collections::BTreeMap;

/// Whether the errors that the model expects are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Failures {
    None,
    Expected,
}

/// What one plan uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// By store, then op; without what a memory cache may answer.
    direct: Vec<[f64; 4]>,
    /// Reads behind a memory cache.
    cached: Vec<Cached>,
    /// By provider: attempts, and those of them that it bills.
    pub attempts: Vec<f64>,
    pub billed: Vec<f64>,
    /// By provider: tokens that they reserve, and the time that it works on them.
    pub tokens: Vec<f64>,
    pub work_seconds: Vec<f64>,
    /// By queue: the time that its calls hold a slot.
    pub slot_seconds: Vec<f64>,
    /// By database: how long its writer works for the plan.
    pub database_seconds: Vec<f64>,
    /// Writes to keys that all plans share, by store and family.
    pub shared_writes: BTreeMap<(usize, String), f64>,
    pub invocations: f64,
    pub cpu_seconds: f64,
    /// By store: records written, and how long each lives where nobody deletes it.
    records: Vec<Vec<(f64, Option<Span>)>>,
}

/// Reads that a memory cache answers while its entry is fresh.
#[derive(Clone, Debug)]
struct Cached {
    store: usize,
    keys: f64,
    /// Days that an entry stays fresh, over the isolates that plans spread over.
    fresh_days: f64,
    /// Misses of a key within a plan, beyond the first.
    again: f64,
}

impl Expected {
    fn empty(model: &Model) -> Expected {
        Expected {
            direct: vec![[0.0; 4]; model.stores.len()],
            attempts: vec![0.0; model.providers.len()],
            billed: vec![0.0; model.providers.len()],
            records: vec![Vec::new(); model.stores.len()],
            tokens: vec![0.0; model.providers.len()],
            work_seconds: vec![0.0; model.providers.len()],
            database_seconds: vec![0.0; model.d1.len()],
            slot_seconds: vec![0.0; model.queues.len()],
            ..Expected::default()
        }
    }

    /// Ops of one plan when `demand` plans a day share the memory caches: an entry that is fetched stays for its
    /// time, so one read in 1 + demand × time misses.
    pub fn ops(&self, store: usize, op: OpKind, demand: f64) -> f64 {
        let direct = self.direct[store][op as usize];
        if op != OpKind::Get {
            return direct;
        }
        let cached = self.cached.iter().filter(|cached| cached.store == store);
        direct + cached.map(|c| c.keys * (1.0 / (1.0 + demand * c.fresh_days) + c.again)).sum::<f64>()
    }

    /// Counts ops that are made for each plan, though not by it.
    pub(super) fn add(&mut self, store: usize, op: OpKind, n: f64) {
        self.direct[store][op as usize] += n;
    }

    /// The records that a plan writes to a store, and how long each lives where nobody deletes it.
    pub(super) fn records(&self, store: usize) -> &[(f64, Option<Span>)] {
        &self.records[store]
    }

    /// Whether a memory cache answers some reads of this store.
    pub fn has_cached(&self, store: usize) -> bool {
        self.cached.iter().any(|cached| cached.store == store)
    }

    /// Counts so many ops of a row.
    fn log(&mut self, model: &Model, op: &LogOp, n: f64) {
        if op.op == OpKind::Put && op.role == Role::Record {
            let store = op.store.index();
            self.records[store].push((n, op.ttl.or(model.stores[store].ttl)));
        }
        self.direct[op.store.index()][op.op as usize] += n;
        if op.op == OpKind::Put && op.key.scope == KeyScope::Shared && n > 0.0 {
            *self.shared_writes.entry((op.store.index(), op.key.family.clone())).or_default() += n;
        }
    }

    /// The plans of several classes, by their shares.
    pub fn mix<'a>(model: &Model, plans: impl Iterator<Item = &'a Expected>, weights: &[f64]) -> Expected {
        let mut mix = Expected::empty(model);
        for (plan, &weight) in plans.zip(weights) {
            for (sum, ops) in mix.direct.iter_mut().zip(&plan.direct) {
                add(sum, ops, weight);
            }
            add(&mut mix.billed, &plan.billed, weight);
            for (sum, records) in mix.records.iter_mut().zip(&plan.records) {
                sum.extend(records.iter().map(|&(n, ttl)| (weight * n, ttl)));
            }
            mix.cpu_seconds += weight * plan.cpu_seconds;
            add(&mut mix.attempts, &plan.attempts, weight);
            add(&mut mix.tokens, &plan.tokens, weight);
            add(&mut mix.work_seconds, &plan.work_seconds, weight);
            add(&mut mix.database_seconds, &plan.database_seconds, weight);
            add(&mut mix.slot_seconds, &plan.slot_seconds, weight);
            for (key, writes) in &plan.shared_writes {
                *mix.shared_writes.entry(key.clone()).or_default() += weight * writes;
            }
            mix.cached.extend(plan.cached.iter().map(|c| Cached { keys: c.keys * weight, ..c.clone() }));
            mix.invocations += weight * plan.invocations;
        }
        mix
    }
}

fn add(sums: &mut [f64], of: &[f64], weight: f64) {
    sums.iter_mut().zip(of).for_each(|(sum, n)| *sum += weight * n);
}

/// One call, once it has begun.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    pub attempts: f64,
    /// Those that the provider bills.
    pub billed: f64,
    pub fails: f64,
    request_error: f64,
    pub slot_seconds: f64,
    /// Its attempts and backoffs, waits for a slot left out.
    pub seconds: f64,
}

/// Expects one plan of a class.
pub(super) fn expect(model: &Model, class: &Class, failures: Failures) -> Expected {
    let workflow = &model.workflows[class.workflow.index()];
    let mut plan = Expected::empty(model);
    let outcomes: Vec<Outcome> = workflow.steps.iter().map(|step| outcome(model, step, failures)).collect();
    let begun: Vec<Vec<f64>> = begun(workflow, &outcomes);
    for ((step, outcome), begun) in workflow.steps.iter().zip(&outcomes).zip(&begun) {
        let calls: f64 = begun.iter().sum();
        if let Some(queue) = step.queue {
            plan.slot_seconds[queue.index()] += calls * outcome.slot_seconds;
        }
        if let Some(semaphore) = step.semaphore {
            plan.slot_seconds[semaphore.index()] += calls * outcome.seconds;
        }
        plan.cpu_seconds += calls * step.cpu.as_ref().map_or(0.0, |law| latency::under(law, None).seconds);
        let provider = step.provider();
        if let Work::D1(id) = step.work {
            plan.database_seconds[id.index()] += calls * outcome.seconds;
        }
        if let Work::Limiter(id) = step.work {
            let store = model.limiters[id.index()].store.index();
            plan.direct[store][OpKind::Get as usize] += calls;
            plan.direct[store][OpKind::Put as usize] += calls;
        }
        if let Some(at) = provider.map(|provider| provider.index()) {
            plan.attempts[at] += calls * outcome.attempts;
            plan.billed[at] += calls * outcome.billed;
            plan.tokens[at] += calls * outcome.attempts * tokens(step, &model.providers[at]);
            plan.work_seconds[at] += calls * outcome.attempts * work_seconds(step, &model.providers[at]);
        }
        for op in model.logging.ops.iter().filter(|_| provider.is_some()) {
            let error = match op.event {
                LogEvent::Request => outcome.request_error,
                LogEvent::Response => outcome.fails,
                LogEvent::PlanEnd | LogEvent::DayEnd => continue,
            };
            plan.log(model, op, calls * log_chance(model.logging.level, op.when, step.critical, error));
        }
        plan.invocations += match workflow.invocation {
            InvocationScope::Plan => 0.0,
            InvocationScope::Step => begun[0],
            InvocationScope::Call => calls,
        };
    }
    if workflow.invocation == InvocationScope::Plan {
        plan.invocations = 1.0;
    }
    let critical = workflow.steps.iter().any(|step| step.critical);
    let fails = 1.0 - completes(workflow, &outcomes);
    for op in model.logging.ops.iter().filter(|op| op.event == LogEvent::PlanEnd) {
        plan.log(model, op, log_chance(model.logging.level, op.when, critical, fails));
    }
    let calls: f64 = begun.iter().flatten().sum();
    let seconds: f64 = outcomes.iter().zip(&begun).map(|(o, begun)| o.slot_seconds * begun.iter().sum::<f64>()).sum();
    add_reads(model, &mut plan, calls, seconds);
    chores::add(model, &mut plan);
    plan
}

fn add_reads(model: &Model, plan: &mut Expected, calls: f64, seconds: f64) {
    for read in &model.reads {
        let (keys, times) = match read.count {
            ReadCount::PerPlan(n) => (f64::from(n), 1.0),
            ReadCount::PerCall(n) => (f64::from(n), calls),
        };
        let store = read.store.index();
        match read.memory_ttl {
            None => plan.direct[store][OpKind::Get as usize] += keys * times,
            Some(ttl) => plan.cached.push(Cached {
                store,
                keys,
                fresh_days: ttl.days() / f64::from(model.platform.isolates),
                again: (seconds / ttl.secs().max(1e-9)).min((times - 1.0).max(0.0)),
            }),
        }
    }
}

/// The chance that each call begins, by step and call: those of its plan that must have ended well before have.
pub(super) fn begun(workflow: &Workflow, outcomes: &[Outcome]) -> Vec<Vec<f64>> {
    let lives = |step: usize| match workflow.on_call_error {
        OnCallError::Abort => 1.0 - outcomes[step].fails,
        OnCallError::Continue => 1.0,
    };
    let mut before: Vec<Vec<bool>> = Vec::new();
    let mut begun = Vec::new();
    for (at, step) in workflow.steps.iter().enumerate() {
        let mut ancestors = vec![false; workflow.steps.len()];
        for &after in &step.after {
            ancestors[after] = true;
            ancestors.iter_mut().zip(&before[after]).for_each(|(mine, theirs)| *mine |= theirs);
        }
        let reached: f64 = (0..at)
            .filter(|&earlier| ancestors[earlier])
            .map(|earlier| power(lives(earlier), workflow.steps[earlier].calls))
            .product();
        let chance = |call: u32| reached * power(lives(at), (call + 1).saturating_sub(step.parallel));
        begun.push((0..step.calls).map(chance).collect());
        before.push(ancestors);
    }
    begun
}

/// The chance that a plan is completed, as far as its calls decide that.
fn completes(workflow: &Workflow, outcomes: &[Outcome]) -> f64 {
    let steps = workflow.steps.iter().zip(outcomes);
    match workflow.on_call_error {
        OnCallError::Abort => steps.map(|(step, outcome)| power(1.0 - outcome.fails, step.calls)).product(),
        OnCallError::Continue => 1.0,
    }
}

pub(super) fn power(base: f64, times: u32) -> f64 {
    (0..times).fold(1.0, |product, _| product * base)
}

/// The tokens that an attempt reserves.
fn tokens(step: &Step, provider: &Provider) -> f64 {
    step.tokens.unwrap_or(provider.server.as_ref().map_or(0, |server| server.tokens)) as f64
}

/// The mean time that the provider works on an attempt: to its end, if it does not mind that the client has gone.
fn work_seconds(step: &Step, provider: &Provider) -> f64 {
    let cut = provider.request_timeout.filter(|_| !provider.outlives_client());
    latency::under(step.latency.as_ref().unwrap_or(&provider.latency), cut).seconds
}

pub(super) fn outcome(model: &Model, step: &Step, failures: Failures) -> Outcome {
    let provider = match step.work {
        Work::Provider(id) => &model.providers[id.index()],
        Work::Compute(id) => return surely(step.latency.as_ref().or(model.tiers[id.index()].compute.as_ref())),
        Work::Limiter(id) => return counted(&model.stores[model.limiters[id.index()].store.index()]),
        Work::D1(id) => return surely(step.latency.as_ref().or(Some(&model.d1[id.index()].latency))),
    };
    let law = step.latency.as_ref().unwrap_or(&provider.latency);
    let cut = latency::under(law, provider.request_timeout);
    if failures == Failures::None {
        let seconds = cut.seconds;
        return Outcome { attempts: 1.0, billed: 1.0, fails: 0.0, request_error: 0.0, slot_seconds: seconds, seconds };
    }
    let errors: Vec<_> = provider.errors.iter().map(|&(fault, chance)| (fault, chance.value())).collect();
    let sound = tries(provider, cut, &errors);
    let faulty = tries(provider, cut, &[(Fault::BadRequest, 1.0)]);
    let request_error = provider.request_error.value();
    let mix = |of: fn(&Outcome) -> f64| (1.0 - request_error) * of(&sound) + request_error * of(&faulty);
    Outcome {
        attempts: mix(|o| o.attempts),
        billed: mix(|o| o.billed),
        fails: mix(|o| o.fails),
        request_error,
        slot_seconds: mix(|o| o.slot_seconds),
        seconds: mix(|o| o.seconds),
    }
}

/// A call of a limiter that admits: a read and a write.
fn counted(store: &Store) -> Outcome {
    let of = |op: OpKind| surely(Some(&store.latency[op as usize])).slot_seconds;
    Outcome { slot_seconds: of(OpKind::Get) + of(OpKind::Put), ..surely(None) }
}

/// A call that always succeeds, after as long as this.
fn surely(law: Option<&LawSpec>) -> Outcome {
    let slot_seconds = law.map_or(0.0, |law| latency::under(law, None).seconds);
    Outcome { attempts: 1.0, billed: 0.0, fails: 0.0, request_error: 0.0, slot_seconds, seconds: slot_seconds }
}

/// The attempts of a call whose answers end in these faults.
fn tries(provider: &Provider, cut: Cut, faults: &[(Fault, f64)]) -> Outcome {
    let Cut { late, seconds } = cut;
    let retry = &provider.retry;
    let answered = faults.iter().map(|&(fault, chance)| (fault, (1.0 - late) * chance));
    let (mut again, mut for_good) = (0.0, 0.0);
    for (fault, chance) in answered.chain([(Fault::Timeout, late)]) {
        *(if retry.max > 0 && retry.on.contains(fault) { &mut again } else { &mut for_good }) += chance;
    }
    let attempts: f64 = (0..=retry.max).map(|attempt| power(again, attempt)).sum();
    let is_billed = |fault| provider.tokens.is_some_and(|tokens| tokens.billed_on.contains(fault));
    let free: f64 =
        faults.iter().filter(|(fault, _)| !is_billed(*fault)).map(|(_, chance)| (1.0 - late) * chance).sum();
    let billed = attempts * (1.0 - free - if is_billed(Fault::Timeout) { 0.0 } else { late });
    let fails = for_good * attempts + power(again, retry.max) * again;
    let waits = backoff_seconds(provider, again);
    let tried = seconds * attempts;
    let slot_seconds = if retry.hold_slot { tried + waits } else { tried };
    Outcome { attempts, billed, fails, request_error: 0.0, slot_seconds, seconds: tried + waits }
}

/// The mean time that a call backs off: each wait at the middle of its jitter, by the chance that it comes.
fn backoff_seconds(provider: &Provider, again: f64) -> f64 {
    let middle = Word(u64::MAX / 2);
    let mut last = Span::ZERO;
    let mut sum = 0.0;
    for attempt in 0..provider.retry.max {
        last = provider.retry.backoff.delay(attempt, last, middle);
        sum += power(again, attempt + 1) * last.secs();
    }
    sum
}

/// The chance that an event, an error with this chance, makes a log op.
fn log_chance(level: Level, when: When, critical: bool, error: f64) -> f64 {
    let of = |is_error, chance| if level.admits(is_error) && when.holds(is_error, critical) { chance } else { 0.0 };
    of(true, error) + of(false, 1.0 - error)
}
