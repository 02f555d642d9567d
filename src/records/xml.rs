//! The XML of JMeter: each `<httpSample …/>` is a row of its attributes, under the names of the CSV form.

use super::wrong::Wrong;
use serde_json::{Map, Value};

/// The attributes that are taken, and the columns of the CSV form.
const NAMES: [(&str, &str); 6] = [
    ("ts", "timeStamp"),
    ("t", "elapsed"),
    ("lb", "label"),
    ("rc", "responseCode"),
    ("rm", "responseMessage"),
    ("s", "success"),
];

/// Whether a text is of this form, by its beginning.
pub(super) fn is_results(head: &str) -> bool {
    head.contains("<testResults")
}

/// Samples as lines come. Those inside of others are parts of them, and no requests of their own.
#[derive(Default)]
pub(super) struct Samples {
    depth: u32,
    /// Whether the end of all was seen.
    ended: bool,
}

impl Samples {
    /// The rows that begin on a line.
    pub fn of_line(&mut self, line: &str) -> Vec<Map<String, Value>> {
        let mut rows = Vec::new();
        for tag in line.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
            let is_sample = matches!(name, "httpSample" | "sample");
            match (tag.starts_with('/'), is_sample) {
                (true, true) => self.depth = self.depth.saturating_sub(1),
                (true, false) => self.ended |= name == "testResults",
                (false, true) => {
                    if self.depth == 0 {
                        rows.push(attributes(tag));
                    }
                    self.depth += u32::from(!tag.ends_with('/'));
                }
                (false, false) => {}
            }
        }
        rows
    }

    /// That the file is whole.
    pub fn finish(self) -> Result<(), Wrong> {
        if self.ended {
            return Ok(());
        }
        let cure = "fetch the file again: what is missing is not known";
        Err(Wrong::new("the file ends before </testResults>: it was cut off").cure(cure).harmless())
    }
}

/// `t="1358" rc="200"` under the names of the CSV form.
fn attributes(tag: &str) -> Map<String, Value> {
    let mut row = Map::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else { break };
        let name = before.rsplit(' ').next().unwrap_or_default();
        if let Some((_, column)) = NAMES.iter().find(|(known, _)| *known == name) {
            row.insert((*column).into(), plain(value).into());
        }
        rest = next;
    }
    row
}

fn plain(value: &str) -> String {
    value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_row_and_its_parts_are_none() {
        let mut samples = Samples::default();
        let rows = samples.of_line(
            "<httpSample t=\"1358\" lt=\"7\" s=\"true\" lb=\"a &amp; b\" rc=\"200\"><httpSample t=\"5\"/></httpSample>",
        );
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (&rows[0]["elapsed"], &rows[0]["label"], rows[0].get("lt")),
            (&"1358".into(), &"a & b".into(), None)
        );
        assert_eq!(samples.of_line("<sample t=\"5\"/>").len(), 1);
        assert!(samples.finish().is_err());
        let mut whole = Samples::default();
        whole.of_line("</testResults>");
        assert!(whole.finish().is_ok());
    }
}
