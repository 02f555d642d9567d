//! A plan in flight.

use crate::units::Instant;
use crate::world::event::Handle;

/// A plan in flight.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// Its number among all plans: its place among the events of one instant.
    pub(crate) serial: u64,
    /// Its number within its class: the address of its draws.
    pub(crate) number: u64,
    pub(crate) arrived: Instant,
    pub(crate) class: u16,
    pub(crate) workflow: u16,
    pub(crate) isolate: u32,
    pub(crate) session: u32,
    pub(crate) open_calls: u16,
    pub(crate) ended_calls: u16,
    pub(crate) recorded: bool,
    /// Its end is decided; calls of it may still run.
    pub(crate) over: bool,
    pub(crate) completed: bool,
    /// Its user has left: how it ends is ignored.
    pub(crate) left: bool,
    pub(crate) alive: bool,
}

impl Plan {
    /// The target of an event for this plan in this place.
    pub(crate) fn handle(&self, place: u32) -> Handle {
        Handle { slot: place, generation: self.serial as u32 }
    }

    /// Whether an event is for this plan, and its end is not decided.
    pub(crate) fn is_open(&self, handle: Handle) -> bool {
        self.alive && !self.over && self.serial as u32 == handle.generation
    }
}
