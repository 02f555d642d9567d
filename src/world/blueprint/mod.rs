//! From a checked model to the flat tables that the loop reads: laws compiled, names turned into positions,
//! a workflow into its calls, a strategy into rows.

mod answerers;
mod flow;
pub(crate) mod index;
mod jobs;
mod laws;
mod op_draws;
mod patience;
mod pools;
pub(crate) mod regions;
mod rows;
pub(crate) mod tariffs;

pub(crate) use self::answerers::{Check, Lookup, Provider, answerers, check, lookup, work};
pub(crate) use self::flow::{CallSpec, Flow, flow, has_semaphore};
pub(crate) use self::jobs::{JobSpec, jobs, remembers};
pub(crate) use self::laws::{Laws, NONE};
pub(crate) use self::op_draws::{Draw, OpDraw, OpDraws, OpWords};
pub(crate) use self::patience::Patience;
pub(crate) use self::pools::{PoolSpec, Pools};
pub(crate) use self::regions::regions;
pub(crate) use self::rows::{Family, KeySlot, Keys, ReadOp, Row, StoreLaws, reads, rows, store_laws};
pub(crate) use self::tariffs::{Account, accounts_of};

use crate::model::{Arrivals, Discipline, LogEvent, Model, OpKind, Queue, Reach, Role};
use crate::streams::Law;
use crate::units::Instant;
use crate::world::state::{Call, Phase, Work};

/// Everything of a model that the loop needs, in the form in which it needs it.
#[derive(Debug)]
pub struct Blueprint {
    pub(crate) model: Model,
    pub(crate) laws: Vec<Law>,
    pub(crate) workflows: Vec<Flow>,
    pub(crate) providers: Vec<Provider>,
    /// By class: where its calls wait when a queue serves by priority (0 is served first).
    pub(crate) lines: Vec<u8>,
    /// By queue.
    pub(crate) by_priority: Vec<bool>,
    /// By class, if it has its own, and by queue: how long a call waits before it reneges.
    pub(crate) class_patience: Vec<Option<Patience>>,
    pub(crate) queue_patience: Vec<Patience>,
    pub(crate) line_count: usize,
    /// The priority of each, the largest first.
    pub(crate) priorities: Vec<i32>,
    pub(crate) requests: Vec<Row>,
    pub(crate) responses: Vec<Row>,
    pub(crate) plan_ends: Vec<Row>,
    pub(crate) day_ends: Vec<Row>,
    /// The identity of each row at a plan's end, then at a day's end: the address of its draws.
    pub(crate) end_names: Vec<String>,
    pub(crate) jobs: Vec<JobSpec>,
    /// By class: the region that it writes in; by reader: the region that it reads in.
    pub(crate) class_regions: Vec<u16>,
    pub(crate) reader_regions: Vec<u16>,
    /// By store: whether each of its records is remembered while it is there.
    pub(crate) remembers: Vec<bool>,
    pub(crate) reads: Vec<ReadOp>,
    /// How many reads come before the first call of a plan; they are the first of `reads`.
    pub(crate) plan_reads: usize,
    pub(crate) memory_keys: usize,
    pub(crate) families: Vec<Family>,
    pub(crate) shared_keys: usize,
    /// Those of them that are another key every day.
    pub(crate) day_keys: Vec<u16>,
    /// Keys of which every region knows whether they are hot.
    pub(crate) hot_keys: usize,
    pub(crate) session_keys: usize,
    /// Places of a plan for keys of its calls that are written more than once.
    pub(crate) call_keys: usize,
    pub(crate) has_list: bool,
    /// By store.
    pub(crate) store_laws: Vec<StoreLaws>,
    /// By tiers.
    pub(crate) lookups: Vec<Lookup>,
    /// By limiter.
    pub(crate) limiters: Vec<Check>,
    /// Whether all plans live in one isolate.
    pub(crate) one_isolate: bool,
    /// Whether the strategy has any row.
    pub(crate) has_logs: bool,
    pub(crate) has_logfiles: bool,
    /// Whether an invocation may make only so many external calls.
    pub(crate) limits_external: bool,
    /// Whether an invocation can want more connections than it has.
    pub(crate) connections_bind: bool,
    /// Whether calls go on before their logs are written.
    pub(crate) leaves_logs_behind: bool,
    /// Whether background operations of a plan go on after its calls.
    pub(crate) has_tasks: bool,
    pub(crate) has_cpu: bool,
    /// What follows the attempts of a call.
    pub(crate) answered: Phase,
    /// Whether any provider bills tokens.
    pub(crate) bills_tokens: bool,
    /// By provider: the account that it bills to; and all accounts of a run, known to its first stage.
    pub(crate) account_of: Vec<usize>,
    pub(crate) accounts: Vec<Account>,
    /// Whether the end of an attempt concerns more than its call.
    pub(crate) watches_attempts: bool,
    /// Whether an attempt can only be answered or time out.
    pub(crate) has_plain_attempts: bool,
    pub(crate) has_patience: bool,
    /// Whether any class is closed.
    pub(crate) has_closed: bool,
    /// By class: whether its plans replay a trace.
    pub(crate) traced: Vec<bool>,
    /// By class: how long its users think, if it is closed.
    pub(crate) thinks: Vec<Option<u16>>,
    /// By class: how long after the arrival of a plan its user leaves, if they do.
    pub(crate) leave_laws: Vec<Option<u16>>,
    pub(crate) users_leave: bool,
    /// Whether any queue has a limit that follows the provider.
    pub(crate) adapts: bool,
    /// How long an isolate lives, where that is drawn.
    pub(crate) lifetime: Option<u16>,
    /// By class: how long after an overload answer its users come back, if they do.
    pub(crate) retrial_laws: Vec<Option<u16>>,
    /// Whether any provider has policies around its attempts.
    pub(crate) guarded: bool,
    pub(crate) pools: Pools,
    /// Whether any call holds a semaphore.
    pub(crate) has_semaphores: bool,
    /// What the reads of a plan draw, then the ops of one call, and where the latter begin.
    pub(crate) op_draws: Vec<OpDraw>,
    pub(crate) plan_words: usize,
    pub(crate) horizon: Instant,
    pub(crate) recording_from: Instant,
    /// How it reaches the isolates, where it is such a stage.
    pub(crate) reach: Reach,
    /// Whether it changes what the program in each isolate reads.
    pub(crate) is_program: bool,
    /// Whether some stage reaches each isolate by itself.
    pub(crate) is_late: bool,
    /// The stages that replace it later, and when.
    pub(crate) stages: Vec<(Instant, Blueprint)>,
}

impl Blueprint {
    /// Compiles a checked model.
    ///
    /// # Errors
    /// A law without a finite mean, which a checked model does not have.
    pub fn new(model: &Model) -> Result<Blueprint, String> {
        let mut accounts = Vec::new();
        let mut blueprint = Blueprint::of_stage(model, model)?;
        blueprint.account_of = accounts_of(model, &mut accounts);
        for stage in &model.stages {
            let of_stage = Blueprint {
                account_of: accounts_of(&stage.model, &mut accounts),
                reach: stage.reach,
                is_program: stage.is_program,
                ..Blueprint::of_stage(&stage.model, model)?
            };
            blueprint.stages.push((Instant::START + stage.from, of_stage));
        }
        blueprint.accounts = accounts;
        Ok(blueprint)
    }

    /// Compiles one stage of a model; what its plans draw is the same in all stages.
    fn of_stage(model: &Model, whole: &Model) -> Result<Blueprint, String> {
        let mut laws = Laws::default();
        let mut pools = Pools::default();
        let mut draws = OpDraws::default();
        let mut keys = Keys::of(model);
        let reads = reads(model, &mut keys, &mut draws);
        let requests = rows(model, LogEvent::Request, &mut keys, &mut draws);
        let responses = rows(model, LogEvent::Response, &mut keys, &mut draws);
        let mut of_ends = OpDraws::default();
        let plan_ends = rows(model, LogEvent::PlanEnd, &mut keys, &mut of_ends);
        let day_ends = rows(model, LogEvent::DayEnd, &mut keys, &mut of_ends);
        let store_laws: Result<Vec<StoreLaws>, String> =
            model.stores.iter().map(|store| store_laws(store, &mut laws)).collect();
        let jobs = jobs(model);
        let (class_regions, reader_regions) = regions(model);
        let has_requests = !requests.is_empty();
        let words = (reads.plan_words, draws.list.len() - reads.plan_words);
        let flows = model
            .workflows
            .iter()
            .map(|workflow| flow((model, whole), workflow, (words, has_requests), (&mut laws, &mut pools)));
        let workflows: Vec<Flow> = flows.collect::<Result<_, String>>()?;
        let lookups: Result<Vec<Lookup>, String> = model.tiers.iter().map(|tiers| lookup(tiers, &mut laws)).collect();
        let calls = || workflows.iter().flat_map(|flow| &flow.calls);
        let asks_providers = calls().all(|call| call.work == Work::Provider);
        let has_semaphores = calls().any(has_semaphore);
        let back = |class: &crate::model::Class| class.comeback.as_ref().map(|back| back.after.clone());
        let retrial_laws: Result<Vec<Option<u16>>, String> =
            model.classes.iter().map(|class| back(class).map(|law| laws.id(&law)).transpose()).collect();
        let leave_laws: Result<Vec<Option<u16>>, String> =
            model.classes.iter().map(|class| class.leaves_after.as_ref().map(|law| laws.id(law)).transpose()).collect();
        let mut think = |class: &crate::model::Class| match &class.arrivals {
            Arrivals::Closed { think, .. } => laws.id(think).map(Some),
            _ => Ok(None),
        };
        let thinks: Result<Vec<Option<u16>>, String> = model.classes.iter().map(&mut think).collect();
        let of_all = |of: &Model| of.classes.iter().map(|class| class.priority).collect::<Vec<i32>>();
        let mut priorities = of_all(whole);
        priorities.extend(whole.stages.iter().flat_map(|stage| of_all(&stage.model)));
        priorities.sort_unstable_by(|a, b| b.cmp(a));
        priorities.dedup();
        let line_of = |priority| priorities.iter().position(|&p| p == priority).unwrap_or(0).min(255) as u8;
        let writes = |role| {
            let rows = requests.iter().chain(&responses).chain(&plan_ends);
            rows.into_iter().any(|row| row.role == role && row.op == OpKind::Put)
        };
        let has_lists = writes(Role::Session);
        let lifetime = model.isolates.as_ref().and_then(|isolates| isolates.lifetime.as_ref());
        let class_patience: Result<Vec<Option<Patience>>, String> = model
            .classes
            .iter()
            .map(|class| class.patience.as_ref().map(|law| Patience::of(Some(law), &mut laws)).transpose())
            .collect();
        let queue_patience: Result<Vec<Patience>, String> =
            model.queues.iter().map(|queue| Patience::of(queue.patience.as_ref(), &mut laws)).collect();
        let has_patience = |model: &Model| {
            model.classes.iter().any(|class| class.patience.is_some())
                || model.queues.iter().any(|queue| queue.patience.is_some())
        };
        let thinks = thinks?;
        let providers = answerers(model, &mut laws)?;
        let is_plain = |p: &Provider| p.faults.is_empty() && p.request_error == 0.0 && !p.from_arrival;
        let guarded = model.has_policies();
        let limits_external = model.platform.subrequests_external.is_some();
        let connections_bind = whole.is_ever(Model::connections_bind);
        let has_cpu = model.takes_cpu();
        let is_late = whole.stages.iter().any(|stage| !stage.reach.is_at_once());
        let adapts = model.queues.iter().any(|queue| queue.adaptive.is_some());
        let bills_tokens = model.providers.iter().any(|provider| provider.tokens.is_some());
        let has_trace = model.classes.iter().any(|class| matches!(class.arrivals, Arrivals::Trace { .. }));
        Ok(Blueprint {
            has_logs: [&requests, &responses, &plan_ends, &day_ends].iter().any(|rows| !rows.is_empty()),
            has_logfiles: !model.logfiles.is_empty(),
            lines: model.classes.iter().map(|class| line_of(class.priority)).collect(),
            by_priority: model.queues.iter().map(|q| q.discipline == Discipline::Priority).collect(),
            has_patience: whole.is_ever(has_patience),
            class_patience: class_patience?,
            queue_patience: queue_patience?,
            line_count: priorities.len(),
            priorities,
            lookups: lookups?,
            limiters: model.limiters.iter().map(check).collect(),
            store_laws: store_laws?,
            workflows,
            retrial_laws: retrial_laws?,
            leave_laws: leave_laws?,
            connections_bind,
            leaves_logs_behind: model.leaves_logs_behind(),
            has_tasks: model.leaves_logs_behind() || !plan_ends.is_empty(),
            has_cpu,
            answered: match (has_cpu, responses.is_empty()) {
                (true, _) => Phase::Answered,
                (_, true) => Phase::Done,
                (_, false) => Phase::Response,
            },
            watches_attempts: bills_tokens || adapts || connections_bind,
            adapts,
            users_leave: model.classes.iter().any(|class| class.leaves_after.is_some()),
            lifetime: lifetime.map(|law| laws.id(law)).transpose()?,
            has_closed: thinks.iter().any(Option::is_some),
            thinks,
            one_isolate: model.platform.isolates == 1 && !has_trace && model.isolates.is_none(),
            guarded,
            pools,
            has_semaphores,
            limits_external,
            has_plain_attempts: asks_providers
                && !guarded
                && !has_semaphores
                && !limits_external
                && !connections_bind
                && !is_late
                && !has_trace
                && providers.iter().all(is_plain),
            bills_tokens,
            account_of: Vec::new(),
            accounts: Vec::new(),
            traced: model.classes.iter().map(|class| matches!(class.arrivals, Arrivals::Trace { .. })).collect(),
            providers,
            has_list: has_lists,
            requests,
            responses,
            remembers: remembers(model, &jobs),
            jobs,
            class_regions,
            reader_regions,
            plan_ends,
            day_ends,
            end_names: of_ends.names(),
            plan_reads: reads.per_plan,
            memory_keys: reads.memory_keys,
            reads: reads.ops,
            families: keys.families,
            shared_keys: keys.shared.len(),
            day_keys: keys.day,
            hot_keys: keys.hot.len(),
            call_keys: keys.call.len() * keys.calls_each,
            session_keys: keys.session.len(),
            plan_words: reads.plan_words,
            op_draws: draws.list,
            laws: laws.compiled,
            horizon: Instant::START + model.run.horizon,
            recording_from: Instant::START + model.run.warmup,
            reach: Reach::default(),
            is_program: false,
            is_late,
            stages: Vec::new(),
            model: model.clone(),
        })
    }

    /// Whether calls meet only a queue, answers, timeouts and retries: then the loop runs in its `PLAIN` form, which
    /// does not ask about the rest.
    pub(crate) fn is_plain(&self) -> bool {
        self.has_plain_attempts
            && self.one_isolate
            && !(self.has_logs
                || self.has_logfiles
                || self.bills_tokens
                || self.users_leave
                || self.adapts
                || self.has_cpu)
            && self.reads.is_empty()
            && self.model.platform.requests.is_none()
            && self.workflows.iter().all(|flow| flow.is_chain && flow.words == 0)
            && self.workflows.iter().flat_map(|flow| &flow.calls).all(|call| call.begins == Phase::Enter)
            && self.model.queues.iter().all(|queue| !queue.pushes_out)
            && self.stages.iter().all(|(_, stage)| stage.is_plain())
    }

    /// The name of the draws of a class's step.
    pub(crate) fn component(&self, class: usize, step: usize) -> String {
        let class = &self.model.classes[class];
        let workflow = &self.model.workflows[class.workflow.index()];
        format!("{}/{}.{}", class.name, workflow.name, workflow.steps[step].name)
    }

    /// A value for each class and step, made from the name of its draws.
    pub(crate) fn by_step<T>(&self, of: impl Fn(&str) -> T) -> Vec<Vec<T>> {
        let steps = |class: usize| 0..self.workflows[self.model.classes[class].workflow.index()].steps.len();
        let of_class = |class| steps(class).map(|step| of(&self.component(class, step))).collect();
        (0..self.model.classes.len()).map(of_class).collect()
    }

    /// Lines in which calls wait in a queue.
    pub(crate) fn lines_of(&self, queue: &Queue) -> usize {
        if queue.discipline == Discipline::Priority { self.line_count } else { 1 }
    }

    /// Whether calls count what their invocation has used.
    pub(crate) fn counts_invocations(&self) -> bool {
        self.limits_external || self.has_logs || !self.reads.is_empty() || !self.limiters.is_empty()
    }

    /// Keys of a plan and of its calls whose last write is remembered.
    pub(crate) fn plan_keys(&self) -> usize {
        self.call_keys + self.session_keys
    }

    /// Where a call begins.
    pub(crate) fn first_phase(&self, index: usize, call: &CallSpec) -> Phase {
        if has_semaphore(call) { Phase::Outside } else { self.phase_inside(index, call) }
    }

    /// Where a call begins once it has its semaphore: after the phases in which it has nothing to do.
    pub(crate) fn phase_inside(&self, index: usize, call: &CallSpec) -> Phase {
        let has_reads =
            index == 0 && self.plan_reads > 0 || call.work == Work::Provider && self.reads.len() > self.plan_reads;
        if has_reads { Phase::Reads } else { call.begins }
    }

    /// The limiter that stands at this place behind the databases.
    pub(crate) fn limiter(&self, call: &Call) -> usize {
        self.database(call) - self.model.d1.len()
    }

    /// The database that stands at this place behind the providers.
    pub(crate) fn database(&self, call: &Call) -> usize {
        call.provider as usize - self.model.providers.len()
    }

    /// Where calls of a class wait in a queue: by priority, if that is its discipline.
    #[inline]
    pub(crate) fn line(&self, class: u16, queue: u16) -> u8 {
        if !self.model.queues[queue as usize].reserved.is_empty() {
            return class as u8;
        }
        if self.by_priority[queue as usize] { self.lines[class as usize] } else { 0 }
    }

    /// The stretches in which the traffic of any class spikes, in order and apart; of each stage those in its time.
    pub(crate) fn spikes(&self) -> Vec<(Instant, Instant)> {
        let begins = self.stages.iter().map(|(from, stage)| (*from, &stage.model));
        let stages: Vec<_> = [(Instant::START, &self.model)].into_iter().chain(begins).collect();
        let mut spikes = Vec::new();
        for (at, (from, model)) in stages.iter().enumerate() {
            let end = stages.get(at + 1).map_or(Instant::NEVER, |(next, _)| *next);
            for spike in model.classes.iter().flat_map(|class| &class.spikes) {
                let begin = Instant::START + spike.at;
                let stretch = (begin.max(*from), begin.saturating_add(spike.lasts).min(end));
                spikes.extend((stretch.0 < stretch.1).then_some(stretch));
            }
        }
        spikes.sort_unstable();
        let mut apart: Vec<(Instant, Instant)> = Vec::new();
        for (from, to) in spikes {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        apart
    }

    /// How long the users of a closed class think.
    #[inline]
    pub(crate) fn think_law(&self, class: usize) -> Option<&Law> {
        self.thinks[class].map(|law| &self.laws[law as usize])
    }
}
