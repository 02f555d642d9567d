//! The page of `run`: the answer in a few sentences, the metrics, advice, theory beside the simulation, ceilings.

use super::page::{Page, Part, Statement, Table};
use super::plots::Plot;
use super::show::Show;
use super::words::{self, range, value_or_dash};
use super::{Advice, arithmetic, settings, summary, theory};
use crate::experiment::Answer;

/// Lines of a short page: those of a common terminal.
const SCREEN: usize = 40;

/// The page of an answer; `pictures`: those that a browser shows are drawn, too.
pub(super) fn page(answer: &Answer, show: &Show, pictures: bool) -> Page {
    let is_short = *show == Show::Short;
    let advice = Part::List("Advice".into(), advice(answer));
    let settings = Table::part("Settings", &settings::HEADER, settings::rows(answer).into_iter().map(Vec::from));
    let mut parts = vec![settings];
    match show {
        Show::Short => parts.extend([metrics(answer, show), advice]),
        Show::Like(_) => parts.push(metrics(answer, show)),
        Show::All => {
            parts.push(advice);
            if pictures {
                let drawn =
                    Plot::ALL.into_iter().filter_map(|plot| Some(Part::Picture(plot.describe(), plot.svg(answer)?)));
                parts.extend(drawn);
            }
            parts.push(beside(answer));
            parts.extend(arithmetic::bounds(&answer.arithmetic));
            parts.push(metrics(answer, show));
        }
    }
    Page {
        title: words::title(&answer.model, &answer.description),
        answer: statements(answer, is_short),
        run: summary::run(answer),
        parts,
        screen: is_short.then_some(SCREEN),
    }
}

fn statements(answer: &Answer, is_short: bool) -> Vec<Statement> {
    let mut all = summary::statements(answer);
    // One screen: the reads are among the metrics, and advice says where they differ.
    all.retain(|statement| !(is_short && statement.topic == "Reads"));
    if !answer.overrides.is_empty() {
        all.push(Statement::new("With", answer.overrides.join(", ")));
    }
    all
}

fn advice(answer: &Answer) -> Vec<String> {
    Advice::of(answer).iter().map(Advice::text).chain(theory::warnings(answer)).collect()
}

fn beside(answer: &Answer) -> Part {
    let rows = answer.theory.iter().map(|line| theory::cells(line).to_vec());
    Table::part("Theory beside the simulation", &["`metric", "#simulated", "#theory", "law"], rows)
}

fn metrics(answer: &Answer, show: &Show) -> Part {
    let metrics = show.metrics(answer);
    let rows = metrics.iter().map(|metric| {
        let pair = |pair: Option<(f64, f64)>| pair.map_or(words::NOTHING.into(), |(a, b)| range(a, b, metric.unit));
        vec![
            metric.name.clone(),
            value_or_dash(metric.mean, metric.unit),
            pair(metric.ci95),
            pair(metric.min.zip(metric.max)),
            words::unit(metric.unit).into(),
        ]
    });
    let header = ["`metric", "#mean", "#95 % interval", "#min to max", "unit"];
    let table = Table::new("Metrics", &header, rows);
    let table = if *show == Show::Short { table.without(3) } else { Table { spare: Some(3), ..table } };
    let is_long = *show == Show::All;
    let notes = show.left_out(answer, metrics.len()).into_iter().collect();
    Part::Table(Table {
        notes,
        tight: *show == Show::Short,
        grouped: is_long,
        folded: is_long,
        title: "Metrics".into(),
        ..table
    })
}
