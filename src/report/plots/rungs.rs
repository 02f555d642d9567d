//! The ladder of `capacity`: for each limit and objective the stretch of demand in which it begins to bind, as
//! simulated, and a mark where arithmetic puts it; the capacity is a line across.

use super::canvas::{BLUE, Canvas, INK, PALE, QUIET};
use super::ladder::{LEFT, RIGHT, ROW, Scale, TOP, WIDTH, grid, shorten};
use crate::experiment::{Capacity, Found, Rung};
use crate::units::number;
use plotters::prelude::{DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

const WHITE: RGBColor = RGBColor(255, 255, 255);
/// More rungs than this do not fit a picture; the lowest are shown.
const ROWS_MAX: usize = 20;
/// The title, a line under it, and the legend.
const DOWN: i32 = TOP + 24;

fn rows(capacity: &Capacity) -> &[Rung] {
    &capacity.ladder[..capacity.ladder.len().min(ROWS_MAX)]
}

pub(super) fn size(capacity: &Capacity) -> Option<(u32, u32)> {
    let rows = rows(capacity).len() as i32;
    (rows > 0).then_some((WIDTH as u32, (DOWN + rows * ROW + 56) as u32))
}

pub(super) fn draw<B: DrawingBackend>(capacity: &Capacity, canvas: &Canvas<B>) {
    let rows = rows(capacity);
    let bottom = DOWN + rows.len() as i32 * ROW;
    let found = match capacity.found {
        Found::Capacity { plans_per_day, .. } => Some(plans_per_day),
        Found::Unbounded { top } => Some(top),
        Found::Infeasible { .. } | Found::Open { .. } => None,
    };
    let of = |rung: &Rung| [rung.arithmetic, rung.free_at.filter(|_| rung.binds_at.is_some()), rung.binds_at];
    let scale = Scale::over(rows.iter().flat_map(of).flatten().chain(found));
    canvas.text("What binds when", (24, 28), 22, INK, HPos::Left);
    let line =
        format!("{}: plans a day at which each limit and objective binds by itself (logarithmic)", capacity.model);
    canvas.text(&line, (24, 56), 14, QUIET, HPos::Left);
    canvas.bar((24, 76), (48, 88), BLUE);
    canvas.text("begins to bind here, simulated", (56, 82), 13, QUIET, HPos::Left);
    canvas.line(&[(292, 82), (316, 82)], PALE, 3);
    canvas.text("did not bind so far", (324, 82), 13, QUIET, HPos::Left);
    canvas.line(&[(482, 74), (482, 90)], INK, 3);
    canvas.text("by arithmetic", (492, 82), 13, QUIET, HPos::Left);
    grid(canvas, &scale, (DOWN, bottom));
    if let Some(found) = found {
        let x = scale.x(found);
        canvas.dashes(x, (DOWN - 6, bottom), INK);
        canvas.text(&format!("capacity {}", number(found)), (x, DOWN - 14), 14, INK, HPos::Center);
    }
    for (at, rung) in rows.iter().enumerate() {
        row(canvas, &scale, rung, DOWN + at as i32 * ROW + ROW / 2);
    }
    canvas.line(&[(LEFT, DOWN), (LEFT, bottom)], INK, 1);
}

fn row<B: DrawingBackend>(canvas: &Canvas<B>, scale: &Scale, rung: &Rung, y: i32) {
    canvas.text(&shorten(&rung.limit), (LEFT - 12, y), 14, INK, HPos::Right);
    match (rung.free_at, rung.binds_at) {
        (free, Some(binds)) => {
            let from = free.map_or(LEFT, |free| scale.x(free));
            let to = scale.x(binds).max(from + 4);
            canvas.bar((from, y - 9), (to, y + 9), BLUE);
            let words = free.map_or(String::new(), number) + " to " + &number(binds);
            // Before the bar where the mark of the arithmetic stands behind it.
            let room = 7 * words.chars().count() as i32 + 12;
            match rung.arithmetic.map(|plans| scale.x(plans)) {
                Some(mark) if (to..to + room).contains(&mark) => {
                    canvas.bar((from - room, y - 9), (from - 4, y + 9), WHITE);
                    canvas.text(&words, (from - 8, y), 13, INK, HPos::Right);
                }
                _ => canvas.text(&words, (to + 8, y), 13, INK, HPos::Left),
            }
        }
        // Not seen to bind: a thin line as far as was looked.
        (Some(free), None) => canvas.line(&[(LEFT, y), (scale.x(free).min(RIGHT), y)], PALE, 3),
        (None, None) => {}
    }
    if let Some(plans) = rung.arithmetic {
        canvas.line(&[(scale.x(plans), y - 12), (scale.x(plans), y + 12)], INK, 3);
    }
}
