//! What a replication holds at one instant: plans, calls, queues, stores, and the calendar that moves them.

mod around;
mod background;
mod call;
mod diagnostics;
mod draws;
mod ends;
mod invocation;
mod isolates;
mod log;
pub(crate) mod new;
mod notes;
mod operation;
mod parts;
mod plan;
mod records;
mod retrials;
mod templates;
mod users;

pub(crate) use self::around::{Around, LimiterCheck, Question, Stage};
pub(crate) use self::background::{JobState, Task, TaskOf, Tasks};
pub(crate) use self::call::{Call, NO_QUEUE, OUTSIDE, Phase, Work};
pub(crate) use self::diagnostics::Diagnostics;
pub(crate) use self::draws::{ClassDraws, LimiterDraws, LookupDraws, limiter_draws, lookup_draws};
pub(crate) use self::ends::Ends;
pub(crate) use self::invocation::{Invocation, Invocations, Subrequest};
pub(crate) use self::isolates::{Counts, Isolate, Isolates};
pub(crate) use self::log::{End, LogEvent, LogState, NOBODY};
pub(crate) use self::notes::Notes;
pub use self::notes::{Moment, Slice};
pub(crate) use self::operation::{InvocationId, OpRequest, OpResponse, Progress, Requester, Wire, Writer};
pub(crate) use self::parts::Parts;
pub(crate) use self::plan::Plan;
pub(crate) use self::records::{About, Copy, CopyAt, KEYED, Key, KeyAt, Pair, Records, SHELVED};
pub(crate) use self::retrials::Retrials;
pub(crate) use self::templates::templates;
pub(crate) use self::users::Users;

use crate::calendar::Calendar;
use crate::streams::{Scatter, Source as Draws, Word};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::event::Event;
use crate::world::ledger::{Account, Bill, ClassTally, Cut, Ledger};
use crate::world::parts::index::{Departure, VersionId};
use crate::world::parts::source::{Due, Source};
use std::collections::VecDeque;

/// The state of one replication.
#[derive(Debug)]
pub(crate) struct World<'b> {
    pub(crate) blueprint: &'b Blueprint,
    /// The stages that replace the blueprint later, and when.
    pub(crate) stages: &'b [(Instant, Blueprint)],
    /// Where all draws come from.
    pub(crate) addresses: Draws,
    pub(crate) now: Instant,
    pub(crate) calendar: Calendar<Event>,
    /// The next plan of an open class. It is no event of the calendar, which would have to place each of them.
    pub(crate) due: Due,
    pub(crate) sources: Vec<Source>,
    pub(crate) draws: Vec<ClassDraws>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) free_plans: Vec<u32>,
    pub(crate) calls: Vec<Call>,
    pub(crate) free_calls: Vec<u32>,
    /// By class and call of its workflow: the call as it begins.
    pub(crate) templates: Vec<Vec<Call>>,
    /// Whether calls draw more than a latency, and whether plans have counters to clear.
    pub(crate) draws_more: bool,
    pub(crate) has_counters: bool,
    /// How long the first attempt of each call of each plan takes, drawn when the plan comes and not when the attempt
    /// starts: then the calendar need not wait for it.
    pub(crate) latencies: Vec<Span>,
    pub(crate) calls_each: usize,
    /// `words_each` further draws of each plan.
    pub(crate) words: Vec<Word>,
    pub(crate) words_each: usize,
    /// Of each plan and step: calls started and ended.
    pub(crate) progress: Vec<(u16, u16)>,
    pub(crate) steps_each: usize,
    /// Of each plan, the keys of its session and its calls; and those that all share.
    pub(crate) plan_keys: Vec<Key>,
    pub(crate) shared_keys: Vec<Key>,
    pub(crate) records: Records,
    /// By region and key: until when it is hot.
    pub(crate) hot_until: Vec<Instant>,
    /// The log event under way of each call.
    pub(crate) logs: Vec<LogState>,
    /// What each call has read of the index.
    pub(crate) copies: Vec<Option<VersionId>>,
    /// Of each isolate and key: until when its memory holds the key.
    pub(crate) memory: Vec<Instant>,
    pub(crate) parts: Parts,
    pub(crate) departures: Vec<Departure>,
    pub(crate) tasks: Tasks,
    /// By how much of the staleness another region sees a record late.
    pub(crate) lateness: Scatter,
    /// Calls that are ready at this instant.
    pub(crate) ready: VecDeque<u32>,
    pub(crate) serial: u64,
    pub(crate) events: u64,
    /// Events until the limits of the run are checked again.
    pub(crate) look_at: u64,
    pub(crate) ledgers: Vec<Ledger>,
    /// By class, plans completed before the recorded time; empty without a warm-up.
    pub(crate) completed_before: Vec<u64>,
    pub(crate) tallies: Vec<ClassTally>,
    /// Recorded calls whose request was faulty.
    pub(crate) faulty_requests: u64,
    /// The platform's bill at each change of prices, what goes to each account, and of each plan and account: attempts
    /// billed that were answered well.
    pub(crate) cuts: Vec<Cut>,
    pub(crate) bills: Vec<Bill>,
    pub(crate) answered: Vec<u32>,
    pub(crate) answered_each: usize,
    /// By class and step, once a call has waited whose patience is drawn.
    pub(crate) patience: Vec<Vec<Scatter>>,
    /// By class: how long its users stay, where the model has users who leave.
    pub(crate) leave_draws: Vec<Scatter>,
    /// By class; none where the model has no tiers.
    pub(crate) lookup_draws: Vec<LookupDraws>,
    /// By call, as far as any has asked.
    pub(crate) questions: Vec<Question>,
    /// By class; none where the model has no limiters.
    pub(crate) limiter_draws: Vec<LimiterDraws>,
    /// By call, as far as any has asked.
    pub(crate) limiter_checks: Vec<LimiterCheck>,
    pub(crate) around: Vec<Around>,
    /// By class.
    pub(crate) users: Vec<Users>,
    /// The blueprint at the start, and the number of the stage that is in force, 0 before the first.
    pub(crate) first: &'b Blueprint,
    pub(crate) stage: u16,
    /// By isolate: the stage whose rules its program follows; empty where all follow those that are in force.
    pub(crate) rules: Vec<u16>,
    /// What ended, for observers of the replication.
    pub(crate) notes: Option<Box<Notes>>,
    /// Calls that ended without asking a provider.
    pub(crate) not_logged: Account<6>,
}

impl<'b> World<'b> {
    /// The rules that the program follows where a call is.
    #[inline(always)]
    pub(crate) fn program_of(&self, id: u32) -> &'b Blueprint {
        if self.rules.is_empty() {
            return self.blueprint;
        }
        self.program(self.plans[self.calls[id as usize].plan as usize].isolate as usize)
    }

    /// The rules that the program follows in an isolate: what it reads of its configuration, at the moment that it needs
    /// it. All else, which isolates share, is in the world's blueprint.
    #[inline]
    pub(crate) fn program(&self, isolate: usize) -> &'b Blueprint {
        match self.rules.get(isolate) {
            None => self.blueprint,
            Some(0) => self.first,
            Some(stage) => &self.stages[usize::from(*stage) - 1].1,
        }
    }

    /// Where a plan writes.
    pub(crate) fn region(&self, plan: u32) -> u16 {
        self.blueprint.class_regions[self.plans[plan as usize].class as usize]
    }

    /// The ledger of all classes together.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut all = Ledger::new();
        for of_class in &self.ledgers {
            all.add(of_class);
        }
        all
    }
}
