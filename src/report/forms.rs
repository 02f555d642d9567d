//! Each answer in each form.

use super::ours::Form;
use super::page::Page;
use super::plots::Picture;
use super::text::Screen;
use super::{
    Show, Strategies, Sweep, arithmetic, capacity, check, comparison, csv, fit, html, json, levers, markdown, run,
};
use super::{side_by_side, sweep, text, tune, verification};
use crate::experiment::verify::Verification;
use crate::experiment::{Answer, Arithmetic, Capacity, Comparison, Fitted, Judgement, Levers, Tuned};

/// The answer of one command.
#[derive(Clone, Copy, Debug)]
pub enum Report<'a> {
    /// Of `run`: what is shown of it to people at a terminal. The other forms have all.
    Run(&'a Answer, &'a Show),
    /// Of `explain`: the model's name and description, and its arithmetic.
    Arithmetic(&'a str, &'a str, &'a Arithmetic),
    /// Of `verify`.
    Verification(&'a Verification),
    /// Of `check`.
    Judgement(&'a Judgement),
    /// Of `fit`: the file's name, and the law.
    Fit(&'a str, &'a Fitted),
    /// Of `compare`: what is shown of it to people at a terminal.
    Comparison(&'a Comparison, &'a Show),
    /// Of `capacity`.
    Capacity(&'a Capacity),
    /// Of `sweep`.
    Sweep(&'a Sweep),
    /// Of `tune`.
    Tuned(&'a Tuned),
    /// Of `levers`.
    Levers(&'a Levers),
    /// Of `strategies --compare`.
    Strategies(&'a Strategies),
}

impl<'a> Report<'a> {
    /// The whole answer of a run.
    pub fn of(answer: &'a Answer) -> Report<'a> {
        Report::Run(answer, &Show::All)
    }

    /// The answer in a form; none where it has none in that form.
    pub fn render(self, form: Form, screen: Screen) -> Option<Vec<u8>> {
        match form {
            Form::Text => Some(self.text(screen)),
            Form::Json => Some(self.json()),
            Form::Csv => self.csv(),
            Form::Markdown => Some(self.markdown()),
            Form::Html => Some(self.html()),
            Form::Junit => self.junit(),
            Form::Toml => self.toml(),
            Form::Svg => self.picture()?.svg(),
            Form::Png => return self.picture()?.png(),
            Form::Baseline | Form::Timeline => None,
        }
        .map(String::into_bytes)
    }

    /// For people at a terminal: the answer first, then the tables.
    pub fn text(self, screen: Screen) -> String {
        text::render(&self.page(false), screen)
    }

    /// GitHub-flavoured Markdown.
    pub fn markdown(self) -> String {
        markdown::render(&self.whole().page(false))
    }

    /// One page that needs nothing else, the pictures inside.
    pub fn html(self) -> String {
        html::render(&self.whole().page(true))
    }

    /// For programs; `capsim schema` describes it.
    pub fn json(self) -> String {
        match self {
            Report::Run(answer, _) => json::json(answer),
            Report::Arithmetic(model, description, found) => arithmetic::json(model, description, found),
            Report::Verification(found) => verification::json(found),
            Report::Judgement(found) => check::json(found),
            Report::Fit(name, found) => fit::json(name, found),
            Report::Comparison(found, _) => comparison::json(found),
            Report::Capacity(found) => capacity::json(found),
            Report::Sweep(found) => sweep::json(found),
            Report::Tuned(found) => tune::json(found),
            Report::Levers(found) => levers::json(found),
            Report::Strategies(found) => side_by_side::json(found),
        }
    }

    /// One table.
    pub fn csv(self) -> Option<String> {
        match self {
            Report::Run(answer, _) => Some(csv::csv(answer)),
            Report::Arithmetic(_, _, found) => Some(arithmetic::csv(found)),
            Report::Verification(found) => Some(verification::csv(found)),
            Report::Judgement(_) | Report::Fit(..) => None,
            Report::Comparison(found, _) => Some(comparison::csv(found)),
            Report::Capacity(found) => Some(capacity::csv(found)),
            Report::Sweep(found) => Some(sweep::csv(found)),
            Report::Tuned(found) => Some(tune::csv(found)),
            Report::Levers(found) => Some(levers::csv(found)),
            Report::Strategies(found) => Some(side_by_side::csv(found)),
        }
    }

    fn junit(self) -> Option<String> {
        match self {
            Report::Judgement(found) => Some(check::junit(found)),
            _ => None,
        }
    }

    fn toml(self) -> Option<String> {
        match self {
            Report::Fit(name, found) => Some(fit::toml(name, found)),
            _ => None,
        }
    }

    /// The same with nothing left out.
    fn whole(self) -> Self {
        match self {
            Report::Run(answer, _) => Report::of(answer),
            Report::Comparison(found, _) => Report::Comparison(found, &Show::All),
            other => other,
        }
    }

    fn page(self, is_drawn: bool) -> Page {
        let mut page = match self {
            Report::Run(answer, show) => run::page(answer, show, is_drawn),
            Report::Arithmetic(model, description, found) => arithmetic::page(model, description, found),
            Report::Verification(found) => verification::page(found),
            Report::Judgement(found) => check::page(found),
            Report::Fit(name, found) => fit::page(name, found),
            Report::Comparison(found, show) => comparison::page(found, show),
            Report::Capacity(found) => capacity::page(found),
            Report::Sweep(found) => sweep::page(found),
            Report::Tuned(found) => tune::page(found),
            Report::Levers(found) => levers::page(found),
            Report::Strategies(found) => side_by_side::page(found),
        };
        if is_drawn && let Some(picture) = self.picture() {
            page.add_picture(picture.describe(), picture.svg());
        }
        page
    }

    fn picture(&self) -> Option<Picture<'_>> {
        match self {
            Report::Capacity(found) => Some(Picture::Ladder(found)),
            Report::Sweep(found) => Some(Picture::Sweep(found)),
            _ => None,
        }
    }
}
