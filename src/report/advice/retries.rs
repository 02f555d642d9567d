//! Retries that multiply the load: the first thing to say where they do.

use super::causes::{causes, counted, try_it, verb, words};
use super::{Advice, cure};
use crate::experiment::Answer;
use crate::units::number;

/// Attempts for a call from which on retries are the load, and not what saves a few.
const MANY: f64 = 2.0;

pub(super) fn find(answer: &Answer) -> Option<Advice> {
    let (made, open) = (answer.mean("attempts.made")?, answer.mean("attempts.in_flight")?);
    let (attempts, retries) = (made - open, answer.mean("attempts.retried")?);
    // Each attempt that has ended, or was kept back, was followed by another or ended its call.
    let kept_back = answer.mean("attempts.kept_back").unwrap_or(0.0);
    let per_call = attempts / (attempts + kept_back - retries);
    (per_call >= MANY && per_call.is_finite()).then(|| Advice::RetriesAmplify {
        per_call,
        attempts,
        retries,
        succeeded: answer.mean("attempts.succeeded").unwrap_or(0.0),
        by: causes(answer, "attempts.ended_by").into_iter().next(),
        command: cure::fewer_retries(answer),
    })
}

pub(super) fn text(advice: &Advice) -> String {
    let Advice::RetriesAmplify { per_call, attempts, retries, succeeded, by, command } = advice else {
        return String::new();
    };
    let by = by.as_ref().map_or(String::new(), |by| format!(" {} end by {}.", number(by.count), words(&by.cause)));
    let per_call = if *per_call >= 10.0 { crate::math::round(*per_call) } else { *per_call };
    format!(
        "Retries multiply the load: {} for each call. Of {} in a replication {} {} retried, and {} {}.{by}{}",
        counted(per_call, "attempt"),
        counted(*attempts, "attempt"),
        number(*retries),
        verb(*retries, "is", "are"),
        number(*succeeded),
        verb(*succeeded, "succeeds", "succeed"),
        try_it(command.as_ref())
    )
}
