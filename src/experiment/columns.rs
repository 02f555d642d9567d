//! What the replications of one model measured, by the name of the metric. The only place where the lists of two
//! replications meet: whoever reads a value says its name.

use crate::metrics;
use crate::stats::{Estimate, Range};
use crate::world::{Failure, Outcome};

/// One metric in every replication.
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// By replication; none where nothing was observed.
    pub values: Vec<Option<f64>>,
    range: Range,
    /// Of a share, by replication, how many things it is a share of.
    trials: Vec<u64>,
    /// Where it stands in the list of a replication.
    place: usize,
}

/// All metrics of a model in every replication.
#[derive(Default)]
pub(super) struct Columns {
    /// In the order of their names.
    columns: Vec<Column>,
    /// By replication, the events that took place.
    events: Vec<u64>,
    /// Whether any two replications differ in anything. In a model without chance they do not, and what is 0 in all of
    /// them is 0.
    differ: bool,
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
            let is_same = measure.name == column.name && measure.unit == column.unit && measure.range == column.range;
            if !is_same {
                let (now, first) = (&measure.name, &column.name);
                return Err(Failure::Internal(format!(
                    "a replication has the metric {now} where the first had {first}"
                )));
            }
            self.differ |= column.values.first().is_some_and(|first| *first != measure.value);
            column.values.push(measure.value);
            if column.range == Range::Share {
                column.trials.push(measure.trials);
            }
        }
        self.events.push(outcome.events);
        Ok(())
    }

    fn begin(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        let columns = outcome.measures.iter().enumerate().map(|(place, measure)| {
            let unknown = || Failure::Internal(format!("the catalogue of metrics has no {}", measure.name));
            let of = metrics::of(&measure.name).ok_or_else(unknown)?;
            debug_assert_eq!((measure.unit, measure.range), (of.unit, of.range), "{}", measure.name);
            let name = measure.name.clone();
            Ok(Column { name, unit: of.unit, range: of.range, values: Vec::new(), trials: Vec::new(), place })
        });
        self.columns = columns.collect::<Result<_, Failure>>()?;
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
        for column in &mut self.columns {
            column.values.truncate(n);
            column.trials.truncate(n);
        }
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

    /// The mean of a metric over the replications, and its interval.
    pub fn estimate(&self, name: &str) -> Option<Estimate> {
        self.estimate_of(self.get(name)?, self.len())
    }

    /// The same of a column, over its first `n` replications.
    pub fn estimate_of(&self, column: &Column, n: usize) -> Option<Estimate> {
        let trials = if self.differ { column.trials.iter().take(n).sum() } else { 0 };
        Estimate::within(column.range, trials, column.values.iter().take(n).copied())
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
        let measure = |&(name, value): &(&str, f64)| Measure {
            name: name.into(),
            unit: "1",
            range: Range::Share,
            trials: 10,
            value: Some(value),
        };
        Outcome { measures: measures.iter().map(measure).collect(), events: 1 }
    }

    #[test]
    fn values_meet_by_name() {
        let mut columns = Columns::default();
        columns.push(outcome(&[("queue.b.drop_fraction", 1.0), ("queue.a.drop_fraction", 2.0)])).unwrap();
        columns.push(outcome(&[("queue.b.drop_fraction", 3.0), ("queue.a.drop_fraction", 4.0)])).unwrap();
        assert_eq!(columns.get("queue.a.drop_fraction").unwrap().values, [Some(2.0), Some(4.0)]);
        assert_eq!(columns.estimate("queue.b.drop_fraction").unwrap().mean, 2.0);
        assert!(columns.get("queue.c.drop_fraction").is_none());
    }

    /// What is 0 in every replication may be more, where there is any chance in the model.
    #[test]
    fn without_chance_there_is_no_doubt() {
        let mut columns = Columns::default();
        for _ in 0..3 {
            columns.push(outcome(&[("queue.b.drop_fraction", 0.0), ("queue.a.drop_fraction", 0.5)])).unwrap();
        }
        assert_eq!(columns.estimate("queue.b.drop_fraction").unwrap().ci95(), Some((0.0, 0.0)));
        columns.push(outcome(&[("queue.b.drop_fraction", 0.0), ("queue.a.drop_fraction", 0.6)])).unwrap();
        assert!(columns.estimate("queue.b.drop_fraction").unwrap().ci95().unwrap().1 > 0.0);
    }

    /// A metric that one replication has and another has not is a fault of the program, and never an answer.
    #[test]
    fn lists_that_differ_are_an_internal_error() {
        for other in [
            &[("queue.b.drop_fraction", 3.0)][..],
            &[("queue.b.drop_fraction", 3.0), ("queue.c.drop_fraction", 4.0)],
            &[("queue.a.drop_fraction", 3.0), ("queue.b.drop_fraction", 4.0)],
            &[("queue.b.drop_fraction", 1.0); 3],
        ] {
            let mut columns = Columns::default();
            columns.push(outcome(&[("queue.b.drop_fraction", 1.0), ("queue.a.drop_fraction", 2.0)])).unwrap();
            assert!(matches!(columns.push(outcome(other)), Err(Failure::Internal(_))), "{other:?}");
        }
        let twice = Columns::default().push(outcome(&[("queue.a.drop_fraction", 1.0), ("queue.a.drop_fraction", 2.0)]));
        let unknown = Columns::default().push(outcome(&[("queue.a.drop", 1.0)]));
        assert!(matches!(unknown, Err(Failure::Internal(why)) if why.contains("no queue.a.drop")));
        assert!(matches!(twice, Err(Failure::Internal(why)) if why.contains("two metrics have the name queue.a")));
    }
}
