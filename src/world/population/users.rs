//! The users of closed classes: they think, and then ask.

use crate::model::{Arrivals, Model};
use crate::world::event::{Event, Rank, order};
use crate::world::state::World;

impl World<'_> {
    /// A user of a closed class thinks, and then asks; lane 0 is the thought after a plan, lane 1 the first of a user.
    pub(crate) fn think(&mut self, class: usize, lane: u64, position: u64) {
        let Some(law) = self.blueprint.think_law(class) else { return };
        if self.users[class].leaves() {
            return;
        }
        let at = self.now + law.sample(self.draws[class].think.at(lane, position).next());
        self.calendar.push(at, order(Rank::Arrival, class as u64, 0), Event::Arrival(class as u16));
    }

    /// More users of a closed class begin to think; of fewer, those leave who would think or ask next.
    pub(crate) fn change_users(&mut self, before: &Model) {
        for class in 0..before.classes.len() {
            let users = |model: &Model| match model.classes[class].arrivals {
                Arrivals::Closed { users, .. } => i64::from(users),
                _ => 0,
            };
            let more = users(&self.blueprint.model) - users(before);
            let stay = more.min(self.users[class].too_many).max(0);
            let users = &mut self.users[class];
            users.too_many += (-more).max(0) - stay;
            let first = users.ever;
            users.ever += (more - stay).max(0) as u64;
            for user in first..users.ever {
                self.think(class, 1, user);
            }
        }
    }
}
