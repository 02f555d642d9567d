//! What the replications of one model measured, by the name of the metric. The only place where the lists of two
//! replications meet: whoever reads a value says its name.

use crate::stats::Estimate;
use crate::world::{Failure, Outcome};

/// One metric in every replication.
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// By replication; none where nothing was observed.
    pub values: Vec<Option<f64>>,
    /// Where it stands in the list of a replication.
    place: usize,
}

impl Column {
    /// The mean of the replications and its interval.
    pub fn estimate(&self) -> Option<Estimate> {
        Estimate::of(self.values.iter().copied())
    }
}

/// All metrics of a model in every replication.
#[derive(Default)]
pub(super) struct Columns {
    /// In the order of their names.
    columns: Vec<Column>,
    /// By replication, the events that took place.
    events: Vec<u64>,
}

impl Columns {
    /// Adds a replication.
    ///
    /// # Errors
    /// A replication whose metrics are not those of the first: a fault of the program.
    pub fn push(&mut self, outcome: Outcome) -> Result<(), Failure> {
        if self.events.is_empty() {
            self.begin(&outcome)?;
        }
        if outcome.measures.len() != self.columns.len() {
            let (first, now) = (self.columns.len(), outcome.measures.len());
            return Err(Failure::Internal(format!("a replication has {now} metrics, the first had {first}")));
        }
        for column in &mut self.columns {
            let measure = &outcome.measures[column.place];
            if measure.name != column.name || measure.unit != column.unit {
                let (now, first) = (&measure.name, &column.name);
                return Err(Failure::Internal(format!(
                    "a replication has the metric {now} where the first had {first}"
                )));
            }
            column.values.push(measure.value);
        }
        self.events.push(outcome.events);
        Ok(())
    }

    fn begin(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        let empty = outcome.measures.iter().enumerate().map(|(place, measure)| Column {
            name: measure.name.clone(),
            unit: measure.unit,
            values: Vec::new(),
            place,
        });
        self.columns = empty.collect();
        self.columns.sort_by(|a, b| a.name.cmp(&b.name));
        match self.columns.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(Failure::Internal(format!("two metrics have the name {}", pair[0].name))),
            None => Ok(()),
        }
    }

    /// How many replications there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Keeps the first `n` replications.
    pub fn truncate(&mut self, n: usize) {
        self.events.truncate(n);
        self.columns.iter_mut().for_each(|column| column.values.truncate(n));
    }

    /// Every metric, in the order of the names.
    pub fn all(&self) -> &[Column] {
        &self.columns
    }

    /// The metric of this name; none where the model has no such metric.
    pub fn get(&self, name: &str) -> Option<&Column> {
        let at = self.columns.binary_search_by(|column| column.name.as_str().cmp(name)).ok()?;
        self.columns.get(at)
    }

    /// Events of each replication.
    pub fn events(&self) -> &[u64] {
        &self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Measure;

    fn outcome(measures: &[(&str, f64)]) -> Outcome {
        let measure = |&(name, value): &(&str, f64)| Measure { name: name.into(), unit: "1", value: Some(value) };
        Outcome { measures: measures.iter().map(measure).collect(), events: 1 }
    }

    #[test]
    fn values_meet_by_name() {
        let mut columns = Columns::default();
        columns.push(outcome(&[("b", 1.0), ("a", 2.0)])).unwrap();
        columns.push(outcome(&[("b", 3.0), ("a", 4.0)])).unwrap();
        assert_eq!(columns.get("a").unwrap().values, [Some(2.0), Some(4.0)]);
        assert_eq!(columns.get("b").unwrap().estimate().unwrap().mean, 2.0);
        assert!(columns.get("c").is_none());
    }

    /// A metric that one replication has and another has not is a fault of the program, and never an answer.
    #[test]
    fn lists_that_differ_are_an_internal_error() {
        for other in [&[("b", 3.0)][..], &[("b", 3.0), ("c", 4.0)], &[("a", 3.0), ("b", 4.0)], &[("b", 1.0); 3]] {
            let mut columns = Columns::default();
            columns.push(outcome(&[("b", 1.0), ("a", 2.0)])).unwrap();
            assert!(matches!(columns.push(outcome(other)), Err(Failure::Internal(_))), "{other:?}");
        }
        let twice = Columns::default().push(outcome(&[("a", 1.0), ("a", 2.0)]));
        assert!(matches!(twice, Err(Failure::Internal(why)) if why.contains("two metrics have the name a")));
    }
}
