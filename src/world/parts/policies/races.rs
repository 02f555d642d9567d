//! Attempts that race at a provider with hedges, and the slots that they wait for.

use super::server::Reception;
use crate::policy::Fault;
use crate::units::{Instant, Span};
use crate::world::ledger::Cause;
use std::collections::{BTreeMap, VecDeque};

/// A call, and which of all attempts that ever raced.
pub(crate) type Key = (u32, u32);

/// An attempt in a race, or one that was in a race and goes on for nobody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Racer {
    pub(crate) provider: u16,
    /// Its place among the events of one instant.
    pub(crate) address: u64,
    pub(crate) attempt: u16,
    pub(crate) recorded: bool,
    pub(crate) is_hedge: bool,
    pub(crate) sent: Instant,
    pub(crate) place: Place,
    /// How long it takes once it is worked on; none: it is never answered.
    pub(crate) takes: Option<Span>,
    /// When that is over, once it is known.
    pub(crate) ends: Instant,
    pub(crate) fault: Option<Fault>,
    pub(crate) cause: Option<Cause>,
    pub(crate) retry_after: Span,
    /// Since when nobody waits for it.
    pub(crate) left_at: Option<Instant>,
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Not at the provider: only its answer is on the way.
    Away,
    /// At a provider that is down and says nothing.
    Unheard,
    /// Waiting for a slot.
    Waits,
    /// In a slot.
    Works,
}

/// The slots of one provider, and who waits for them.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) slots: u32,
    pub(crate) working: u32,
    /// Those that are gone are passed over.
    pub(crate) waiting: VecDeque<Key>,
    /// Attempts that are there.
    pub(crate) present: u64,
}

/// The races at all providers.
#[derive(Debug, Default)]
pub(crate) struct Races {
    pub(crate) racers: BTreeMap<Key, Racer>,
    /// By provider.
    pub(crate) desks: Vec<Desk>,
    pub(crate) begun: u32,
}

impl Races {
    /// Nobody races yet; so many slots has each provider.
    pub(crate) fn new(slots: impl Iterator<Item = Option<u32>>) -> Races {
        let desk = |slots: Option<u32>| Desk {
            slots: slots.unwrap_or(u32::MAX),
            working: 0,
            waiting: VecDeque::new(),
            present: 0,
        };
        Races { desks: slots.map(desk).collect(), ..Races::default() }
    }

    /// Other numbers of slots hold from now on; none is taken from who has it. Whether somebody waits for one that is new.
    pub(crate) fn change_slots(&mut self, provider: usize, slots: Option<u32>) -> bool {
        let (desk, slots) = (&mut self.desks[provider], slots.unwrap_or(u32::MAX));
        std::mem::replace(&mut desk.slots, slots) < slots && !desk.waiting.is_empty()
    }

    /// Attempts that go on for nobody: their provider, since when, and whether they are recorded.
    pub(crate) fn abandoned(&self) -> impl Iterator<Item = (usize, Instant, bool)> {
        let left = |racer: &Racer| Some((racer.provider as usize, racer.left_at?, racer.recorded));
        self.racers.values().filter_map(left)
    }

    /// Whether a call still waits for an attempt.
    pub(crate) fn is_awaited(&self, key: Key) -> bool {
        self.racers.get(&key).is_some_and(|racer| racer.left_at.is_none())
    }

    /// The attempts of a call that it still waits for, the first that was sent first.
    pub(crate) fn of(&self, id: u32) -> impl Iterator<Item = Key> {
        self.racers.range((id, 0)..=(id, u32::MAX)).filter(|(_, racer)| racer.left_at.is_none()).map(|(key, _)| *key)
    }
}

impl Racer {
    /// The provider has said what it makes of the attempt.
    pub(crate) fn meets(&mut self, reception: Reception, now: Instant) {
        match reception {
            Reception::Refused { fault, cause, takes, retry_after } => {
                (self.takes, self.fault, self.cause) = (Some(takes), Some(fault), Some(cause));
                self.retry_after = retry_after;
            }
            Reception::Silent => (self.place, self.takes) = (Place::Unheard, None),
            Reception::Works { from, until } => {
                self.place = Place::Waits;
                self.takes = (until < Instant::NEVER).then(|| until.since(from.max(now)));
            }
            Reception::Shares => self.place = Place::Waits, // a provider that shares itself is not hedged
        }
    }
}
