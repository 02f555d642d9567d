//! The parts of a world, and what is done to each of them in turn. Whoever adds a part adds it here.

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

macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident: $kind:ty = $new:expr,)+) => {
        /// Every part of a world.
        #[derive(Debug)]
        pub(crate) struct Parts {
            $($(#[$doc])* pub(crate) $part: $kind,)+
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
                [$(self.$part.drawn()),+].into_iter().sum()
            }

            pub(crate) fn start_recording(&mut self, now: Instant) {
                $(self.$part.start_recording(now);)+
            }

            pub(crate) fn change(&mut self, blueprint: &Blueprint, now: Instant) -> Vec<Effect> {
                let mut effects = Vec::new();
                $(self.$part.change(0, blueprint, now, &mut effects);)+
                effects
            }

            pub(crate) fn change_program(&mut self, isolate: usize, model: &Model, now: Instant) {
                $(self.$part.change_program(0, isolate, model, now);)+
            }

            pub(crate) fn finish(&mut self, horizon: Instant) {
                $(self.$part.finish(horizon);)+
            }

            pub(crate) fn balance(&self, ending: &Ending) -> Result<(), String> {
                $(self.$part.balance(0, ending)?;)+
                Ok(())
            }

            pub(crate) fn measures(&self, ending: &Ending, sheet: &mut Sheet) {
                $(self.$part.measures(0, ending, sheet);)+
            }
        }
    };
}

parts! {
    retrials: Option<Retrials> = Retrials::of,
    queues: Queues = |blueprint, _| Queues::new(blueprint),
    policies: Policies = Policies::new,
    stores: Vec<Store> = Store::of,
    tiers: Vec<Tiers> = |blueprint, draws| {
        let isolates = blueprint.model.platform.isolates;
        blueprint.model.tiers.iter().map(|spec| Tiers::new(spec, isolates, draws)).collect()
    },
    d1: Vec<D1> = |blueprint, _| blueprint.model.d1.iter().map(D1::new).collect(),
    limiters: Vec<Limiter> = |blueprint, _| Limiter::of(blueprint),
    invocations: Invocations = Invocations::new,
    /// The account's quota of requests, if it has one.
    requests: Option<Requests> = |blueprint, _| Requests::of(&blueprint.model),
    isolates: Option<Isolates> = |_, _| None,
    diagnostics: Option<Diagnostics> = |_, _| None,
    retention: Retention = |blueprint, _| Retention::new(blueprint),
    index: Option<Index> = |blueprint, _| blueprint.index(),
    jobs: Vec<JobState> = |blueprint, draws| {
        blueprint.jobs.iter().map(|spec| JobState::new(blueprint, spec, draws)).collect()
    },
    logfiles: Vec<LogFile> = |blueprint, _| blueprint.model.logfiles.iter().map(|f| LogFile::new(f, blueprint)).collect(),
}
