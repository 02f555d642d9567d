//! A sweep: a line over one value of the model, a heat map over two.

use super::canvas::{BLUE, Canvas, GRID, INK, PALE, QUIET};
use crate::math::{ceil, floor, log10, round};
use crate::report::sweep::Sweep;
use crate::units::number;
use plotters::prelude::{DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

const SIZE: (u32, u32) = (960, 520);
const LEFT: i32 = 120;
const RIGHT: i32 = 900;
const TOP: i32 = 96;
const BOTTOM: i32 = 440;

/// None where there is no picture: one or two values must have been varied, and the first metric observed.
pub(super) fn size(sweep: &Sweep) -> Option<(u32, u32)> {
    let observed = sweep.points.iter().any(|(at, _)| sweep.drawn(at).is_some());
    ((1..=2).contains(&sweep.axes.len()) && observed).then_some(SIZE)
}

pub(super) fn draw<B: DrawingBackend>(sweep: &Sweep, canvas: &Canvas<B>) {
    let metric = sweep.metrics.first().map_or("", String::as_str);
    let unit = sweep.unit(metric).filter(|unit| *unit != "1").map_or(String::new(), |unit| format!(" [{unit}]"));
    canvas.text(&format!("{metric}{unit}"), (24, 28), 22, INK, HPos::Left);
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
    from + round(f64::from(to - from) * share) as i32
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

/// A round step that cuts a range into about five.
fn step(range: f64) -> f64 {
    let rough = range / 5.0;
    let power = crate::math::pow(10.0, floor(log10(rough)));
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|&step| step >= rough).unwrap_or(rough)
}

/// The ends moved out to whole steps, and the step; what does not vary stands in the middle.
fn scale((low, high): (f64, f64)) -> ((f64, f64), f64) {
    let range = if high > low { high - low } else { high.abs().max(1.0) };
    let step = step(range);
    let (bottom, top) = (floor(low / step) * step, ceil(high / step) * step);
    if bottom < top { ((bottom, top), step) } else { ((low - step, high + step), step) }
}

fn line<B: DrawingBackend>(sweep: &Sweep, canvas: &Canvas<B>, ends: (f64, f64)) {
    let values = &sweep.axes[0].values;
    let intervals: Vec<_> = (0..values.len()).map(|at| sweep.interval(&[at])).collect();
    let low = intervals.iter().flatten().fold(ends.0, |low, interval| low.min(interval.0));
    let high = intervals.iter().flatten().fold(ends.1, |high, interval| high.max(interval.1));
    let (ends, step) = scale((low, high));
    for tick in 0..=round((ends.1 - ends.0) / step) as u32 {
        // Rounded, so that 0.1 + 0.2 reads as 0.3.
        let value = round((ends.0 / step) + f64::from(tick)) * step;
        let y = between(BOTTOM, TOP, share(value, ends));
        canvas.line(&[(LEFT, y), (RIGHT, y)], GRID, 1);
        canvas.text(&number(value), (LEFT - 12, y), 13, QUIET, HPos::Right);
    }
    let y = |value: f64| between(BOTTOM, TOP, share(value, ends));
    for (at, interval) in intervals.iter().enumerate() {
        let x = across(at, values.len());
        interval.iter().for_each(|&(low, high)| canvas.line(&[(x, y(low)), (x, y(high))], PALE, 5));
    }
    let points = (0..values.len()).filter_map(|at| Some((across(at, values.len()), y(sweep.drawn(&[at])?))));
    let points: Vec<_> = points.collect();
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
    let mix = |from: u8, to: u8| round(f64::from(from) + (f64::from(to) - f64::from(from)) * part) as u8;
    RGBColor(mix(236, BLUE.0), mix(241, BLUE.1), mix(247, BLUE.2))
}
