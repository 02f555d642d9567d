//! How a request ended, by what a log says of it: a status, a word, a flag or a message.
//!
//! What the client or a proxy gave up on is no answer and no failure of the one who was asked: it lasted at least so long.

use crate::policy::Fault;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer came.
    Answered,
    /// Somebody stopped waiting: an answer would have taken longer than this.
    Cut,
    /// It failed.
    Failed(Fault),
}

/// What one value says; several columns may speak of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing, as an empty message of an error.
    Silent,
    Answered,
    Cut,
    /// None where the kind is not said.
    Failed(Option<Fault>),
}

/// What the values of a column are, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// A status or a word.
    Status,
    /// The same of a web server, in whose log 000 is a client that has gone.
    ServerStatus,
    /// A status of gRPC, from 0 to 16.
    Grpc,
    /// True is good.
    Success,
    /// True is bad.
    Failure,
    /// True says that somebody gave up.
    GivenUp,
    /// A message; an empty one is good.
    Message,
    /// A code of an error; 0 and none are good.
    Code,
    /// The level of a line of a log: an error is bad.
    Level,
    /// What kind of failure it was, where another column says that it was one.
    Detail,
}

impl Tells {
    /// What a value says; none where it is not understood.
    pub fn verdict(self, text: &str) -> Option<Verdict> {
        let text = text.trim();
        let word = text.to_lowercase();
        if word.is_empty() || matches!(word.as_str(), "-" | "null" | "none" | "undefined" | "nil" | "n/a" | "[]" | "{}")
        {
            return Some(Verdict::Silent);
        }
        let whole = word.trim_end_matches(".0").parse::<i64>();
        match (self, whole) {
            (Tells::ServerStatus, Ok(0)) => Some(Verdict::Cut),
            (Tells::Status | Tells::ServerStatus, Ok(code)) => status(code),
            (Tells::Grpc, Ok(code)) => Some(grpc(code)),
            (Tells::Success, Ok(0)) | (Tells::Failure, Ok(1)) => Some(Verdict::Failed(None)),
            (Tells::Success, Ok(1)) | (Tells::Failure | Tells::GivenUp, Ok(0)) => Some(Verdict::Silent),
            (Tells::GivenUp, _) => match word.as_str() {
                "true" | "yes" | "1" => Some(Verdict::Cut),
                "false" | "no" => Some(Verdict::Silent),
                _ => None,
            },
            (Tells::Message | Tells::Code | Tells::Detail, Ok(0)) => Some(Verdict::Silent),
            (Tells::Message | Tells::Detail, Ok(code)) => Some(status(code).unwrap_or(Verdict::Failed(None))),
            // As pino counts.
            (Tells::Level, Ok(level)) => Some(if level >= 50 { Verdict::Failed(None) } else { Verdict::Silent }),
            (Tells::Level, Err(_)) => {
                let is_bad = matches!(
                    word.as_str(),
                    "error" | "err" | "fatal" | "critical" | "crit" | "alert" | "panic" | "emerg"
                );
                Some(if is_bad { Verdict::Failed(None) } else { Verdict::Silent })
            }
            (Tells::Code, Ok(code)) => Some(match code {
                // Of k6: a request that was given up.
                1050 | 1211 => Verdict::Cut,
                1000..1400 => Verdict::Failed(Some(Fault::Network)),
                code => status(code).filter(|_| code >= 400).unwrap_or(Verdict::Failed(None)),
            }),
            (Tells::Success | Tells::Failure, _)
                if matches!(word.as_str(), "true" | "false" | "yes" | "no" | "t" | "f") =>
            {
                let is_true = word.starts_with(['t', 'y']);
                let is_good = is_true == (self == Tells::Success);
                Some(if is_good { Verdict::Silent } else { Verdict::Failed(None) })
            }
            (Tells::Message, _) if word == "false" => Some(Verdict::Silent),
            (Tells::Message, _) if word == "true" => Some(Verdict::Failed(None)),
            (Tells::Message | Tells::Code | Tells::Detail, _) => Some(message(&word)),
            _ => by_word(&word).or_else(|| first_status(&word)),
        }
    }
}

impl Verdict {
    /// What two columns say together: the worse, and the more exact of two failures.
    pub fn and(self, other: Verdict) -> Verdict {
        use Verdict::{Answered, Cut, Failed, Silent};
        match (self, other) {
            (Silent, other) | (other, Silent) => other,
            (Cut, _) | (_, Cut) => Cut,
            (Failed(None), Failed(kind)) | (Failed(kind), Failed(_)) => Failed(kind),
            // An answer that was not what was wanted.
            (Failed(None), Answered) | (Answered, Failed(None)) => Failed(Some(Fault::InvalidResponse)),
            (Failed(kind), Answered) | (Answered, Failed(kind)) => Failed(kind),
            (Answered, Answered) => Answered,
        }
    }

    /// How the request ended.
    pub fn outcome(self) -> Outcome {
        match self {
            Verdict::Silent | Verdict::Answered => Outcome::Answered,
            Verdict::Cut => Outcome::Cut,
            Verdict::Failed(kind) => Outcome::Failed(kind.unwrap_or(Fault::ServerError)),
        }
    }
}

/// A status of HTTP.
fn status(code: i64) -> Option<Verdict> {
    Some(match code {
        // No response at all.
        0 => Verdict::Failed(Some(Fault::Network)),
        408 | 499 | 504 | 524 | 598 | 599 | 460 => Verdict::Cut,
        429 => Verdict::Failed(Some(Fault::RateLimited)),
        503 | 529 => Verdict::Failed(Some(Fault::Overloaded)),
        401 | 403 | 407 => Verdict::Failed(Some(Fault::Auth)),
        100..400 => Verdict::Answered,
        400..500 => Verdict::Failed(Some(Fault::BadRequest)),
        500..600 => Verdict::Failed(Some(Fault::ServerError)),
        _ => return None,
    })
}

/// Whether a text is a status that HTTP knows.
pub(super) fn is_status(text: &str) -> bool {
    let known = |code: u32| matches!(code, 200..=208 | 226 | 300..=308 | 400..=418 | 421..=431 | 451 | 499 | 500..=511 | 520..=530 | 100..=103);
    text.len() == 3 && text.parse().is_ok_and(known)
}

fn grpc(code: i64) -> Verdict {
    match code {
        0 => Verdict::Answered,
        1 | 4 => Verdict::Cut,
        8 => Verdict::Failed(Some(Fault::RateLimited)),
        14 => Verdict::Failed(Some(Fault::Overloaded)),
        7 | 16 => Verdict::Failed(Some(Fault::Auth)),
        3 | 5 | 6 | 9 | 11 => Verdict::Failed(Some(Fault::BadRequest)),
        _ => Verdict::Failed(Some(Fault::ServerError)),
    }
}

/// The words for one outcome, without spaces and the like between their parts.
const WORDS: [(Verdict, &[&str]); 9] = [
    (
        Verdict::Answered,
        &[
            "ok",
            "success",
            "succeeded",
            "successful",
            "done",
            "true",
            "completed",
            "complete",
            "finished",
            "pass",
            "passed",
            "answered",
            "fine",
            "yes",
        ],
    ),
    (
        Verdict::Cut,
        &[
            "timeout",
            "timedout",
            "requesttimeout",
            "gatewaytimeout",
            "deadlineexceeded",
            "canceled",
            "cancelled",
            "clientcanceled",
            "clientcancelled",
            "aborted",
            "abort",
            "clientdisconnected",
            "clientclosedrequest",
            "responsestreamdisconnected",
            "disconnected",
            "interrupted",
            "clientgone",
            "exceededwalltime",
            "cut",
        ],
    ),
    (
        Verdict::Failed(Some(Fault::RateLimited)),
        &[
            "ratelimited",
            "ratelimit",
            "ratelimiterror",
            "toomanyrequests",
            "throttled",
            "resourceexhausted",
            "quotaexceeded",
        ],
    ),
    (
        Verdict::Failed(Some(Fault::Overloaded)),
        &["overloaded", "overloadederror", "unavailable", "serviceunavailable", "loadshed"],
    ),
    (
        Verdict::Failed(Some(Fault::Auth)),
        &["auth", "unauthorized", "forbidden", "unauthenticated", "permissiondenied", "authenticationerror"],
    ),
    (
        Verdict::Failed(Some(Fault::BadRequest)),
        &["badrequest", "invalidargument", "invalidrequest", "notfound", "scriptnotfound", "invalidrequesterror"],
    ),
    (
        Verdict::Failed(Some(Fault::ServerError)),
        &[
            "exception",
            "internal",
            "internalerror",
            "internalservererror",
            "servererror",
            "crashed",
            "exceededcpu",
            "exceededmemory",
            "badgateway",
            "dataloss",
            "unimplemented",
            "apierror",
        ],
    ),
    (
        Verdict::Failed(Some(Fault::Network)),
        &[
            "network",
            "networkerror",
            "connectionerror",
            "connectionrefused",
            "connectionreset",
            "econnreset",
            "econnrefused",
        ],
    ),
    (Verdict::Failed(None), &["error", "failed", "failure", "fail", "false", "ko", "unknown", "unknownerror", "no"]),
];

/// What a word of outcomes says.
pub(super) fn by_word(word: &str) -> Option<Verdict> {
    if let Some(fault) = Fault::parse(word) {
        return Some(if fault == Fault::Timeout { Verdict::Cut } else { Verdict::Failed(Some(fault)) });
    }
    let plain: String = word.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).collect();
    let plain = plain.strip_prefix("statuscode").unwrap_or(&plain);
    if plain == "unset" {
        return Some(Verdict::Silent);
    }
    WORDS.iter().find(|(_, words)| words.contains(&plain)).map(|(verdict, _)| *verdict)
}

/// `503 Service Unavailable`, `HTTP 503`, `5xx`, `non http response code: java.net.sockettimeoutexception`.
fn first_status(word: &str) -> Option<Verdict> {
    let code = word.trim_start_matches("http").trim_start_matches(['/', ' ', ':', '-']);
    let code = code.split([' ', ',', '-']).next().unwrap_or_default();
    match code {
        "2xx" | "3xx" => return Some(Verdict::Answered),
        "4xx" => return Some(Verdict::Failed(Some(Fault::BadRequest))),
        "5xx" => return Some(Verdict::Failed(Some(Fault::ServerError))),
        _ => {}
    }
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) {
        return status(code.parse().ok()?);
    }
    word.starts_with("non http").then(|| match message(word) {
        Verdict::Failed(None) => Verdict::Failed(Some(Fault::Network)),
        other => other,
    })
}

/// What a message of an error says, as far as its words are known.
fn message(word: &str) -> Verdict {
    if by_word(word) == Some(Verdict::Answered) {
        return Verdict::Silent;
    }
    let has = |words: &[&str]| words.iter().any(|known| word.contains(known));
    if has(&[
        "timeout",
        "timed out",
        "timedout",
        "deadline",
        "canceled",
        "cancelled",
        "aborted",
        "client closed",
        "disconnected",
    ]) {
        return Verdict::Cut;
    }
    if has(&["rate limit", "rate_limit", "ratelimit", "429", "too many requests", "throttl", "quota"]) {
        return Verdict::Failed(Some(Fault::RateLimited));
    }
    if has(&["overload", "503", "529", "unavailable"]) {
        return Verdict::Failed(Some(Fault::Overloaded));
    }
    if has(&["econn", "connection", "network", "socket", "eof", "dns", "no such host", "tls", "certificate"]) {
        return Verdict::Failed(Some(Fault::Network));
    }
    by_word(word).filter(|verdict| matches!(verdict, Verdict::Failed(_))).unwrap_or(Verdict::Failed(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(tells: Tells, text: &str) -> Option<Verdict> {
        tells.verdict(text)
    }

    #[test]
    fn a_client_that_gave_up_is_no_failure() {
        for text in [
            "499",
            "504",
            "408",
            "524",
            "canceled",
            "cancelled",
            "timeout",
            "Timed Out",
            "DEADLINE_EXCEEDED",
            "responseStreamDisconnected",
            "client_disconnected",
        ] {
            assert_eq!(says(Tells::Status, text), Some(Verdict::Cut), "{text}");
        }
        assert_eq!(says(Tells::ServerStatus, "000"), Some(Verdict::Cut));
        assert_eq!(says(Tells::Grpc, "4"), Some(Verdict::Cut));
        assert_eq!(says(Tells::Message, "context deadline exceeded (Client.Timeout exceeded)"), Some(Verdict::Cut));
        assert_eq!(says(Tells::Status, "Non HTTP response code: java.net.SocketTimeoutException"), Some(Verdict::Cut));
    }

    #[test]
    fn failures_are_never_answers() {
        for (tells, text, fault) in [
            (Tells::Status, "503", Some(Fault::Overloaded)),
            (Tells::Status, "503 Service Unavailable", Some(Fault::Overloaded)),
            (Tells::Status, "429.0", Some(Fault::RateLimited)),
            (Tells::Status, "0", Some(Fault::Network)),
            (Tells::Status, "exceededCpu", Some(Fault::ServerError)),
            (Tells::Status, "exception", Some(Fault::ServerError)),
            (Tells::Status, "FAILURE", None),
            (Tells::Status, "STATUS_CODE_ERROR", None),
            (Tells::Success, "false", None),
            (Tells::Failure, "True", None),
            (Tells::Message, "boom", None),
            (Tells::Message, "rate_limit_exceeded: 429", Some(Fault::RateLimited)),
            (Tells::Code, "1101", Some(Fault::Network)),
            (Tells::Grpc, "14", Some(Fault::Overloaded)),
        ] {
            assert_eq!(says(tells, text), Some(Verdict::Failed(fault)), "{tells:?} {text}");
        }
        for text in ["gold", "running", "7", "hit"] {
            assert_eq!(says(Tells::Status, text), None, "{text}");
        }
    }

    #[test]
    fn the_worst_of_two_columns_holds() {
        use Verdict::{Answered, Cut, Failed, Silent};
        let busy = Failed(Some(Fault::Overloaded));
        for (one, other, both) in [
            (Silent, Silent, Silent),
            (Answered, Silent, Answered),
            (Answered, busy, busy),
            (Failed(None), busy, busy),
            (busy, Failed(Some(Fault::Network)), busy),
            (Answered, Failed(None), Failed(Some(Fault::InvalidResponse))),
            (Cut, busy, Cut),
            (Answered, Cut, Cut),
        ] {
            assert_eq!((one.and(other), other.and(one) == both || one == busy), (both, true), "{one:?} {other:?}");
        }
    }
}
