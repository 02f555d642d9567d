//! A whole model, as the sections make it.

use crate::model::section::change::{Reach, Setting};
use crate::model::section::cost::Cost;
use crate::model::section::d1::D1;
use crate::model::section::diagnostics::Diagnostics;
use crate::model::section::isolates::Isolates;
use crate::model::section::limiter::Limiter;
use crate::model::section::logfile::LogFile;
use crate::model::section::logging::Logging;
use crate::model::section::objectives::Objective;
use crate::model::section::observed::Observed;
use crate::model::section::platform::Platform;
use crate::model::section::provider::Provider;
use crate::model::section::queue::Queue;
use crate::model::section::reader::Reader;
use crate::model::section::reads::Read;
use crate::model::section::run::Run;
use crate::model::section::step::Step;
use crate::model::section::store::Store;
use crate::model::section::strategy::LogEvent;
use crate::model::section::tiers::Tiers;
use crate::model::section::traffic::Class;
use crate::model::section::workflow::Workflow;
use crate::units::Span;

/// A whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// The question that it answers, in a line; may be empty.
    pub description: String,
    /// SHA-256 of the effective model (bases merged, overrides applied), in hex: two models with the same
    /// digest and seed have the same report.
    pub digest: String,
    /// The version of the table of time zones, where the model names a zone other than UTC.
    pub zone_data: Option<&'static str>,
    /// The `--set` overrides in force, as given.
    pub overrides: Vec<String>,
    /// Length, seed and limits of a run.
    pub run: Run,
    /// The platform that it runs on.
    pub platform: Platform,
    /// The kinds of user; at least one.
    pub classes: Vec<Class>,
    /// The workflows; at least one.
    pub workflows: Vec<Workflow>,
    /// The AI providers.
    pub providers: Vec<Provider>,
    /// The in-memory queues.
    pub queues: Vec<Queue>,
    /// Key-value stores, caches and log services.
    pub stores: Vec<Store>,
    /// Caches in front of a computation or a provider.
    pub tiers: Vec<Tiers>,
    /// Databases that do one operation at a time.
    pub d1: Vec<D1>,
    /// Rate limiters that count in a store.
    pub limiters: Vec<Limiter>,
    /// Reads that are not logs: allow and deny lists, prompts.
    pub reads: Vec<Read>,
    /// How calls are logged.
    pub logging: Logging,
    /// `[reader.NAME]`: who reads the logs.
    pub readers: Vec<Reader>,
    /// `[logfile.NAME]`: the log files.
    pub logfiles: Vec<LogFile>,
    /// What a plan of the platform is compared by; none: no comparison.
    pub cost: Option<Cost>,
    /// The same model on the preset that `cost.upgrade` names; there once a model with `[cost]` is loaded.
    pub upgraded: Option<Box<Model>>,
    /// Isolates that come and go; none: `platform.isolates` of them, all the time.
    pub isolates: Option<Isolates>,
    /// The diagnostics page.
    pub diagnostics: Option<Diagnostics>,
    /// The bounds that results are checked against.
    pub objectives: Vec<Objective>,
    /// What was measured of the real system, in the order of their metrics.
    pub observed: Vec<Observed>,
    /// `[[change]]`: the models in force later, in order of time.
    pub stages: Vec<Stage>,
    /// The values of the settings that change, or were meant to, by path and time.
    pub settings: Vec<Setting>,
}

impl Model {
    /// Whether this holds of the model at its start or in any stage.
    pub fn is_ever(&self, has: impl Fn(&Model) -> bool) -> bool {
        has(self) || self.stages.iter().any(|stage| has(&stage.model))
    }

    /// Whether an attempt at any provider meets more than a latency, a timeout, faults and one layer of retries.
    pub fn has_policies(&self) -> bool {
        self.providers.iter().any(Provider::has_policies)
            || self
                .workflows
                .iter()
                .flat_map(|workflow| &workflow.steps)
                .any(|step| step.pool.is_some() || !step.fallback.is_empty())
    }
}

impl Model {
    /// Whether some invocation can want more connections than it has.
    pub fn connections_bind(&self) -> bool {
        let Some(connections) = self.platform.connections else { return false };
        let hedges = |step: &Step| {
            step.asks().filter_map(|id| self.providers[id.index()].hedge).map(|hedge| hedge.max).max().unwrap_or(0)
        };
        let wants = |workflow: &Workflow| {
            let hedges = workflow.steps.iter().map(hedges).max().unwrap_or(0);
            u64::from(workflow.calls_at_once(workflow.invocation)) * (1 + u64::from(hedges))
        };
        self.leaves_logs_behind() || self.workflows.iter().any(|workflow| wants(workflow) > u64::from(connections))
    }

    /// Whether calls go on before all that they log is written.
    pub fn leaves_logs_behind(&self) -> bool {
        let of_calls = |event| matches!(event, LogEvent::Request | LogEvent::Response);
        self.logging.ops.iter().any(|op| !op.awaited && of_calls(op.event))
    }

    /// Whether calls take processor time.
    pub fn takes_cpu(&self) -> bool {
        self.workflows.iter().flat_map(|workflow| &workflow.steps).any(|step| step.cpu.is_some())
    }
}

/// A whole model that is in force from an instant on.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// From when on, after the start of the run; later than the stage before.
    pub from: Span,
    /// The model; its own `stages` and `settings` are empty.
    pub model: Model,
    /// How it reaches the isolates.
    pub reach: Reach,
    /// Whether it changes what the program in each isolate reads.
    pub is_program: bool,
}
