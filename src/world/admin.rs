//! The admin page as a reader: single records looked up, all of them exported, the old ones deleted, each at an
//! interval. Every run is an errand in an invocation of its own, one op after the other; a refused op ends it.

use super::build::Blueprint;
use super::cause::{Cause, Causes};
use super::errand::{End, Errand};
use super::event::{Event, Rank, order};
use super::invocation::{Invocation, Writer};
use super::log::{Asker, OpAsked};
use super::state::World;
use crate::model::{Chore, Model, OpKind};
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::Span;

/// Keys that one list names.
const KEYS_A_LIST: u64 = 1_000;

/// What the admin page does at an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChoreSpec {
    pub(super) reader: usize,
    pub(super) what: Chore,
    pub(super) every: Span,
    pub(super) age: Span,
    pub(super) store: u16,
    pub(super) external: bool,
}

/// The chores of all readers.
pub(super) fn chores(model: &Model) -> Vec<ChoreSpec> {
    let mut chores = Vec::new();
    for (number, reader) in model.readers.iter().enumerate() {
        let Some(store) = reader.store else { continue };
        let spec = &model.stores[store.index()];
        for (what, every) in Chore::ALL.into_iter().zip(reader.every) {
            let Some(every) = every else { continue };
            chores.push(ChoreSpec {
                reader: number,
                what,
                every,
                age: reader.cleanup_age,
                store: store.index() as u16,
                external: spec.is_external(),
            });
        }
    }
    chores
}

/// Records are remembered where the size of the store pushes them out, or the admin page works on them.
pub(super) fn remembers(model: &Model, chores: &[ChoreSpec]) -> Vec<bool> {
    let works = |at: usize| chores.iter().any(|chore| chore.store as usize == at && chore.what != Chore::Get);
    (0..model.stores.len()).map(|at| model.stores[at].capacity.is_some() || works(at)).collect()
}

/// A chore, and what came of it.
#[derive(Debug)]
pub(super) struct ChoreState {
    draws: Scatter,
    /// Ops so far: the address of the draws.
    ops: u64,
    busy: bool,
    pub(super) begun: u64,
    /// Runs that a refused op has ended, and those that were due while the last was still under way.
    pub(super) stopped: Causes,
    pub(super) skipped: u64,
    pub(super) deleted: u64,
    /// At the end: records that should have been deleted.
    pub(super) overdue: u64,
}

impl ChoreState {
    pub(super) fn new(blueprint: &Blueprint, spec: &ChoreSpec, draws: &Draws) -> ChoreState {
        let name = format!("{}/{}", blueprint.model.readers[spec.reader].name, spec.what as usize);
        let draws = draws.scatter(&name, Purpose::Reader);
        ChoreState { draws, ops: 0, busy: false, begun: 0, stopped: Causes::NONE, skipped: 0, deleted: 0, overdue: 0 }
    }
}

impl World<'_> {
    /// The first run of each chore comes after one interval.
    pub(super) fn schedule_chores(&mut self) {
        for chore in 0..self.blueprint.chores.len() {
            self.schedule_chore(chore);
        }
    }

    fn schedule_chore(&mut self, chore: usize) {
        let at = self.now.saturating_add(self.blueprint.chores[chore].every);
        self.calendar.push(at, order(Rank::Admin, (chore as u64 + 1) << 8, 0), Event::Chore(chore as u16));
    }

    /// It is time for a chore.
    pub(super) fn begin_chore(&mut self, chore: usize) {
        self.schedule_chore(chore);
        let spec = self.blueprint.chores[chore];
        let recorded = self.now >= self.blueprint.recording_from;
        let state = &mut self.chores[chore];
        if state.busy {
            state.skipped += u64::from(recorded);
            return;
        }
        state.begun += u64::from(recorded);
        // The admin page is a request of the account like any other.
        if self.requests.as_mut().is_some_and(|requests| !requests.admits(self.now, recorded)) {
            state.stopped.count(Cause::RequestQuota, recorded);
            return;
        }
        state.busy = true;
        self.forget_gone(spec.store as usize);
        let records = self.records.shelf(spec.store as usize).copies;
        let lists = records.div_ceil(KEYS_A_LIST).max(1);
        let left = match spec.what {
            Chore::Get => [0, 1],
            Chore::Export => [lists, records],
            Chore::Cleanup => [lists, 0],
        };
        let mut errand = Errand::new(End::Chore(chore as u16), chore as u64, recorded);
        errand.left = left;
        self.run_errand(errand);
    }

    /// Takes a chore as far as it gets without waiting.
    pub(super) fn go_on_chore(&mut self, id: u32, chore: usize) {
        loop {
            let errand = &mut self.errands.list[id as usize];
            if errand.open {
                errand.open = false;
                if let Some(why) = errand.refused {
                    self.chores[chore].stopped.count(why, errand.recorded);
                    break;
                }
                if errand.left == [0, 0] && self.blueprint.chores[chore].what == Chore::Cleanup && errand.cursor > 0 {
                    self.delete_oldest(chore);
                }
            }
            let Some(op) = self.next_chore_op(id, chore) else { break };
            if self.start_chore_op(id, chore, op) {
                return;
            }
        }
        self.chores[chore].busy = false;
        self.end_errand(id);
    }

    /// Lists first, then reads, then deletes while there is something old; `cursor` counts those.
    fn next_chore_op(&mut self, id: u32, chore: usize) -> Option<OpKind> {
        let spec = self.blueprint.chores[chore];
        let old = spec.what == Chore::Cleanup && self.oldest_of_age(spec.store as usize, spec.age).is_some();
        let errand = &mut self.errands.list[id as usize];
        for (left, op) in errand.left.iter_mut().zip([OpKind::List, OpKind::Get]) {
            if *left > 0 {
                *left -= 1;
                return Some(op);
            }
        }
        errand.cursor += usize::from(old);
        old.then_some(OpKind::Delete)
    }

    /// Asks for an op; whether it takes time.
    fn start_chore_op(&mut self, id: u32, chore: usize, op: OpKind) -> bool {
        let (spec, state) = (self.blueprint.chores[chore], &mut self.chores[chore]);
        let position = state.ops;
        state.ops += 1;
        let asker = Asker {
            recorded: self.errands.list[id as usize].recorded,
            who: Writer::Errand(id),
            invocation: Invocation::Errand(id as usize),
            latency: state.draws.at(0, position).next(),
            network: state.draws.at(1, position).next(),
        };
        let (store, external) = (spec.store as usize, spec.external);
        let op = OpAsked { store, op, external, cold: None, key: None, bytes: 0 };
        let Some(asked) = self.ask(&asker, &op) else { return true };
        self.errand_waits(id, &asked)
    }

    fn delete_oldest(&mut self, chore: usize) {
        let spec = self.blueprint.chores[chore];
        if let Some(oldest) = self.oldest_of_age(spec.store as usize, spec.age)
            && self.clean(oldest)
        {
            self.chores[chore].deleted += u64::from(self.now >= self.blueprint.recording_from);
        }
    }

    /// The replication ends: what is still there and should not be.
    pub(super) fn finish_chores(&mut self) {
        for (chore, spec) in self.blueprint.chores.iter().enumerate() {
            self.chores[chore].overdue = self.overdue(spec.store as usize, spec.age);
        }
    }
}
