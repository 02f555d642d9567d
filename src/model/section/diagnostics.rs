//! `[diagnostics]`: a page that shows the counters of a queue.

use crate::model::language::*;
use crate::model::section::isolates::times;
use crate::model::section::queue::Queue;
use crate::units::{Id, Span};

pub(in crate::model) static DIAGNOSTICS: Section = Section {
    title: "[diagnostics]",
    changes: Some(Shared(LOOKS)),
    fields: &[
        optional("every", Length, "`at` is given", "How often somebody looks at the page."),
        optional("at", List(&Duration, None), "`every` is given", "When somebody does, after the start of the run.")
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
    /// The queue.
    pub queue: Id<Queue>,
    /// How often somebody looks.
    pub every: Option<Span>,
    /// `at`: when somebody looks, in order; only without `every`.
    pub at: Vec<Span>,
}

/// Reads `[diagnostics]`.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, names: &Names) -> Option<Diagnostics> {
    let (every, at) = times(input, cursor, "when does somebody look at the page?");
    if names.queues.all().is_empty() {
        let complaint = Complaint::new("a page without a queue").cure("add [queue.NAME]");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    Some(Diagnostics { queue: names.queues.resolve_or_only(input, cursor, "queue")?, every, at })
}

/// What may change while a model runs.
pub(in crate::model) fn keep(page: &mut Diagnostics, of: &Diagnostics) {
    keep_some(&mut page.every, &of.every);
}
