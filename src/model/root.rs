//! The keys of a whole model: the root of the declaration of the language.

use crate::model::language::*;
use crate::model::section::breaker::BREAKER;
use crate::model::section::change::CHANGE;
use crate::model::section::cost::COST;
use crate::model::section::d1::D1;
use crate::model::section::diagnostics::DIAGNOSTICS;
use crate::model::section::hedge::HEDGE;
use crate::model::section::isolates::ISOLATES;
use crate::model::section::limiter::LIMITER;
use crate::model::section::logfile::LOGFILE;
use crate::model::section::logging::LOGGING;
use crate::model::section::objectives::OBJECTIVE;
use crate::model::section::observed::OBSERVED;
use crate::model::section::platform::PLATFORM;
use crate::model::section::provider::PROVIDER;
use crate::model::section::queue::QUEUE;
use crate::model::section::reader::READER;
use crate::model::section::reads::READS;
use crate::model::section::retry::RETRY;
use crate::model::section::run::RUN;
use crate::model::section::store::STORE;
use crate::model::section::tiers::TIERS;
use crate::model::section::traffic::TRAFFIC;
use crate::model::section::workflow::WORKFLOW;

/// The whole model.
pub(in crate::model) static MODEL: Section = Section {
    title: "the model",
    fields: &[
        optional("name", Text, "the file's name", "What the model is called in reports.").changes(Fixed(RUN_ITSELF)),
        default("description", Text, "", "What question it answers, in a line.").changes(Fixed(RUN_ITSELF)),
        optional("extends", Text, "no base", "Another model file, relative to this one, that this one changes.")
            .note("A base may extend another, 16 at most. Layers, above, says what a model takes from its base.")
            .changes(Fixed(RUN_ITSELF)),
        optional("run", Table(&RUN), "all defaults", "Length, seed and limits of a run."),
        optional("platform", Table(&PLATFORM), "nothing is limited", "Limits and prices of the platform."),
        required("traffic", Named(&Table(&TRAFFIC)), "The kinds of user, and when they come."),
        required("workflow", Named(&Table(&WORKFLOW)), "What a plan does."),
        optional("provider", Named(&Table(&PROVIDER)), "no step asks one", "The AI providers."),
        optional("retry", Named(&Table(&RETRY)), "no retries", "Retries, by the provider's or database's name."),
        optional("breaker", Named(&Table(&BREAKER)), "none", "Circuit breakers, by the provider's name."),
        optional("hedge", Named(&Table(&HEDGE)), "none", "Attempts that race a late one, by the provider's name."),
        optional("queue", Named(&Table(&QUEUE)), "no queues", "The in-memory queues."),
        optional("store", Named(&Table(&STORE)), "the preset's", "Key-value stores and caches."),
        optional("tiers", Named(&Table(&TIERS)), "none", "Caches in front of a computation or a provider."),
        optional("d1", Named(&Table(&D1)), "none", "Databases that do one operation at a time."),
        optional("limiter", Named(&Table(&LIMITER)), "none", "Rate limiters that count in a store."),
        optional("reads", Named(&Table(&READS)), "none", "Reads that are not logs: allow and deny lists, prompts."),
        optional("logging", Table(&LOGGING), "nothing is logged", "How calls are logged."),
        optional("cost", Table(&COST), "no comparison", "What another plan of the platform would cost and save."),
        optional(
            "reader",
            Named(&Table(&READER)),
            "only who is where it was written",
            "Who reads the logs, and from where.",
        ),
        optional("logfile", Named(&Table(&LOGFILE)), "none", "Log files that are rotated."),
        optional(
            "isolates",
            Table(&ISOLATES),
            "as many as `platform.isolates`, all the time",
            "Isolates that come and go.",
        ),
        optional("diagnostics", Table(&DIAGNOSTICS), "no page", "A page that shows the counters of a queue."),
        optional("objectives", Metrics(&Table(&OBJECTIVE)), "none", "Bounds that metrics are held against."),
        optional("observed", Metrics(&Table(&OBSERVED)), "none", "What was measured of the real system."),
        optional(
            "change",
            List(&Table(&CHANGE), None),
            "nothing changes",
            "`[[change]]`: values that change while the model runs.",
        ),
    ],
    ..PLAIN
};

/// Whether a word names a section of a model, or another of its keys.
pub(super) fn is_section(word: &str) -> bool {
    MODEL.fields.iter().any(|field| field.name == word)
}

/// The kind of the whole model.
pub(in crate::model) const ROOT: Kind = Table(&MODEL);
