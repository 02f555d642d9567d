//! Measured latencies, as people have them: a list of numbers, a CSV file, JSON Lines, or a trace.

use super::fields::did_you_mean;
use super::foreign::{self, Format};
use super::input::{Input, Source};
use super::problems::{Complaint, Lines, Problems, Silence};
use super::root;
use crate::policy::Fault;
use crate::units::Span;
use serde_json::Value;
use std::path::Path;

/// What a file of latencies may look like.
const LATENCY_FILES: &[Format] = &[Format::JsonLines, Format::Csv];

/// Names under which logs keep latencies, and outcomes; the first that is there is taken.
const LATENCIES: [&str; 9] =
    ["latency", "duration", "elapsed", "response_time", "responsetime", "took", "time_taken", "seconds", "ms"];
const OUTCOMES: [&str; 4] = ["outcome", "status", "status_code", "result"];

/// How a file of latencies is to be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The column or field of the latencies; found by its name if absent.
    pub column: Option<String>,
    /// How many seconds a number without a unit stands for; if absent, taken from the name of the column.
    pub unit: Option<f64>,
    /// Values at or above this are right-censored: the latency is only known to be at least this.
    pub timeout: Option<Span>,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurements {
    /// Latencies of the answers; each longer than 0.
    pub answered: Vec<Span>,
    /// The times at which the others were right-censored.
    pub cut: Vec<Span>,
    /// How often each kind of fault was the outcome, without timeouts.
    pub faults: Vec<(Fault, u64)>,
}

/// How one attempt ended.
enum Outcome {
    Answered,
    Cut,
    Fault(Fault),
}

/// Reads measured latencies.
///
/// # Errors
/// Everything that is wrong with them, in file order.
pub fn measurements(source: &Source, reading: &Reading) -> Result<Measurements, Problems> {
    let nothing = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let mut input = Input::new(&nothing, root::is_section);
    let Some((number, text)) = input.text(source, Silence::NoData) else {
        return Err(input.problems.finish());
    };
    let mut reader =
        Reader { input, lines: Lines::of(number), reading, found: Measurements::default(), hopeless: false };
    if let Some(complaint) =
        foreign::complaint(&text, "latencies are one number per line, CSV or JSON Lines", LATENCY_FILES)
    {
        reader.complain(0, 0, complaint);
        return reader.finish(text.len());
    }
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    match first {
        None => reader.complain(0, 0, Complaint::new("the file is empty")),
        Some(line) if line.starts_with('{') => reader.json_lines(&text),
        Some(line) if line.parse::<f64>().is_ok() || Span::parse(line).is_ok() => reader.list(&text),
        Some(_) => reader.csv(&text),
    }
    reader.finish(text.len())
}

struct Reader<'a> {
    input: Input<'a>,
    lines: Lines,
    reading: &'a Reading,
    found: Measurements,
    /// What is wrong is wrong of every line.
    hopeless: bool,
}

/// The unit that the end of a column's name says, in seconds, and the name without it.
fn unit_of(name: &str) -> (String, Option<f64>) {
    let lower = name.trim().to_lowercase().replace([' ', '-'], "_");
    if lower == "seconds" || lower == "ms" {
        let unit = if lower == "ms" { 1e-3 } else { 1.0 };
        return (lower, Some(unit));
    }
    let units = [("_ns", 1e-9), ("_us", 1e-6), ("_ms", 1e-3), ("_s", 1.0), ("_sec", 1.0), ("_seconds", 1.0)];
    let found = units.iter().find_map(|(end, unit)| Some((lower.strip_suffix(end)?.to_string(), Some(*unit))));
    found.unwrap_or((lower, None))
}

impl Reader<'_> {
    fn complain(&mut self, start: usize, end: usize, complaint: Complaint) {
        self.lines.report(&mut self.input.problems, start, end, complaint);
    }

    fn finish(mut self, end: usize) -> Result<Measurements, Problems> {
        self.lines.finish(&mut self.input.problems, end, "");
        if self.input.problems.is_empty() { Ok(self.found) } else { Err(self.input.problems.finish()) }
    }

    /// A number a line.
    fn list(&mut self, text: &str) {
        for (start, line) in lines(text) {
            if !self.hopeless && !line.is_empty() && !line.starts_with('#') {
                let read = self.latency(line, None).map(|latency| self.add(latency, Outcome::Answered));
                if let Err(complaint) = read {
                    self.complain(start, start + line.len(), complaint);
                }
            }
        }
    }

    /// A header and rows, separated by commas, semicolons or tabs.
    fn csv(&mut self, text: &str) {
        let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let separator = [b',', b';', b'\t'].into_iter().max_by_key(|by| head.bytes().filter(|b| b == by).count());
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(separator.unwrap_or(b','))
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let header: Vec<String> = rows.headers().map(|row| row.iter().map(String::from).collect()).unwrap_or_default();
        let columns = match self.columns(&header) {
            Ok(columns) => columns,
            Err(complaint) => return self.complain(0, head.len(), complaint),
        };
        for row in rows.records() {
            if self.hopeless {
                return;
            }
            let place = |at: Option<&csv::Position>| at.map_or(0, |at| at.byte() as usize);
            let (start, read) = match &row {
                Ok(row) => {
                    let cell = |at: usize| row.get(at).unwrap_or_default().trim();
                    (place(row.position()), self.row(cell(columns.latency), columns.outcome.map(cell), columns.unit))
                }
                Err(error) => (
                    place(error.position()),
                    Err(Complaint::new("this row and the header have different numbers of columns")),
                ),
            };
            if let Err(complaint) = read {
                let start = start + text[start..].len() - text[start..].trim_start().len();
                let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
                self.complain(start, end, complaint);
            }
        }
    }

    /// Objects, one a line: fields as the columns of a CSV file, or the plans of a trace.
    fn json_lines(&mut self, text: &str) {
        for (start, line) in lines(text) {
            if line.is_empty() || self.hopeless {
                continue;
            }
            let read = match serde_json::from_str::<Value>(line) {
                Ok(Value::Object(map)) if map.contains_key("calls") => self.plan(&map["calls"]),
                Ok(Value::Object(map)) => {
                    let names: Vec<String> = map.keys().cloned().collect();
                    self.columns(&names).and_then(|columns| {
                        let cell = |at: usize| map.values().nth(at).map(plain).unwrap_or_default();
                        self.row(&cell(columns.latency), columns.outcome.map(cell).as_deref(), columns.unit)
                    })
                }
                _ => Err(Complaint::new("not a JSON object")),
            };
            if let Err(complaint) = read {
                self.complain(start, start + line.len(), complaint);
            }
        }
    }

    /// The attempts of one plan of a trace.
    fn plan(&mut self, calls: &Value) -> Result<(), Complaint> {
        let attempts = calls.as_array().into_iter().flatten().filter_map(Value::as_array).flatten();
        for attempt in attempts {
            self.row(&plain(&attempt["latency_s"]), attempt["outcome"].as_str(), Some(1.0))?;
        }
        Ok(())
    }

    fn columns(&mut self, names: &[String]) -> Result<Columns, Complaint> {
        let is_named = self.reading.column.as_ref().is_some_and(|column| names.contains(column));
        if is_named || names.len() > 1 && names.iter().all(|name| is_a_column(name)) {
            self.input.problems.vouch(self.lines.source);
        }
        let known: Vec<(String, Option<f64>)> = names.iter().map(|name| unit_of(name)).collect();
        let by_name =
            |wanted: &[&str]| wanted.iter().find_map(|wanted| known.iter().position(|(name, _)| name == wanted));
        let latency = match &self.reading.column {
            Some(column) => names.iter().position(|name| name.trim() == column).ok_or_else(|| {
                let hint = did_you_mean(column, names);
                Complaint::new(format!("no column is named {column:?}")).allowed(names.join(", ")).cure(hint)
            })?,
            None => by_name(&LATENCIES).or((names.len() == 1).then_some(0)).ok_or_else(|| {
                Complaint::new("unclear which column holds the latencies")
                    .found(names.join(", "))
                    .cure("add --column NAME")
            })?,
        };
        let outcome = by_name(&OUTCOMES).filter(|outcome| *outcome != latency);
        Ok(Columns { latency, outcome, unit: known[latency].1 })
    }

    fn row(&mut self, latency: &str, outcome: Option<&str>, unit: Option<f64>) -> Result<(), Complaint> {
        let outcome = outcome.map_or(Ok(Outcome::Answered), read_outcome)?;
        let latency = self.latency(latency, unit)?;
        self.add(latency, outcome);
        Ok(())
    }

    /// A duration with its unit, or a number whose unit is known.
    fn latency(&mut self, text: &str, unit: Option<f64>) -> Result<Span, Complaint> {
        let wrong = |what: &str| {
            Complaint::new(what).found(if text.is_empty() { "nothing".into() } else { format!("{text:?}") })
        };
        if text.parse::<f64>().is_ok() || Span::parse(text).is_ok() {
            self.input.problems.vouch(self.lines.source);
        }
        let span = match (text.parse::<f64>(), self.reading.unit.or(unit)) {
            (Ok(number), Some(unit)) => {
                Span::from_secs_f64(number * unit).map_err(|error| wrong(&error.to_string()))?
            }
            (Ok(_), None) => {
                self.hopeless = true;
                return Err(wrong("a number without a unit").cure("add --unit s, or ms, us, ns"));
            }
            (Err(_), _) => Span::parse(text).map_err(|_| wrong("not a latency").allowed("a number, or \"250ms\""))?,
        };
        if span.is_zero() {
            return Err(wrong("a latency of 0 is not a measurement").cure("remove such lines, or use a finer unit"));
        }
        Ok(span)
    }

    fn add(&mut self, latency: Span, outcome: Outcome) {
        match (outcome, self.reading.timeout) {
            (Outcome::Answered, Some(timeout)) if latency >= timeout => self.found.cut.push(timeout),
            (Outcome::Answered, _) => self.found.answered.push(latency),
            (Outcome::Cut, timeout) => self.found.cut.push(timeout.unwrap_or(latency).min(latency)),
            (Outcome::Fault(fault), _) => match self.found.faults.iter_mut().find(|(of, _)| *of == fault) {
                Some((_, count)) => *count += 1,
                None => self.found.faults.push((fault, 1)),
            },
        }
    }
}

/// Where latencies and outcomes stand, and how many seconds a number counts for.
struct Columns {
    latency: usize,
    outcome: Option<usize>,
    unit: Option<f64>,
}

/// Each line without the space around it, and where it starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start + line.len() - line.trim_start().len();
        start += line.len();
        (at, line.trim())
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// How an attempt ended, by the word of a trace or the status of its response.
fn read_outcome(word: &str) -> Result<Outcome, Complaint> {
    let lower = word.trim().to_lowercase();
    let fault = match lower.as_str() {
        "" | "ok" | "success" | "succeeded" | "done" | "true" => return Ok(Outcome::Answered),
        "timeout" | "timed_out" | "timed out" | "408" | "504" | "524" => return Ok(Outcome::Cut),
        "429" => Fault::RateLimited,
        "503" | "529" => Fault::Overloaded,
        "401" | "403" => Fault::Auth,
        status if status.len() == 3 && status.starts_with('2') => return Ok(Outcome::Answered),
        status if status.len() == 3 && status.starts_with('4') => Fault::BadRequest,
        status if status.len() == 3 && status.starts_with('5') => Fault::ServerError,
        name => Fault::parse(name).ok_or_else(|| {
            let allowed: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            Complaint::new("unknown outcome")
                .found(format!("{word:?}"))
                .allowed(format!("ok, a status such as 200, {}", allowed.join(", ")))
        })?,
    };
    Ok(Outcome::Fault(fault))
}

/// Whether a text may be the name of a column: short, and a word or a few.
fn is_a_column(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " _-./()[]%".contains(c);
    name.trim().starts_with(char::is_alphabetic) && name.len() <= 40 && name.chars().all(is_plain)
}
