//! What an answer for people is made of, whatever its form: sentences, then lists, tables and pictures under titles.
//! `text`, `markdown` and `html` each set the same page.

use crate::experiment::Verdict;

/// One page.
pub(super) struct Page {
    /// What is asked of what.
    pub title: String,
    /// The answer, the most important first.
    pub answer: Vec<Statement>,
    /// Where the answer comes from: seed, model, work.
    pub run: String,
    /// What stands below.
    pub parts: Vec<Part>,
    /// Lines at most in a terminal: the last list is cut for it.
    pub screen: Option<usize>,
}

/// One statement of the answer: a word for the margin, which may be empty, and what it says.
pub(super) struct Statement {
    pub topic: &'static str,
    pub says: Says,
}

/// What a statement says.
pub(super) enum Says {
    /// A sentence.
    Sentence(String),
    /// Things that were judged, a line each: the verdict in a word, which has a tone, and of what.
    Verdicts(Vec<(&'static str, String)>),
}

/// A part of a page under its title; an empty one is left out.
pub(super) enum Part {
    /// Sentences.
    List(String, Vec<String>),
    /// Rows.
    Table(Table),
    /// Lines of a model, as they are.
    Lines(String, String),
    /// A picture, described for those who cannot see it; as SVG. Only a page in a browser shows it.
    Picture(&'static str, String),
}

/// Rows under a header. The first letter of a column's name says what it holds: `#` numbers, `` ` `` names, `!` verdicts.
#[derive(Default)]
pub(super) struct Table {
    pub title: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Sentences below it.
    pub notes: Vec<String>,
    /// The column that goes first where there is no room for all.
    pub spare: Option<usize>,
    /// Rows are set apart by the part of the model that their first cell names.
    pub grouped: bool,
    /// The notes follow at once, to save a line.
    pub tight: bool,
    /// Long: it is folded away where the form can do so.
    pub folded: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Words,
    Numbers,
    Names,
    Verdicts,
}

impl Page {
    /// A page of sentences and parts.
    pub fn new(title: impl Into<String>, answer: Vec<String>, run: impl Into<String>, parts: Vec<Part>) -> Page {
        let answer = answer.into_iter().map(|sentence| Statement::new("", sentence)).collect();
        Page { title: title.into(), answer, run: run.into(), parts, screen: None }
    }

    /// Puts a picture before the tables.
    pub fn add_picture(&mut self, describe: &'static str, svg: Option<String>) {
        self.parts.splice(0..0, svg.map(|svg| Part::Picture(describe, svg)));
    }

    /// The parts that have something in them.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.is_empty())
    }
}

impl Statement {
    pub fn new(topic: &'static str, sentence: impl Into<String>) -> Statement {
        Statement { topic, says: Says::Sentence(sentence.into()) }
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        match self {
            Part::List(_, items) => items.is_empty(),
            Part::Table(table) => table.rows.is_empty(),
            Part::Lines(_, lines) => lines.is_empty(),
            Part::Picture(_, svg) => svg.is_empty(),
        }
    }
}

impl Table {
    /// A table as a part of a page.
    pub fn part(title: impl Into<String>, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Part {
        Part::Table(Table::new(title, header, rows))
    }

    pub fn new(title: impl Into<String>, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Table {
        let header = header.iter().map(|name| name.to_string()).collect();
        Table { title: title.into(), header, rows: rows.collect(), ..Table::default() }
    }

    /// The names of the columns, and what they hold.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Holds)> {
        self.header.iter().map(|name| match name.chars().next() {
            Some('#') => (&name[1..], Holds::Numbers),
            Some('`') => (&name[1..], Holds::Names),
            Some('!') => (&name[1..], Holds::Verdicts),
            _ => (name.as_str(), Holds::Words),
        })
    }

    /// The same without a column.
    pub fn without(&self, column: usize) -> Table {
        let kept = |cells: &[String]| -> Vec<String> {
            cells.iter().enumerate().filter(|(at, _)| *at != column).map(|(_, cell)| cell.clone()).collect()
        };
        Table { header: kept(&self.header), rows: self.rows.iter().map(|row| kept(row)).collect(), ..Table::default() }
    }
}

/// Whether the word of a verdict is good news, bad news, or neither.
pub(super) fn tone(word: &str) -> Verdict {
    match word {
        "met" | "holds" | "pass" | "better" | "meets" | "agrees" => Verdict::Met,
        "broken" | "regression" | "worse" | "fails" | "differs" => Verdict::Broken,
        _ => Verdict::Undecided,
    }
}
