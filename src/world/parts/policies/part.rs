//! Policies as a part of the world: recorded, changed, ended, balanced and measured.

use super::server::Server;
use super::sharing::Sharing;
use super::{Policies, measures};
use crate::model::Model;
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{check, of_provider};
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Effect, Ending, Part};

impl Part for Policies {
    fn drawn(&self) -> u64 {
        self.servers.iter().flatten().map(Server::outages).sum()
    }

    fn start_recording(&mut self, now: Instant) {
        self.servers.iter_mut().flatten().for_each(|server| server.start_recording(now));
    }

    /// The rules of the providers' own side change.
    fn change(&mut self, _: usize, blueprint: &Blueprint, now: Instant, effects: &mut Vec<Effect>) {
        for (at, spec) in blueprint.model.providers.iter().enumerate() {
            let Some(spec) = &spec.server else { continue };
            self.servers[at].iter_mut().for_each(|server| server.change(spec, now));
            if let (Some(capacity), Some(share)) = (spec.capacity, &mut self.shares[at])
                && share.change(capacity, now)
            {
                effects.push(Effect::SpeedChanged(at));
            }
            if self.races.change_slots(at, spec.max_concurrency) {
                effects.push(Effect::SlotsAdded(at));
            }
        }
    }

    /// What its breakers and budgets have counted stays.
    fn change_program(&mut self, _: usize, isolate: usize, model: &Model, now: Instant) {
        for (number, spec) in model.providers.iter().enumerate() {
            let place = isolate * self.answerers + number;
            if let (Some(Some(breaker)), Some(rules)) = (self.breakers.get_mut(place), spec.breaker) {
                breaker.change(rules);
            }
            if let (Some(Some(budget)), Some(rules)) = (self.retry_budgets.get_mut(place), spec.budget) {
                budget.change(rules, now);
            }
        }
    }

    /// What still goes on for nobody is counted up to here.
    fn finish(&mut self, horizon: Instant) {
        self.servers.iter_mut().flatten().for_each(|server| server.finish(horizon));
        let of_shares = self.shares.iter().enumerate().flat_map(|(at, share)| {
            share.iter().flat_map(Sharing::abandoned).map(move |job| (at, job.left_at, job.recorded))
        });
        let left: Vec<_> = of_shares.chain(self.races.abandoned()).collect();
        for (provider, left_at, recorded) in left {
            self.count_abandoned(provider, left_at, horizon, recorded);
        }
    }

    fn balance(&self, _: usize, ending: &Ending) -> Result<(), String> {
        for (number, server) in self.servers.iter().enumerate() {
            let Some(server) = server else { continue };
            server.refused.check("attempts at a provider", of_provider(&ending.first.model, number))?;
            let turned_away = self.tallies[number].turned_away;
            check("refusals of a provider", server.refused.recorded() - i128::from(turned_away), 0)?;
        }
        if self.is_sound() {
            return Ok(());
        }
        Err("more attempts were billed, refused or counted at a provider than were sent to it".into())
    }

    fn measures(&self, _: usize, ending: &Ending, sheet: &mut Sheet) {
        measures::of_providers(self, ending, sheet);
    }
}
