//! One plan in expectation: how many of its calls begin, how many attempts they take, and what that costs in ops.

use super::attempts::{self, Failures, Outcome};
use super::{chores, latency};
use crate::model::{
    Class, Counted, InvocationScope, KeyScope, Level, LogEvent, LogOp, Model, OnCallError, OpKind, ReadCount, Role,
    Step, When, Work, Workflow,
};
use crate::units::Span;
use std::collections::BTreeMap;

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
    /// By provider: what its limits count of them, and the time that it works on them.
    pub weight: Vec<[f64; Counted::ALL.len()]>,
    pub work_seconds: Vec<f64>,
    /// By queue: the time that its calls hold a slot.
    pub slot_seconds: Vec<f64>,
    /// By database: how long its writer works for the plan.
    pub database_seconds: Vec<f64>,
    /// Writes to keys that all plans share, by store and family.
    pub shared_writes: BTreeMap<(usize, String), f64>,
    /// By limiter: how often it is asked.
    pub checks: Vec<f64>,
    pub calls: f64,
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
            weight: vec![[0.0; Counted::ALL.len()]; model.providers.len()],
            work_seconds: vec![0.0; model.providers.len()],
            database_seconds: vec![0.0; model.d1.len()],
            slot_seconds: vec![0.0; model.queues.len()],
            checks: vec![0.0; model.limiters.len()],
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

    /// Counts so many calls of a step.
    fn add_calls(&mut self, model: &Model, step: &Step, outcome: &Outcome, calls: f64) {
        self.calls += calls;
        if let Some(queue) = step.queue {
            self.slot_seconds[queue.index()] += calls * outcome.slot_seconds;
        }
        if let Some(semaphore) = step.semaphore {
            self.slot_seconds[semaphore.index()] += calls * (outcome.seconds + seconds_beside(model, step, outcome));
        }
        let cpu = step.cpu.as_ref().map_or(0.0, |law| latency::under(law, None).seconds);
        self.cpu_seconds += calls * outcome.asks * cpu;
        match step.work {
            Work::D1(id) => self.database_seconds[id.index()] += calls * outcome.seconds,
            Work::Limiter(id) => {
                let store = model.limiters[id.index()].store.index();
                self.checks[id.index()] += calls;
                self.add(store, OpKind::Get, calls);
                self.add(store, OpKind::Put, calls);
            }
            Work::Provider(_) | Work::Compute(_) => {}
        }
        for asked in &outcome.asked {
            self.attempts[asked.provider] += calls * asked.attempts;
            self.billed[asked.provider] += calls * asked.billed;
            for (sum, each) in self.weight[asked.provider].iter_mut().zip(asked.weight) {
                *sum += calls * each;
            }
            self.work_seconds[asked.provider] += calls * asked.work_seconds;
        }
        for (op, chance) in logged(model, step, outcome) {
            self.log(model, op, calls * chance);
        }
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
            for (sum, each) in mix.weight.iter_mut().zip(&plan.weight) {
                add(sum, each, weight);
            }
            add(&mut mix.work_seconds, &plan.work_seconds, weight);
            add(&mut mix.database_seconds, &plan.database_seconds, weight);
            add(&mut mix.slot_seconds, &plan.slot_seconds, weight);
            add(&mut mix.checks, &plan.checks, weight);
            mix.calls += weight * plan.calls;
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

/// Expects one plan of a class.
pub(super) fn expect(model: &Model, class: &Class, failures: Failures) -> Expected {
    let workflow = &model.workflows[class.workflow.index()];
    let mut plan = Expected::empty(model);
    let outcomes: Vec<Outcome> = workflow.steps.iter().map(|step| attempts::call(model, step, failures)).collect();
    let begun: Vec<Vec<f64>> = begun(workflow, &outcomes);
    let (mut provider_calls, mut seconds) = (0.0, 0.0);
    for ((step, outcome), begun) in workflow.steps.iter().zip(&outcomes).zip(&begun) {
        let calls: f64 = begun.iter().sum();
        seconds += calls * outcome.seconds;
        if step.provider().is_some() {
            provider_calls += calls;
        }
        plan.add_calls(model, step, outcome, calls);
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
    add_reads(model, &mut plan, provider_calls, seconds);
    chores::add(model, &mut plan);
    plan
}

/// The rows that a call of a step logs, with the chance of each: those of calls to a provider that no cache answers.
fn logged<'m>(model: &'m Model, step: &'m Step, outcome: &'m Outcome) -> impl Iterator<Item = (&'m LogOp, f64)> {
    let rows = model.logging.ops.iter().filter(|_| step.provider().is_some());
    rows.filter_map(|op| {
        let error = match op.event {
            LogEvent::Request => outcome.request_error,
            LogEvent::Response => outcome.fails_if_asked,
            LogEvent::PlanEnd | LogEvent::DayEnd => return None,
        };
        Some((op, outcome.asks * log_chance(model.logging.level, op.when, step.critical, error)))
    })
}

/// How long a call reads and logs, for those who hold a slot meanwhile.
fn seconds_beside(model: &Model, step: &Step, outcome: &Outcome) -> f64 {
    let of = |store: usize, op: OpKind| latency::under(&model.stores[store].latency[op as usize], None).seconds;
    let logs = logged(model, step, outcome).filter(|(op, _)| op.awaited);
    let logs: f64 = logs.map(|(op, chance)| chance * of(op.store.index(), op.op)).sum();
    let reads = model.reads.iter().filter(|read| step.provider().is_some() && read.memory_ttl.is_none());
    let reads = reads.map(|read| match read.count {
        ReadCount::PerCall(n) => f64::from(n) * of(read.store.index(), OpKind::Get),
        ReadCount::PerPlan(_) => 0.0,
    });
    logs + reads.sum::<f64>()
}

/// Reads of a plan: those of its calls are made by calls to providers alone.
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
        OnCallError::Abort => 1.0 - outcomes[step].fails(),
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
        OnCallError::Abort => steps.map(|(step, outcome)| power(1.0 - outcome.fails(), step.calls)).product(),
        OnCallError::Continue => 1.0,
    }
}

pub(super) fn power(base: f64, times: u32) -> f64 {
    (0..times).fold(1.0, |product, _| product * base)
}

/// The chance that an event, an error with this chance, makes a log op.
fn log_chance(level: Level, when: When, critical: bool, error: f64) -> f64 {
    let of = |is_error, chance| if level.admits(is_error) && when.holds(is_error, critical) { chance } else { 0.0 };
    of(true, error) + of(false, 1.0 - error)
}
