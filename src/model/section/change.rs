//! `[[change]]`: values that change while the model runs, as they are declared.

use crate::model::language::*;
use crate::units::Span;

pub(in crate::model) static CHANGE: Section = Section {
    title: "[[change]]",
    about: "```toml\n\
        [[change]]\n\
        at = \"3d\"                                  # when it is made, after the start of the run\n\
        set = { \"queue.ai.max_concurrency\" = 3 }   # paths as `--set` takes them; several at once are one change\n\
        source = \"kv\"                              # default, environment, kv: for the report\n\
        takes = \"90s\"                              # until it reaches the program\n\
        ```\n\
        \n\
        - A change is in force from `at` + `takes` on, before everything else at that instant; one in force at `0s` \
        is the model as it starts. One that would not be in force before the run ends is an error.\n\
        - Values may change; parts, their order and their kinds stay. The column *in mid-run* says of each key \
        whether its values may change: *in each isolate* for what the program reads, *for all at once* for what \
        belongs to users, providers, stores or the platform. A hazard or chance that is 0 at the start stays 0. \
        Whatever cannot change is an error.\n\
        - What is counted stays counted: a bucket keeps its tokens and a budget its retries as far as they fit, a \
        breaker its failures; one that is open stays open until it was to close. A cache with less room evicts at \
        once; a new `ttl`, and how often entries of a store are evicted or lost at a restart, are those of what is \
        written from then on. Of fewer users those leave who would think or ask next.\n\
        - An attempt under way ends as it would have; one that starts later takes the same draw from the new law. \
        Fewer slots take none away: calls that have one finish. A smaller `max_queue` refuses new calls only. \
        Patience is that of the moment of entering.\n\
        - A changed quota keeps what its window has used; shares of it are of the limit at the end of the run.\n\
        - **Prices** may change, and so may included amounts, `usage` and `billed_on`. An attempt costs the price \
        of the instant at which it ends (what becomes of it later is written off at the same), an operation that of \
        the instant at which it is accepted, the base price its share of time. The bill is that of one month: the \
        recorded time made 30 days long, with its stages in their order. What a month includes is used up in the \
        order of time: a stage pays for what lies beyond the amount that it includes itself, all that the month has \
        used before counted, and what was billed stays billed. `[cost]` cannot change: `explain` compares the two \
        plans of the platform as they are at the start.\n\
        - **Arrivals.** From its instant on a change gives the arrivals of a class another law: rates, weights and \
        zone of a profile, size of batches, states of bursts, users, spikes. The process goes on: expected \
        arrivals, not their draws, continue from the instant, so plan number n has the same draw before and after, \
        and a change to the same values changes nothing. Poisson arrivals and profiles have no memory. Of evenly \
        spaced arrivals the share of the gap that is over stays over. Of bursts the state carries over, and what is \
        left of its stay, as many times its mean. A batch has the size that holds when it comes; spikes are those \
        that hold, at their times after the start of the run. Another process, another trace or another number of \
        states is an error.\n\
        - A value is read at the moment it is needed, in the isolate where the call is: the timeout and the hedge \
        as an attempt starts, the deadline as the first does, retries and backoff as one fails, patience on \
        entering the queue, a row of the log as its operation is asked for, and its size and `ttl` as it is done. \
        So a call in flight may begin under the old value and go on under the new.\n\
        - An isolate reads its configuration as a whole: a later change that reaches it brings those still on their \
        way, and an isolate that starts has what holds then. Of changes at one instant those come first that all \
        have at once.\n\
        - The report lists each changed setting with its values, their source, and when each was in force. \
        `explain` is about the values at the start.",
    changes: Some(Fixed(RUN_ITSELF)),
    fields: &[
        required("at", Duration, "When it is made, after the start of the run."),
        required("set", Paths, "The new values by path, as `--set` takes it.").example(r#"{ "queue.ai.max_concurrency" = 3, "retry.ai.max" = 1 }"#),
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
        ).note("Each isolate sees the change a uniform time up to this later, and as long as `every` again."),
        default(
            "every",
            Duration,
            "0s",
            "How often each isolate reads it, by a clock of its own. With this or `staleness`: only what a program reads.",
        ),
        default("effective", Bool, "true", "Whether the program reads it at all; if not, it is only reported.").note("What is not effective is listed as never in force."),
    ],
};

/// How long a new value takes to reach an isolate: the sum of two times, each uniform from 0 to this. 0: it reaches all
/// at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `staleness`: how long an isolate may still see the old value.
    pub staleness: Span,
    /// `every`: the time between two looks of an isolate at its configuration.
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
    /// Where it comes from: `default`, `model`, `environment` or `kv`.
    pub source: String,
    /// When it was declared, after the start of the run; 0 for the first value.
    pub declared: Span,
    /// From when on it was in force; none where the program never reads it.
    pub from: Option<Span>,
    /// From when on it was in force in every isolate; none where it never was, or in all at once.
    pub everywhere: Option<Span>,
    /// Until when; none where nothing replaced it.
    pub until: Option<Span>,
}
