//! `[hedge.PROVIDER]`: attempts that race a late one.

use crate::model::language::*;
use crate::policy::Hedge;
use crate::units::Span;

pub(in crate::model) static HEDGE: Section = Section {
    title: "[hedge.PROVIDER]",
    changes: Some(Program),
    fields: &[
        required("after", Length, "How long an attempt is waited for before another is sent beside it. The first success counts, and the others are given up: a provider that does not outlive its client stops then, any other goes on for nobody.").decision(),
        default("max", Whole(1, 8), "1", "How many are sent beside it, each so long after the one before.").decision(),
    ],
    ..PLAIN
};

/// `[hedge.PROVIDER]`
pub(in crate::model) fn read(cursor: &Cursor<'_>) -> Hedge {
    Hedge { after: cursor.span("after").unwrap_or(Span::MAX), max: cursor.count("max").unwrap_or(1) }
}
