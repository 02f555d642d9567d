//! Where rows arrive: the first are kept until the columns are decided on, the others are handed on at once.

use super::account::Account;
use super::asked::Asked;
use super::contents::Contents;
use super::dialect::Dialect;
use super::grouped::{self, Form};
use super::record::{self, Read, Record};
use super::roles::{self, Roles};
use super::row::{Column, Kept, Place, Row};
use super::sample::Sample;
use super::wrong::Wrong;
use crate::units::{count, percent};

/// How many rows decide on the columns.
const DECIDE: usize = 1000;
/// How many rows a file without single latencies has at most.
const GATHERED: usize = 100_000;
/// How many broken rows are shown.
const SHOWN: usize = 3;
/// How much of a broken row is shown.
const SHOWN_BYTES: usize = 300;

enum Mode {
    Undecided,
    Records(Box<Roles>),
    Gathers(Form),
}

/// Takes rows, and hands on records.
pub(super) struct Sink<'a> {
    asked: &'a Asked,
    each: &'a mut dyn FnMut(Record),
    mode: Mode,
    columns: Vec<Column>,
    separator: Option<u8>,
    /// What kind of document the rows are from.
    document: Option<&'static str>,
    pending: Vec<(u64, Kept)>,
    account: Account,
}

impl<'a> Sink<'a> {
    pub fn new(asked: &'a Asked, each: &'a mut dyn FnMut(Record)) -> Sink<'a> {
        Sink {
            asked,
            each,
            mode: Mode::Undecided,
            columns: Vec::new(),
            separator: None,
            document: None,
            pending: Vec::new(),
            account: Account::default(),
        }
    }

    /// The form of the file, and the names of its columns where rows have a header.
    pub fn begin(&mut self, format: &str, names: Vec<String>, separator: Option<u8>) {
        self.account.format = format.into();
        self.separator = separator;
        self.columns = names
            .into_iter()
            .enumerate()
            .map(|(at, name)| Column { name, place: Place::Cell(at), is_seen: true })
            .collect();
    }

    /// The rows are from a document of this name.
    pub fn is_document(&mut self, name: &'static str) {
        self.document = Some(name);
    }

    /// A row as it is shown.
    pub fn shown(&self, row: Row<'_>) -> String {
        row.shown(self.separator)
    }

    /// How many columns the header has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Takes a row.
    pub fn row(&mut self, line: u64, row: Row<'_>) -> Result<(), Wrong> {
        match &self.mode {
            Mode::Records(_) => {
                self.record(line, row);
                Ok(())
            }
            Mode::Gathers(_) if self.pending.len() >= GATHERED => {
                Err(Wrong::new("too many rows for a table of percentiles"))
            }
            Mode::Gathers(_) => {
                self.pending.push((line, row.keep()));
                Ok(())
            }
            Mode::Undecided => {
                self.pending.push((line, row.keep()));
                if self.pending.len() < DECIDE { Ok(()) } else { self.decide() }
            }
        }
    }

    /// Counts a line that is no row.
    pub fn broken(&mut self, line: u64, shown: &str, wrong: Wrong) -> Result<(), Wrong> {
        self.account.broken += 1;
        if self.account.first_broken.len() < SHOWN {
            let mut end = shown.len().min(SHOWN_BYTES);
            while !shown.is_char_boundary(end) {
                end -= 1;
            }
            self.account.first_broken.push(Wrong { shown: shown[..end].into(), ..wrong.at(line) });
        }
        Ok(())
    }

    /// Whether the file has been recognised, so that lines of it may be shown.
    pub fn is_known(&self) -> bool {
        let are_names = self.columns.len() > 1 && self.columns.iter().all(|column| is_a_name(&column.name));
        let objects = || {
            self.pending.iter().any(|(_, row)| {
                let columns = row.row().columns();
                columns.len() > 1 && columns.iter().all(|column| is_a_name(&column.name))
            })
        };
        self.account.rows > 0 || are_names || objects()
    }

    fn decide(&mut self) -> Result<(), Wrong> {
        if self.columns.is_empty() {
            for (_, row) in &self.pending {
                for column in row.row().columns() {
                    if !self.columns.contains(&column) {
                        self.columns.push(column);
                    }
                }
            }
        }
        let rows: Vec<Kept> = self.pending.iter().map(|(_, row)| row.clone()).collect();
        let dialect = Dialect::of(&self.columns);
        if let Some(name) = self.document {
            self.account.format = name.into();
        }
        let sample = Sample { columns: &self.columns, rows: &rows, separator: self.separator, dialect };
        if let Some(form) = grouped::form(&sample, self.asked).filter(|_| self.asked.wants_latencies) {
            self.mode = Mode::Gathers(form);
            return Ok(());
        }
        if matches!(rows.first(), Some(Kept::Object(_))) {
            self.columns.extend(roles::of_errors_to_come(&self.columns));
        }
        let sample = Sample { columns: &self.columns, rows: &rows, separator: self.separator, dialect };
        let roles = roles::choose(&sample, self.asked)?;
        if let Some(name) = dialect.map(|dialect| dialect.name).filter(|_| self.document.is_none()) {
            let is_enough = name.contains("JSON") || name.contains("CSV");
            self.account.format = if is_enough { name.into() } else { format!("{name} ({})", self.account.format) };
        }
        self.account.taken.clone_from(&roles.taken);
        roles.notes.iter().for_each(|note| self.account.note(note.clone()));
        self.mode = Mode::Records(Box::new(roles));
        for (line, row) in std::mem::take(&mut self.pending) {
            self.record(line, row.row());
        }
        Ok(())
    }

    fn record(&mut self, line: u64, row: Row<'_>) {
        let Mode::Records(roles) = &self.mode else { return };
        match record::read(roles, &self.columns, line, row) {
            Read::Record(record) => {
                self.account.rows += 1;
                (self.each)(record);
            }
            Read::LeftOut(why) => self.account.leave_out(&why),
            Read::Broken(wrong) => drop(self.broken(line, &row.shown(self.separator), wrong)),
        }
    }

    /// The end of the file.
    pub fn finish(mut self) -> Result<Contents, Wrong> {
        if matches!(self.mode, Mode::Undecided) {
            if self.pending.is_empty() && self.account.broken == 0 {
                return Err(Wrong::new("the file has no rows").harmless());
            }
            if !self.pending.is_empty() {
                self.decide()?;
            }
        }
        if let Mode::Gathers(form) = &self.mode {
            let rows: Vec<Kept> = self.pending.drain(..).map(|(_, row)| row).collect();
            let dialect = Dialect::of(&self.columns);
            let sample = Sample { columns: &self.columns, rows: &rows, separator: self.separator, dialect };
            let grouped = grouped::gather(&sample, self.asked, form, &mut self.account)?;
            return Ok(Contents { account: self.account, grouped: Some(grouped) });
        }
        self.judge()?;
        Ok(Contents { account: self.account, grouped: None })
    }

    /// Whether too many rows are broken, or none is left.
    fn judge(&mut self) -> Result<(), Wrong> {
        let Account { rows, broken, .. } = self.account;
        let share = broken as f64 / (rows + broken).max(1) as f64;
        let first = self.account.first_broken.first().cloned();
        if broken > 0 && share > self.asked.broken {
            let first = first.unwrap_or_default();
            let others = format!(
                "{} of {} rows cannot be read ({}, and {} may be: --broken SHARE)",
                count(broken),
                count(rows + broken),
                percent(share),
                percent(self.asked.broken)
            );
            return Err(Wrong { what: format!("{}. {others}", first.what), ..first });
        }
        if rows == 0 {
            let left: Vec<String> =
                self.account.left_out.iter().map(|(why, n)| format!("{} {why}", count(*n))).collect();
            let cure = self.account.notes.join(" ");
            return Err(Wrong::new("no row has what is wanted").found(left.join(", ")).cure(cure));
        }
        Ok(())
    }
}

/// Whether a text may be the name of a column: short, and a word or a few.
fn is_a_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " _-./()[]%@$#".contains(c);
    name.trim().starts_with(|c: char| c.is_alphanumeric() || "@$_#".contains(c))
        && name.len() <= 80
        && name.chars().all(is_plain)
}
