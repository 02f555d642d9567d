//! Ops that no call waits for: the rows of a strategy at the end of a plan and at the end of a day, and those of a log
//! event that nobody awaits; `admin` has the last kind, the chores of the admin page.
//!
//! Each is an errand. It goes through its rows one after the other, nobody waits for it, and a refused op skips the
//! rest. The end of a plan stands in the plan's invocation where the whole plan is one, and a log event in that of its
//! call: what is left of those when their time is over is cut off. Other errands have an invocation of their own.

use super::build::{Blueprint, Row};
use super::cause::Cause;
use super::draws::OpWords;
use super::event::{Event, Rank, address, order};
use super::fate::LogState;
use super::invocation::{Invocation, Writer};
use super::log::{Asked, Asker, Draw, Told};
use super::state::World;
use crate::model::{InvocationScope, Level};
use crate::streams::{Purpose, Scatter, Source as Draws, Word};
use crate::units::{CalendarStart, Instant, Span, Zone};

/// What an errand is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// The plan in this place has come to its end.
    Plan(u32),
    /// A day has.
    Day,
    /// A call has something to log.
    Log(Told),
    /// The admin page does this chore.
    Chore(u16),
}

/// An errand under way.
#[derive(Debug)]
pub(super) struct Errand {
    end: End,
    /// The number of its plan within its class, or of its day: the address of its draws.
    pub(super) number: u64,
    pub(super) recorded: bool,
    pub(super) cursor: usize,
    /// An op is under way, and how it will end.
    pub(super) open: bool,
    pub(super) refused: Option<Cause>,
    /// What it has read of the index.
    pub(super) copy: Option<Vec<u32>>,
    pub(super) log: LogState,
    /// Of a chore: lists and reads that are still to be made.
    pub(super) left: [u64; 2],
    /// The invocation of its plan that it stands in.
    pub(super) invoked: Option<u32>,
    /// It has a connection, or waits for one, since then.
    pub(super) connected: bool,
    pub(super) waits: bool,
    pub(super) asked: Instant,
    alive: bool,
    /// An event is still to come for it, also where it was cut off.
    is_awaited: bool,
}

impl Errand {
    pub(super) fn new(end: End, number: u64, recorded: bool) -> Errand {
        Errand {
            end,
            number,
            recorded,
            cursor: 0,
            open: false,
            refused: None,
            copy: None,
            log: LogState::EMPTY,
            left: [0; 2],
            invoked: None,
            connected: false,
            waits: false,
            asked: Instant::START,
            alive: true,
            is_awaited: false,
        }
    }

    /// The plan and the call that it writes for.
    pub(super) fn call(&self) -> (u32, u16) {
        match self.end {
            End::Log(told) => (told.plan, told.call),
            End::Plan(place) => (place, 0),
            End::Day | End::Chore(_) => (u32::MAX, 0),
        }
    }

    /// The plan that it is for.
    pub(super) fn plan(&self) -> Option<u32> {
        match self.end {
            End::Plan(place) => Some(place),
            End::Log(told) => Some(told.plan),
            End::Day | End::Chore(_) => None,
        }
    }
}

/// All errands, and what they draw from.
#[derive(Debug)]
pub(super) struct Errands {
    pub(super) list: Vec<Errand>,
    free: Vec<u32>,
    /// Of each errand: what its own invocation has used.
    pub(super) used: Vec<u32>,
    days: u64,
    /// By class, then row.
    of_plans: Vec<Vec<Scatter>>,
    /// By row.
    of_days: Vec<Scatter>,
}

/// Where the answers to chores stand among the plans of one instant.
const CHORE_PLANS: u64 = 0xfe << 32;

impl Errands {
    pub(super) fn new(blueprint: &Blueprint, draws: &Draws) -> Errands {
        let (plan_ends, day_ends) = blueprint.end_names.split_at(blueprint.plan_ends.len());
        let of = |whose: &str, rows: &[String]| {
            rows.iter().map(|row| draws.scatter(&format!("{whose} {row}"), Purpose::Summary)).collect()
        };
        Errands {
            list: Vec::new(),
            free: Vec::new(),
            used: Vec::new(),
            days: 0,
            of_plans: blueprint.model.classes.iter().map(|class| of(&class.name, plan_ends)).collect(),
            of_days: of("", day_ends),
        }
    }

    /// Those that are for plans.
    pub(super) fn of_plans_alive(&self) -> impl Iterator<Item = &Errand> {
        self.list.iter().filter(|errand| errand.alive && errand.plan().is_some())
    }
}

impl<'b> World<'b> {
    /// The first midnight UTC, if anything is done then.
    pub(super) fn schedule_day_end(&mut self) {
        if self.blueprint.day_ends.is_empty() {
            return;
        }
        let calendar = CalendarStart::new(self.blueprint.model.run.start, &Zone::UTC);
        let is_midnight = calendar.hour_of_day(Instant::START) == 0.0;
        let first = if is_midnight { Instant::START } else { calendar.next_day(Instant::START) };
        self.calendar.push(first, order(Rank::Admin, 0, 0), Event::DayEnd);
    }

    /// It is midnight UTC.
    pub(super) fn end_day(&mut self) {
        self.calendar.push(self.now + Span::DAY, order(Rank::Admin, 0, 0), Event::DayEnd);
        self.release_day_keys();
        let number = self.errands.days;
        self.errands.days += 1;
        self.run_errand(Errand::new(End::Day, number, self.now >= self.blueprint.recording_from));
    }

    /// The last call of a plan is over.
    #[inline(always)]
    pub(super) fn plan_over<const PLAIN: bool>(&mut self, place: u32) {
        if !PLAIN && self.blueprint.has_tasks {
            return self.end_of_plan(place);
        }
        self.free_plan::<PLAIN>(place);
    }

    fn end_of_plan(&mut self, place: u32) {
        if self.blueprint.plan_ends.is_empty() {
            return self.free_when_done(place);
        }
        let plan = &self.plans[place as usize];
        let whole = self.blueprint.workflows[plan.workflow as usize].invocation == InvocationScope::Plan;
        let invoked = if whole { self.invoked_of(place, 0) } else { None };
        self.run_errand(Errand { invoked, ..Errand::new(End::Plan(place), plan.number, plan.recorded) });
    }

    /// What a call logs and does not wait for.
    pub(super) fn log_errand(&mut self, told: Told, log: LogState) {
        let invoked = self.invoked_of(told.plan, self.invocation_number(told.plan, told.call));
        let number = self.plans[told.plan as usize].number;
        self.run_errand(Errand { invoked, log, ..Errand::new(End::Log(told), number, told.recorded) });
    }

    pub(super) fn run_errand(&mut self, errand: Errand) {
        let (plan, invoked, recorded) = (errand.plan(), errand.invoked, errand.recorded);
        let id = match self.errands.free.pop() {
            Some(id) => {
                self.errands.list[id as usize] = errand;
                id
            }
            None => {
                self.errands.list.push(errand);
                self.errands.used.resize(self.errands.list.len() * self.used_width, 0);
                self.errands.list.len() as u32 - 1
            }
        };
        self.errands.used[id as usize * self.used_width..][..self.used_width].fill(0);
        if let Some(place) = plan {
            self.task_begins(place, invoked, recorded);
        }
        self.go_on_errand(id);
    }

    /// A store answers the op of an errand, or it has a connection for it now.
    pub(super) fn errand_answers(&mut self, id: u32) {
        let errand = &mut self.errands.list[id as usize];
        errand.is_awaited = false;
        if !errand.alive {
            self.errands.free.push(id);
            return;
        }
        if errand.open && self.blueprint.connections_bind {
            self.disconnect(Writer::Errand(id));
        }
        self.go_on_errand(id);
        self.drain::<false>();
    }

    /// Takes an errand as far as it gets without waiting.
    fn go_on_errand(&mut self, id: u32) {
        let program = self.program_behind(id);
        let rows = match self.errands.list[id as usize].end {
            End::Plan(_) => &program.plan_ends,
            End::Day => &program.day_ends,
            End::Log(told) if told.is_response => &program.responses,
            End::Log(_) => &program.requests,
            End::Chore(chore) => return self.go_on_chore(id, chore as usize),
        };
        loop {
            let errand = &mut self.errands.list[id as usize];
            let Some(row) = rows.get(errand.cursor) else { break };
            if std::mem::take(&mut errand.open) {
                let refused = errand.refused;
                if !self.end_op(Writer::Errand(id), row, refused) {
                    break;
                }
                self.errands.list[id as usize].cursor += 1;
            } else if !self.applies(id, row) {
                self.errands.list[id as usize].cursor += 1;
            } else if self.start_errand_op(id, row) {
                return;
            }
        }
        self.end_errand(id);
    }

    /// The rules that an errand follows: those of the isolate of its plan, if it is for one.
    fn program_behind(&self, id: u32) -> &'b Blueprint {
        let plan = self.errands.list[id as usize].plan();
        plan.map_or(self.blueprint, |plan| self.program(self.plans[plan as usize].isolate as usize))
    }

    fn applies(&self, id: u32, row: &Row) -> bool {
        let program = self.program_behind(id);
        let level = program.model.logging.level;
        let (plan, error, critical) = match self.errands.list[id as usize].end {
            End::Plan(place) => {
                let plan = &self.plans[place as usize];
                let flow = &program.workflows[plan.workflow as usize];
                (plan, !plan.completed, flow.calls.iter().any(|call| call.critical))
            }
            End::Log(told) => {
                let plan = &self.plans[told.plan as usize];
                let flow = &program.workflows[plan.workflow as usize];
                if row.awaited {
                    return false;
                }
                (plan, told.error, flow.calls[told.call as usize].critical)
            }
            End::Day | End::Chore(_) => return level != Level::None,
        };
        debug_assert!(plan.alive);
        level.admits(error) && row.when.holds(error, critical)
    }

    /// Asks for the op of a row; whether it takes time, or waits for a connection.
    fn start_errand_op(&mut self, id: u32, row: &Row) -> bool {
        let asker = self.errand_asks(id, row.words);
        match self.ask_row(&asker, row) {
            Some(asked) => self.errand_waits(id, &asked),
            None => true,
        }
    }

    /// Notes how the op of an errand will end, and whether that takes time.
    pub(super) fn errand_waits(&mut self, id: u32, asked: &Asked) -> bool {
        let errand = &mut self.errands.list[id as usize];
        (errand.open, errand.refused) = (true, asked.refused);
        if !asked.takes.is_zero() {
            self.wake_errand(id, asked.takes);
            return true;
        }
        if self.blueprint.connections_bind {
            self.disconnect(Writer::Errand(id));
        }
        false
    }

    /// An event comes for an errand.
    pub(super) fn wake_errand(&mut self, id: u32, after: Span) {
        let errand = &mut self.errands.list[id as usize];
        errand.is_awaited = true;
        let address = match errand.end {
            // The calls of its plan are over, so none of them stands at this place of an instant.
            End::Plan(place) => address(self.plans[place as usize].serial, u16::MAX >> 4),
            End::Log(told) => address(self.plans[told.plan as usize].serial, told.call),
            End::Day => address(u64::MAX - errand.number, u16::MAX >> 4),
            End::Chore(chore) => address(CHORE_PLANS | u64::from(chore), 0),
        };
        self.calendar.push(self.now + after, order(Rank::StoreAnswer, address, 255), Event::ErrandAnswer(id));
    }

    /// An errand as it asks for its op.
    fn errand_asks(&mut self, id: u32, words: OpWords) -> Asker {
        let errand = &self.errands.list[id as usize];
        let (recorded, own) = (errand.recorded, Invocation::Errand(id as usize));
        let invocation = match errand.end {
            End::Plan(place) if errand.invoked.is_some() && self.used_each > 0 => {
                Invocation::Plan(place as usize * self.used_each)
            }
            End::Log(told) => self.invocation_of(told.plan, told.call),
            _ => own,
        };
        let [latency, network] = [Draw::Latency, Draw::Network].map(|draw| self.errand_word(id, words, draw));
        Asker { recorded, who: Writer::Errand(id), invocation, latency, network }
    }

    /// A draw of an errand's row; of a log event it is the one that its call would have taken.
    pub(super) fn errand_word(&mut self, id: u32, words: OpWords, draw: Draw) -> Word {
        let errand = &self.errands.list[id as usize];
        let draws = match errand.end {
            End::Log(told) => return self.word_of(told.plan, told.call, words.of(draw)),
            End::Plan(place) => &mut self.errands.of_plans[self.plans[place as usize].class as usize],
            End::Day | End::Chore(_) => &mut self.errands.of_days,
        };
        draws[errand.cursor].at(draw as u64, errand.number).next()
    }

    pub(super) fn end_errand(&mut self, id: u32) {
        self.errands.free.push(id);
        self.close_errand(id, None);
    }

    /// Errands are cut off: what they have not written by now is lost.
    pub(super) fn cut_errands(&mut self, why: Cause, is_cut: impl Fn(&Errand) -> bool) {
        for id in 0..self.errands.list.len() as u32 {
            let errand = &self.errands.list[id as usize];
            if !errand.alive || !is_cut(errand) {
                continue;
            }
            if !errand.is_awaited {
                self.errands.free.push(id);
            }
            if errand.waits {
                self.stop_waiting(Writer::Errand(id));
            }
            self.disconnect(Writer::Errand(id));
            if let Some(invocations) = &mut self.invocations {
                invocations.tally.cut += u64::from(self.errands.list[id as usize].recorded);
            }
            self.close_errand(id, Some(why));
        }
    }

    /// The run is over: what errands have logged by now is there.
    pub(super) fn cut_errand_logs(&mut self) {
        for id in 0..self.errands.list.len() {
            let errand = &mut self.errands.list[id];
            if let (true, End::Log(told)) = (errand.alive && errand.log.written.is_some(), errand.end) {
                let log = std::mem::replace(&mut errand.log, LogState::EMPTY);
                let end = self.close_event(told, &log, None);
                self.records.release(end);
            }
        }
    }

    fn close_errand(&mut self, id: u32, cut: Option<Cause>) {
        self.needs_no_connection(Writer::Errand(id));
        self.forget_copy(Writer::Errand(id));
        let errand = &mut self.errands.list[id as usize];
        errand.alive = false;
        let (end, invoked, log) = (errand.end, errand.invoked, errand.log);
        if let End::Log(told) = end {
            let end = self.close_event(told, &log, cut);
            self.records.release(end);
        }
        if let End::Plan(place) | End::Log(Told { plan: place, .. }) = end {
            self.task_ends(place, invoked);
        }
    }
}
