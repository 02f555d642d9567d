//! The common interface of the parts of the world: recording, change, end, conservation check and metrics.
//! `state/parts.rs` lists all parts.

use crate::model::Model;
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::Ledger;
use crate::world::measures::sheet::Sheet;
use crate::world::state::{Call, Question};

/// A part of the world. `at` is its position among those of its kind.
pub(crate) trait Part {
    /// Events that it has drawn so far, and that the loop has not seen.
    fn drawn(&self) -> u64 {
        0
    }

    /// The warm-up is over: what is measured over time is measured from now on.
    fn start_recording(&mut self, _now: Instant) {}

    /// Other values hold from `now` on, of those that all isolates share.
    fn change(&mut self, _at: usize, _blueprint: &Blueprint, _now: Instant, _effects: &mut Vec<Effect>) {}

    /// Other values have reached the program in an isolate.
    fn change_program(&mut self, _at: usize, _isolate: usize, _model: &Model, _now: Instant) {}

    /// The replication ends.
    fn finish(&mut self, _horizon: Instant) {}

    /// The conservation check: what came in is what went out plus what is still there.
    fn balance(&self, _at: usize, _ending: &Ending) -> Result<(), String> {
        Ok(())
    }

    /// Its metrics. Which there are follows from the model alone.
    fn measures(&self, _at: usize, _ending: &Ending, _sheet: &mut Sheet) {}
}

/// What a change to a part means for others; the world routes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// This store has another size.
    StoreResized(usize),
    /// This provider has more slots.
    SlotsAdded(usize),
    /// The shared capacity of this provider has changed.
    SpeedChanged(usize),
    /// An invocation may have another number of connections.
    ConnectionsChanged,
}

/// A replication that has ended, as its parts are told of it.
pub(crate) struct Ending<'a> {
    pub(crate) now: Instant,
    /// At the start, and in force.
    pub(crate) first: &'a Blueprint,
    pub(crate) blueprint: &'a Blueprint,
    pub(crate) calls: &'a [Call],
    pub(crate) questions: &'a [Question],
    /// By class.
    pub(crate) ledgers: &'a [Ledger],
    /// Tasks of plans that are under way, and connections that they hold.
    pub(crate) tasks: u64,
    pub(crate) connections: u64,
    /// The recorded time of all isolates that were there, in nanoseconds.
    pub(crate) isolate_ns: f64,
}

impl Ending<'_> {
    pub(crate) fn model(&self) -> &Model {
        &self.blueprint.model
    }

    /// The recorded time.
    pub(crate) fn recorded(&self) -> Span {
        self.blueprint.horizon.since(self.blueprint.recording_from)
    }

    /// Recorded plans.
    pub(crate) fn plans(&self) -> u64 {
        self.ledgers.iter().map(|ledger| ledger.plans.begun[1]).sum()
    }

    /// The number of calls with a property.
    pub(crate) fn calls(&self, is_so: impl Fn(&Call) -> bool) -> u64 {
        self.calls.iter().filter(|call| is_so(call)).count() as u64
    }
}
