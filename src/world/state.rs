//! What a replication holds at one instant: plans, calls, queues, stores, and the calendar that moves them.

use super::admin::ChoreState;
use super::build::Blueprint;
use super::cause::Cause;
use super::change::{Crowd, eras};
use super::comeback::Comebacks;
use super::cost::{Bill, Cut};
use super::diagnostics::Diagnostics;
use super::draws::ClassDraws;
use super::errand::Errands;
use super::event::{Event, Rank, order};
use super::fate::LogState;
use super::invocation::Invocations;
use super::isolates::Isolates;
use super::ledger::{Account, CallEnd, Ledger};
use super::logfile::LogFile;
use super::parts::d1::D1;
use super::parts::index::{Departure, Index};
use super::parts::limiter::Limiter;
use super::parts::queue::{Links, Queue};
use super::parts::requests::Requests;
use super::parts::source::{Due, Source};
use super::parts::store::Store;
use super::parts::tiers::Tiers;
use super::permit::{Permit, PermitDraws, limiters, permit_draws};
use super::policies::Policies;
use super::record::{ClassTally, Retention};
use super::records::{Key, Records};
use super::semaphore::Around;
use super::timeline::Notes;
use super::work::{LookupDraws, Question, Work, lookup_draws};
use crate::calendar::Calendar;
use crate::policy::{AdaptiveLimit, Fault};
use crate::streams::{Purpose, Scatter, Source as Draws, Word};
use crate::units::{Instant, Span};
use std::collections::VecDeque;

/// A plan that is alive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    /// Its number among all plans: its place among the events of one instant.
    pub(super) serial: u64,
    /// Its number within its class: the address of its draws.
    pub(super) number: u64,
    pub(super) arrived: Instant,
    pub(super) class: u16,
    pub(super) workflow: u16,
    pub(super) isolate: u32,
    pub(super) session: u32,
    pub(super) open_calls: u16,
    pub(super) ended_calls: u16,
    pub(super) recorded: bool,
    /// Its end is decided; calls of it may still run.
    pub(super) over: bool,
    pub(super) completed: bool,
    /// Its user has left: how it ends is of no account.
    pub(super) left: bool,
    pub(super) alive: bool,
}

/// Where a call stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody.
    Free,
    /// About to ask for the semaphore around it.
    Outside,
    /// Reads that are not logs.
    Reads,
    /// A lookup in tiers of caches.
    Lookup,
    /// Waiting for what another call computes.
    Joined,
    /// The log of the request.
    Request,
    /// About to ask the queue for a slot.
    Enter,
    /// In the queue.
    Waiting,
    /// It has a slot: an attempt starts.
    Start,
    /// Its attempt waits for a connection.
    Connecting,
    /// Its attempt has failed before it was sent.
    Denied,
    /// An attempt is under way.
    Running,
    /// Between two attempts.
    Backoff,
    /// Its attempts are over: it takes processor time.
    Answered,
    /// The log of the response.
    Response,
    /// Nothing left to do.
    Done,
    /// It went with its isolate, and an event is still to come for it.
    Lost,
    /// The same, and a database or a store goes on with the operation that it has accepted.
    Orphaned,
}

impl Phase {
    /// Whether no call is there, or none any more.
    pub(super) fn is_gone(self) -> bool {
        matches!(self, Phase::Free | Phase::Lost | Phase::Orphaned)
    }
}

/// A call that is alive, with the facts of its plan and step that the loop asks for at every turn (looking them up
/// there instead took a quarter more time on M/M/1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Its place among the events of one instant.
    pub(super) address: u64,
    pub(super) plan: u32,
    /// Its number within the plan.
    pub(super) index: u16,
    pub(super) attempt: u16,
    pub(super) class: u16,
    pub(super) provider: u16,
    pub(super) law: u16,
    pub(super) cursor: u16,
    /// Its queue in its isolate, and where the waits of its class in that queue are counted.
    pub(super) queue: u32,
    pub(super) waits: u32,
    pub(super) line: u8,
    pub(super) phase: Phase,
    pub(super) work: Work,
    /// It does what a lookup did not find, and others may wait for it.
    pub(super) computes: bool,
    pub(super) recorded: bool,
    pub(super) in_slot: bool,
    pub(super) request_error: bool,
    /// An op under way, and how it will end.
    pub(super) op_open: bool,
    pub(super) op_refused: Option<Cause>,
    pub(super) end: CallEnd,
    /// How the attempt under way will end.
    pub(super) fault: Option<Fault>,
    /// Why the attempt under way, or the call, does not end well, where the fault alone does not say.
    pub(super) cause: Option<Cause>,
    pub(super) enqueued: Instant,
    pub(super) backoff: Span,
    pub(super) latency: Span,
    pub(super) outcome_word: Word,
}

/// A call that goes through no queue.
pub(super) const NO_QUEUE: u32 = u32::MAX;

/// The waits of one class in one queue.
#[derive(Debug, Default)]
pub(super) struct QueueTally {
    pub(super) offered: u64,
    pub(super) refused: u64,
    pub(super) abandoned: u64,
    pub(super) lost: u64,
    pub(super) cancelled: u64,
    pub(super) granted: u64,
    pub(super) wait_ns: u128,
    pub(super) waits: crate::stats::Quantiles,
}

/// One replication at work.
#[derive(Debug)]
pub(super) struct World<'b> {
    pub(super) blueprint: &'b Blueprint,
    /// What takes the place of the blueprint later, and when.
    pub(super) stages: &'b [(Instant, Blueprint)],
    /// Where all draws come from.
    pub(super) addresses: Draws,
    pub(super) now: Instant,
    pub(super) calendar: Calendar<Event>,
    /// The next plan of an open class. It is no event of the calendar, which would have to place each of them.
    pub(super) due: Due,
    pub(super) sources: Vec<Source>,
    pub(super) draws: Vec<ClassDraws>,
    pub(super) plans: Vec<Plan>,
    pub(super) free_plans: Vec<u32>,
    pub(super) calls: Vec<Call>,
    pub(super) free_calls: Vec<u32>,
    /// By class and call of its workflow: the call as it begins.
    pub(super) templates: Vec<Vec<Call>>,
    /// Whether calls draw more than a latency, and whether plans have counters to clear.
    pub(super) draws_more: bool,
    pub(super) has_counters: bool,
    /// How long the first attempt of each call of each plan takes, drawn when the plan comes and not when the attempt
    /// starts: then the calendar need not wait for it.
    pub(super) latencies: Vec<Span>,
    pub(super) calls_each: usize,
    /// `words_each` further draws of each plan.
    pub(super) words: Vec<Word>,
    pub(super) words_each: usize,
    /// Of each plan and step: calls started and ended.
    pub(super) progress: Vec<(u16, u16)>,
    pub(super) steps_each: usize,
    /// Of each plan and invocation: external and internal subrequests, then ops by store.
    pub(super) used: Vec<u32>,
    pub(super) used_each: usize,
    pub(super) used_width: usize,
    /// Of each plan, the keys of its session and its calls; and those that all share.
    pub(super) plan_keys: Vec<Key>,
    pub(super) shared_keys: Vec<Key>,
    pub(super) records: Records,
    /// By region and key: until when it is hot.
    pub(super) hot_until: Vec<Instant>,
    /// The log event under way of each call.
    pub(super) logs: Vec<LogState>,
    /// What each call has read of the index.
    pub(super) copies: Vec<Option<Vec<u32>>>,
    /// Of each isolate and key: until when its memory holds the key.
    pub(super) memory: Vec<Instant>,
    pub(super) queues: Vec<Queue>,
    pub(super) links: Links,
    pub(super) stores: Vec<Store>,
    /// The account's quota of requests, if it has one.
    pub(super) requests: Option<Requests>,
    pub(super) index: Option<Index>,
    pub(super) departures: Vec<Departure>,
    pub(super) errands: Errands,
    pub(super) chores: Vec<ChoreState>,
    /// By how much of the staleness another region sees a record late.
    pub(super) lateness: Scatter,
    /// Calls that have something to do at this instant.
    pub(super) ready: VecDeque<u32>,
    pub(super) serial: u64,
    pub(super) events: u64,
    /// So many events, and the limits of the run are looked at.
    pub(super) look_at: u64,
    pub(super) ledgers: Vec<Ledger>,
    /// By class, plans completed before the recorded time; empty without a warm-up.
    pub(super) completed_before: Vec<u64>,
    pub(super) tallies: Vec<ClassTally>,
    /// By class, then queue.
    pub(super) waits: Vec<QueueTally>,
    /// Recorded calls whose request was faulty.
    pub(super) faulty_requests: u64,
    pub(super) family_writes: Vec<u64>,
    /// By family: writes that came too soon after another of their key.
    pub(super) family_too_soon: Vec<u64>,
    pub(super) policies: Policies,
    pub(super) retention: Retention,
    pub(super) logfiles: Vec<LogFile>,
    pub(super) subrequests_max: u32,
    /// The platform's bill at each change of prices, what goes to each account, and of each plan and account: attempts
    /// billed that were answered well.
    pub(super) cuts: Vec<Cut>,
    pub(super) bills: Vec<Bill>,
    pub(super) answered: Vec<u32>,
    pub(super) answered_each: usize,
    pub(super) diagnostics: Option<Box<Diagnostics>>,
    pub(super) comebacks: Option<Box<Comebacks>>,
    /// By isolate and queue, once an attempt has told it something: the limits that follow the provider.
    pub(super) adaptive: Vec<Option<AdaptiveLimit>>,
    /// By class and step, once a call has waited whose patience is drawn.
    pub(super) patience: Vec<Vec<Scatter>>,
    /// By class: how long its users stay, where the model has users who leave.
    pub(super) leaving: Vec<Scatter>,
    pub(super) isolates: Option<Box<Isolates>>,
    pub(super) invocations: Option<Box<Invocations>>,
    pub(super) tiers: Vec<Tiers>,
    pub(super) d1: Vec<D1>,
    /// By class; none where the model has no tiers.
    pub(super) lookup_draws: Vec<LookupDraws>,
    /// By call, as far as any has asked.
    pub(super) questions: Vec<Question>,
    pub(super) limiters: Vec<Limiter>,
    /// By class; none where the model has no limiters.
    pub(super) permit_draws: Vec<PermitDraws>,
    /// By call, as far as any has asked.
    pub(super) permits: Vec<Permit>,
    pub(super) around: Vec<Around>,
    /// By class.
    pub(super) crowds: Vec<Crowd>,
    /// The blueprint at the start, and the number of the stage that is in force, 0 before the first.
    pub(super) first: &'b Blueprint,
    pub(super) stage: u16,
    /// By isolate: the stage whose rules its program follows; empty where all follow those that are in force.
    pub(super) rules: Vec<u16>,
    /// What ended, for whoever follows the replication.
    pub(super) notes: Option<Box<Notes>>,
    /// Calls that ended without asking a provider.
    pub(super) not_logged: Account<6>,
}

impl<'b> World<'b> {
    /// The world as a replication starts; no plan of an open class is due before [`World::begin`].
    pub(super) fn new(blueprint: &'b Blueprint, replication: u64) -> World<'b> {
        let model = &blueprint.model;
        let draws = Draws::new(model.run.seed, replication);
        let spikes = blueprint.spikes();
        let isolates = model.platform.isolates as usize;
        let regions = blueprint.class_regions.iter().copied().max().map_or(0, usize::from);
        let used_width = 2 + model.stores.len();
        let widest = |width: fn(&super::build::Flow) -> usize| blueprint.workflows.iter().map(width).max().unwrap_or(0);
        let mut world = World {
            blueprint,
            stages: &blueprint.stages,
            addresses: draws,
            now: Instant::START,
            calendar: Calendar::new(),
            due: Due { at: Instant::NEVER, class: 0 },
            sources: model
                .classes
                .iter()
                .enumerate()
                .map(|(at, class)| {
                    let later = eras(model, at, blueprint.horizon);
                    Source::new(class, &later, model.run.start, blueprint.horizon, &draws)
                })
                .collect(),
            draws: (0..model.classes.len()).map(|class| ClassDraws::new(blueprint, class, &draws)).collect(),
            plans: Vec::new(),
            free_plans: Vec::new(),
            calls: Vec::new(),
            free_calls: Vec::new(),
            templates: (0..model.classes.len()).map(|class| templates(blueprint, class)).collect(),
            draws_more: blueprint.workflows.iter().any(|f| f.op_words > 0) || blueprint.traced.contains(&true),
            has_counters: false,
            latencies: Vec::new(),
            calls_each: widest(|flow| flow.calls.len()),
            words: Vec::new(),
            words_each: widest(|flow| flow.words),
            progress: Vec::new(),
            steps_each: if blueprint.workflows.iter().all(|flow| flow.is_chain) {
                0
            } else {
                widest(|f| f.steps.len())
            },
            used: Vec::new(),
            used_each: if blueprint.counts_invocations() { widest(|flow| flow.invocations) * used_width } else { 0 },
            used_width,
            plan_keys: Vec::new(),
            shared_keys: vec![Key::EMPTY; blueprint.shared_keys],
            records: Records::new(model.stores.len()),
            hot_until: vec![Instant::START; (regions + 1) * blueprint.hot_keys],
            logs: Vec::new(),
            copies: Vec::new(),
            memory: vec![Instant::START; isolates * blueprint.memory_keys],
            queues: (0..isolates)
                .flat_map(|_| {
                    model.queues.iter().map(|q| Queue::new(q, blueprint.lines_of(q)).with_reserve(q, &blueprint.lines))
                })
                .collect(),
            links: Links::default(),
            stores: model.stores.iter().map(|store| Store::new(store, model.run.start, &spikes, &draws)).collect(),
            requests: model.platform.requests.as_ref().map(|quota| Requests::new(quota, model.run.start)),
            index: blueprint.index(),
            departures: Vec::new(),
            errands: Errands::new(blueprint, &draws),
            chores: blueprint.chores.iter().map(|spec| ChoreState::new(blueprint, spec, &draws)).collect(),
            lateness: draws.scatter("reader", Purpose::Staleness),
            ready: VecDeque::new(),
            serial: 0,
            events: 0,
            look_at: 0,
            ledgers: model.classes.iter().map(|_| Ledger::new()).collect(),
            completed_before: Vec::new(),
            tallies: model.classes.iter().map(|_| ClassTally::default()).collect(),
            waits: (0..model.classes.len() * model.queues.len()).map(|_| QueueTally::default()).collect(),
            faulty_requests: 0,
            family_writes: vec![0; blueprint.families.len()],
            family_too_soon: vec![0; blueprint.families.len()],
            policies: Policies::new(blueprint, &draws),
            retention: Retention::new(blueprint),
            logfiles: model.logfiles.iter().map(|file| LogFile::new(file, blueprint)).collect(),
            subrequests_max: 0,
            cuts: Vec::new(),
            bills: vec![Bill::default(); blueprint.accounts.len()],
            answered: Vec::new(),
            answered_each: if blueprint.bills_tokens { blueprint.accounts.len() } else { 0 },
            diagnostics: None,
            comebacks: None,
            adaptive: Vec::new(),
            patience: Vec::new(),
            leaving: Vec::new(),
            isolates: None,
            invocations: Invocations::new(blueprint, &draws),
            tiers: model.tiers.iter().map(|tiers| Tiers::new(tiers, isolates as u32, &draws)).collect(),
            d1: model.d1.iter().map(D1::new).collect(),
            lookup_draws: lookup_draws(model, &draws),
            questions: Vec::new(),
            limiters: limiters(blueprint),
            permit_draws: permit_draws(model, &draws),
            permits: Vec::new(),
            around: Vec::new(),
            crowds: model.classes.iter().map(Crowd::of).collect(),
            first: blueprint,
            stage: 0,
            rules: if blueprint.is_late { vec![0; isolates] } else { Vec::new() },
            notes: None,
            not_logged: Account::new(),
        };
        let counters = world.steps_each + world.used_each + blueprint.plan_keys() + world.answered_each;
        world.has_counters = counters > 0 || world.invocations.is_some();
        world.first_events();
        world
    }

    /// The ledger of all classes together.
    pub(super) fn ledger(&self) -> Ledger {
        let mut all = Ledger::new();
        for of_class in &self.ledgers {
            all.add(of_class);
        }
        all
    }

    /// The replication begins: the first plans of open classes are drawn.
    pub(super) fn begin(&mut self) {
        self.sources.iter_mut().for_each(Source::begin);
        self.find_due();
    }

    fn first_events(&mut self) {
        if self.blueprint.recording_from > Instant::START {
            self.calendar.push(self.blueprint.recording_from, order(Rank::Rules, 0, 0), Event::Recording);
        }
        self.schedule_day_end();
        self.schedule_chores();
        self.schedule_changes();
        self.open_isolates();
        self.open_diagnostics();
        self.expect_comebacks();
        self.expect_leavers();
        for class in 0..self.sources.len() {
            if let crate::model::Arrivals::Closed { users, .. } = self.blueprint.model.classes[class].arrivals {
                for user in 0..u64::from(users) {
                    self.think(class, 1, user);
                }
            }
        }
    }

    /// Finds the class whose plan arrives next.
    #[inline]
    pub(super) fn find_due(&mut self) {
        self.due = Due::first(&self.sources);
    }

    /// A user of a closed class thinks, and then asks; lane 0 is the thought after a plan, lane 1 the first of a user.
    pub(super) fn think(&mut self, class: usize, lane: u64, position: u64) {
        let Some(law) = self.blueprint.think_law(class) else { return };
        if self.crowds[class].leaves() {
            return;
        }
        let at = self.now + law.sample(self.draws[class].think.at(lane, position).next());
        self.calendar.push(at, order(Rank::Arrival, class as u64, 0), Event::Arrival(class as u16));
    }

    /// A place for a new plan, the last one that was given back first.
    #[inline]
    pub(super) fn new_plan(&mut self) -> u32 {
        match self.free_plans.pop() {
            Some(place) => place,
            None => self.grow_plans(),
        }
    }

    #[cold]
    fn grow_plans(&mut self) -> u32 {
        let plans = self.plans.len() + 1;
        self.look_at = 0;
        self.plans.push(Plan::default());
        self.latencies.resize(plans * self.calls_each, Span::ZERO);
        self.words.resize(plans * self.words_each, Word(0));
        self.progress.resize(plans * self.steps_each, (0, 0));
        self.used.resize(plans * self.used_each, 0);
        self.plan_keys.resize(plans * self.blueprint.plan_keys(), Key::EMPTY);
        self.answered.resize(plans * self.answered_each, 0);
        if let Some(invocations) = &mut self.invocations {
            invocations.grow_to(plans);
        }
        plans as u32 - 1
    }

    /// Nothing is counted yet of the plan that begins in this place.
    pub(super) fn clear_counters(&mut self, place: usize) {
        self.progress[place * self.steps_each..][..self.steps_each].fill((0, 0));
        self.used[place * self.used_each..][..self.used_each].fill(0);
        let keys = self.blueprint.plan_keys();
        self.plan_keys[place * keys..][..keys].fill(Key::EMPTY);
        self.answered[place * self.answered_each..][..self.answered_each].fill(0);
        if self.blueprint.leaves_logs_behind {
            self.forget_contexts(place);
        }
        if let Some(invocations) = &mut self.invocations {
            invocations.clear(place);
        }
    }

    /// A place for a new call, the last one that was given back first.
    #[inline(always)]
    pub(super) fn call_place(&mut self) -> u32 {
        match self.free_calls.pop() {
            Some(place) => place,
            None => self.grow_calls(),
        }
    }

    #[cold]
    fn grow_calls(&mut self) -> u32 {
        self.calls.push(self.templates[0][0]);
        self.logs.push(LogState::EMPTY);
        self.copies.push(None);
        self.links.grow_to(self.calls.len());
        self.calls.len() as u32 - 1
    }
}

/// The calls of a class's workflow as they begin in the first isolate.
pub(super) fn templates(blueprint: &Blueprint, class: usize) -> Vec<Call> {
    let flow = &blueprint.workflows[blueprint.model.classes[class].workflow.index()];
    let queues = blueprint.model.queues.len() as u32;
    let call = |(index, spec): (usize, &super::build::CallSpec)| {
        let has_queue = spec.queue != super::build::NONE;
        // Past the reads of the plan, which its first call makes; whoever makes none begins with the first row of its log.
        let reads_of_its_own = index > 0 && blueprint.phase_inside(index, spec) == Phase::Reads;
        Call {
            address: 0,
            plan: 0,
            index: index as u16,
            attempt: 0,
            class: class as u16,
            provider: spec.provider,
            law: spec.law,
            cursor: if reads_of_its_own { blueprint.plan_reads as u16 } else { 0 },
            queue: if has_queue { u32::from(spec.queue) } else { NO_QUEUE },
            waits: if has_queue { class as u32 * queues + u32::from(spec.queue) } else { 0 },
            line: if has_queue { blueprint.line(class as u16, spec.queue) } else { 0 },
            phase: blueprint.first_phase(index, spec),
            work: spec.work,
            computes: false,
            recorded: false,
            in_slot: false,
            request_error: false,
            op_open: false,
            op_refused: None,
            end: CallEnd::Succeeded,
            fault: None,
            cause: None,
            enqueued: Instant::START,
            backoff: Span::ZERO,
            latency: Span::ZERO,
            outcome_word: Word(0),
        }
    };
    flow.calls.iter().enumerate().map(call).collect()
}
