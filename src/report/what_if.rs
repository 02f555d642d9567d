//! The answers of the what-if commands, each in every form.

use super::page::Page;
use super::plots::Picture;
use super::words::Paint;
use super::{Sweep, capacity, comparison, levers, sweep, tune};
use crate::experiment::{Capacity, Comparison, Levers, Tuned};

/// The answer of one command.
#[derive(Clone, Copy, Debug)]
pub enum WhatIf<'a> {
    /// Of `compare`.
    Comparison(&'a Comparison),
    /// Of `capacity`.
    Capacity(&'a Capacity),
    /// Of `sweep`.
    Sweep(&'a Sweep),
    /// Of `tune`.
    Tuned(&'a Tuned),
    /// Of `levers`.
    Levers(&'a Levers),
}

impl WhatIf<'_> {
    fn page(self) -> Page {
        match self {
            WhatIf::Comparison(found) => comparison::page(found),
            WhatIf::Capacity(found) => capacity::page(found),
            WhatIf::Sweep(found) => sweep::page(found),
            WhatIf::Tuned(found) => tune::page(found),
            WhatIf::Levers(found) => levers::page(found),
        }
    }

    fn picture(&self) -> Option<Picture<'_>> {
        match self {
            WhatIf::Capacity(found) => Some(Picture::Ladder(found)),
            WhatIf::Sweep(found) => Some(Picture::Sweep(found)),
            WhatIf::Comparison(_) | WhatIf::Tuned(_) | WhatIf::Levers(_) => None,
        }
    }

    /// For people at a terminal: the answer first, then the tables.
    pub fn text(self, paint: Paint) -> String {
        self.page().text(paint)
    }

    /// GitHub-flavoured Markdown.
    pub fn markdown(self) -> String {
        self.page().markdown()
    }

    /// One page that needs nothing else, the picture inside.
    pub fn html(self) -> String {
        let picture = self.picture().and_then(|picture| Some((picture.describe(), picture.svg()?)));
        self.page().html(picture.as_slice())
    }

    /// For programs; `capsim schema` describes it.
    pub fn json(self) -> String {
        match self {
            WhatIf::Comparison(found) => comparison::json(found),
            WhatIf::Capacity(found) => capacity::json(found),
            WhatIf::Sweep(found) => sweep::json(found),
            WhatIf::Tuned(found) => tune::json(found),
            WhatIf::Levers(found) => levers::json(found),
        }
    }

    /// One table.
    pub fn csv(self) -> String {
        match self {
            WhatIf::Comparison(found) => comparison::csv(found),
            WhatIf::Capacity(found) => capacity::csv(found),
            WhatIf::Sweep(found) => sweep::csv(found),
            WhatIf::Tuned(found) => tune::csv(found),
            WhatIf::Levers(found) => levers::csv(found),
        }
    }

    /// The picture as SVG; none where there is nothing to draw.
    pub fn svg(self) -> Option<String> {
        self.picture()?.svg()
    }

    /// The picture as PNG; none where there is nothing to draw.
    pub fn png(self) -> Option<Vec<u8>> {
        self.picture()?.png()
    }
}
