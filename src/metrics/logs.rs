//! Log records, who reads them, and the page that shows the queue.

use super::metric::Metric;

const FILE: &str = "Where the model has [logfile.F].";
const SPIKES: &str = "Where the model has [logfile.F] and spikes.";
const READER: &str = "Where the model has [reader.R].";
const PAGE: &str = "Where the model has [diagnostics].";
const INDEX: &str = "Where records are listed in an index.";

pub(super) const METRICS: &[Metric] = &[
    Metric::amount(
        "logs.KIND.offered",
        "records",
        "Log events: the request and the response of each call. What failed, or answers an error, is an error; \
         the rest is normal.",
    ),
    Metric::amount("logs.error.written", "records", "Errors of which a record was stored, wherever.").more(),
    Metric::amount("logs.normal.written", "records", "Normal events of which a record was stored, wherever."),
    Metric::amount("logs.KIND.lost", "records", "Log events that were to leave a record, and did not.").less(),
    Metric::amount(
        "logs.KIND.lost_by.CAUSE",
        "records",
        "Log events that were to leave a record and did not, by their one cause.",
    ),
    Metric::amount(
        "logs.KIND.dropped",
        "records",
        "Lost records whose store answered as if it had kept them, or whose invocation was cut off.",
    )
    .less(),
    Metric::amount(
        "logs.KIND.unfinished",
        "records",
        "Lost records whose invocation was cut off before they were written.",
    )
    .exists("Where logs are left to waitUntil."),
    Metric::amount("logs.KIND.unlogged", "records", "Log events that the strategy does not log.").less(),
    Metric::amount("logs.KIND.alive", "records", "Records that were there at the end."),
    Metric::amount("logs.KIND.expired", "records", "Records that went at the end of their TTL."),
    Metric::amount("logs.KIND.evicted", "records", "Records that a cache evicted."),
    Metric::amount("logs.KIND.lost_at_restart", "records", "Records that went at a restart of their store.").less(),
    Metric::amount("logs.KIND.cleaned", "records", "Records that were deleted by the strategy or from the admin page.")
        .exists("Where something deletes records."),
    Metric::amount("logs.KIND.overwritten", "records", "Records that another under the same key replaced.")
        .less()
        .exists("Where records share a key."),
    Metric::share(
        "logs.KIND.retrievable.AGE",
        "The share of log events whose record is still stored at this age (Kaplan and Meier). What was never \
         stored counts as gone.",
    )
    .more(),
    Metric::share(
        "logs.KIND.reachable.AGE",
        "The share of log events whose record can also be found at this age: by the index or a list, or by a \
         search of the store.",
    )
    .more(),
    Metric::share(
        "logs.error.context.AGE",
        "Of failed calls: the share of which the request and the response can both be read at this age.",
    )
    .more(),
    Metric::share(
        "logs.error.first.retrievable.AGE",
        "Like logs.error.retrievable, of the first error of each incident only.",
    )
    .more(),
    Metric::share(
        "logs.error.first.reachable.AGE",
        "Like logs.error.reachable, of the first error of each incident only.",
    )
    .more(),
    Metric::amount(
        "logs.error.reach_back.QUANTILE",
        "h",
        "How old the oldest error record is that can be retrieved, at 1,024 instants of the run.",
    )
    .more(),
    Metric::amount(
        "logs.error.reach_back.index.QUANTILE",
        "h",
        "How old the oldest error record is that can be found, at 1,024 instants of the run.",
    )
    .more()
    .exists(INDEX),
    Metric::amount("logs.incidents", "incidents", "Series of errors, each after a gap without one."),
    Metric::amount(
        "logs.index.lost_updates",
        "entries",
        "Entries of the index that a write of another session threw away.",
    )
    .less()
    .exists(INDEX),
    Metric::amount("logs.alive.mean", "records", "Records that are there, over time, those of the warm-up included.")
        .exists("Where anything is logged."),
    Metric::amount("logs.alive.max", "records", "The most records at once.").exists("Where anything is logged."),
    Metric::amount("logs.alive.end", "records", "Records at the end.").exists("Where anything is logged."),
    // Log files
    Metric::amount("logfile.F.lines", "lines", "Lines that were written.").exists(FILE),
    Metric::amount("logfile.F.bytes", "bytes", "Bytes that were written.").exists(FILE),
    Metric::amount("logfile.F.reach_back.QUANTILE", "h", "How far back the files reach, at 1,024 instants of the run.")
        .more()
        .exists(FILE),
    Metric::amount("logfile.F.reach_back.min", "h", "The least far that the files reach back.").more().exists(FILE),
    Metric::amount(
        "logfile.F.reach_back.spike.QUANTILE",
        "h",
        "How far back the files reach, at instants during spikes.",
    )
    .more()
    .exists(SPIKES),
    Metric::amount("logfile.F.reach_back.spike.min", "h", "The least far that the files reach back.")
        .more()
        .exists(SPIKES),
    // Readers
    Metric::share(
        "reader.R.logs.KIND.retrievable.AGE",
        "What this reader sees, from its region: the share still stored at this age.",
    )
    .more()
    .exists(READER),
    Metric::share("reader.R.logs.KIND.reachable.AGE", "The share that this reader can also find at this age.")
        .more()
        .exists(READER),
    Metric::amount("reader.R.JOB", "runs", "How often this job of the admin page began.").exists(READER),
    Metric::amount("reader.R.JOB_stopped", "runs", "How often the job stopped unfinished.").exists(READER),
    Metric::amount("reader.R.JOB_stopped_by.CAUSE", "runs", "How often the job stopped unfinished, by the cause.")
        .exists(READER),
    Metric::amount("reader.R.JOB_skipped", "runs", "How often the job was due while it still ran.").exists(READER),
    Metric::amount("reader.R.deleted", "records", "Records that the cleanup deleted.").exists(READER),
    Metric::amount(
        "reader.R.overdue.end",
        "records",
        "Records that the cleanup should have deleted by the end, and has not.",
    )
    .exists(READER),
    // The diagnostics page
    Metric::amount("diagnostics.samples", "visits", "Visits of the page that shows the queue.").exists(PAGE),
    Metric::amount(
        "diagnostics.active.LEVEL",
        "calls",
        "Slots taken, as the page shows it: of the isolate that answers.",
    )
    .exists(PAGE),
    Metric::amount("diagnostics.queued.LEVEL", "calls", "Calls that wait, as the page shows it.").exists(PAGE),
    Metric::amount("diagnostics.dropped", "calls", "Calls dropped, as the page shows it at most.").exists(PAGE),
    Metric::amount("diagnostics.true.active.LEVEL", "calls", "Slots taken, in all isolates.").exists(PAGE),
    Metric::amount("diagnostics.true.queued.LEVEL", "calls", "Calls that wait, in all isolates.").exists(PAGE),
    Metric::amount("diagnostics.true.dropped", "calls", "Calls dropped, in all isolates.").exists(PAGE),
    Metric::amount("diagnostics.wait.mean", "s", "How long the page waited for its own answer.").exists(PAGE),
    Metric::share("diagnostics.last_drop_fraction", "The share of visits that show a last drop.").exists(PAGE),
    Metric::share("diagnostics.zero_fraction", "The share of visits at which the page shows 0 for everything.")
        .exists(PAGE),
    Metric::share(
        "diagnostics.overloaded_fraction",
        "The share of visits since the last of which a plan met an overload.",
    )
    .exists(PAGE),
    Metric::share(
        "diagnostics.blind_fraction",
        "The share of visits of which both are true: an overload, and a page of zeros.",
    )
    .exists(PAGE),
];
