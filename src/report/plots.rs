//! The pictures, as SVG and PNG: how long log records can be retrieved, the ladder of ceilings, and those of the
//! what-if commands.
//!
//! Every coordinate is a whole pixel worked out here with portable arithmetic, so that the same answer gives the
//! same bytes. The font travels with the program; SVG names a generic family instead.

mod canvas;
mod ladder;
mod retention;
mod rungs;
mod sweep;

use super::Sweep;
use crate::experiment::{Answer, Capacity};
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
        Picture::Of(self, answer).svg()
    }

    /// The picture as PNG; none where the answer has nothing to draw.
    pub fn png(self, answer: &Answer) -> Option<Vec<u8>> {
        Picture::Of(self, answer).png()
    }
}

/// Everything that can be drawn, with what it is drawn from.
pub(super) enum Picture<'a> {
    Of(Plot, &'a Answer),
    Sweep(&'a Sweep),
    Ladder(&'a Capacity),
}

impl Picture<'_> {
    /// What it shows, for those who cannot see it.
    pub fn describe(&self) -> &'static str {
        match self {
            Picture::Of(plot, _) => plot.describe(),
            Picture::Sweep(_) => "The first metric over the values that were varied",
            Picture::Ladder(_) => "Plans a day at which each limit and objective binds by itself, beside the capacity",
        }
    }

    /// As SVG; none where there is nothing to draw.
    pub fn svg(&self) -> Option<String> {
        let mut out = String::new();
        self.draw(SVGBackend::with_string(&mut out, self.size()?), 1);
        Some(out)
    }

    /// As PNG; none where there is nothing to draw.
    pub fn png(&self) -> Option<Vec<u8>> {
        let (width, height) = self.size()?;
        let (width, height) = (width * PNG_SCALE, height * PNG_SCALE);
        let mut pixels = vec![255; (width * height * 3) as usize];
        self.draw(BitMapBackend::with_buffer(&mut pixels, (width, height)), PNG_SCALE);
        encode(&pixels, (width, height))
    }

    fn size(&self) -> Option<(u32, u32)> {
        match self {
            Picture::Of(Plot::Retention, answer) => retention::size(answer),
            Picture::Of(Plot::Ceilings, answer) => ladder::size(answer),
            Picture::Sweep(sweep) => sweep::size(sweep),
            Picture::Ladder(capacity) => rungs::size(capacity),
        }
    }

    fn draw<B: DrawingBackend>(&self, backend: B, scale: u32) {
        canvas::with_font();
        let area = backend.into_drawing_area();
        let canvas = canvas::Canvas::new(&area, scale);
        match self {
            Picture::Of(Plot::Retention, answer) => retention::draw(answer, &canvas),
            Picture::Of(Plot::Ceilings, answer) => ladder::draw(answer, &canvas),
            Picture::Sweep(sweep) => sweep::draw(sweep, &canvas),
            Picture::Ladder(capacity) => rungs::draw(capacity, &canvas),
        }
        canvas.finish();
    }
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk("Software".into(), super::ours::PNG_SOFTWARE.into()).ok()?;
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(out)
}
