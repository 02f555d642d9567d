//! The parts of a world, and what is done to each of them in turn. A new part is added here.

use crate::model::Model;
use crate::streams::Source as Draws;
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::ledger::Retention;
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Effect, Ending, Part};
use crate::world::parts::d1::D1;
use crate::world::parts::index::Index;
use crate::world::parts::limiter::Limiter;
use crate::world::parts::logfile::LogFile;
use crate::world::parts::policies::Policies;
use crate::world::parts::queues::Queues;
use crate::world::parts::requests::Requests;
use crate::world::parts::store::Store;
use crate::world::parts::tiers::Tiers;
use crate::world::state::{Diagnostics, Invocations, Isolates, JobState, Retrials};

/// One part, or all of its kind.
macro_rules! each {
    (one $part:expr) => {
        std::iter::once($part)
    };
    (all $part:expr) => {
        $part.into_iter()
    };
}

macro_rules! parts {
    ($($how:ident $part:ident: $kind:ty = $new:expr,)+) => {
        /// Every part of a world.
        #[derive(Debug)]
        pub(crate) struct Parts {
            $(pub(crate) $part: $kind,)+
        }

        impl Parts {
            /// The parts as a replication starts.
            pub(crate) fn new(blueprint: &Blueprint, draws: &Draws) -> Parts {
                Parts {
                    $($part: {
                        let new: fn(&Blueprint, &Draws) -> $kind = $new;
                        new(blueprint, draws)
                    },)+
                }
            }

            pub(crate) fn drawn(&self) -> u64 {
                [$(each!($how &self.$part).map(Part::drawn).sum::<u64>()),+].into_iter().sum()
            }

            pub(crate) fn start_recording(&mut self, now: Instant) {
                $(each!($how &mut self.$part).for_each(|part| Part::start_recording(part, now));)+
            }

            pub(crate) fn change(&mut self, blueprint: &Blueprint, now: Instant) -> Vec<Effect> {
                let mut effects = Vec::new();
                $(for (at, part) in each!($how &mut self.$part).enumerate() {
                    Part::change(part, at, blueprint, now, &mut effects);
                })+
                effects
            }

            pub(crate) fn change_program(&mut self, isolate: usize, model: &Model, now: Instant) {
                $(for (at, part) in each!($how &mut self.$part).enumerate() {
                    Part::change_program(part, at, isolate, model, now);
                })+
            }

            pub(crate) fn finish(&mut self, horizon: Instant) {
                $(each!($how &mut self.$part).for_each(|part| Part::finish(part, horizon));)+
            }

            pub(crate) fn balance(&self, ending: &Ending) -> Result<(), String> {
                $(each!($how &self.$part).enumerate().try_for_each(|(at, part)| Part::balance(part, at, ending))?;)+
                Ok(())
            }

            pub(crate) fn measures(&self, ending: &Ending, sheet: &mut Sheet) {
                $(each!($how &self.$part).enumerate().for_each(|(at, part)| Part::measures(part, at, ending, sheet));)+
            }
        }
    };
}

parts! {
    all retrials: Option<Retrials> = Retrials::of,
    one queues: Queues = |blueprint, _| Queues::new(blueprint),
    one policies: Policies = Policies::new,
    all stores: Vec<Store> = Store::of,
    all tiers: Vec<Tiers> = |blueprint, draws| {
        let isolates = blueprint.model.platform.isolates;
        blueprint.model.tiers.iter().map(|spec| Tiers::new(spec, isolates, draws)).collect()
    },
    all d1: Vec<D1> = |blueprint, draws| blueprint.model.d1.iter().map(|spec| D1::new(spec, draws)).collect(),
    all limiters: Vec<Limiter> = |blueprint, _| Limiter::of(blueprint),
    one invocations: Invocations = Invocations::new,
    all requests: Option<Requests> = |blueprint, _| Requests::of(&blueprint.model),
    all isolates: Option<Isolates> = Isolates::of,
    all diagnostics: Option<Diagnostics> = Diagnostics::of,
    one retention: Retention = |blueprint, _| Retention::new(blueprint),
    all index: Option<Index> = |blueprint, _| blueprint.index(),
    all jobs: Vec<JobState> = |blueprint, draws| {
        blueprint.jobs.iter().map(|spec| JobState::new(blueprint, spec, draws)).collect()
    },
    all logfiles: Vec<LogFile> = |blueprint, _| blueprint.model.logfiles.iter().map(|f| LogFile::new(f, blueprint)).collect(),
}
