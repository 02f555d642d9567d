//! Users who come back: after an overload answer some of them try again, a while later, as a new plan.

use super::event::{Event, Rank, order};
use super::state::World;
use crate::model::OnLoss;
use crate::streams::{Purpose, Scatter};
use crate::units::Instant;

/// Users on their way back, and what became of those who were turned away.
#[derive(Debug)]
pub(super) struct Comebacks {
    /// By class; none where nobody comes back.
    draws: Vec<Option<Scatter>>,
    /// By place of a plan: the number of the plan that is there, and which try of its user it is.
    tries: Vec<(u64, u32)>,
    /// Those on their way: class and the number of their next try.
    under_way: Vec<(u16, u32)>,
    free: Vec<u32>,
    pub(super) tallies: Vec<ComebackTally>,
}

/// The counts of one class; `[1]` of recorded plans.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ComebackTally {
    /// Plans turned away whose users will try again.
    will_return: [u64; 2],
    /// Plans that are another try.
    pub(super) returned: [u64; 2],
    /// Plans turned away whose users do not try again.
    pub(super) gave_up: [u64; 2],
}

/// Words between two plans.
const WORDS: u64 = 2;

impl World<'_> {
    /// Where the model has users who come back.
    pub(super) fn expect_comebacks(&mut self) {
        let classes = &self.blueprint.model.classes;
        let isolates = self.blueprint.model.isolates.as_ref();
        let retries = isolates.is_some_and(|isolates| isolates.on_loss == OnLoss::ClientRetries);
        if retries || classes.iter().any(|class| class.comeback.is_some()) {
            let draws = classes
                .iter()
                .map(|class| class.comeback.as_ref().map(|_| self.addresses.scatter(&class.name, Purpose::Comeback)));
            self.comebacks = Some(Box::new(Comebacks {
                draws: draws.collect(),
                tries: Vec::new(),
                under_way: Vec::new(),
                free: Vec::new(),
                tallies: vec![ComebackTally::default(); classes.len()],
            }));
        }
    }

    /// The user of a plan gets the overload answer; answers whether they will try again.
    #[cold]
    pub(super) fn turned_away(&mut self, place: u32) -> bool {
        let plan = &self.plans[place as usize];
        let class = plan.class as usize;
        let Some(comebacks) = &mut self.comebacks else { return false };
        let (Some(spec), Some(draws)) = (&self.blueprint.model.classes[class].comeback, &mut comebacks.draws[class])
        else {
            return false;
        };
        let tries = tries_of(&comebacks.tries, place, plan.serial);
        let mut words = draws.at(0, plan.number * WORDS);
        let tally = &mut comebacks.tallies[class];
        if tries >= spec.max || words.next().unit() >= spec.chance.value() {
            tally.gave_up[usize::from(plan.recorded)] += 1;
            return false;
        }
        let law = self.blueprint.comeback_laws[class].expect("a class with come-backs has their law");
        let at = self.now + self.blueprint.laws[law as usize].sample(words.next());
        self.send_back(place, tries + 1, at);
        true
    }

    /// The user of a plan that was lost tries again at once.
    pub(super) fn try_again(&mut self, place: u32) {
        let serial = self.plans[place as usize].serial;
        let tries = self.comebacks.as_ref().map_or(0, |comebacks| tries_of(&comebacks.tries, place, serial));
        self.send_back(place, tries, self.now);
    }

    fn send_back(&mut self, place: u32, tries: u32, at: Instant) {
        let plan = &self.plans[place as usize];
        let Some(comebacks) = &mut self.comebacks else { return };
        comebacks.tallies[plan.class as usize].will_return[usize::from(plan.recorded)] += 1;
        let slot = comebacks.free.pop().unwrap_or(comebacks.under_way.len() as u32);
        comebacks.under_way.resize((slot as usize + 1).max(comebacks.under_way.len()), (0, 0));
        comebacks.under_way[slot as usize] = (plan.class, tries);
        self.calendar.push(at, order(Rank::Arrival, 1 << 20 | u64::from(slot) << 8, 0), Event::Return(slot));
    }

    /// A user is back: a new plan of the same class.
    pub(super) fn come_back(&mut self, slot: u32) {
        let Some(comebacks) = &mut self.comebacks else { return };
        let (class, tries) = comebacks.under_way[slot as usize];
        comebacks.free.push(slot);
        let place = self.admit_plan::<false>(class as usize);
        let plan = &self.plans[place as usize];
        if let Some(comebacks) = &mut self.comebacks {
            comebacks.tallies[class as usize].returned[usize::from(plan.recorded)] += 1;
            comebacks.tries.resize((place as usize + 1).max(comebacks.tries.len()), (u64::MAX, 0));
            comebacks.tries[place as usize] = (plan.serial, tries);
        }
        if self.blueprint.users_leave {
            self.expect_leaving(place);
        }
        self.begin_plan::<false>(place);
        self.drain::<false>();
    }

    /// Everybody who meant to come back has, or is on the way.
    pub(super) fn balance_comebacks(&self) -> Result<(), String> {
        let Some(comebacks) = &self.comebacks else { return Ok(()) };
        let sum = |of: fn(&ComebackTally) -> [u64; 2]| -> i128 {
            comebacks.tallies.iter().flat_map(of).map(i128::from).sum()
        };
        let open = sum(|tally| tally.will_return) - sum(|tally| tally.returned);
        let under_way = comebacks.under_way.len() - comebacks.free.len();
        super::ledger::check("users who come back", open, under_way as u64)
    }
}

/// Which try of its user a plan is, from 0.
fn tries_of(known: &[(u64, u32)], place: u32, serial: u64) -> u32 {
    known.get(place as usize).filter(|known| known.0 == serial).map_or(0, |known| known.1)
}
