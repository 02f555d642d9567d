//! The pages of `sweep`, and its points as they are stored between runs: numbers as text, so that what is read back
//! is the same to the last bit.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, exact, interval, nullable, pretty, read_exact};
use super::page::{Page, Table};
use super::sealed::Kind;
use super::words::{self, NOTHING, range, unit, value};
use crate::experiment::{Answer, Axis, set_at};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The JSON Schema of what `sweep --format json` prints.
pub const SWEEP_SCHEMA: &str = include_str!("../../docs/sweep.schema.json");

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

/// What a stored point is the point of: all that its results depend on, and what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointOf {
    /// The digest of its model.
    pub digest: String,
    /// The seed.
    pub seed: u64,
    /// How many replications.
    pub replications: u32,
    /// The version of the table of time zones, where the model names one.
    pub zone_data: Option<String>,
    /// The values of the axes there.
    pub set: Vec<(String, String)>,
}

/// What a point is called in messages, and how its file begins.
const POINT: Kind = Kind { name: "a point of a sweep", key: "capsim_point", format: 2 };

/// Whether a text begins as a stored point does.
pub fn begins_as_point(text: &str) -> bool {
    POINT.begins(text)
}

impl PointOf {
    fn identity(&self) -> [(&'static str, Value); 6] {
        let set: Map<_, _> = self.set.iter().map(|(path, value)| (path.clone(), value.as_str().into())).collect();
        [
            ("command", "sweep".into()),
            ("digest", self.digest.as_str().into()),
            ("seed", self.seed.into()),
            ("replications", self.replications.into()),
            ("zone_data", self.zone_data.as_deref().into()),
            ("set", set.into()),
        ]
    }

    /// The point as it is stored.
    pub fn json(&self, point: &BTreeMap<String, Cell>) -> String {
        let cell = |cell: &Cell| {
            json!([cell.unit, exact(cell.mean), exact(cell.ci95.map(|c| c.0)), exact(cell.ci95.map(|c| c.1))])
        };
        let metrics = point.iter().map(|(name, one)| (name.clone(), cell(one))).collect::<Map<_, _>>();
        let identity = self.identity().into_iter().chain([("metrics", metrics.into())]);
        POINT.seal(identity.map(|(key, value)| (key.into(), value)).collect())
    }

    /// Reads the stored point back.
    ///
    /// # Errors
    /// Why the text is not this point, a clause about "it".
    pub fn read(&self, text: &str) -> Result<BTreeMap<String, Cell>, String> {
        let all = POINT.open(text)?;
        if let Some((key, _)) = self.identity().iter().find(|(key, value)| all.get(*key) != Some(value)) {
            return Err(format!("it is of another {}", if *key == "set" { "point" } else { key }));
        }
        let cell = |value: &Value| {
            let [unit, mean, low, high] = &value.as_array()?[..] else { return None };
            Some(Cell {
                unit: unit.as_str()?.into(),
                mean: read_exact(mean)?,
                ci95: read_exact(low)?.zip(read_exact(high)?),
            })
        };
        let metrics = all.get("metrics").and_then(Value::as_object).into_iter().flatten();
        let metrics = metrics.map(|(name, value)| Some((name.clone(), cell(value)?))).collect::<Option<_>>();
        metrics.ok_or_else(|| "it does not say what a point says".into())
    }
}

impl Sweep {
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
        (done < self.asked)
            .then(|| format!("Partial: {done} of {} done.", words::things(self.asked as f64, "point is", "points are")))
    }

    /// Where a metric is smallest and where it is largest, in a sentence; none where it does not vary.
    fn extremes(&self, metric: &String) -> Option<String> {
        let seen = || self.points.iter().filter_map(|(at, cells)| Some((at, cells.get(metric)?.mean?)));
        let (lowest, low) = seen().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let (highest, high) = seen().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let set = |at: &[usize]| words::assignments(set_at(&self.axes, at));
        let unit = self.unit(metric)?;
        let shown = |x: f64| format!("{} {}", value(x, unit), words::unit(unit)).trim_end().to_string();
        (low < high).then(|| {
            format!("{metric} goes from {} ({}) to {} ({}).", shown(low), set(lowest), shown(high), set(highest))
        })
    }

    fn row(&self, at: &[usize], cells: &BTreeMap<String, Cell>) -> Vec<String> {
        let cell = |cell: Option<&Cell>| match cell.and_then(|cell| Some((cell, cell.mean?))) {
            None => NOTHING.into(),
            Some((cell, mean)) => match cell.ci95.filter(|(low, high)| low != high) {
                Some((low, high)) => format!("{} ({})", value(mean, &cell.unit), range(low, high, &cell.unit)),
                None => value(mean, &cell.unit),
            },
        };
        let metrics = self.metrics.iter().map(|metric| cell(cells.get(metric)));
        set_at(&self.axes, at).map(|(_, value)| value.to_string()).chain(metrics).collect()
    }
}

/// The page of a sweep.
pub(super) fn page(sweep: &Sweep) -> Page {
    let head = |metric: &String| {
        let unit = sweep.unit(metric).map(unit).filter(|unit| !unit.is_empty());
        format!("#{}", unit.map_or(metric.clone(), |unit| format!("{metric} [{unit}]")))
    };
    let header: Vec<String> =
        sweep.axes.iter().map(|axis| axis.path.clone()).chain(sweep.metrics.iter().map(head)).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    Page::new(
        format!("{}: {}", sweep.model, words::things(sweep.points.len() as f64, "point", "points")),
        sweep.partial().into_iter().chain(sweep.metrics.iter().filter_map(|m| sweep.extremes(m))).collect(),
        format!(
            "Seed {}, {} of each point, on the same draws; means with 95 % intervals.",
            sweep.seed,
            words::replications(sweep.replications)
        ),
        vec![Table::part("Points", &header, sweep.points.iter().map(|(at, cells)| sweep.row(at, cells)))],
    )
}

/// A line for each point, each metric with its interval.
pub(super) fn csv(sweep: &Sweep) -> String {
    let metrics = sweep.metrics.iter().flat_map(|m| [m.clone(), format!("{m}.ci95_low"), format!("{m}.ci95_high")]);
    let header: Vec<String> =
        sweep.axes.iter().map(|axis| axis.path.clone()).chain(metrics).map(|name| csv_field(&name)).collect();
    let mut out = header.join(",") + "\r\n";
    for (at, cells) in &sweep.points {
        let mut line: Vec<String> = set_at(&sweep.axes, at).map(|(_, value)| csv_field(value)).collect();
        for metric in &sweep.metrics {
            let cell = cells.get(metric);
            let ci95 = cell.and_then(|cell| cell.ci95);
            line.extend([cell.and_then(|cell| cell.mean), ci95.map(|c| c.0), ci95.map(|c| c.1)].map(csv_number));
        }
        out += &(line.join(",") + "\r\n");
    }
    out
}

/// For programs, with every metric of every point.
pub(super) fn json(sweep: &Sweep) -> String {
    let points = sweep.points.iter().map(|(at, cells)| {
        let set: Map<_, _> = set_at(&sweep.axes, at).map(|(path, value)| (path.into(), value.into())).collect();
        let cell = |cell: &Cell| {
            json!({
                "mean": nullable(cell.mean),
                "ci95": interval(cell.ci95),
                "unit": cell.unit,
            })
        };
        let metrics: Map<_, _> = cells.iter().map(|(name, one)| (name.clone(), cell(one))).collect();
        json!({ "set": set, "metrics": metrics })
    });
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": sweep.model,
        "seed": sweep.seed,
        "replications": sweep.replications,
        "partial": sweep.points.len() < sweep.asked,
        "points": points.collect::<Vec<_>>(),
    }))
}
