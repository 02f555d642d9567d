//! `[diagnostics]`: a page that shows the counters of a queue.

use crate::model::language::*;
use crate::model::section::isolates::times;
use crate::model::section::queue::Queue;
use crate::units::{Id, Span};

pub(in crate::model) static DIAGNOSTICS: Section = Section {
    title: "[diagnostics]",
    about: "A visit comes after everything else at its instant, and lands on one isolate, each equally likely. The page \
        shows `diagnostics.active` and `.queued` (`.mean`, `.max`), `.dropped` (the most that a visit saw), \
        `.wait.mean` (of the averages shown: over admitted calls since the isolate began, zero waits included, \
        never those still waiting) and `.last_drop_fraction`; `diagnostics.true.…` is the same over all isolates at \
        the same instants. `.zero_fraction` of the visits see 0 active, queued and dropped; before \
        `.overloaded_fraction` of them some user got an overload answer since the visit before; `.blind_fraction` \
        is both.",
    changes: Some(Shared(LOOKS)),
    fields: &[
        optional("every", Length, "`at` is given", "How often somebody looks at the page."),
        optional("at", List(&Duration, None), "`every` is given", "When somebody does, after the start of the run.")
            .example(r#"["9h", "33h"]"#)
            .changes(Fixed(CALENDAR)),
        optional(
            "queue",
            Text,
            "the only one",
            "The queue whose counters it shows, of the isolate the visit lands on.",
        )
        .changes(Fixed(PARTS)),
    ],
};

/// `[diagnostics]`: a page that shows the counters of a queue in the isolate that a visit lands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// `queue`: whose counters it shows.
    pub queue: Id<Queue>,
    /// `every`: the time between visits; none: those of `at`.
    pub every: Option<Span>,
    /// `at`: the times of visits after the start of the run, in order; only without `every`.
    pub at: Vec<Span>,
}

/// Reads `[diagnostics]`.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, names: &Names) -> Option<Diagnostics> {
    let (every, at) = times(input, cursor);
    if names.queues.all().is_empty() {
        let complaint = Complaint::new("the page needs a queue").cure("add [queue.NAME]");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    Some(Diagnostics { queue: names.queues.resolve_or_only(input, cursor, "queue")?, every, at })
}

/// What may change while a model runs.
pub(in crate::model) fn keep(page: &mut Diagnostics, of: &Diagnostics) {
    keep_some(&mut page.every, &of.every);
}
