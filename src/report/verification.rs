//! The pages of `verify`: each law beside what the simulation says of it.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, interval, nullable, pretty};
use super::page::{Page, Part, Table};
use super::words::{self, NOTHING, things};
use crate::experiment::verify::{CONFIDENCE, Finding, Verification};
use crate::units::{number, percent};
use serde_json::json;

/// The page of a verification.
pub(super) fn page(verification: &Verification) -> Page {
    let rows = verification.findings.iter().map(|finding| {
        let [exact, simulated, interval] = cells(finding);
        vec![finding.topic.into(), finding.law.clone(), exact, simulated, interval, verdict(finding).into()]
    });
    let header = ["topic", "`law", "#exact", "#simulated", "#interval", "!verdict"];
    let broken = verification.findings.iter().filter(|finding| is_broken(verification, finding));
    let parts = vec![
        Part::List("Laws that do not hold".into(), broken.map(how_to_see).collect()),
        Table::part("Laws", &header, rows),
    ];
    Page::new("Validation against closed-form results", vec![answer(verification)], level(verification), parts)
}

/// Whether a law does not hold; after a stop, one that was not seen says nothing.
fn is_broken(verification: &Verification, finding: &Finding) -> bool {
    !finding.holds() && (verification.whole || finding.interval.is_some())
}

fn answer(verification: &Verification) -> String {
    let all = verification.findings.len();
    let mut topics: Vec<&str> = verification.findings.iter().map(|finding| finding.topic).collect();
    topics.sort_unstable();
    topics.dedup();
    let (laws, topics) = (things(all as f64, "law", "laws"), things(topics.len() as f64, "topic", "topics"));
    let what = format!("{laws} over {topics}");
    if !verification.whole {
        let seen = verification.findings.iter().filter(|finding| finding.interval.is_some()).count();
        let broken = verification.findings.iter().filter(|finding| is_broken(verification, finding)).count();
        return format!(
            "Interrupted, so this is no verdict: of {what}, {} an interval so far, wider than it is meant to be, and {} not hold.",
            things(seen as f64, "has", "have"),
            things(broken as f64, "of those does", "of those do"),
        );
    }
    match verification.findings.iter().filter(|finding| is_broken(verification, finding)).count() {
        0 => format!("{what}: {}.", words::agree(all as f64, "it holds", "all hold")),
        broken => format!("{what}: {} not hold.", things(broken as f64, "does", "do")),
    }
}

fn level(verification: &Verification) -> String {
    format!(
        "Seed {}, the {} version. At a seed drawn at random a right program passes the whole battery of {} laws with a \
         probability of at least {}: each interval has a confidence of 1 − {:.1e} (Bonferroni; Student t over \
         independent replications).",
        verification.seed,
        if verification.quick { "short" } else { "full" },
        verification.battery,
        percent(CONFIDENCE),
        (1.0 - CONFIDENCE) / verification.battery as f64,
    )
}

fn verdict(finding: &Finding) -> &'static str {
    match finding.interval {
        None => "not seen",
        Some(_) if finding.holds() => "holds",
        Some(_) => "broken",
    }
}

fn cells(finding: &Finding) -> [String; 3] {
    let simulated = finding.mean.map_or(NOTHING.into(), number);
    let interval = finding.interval.map_or(NOTHING.into(), |(low, high)| {
        let (low, high) = (number(low), number(high));
        if low == high { low } else { format!("{low} to {high}") }
    });
    [number(finding.exact), simulated, interval]
}

/// A law that does not hold, with the command that shows its model.
fn how_to_see(finding: &Finding) -> String {
    format!("{}: {}; measured as {}. See it: {}", finding.law, finding.says, finding.measured, command(finding))
}

fn command(finding: &Finding) -> String {
    let set = finding.set.iter().map(|set| format!(" --set '{set}'"));
    format!("capsim run verify/{}.toml{}", finding.base, set.collect::<String>())
}

/// A verification as CSV: a line for each law.
pub(super) fn csv(verification: &Verification) -> String {
    let mut out = String::from("topic,law,exact,allowance,mean,low,high,replications,holds\r\n");
    for finding in &verification.findings {
        let numbers = [
            Some(finding.exact),
            Some(finding.allowance),
            finding.mean,
            finding.interval.map(|(low, _)| low),
            finding.interval.map(|(_, high)| high),
        ];
        out += &format!(
            "{},{},{},{},{}\r\n",
            csv_field(finding.topic),
            csv_field(&finding.law),
            numbers.map(csv_number).join(","),
            finding.replications,
            finding.holds()
        );
    }
    out
}

/// A verification as JSON.
pub(super) fn json(verification: &Verification) -> String {
    let law = |finding: &Finding| {
        json!({
            "topic": finding.topic,
            "law": finding.law,
            "says": finding.says,
            "measured": finding.measured,
            "model": format!("verify/{}.toml", finding.base),
            "set": finding.set,
            "exact": nullable(Some(finding.exact)),
            "allowance": nullable(Some(finding.allowance)),
            "mean": nullable(finding.mean),
            "interval": interval(finding.interval),
            "replications": finding.replications,
            "holds": finding.holds(),
        })
    };
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "quick": verification.quick,
        "seed": verification.seed,
        "confidence": CONFIDENCE,
        "battery": verification.battery,
        "partial": !verification.whole,
        "all_hold": verification.all_hold(),
        "laws": verification.findings.iter().map(law).collect::<Vec<_>>(),
    }))
}
