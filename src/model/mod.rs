//! A model that cannot be wrong: what the TOML said, with every default filled in, every name resolved to an
//! id and every number in its range. [`load`] is the only way from text to here.
//!
//! Read [`spec`] for what a model holds; `raw` and its neighbours say how text becomes it.

mod spec;

pub use spec::*;
