//! Reads a file: finds its form, decides on its columns by its first rows, and hands on a record for each row.

use super::asked::Asked;
use super::contents::Contents;
use super::record::Record;
use super::row::Row;
use super::shape::Shape;
use super::sink::Sink;
use super::wrong::Wrong;
use super::{bytes, documents, lines, prometheus, values, xml};
use csv::ByteRecord;
use serde_json::{Map, Value};
use std::io::{BufRead, Cursor, Read};

/// How much of a file is looked at to find its form.
const HEAD: u64 = 1 << 16;
/// A row over more lines than this is a quote that was not closed.
const LINES_OF_A_ROW: u64 = 200;

/// Reads records from some bytes, each handed on as it is read.
///
/// # Errors
/// Why the file gives no records that can be relied on.
pub fn read(from: impl Read, asked: &Asked, each: &mut dyn FnMut(Record)) -> Result<Contents, Wrong> {
    let mut text = bytes::text(from).map_err(|error| Wrong::of(&error))?;
    let mut head = Vec::new();
    text.from.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| Wrong::of(&error))?;
    let is_whole = (head.len() as u64) < HEAD;
    let shape = Shape::of(&head, is_whole);
    let mut from = Cursor::new(head.clone()).chain(text.from);
    let mut sink = Sink::new(asked, each);
    let read = match shape {
        Shape::Empty => Err(Wrong::new("the file is empty").harmless()),
        Shape::Foreign(what) => {
            let cure = "capsim reads logs, tables and traces: CSV, JSON, lines of web servers, exports of load tests";
            Err(Wrong::new(format!("this looks like {what}, not like a log")).cure(cure).harmless())
        }
        Shape::List => list(&mut from, &mut sink),
        Shape::Table(separator) => table(&mut from, separator, &mut sink),
        Shape::JsonLines => json_lines(&mut from, &mut sink),
        Shape::JsonArray | Shape::JsonStream => json_values(&mut from, shape == Shape::JsonArray, &mut sink),
        Shape::Access => access(&mut from, &head, &mut sink),
        Shape::Logfmt => objects(&mut from, "lines of key=value", &lines::pairs, &mut sink),
        Shape::W3c => w3c(&mut from, &mut sink),
        Shape::Xml => jmeter(&mut from, &mut sink),
        Shape::Columns => columns(&mut from, &mut sink),
        Shape::Prometheus => objects(&mut from, "metrics of Prometheus", &prometheus::row, &mut sink),
    };
    let known = shape == Shape::List || sink.is_known();
    let finished = read.and_then(|()| sink.finish());
    finished.map_err(|wrong| silent(wrong, known)).map(|mut contents: Contents| {
        if !text.layers.is_empty() {
            contents.account.format = format!("{} in {}", contents.account.format, text.layers.join(" in "));
        }
        contents
    })
}

/// A file of which nothing was recognised may be anyone's: none of it is shown.
fn silent(wrong: Wrong, is_known: bool) -> Wrong {
    if is_known || wrong.is_harmless {
        return wrong;
    }
    Wrong::new("unexpected contents: no line up to here could be read")
        .at(wrong.line)
        .cure("a log has one request a row, with its latency: CSV with a header, JSON Lines, one number per line, and many more")
}

/// Every line that is not empty, with its number and without its end.
fn each_line(from: &mut dyn BufRead, each: &mut dyn FnMut(u64, &str) -> Result<(), Wrong>) -> Result<(), Wrong> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = from.take(values::LONGEST as u64).read_until(b'\n', &mut line).map_err(|error| Wrong::of(&error))?;
        if read == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() {
            each(number, text)?;
        }
    }
    Ok(())
}

fn list(from: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    sink.begin("a number a line", vec!["value".into()], None);
    each_line(from, &mut |number, line| {
        if line.starts_with('#') {
            return Ok(());
        }
        sink.row(number, Row::Cells(&ByteRecord::from(vec![line])))
    })
}

fn json_lines(from: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    sink.begin("JSON Lines", Vec::new(), None);
    each_line(from, &mut |number, line| match serde_json::from_str(line) {
        Ok(value) => document(sink, number, value),
        Err(error) => sink.broken(number, line, not_json(&error)),
    })
}

fn json_values(from: &mut dyn BufRead, is_array: bool, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let name = if is_array { "a JSON array" } else { "JSON objects one after another" };
    sink.begin(name, Vec::new(), None);
    values::read(from, is_array, &mut |number, bytes| match serde_json::from_slice(bytes) {
        Ok(value) => document(sink, number, value),
        // What follows one that is damaged may be anything.
        Err(error) => Err(not_json(&error).at(number)),
    })
}

fn not_json(error: &serde_json::Error) -> Wrong {
    Wrong::new(match error.classify() {
        serde_json::error::Category::Eof => "the line ends inside its JSON: was the file cut off?",
        _ if error.to_string().starts_with("trailing characters") => "more than one JSON value in a line",
        _ => "not valid JSON",
    })
}

fn document(sink: &mut Sink<'_>, number: u64, value: Value) -> Result<(), Wrong> {
    if value.is_number() || value.is_string() {
        let row = Map::from_iter([("value".to_string(), value)]);
        return sink.row(number, Row::Object(&row));
    }
    if !value.is_object() {
        return sink.broken(number, &value.to_string(), Wrong::new("not a JSON object"));
    }
    let (name, rows) = documents::rows(value);
    if let Some(name) = name {
        sink.is_document(name);
    }
    rows.iter().try_for_each(|row| sink.row(number, Row::Object(row)))
}

/// Lines of which each is an object.
fn objects(
    from: &mut dyn BufRead,
    name: &str,
    read: &dyn Fn(&str) -> Option<Map<String, Value>>,
    sink: &mut Sink<'_>,
) -> Result<(), Wrong> {
    sink.begin(name, Vec::new(), None);
    each_line(from, &mut |number, line| match read(line) {
        _ if line.starts_with('#') => Ok(()),
        Some(row) => sink.row(number, Row::Object(&row)),
        None => sink.broken(number, line, Wrong::new("not a line of this form")),
    })
}

fn cells(line: &str) -> ByteRecord {
    let mut record = ByteRecord::with_capacity(line.len(), 16);
    for word in lines::words(line) {
        record.push_field(lines::pair(word).map_or(word, |(_, value)| value).as_bytes());
    }
    record
}

fn access(from: &mut dyn BufRead, head: &[u8], sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let head = String::from_utf8_lossy(head);
    let first = head.lines().map(str::trim).find(|line| lines::is_access(line)).unwrap_or_default();
    sink.begin("lines of a web server", lines::access_header(first), None);
    each_line(from, &mut |number, line| {
        if line.starts_with('#') {
            return Ok(());
        }
        sink.line(number, line, &cells(line))
    })
}

/// Words under a line of names.
fn columns(from: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let mut has_header = false;
    each_line(from, &mut |number, line| {
        if line.starts_with('#') {
            return Ok(());
        }
        if !has_header {
            has_header = true;
            sink.begin("columns apart by spaces", lines::words(line).into_iter().map(String::from).collect(), None);
            return Ok(());
        }
        sink.line(number, line, &ByteRecord::from(lines::words(line)))
    })
}

fn jmeter(from: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    sink.begin("JMeter XML", Vec::new(), None);
    let mut samples = xml::Samples::default();
    each_line(from, &mut |number, line| {
        samples.of_line(line).iter().try_for_each(|row| sink.row(number, Row::Object(row)))
    })?;
    samples.finish()
}

fn w3c(from: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let mut fields: Option<String> = None;
    each_line(from, &mut |number, line| {
        if let Some(names) = line.strip_prefix("#Fields:") {
            match &fields {
                None => sink.begin("W3C", names.split_whitespace().map(String::from).collect(), None),
                Some(before) if before != names => {
                    return Err(Wrong::new("the fields change in mid-file")
                        .at(number)
                        .cure("read each part by itself")
                        .harmless());
                }
                Some(_) => {}
            }
            fields = Some(names.into());
            return Ok(());
        }
        if line.starts_with('#') {
            return Ok(());
        }
        sink.line(number, line, &cells(line))
    })
}

/// The columns of `vegeta encode --to csv`, which has no header.
const VEGETA: [&str; 12] = [
    "timestamp",
    "code",
    "latency",
    "bytes_out",
    "bytes_in",
    "error",
    "body",
    "attack",
    "seq",
    "method",
    "url",
    "headers",
];

/// The header of a table, where its first row is none.
fn header_of(first: &ByteRecord) -> Option<Vec<String>> {
    let cell = |at: usize| String::from_utf8_lossy(first.get(at).unwrap_or_default()).trim().to_string();
    let is_whole = |at: usize, digits: std::ops::RangeInclusive<usize>| {
        let text = cell(at);
        digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    if first.len() >= 10 && is_whole(0, 18..=20) && is_whole(1, 1..=3) && is_whole(2, 1..=20) {
        return Some(
            (0..first.len())
                .map(|at| VEGETA.get(at).map_or(format!("column {}", at + 1), |name| (*name).into()))
                .collect(),
        );
    }
    let is_value = |at: usize| {
        let text = cell(at);
        text.is_empty()
            || super::number::number(&text, super::number::Comma::Thousands).is_some()
            || super::clock::moment(&text, None).is_some()
    };
    let values = (0..first.len()).filter(|at| is_value(*at)).count();
    (values * 2 > first.len() && !cell(0).starts_with(char::is_alphabetic))
        .then(|| (1..=first.len()).map(|at| format!("column {at}")).collect())
}

fn table(from: &mut dyn BufRead, separator: u8, sink: &mut Sink<'_>) -> Result<(), Wrong> {
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(from);
    let name = match separator {
        b'\t' => "TSV",
        b';' => "CSV with semicolons",
        b'|' => "CSV with bars",
        _ => "CSV",
    };
    let mut row = ByteRecord::new();
    let mut has_header = false;
    while rows.read_byte_record(&mut row).map_err(|error| of_csv(&error))? {
        let line = row.position().map_or(0, csv::Position::line);
        if !has_header {
            has_header = true;
            if let Some(names) = header_of(&row) {
                sink.begin(&format!("{name} without a header"), names, Some(separator));
            } else {
                let names = row.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_string()).collect();
                sink.begin(name, names, Some(separator));
                continue;
            }
        }
        if rows.position().line() > line + LINES_OF_A_ROW {
            let what = "a quote is opened on this line, and not closed for hundreds of lines";
            return Err(Wrong::new(what).at(line).cure("is the file damaged?").harmless());
        }
        sink.line(line, "", &row)?;
    }
    Ok(())
}

fn of_csv(error: &csv::Error) -> Wrong {
    match error.kind() {
        csv::ErrorKind::Io(error) => Wrong::of(error),
        _ => Wrong::new(error.to_string()),
    }
}

impl Sink<'_> {
    /// A row of a table: it must have as many cells as the header.
    fn line(&mut self, number: u64, line: &str, cells: &ByteRecord) -> Result<(), Wrong> {
        let columns = self.width();
        let is_empty = |at: usize| cells.get(at).is_none_or(|cell| cell.trim_ascii().is_empty());
        if cells.len() == columns || cells.len() > columns && (columns..cells.len()).all(is_empty) {
            return self.row(number, Row::Cells(cells));
        }
        let row = self.shown(Row::Cells(cells));
        let wrong = Wrong::new("this row and the header have different numbers of columns")
            .found(format!("{} of {columns}", cells.len()));
        self.broken(number, if line.is_empty() { &row } else { line }, wrong)
    }
}
