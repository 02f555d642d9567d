//! Measured latencies for an estimate: what answers took, what was cut off, and how often each kind of failure came.

use super::input::Source;
use super::problems::Problems;
use crate::policy::Fault;
use crate::records::{Account, Asked, Durations, Gathering, Grouped, Outcome, Record, Role, read};
use crate::units::Span;
use std::collections::BTreeMap;
use std::io::Read;

/// How a file of latencies is to be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What is known of its columns beforehand.
    pub asked: Asked,
    /// Values at or above this are right-censored: the latency is only known to be at least this.
    pub timeout: Option<Span>,
    /// The column by whose values the latencies are parted.
    pub by: Option<String>,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { asked: Asked::latencies(), timeout: None, by: None }
    }
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurements {
    /// Latencies of the answers; each longer than 0.
    pub answered: Durations,
    /// The times at which the others were right-censored.
    pub cut: Durations,
    /// How often each kind of fault was the outcome, without timeouts.
    pub faults: Vec<(Fault, u64)>,
    /// What is known of all together, where single latencies are not.
    pub grouped: Option<Grouped>,
}

/// A file of measurements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// What was read, and how.
    pub account: Account,
    /// All of it.
    pub all: Measurements,
    /// The same by group, in the order of their names, where groups are asked for.
    pub groups: Vec<(String, Measurements)>,
}

/// The most groups: more are no groups.
const GROUPS: usize = 200;

/// Reads measured latencies from the bytes of a file.
///
/// # Errors
/// What is wrong with them.
pub fn measurements(source: &Source, reading: &Reading) -> Result<Measured, Problems> {
    measurements_from(&source.name, &source.bytes[..], reading)
}

/// The same from a stream, however long: what is held is the different latencies.
///
/// # Errors
/// What is wrong with them, or that they cannot be read.
pub fn measurements_from(name: &str, from: impl Read, reading: &Reading) -> Result<Measured, Problems> {
    let mut asked = reading.asked.clone();
    asked.columns.extend(reading.by.iter().map(|by| (Role::Group, by.clone())));
    let (mut all, mut groups) = (Part::default(), BTreeMap::<String, Part>::new());
    let mut untimed = 0_u64;
    let contents = read(from, &asked, &mut |record| {
        untimed += u64::from(!all.add(&record, reading.timeout));
        if let Some(group) = &record.group
            && (groups.len() < GROUPS || groups.contains_key(group))
        {
            groups.entry(group.clone()).or_default().add(&record, reading.timeout);
        }
    });
    let mut contents = contents.map_err(|wrong| Problems::of_data(name, wrong))?;
    if untimed > 0 {
        let why = "cut off after a time that they do not say (--timeout says it)";
        contents.account.left_out.push((why.into(), untimed));
        contents.account.rows -= untimed;
    }
    if groups.len() >= GROUPS {
        contents.account.notes.push(format!("There are more than {GROUPS} groups: only the first are shown."));
    }
    let mut all = all.finish();
    all.grouped = contents.grouped;
    if let Some(grouped) = &all.grouped
        && grouped.failed > 0
    {
        all.faults.push((Fault::ServerError, grouped.failed));
    }
    let groups = groups.into_iter().map(|(name, part)| (name, part.finish())).collect();
    Ok(Measured { account: contents.account, all, groups })
}

/// What has been added up so far.
#[derive(Default)]
struct Part {
    answered: Gathering,
    cut: Gathering,
    faults: Vec<(Fault, u64)>,
}

impl Part {
    /// Adds a record; false where it was cut off and nobody says after how long.
    fn add(&mut self, record: &Record, timeout: Option<Span>) -> bool {
        match (record.outcome, record.latency, timeout) {
            (Outcome::Answered, Some(latency), Some(timeout)) if latency >= timeout => self.cut.push(timeout),
            (Outcome::Answered, Some(latency), _) => self.answered.push(latency),
            (Outcome::Cut, Some(latency), timeout) => self.cut.push(timeout.unwrap_or(latency).min(latency)),
            (Outcome::Cut, None, Some(timeout)) => self.cut.push(timeout),
            (Outcome::Answered | Outcome::Cut, None, _) => return false,
            (Outcome::Failed(fault), ..) => match self.faults.iter_mut().find(|(of, _)| *of == fault) {
                Some((_, count)) => *count += 1,
                None => self.faults.push((fault, 1)),
            },
        }
        true
    }

    fn finish(self) -> Measurements {
        Measurements { answered: self.answered.finish(), cut: self.cut.finish(), faults: self.faults, grouped: None }
    }
}
