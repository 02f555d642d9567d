//! A page for people at a terminal: the answer first, then the tables.

use super::page::{Holds, Page, Part, Says, Statement, Table, tone};
use super::words::{self, Paint, paragraph};
use crate::experiment::Verdict;
use crate::units::inert;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, presets};

/// How text is set.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Whether it is coloured.
    pub paint: Paint,
    /// Characters in a line at most, as far as names and numbers allow.
    pub width: usize,
}

impl Screen {
    /// Text for a file, or a reader that is no terminal.
    pub const PLAIN: Screen = Screen { paint: Paint::Plain, width: 100 };
}

/// The margin of a statement's topic.
const MARGIN: usize = 15;

/// Sets a page as text.
pub(super) fn render(page: &Page, screen: Screen) -> String {
    let paint = screen.paint;
    let mut out = paint.bold(&inert(&page.title)) + "\n\n";
    let has_topics = page.answer.iter().any(|statement| !statement.topic.is_empty());
    page.answer.iter().for_each(|said| out += &statement(said, has_topics, screen));
    if !page.run.is_empty() {
        out += &paragraph(&topic("Run", has_topics), &inert(&page.run), screen.width);
    }
    let last = page.parts().count().saturating_sub(1);
    for (at, part) in page.parts().enumerate() {
        let room = page.screen.filter(|_| at == last).map(|lines| lines.saturating_sub(out.lines().count() + 4));
        let (title, body) = match part {
            Part::List(title, items) => (title, list(items, room, screen)),
            Part::Table(of) => (&of.title, table(of, screen)),
            Part::Lines(title, lines) => (title, lines.lines().map(|line| format!("  {line}\n")).collect()),
            Part::Picture(..) => continue,
        };
        out += &format!("\n{}\n\n{body}", paint.bold(&inert(title)));
    }
    paint.finish(&out)
}

fn topic(topic: &str, has_topics: bool) -> String {
    if has_topics { format!("  {topic:<width$}", width = MARGIN - 2) } else { "  ".into() }
}

fn statement(statement: &Statement, has_topics: bool, screen: Screen) -> String {
    let first = topic(statement.topic, has_topics);
    match &statement.says {
        Says::Sentence(sentence) => paragraph(&first, &inert(sentence), screen.width),
        Says::Verdicts(judged) => {
            let mut out = String::new();
            for (at, (word, what)) in judged.iter().enumerate() {
                let margin = if at == 0 { first.clone() } else { topic("", has_topics) };
                let padded = format!("{word:<9}");
                let line = paragraph(&format!("{margin}{padded}  "), &inert(what), screen.width);
                out += &line.replacen(&padded, &screen.paint.verdict(tone(word), &padded), 1);
            }
            out
        }
    }
}

/// The items of a list; those beyond the room are counted.
fn list(items: &[String], room: Option<usize>, screen: Screen) -> String {
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        let next = paragraph("  - ", &inert(item), screen.width);
        let lines = out.lines().count() + next.lines().count();
        if at > 0 && room.is_some_and(|room| lines > room) {
            return format!("{out}  - {} more: --all.\n", items.len() - at);
        }
        out += &next;
    }
    out
}

/// A table as text, without its title.
pub(super) fn table(table: &Table, screen: Screen) -> String {
    let widest = |lines: &[String]| lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut lines = set(table, None);
    if widest(&lines) > screen.width
        && let Some(spare) = table.spare
    {
        lines = set(&table.without(spare), None);
    }
    if widest(&lines) > screen.width && ends_in_prose(table) {
        lines = set(table, Some(screen.width));
    }
    let notes = table.notes.iter().map(|note| paragraph("  ", &inert(note), screen.width)).collect::<String>();
    let is_one_line_each = lines.len() == table.rows.len() + 1;
    let mut lines = lines.into_iter();
    let mut out = lines.next().map_or(String::new(), |header| screen.paint.dim(&header) + "\n");
    let mut before: Option<&str> = None;
    for (at, line) in lines.enumerate() {
        let row = table.rows.get(at).filter(|_| is_one_line_each);
        let group = row.filter(|_| table.grouped).map(|row| words::group(&row[0]));
        if before.is_some() && before != group {
            out.push('\n');
        }
        before = group;
        let is_broken = row.is_some_and(|row| has_bad_news(table, row));
        out += &if is_broken { screen.paint.bold(&line) } else { line };
        out.push('\n');
    }
    let between = if notes.is_empty() || table.tight { "" } else { "\n" };
    out + between + &notes
}

/// Whether the last column may be broken into lines.
fn ends_in_prose(table: &Table) -> bool {
    const PROSE: usize = 24;
    let is_words = table.columns().last().is_some_and(|(_, holds)| holds == Holds::Words);
    is_words && table.rows.iter().filter_map(|row| row.last()).any(|cell| cell.chars().count() > PROSE)
}

fn has_bad_news(table: &Table, row: &[String]) -> bool {
    let mut cells = table.columns().zip(row);
    cells.any(|((_, holds), cell)| holds == Holds::Verdicts && tone(cell) == Verdict::Broken)
}

/// Lines without borders, indented by two; within a width the last column is broken into lines.
fn set(of: &Table, width: Option<usize>) -> Vec<String> {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(of.columns().map(|(name, _)| inert(name)));
    table.add_rows(of.rows.iter().map(|row| row.iter().map(|cell| inert(cell))));
    let last = of.header.len().saturating_sub(1);
    for (column, (_, holds)) in table.column_iter_mut().zip(of.columns()) {
        column.set_padding((0, 2));
        let is_right = holds == Holds::Numbers;
        column.set_cell_alignment(if is_right { CellAlignment::Right } else { CellAlignment::Left });
        if width.is_some() && column.index < last {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width as u16);
    }
    table.lines().map(|line| format!("  {line}").trim_end().to_string()).collect()
}
