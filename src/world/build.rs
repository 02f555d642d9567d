//! From a checked model to the flat tables that the loop reads: laws compiled, names turned into positions,
//! a workflow into its calls, a strategy into rows.

mod flow;
mod parts;
mod rows;

use self::flow::flow;
use self::parts::{answerers, check, lookup};
use self::rows::{Keys, reads, rows, store_laws};
use super::admin::{ChoreSpec, chores, remembers};
use super::cost::{Account, accounts_of};
use super::draws::{OpDraw, OpDraws};
use super::laws::Laws;
use super::leaving::Patience;
use super::regions::regions;
use super::semaphore::has_semaphore;
use super::state::{Call, Phase};
use super::work::Work;
use crate::model::{Arrivals, Discipline, InvocationScope, LogEvent, Model, OpKind, Queue, Reach, Role};
use crate::policy::{Fault, FaultSet, Retry};
use crate::streams::Law;
use crate::units::{Instant, Span};

pub(super) use self::parts::{Check, Lookup};
pub(super) use self::rows::{Family, KeySlot, ReadOp, Row, StoreLaws};

/// Nothing at this position.
pub(super) const NONE: u16 = u16::MAX;

/// Everything of a model that the loop needs, in the form in which it needs it.
#[derive(Debug)]
pub struct Blueprint {
    pub(super) model: Model,
    pub(super) laws: Vec<Law>,
    pub(super) workflows: Vec<Flow>,
    pub(super) providers: Vec<Provider>,
    /// By class: where its calls wait when a queue serves by priority (0 is served first).
    pub(super) lines: Vec<u8>,
    /// By queue.
    pub(super) by_priority: Vec<bool>,
    /// By class, if it says so itself, and by queue: how long a call waits at most.
    pub(super) class_patience: Vec<Option<Patience>>,
    pub(super) queue_patience: Vec<Patience>,
    pub(super) line_count: usize,
    pub(super) requests: Vec<Row>,
    pub(super) responses: Vec<Row>,
    pub(super) plan_ends: Vec<Row>,
    pub(super) day_ends: Vec<Row>,
    /// What each row of a plan's end is, then each of a day's: the address of its draws.
    pub(super) end_names: Vec<String>,
    pub(super) chores: Vec<ChoreSpec>,
    /// By class: the region that it writes in; by reader: the region that it reads in.
    pub(super) class_regions: Vec<u16>,
    pub(super) reader_regions: Vec<u16>,
    /// By store: whether each of its records is remembered while it is there.
    pub(super) remembers: Vec<bool>,
    pub(super) reads: Vec<ReadOp>,
    /// Reads before the first call of a plan come first in `reads`: so many.
    pub(super) plan_reads: usize,
    pub(super) memory_keys: usize,
    pub(super) families: Vec<Family>,
    pub(super) shared_keys: usize,
    /// Those of them that are another key every day.
    pub(super) day_keys: Vec<u16>,
    /// Keys of which every region knows whether they are hot.
    pub(super) hot_keys: usize,
    pub(super) session_keys: usize,
    /// Places of a plan for keys of its calls that are written more than once.
    pub(super) call_keys: usize,
    pub(super) has_list: bool,
    /// By store.
    pub(super) store_laws: Vec<StoreLaws>,
    /// By tiers.
    pub(super) lookups: Vec<Lookup>,
    /// By limiter.
    pub(super) limiters: Vec<Check>,
    /// Whether all plans live in one isolate.
    pub(super) one_isolate: bool,
    /// Whether the strategy has any row.
    pub(super) has_logs: bool,
    pub(super) has_logfiles: bool,
    /// Whether an invocation may make only so many external calls.
    pub(super) limits_external: bool,
    /// Whether an invocation can want more connections than it has.
    pub(super) connections_bind: bool,
    /// Whether calls go on before all is written that they log.
    pub(super) leaves_logs_behind: bool,
    /// Whether anything of a plan goes on when its calls are over.
    pub(super) has_tasks: bool,
    pub(super) has_cpu: bool,
    /// What follows the attempts of a call.
    pub(super) answered: Phase,
    /// Whether any provider bills tokens.
    pub(super) bills_tokens: bool,
    /// By provider: the account that it bills to; and all accounts of a run, known to its first stage.
    pub(super) account_of: Vec<usize>,
    pub(super) accounts: Vec<Account>,
    /// Whether the end of an attempt matters to more than its call.
    pub(super) watches_attempts: bool,
    /// Whether all that can happen to an attempt is to be answered or to be cut.
    pub(super) has_plain_attempts: bool,
    pub(super) has_patience: bool,
    /// Whether any class is closed.
    pub(super) has_closed: bool,
    /// By class: whether its plans replay a trace.
    pub(super) traced: Vec<bool>,
    /// By class: how long its users think, if it is closed.
    pub(super) thinks: Vec<Option<u16>>,
    /// By class: how long after the arrival of a plan its user leaves, if they do.
    pub(super) leave_laws: Vec<Option<u16>>,
    pub(super) users_leave: bool,
    /// Whether any queue has a limit that follows the provider.
    pub(super) adapts: bool,
    /// How long an isolate lives, where that is drawn.
    pub(super) lifetime: Option<u16>,
    /// By class: how long after an overload answer its users come back, if they do.
    pub(super) comeback_laws: Vec<Option<u16>>,
    /// Whether any provider has policies around its attempts.
    pub(super) guarded: bool,
    /// Whether any call holds a semaphore.
    pub(super) has_semaphores: bool,
    /// What the reads of a plan draw, then the ops of one call, and where the latter begin.
    pub(super) op_draws: Vec<OpDraw>,
    pub(super) plan_words: usize,
    pub(super) horizon: Instant,
    pub(super) recording_from: Instant,
    /// How it reaches the isolates, where it is such a stage.
    pub(super) reach: Reach,
    /// Whether it changes what the program in each isolate reads.
    pub(super) is_program: bool,
    /// Whether some stage reaches each isolate by itself.
    pub(super) is_late: bool,
    /// What takes its place later, and when.
    pub(super) stages: Vec<(Instant, Blueprint)>,
}

/// A workflow, flat.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) calls: Vec<CallSpec>,
    pub(super) steps: Vec<StepSpec>,
    /// One call after the other: the next call is the next in the list.
    pub(super) is_chain: bool,
    pub(super) aborts: bool,
    pub(super) overload_on: FaultSet,
    pub(super) invocation: InvocationScope,
    pub(super) invocations: usize,
    /// Words that one plan draws beside its latencies: outcomes up to here, request errors up to there, then ops.
    pub(super) request_words: usize,
    pub(super) op_words: usize,
    pub(super) words: usize,
}

impl Flow {
    /// Whether its attempts draw how they end.
    pub(super) fn has_outcomes(&self) -> bool {
        self.request_words > 0
    }

    /// Whether its calls draw whether their request is faulty.
    pub(super) fn has_faulty(&self) -> bool {
        self.op_words > self.request_words
    }
}

/// One call of a workflow.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallSpec {
    pub(super) step: u16,
    /// Its number within the step.
    pub(super) ordinal: u32,
    /// Who is asked; behind the providers stand the databases, then the limiters, then nobody.
    pub(super) provider: u16,
    pub(super) work: Work,
    pub(super) lookup: u16,
    /// What it does first, after its reads.
    pub(super) begins: Phase,
    pub(super) queue: u16,
    /// The queue whose slot it holds from beginning to end.
    pub(super) semaphore: u16,
    pub(super) law: u16,
    /// How much processor time it takes.
    pub(super) cpu: Option<u16>,
    pub(super) critical: bool,
}

/// One step of a workflow.
#[derive(Debug)]
pub(super) struct StepSpec {
    pub(super) first_call: u16,
    pub(super) calls: u16,
    pub(super) parallel: u16,
    /// The provider that is asked when the first has failed, and the law of its latency.
    pub(super) fallback: Option<(u16, u16)>,
    pub(super) waits_for: Vec<u16>,
    pub(super) followers: Vec<u16>,
}

/// A provider, flat.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) timeout: Span,
    /// Waiting in the queue spends the timeout.
    pub(super) from_arrival: bool,
    /// Upper ends of the intervals in [0, 1) that stand for each fault.
    pub(super) faults: Vec<(f64, Fault)>,
    pub(super) request_error: f64,
    pub(super) retry: Retry,
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
        let chores = chores(model);
        let (class_regions, reader_regions) = regions(model);
        let has_requests = !requests.is_empty();
        let words = (reads.plan_words, draws.list.len() - reads.plan_words);
        let flows =
            model.workflows.iter().map(|workflow| flow((model, whole), workflow, (words, has_requests), &mut laws));
        let workflows: Vec<Flow> = flows.collect::<Result<_, String>>()?;
        let lookups: Result<Vec<Lookup>, String> = model.tiers.iter().map(|tiers| lookup(tiers, &mut laws)).collect();
        let calls = || workflows.iter().flat_map(|flow| &flow.calls);
        let asks_providers = calls().all(|call| call.work == Work::Provider);
        let has_semaphores = calls().any(has_semaphore);
        let back = |class: &crate::model::Class| class.comeback.as_ref().map(|back| back.after.clone());
        let comeback_laws: Result<Vec<Option<u16>>, String> =
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
        let providers = answerers(model);
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
            lookups: lookups?,
            limiters: model.limiters.iter().map(check).collect(),
            store_laws: store_laws?,
            workflows,
            comeback_laws: comeback_laws?,
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
            remembers: remembers(model, &chores),
            chores,
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

    /// Whether nothing can happen to a call beside a queue, answers, timeouts and retries: then the loop runs in a form
    /// of its own that does not ask about all the rest.
    pub(super) fn is_plain(&self) -> bool {
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
            && self.stages.iter().all(|(_, stage)| stage.is_plain())
    }

    /// How the draws of a class's step are called.
    pub(super) fn component(&self, class: usize, step: usize) -> String {
        let class = &self.model.classes[class];
        let workflow = &self.model.workflows[class.workflow.index()];
        format!("{}/{}.{}", class.name, workflow.name, workflow.steps[step].name)
    }

    /// Something of each class and step, of the name of its draws.
    pub(super) fn by_step<T>(&self, of: impl Fn(&str) -> T) -> Vec<Vec<T>> {
        let steps = |class: usize| 0..self.workflows[self.model.classes[class].workflow.index()].steps.len();
        let of_class = |class| steps(class).map(|step| of(&self.component(class, step))).collect();
        (0..self.model.classes.len()).map(of_class).collect()
    }

    /// Lines in which calls wait in a queue.
    pub(super) fn lines_of(&self, queue: &Queue) -> usize {
        if queue.discipline == Discipline::Priority { self.line_count } else { 1 }
    }

    /// Whether calls count what their invocation has used.
    pub(super) fn counts_invocations(&self) -> bool {
        self.limits_external || self.has_logs || !self.reads.is_empty() || !self.limiters.is_empty()
    }

    /// Keys of a plan and of its calls whose last write is remembered.
    pub(super) fn plan_keys(&self) -> usize {
        self.call_keys + self.session_keys
    }

    /// Where a call begins.
    pub(super) fn first_phase(&self, index: usize, call: &CallSpec) -> Phase {
        if has_semaphore(call) { Phase::Outside } else { self.phase_inside(index, call) }
    }

    /// The same once it has its semaphore: past the phases in which it has nothing to do.
    pub(super) fn phase_inside(&self, index: usize, call: &CallSpec) -> Phase {
        let has_reads =
            index == 0 && self.plan_reads > 0 || call.work == Work::Provider && self.reads.len() > self.plan_reads;
        if has_reads { Phase::Reads } else { call.begins }
    }

    /// The limiter that stands at this place behind the databases.
    pub(super) fn limiter(&self, call: &Call) -> usize {
        self.database(call) - self.model.d1.len()
    }

    /// The database that stands at this place behind the providers.
    pub(super) fn database(&self, call: &Call) -> usize {
        call.provider as usize - self.model.providers.len()
    }

    /// Where calls of a class wait in a queue: by priority, if that is its discipline.
    #[inline]
    pub(super) fn line(&self, class: u16, queue: u16) -> u8 {
        if !self.model.queues[queue as usize].reserved.is_empty() {
            return class as u8;
        }
        if self.by_priority[queue as usize] { self.lines[class as usize] } else { 0 }
    }

    /// The stretches in which the traffic of any class spikes, in order and apart; of each stage those in its time.
    pub(super) fn spikes(&self) -> Vec<(Instant, Instant)> {
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
    pub(super) fn think_law(&self, class: usize) -> Option<&Law> {
        self.thinks[class].map(|law| &self.laws[law as usize])
    }
}
