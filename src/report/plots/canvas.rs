//! Lines, boxes and words at whole pixels, times a scale. Drawing into memory cannot fail, so a failed stroke is not reported.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

pub(super) const INK: RGBColor = RGBColor(38, 43, 51);
pub(super) const QUIET: RGBColor = RGBColor(110, 118, 129);
pub(super) const GRID: RGBColor = RGBColor(226, 229, 233);
pub(super) const BLUE: RGBColor = RGBColor(31, 99, 176);
pub(super) const RED: RGBColor = RGBColor(200, 53, 45);
pub(super) const PALE: RGBColor = RGBColor(168, 178, 190);

/// Makes the font of the pictures known.
pub(super) fn with_font() {
    // It refuses only what is not a font, and this is one.
    let _ = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
}

pub(super) struct Canvas<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: u32,
}

impl<'a, B: DrawingBackend> Canvas<'a, B> {
    pub fn new(area: &'a DrawingArea<B, Shift>, scale: u32) -> Self {
        let _ = area.fill(&WHITE);
        Canvas { area, scale }
    }

    pub fn finish(&self) {
        let _ = self.area.present();
    }

    fn at(&self, (x, y): (i32, i32)) -> (i32, i32) {
        (x * self.scale as i32, y * self.scale as i32)
    }

    pub fn line(&self, points: &[(i32, i32)], colour: RGBColor, width: u32) {
        let points: Vec<_> = points.iter().map(|&point| self.at(point)).collect();
        let _ = self.area.draw(&PathElement::new(points, colour.stroke_width(width * self.scale)));
    }

    /// A line of short strokes straight down.
    pub fn dashes(&self, x: i32, (from, to): (i32, i32), colour: RGBColor) {
        for y in (from..to).step_by(8) {
            self.line(&[(x, y), (x, (y + 5).min(to))], colour, 2);
        }
    }

    pub fn bar(&self, corner: (i32, i32), opposite: (i32, i32), colour: RGBColor) {
        let _ = self.area.draw(&Rectangle::new([self.at(corner), self.at(opposite)], colour.filled()));
    }

    pub fn dot(&self, at: (i32, i32), colour: RGBColor) {
        let at = self.at(at);
        let _ = self.area.draw(&Circle::new(at, 6 * self.scale, WHITE.filled()));
        let _ = self.area.draw(&Circle::new(at, 4 * self.scale, colour.filled()));
    }

    pub fn text(&self, words: &str, at: (i32, i32), size: u32, colour: RGBColor, across: HPos) {
        let style = TextStyle::from(("sans-serif", size * self.scale).into_font());
        let style = style.color(&colour).pos(Pos::new(across, VPos::Center));
        let _ = self.area.draw(&Text::new(crate::units::inert(words), self.at(at), style));
    }
}
