//! The ladder: a bar for each limit, as long as the demand at which it binds, on a logarithmic scale; the model's
//! demand is a line across. A bar that ends before the line is a limit that the demand passes.

use super::canvas::{BLUE, Canvas, GRID, INK, PALE, QUIET, RED};
use crate::experiment::{Answer, Ceiling};
use crate::math;
use crate::units::{count, number};
use plotters::prelude::{DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

pub(super) const WIDTH: i32 = 960;
pub(super) const LEFT: i32 = 330;
pub(super) const RIGHT: i32 = 900;
pub(super) const TOP: i32 = 104;
pub(super) const ROW: i32 = 34;
const BELOW: i32 = 56;
/// More limits than this do not fit a picture; the lowest are shown.
const ROWS_MAX: usize = 16;

fn rows(answer: &Answer) -> &[Ceiling] {
    let all = &answer.arithmetic.ceilings;
    &all[..all.len().min(ROWS_MAX)]
}

pub(super) fn size(answer: &Answer) -> Option<(u32, u32)> {
    let rows = rows(answer).len() as i32;
    (rows > 0).then_some((WIDTH as u32, (TOP + rows * ROW + BELOW) as u32))
}

/// Powers of ten, from below every value to above it.
pub(super) struct Scale {
    low: i32,
    high: i32,
}

impl Scale {
    pub fn over(values: impl Iterator<Item = f64>) -> Scale {
        let exponents = values.filter(|&v| v > 0.0).map(math::log10);
        let ends = exponents.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), e| (low.min(e), high.max(e)));
        if ends.0 > ends.1 {
            return Scale { low: 0, high: 2 };
        }
        let low = math::floor(ends.0 - 0.3) as i32;
        Scale { low, high: (math::ceil(ends.1) as i32).max(low + 1) }
    }

    pub fn x(&self, value: f64) -> i32 {
        if value <= 0.0 {
            return LEFT;
        }
        let share = (math::log10(value) - f64::from(self.low)) / f64::from(self.high - self.low);
        LEFT + math::round(share.clamp(0.0, 1.0) * f64::from(RIGHT - LEFT)) as i32
    }
}

pub(super) fn draw<B: DrawingBackend>(answer: &Answer, canvas: &Canvas<B>) {
    let rows = rows(answer);
    let demand = answer.arithmetic.demand_per_day;
    let bottom = TOP + rows.len() as i32 * ROW;
    let scale = Scale::over(rows.iter().map(Ceiling::binds_at).chain(demand));
    canvas.text("Which limit binds first", (24, 28), 22, INK, HPos::Left);
    let line =
        format!("{}: plans a day at which each limit binds by itself (arithmetic, logarithmic scale)", answer.model);
    canvas.text(&line, (24, 56), 14, QUIET, HPos::Left);
    grid(canvas, &scale, (TOP, bottom));
    if let Some(demand) = demand {
        let x = scale.x(demand);
        canvas.dashes(x, (TOP - 8, bottom), INK);
        canvas.text(&format!("demand {}", number(demand)), (x, TOP - 18), 14, INK, HPos::Center);
    }
    for (at, ceiling) in rows.iter().enumerate() {
        row(canvas, &scale, ceiling, colour(ceiling, demand), TOP + at as i32 * ROW + ROW / 2);
    }
    canvas.line(&[(LEFT, TOP), (LEFT, bottom)], INK, 1);
}

/// A line at each power of ten, and what it is.
pub(super) fn grid<B: DrawingBackend>(canvas: &Canvas<B>, scale: &Scale, (top, bottom): (i32, i32)) {
    for exponent in scale.low..=scale.high {
        let x = scale.x(math::pow(10.0, f64::from(exponent)));
        canvas.line(&[(x, top), (x, bottom)], GRID, 1);
        canvas.text(&power(exponent), (x, bottom + 16), 13, QUIET, HPos::Center);
    }
    canvas.text("plans a day", ((LEFT + RIGHT) / 2, bottom + 40), 13, QUIET, HPos::Center);
}

fn colour(ceiling: &Ceiling, demand: Option<f64>) -> RGBColor {
    match demand {
        _ if ceiling.billed => PALE,
        Some(demand) if ceiling.binds_at() < demand => RED,
        _ => BLUE,
    }
}

fn row<B: DrawingBackend>(canvas: &Canvas<B>, scale: &Scale, ceiling: &Ceiling, colour: RGBColor, y: i32) {
    const WHITE: RGBColor = RGBColor(255, 255, 255);
    canvas.text(&shorten(&ceiling.limit), (LEFT - 12, y), 14, INK, HPos::Right);
    let end = scale.x(ceiling.binds_at()).max(LEFT + 4);
    canvas.bar((LEFT, y - 10), (end, y + 10), colour);
    let mut words = match ceiling.binds_at() {
        0.0 => "not one plan fits".into(),
        plans if plans < 1000.0 => number(plans),
        plans => number(math::floor(plans + 1e-9)),
    };
    if ceiling.at_peak.is_some() {
        words += " at the peak";
    }
    if ceiling.billed {
        words += ", then billed";
    }
    // Inside its bar where that is long enough, so that the line of the demand does not cross it.
    let room = 8 * words.chars().count() as i32 + 14;
    if end - LEFT > room {
        canvas.text(&words, (end - 8, y), 13, WHITE, HPos::Right);
    } else {
        let right = end + room;
        canvas.bar((end + 2, y - 9), (right, y + 9), WHITE);
        canvas.text(&words, (end + 8, y), 13, INK, HPos::Left);
    }
}

pub(super) fn shorten(name: &str) -> String {
    const LONGEST: usize = 38;
    if name.chars().count() <= LONGEST {
        return name.into();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn power(exponent: i32) -> String {
    match exponent {
        0..=5 => count(10u64.pow(exponent as u32)),
        6..=8 => format!("{} million", count(10u64.pow(exponent as u32 - 6))),
        -3..=-1 => format!("{:.*}", exponent.unsigned_abs() as usize, math::pow(10.0, f64::from(exponent))),
        _ => format!("1e{exponent}"),
    }
}
