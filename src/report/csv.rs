//! The metrics as comma-separated values (RFC 4180): one a line, full precision, empty where nothing was observed.

use super::encode::{csv_field, csv_number};
use crate::experiment::Answer;

/// The metrics of an answer as CSV.
pub(super) fn csv(answer: &Answer) -> String {
    let mut out = String::from("metric,unit,mean,ci95_low,ci95_high,min,max\r\n");
    for metric in &answer.metrics {
        let low = metric.ci95.map(|(low, _)| low);
        let high = metric.ci95.map(|(_, high)| high);
        let numbers = [metric.mean, low, high, metric.min, metric.max].map(csv_number);
        out += &format!("{},{},{}\r\n", csv_field(&metric.name), csv_field(metric.unit), numbers.join(","));
    }
    out
}
