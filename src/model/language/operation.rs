//! How the program is run while the model is: its isolates, the page that shows them, values that change, and users who
//! come back.

use super::provider::FAULTS;
use super::{LAW, U32};
use crate::model::fields::Kind::*;
use crate::model::fields::{PLAIN, Section, default, optional, required};
use crate::model::rule::Rule::*;
use crate::model::rule::{CALENDAR, KIND, LOOKS, PARTS, RUN_ITSELF};

pub(super) static ISOLATES: Section = Section {
    title: "[isolates]",
    changes: Some(Shared("what the platform does")),
    fields: &[
        default("min", Whole(1, 10_000), "1", "How many there are at least that take plans.").decision(),
        default("max", Whole(1, 10_000), "100", "How many there are at most that take plans.").decision(),
        optional("per_isolate", Whole(1, U32), "never", "Plans at once in each of them at which another one starts.")
            .decision(),
        optional("idle", Length, "never", "How long after its last plan an isolate goes.").decision(),
        optional("lifetime", Law(&LAW), "for ever", "How long an isolate lives before it is evicted."),
        optional("deploys", Table(&DEPLOYS), "none", "When all isolates are replaced."),
        default("drain_timeout", Duration, "0s", "How long an evicted or replaced isolate has to finish its plans.")
            .decision(),
        default(
            "on_loss",
            OneOf(&["lost", "client_retries"]),
            "lost",
            "What becomes of plans that it does not finish: they crash, and with `client_retries` their users try again at once.",
        ).changes(Fixed(KIND)),
    ],
};

static DEPLOYS: Section = Section {
    title: "deploys",
    fields: &[
        optional("every", Length, "`at` is given", "How often.").decision(),
        optional("at", List(&Duration, None), "`every` is given", "When, after the start of the run.")
            .changes(Fixed(CALENDAR)),
    ],
    ..PLAIN
};

pub(super) static DIAGNOSTICS: Section = Section {
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

pub(super) static CHANGE: Section = Section {
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

pub(super) static ADAPTIVE: Section = Section {
    title: "adaptive of a queue",
    fields: &[
        default("kind", OneOf(&["aimd", "gradient"]), "aimd", "What it follows: overloads, or how long attempts take.")
            .changes(Fixed(KIND))
            .decision(),
        default("min", Whole(1, 1_000_000), "1", "Slots at least; at most, and at first, `max_concurrency`.")
            .decision(),
        default(
            "increase",
            Number(0.001, 1000.0),
            "1",
            "Slots that a success in each of them adds together; with `aimd`.",
        )
        .decision(),
        default(
            "decrease",
            Fraction,
            "0.5",
            "What an overload multiplies them by, once for all that was under way; with `aimd`.",
        )
        .decision(),
        default(
            "allowance",
            Number(0.001, 1e6),
            "4",
            "Slots that are tried beyond those that do no harm; with `gradient`.",
        )
        .decision(),
        default(
            "tolerance",
            Number(1.0, 1000.0),
            "1.5",
            "How many times the long run attempts may take before it shrinks; with `gradient`.",
        )
        .decision(),
        default(
            "smoothing",
            Number(0.001, 1.0),
            "0.2",
            "How far each answer moves it towards where it should be; with `gradient`.",
        )
        .decision(),
        default("window", Whole(1, 1_000_000), "600", "So many answers are the long run; with `gradient`.").decision(),
        optional(
            "on",
            List(&OneOf(FAULTS), None),
            "timeout, rate_limited, overloaded",
            "The kinds of fault that are an overload.",
        ),
    ],
    ..PLAIN
};

pub(super) static COMEBACK: Section = Section {
    title: "retry of a class",
    fields: &[
        required("chance", Fraction, "How likely a user comes back after an overload answer, as a new plan."),
        default("after", Law(&LAW), "30s", "How long after it."),
        default("max", Whole(1, 1_000_000), "3", "How often a user comes back at most."),
    ],
    ..PLAIN
};
