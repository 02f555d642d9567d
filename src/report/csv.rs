//! The metrics as comma-separated values (RFC 4180): one a line, full precision, empty where nothing was observed.

use crate::experiment::Answer;

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

pub(super) fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}
