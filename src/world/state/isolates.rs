//! The isolates of a replication.

use crate::stats::TimeWeighted;
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::event::Handle;
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Ending, Part};

/// All isolates of a replication, those that are gone too: their places are used again.
#[derive(Debug)]
pub(crate) struct Isolates {
    pub(crate) places: Vec<Isolate>,
    pub(crate) lifetimes: Scatter,
    pub(crate) next_deploy: usize,
    pub(crate) alive: TimeWeighted,
    /// Counts of the recorded time.
    pub(crate) counts: Counts,
}

/// What happened to isolates, and to plans because of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) started: u64,
    pub(crate) idle: u64,
    pub(crate) evicted: u64,
    pub(crate) deployed: u64,
    /// Recorded plans.
    pub(crate) lost: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Isolate {
    pub(crate) alive: bool,
    /// It takes no more plans.
    pub(crate) draining: bool,
    pub(crate) plans: u32,
    /// How many isolates have had this place, and how many plans have come to this one.
    pub(crate) generation: u32,
    pub(crate) arrivals: u32,
}

impl Isolate {
    /// Whether plans land on it.
    pub(crate) fn is_open(&self) -> bool {
        self.alive && !self.draining
    }
}

impl Isolates {
    /// None yet, where the model has isolates that come and go.
    pub(crate) fn of(blueprint: &Blueprint, draws: &Draws) -> Option<Isolates> {
        blueprint.model.isolates.as_ref().map(|_| Isolates {
            places: Vec::new(),
            lifetimes: draws.scatter("isolate", Purpose::Restart),
            next_deploy: 0,
            alive: TimeWeighted::default(),
            counts: Counts::default(),
        })
    }

    /// How many plans land on.
    pub(crate) fn open(&self) -> usize {
        self.places.iter().filter(|isolate| isolate.is_open()).count()
    }

    /// Whether nothing has come to an isolate since so many plans had, and plans could.
    pub(crate) fn is_idle(&self, place: Handle) -> bool {
        let isolate = &self.places[place.slot as usize];
        isolate.is_open() && isolate.arrivals == place.generation
    }

    /// Whether an isolate is still the same, and plans land on it.
    pub(crate) fn is_open(&self, place: Handle) -> bool {
        self.is_alive(place) && !self.places[place.slot as usize].draining
    }

    /// Whether it is still the same, and there.
    pub(crate) fn is_alive(&self, place: Handle) -> bool {
        let isolate = &self.places[place.slot as usize];
        isolate.alive && isolate.generation == place.generation
    }
}

impl Part for Isolates {
    fn start_recording(&mut self, now: Instant) {
        self.alive.restart(now.nanos());
    }

    fn measures(&self, _: usize, ending: &Ending, sheet: &mut Sheet) {
        sheet.put("isolates.alive.mean", "isolates", self.alive.mean(ending.now.nanos()));
        sheet.count("isolates.alive.max", "isolates", self.alive.max());
        let counts = &self.counts;
        for (name, count) in [
            ("isolates.started", counts.started),
            ("isolates.ended_idle", counts.idle),
            ("isolates.evicted", counts.evicted),
            ("isolates.deployed", counts.deployed),
        ] {
            sheet.count(name, "isolates", count);
        }
        sheet.count("plans.lost", "plans", counts.lost);
    }
}
