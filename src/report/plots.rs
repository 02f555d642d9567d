//! The pictures of a report, as SVG and PNG: how long log records can be retrieved, and the ladder of ceilings.
//!
//! Every coordinate is a whole pixel worked out here with portable arithmetic, so that the same answer gives the
//! same bytes. The font travels with the program; SVG names a generic family instead.

mod canvas;
mod ladder;
mod retention;
mod sweep;

use super::Sweep;
use crate::experiment::Answer;
use plotters::prelude::{BitMapBackend, DrawingBackend, IntoDrawingArea, SVGBackend};

/// Pixels of a PNG for one of the SVG: sharp on screens of today.
const PNG_SCALE: u32 = 2;

/// A picture that can be drawn from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// The share of log records that can be retrieved, by age.
    Retention,
    /// The demand at which each limit binds.
    Ceilings,
}

impl Plot {
    /// All of them.
    pub const ALL: [Plot; 2] = [Plot::Retention, Plot::Ceilings];

    /// The name of its file, without the extension.
    pub const fn name(self) -> &'static str {
        match self {
            Plot::Retention => "retention",
            Plot::Ceilings => "ceilings",
        }
    }

    /// What it shows, for those who cannot see it.
    pub const fn describe(self) -> &'static str {
        match self {
            Plot::Retention => "Share of log records that can be retrieved, by age",
            Plot::Ceilings => "Plans a day at which each limit binds by itself, beside the demand",
        }
    }

    /// The picture as SVG; none where the answer has nothing to draw.
    pub fn svg(self, answer: &Answer) -> Option<String> {
        let size = self.size(answer)?;
        let mut out = String::new();
        self.draw(answer, SVGBackend::with_string(&mut out, size), 1);
        Some(out)
    }

    /// The picture as PNG; none where the answer has nothing to draw.
    pub fn png(self, answer: &Answer) -> Option<Vec<u8>> {
        let (width, height) = self.size(answer)?;
        let (width, height) = (width * PNG_SCALE, height * PNG_SCALE);
        let mut pixels = vec![255; (width * height * 3) as usize];
        self.draw(answer, BitMapBackend::with_buffer(&mut pixels, (width, height)), PNG_SCALE);
        encode(&pixels, (width, height))
    }

    fn size(self, answer: &Answer) -> Option<(u32, u32)> {
        match self {
            Plot::Retention => retention::size(answer),
            Plot::Ceilings => ladder::size(answer),
        }
    }

    fn draw<B: DrawingBackend>(self, answer: &Answer, backend: B, scale: u32) {
        canvas::with_font();
        let area = backend.into_drawing_area();
        let canvas = canvas::Canvas::new(&area, scale);
        match self {
            Plot::Retention => retention::draw(answer, &canvas),
            Plot::Ceilings => ladder::draw(answer, &canvas),
        }
        canvas.finish();
    }
}

/// A sweep as SVG; none where it has no picture.
pub fn sweep_svg(sweep: &Sweep) -> Option<String> {
    let mut out = String::new();
    sweep::drawable(sweep).then(|| draw_sweep(sweep, SVGBackend::with_string(&mut out, sweep::SIZE), 1))?;
    Some(out)
}

/// A sweep as PNG; none where it has no picture.
pub fn sweep_png(sweep: &Sweep) -> Option<Vec<u8>> {
    let size = (sweep::SIZE.0 * PNG_SCALE, sweep::SIZE.1 * PNG_SCALE);
    let mut pixels = vec![255; (size.0 * size.1 * 3) as usize];
    sweep::drawable(sweep).then(|| draw_sweep(sweep, BitMapBackend::with_buffer(&mut pixels, size), PNG_SCALE))?;
    encode(&pixels, size)
}

fn draw_sweep<B: DrawingBackend>(sweep: &Sweep, backend: B, scale: u32) {
    canvas::with_font();
    let area = backend.into_drawing_area();
    let canvas = canvas::Canvas::new(&area, scale);
    sweep::draw(sweep, &canvas);
    canvas.finish();
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(out)
}
