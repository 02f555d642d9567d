//! Users who come back after a refusal.

use crate::model::OnLoss;
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{Ledger, check};
use crate::world::measures::sheet::{Sheet, ratio};
use crate::world::part::{Ending, Part};

/// Users on their way back, and what became of those who were refused.
#[derive(Debug)]
pub(crate) struct Retrials {
    /// By class; none where nobody comes back.
    pub(crate) draws: Vec<Option<Scatter>>,
    /// By place of a plan: the number of the plan that is there, and which try of its user it is.
    pub(crate) tries: Vec<(u64, u32)>,
    /// Those on their way: class and the number of their next try.
    pub(crate) under_way: Vec<(u16, u32)>,
    pub(crate) free: Vec<u32>,
    pub(crate) tallies: Vec<RetrialTally>,
}

/// The counts of one class; `[1]` of recorded plans.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RetrialTally {
    /// Refused plans whose users will try again.
    pub(crate) will_return: [u64; 2],
    /// Plans that are another try.
    pub(crate) returned: [u64; 2],
    /// Refused plans whose users do not try again.
    pub(crate) gave_up: [u64; 2],
}

impl Retrials {
    /// None where the model has no users who come back.
    pub(crate) fn of(blueprint: &Blueprint, draws: &Draws) -> Option<Retrials> {
        let classes = &blueprint.model.classes;
        let isolates = blueprint.model.isolates.as_ref();
        let retries = isolates.is_some_and(|isolates| isolates.on_loss == OnLoss::ClientRetries);
        if !retries && classes.iter().all(|class| class.comeback.is_none()) {
            return None;
        }
        let of_class =
            |class: &crate::model::Class| class.comeback.as_ref().map(|_| draws.scatter(&class.name, Purpose::Retrial));
        Some(Retrials {
            draws: classes.iter().map(of_class).collect(),
            tries: Vec::new(),
            under_way: Vec::new(),
            free: Vec::new(),
            tallies: vec![RetrialTally::default(); classes.len()],
        })
    }
}

impl Part for Retrials {
    /// Everybody who meant to come back has, or is on the way.
    fn balance(&self, _: usize, _: &Ending) -> Result<(), String> {
        let sum =
            |of: fn(&RetrialTally) -> [u64; 2]| -> i128 { self.tallies.iter().flat_map(of).map(i128::from).sum() };
        let open = sum(|tally| tally.will_return) - sum(|tally| tally.returned);
        check("users who come back", open, (self.under_way.len() - self.free.len()) as u64)
    }

    fn measures(&self, _: usize, ending: &Ending, sheet: &mut Sheet) {
        of_classes(sheet, "", &self.tallies, ending.ledgers);
        let classes = ending.model().classes.iter().enumerate();
        for (at, class) in classes.filter(|(_, class)| ending.ledgers.len() > 1 && class.comeback.is_some()) {
            let prefix = format!("class.{}.", class.name);
            of_classes(sheet, &prefix, &self.tallies[at..=at], &ending.ledgers[at..=at]);
        }
    }
}

/// Of all classes, or of one.
fn of_classes(sheet: &mut Sheet, prefix: &str, tallies: &[RetrialTally], ledgers: &[Ledger]) {
    let offered: u64 = ledgers.iter().map(|ledger| ledger.plans.begun[1]).sum();
    let returned: u64 = tallies.iter().map(|tally| tally.returned[1]).sum();
    sheet.count(&format!("{prefix}plans.returned"), "plans", returned);
    sheet.count(&format!("{prefix}plans.gave_up"), "plans", tallies.iter().map(|tally| tally.gave_up[1]).sum());
    let users = offered.saturating_sub(returned) as f64;
    sheet.put(&format!("{prefix}plans.tries_per_user"), "plans", ratio(offered as f64, users));
}
