//! What a reader should know beside the numbers: each kind of advice with its data, its text made from them.

use super::words::about;
use crate::experiment::{Answer, Metric, OpsPerPlan, Verdict};
use crate::math;
use crate::units::{count, number};
use serde::Serialize;

mod find;

/// Something that the numbers suggest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Advice {
    /// A quota runs out before its day ends.
    QuotaRunsOut {
        /// Whose quota.
        store: String,
        /// `reads`, `writes`, `deletes`, `lists`.
        ops: String,
        /// The share of days on which it does.
        days_fraction: f64,
        /// The hour of the day at which it does, on average.
        at_hour: Option<f64>,
        /// Ops refused, a replication.
        rejected: Option<f64>,
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
        /// The likely reason.
        reason: String,
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
            Advice::QuotaRunsOut { store, ops, days_fraction, at_hour, rejected } => {
                let hour = at_hour.map_or(String::new(), |hour| format!(", at {} UTC on average", clock(hour)));
                let rejected = rejected.filter(|&n| n > 0.0);
                let rejected =
                    rejected.map_or(String::new(), |n| format!(" {} {ops} are refused in a replication.", number(n)));
                format!(
                    "The daily quota of {store} {ops} runs out on {} of the days{hour}.{rejected} Make fewer {ops} a \
                     plan, or raise the quota.",
                    about(*days_fraction)
                )
            }
            Advice::KeyTooHot { store, family, rejected, share, ceiling_per_day } => {
                key_too_hot(store, family.as_deref(), *rejected, *share, *ceiling_per_day)
            }
            Advice::InvocationTooSmall { limit, allowed, needed, at_most, at_call, at_retry, refused } => {
                invocation_too_small(limit, [*allowed, *needed, *at_most], (*at_call, *at_retry), *refused)
            }
            Advice::ConnectionsTooFew { waited, longest, waves } => {
                let waves: String = waves.iter().map(|wave| format!(" {wave}")).collect();
                format!(
                    "{} attempts and ops of a replication wait for a connection of their invocation, up to {} s.{waves} \
                     Start an invocation for each call, or fewer calls at once.",
                    number(*waited),
                    number(*longest)
                )
            }
            Advice::CutOff { cut, records } => format!(
                "{} log events of a replication are cut off because their invocation is over, and {} records are lost: \
                 what nobody awaits must be done in the time after the response. Await it, or log less.",
                number(*cut),
                number(*records)
            ),
            Advice::ProcessorTime { exceeded } => format!(
                "{} invocations of a replication are killed for their processor time, and their plans crash. Start an \
                 invocation for each step or call, or take a plan of the platform that allows more.",
                number(*exceeded)
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
                    "The arithmetic says {} {what}, the simulation {}: {by}. The likely reason: {reason}.",
                    number(*arithmetic),
                    number(*simulated)
                )
            }
            Advice::ErrorContextLost { retrievable, context } => format!(
                "After 3 days {} of the error records can be retrieved, but only {} with the request that led to \
                 them: the response is kept longer than its request.",
                about(*retrievable),
                about(*context)
            ),
            Advice::IndexContended { lost } => format!(
                "{} entries of the index are lost in a replication: of two plans that read it before either writes it back, \
                 the later replaces what the earlier wrote. Give each session a key of its own.",
                number(*lost)
            ),
            Advice::DiagnosticsBlind { zero_fraction, overloaded_fraction, blind_fraction, overloaded, dropped } => {
                format!(
                    "The diagnostics page shows 0 active, 0 queued and 0 dropped at {} of the visits, and at {} although a \
                     user had got an overload answer since the visit before (as at {} of all visits). It is the page of one \
                     isolate, and counts what its queue refuses: {} plans of a replication end in an overload answer, and \
                     all queues together refuse {} calls. Count overload answers where they are given, over all isolates.",
                    about(*zero_fraction),
                    about(*blind_fraction),
                    about(*overloaded_fraction),
                    number(*overloaded),
                    number(*dropped)
                )
            }
            Advice::RecordsUnreachable { records, retrievable, reachable, sessions, hours } => {
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
                format!("After 3 days {} of the {records} records exist, but {found}{reach}", about(*retrievable))
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
        "{} {store} writes{share} are refused in a replication because {key} is written more often than {store} \
         accepts (once a second on Workers KV).{ceiling} Give each session a key of its own, or write the key once a plan.",
        number(rejected)
    )
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
    let refused = refused
        .map_or(String::new(), |n| format!(" {} attempts and ops are refused for it in a replication.", number(n)));
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

/// An hour of the day as a clock shows it.
fn clock(hour: f64) -> String {
    let minutes = math::round(hour * 60.0) as u64;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
