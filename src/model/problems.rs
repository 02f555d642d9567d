//! Problems of a model, in sentences for its author.
//!
//! Reading never stops at the first problem: each one is recorded and reading goes on, so that all problems are
//! reported at once, in file order.

use crate::records::Wrong;
use crate::units::inert;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::collections::BTreeMap;
use std::fmt;

/// How many problems are recorded; the rest is counted.
const LISTED: usize = 200;
/// Lines longer than this are cut where they are shown.
const LINE_BYTES: usize = 400;

/// Clauses longer than this, in characters, are cut in the middle: a name may be as long as its file.
const CLAUSE: usize = 400;

/// A stretch of one source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    /// Which text, by its position in [`Texts`].
    pub source: u32,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl At {
    /// The place of a problem that concerns a whole text.
    pub fn whole(source: u32) -> At {
        At { source, start: 0, end: 0 }
    }

    /// Whether the other stretch lies in this one.
    pub fn contains(self, other: At) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// The texts that a model is made of: its file, its bases, its preset, the `--set` options, its data files.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<(String, String)>);

impl Texts {
    /// Adds a text under the name that people know it by.
    pub fn add(&mut self, name: &str, text: &str) -> u32 {
        self.0.push((name.to_string(), text.to_string()));
        (self.0.len() - 1) as u32
    }

    /// The name of a text.
    pub fn name(&self, source: u32) -> &str {
        &self.0[source as usize].0
    }

    /// Line, column (both from 1, the column in characters) and the start of the line in bytes.
    fn locate(&self, at: At) -> (usize, usize, usize) {
        let text = &self.0[at.source as usize].1;
        let start = floor(text, at.start as usize);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[..line_start].matches('\n').count() + 1;
        (line, text[line_start..start].chars().count() + 1, line_start)
    }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// What is wrong with a value; the place and the key are added when it is reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaint {
    /// What is wrong, a clause.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
    /// What to do about it.
    pub cure: String,
}

impl Complaint {
    /// A complaint that needs no more than a clause.
    pub fn new(what: impl Into<String>) -> Complaint {
        Complaint { what: what.into(), ..Complaint::default() }
    }

    /// With what was found.
    pub fn found(self, found: impl Into<String>) -> Complaint {
        Complaint { found: found.into(), ..self }
    }

    /// With what is allowed.
    pub fn allowed(self, allowed: impl Into<String>) -> Complaint {
        Complaint { allowed: allowed.into(), ..self }
    }

    /// With a cure.
    pub fn cure(self, cure: impl Into<String>) -> Complaint {
        Complaint { cure: cure.into(), ..self }
    }
}

/// One thing that is wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as people know it, `<stdin>`, or `--set`.
    pub file: String,
    /// The line, from 1; 0 where there is no text to point at.
    pub line: usize,
    /// The column in characters, from 1; 0 where there is no text to point at.
    pub column: usize,
    /// The dotted path of the key, as `--set` takes it; empty where no key is concerned.
    pub key: String,
    /// What is wrong, a clause.
    pub what: String,
    /// What was found; may be empty.
    pub found: String,
    /// What is allowed; may be empty.
    pub allowed: String,
    /// What to do about it; may be empty.
    pub cure: String,
    /// The line itself, cut if very long, and the bytes of it that are meant.
    shown: Option<(String, std::ops::Range<usize>)>,
    order: At,
}

/// Everything that is wrong with a model, in file order; never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    more: usize,
    unreadable: bool,
}

impl Problems {
    /// The problems, in file order.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The one problem of a data file.
    pub(super) fn of_data(name: &str, wrong: Wrong) -> Problems {
        let Wrong { line, shown, what, found, allowed, cure, is_unreadable, .. } = wrong;
        let shown = inert(&shown);
        let length = shown.len();
        let problem = Problem {
            file: name.into(),
            line: line as usize,
            column: usize::from(line > 0),
            key: String::new(),
            what: short(what),
            found: short(found),
            allowed: allowed.into(),
            cure: short(cure.into()),
            shown: Some((shown, 0..length)).filter(|_| length > 0),
            order: At::whole(0),
        };
        Problems { list: vec![problem], more: 0, unreadable: is_unreadable }
    }

    /// Whether a file could not be read at all, so that trying again may help.
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// The problems as text for people, with the lines concerned; with terminal colours if asked.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for problem in &self.list {
            out += &problem.render(&renderer);
            out += "\n\n";
        }
        if self.more > 0 {
            out += &format!("… and {} more problems\n", self.more);
        } else {
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        out
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problem {
    /// `FILE:LINE:COLUMN: KEY: what is wrong, found …`, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&inert(&self.file))?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        let found = if self.found.is_empty() { String::new() } else { format!(", found {}", self.found) };
        write!(f, ": {}{}", inert(&self.title()), inert(&found))
    }
}

impl Problem {
    fn title(&self) -> String {
        if self.key.is_empty() { self.what.clone() } else { format!("{}: {}", self.key, self.what) }
    }

    fn render(&self, renderer: &Renderer) -> String {
        let title = inert(&self.title());
        let found = if self.found.is_empty() { String::new() } else { format!("found {}", self.found) };
        let file = inert(&self.file);
        let mut group: Group<'_> = match &self.shown {
            Some((line, span)) => Level::ERROR.primary_title(title).element(
                Snippet::source(line.as_str())
                    .line_start(self.line)
                    .path(file.as_str())
                    .annotation(AnnotationKind::Primary.span(span.clone()).label(inert(&found))),
            ),
            None => {
                let origin = Origin::path(file.as_str());
                let origin = if self.line > 0 { origin.line(self.line) } else { origin };
                let group = Level::ERROR.primary_title(title).element(origin);
                if found.is_empty() { group } else { group.element(Level::NOTE.message(inert(&found))) }
            }
        };
        if !self.allowed.is_empty() {
            group = group.element(Level::NOTE.with_name("allowed").message(inert(&self.allowed)));
        }
        if !self.cure.is_empty() {
            group = group.element(Level::HELP.message(inert(&self.cure)));
        }
        renderer.render(&[group])
    }
}

/// The message for an empty model.
pub(super) const EMPTY: &str = "the model is empty";

/// Messages that contain no part of the text, by how they begin.
const HARMLESS: [&str; 5] =
    [EMPTY, "this looks like ", "not UTF-8 text", "the file is empty", "a model file has at most"];

/// Why no part of a text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// It is not known to be a model.
    NoModel,
    /// It is not known to be a trace or measured data.
    NoData,
    /// It is outside the directory of the model that names it, so it may be anyone's.
    Outside,
}

impl Silence {
    /// The one message for such a text, in place of all its problems, of which `first` is the first.
    fn complaint(self, first: Complaint, name: &str) -> Complaint {
        if self != Silence::Outside && HARMLESS.iter().any(|words| first.what.starts_with(words)) {
            return first;
        }
        match self {
            Silence::NoModel => Complaint::new("this is not a model: none of its lines looks like one")
                .cure("a model is TOML, with at least [traffic.NAME], [workflow.NAME] and [provider.NAME]"),
            Silence::NoData => Complaint::new("unexpected contents: no line up to here could be read")
                .cure("a trace is JSON Lines, one plan per line; latencies are one number per line, CSV or JSON Lines"),
            Silence::Outside => Complaint::new(
                "something is wrong here, but it is not shown: the file is outside the model's directory",
            )
            .cure(format!("check a model with `capsim validate {name}`; copy a data file into the model's directory")),
        }
    }
}

/// Collects problems while a model is read.
#[derive(Debug, Default)]
pub(super) struct Collector {
    /// The texts that places refer to.
    pub texts: Texts,
    /// The texts that are not shown.
    silent: BTreeMap<u32, Silence>,
    list: Vec<Problem>,
    more: usize,
    unreadable: bool,
}

impl Collector {
    /// Records a problem.
    pub fn report(&mut self, at: At, key: &str, complaint: Complaint) {
        if self.list.len() >= LISTED {
            self.more += 1;
            return;
        }
        let (line, column, line_start) = self.texts.locate(at);
        let text = &self.texts.0[at.source as usize].1;
        let shown = (!text.is_empty()).then(|| shown(text, line_start, at));
        let (line, column) = if text.is_empty() { (0, 0) } else { (line, column) };
        let Complaint { what, found, allowed, cure } = complaint;
        let [key, what, found, cure] = [key.into(), what, found, cure].map(short);
        let file = self.texts.name(at.source).to_string();
        self.list.push(Problem { file, line, column, key, what, found, allowed, cure, shown, order: at });
    }

    /// Records a problem, unless there is already one within that range: a check that builds on a value need not repeat
    /// that the value is wrong.
    pub fn report_once(&mut self, at: At, key: &str, complaint: Complaint) {
        if !self.list.iter().any(|problem| at.contains(problem.order)) {
            self.report(at, key, complaint);
        }
    }

    /// Hides a text; one that is not the model's own stays hidden.
    pub fn silence(&mut self, source: u32, why: Silence) {
        if self.silent.get(&source) != Some(&Silence::Outside) {
            self.silent.insert(source, why);
        }
    }

    /// Shows a text after all, now that it is known to be of the expected kind.
    pub fn vouch(&mut self, source: u32) {
        if self.silent.get(&source) != Some(&Silence::Outside) {
            self.silent.remove(&source);
        }
    }

    /// Records that a file cannot be read.
    pub fn unreadable(&mut self, at: At, key: &str, complaint: Complaint) {
        self.unreadable = true;
        self.report(at, key, complaint);
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All recorded problems, in file order.
    pub fn finish(mut self) -> Problems {
        self.list.sort_by_key(|problem| problem.order);
        self.list.dedup();
        self.keep_silent();
        Problems { list: self.list, more: self.more, unreadable: self.unreadable }
    }
}

impl Collector {
    /// One problem, without any of its text, for each text of which nothing is shown.
    fn keep_silent(&mut self) {
        let mut said: Vec<u32> = Vec::new();
        let silent = &self.silent;
        self.list.retain(|problem| {
            let source = problem.order.source;
            let first = !said.contains(&source);
            said.push(source);
            first || !silent.contains_key(&source)
        });
        for problem in &mut self.list {
            if let Some(silence) = silent.get(&problem.order.source) {
                let first = Complaint {
                    what: std::mem::take(&mut problem.what),
                    cure: std::mem::take(&mut problem.cure),
                    ..Complaint::default()
                };
                let Complaint { what, cure, .. } = silence.complaint(first, &problem.file);
                let (file, line, column, order) =
                    (std::mem::take(&mut problem.file), problem.line, problem.column, problem.order);
                let empty = String::new;
                *problem = Problem {
                    file,
                    line,
                    column,
                    key: empty(),
                    what,
                    found: empty(),
                    allowed: empty(),
                    cure,
                    shown: None,
                    order,
                };
            }
        }
    }
}

/// What is wrong with the lines of a data file: the first few are listed, the rest is counted.
#[derive(Debug)]
pub(super) struct Lines {
    /// The text.
    pub source: u32,
    wrong: usize,
}

impl Lines {
    /// How many lines are listed.
    const LISTED: usize = 20;

    /// Nothing is wrong yet.
    pub fn of(source: u32) -> Lines {
        Lines { source, wrong: 0 }
    }

    /// Records what is wrong from one byte to another.
    pub fn report(&mut self, problems: &mut Collector, start: usize, end: usize, complaint: Complaint) {
        self.wrong += 1;
        if self.wrong <= Lines::LISTED {
            problems.report(At { source: self.source, start: start as u32, end: end as u32 }, "", complaint);
        }
    }

    /// Records at the end of the text how many more lines are wrong, if any; `of` is a phrase such as ` of this trace`.
    pub fn finish(self, problems: &mut Collector, end: usize, of: &str) {
        if self.wrong > Lines::LISTED {
            let at = At { source: self.source, start: end as u32, end: end as u32 };
            let more = self.wrong - Lines::LISTED;
            problems.report(at, "", Complaint::new(format!("{more} more lines{of} are wrong")));
        }
    }
}

/// A clause cut in the middle so that it fits on a few lines.
fn short(clause: String) -> String {
    let ends = CLAUSE / 2;
    match (clause.char_indices().nth(ends), clause.char_indices().rev().nth(ends)) {
        (Some((first, _)), Some((last, _))) if first < last => format!("{}…{}", &clause[..first], &clause[last..]),
        _ => clause,
    }
}

/// The line at a place, cut if very long, and the bytes of it that are meant.
fn shown(text: &str, line_start: usize, at: At) -> (String, std::ops::Range<usize>) {
    let line_end = text[line_start..].find('\n').map_or(text.len(), |length| line_start + length);
    let start = floor(text, at.start as usize).min(line_end);
    let cut = if line_end - line_start > LINE_BYTES && start - line_start > LINE_BYTES / 2 {
        floor(text, start - LINE_BYTES / 2)
    } else {
        line_start
    };
    let line = text[cut..floor(text, line_end.min(cut + LINE_BYTES))].trim_end_matches('\r');
    let from = (start - cut).min(line.len());
    let to = floor(line, (at.end as usize).saturating_sub(cut)).clamp(from, line.len());
    // What is hidden in it becomes longer when it is shown.
    let length = |part: &str| inert(part).len();
    (inert(line), length(&line[..from])..length(&line[..to]))
}
