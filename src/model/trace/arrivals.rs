//! Files that say when plans come, and nothing of their calls: logs of other programs, and published traces. What their
//! calls take is drawn from the laws of the model.

use crate::model::foreign::Format;
use crate::model::input::{Input, Source};
use crate::model::problems::{At, Complaint, Silence};
use crate::model::section::arrivals::TracePlan;
use crate::records::{Asked, Wrong, read};
use crate::units::{Instant, Span};
use std::path::Path;

/// How packed files and UTF-16 begin.
const MAGIC: [&[u8]; 4] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], &[0xff, 0xfe], &[0xfe, 0xff]];
/// Later than any time since the beginning of a log: a date.
const DATES: i64 = 100_000_000 * 1_000_000_000;

/// Whether a file is a log of another program, and not a trace in the form of capsim.
pub(super) fn is_log(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return MAGIC.iter().any(|magic| bytes.starts_with(magic)) };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if text.contains("\"calls\"") || ["\"at_s\"", "\"class\"", "\"isolate\""].iter().any(|key| first.contains(key)) {
        return false;
    }
    match Format::of(text) {
        Some(Format::Json | Format::JsonLines | Format::JsonArray) => {
            text.trim_start().starts_with('[')
                || serde_json::from_str::<serde_json::Value>(first).is_ok()
                || first == "{"
        }
        Some(Format::Csv) => true,
        Some(_) => false,
        None => !first.is_empty() && !first.starts_with('{'),
    }
}

/// The plans of a log. Dates count from the first of them, numbers from the start of the run.
pub(super) fn plans(input: &mut Input<'_>, source: &Source) -> Option<Vec<TracePlan>> {
    let mut times: Vec<i64> = Vec::new();
    let asked = Asked { broken: 0.0, ..Asked::arrivals() };
    let found = read(&source.bytes[..], &asked, &mut |record| times.extend(record.at));
    if let Err(wrong) = found {
        refuse(input, source, wrong);
        return None;
    }
    let first = times.iter().min().copied().filter(|first| *first > DATES).unwrap_or(0);
    let plan = |at: &i64| {
        let nanos = u64::try_from(at.checked_sub(first)?).ok()?;
        let at = Instant::START + Span::from_nanos(nanos).min(Span::MAX);
        Some(TracePlan { at, isolate: None, calls: Vec::new() })
    };
    let plans: Option<Vec<TracePlan>> = times.iter().map(plan).collect();
    if plans.is_none() {
        refuse(input, source, Wrong { what: "a time before the start of the run".into(), ..Wrong::default() });
    }
    plans
}

/// Says what is wrong, at its line where the file is text.
fn refuse(input: &mut Input<'_>, source: &Source, wrong: Wrong) {
    let Wrong { line, what, found, allowed, mut cure, .. } = wrong;
    if cure.starts_with("add --columns time") {
        cure = "call the column `timestamp`, or write one plan a line: {\"at_s\": 12.5}".into();
    }
    let complaint = Complaint { what, found, allowed: allowed.into(), cure: cure.into() };
    match std::str::from_utf8(&source.bytes) {
        Ok(_) => {
            let Some((number, text)) = input.text(source, Silence::NoData) else { return };
            // Of a file of which no row was recognised nothing is shown.
            if !complaint.what.starts_with("unexpected contents") {
                input.problems.vouch(number);
            }
            let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
            let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
            let at =
                if line == 0 { At::whole(number) } else { At { source: number, start: start as u32, end: end as u32 } };
            input.problems.report(at, "", complaint);
        }
        Err(_) => {
            let number = input.add(&source.name, "", Path::new(""));
            input.problems.report(At::whole(number), "", Complaint { found: String::new(), ..complaint });
        }
    }
}
