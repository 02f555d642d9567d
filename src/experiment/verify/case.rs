//! A model with a known answer, and the laws that hold of it.

use crate::experiment::columns::Columns;

/// The metrics of one replication: all of them, and its number.
pub(super) struct Seen<'a>(pub &'a Columns, pub usize);

impl Seen<'_> {
    /// The value of a metric.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.values.get(self.1).copied().flatten()
    }
}

/// What a law makes of the metrics of one replication.
type Reading = Box<dyn Fn(&Seen<'_>) -> Option<f64>>;

/// A law: an exact value, and what is measured of it.
pub(super) struct Law {
    pub name: &'static str,
    pub says: &'static str,
    pub measured: &'static str,
    pub of: Reading,
    pub exact: f64,
    pub allowance: f64,
}

/// A model and its laws.
pub(super) struct Case {
    pub topic: &'static str,
    pub name: &'static str,
    pub base: &'static str,
    pub set: Vec<String>,
    /// What the short version sets besides.
    quick: Vec<String>,
    pub laws: Vec<Law>,
}

impl Case {
    /// A model of `verify/`, changed by `set`.
    pub fn new(topic: &'static str, name: &'static str, base: &'static str, set: &[&str]) -> Case {
        let set = set.iter().map(|text| (*text).to_string()).collect();
        Case { topic, name, base, set, quick: Vec::new(), laws: Vec::new() }
    }

    /// What the short version changes.
    pub fn quick(mut self, set: &[&str]) -> Case {
        self.quick = set.iter().map(|text| (*text).to_string()).collect();
        self
    }

    /// A law about a metric.
    pub fn law(self, name: &'static str, says: &'static str, metric: &'static str, exact: f64) -> Case {
        self.made(name, says, metric, move |seen| seen.get(metric), exact)
    }

    /// A law about a quantile: the cells of the histogram are within 1/1024 of every value in them.
    pub fn quantile(self, name: &'static str, says: &'static str, metric: &'static str, exact: f64) -> Case {
        self.law(name, says, metric, exact).within(exact / 1024.0)
    }

    /// A law about something made from metrics, described by `measured`.
    pub fn made(
        mut self,
        name: &'static str,
        says: &'static str,
        measured: &'static str,
        of: impl Fn(&Seen<'_>) -> Option<f64> + 'static,
        exact: f64,
    ) -> Case {
        self.laws.push(Law { name, says, measured, of: Box::new(of), exact, allowance: 0.0 });
        self
    }

    /// What the last law leaves out, in its unit.
    pub fn within(mut self, allowance: f64) -> Case {
        if let Some(law) = self.laws.last_mut() {
            law.allowance = allowance;
        }
        self
    }

    /// The name of one of its laws.
    pub fn law_name(&self, law: &Law) -> String {
        format!("{}.{}", self.name, law.name)
    }

    /// Everything that is set in the model.
    pub fn overrides(&self, quick: bool, seed: u64) -> Vec<String> {
        let shorter = if quick { &self.quick[..] } else { &[] };
        let seed = format!("run.seed={seed}");
        self.set.iter().chain(shorter).cloned().chain([seed]).collect()
    }
}

/// The value of a formula that has one here; where it has none the law fails.
pub(super) fn stable(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}
