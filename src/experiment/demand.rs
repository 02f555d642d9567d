//! A model under another demand: its arrivals scaled, everything else as it is.

use crate::model::{Arrivals, Model};
use crate::units::{Rate, RateUnit};

/// Whose arrivals are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// All classes, in the model's proportions.
    All,
    /// One class, by its position; the others stay.
    Of(usize),
}

impl Demand {
    /// The demand that a path speaks of: `traffic.user.arrivals.per_day`, or `traffic.user`.
    ///
    /// # Errors
    /// A sentence that says which classes there are.
    pub fn at(model: &Model, path: &str) -> Result<Demand, String> {
        let class = path.strip_prefix("traffic.").and_then(|rest| rest.split('.').next());
        let at = class.and_then(|name| model.classes.iter().position(|class| class.name == name));
        let names: Vec<String> =
            model.classes.iter().map(|class| format!("traffic.{}.arrivals.per_day", class.name)).collect();
        at.map(Demand::Of).ok_or_else(|| format!("{path:?} is no demand of this model: there is {}", names.join(", ")))
    }

    fn takes(self, class: usize) -> bool {
        self == Demand::All || self == Demand::Of(class)
    }

    /// Plans a day that the model offers; none where the arrivals have no rate (closed, trace).
    pub fn now(self, model: &Model) -> Option<f64> {
        let classes = model.classes.iter().enumerate().filter(|(at, _)| self.takes(*at));
        classes.map(|(_, class)| super::explain::class_demand(&class.arrivals)).sum()
    }

    /// Whether only whole numbers of plans make sense: evenly spaced arrivals of one class.
    pub fn is_whole(self, model: &Model) -> bool {
        let classes: Vec<_> = model.classes.iter().enumerate().filter(|(at, _)| self.takes(*at)).collect();
        matches!(classes[..], [(_, class)] if matches!(class.arrivals, Arrivals::Deterministic(_)))
    }

    /// The model with `plans` a day instead; none where no such rate exists.
    pub fn set(self, model: &Model, plans: f64) -> Option<Model> {
        let factor = plans / self.now(model)?;
        let whole = self.is_whole(model);
        let mut scaled = model.clone();
        for stage in &mut scaled.stages {
            stage.model = self.scale(&stage.model, factor, None)?;
        }
        self.scale(&scaled, factor, whole.then_some(plans))
    }

    /// All rates times `factor`, or exactly `plans` a day.
    fn scale(self, model: &Model, factor: f64, plans: Option<f64>) -> Option<Model> {
        let mut scaled = model.clone();
        for (_, class) in scaled.classes.iter_mut().enumerate().filter(|(at, _)| self.takes(*at)) {
            let to = |rate: &Rate| Rate::new(plans.unwrap_or(rate.per_day() * factor), RateUnit::Day).ok();
            match &mut class.arrivals {
                Arrivals::Poisson(rate) | Arrivals::Deterministic(rate) => *rate = to(rate)?,
                Arrivals::Profile { rate, .. } | Arrivals::Batch { rate, .. } => *rate = to(rate)?,
                Arrivals::Mmpp { states } => {
                    for rate in states.iter_mut().filter_map(|(rate, _)| rate.as_mut()) {
                        *rate = to(rate)?;
                    }
                }
                Arrivals::Closed { .. } | Arrivals::Trace { .. } => return None,
            }
        }
        Some(scaled)
    }
}
