//! The metrics as comma-separated values (RFC 4180): one a line, full precision, empty where nothing was observed.

use crate::experiment::Answer;
use crate::units::inert;

/// Renders the metrics of an answer as CSV.
pub fn csv(answer: &Answer) -> String {
    let mut out = String::from("metric,unit,mean,ci95_low,ci95_high,min,max\r\n");
    for metric in &answer.metrics {
        let low = metric.ci95.map(|(low, _)| low);
        let high = metric.ci95.map(|(_, high)| high);
        let numbers = [metric.mean, low, high, metric.min, metric.max].map(number);
        out += &format!("{},{},{}\r\n", field(&metric.name), field(metric.unit), numbers.join(","));
    }
    out
}

pub(super) fn number(x: Option<f64>) -> String {
    x.filter(|x| x.is_finite()).map_or(String::new(), |x| (x + 0.0).to_string())
}

/// A cell: quoted where that is needed, in one line, and no formula in any spreadsheet.
pub(super) fn field(text: &str) -> String {
    const OPENS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let text = inert(text);
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let guard = if text.trim_start().starts_with(OPENS) && !is_number { "'" } else { "" };
    let text = format!("{guard}{text}");
    if text.contains([',', '"', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("plans.per_day", "plans.per_day"),
            ("-12.5", "-12.5"),
            ("+3", "+3"),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("\t=1", "' =1"),
            ("\r-2+3", "' -2+3"),
            ("-inf", "'-inf"),
            ("\u{200b}=1", "\\u{200b}=1"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(field(text), cell);
        }
    }
}
