//! Retrials: after an overload answer some users come back later, as a new plan.

use crate::units::Instant;
use crate::world::event::{Event, Rank, order};
use crate::world::state::World;

/// Words between two plans.
const WORDS: u64 = 2;

impl World<'_> {
    /// The user of a plan gets the overload answer; answers whether they will try again.
    #[cold]
    pub(crate) fn turned_away(&mut self, place: u32) -> bool {
        let plan = &self.plans[place as usize];
        let class = plan.class as usize;
        let Some(retrials) = &mut self.parts.retrials else { return false };
        let (Some(spec), Some(draws)) = (&self.blueprint.model.classes[class].comeback, &mut retrials.draws[class])
        else {
            return false;
        };
        let tries = tries_of(&retrials.tries, place, plan.serial);
        let mut words = draws.at(0, plan.number * WORDS);
        let tally = &mut retrials.tallies[class];
        if tries >= spec.max || words.next().unit() >= spec.chance.value() {
            tally.gave_up[usize::from(plan.recorded)] += 1;
            return false;
        }
        let law = self.blueprint.retrial_laws[class].expect("a class with come-backs has their law");
        let at = self.now + self.blueprint.laws[law as usize].sample(words.next());
        self.send_back(place, tries + 1, at);
        true
    }

    /// The user of a plan that was lost tries again at once.
    pub(crate) fn try_again(&mut self, place: u32) {
        let serial = self.plans[place as usize].serial;
        let tries = self.parts.retrials.as_ref().map_or(0, |retrials| tries_of(&retrials.tries, place, serial));
        self.send_back(place, tries, self.now);
    }

    fn send_back(&mut self, place: u32, tries: u32, at: Instant) {
        let plan = &self.plans[place as usize];
        let Some(retrials) = &mut self.parts.retrials else { return };
        retrials.tallies[plan.class as usize].will_return[usize::from(plan.recorded)] += 1;
        let slot = retrials.free.pop().unwrap_or(retrials.under_way.len() as u32);
        retrials.under_way.resize((slot as usize + 1).max(retrials.under_way.len()), (0, 0));
        retrials.under_way[slot as usize] = (plan.class, tries);
        self.calendar.push(at, order(Rank::Arrival, 1 << 20 | u64::from(slot) << 8, 0), Event::Return(slot));
    }

    /// A user is back: a new plan of the same class.
    pub(crate) fn come_back(&mut self, slot: u32) {
        let Some(retrials) = &mut self.parts.retrials else { return };
        let (class, tries) = retrials.under_way[slot as usize];
        retrials.free.push(slot);
        let place = self.admit_plan::<false>(class as usize);
        let plan = &self.plans[place as usize];
        if let Some(retrials) = &mut self.parts.retrials {
            retrials.tallies[class as usize].returned[usize::from(plan.recorded)] += 1;
            retrials.tries.resize((place as usize + 1).max(retrials.tries.len()), (u64::MAX, 0));
            retrials.tries[place as usize] = (plan.serial, tries);
        }
        if self.blueprint.users_leave {
            self.expect_departure(place);
        }
        self.begin_plan::<false>(place);
    }
}

/// Which try of its user a plan is, from 0.
fn tries_of(known: &[(u64, u32)], place: u32, serial: u64) -> u32 {
    known.get(place as usize).filter(|known| known.0 == serial).map_or(0, |known| known.1)
}
