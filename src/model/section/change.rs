//! `[[change]]`: values that change while the model runs, as they are declared.

use crate::model::language::*;
use crate::units::Span;

pub(in crate::model) static CHANGE: Section = Section {
    title: "[[change]]",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        required("at", Duration, "When it is made, after the start of the run."),
        required("set", Paths, "The new values by path, as `--set` takes it: `{ \"queue.ai.max_concurrency\" = 3 }`."),
        default(
            "source",
            OneOf(&["default", "environment", "kv"]),
            "kv",
            "Where the value comes from; for the report.",
        ),
        default("takes", Duration, "0s", "How long it takes to reach the program at all; a new deploy, say."),
        default(
            "staleness",
            Duration,
            "0s",
            "How long after that an isolate may still see the old value, each for a time of its own; 60 s or more in KV.",
        ),
        default(
            "every",
            Duration,
            "0s",
            "How often each isolate reads it, by a clock of its own. With this or `staleness`: only what a program reads.",
        ),
        default("effective", Bool, "true", "Whether the program reads it at all; if not, it is only reported."),
    ],
};

/// How long a new value takes to reach an isolate: two times, each uniform from nothing to this. 0: all have it at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `staleness`: how long it may still see the old one.
    pub staleness: Span,
    /// `every`: how often it looks.
    pub every: Span,
}

impl Reach {
    /// Whether all have it at once.
    pub fn is_at_once(self) -> bool {
        self == Reach::default()
    }

    /// The longest that it takes.
    pub fn longest(self) -> Span {
        self.staleness.saturating_add(self.every)
    }
}

/// One value that a changing setting had, or was meant to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The path of the key, as `--set` takes it.
    pub path: String,
    /// The value as it is written.
    pub value: String,
    /// Where it came from: `default`, `model`, `environment`, `kv`.
    pub source: String,
    /// When it was declared.
    pub declared: Span,
    /// From when on it was in force; none where the program never reads it.
    pub from: Option<Span>,
    /// From when on it was in force in every isolate; none where it never was, or in all at once.
    pub everywhere: Option<Span>,
    /// Until when; none where nothing replaced it.
    pub until: Option<Span>,
}
