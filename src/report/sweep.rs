//! The pages of `sweep`, and its points as they are stored between runs: numbers as text, so that what is read back
//! is the same to the last bit.

use super::csv::{field, number as csv_number};
use super::json::{finite, pretty};
use super::text::section;
use super::words::{NOTHING, Paint, range, unit, value};
use crate::experiment::{Answer, Axis};
use crate::units::count;
use comfy_table::{Table, presets};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One metric at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its unit.
    pub unit: String,
    /// The mean.
    pub mean: Option<f64>,
    /// The 95 % interval.
    pub ci95: Option<(f64, f64)>,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The model's name.
    pub model: String,
    /// The seed.
    pub seed: u64,
    /// Replications of each point.
    pub replications: u32,
    /// What was varied.
    pub axes: Vec<Axis>,
    /// The metrics to show; the first is drawn.
    pub metrics: Vec<String>,
    /// The points: the position on each axis, and the metrics by name.
    pub points: Vec<(Vec<usize>, BTreeMap<String, Cell>)>,
    /// How many points were asked for.
    pub asked: usize,
}

/// The metrics of an answer.
pub fn point(answer: &Answer) -> BTreeMap<String, Cell> {
    let cell =
        |metric: &crate::experiment::Metric| Cell { unit: metric.unit.into(), mean: metric.mean, ci95: metric.ci95 };
    answer.metrics.iter().map(|metric| (metric.name.clone(), cell(metric))).collect()
}

/// A point as it is stored.
pub fn point_json(point: &BTreeMap<String, Cell>) -> String {
    let text = |x: Option<f64>| x.map_or(Value::Null, |x| x.to_string().into());
    let cell =
        |cell: &Cell| json!([cell.unit, text(cell.mean), text(cell.ci95.map(|c| c.0)), text(cell.ci95.map(|c| c.1))]);
    pretty(&point.iter().map(|(name, one)| (name.clone(), cell(one))).collect::<Map<_, _>>().into())
}

/// A stored point; none where the text is not one.
pub fn read_point(text: &str) -> Option<BTreeMap<String, Cell>> {
    let Ok(Value::Object(all)) = serde_json::from_str(text) else { return None };
    let number = |value: &Value| match value {
        Value::Null => Some(None),
        value => value.as_str()?.parse::<f64>().ok().map(Some),
    };
    let cell = |value: &Value| {
        let [unit, mean, low, high] = &value.as_array()?[..] else { return None };
        Some(Cell { unit: unit.as_str()?.into(), mean: number(mean)?, ci95: number(low)?.zip(number(high)?) })
    };
    all.iter().map(|(name, value)| Some((name.clone(), cell(value)?))).collect()
}

impl Sweep {
    fn values<'a>(&'a self, at: &'a [usize]) -> impl Iterator<Item = &'a str> {
        self.axes.iter().zip(at).map(|(axis, &at)| axis.values[at].as_str())
    }

    /// The first metric at a point.
    pub(super) fn drawn(&self, at: &[usize]) -> Option<f64> {
        self.points.iter().find(|(point, _)| point == at)?.1.get(self.metrics.first()?)?.mean
    }

    /// Its 95 % interval at a point.
    pub(super) fn interval(&self, at: &[usize]) -> Option<(f64, f64)> {
        self.points.iter().find(|(point, _)| point == at)?.1.get(self.metrics.first()?)?.ci95
    }

    /// The unit of a metric.
    pub(super) fn unit(&self, metric: &str) -> Option<&str> {
        self.points.iter().find_map(|(_, cells)| Some(cells.get(metric)?.unit.as_str()))
    }

    fn partial(&self) -> Option<String> {
        let done = self.points.len();
        (done < self.asked).then(|| format!("Partial: {done} of {} points are done.", self.asked))
    }

    fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let head = |metric: &String| {
            self.unit(metric)
                .map(unit)
                .filter(|unit| !unit.is_empty())
                .map_or(metric.clone(), |unit| format!("{metric} [{unit}]"))
        };
        let header = self.axes.iter().map(|axis| axis.path.clone()).chain(self.metrics.iter().map(head)).collect();
        let cell = |cell: Option<&Cell>| match cell.and_then(|cell| Some((cell, cell.mean?))) {
            None => NOTHING.into(),
            Some((cell, mean)) => match cell.ci95.filter(|(low, high)| low != high) {
                Some((low, high)) => format!("{} ({})", value(mean, &cell.unit), range(low, high, &cell.unit)),
                None => value(mean, &cell.unit),
            },
        };
        let row = |(at, cells): &(Vec<usize>, BTreeMap<String, Cell>)| {
            let metrics = self.metrics.iter().map(|metric| cell(cells.get(metric)));
            self.values(at).map(String::from).chain(metrics).collect()
        };
        (header, self.points.iter().map(row).collect())
    }
}

/// Renders a sweep as text.
pub fn sweep_text(sweep: &Sweep, paint: Paint) -> String {
    let (header, rows) = sweep.table();
    let mut out = format!("{}: {} points\n\n", paint.bold(&sweep.model), count(sweep.points.len() as u64));
    out += &sweep.partial().map_or(String::new(), |partial| format!("  {partial}\n"));
    out += &format!(
        "  Seed {}, {} replications of each point, on the same draws; means with 95 % intervals.\n",
        sweep.seed, sweep.replications
    );
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    table.add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    let lines = table.lines().map(|line| format!("  {}", line).trim_end().to_string() + "\n").collect();
    section(&mut out, "Points", lines, paint);
    out
}

/// Renders a sweep as GitHub-flavoured Markdown.
pub fn sweep_markdown(sweep: &Sweep) -> String {
    let (header, rows) = sweep.table();
    let mut out = format!(
        "## {}: {} points\n\n{}| {} |\n|{}\n",
        sweep.model,
        sweep.points.len(),
        sweep.partial().map_or(String::new(), |partial| format!("{partial}\n\n")),
        header.join(" | "),
        " --- |".repeat(header.len())
    );
    rows.iter().for_each(|row| out += &format!("| {} |\n", row.join(" | ")));
    out
}

/// Renders a sweep as CSV: a line for each point, each metric with its interval.
pub fn sweep_csv(sweep: &Sweep) -> String {
    let metrics = sweep.metrics.iter().flat_map(|m| [m.clone(), format!("{m}.ci95_low"), format!("{m}.ci95_high")]);
    let header: Vec<String> =
        sweep.axes.iter().map(|axis| axis.path.clone()).chain(metrics).map(|name| field(&name)).collect();
    let mut out = header.join(",") + "\r\n";
    for (at, cells) in &sweep.points {
        let mut line: Vec<String> = sweep.values(at).map(field).collect();
        for metric in &sweep.metrics {
            let cell = cells.get(metric);
            let ci95 = cell.and_then(|cell| cell.ci95);
            line.extend([cell.and_then(|cell| cell.mean), ci95.map(|c| c.0), ci95.map(|c| c.1)].map(csv_number));
        }
        out += &(line.join(",") + "\r\n");
    }
    out
}

/// Renders a sweep as JSON, with every metric of every point.
pub fn sweep_json(sweep: &Sweep) -> String {
    let number = |x: Option<f64>| x.map_or(Value::Null, finite);
    let points = sweep.points.iter().map(|(at, cells)| {
        let set: Map<_, _> =
            sweep.axes.iter().zip(sweep.values(at)).map(|(axis, value)| (axis.path.clone(), value.into())).collect();
        let cell = |cell: &Cell| {
            json!({
                "mean": number(cell.mean),
                "ci95": cell.ci95.map_or(Value::Null, |(low, high)| json!([finite(low), finite(high)])),
                "unit": cell.unit,
            })
        };
        let metrics: Map<_, _> = cells.iter().map(|(name, one)| (name.clone(), cell(one))).collect();
        json!({ "set": set, "metrics": metrics })
    });
    pretty(&json!({
        "schema_version": super::SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": sweep.model,
        "seed": sweep.seed,
        "replications": sweep.replications,
        "partial": sweep.points.len() < sweep.asked,
        "points": points.collect::<Vec<_>>(),
    }))
}
