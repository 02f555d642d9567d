//! The retention curve: of the records that were to be logged, how many can still be read at each age.

use super::canvas::{BLUE, Canvas, GRID, INK, QUIET, RED};
use crate::experiment::{Answer, Metric};
use crate::math;
use crate::units::percent;
use plotters::prelude::{DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

const WIDTH: i32 = 960;
const HEIGHT: i32 = 440;
const LEFT: i32 = 80;
const RIGHT: i32 = 740;
const TOP: i32 = 96;
const BOTTOM: i32 = 376;
/// The ages at which it is asked: in metrics, in words, in hours. They stand on a logarithmic scale.
const AGES: [(&str, &str, f64); 5] = [
    ("1h", "1 hour", 1.0),
    ("24h", "1 day", 24.0),
    ("3d", "3 days", 72.0),
    ("7d", "7 days", 168.0),
    ("30d", "30 days", 720.0),
];

/// One age of a curve.
struct Point<'a> {
    hours: f64,
    share: f64,
    metric: &'a Metric,
}

fn curve<'a>(answer: &'a Answer, records: &str) -> Vec<Point<'a>> {
    let ages = AGES.iter().filter_map(|&(age, _, hours)| {
        let metric = answer.metric(&format!("logs.{records}.retrievable.{age}"))?;
        Some(Point { hours, share: metric.mean?, metric })
    });
    ages.collect()
}

pub(super) fn size(answer: &Answer) -> Option<(u32, u32)> {
    let any = ["error", "normal"].iter().any(|records| !curve(answer, records).is_empty());
    any.then_some((WIDTH as u32, HEIGHT as u32))
}

fn x(hours: f64) -> i32 {
    LEFT + math::round(f64::from(RIGHT - LEFT) * math::ln(hours) / math::ln(720.0)) as i32
}

fn y(share: f64) -> i32 {
    BOTTOM - math::round(f64::from(BOTTOM - TOP) * share.clamp(0.0, 1.0)) as i32
}

pub(super) fn draw<B: DrawingBackend>(answer: &Answer, canvas: &Canvas<B>) {
    axes(answer, canvas);
    let (error, normal) = (curve(answer, "error"), curve(answer, "normal"));
    let end = |curve: &[Point]| curve.last().map(|last| y(last.share));
    // Names that would cover each other are moved apart.
    let (mut error_at, mut normal_at) = (end(&error), end(&normal));
    if let (Some(a), Some(b)) = (error_at, normal_at)
        && (a - b).abs() < 44
    {
        let middle = (a + b) / 2;
        (error_at, normal_at) =
            if a <= b { (Some(middle - 22), Some(middle + 22)) } else { (Some(middle + 22), Some(middle - 22)) };
    }
    line_of(canvas, "normal records", &normal, BLUE, normal_at);
    line_of(canvas, "error records", &error, RED, error_at);
}

fn axes<B: DrawingBackend>(answer: &Answer, canvas: &Canvas<B>) {
    canvas.text("What the logs still show", (24, 28), 22, INK, HPos::Left);
    let line = format!("{}: share of log records that can be retrieved, by age (95 % intervals)", answer.model);
    canvas.text(&line, (24, 56), 14, QUIET, HPos::Left);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        canvas.line(&[(LEFT, y(share)), (RIGHT, y(share))], GRID, 1);
        canvas.text(&percent(share), (LEFT - 12, y(share)), 13, QUIET, HPos::Right);
    }
    for (_, words, hours) in AGES {
        canvas.line(&[(x(hours), BOTTOM), (x(hours), BOTTOM + 5)], QUIET, 1);
        canvas.text(words, (x(hours), BOTTOM + 18), 13, QUIET, HPos::Center);
    }
    canvas.text("age of the record (logarithmic scale)", ((LEFT + RIGHT) / 2, BOTTOM + 44), 13, QUIET, HPos::Center);
}

fn line_of<B: DrawingBackend>(canvas: &Canvas<B>, name: &str, curve: &[Point], colour: RGBColor, name_at: Option<i32>) {
    let Some(name_at) = name_at else { return };
    // Not beside the words of the axis.
    let name_at = name_at.min(BOTTOM - 16);
    let points: Vec<_> = curve.iter().map(|point| (x(point.hours), y(point.share))).collect();
    canvas.line(&points, colour, 3);
    for point in curve {
        if let Some((low, high)) = point.metric.ci95 {
            canvas.line(&[(x(point.hours), y(low)), (x(point.hours), y(high))], colour, 1);
        }
        canvas.dot((x(point.hours), y(point.share)), colour);
    }
    canvas.text(name, (RIGHT + 20, name_at - 9), 15, colour, HPos::Left);
    if let Some(point) = curve.iter().find(|point| point.hours == 72.0) {
        let words = format!("{} after 3 days", percent(point.share));
        canvas.text(&words, (RIGHT + 20, name_at + 10), 13, QUIET, HPos::Left);
    }
}
