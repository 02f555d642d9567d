//! By which marks a file is known as one that this program wrote: only such a one is ever replaced.

use super::check::begins_as_baseline;

/// The form of a file, as its ending says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A table.
    Csv,
    /// GitHub-flavoured Markdown.
    Markdown,
    /// A page.
    Html,
    /// A picture.
    Svg,
    /// A picture in pixels.
    Png,
    /// JUnit's XML.
    Junit,
    /// Lines of a model.
    Toml,
    /// What `check` compares with.
    Baseline,
    /// For the Perfetto viewer.
    Timeline,
}

impl Form {
    /// The ending of its files.
    pub const fn ending(self) -> &'static str {
        match self {
            Form::Text => "txt",
            Form::Json | Form::Baseline | Form::Timeline => "json",
            Form::Csv => "csv",
            Form::Markdown => "md",
            Form::Html => "html",
            Form::Svg => "svg",
            Form::Png => "png",
            Form::Junit => "xml",
            Form::Toml => "toml",
        }
    }

    /// Whether a file of this form was written by this program, whole or not; an empty file is anybody's.
    pub fn is_ours(self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        bytes.is_empty()
            || match self {
                Form::Text => names_its_seed(&text),
                Form::Json => text.starts_with("{\n  \"schema_version\": "),
                Form::Csv => is_our_table(text.lines().next().unwrap_or_default()),
                Form::Markdown => text.starts_with("## ") && names_its_seed(&text),
                Form::Html => text.starts_with("<!DOCTYPE html>") && text.contains("<footer>capsim "),
                Form::Svg => text.starts_with("<svg width=\"960\" ") && text.contains("font-family=\"sans-serif\""),
                Form::Png => text.contains(&format!("Software\0{PNG_SOFTWARE}")),
                Form::Junit => text.starts_with("<?xml") && text.contains(" classname=\"capsim\" "),
                Form::Toml => {
                    text.starts_with("# ") && text.lines().next().is_some_and(|line| line.contains(" answers in "))
                }
                Form::Baseline => begins_as_baseline(&text),
                Form::Timeline => text.starts_with("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n"),
            }
    }
}

/// What each PNG says it was made with.
pub(super) const PNG_SOFTWARE: &str = "capsim";

/// Each page names the seed that it comes from, but that of a fit, which has none.
fn names_its_seed(text: &str) -> bool {
    let seeds = text.split("eed ").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    seeds || text.contains(super::fit::QUESTION)
}

/// A table of each command, by its header.
fn is_our_table(header: &str) -> bool {
    let begins = ["metric,unit,mean,", "metric,unit,first,", "limit,kind,", "path,from,to,", "topic,law,exact,"];
    begins.iter().any(|begin| header.starts_with(begin))
        || header.contains(".ci95_low,")
        || header.contains(",value,ci95_low,ci95_high,")
}
