//! Ops that no call makes: the rows of a strategy at the end of a plan and at the end of a day; `admin` has the third
//! kind, the chores of the admin page.
//!
//! Each end is an errand. It goes through its rows one after the other, nobody waits for it, and a refused op skips the
//! rest. The end of a plan stands in the plan's invocation where the whole plan is one; otherwise an errand has an
//! invocation of its own.

use super::build::{Blueprint, Row};
use super::event::{Event, Rank, address, order};
use super::log::{Asker, Invocation};
use super::parts::store::Refusal;
use super::state::World;
use crate::model::{InvocationScope, Level, OpKind, Role};
use crate::streams::{Purpose, Scatter, Source as Draws, Word};
use crate::units::{CalendarStart, Instant, Span, Zone};

/// What has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The plan in this place.
    Plan(u32),
    /// A day.
    Day,
    /// Nothing: the admin page does this chore.
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
    pub(super) refused: Option<Refusal>,
    rewrites: bool,
    /// What it has read of the index.
    copy: Option<Vec<u32>>,
    /// Of a chore: lists and reads that are still to be made.
    pub(super) left: [u64; 2],
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
}

impl World<'_> {
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
        let number = self.errands.days;
        self.errands.days += 1;
        self.run_errand(End::Day, number, self.now >= self.blueprint.recording_from, [0; 2]);
    }

    /// The last call of a plan is over.
    #[inline(always)]
    pub(super) fn plan_over<const PLAIN: bool>(&mut self, place: u32) {
        if PLAIN || self.blueprint.plan_ends.is_empty() {
            return self.free_plan::<PLAIN>(place);
        }
        let plan = &self.plans[place as usize];
        self.run_errand(End::Plan(place), plan.number, plan.recorded, [0; 2]);
    }

    pub(super) fn run_errand(&mut self, end: End, number: u64, recorded: bool, left: [u64; 2]) {
        let errand =
            Errand { end, number, recorded, cursor: 0, open: false, refused: None, rewrites: false, copy: None, left };
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
        self.go_on_errand(id);
    }

    /// Takes an errand as far as it gets without waiting.
    pub(super) fn go_on_errand(&mut self, id: u32) {
        let blueprint = self.blueprint;
        let rows = match self.errands.list[id as usize].end {
            End::Plan(_) => &blueprint.plan_ends,
            End::Day => &blueprint.day_ends,
            End::Chore(chore) => return self.go_on_chore(id, chore as usize),
        };
        loop {
            let errand = &mut self.errands.list[id as usize];
            let Some(row) = rows.get(errand.cursor) else { break };
            if errand.open {
                errand.open = false;
                if errand.refused.is_some_and(|why| why != Refusal::Dropped) {
                    break;
                }
                if errand.refused.is_none() {
                    self.end_errand_op(id, row);
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

    fn applies(&self, id: u32, row: &Row) -> bool {
        let level = self.blueprint.model.logging.level;
        let End::Plan(place) = self.errands.list[id as usize].end else { return level != Level::None };
        let plan = &self.plans[place as usize];
        let error = !plan.completed;
        let critical = self.blueprint.workflows[plan.workflow as usize].calls.iter().any(|call| call.critical);
        level.admits(error) && row.when.holds(error, critical)
    }

    /// Asks for the op of a row; whether it takes time.
    fn start_errand_op(&mut self, id: u32, row: &Row) -> bool {
        let asker = self.errand_asks(id);
        let end = self.errands.list[id as usize].end;
        let (place, address) = match end {
            End::Plan(place) => (place, address(self.plans[place as usize].serial, u16::MAX >> 4)),
            End::Day | End::Chore(_) => {
                (u32::MAX, address(u64::MAX - self.errands.list[id as usize].number, u16::MAX >> 4))
            }
        };
        let (asked, rewrites) = self.ask_row(&asker, (place, 0), row);
        let errand = &mut self.errands.list[id as usize];
        (errand.open, errand.refused, errand.rewrites) = (true, asked.refused, rewrites);
        if asked.takes.is_zero() {
            return false;
        }
        // The calls of its plan are over, so none of them stands at this place of an instant.
        self.calendar.push(self.now + asked.takes, order(Rank::StoreAnswer, address, 255), Event::ErrandAnswer(id));
        true
    }

    /// An errand as it asks for its op.
    fn errand_asks(&mut self, id: u32) -> Asker {
        let errand = &self.errands.list[id as usize];
        let (recorded, own) = (errand.recorded, Invocation::Errand(id as usize));
        let invocation = match errand.end {
            End::Plan(place) => {
                let workflow = self.plans[place as usize].workflow as usize;
                let whole = self.blueprint.workflows[workflow].invocation == InvocationScope::Plan;
                let base = place as usize * self.used_each;
                if whole && self.used_each > 0 { Invocation::Plan(base) } else { own }
            }
            End::Day | End::Chore(_) => own,
        };
        let [latency, network] = [0, 1].map(|lane| self.errand_word(id, lane));
        Asker { recorded, invocation, latency, network }
    }

    /// A draw of an errand's row: how long it takes, whether it arrives, whether it is kept, when pressure evicts it.
    fn errand_word(&mut self, id: u32, lane: u64) -> Word {
        let errand = &self.errands.list[id as usize];
        let draws = match errand.end {
            End::Plan(place) => &mut self.errands.of_plans[self.plans[place as usize].class as usize],
            End::Day | End::Chore(_) => &mut self.errands.of_days,
        };
        draws[errand.cursor].at(lane, errand.number).next()
    }

    /// What an op has done, now that it was answered.
    fn end_errand_op(&mut self, id: u32, row: &Row) {
        let &Errand { end, rewrites, recorded, .. } = &self.errands.list[id as usize];
        if let (OpKind::Get, Role::Index, End::Plan(place)) = (row.op, row.role, end) {
            let region = self.blueprint.class_regions[self.plans[place as usize].class as usize];
            self.errands.list[id as usize].copy = self.read_index(row, region, recorded);
        }
        if row.op != OpKind::Put {
            return;
        }
        let draws = (self.errand_word(id, 2), self.errand_word(id, 3));
        let stored = self.stored(row, draws, recorded, rewrites);
        let (Some((dies, _)), End::Plan(place)) = (stored, end) else { return };
        let plan = &self.plans[place as usize];
        let (session, region) = (plan.session, self.blueprint.class_regions[plan.class as usize]);
        match row.role {
            Role::Index => {
                let copy = self.errands.list[id as usize].copy.take().unwrap_or_default();
                self.write_index((session, region), copy, dies);
            }
            Role::Session => self.write_list(session, dies),
            Role::Record | Role::Other => {}
        }
    }

    pub(super) fn end_errand(&mut self, id: u32) {
        if let Some(copy) = self.errands.list[id as usize].copy.take() {
            self.release_copy(copy);
        }
        self.errands.free.push(id);
        if let End::Plan(place) = self.errands.list[id as usize].end {
            self.free_plan::<false>(place);
        }
    }
}
