//! A sweep: a line over one value of the model, a heat map over two.

use super::canvas::{BLUE, Canvas, GRID, INK, QUIET};
use crate::report::sweep::Sweep;
use crate::units::number;
use plotters::prelude::{DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

pub(super) const SIZE: (u32, u32) = (960, 520);
const LEFT: i32 = 120;
const RIGHT: i32 = 900;
const TOP: i32 = 96;
const BOTTOM: i32 = 440;

/// Whether there is a picture: one or two values were varied, and the first metric was observed.
pub(super) fn drawable(sweep: &Sweep) -> bool {
    (1..=2).contains(&sweep.axes.len()) && sweep.points.iter().any(|(at, _)| sweep.drawn(at).is_some())
}

pub(super) fn draw<B: DrawingBackend>(sweep: &Sweep, canvas: &Canvas<B>) {
    let metric = sweep.metrics.first().map_or("", String::as_str);
    canvas.text(metric, (24, 28), 22, INK, HPos::Left);
    let over: Vec<&str> = sweep.axes.iter().map(|axis| axis.path.as_str()).collect();
    canvas.text(&format!("{}: over {}", sweep.model, over.join(" (across) and ")), (24, 56), 14, QUIET, HPos::Left);
    let values: Vec<f64> = sweep.points.iter().filter_map(|(at, _)| sweep.drawn(at)).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match sweep.axes.len() {
        1 => line(sweep, canvas, (low, high)),
        _ => heat(sweep, canvas, (low, high)),
    }
}

/// The share of the way from low to high.
fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
}

fn between(from: i32, to: i32, share: f64) -> i32 {
    from + crate::math::round(f64::from(to - from) * share) as i32
}

/// The middle of cell `at` of `count` across.
fn across(at: usize, count: usize) -> i32 {
    between(LEFT, RIGHT, (at as f64 + 0.5) / count as f64)
}

fn labels<B: DrawingBackend>(values: &[String], canvas: &Canvas<B>) {
    let every = values.len().div_ceil(16).max(1);
    for (at, value) in values.iter().enumerate().step_by(every) {
        canvas.text(value, (across(at, values.len()), BOTTOM + 18), 13, QUIET, HPos::Center);
    }
}

fn line<B: DrawingBackend>(sweep: &Sweep, canvas: &Canvas<B>, ends: (f64, f64)) {
    let values = &sweep.axes[0].values;
    for quarter in 0..=4 {
        let part = f64::from(quarter) / 4.0;
        let y = between(BOTTOM, TOP, part);
        canvas.line(&[(LEFT, y), (RIGHT, y)], GRID, 1);
        canvas.text(&number(ends.0 + (ends.1 - ends.0) * part), (LEFT - 12, y), 13, QUIET, HPos::Right);
    }
    let points = (0..values.len()).filter_map(|at| Some((across(at, values.len()), sweep.drawn(&[at])?)));
    let points: Vec<_> = points.map(|(x, value)| (x, between(BOTTOM, TOP, share(value, ends)))).collect();
    canvas.line(&points, BLUE, 3);
    points.iter().for_each(|&point| canvas.dot(point, BLUE));
    labels(values, canvas);
    canvas.text(&sweep.axes[0].path, ((LEFT + RIGHT) / 2, BOTTOM + 48), 13, QUIET, HPos::Center);
}

fn heat<B: DrawingBackend>(sweep: &Sweep, canvas: &Canvas<B>, ends: (f64, f64)) {
    let (columns, rows) = (&sweep.axes[0].values, &sweep.axes[1].values);
    let edge = |from, to, at: usize, count: usize| between(from, to, at as f64 / count as f64);
    for row in 0..rows.len() {
        let (bottom, top) = (edge(BOTTOM, TOP, row, rows.len()), edge(BOTTOM, TOP, row + 1, rows.len()));
        canvas.text(&rows[row], (LEFT - 12, (bottom + top) / 2), 13, QUIET, HPos::Right);
        for column in 0..columns.len() {
            let Some(value) = sweep.drawn(&[column, row]) else { continue };
            let part = share(value, ends);
            let (left, right) =
                (edge(LEFT, RIGHT, column, columns.len()), edge(LEFT, RIGHT, column + 1, columns.len()));
            canvas.bar((left, top), (right - 1, bottom - 1), shade(part));
            if columns.len() <= 16 && rows.len() <= 16 {
                let ink = if part > 0.5 { RGBColor(255, 255, 255) } else { INK };
                canvas.text(&number(value), ((left + right) / 2, (bottom + top) / 2), 11, ink, HPos::Center);
            }
        }
    }
    labels(columns, canvas);
    canvas.text(&sweep.axes[0].path, ((LEFT + RIGHT) / 2, BOTTOM + 48), 13, QUIET, HPos::Center);
}

/// From pale to blue.
fn shade(part: f64) -> RGBColor {
    let mix = |from: u8, to: u8| crate::math::round(f64::from(from) + (f64::from(to) - f64::from(from)) * part) as u8;
    RGBColor(mix(236, BLUE.0), mix(241, BLUE.1), mix(247, BLUE.2))
}
