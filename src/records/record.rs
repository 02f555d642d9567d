//! A record: what one row says of one request.

use super::clock::{self, Nanos};
use super::latency::Latency;
use super::number::{number, with_unit};
use super::outcome::{Outcome, Tells, Verdict};
use super::roles::Roles;
use super::row::{Column, Row};
use super::sample::is_empty;
use super::wrong::Wrong;
use crate::units::Span;

/// What one row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The line in the file, from 1.
    pub line: u64,
    /// When it was, in nanoseconds since 1970 or since some beginning.
    pub at: Option<Nanos>,
    /// How long it took; none where the row does not say.
    pub latency: Option<Span>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it belongs to, where groups are asked for.
    pub group: Option<String>,
    /// Tokens of the prompt and of the answer.
    pub tokens: [Option<u64>; 2],
    /// What it cost.
    pub cost: Option<f64>,
}

/// What becomes of a row.
pub(super) enum Read {
    Record(Record),
    /// It is of another kind, for this reason.
    LeftOut(String),
    Broken(Wrong),
}

/// Reads a row.
pub(super) fn read(roles: &Roles, columns: &[Column], line: u64, row: Row<'_>) -> Read {
    let get = |at: usize| row.get(&columns[at].place);
    for (at, wanted) in &roles.chosen {
        let value = get(*at);
        let fits = if wanted == "*" { !is_empty(&value) } else { value == wanted.as_str() };
        if !fits {
            return Read::LeftOut(format!("of another {}", columns[*at].name.trim()));
        }
    }
    let mut verdict = Verdict::Silent;
    for (at, tells) in &roles.outcomes {
        if *tells == Tells::Detail && !matches!(verdict, Verdict::Failed(_)) {
            continue;
        }
        let text = get(*at);
        let Some(says) = tells.verdict(&text) else {
            let wrong = Wrong::new("unknown outcome").found(format!("{text:?} in {}", columns[*at].name.trim()));
            return Read::Broken(wrong.allowed("a status such as 200, ok, error, timeout, canceled and the like"));
        };
        verdict = verdict.and(says);
    }
    let outcome = verdict.outcome();
    let is_answered = outcome == Outcome::Answered;
    let latency = match roles.latency.as_ref().map(|latency| duration(latency, &get)) {
        None => None,
        // What is no answer need not say how long it took.
        Some(Err(_)) if !is_answered => None,
        Some(Err(wrong)) => return Read::Broken(wrong),
        Some(Ok(None)) if is_answered => return Read::LeftOut("without a latency".into()),
        Some(Ok(found)) => found,
    };
    let at = match &roles.time {
        None => None,
        Some((places, unit)) => {
            let text: Vec<_> = places.iter().map(|at| get(*at)).collect();
            let text = text.join(" ");
            let Some(at) = clock::moment(&text, *unit) else {
                return Read::Broken(Wrong::new("not a time").found(format!("{text:?}")));
            };
            Some(at)
        }
    };
    let amount = |at: Option<usize>| number(&get(at?), Default::default());
    let tokens = roles.tokens.map(|at| amount(at).filter(|n| *n >= 0.0).map(|n| n as u64));
    let group = roles.group.map(|at| get(at).into_owned());
    Read::Record(Record { line, at, latency, outcome, group, tokens, cost: amount(roles.cost) })
}

/// The latency of a row; nothing where its cell is empty.
fn duration<'a>(latency: &Latency, get: &dyn Fn(usize) -> std::borrow::Cow<'a, str>) -> Result<Option<Span>, Wrong> {
    let (seconds, found) = match latency {
        Latency::Value(at, unit, comma) => {
            let text = get(*at);
            if is_empty(&text) {
                return Ok(None);
            }
            let seconds = match (number(&text, *comma), unit) {
                (Some(number), Some(unit)) => Some(number * unit),
                (Some(_), None) => {
                    let wrong = Wrong::new("a number without a unit").found(format!("{text:?}"));
                    return Err(wrong.cure("add --unit s, or ms, us, ns"));
                }
                (None, _) => with_unit(&text, *comma),
            };
            (seconds, text)
        }
        Latency::Between((start, of_start), (end, of_end)) => {
            let (from, to) = (get(*start), get(*end));
            if is_empty(&from) || is_empty(&to) {
                return Ok(None);
            }
            let ends = clock::moment(&from, *of_start).zip(clock::moment(&to, *of_end));
            return match ends.map(|(from, to)| to.checked_sub(from).unwrap_or(-1)) {
                None => Err(Wrong::new("not a time").found(format!("{from:?} to {to:?}"))),
                Some(nanos) if nanos < 0 => {
                    Err(Wrong::new("it ends before it begins").found(format!("{from:?} to {to:?}")))
                }
                Some(0) => Err(zero()),
                Some(nanos) => Ok(Some(Span::from_nanos(nanos as u64))),
            };
        }
    };
    let Some(seconds) = seconds else {
        let wrong = Wrong::new("not a latency").found(format!("{found:?}"));
        return Err(wrong.allowed("a number, or a number with its unit such as \"250ms\""));
    };
    match Span::from_secs_f64(seconds) {
        Ok(span) if span.is_zero() => Err(zero()),
        Ok(span) => Ok(Some(span)),
        Err(error) => Err(Wrong::new(error.to_string()).found(format!("{found:?}"))),
    }
}

fn zero() -> Wrong {
    Wrong::new("a latency of 0 is not a measurement").cure("remove such rows, or use a finer unit")
}
