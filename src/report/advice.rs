//! What a reader should know beside the numbers: each kind of advice with its data, its text made from them.

use self::causes::{counted, verb};
use super::words::about;
use crate::experiment::{Answer, Metric, OpsPerPlan, Verdict};
use crate::units::{count, number};
use serde::Serialize;

pub(super) mod causes;
mod cure;
mod find;
mod limits;
pub(super) mod objectives;
mod retries;

/// What a cause ended, a replication.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CauseCount {
    /// The cause, as in the name of its metric.
    pub cause: String,
    /// How many it ended.
    pub count: f64,
}

/// Something that the numbers suggest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Advice {
    /// Many attempts are made for each call.
    RetriesAmplify {
        /// Attempts for each call that has ended.
        per_call: f64,
        /// Attempts that have ended, those of them that were retries, and those that succeeded, a replication.
        attempts: f64,
        /// Of these, retries.
        retries: f64,
        /// And those that succeeded.
        succeeded: f64,
        /// What most of those end by that fail.
        by: Option<CauseCount>,
        /// One change to try: the command.
        command: Option<String>,
    },
    /// An objective is broken.
    ObjectiveBroken {
        /// The objective.
        bound: String,
        /// What it found.
        found: f64,
        /// The unit of that.
        unit: &'static str,
        /// What its causes are counted of: `plans`, `kv writes`, `log events of errors`.
        of: String,
        /// The causes, the most frequent first.
        by: Vec<CauseCount>,
        /// One change to try: the command.
        command: Option<String>,
    },
    /// A provider refuses attempts because of its limits.
    ProviderRefuses {
        /// The provider.
        provider: String,
        /// Attempts sent, a replication.
        sent: f64,
        /// Its limits, with the attempts that each refuses, the most first.
        by: Vec<CauseCount>,
        /// The hour of the day, UTC, in which most are refused, and the share of all that are.
        hour: Option<(u32, f64)>,
        /// One change to try: the command.
        command: Option<String>,
    },
    /// Attempts run out of time.
    TimedOut {
        /// Attempts that have ended, a replication.
        attempts: f64,
        /// The causes, the most frequent first.
        by: Vec<CauseCount>,
        /// One change to try: the command.
        command: Option<String>,
    },
    /// A job of a reader ends before it is done.
    JobStops {
        /// The reader.
        reader: String,
        /// `export` or `cleanup`.
        job: String,
        /// Runs that begin, a replication.
        begun: f64,
        /// Those that a refused op stops.
        stopped: f64,
        /// Those that are left out because the one before is still under way.
        skipped: f64,
        /// The causes of those that are stopped, the most frequent first.
        by: Vec<CauseCount>,
        /// One change to try: the command.
        command: Option<String>,
    },
    /// A quota is used up before its window ends, or keeps operations back.
    QuotaRunsOut {
        /// Whose quota of what, in words.
        what: String,
        /// The limit and its window, in words: `daily quota of 1,000`, `limit of 10 in any minute`.
        limit: String,
        /// The share of its windows in which it is used up; of one that rolls, of the days on which it keeps back.
        windows_fraction: f64,
        /// Of days and months: when it is, on average, in words.
        when: Option<String>,
        /// Of others: when for the first time, in seconds from the start.
        first: Option<f64>,
        /// Operations that it refuses or drops, a replication.
        refused: f64,
        /// Operations that wait for it.
        delayed: Option<f64>,
        /// Whether what it refuses counts too.
        counts_refused: bool,
        /// One change to try: the command.
        command: Option<String>,
    },
    /// Keys are written more often than their store accepts.
    KeyTooHot {
        /// The store.
        store: String,
        /// The shared key, where there is one.
        family: Option<String>,
        /// Writes refused, a replication.
        rejected: f64,
        /// Their share of the writes attempted.
        share: Option<f64>,
        /// The plans a day at which the key would be written without a pause.
        ceiling_per_day: Option<f64>,
    },
    /// An invocation needs more of something than it may have.
    InvocationTooSmall {
        /// Which limit.
        limit: String,
        /// What it allows.
        allowed: u32,
        /// What a plan needs when nothing fails.
        needed: u32,
        /// What it needs when all retries are used.
        at_most: u32,
        /// The call at which the limit is passed when nothing fails.
        at_call: Option<u32>,
        /// The retry with which it is passed, or is passed a call earlier.
        at_retry: Option<u32>,
        /// Attempts and ops that were refused for it, a replication.
        refused: Option<f64>,
    },
    /// Attempts and ops wait for a connection.
    ConnectionsTooFew {
        /// Those that wait, a replication.
        waited: f64,
        /// The longest wait, in seconds.
        longest: f64,
        /// How the calls run of a step that is too wide.
        waves: Vec<String>,
    },
    /// What nobody awaits is cut off when the time of its invocation is over.
    CutOff {
        /// Errands cut off, a replication.
        cut: f64,
        /// Records lost with them.
        records: f64,
    },
    /// Invocations take more processor time than they may.
    ProcessorTime {
        /// Invocations killed, a replication.
        exceeded: f64,
    },
    /// The interval of the plans a day is too wide to say much.
    IntervalTooWide {
        /// The metric.
        metric: String,
        /// Half the width of its interval over its mean; none with one replication.
        relative_half_width: Option<f64>,
        /// Replications that should be enough.
        replications: u32,
    },
    /// An objective is neither met nor broken.
    ObjectiveUndecided {
        /// The metric.
        metric: String,
        /// Replications that should be enough; none where more would not help.
        replications: Option<u32>,
        /// Whether the metric was observed at all.
        observed: bool,
    },
    /// A queue is busy nearly all the time, or its slots are fewer than the demand needs.
    QueueSaturated {
        /// The queue.
        queue: String,
        /// The share of its slots that are busy.
        utilisation: Option<f64>,
        /// The plans a day that its slots carry.
        ceiling_per_day: Option<f64>,
        /// Calls refused.
        drop_fraction: Option<f64>,
    },
    /// The simulation does not say what the arithmetic says.
    ArithmeticDiffers {
        /// What is compared: `kv writes a plan`, `plans a day`.
        what: String,
        /// By arithmetic.
        arithmetic: f64,
        /// By simulation.
        simulated: f64,
        /// The reason, where counts show one.
        reason: Option<String>,
    },
    /// The error response outlives the request that led to it.
    ErrorContextLost {
        /// Error records that can be retrieved after 3 days.
        retrievable: f64,
        /// Those whose request can be retrieved too.
        context: f64,
    },
    /// Overlapping plans overwrite what the other has put into the index.
    IndexContended {
        /// Entries lost, a replication.
        lost: f64,
    },
    /// The diagnostics page looks well while users are turned away.
    DiagnosticsBlind {
        /// The share of visits at which it shows 0 everywhere.
        zero_fraction: f64,
        /// The share of visits since whose predecessor some user got an overload answer.
        overloaded_fraction: f64,
        /// The share of visits that are both.
        blind_fraction: f64,
        /// Plans that end in an overload answer, a replication.
        overloaded: f64,
        /// Calls that the queues refuse, in all isolates.
        dropped: f64,
    },
    /// Records are stored that no reader finds.
    RecordsUnreachable {
        /// The stores of such records that have a list, by which who knows the prefix of their keys finds them.
        listed_in: Vec<String>,
        /// Those that have none.
        unlisted_in: Vec<String>,
        /// `error` or `normal`.
        records: String,
        /// The share that can be retrieved after 3 days by who knows the key.
        retrievable: f64,
        /// The share that is found through the index.
        reachable: f64,
        /// Sessions that the index keeps.
        sessions: Option<u32>,
        /// In how many hours so many plans come.
        hours: Option<f64>,
    },
}

impl Advice {
    /// The advice for an answer, the most pressing first.
    pub fn of(answer: &Answer) -> Vec<Advice> {
        find::all(answer)
    }

    /// What to say.
    pub fn text(&self) -> String {
        match self {
            Advice::RetriesAmplify { .. } => retries::text(self),
            Advice::ObjectiveBroken { .. } => objectives::text(self),
            Advice::ProviderRefuses { .. } | Advice::TimedOut { .. } | Advice::JobStops { .. } => limits::text(self),
            Advice::QuotaRunsOut { .. } => limits::quota_text(self),
            Advice::KeyTooHot { store, family, rejected, share, ceiling_per_day } => {
                key_too_hot(store, family.as_deref(), *rejected, *share, *ceiling_per_day)
            }
            Advice::InvocationTooSmall { limit, allowed, needed, at_most, at_call, at_retry, refused } => {
                invocation_too_small(limit, [*allowed, *needed, *at_most], (*at_call, *at_retry), *refused)
            }
            Advice::ConnectionsTooFew { waited, longest, waves } => {
                let waves: String = waves.iter().map(|wave| format!(" {wave}")).collect();
                format!(
                    "{} of a replication {} for a connection of the invocation, up to {} s.{waves} Start an invocation for \
                     each call, or fewer calls at once.",
                    attempts_and_ops(*waited),
                    verb(*waited, "waits", "wait"),
                    number(*longest)
                )
            }
            Advice::CutOff { cut, records } => format!(
                "{} of a replication {} cut off because their invocation is over, and {} {} lost: what nobody awaits \
                 must be done in the time after the response. Await it, or log less.",
                counted(*cut, "log event"),
                verb(*cut, "is", "are"),
                counted(*records, "record"),
                verb(*records, "is", "are")
            ),
            Advice::ProcessorTime { exceeded } => format!(
                "{} of a replication {} killed for processor time, and {} with it. Start an invocation for each step or \
                 call, or take a plan of the platform that allows more.",
                counted(*exceeded, "invocation"),
                verb(*exceeded, "is", "are"),
                verb(*exceeded, "its plan crashes", "their plans crash")
            ),
            Advice::IntervalTooWide { metric, relative_half_width, replications } => {
                let why = match relative_half_width {
                    Some(width) => {
                        format!("The interval of {metric} reaches {} to either side of its mean", about(*width))
                    }
                    None => format!("One replication gives no interval for {metric}"),
                };
                format!("{why}: too wide to say. Try --replications {replications}.")
            }
            Advice::ObjectiveUndecided { metric, replications, observed } => match (observed, replications) {
                (false, _) => format!(
                    "The objective on {metric} cannot be judged: nothing was observed. A longer run.horizon may help."
                ),
                (true, Some(n)) => format!(
                    "The objective on {metric} is undecided: its interval crosses the bound. --replications {n} should settle it."
                ),
                (true, None) => format!(
                    "The objective on {metric} is undecided: its mean lies on the bound, and more replications will hardly settle it."
                ),
            },
            Advice::QueueSaturated { queue, utilisation, ceiling_per_day, drop_fraction } => {
                queue_saturated(queue, *utilisation, *ceiling_per_day, *drop_fraction)
            }
            Advice::ArithmeticDiffers { what, arithmetic, simulated, reason } => {
                let by = match (simulated - arithmetic) / arithmetic {
                    more if more >= 0.0 => format!("{} more", about(more)),
                    less => format!("{} less", about(-less)),
                };
                format!(
                    "The arithmetic says {} {what}, the simulation {}: {by}.{}",
                    number(*arithmetic),
                    number(*simulated),
                    reason.as_ref().map_or(String::new(), |reason| format!(" The reason: {reason}."))
                )
            }
            Advice::ErrorContextLost { retrievable, context } => format!(
                "After 3 days {} of the error records can be retrieved, but only {} with the request that led to \
                 them: the response is kept longer than its request.",
                about(*retrievable),
                about(*context)
            ),
            Advice::IndexContended { lost } => format!(
                "{} {} of the index {} lost in a replication: of two plans that read it before either writes it back, \
                 the later replaces what the earlier wrote. Give each session a key of its own.",
                number(*lost),
                verb(*lost, "entry", "entries"),
                verb(*lost, "is", "are")
            ),
            Advice::DiagnosticsBlind { zero_fraction, overloaded_fraction, blind_fraction, overloaded, dropped } => {
                format!(
                    "The diagnostics page shows 0 active, 0 queued and 0 dropped at {} of the visits, and at {} although a \
                     user had got an overload answer since the visit before (as at {} of all visits). It is the page of one \
                     isolate, and counts what its queue refuses: {} of a replication {} in an overload answer, and all \
                     queues together refuse {}. Count overload answers where they are given, over all isolates.",
                    about(*zero_fraction),
                    about(*blind_fraction),
                    about(*overloaded_fraction),
                    counted(*overloaded, "plan"),
                    verb(*overloaded, "ends", "end"),
                    counted(*dropped, "call")
                )
            }
            Advice::RecordsUnreachable { listed_in, unlisted_in, records, retrievable, reachable, sessions, hours } => {
                let found = match *reachable {
                    0.0 => {
                        "no index leads a reader to them by then: they are found only by who knows their key.".into()
                    }
                    share => format!(
                        "a reader finds {} through the index: the rest is stored for nobody who does not know its key.",
                        about(share)
                    ),
                };
                let reach = sessions.map_or(String::new(), |sessions| {
                    let hours =
                        hours.map_or(String::new(), |hours| format!(", so it reaches back {} h", number(hours)));
                    format!(" The index keeps the last {} sessions{hours}.", count(sessions.into()))
                });
                let lists = match (listed_in.is_empty(), unlisted_in.is_empty()) {
                    (false, true) => format!(" A list of {} by their prefix would find them.", listed_in.join(", ")),
                    (false, false) => format!(
                        " A list of {} by their prefix finds those that are there; {} has no list.",
                        listed_in.join(", "),
                        unlisted_in.join(", ")
                    ),
                    (true, _) => format!(
                        " {} has no list; of KV a list by their prefix would find them.",
                        unlisted_in.join(", ")
                    ),
                };
                let lists = if listed_in.len() + unlisted_in.len() > 0 { lists } else { String::new() };
                format!(
                    "After 3 days {} of the {records} records exist, but {found}{reach}{lists}",
                    about(*retrievable)
                )
            }
        }
    }
}

fn key_too_hot(store: &str, family: Option<&str>, rejected: f64, share: Option<f64>, ceiling: Option<f64>) -> String {
    let share = share.map_or(String::new(), |share| format!(" ({} of those attempted)", about(share)));
    let key = family.map_or("one key".into(), |family| format!("the key {family}, shared by all plans,"));
    let ceiling = ceiling.map_or(String::new(), |ceiling| {
        format!(" Even without a pause between its writes it carries {} plans a day.", number(ceiling))
    });
    format!(
        "{}{share} {} refused in a replication because {key} is written more often than {store} \
         accepts (once a second on Workers KV).{ceiling} Give each session a key of its own, or write the key once a plan.",
        counted(rejected, &format!("{store} write")),
        verb(rejected, "is", "are")
    )
}

fn attempts_and_ops(n: f64) -> String {
    if number(n) == "1" { "1 attempt or op".into() } else { format!("{} attempts and ops", number(n)) }
}

fn invocation_too_small(
    limit: &str,
    numbers: [u32; 3],
    (at_call, at_retry): (Option<u32>, Option<u32>),
    refused: Option<f64>,
) -> String {
    let retry =
        at_retry.map(|n| format!("{} {} of any call", count(n.into()), if n == 1 { "retry" } else { "retries" }));
    let [allowed, needed, at_most] = numbers.map(|n| count(n.into()));
    let refused = refused.filter(|&n| n > 0.0);
    let refused = refused.map_or(String::new(), |n| format!(" It refuses {} in a replication.", attempts_and_ops(n)));
    let what = match limit.rsplit('.').next() {
        Some("external") => "external subrequests",
        Some("internal") => "internal subrequests",
        _ => limit,
    };
    match at_call {
        Some(call) => format!(
            "A plan needs {needed} {what} in one invocation, and may make {allowed}: the limit is passed at call {call} even when \
             nothing fails{}.{refused} Start an invocation for each step or call, or make fewer ops.",
            retry.map_or(String::new(), |retry| format!(", and a call earlier with {retry}"))
        ),
        None => format!(
            "A plan needs {needed} {what} in one invocation and may make {allowed}, but with all its retries it would \
             need {at_most}{}.{refused} Leave room for the retries.",
            retry.map_or(String::new(), |retry| format!(": {retry} are enough to pass the limit"))
        ),
    }
}

fn queue_saturated(queue: &str, utilisation: Option<f64>, ceiling: Option<f64>, dropped: Option<f64>) -> String {
    let mut text = match utilisation {
        Some(busy) => format!("The queue {queue} is saturated: its slots are busy {} of the time", about(busy)),
        None => format!("The queue {queue} has too few slots for the demand"),
    };
    if let Some(ceiling) = ceiling {
        text += &format!(", and carry at most {} plans a day by arithmetic", number(ceiling));
    }
    text += ".";
    if let Some(dropped) = dropped.filter(|&dropped| dropped > 0.0) {
        text += &format!(" {} of its calls are refused.", about(dropped));
    }
    text + " Small changes of load now change waits a lot: add slots, or shorten the calls."
}
