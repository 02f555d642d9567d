//! The whole model: its sections, what they become, and how they are read together.

use crate::model::input::Source;
use crate::model::language::*;
use crate::model::newcomers::Parts;
use crate::model::problems::At;
use crate::model::section::arrivals::Arrivals;
use crate::model::section::breaker::BREAKER;
use crate::model::section::change::{CHANGE, Reach, Setting};
use crate::model::section::cost::{COST, Cost};
use crate::model::section::d1::D1;
use crate::model::section::diagnostics::{DIAGNOSTICS, Diagnostics};
use crate::model::section::hedge::HEDGE;
use crate::model::section::isolates::{ISOLATES, Isolates};
use crate::model::section::limiter::{LIMITER, Limiter};
use crate::model::section::logfile::{LOGFILE, LogFile};
use crate::model::section::logging::{LOGGING, Logging};
use crate::model::section::objectives::{OBJECTIVE, Objective};
use crate::model::section::platform::{PLATFORM, Platform};
use crate::model::section::provider::{PROVIDER, Provider};
use crate::model::section::queue::{QUEUE, Queue};
use crate::model::section::reader::{READER, Reader};
use crate::model::section::reads::{READS, Read};
use crate::model::section::retry::RETRY;
use crate::model::section::run::{RUN, Run};
use crate::model::section::step::Step;
use crate::model::section::store::{STORE, Store};
use crate::model::section::strategy::LogEvent;
use crate::model::section::tiers::{TIERS, Tiers};
use crate::model::section::traffic::{Class, TRAFFIC};
use crate::model::section::workflow::{WORKFLOW, Workflow};
use crate::model::section::{
    cost, d1, diagnostics, isolates, limiter, logfile, logging, objectives, platform, provider, queue, reader, reads,
    run, store, strategy, tiers, traffic, workflow,
};
use crate::model::tree::Node;
use crate::model::{digest, endless, overlay, preset, shape, trace};
use crate::units::Span;
use std::path::Path;

/// The whole model.
pub(in crate::model) static MODEL: Section = Section {
    title: "the model",
    fields: &[
        optional("name", Text, "the file's name", "What the model is called in reports.").changes(Fixed(RUN_ITSELF)),
        default("description", Text, "", "What question it answers, in a line.").changes(Fixed(RUN_ITSELF)),
        optional("extends", Text, "no base", "Another model file, relative to this one, that this one changes.")
            .note("A base may extend another, 16 at most. Layers, above, says what a model takes from its base.")
            .changes(Fixed(RUN_ITSELF)),
        optional("run", Table(&RUN), "all defaults", "Length, seed and limits of a run."),
        optional("platform", Table(&PLATFORM), "nothing is limited", "Limits and prices of the platform."),
        required("traffic", Named(&Table(&TRAFFIC)), "The kinds of user, and when they come."),
        required("workflow", Named(&Table(&WORKFLOW)), "What a plan does."),
        optional("provider", Named(&Table(&PROVIDER)), "no step asks one", "The AI providers."),
        optional("retry", Named(&Table(&RETRY)), "no retries", "Retries, by the provider's or database's name."),
        optional("breaker", Named(&Table(&BREAKER)), "none", "Circuit breakers, by the provider's name."),
        optional("hedge", Named(&Table(&HEDGE)), "none", "Attempts that race a late one, by the provider's name."),
        optional("queue", Named(&Table(&QUEUE)), "no queues", "The in-memory queues."),
        optional("store", Named(&Table(&STORE)), "the preset's", "Key-value stores and caches."),
        optional("tiers", Named(&Table(&TIERS)), "none", "Caches in front of a computation or a provider."),
        optional("d1", Named(&Table(&D1)), "none", "Databases that do one operation at a time."),
        optional("limiter", Named(&Table(&LIMITER)), "none", "Rate limiters that count in a store."),
        optional("reads", Named(&Table(&READS)), "none", "Reads that are not logs: allow and deny lists, prompts."),
        optional("logging", Table(&LOGGING), "nothing is logged", "How calls are logged."),
        optional("cost", Table(&COST), "no comparison", "What another plan of the platform would cost and save."),
        optional(
            "reader",
            Named(&Table(&READER)),
            "only who is where it was written",
            "Who reads the logs, and from where.",
        ),
        optional("logfile", Named(&Table(&LOGFILE)), "none", "Log files that are rotated."),
        optional(
            "isolates",
            Table(&ISOLATES),
            "as many as `platform.isolates`, all the time",
            "Isolates that come and go.",
        ),
        optional("diagnostics", Table(&DIAGNOSTICS), "no page", "A page that shows the counters of a queue."),
        optional("objectives", Metrics(&Table(&OBJECTIVE)), "none", "Bounds that metrics are held against."),
        optional(
            "change",
            List(&Table(&CHANGE), None),
            "nothing changes",
            "`[[change]]`: values that change while the model runs.",
        ),
    ],
    ..PLAIN
};

/// Whether a word names a section of a model, or another of its keys.
pub(super) fn is_section(word: &str) -> bool {
    MODEL.fields.iter().any(|field| field.name == word)
}

/// The kind of the whole model.
pub(in crate::model) const ROOT: Kind = Table(&MODEL);

/// A whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What question it answers, in a line.
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
    /// The platform that the model stands on.
    pub platform: Platform,
    /// The kinds of user; at least one.
    pub classes: Vec<Class>,
    /// The workflows.
    pub workflows: Vec<Workflow>,
    /// The AI providers.
    pub providers: Vec<Provider>,
    /// The in-memory queues.
    pub queues: Vec<Queue>,
    /// KV, caches.
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
    /// What another plan of the platform is compared by.
    pub cost: Option<Cost>,
    /// The same model on the preset that `cost.upgrade` names; there once a model with `[cost]` is loaded.
    pub upgraded: Option<Box<Model>>,
    /// Isolates that come and go; none: `platform.isolates` of them, all the time.
    pub isolates: Option<Isolates>,
    /// The diagnostics page.
    pub diagnostics: Option<Diagnostics>,
    /// What the results are held against.
    pub objectives: Vec<Objective>,
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
            || self.workflows.iter().flat_map(|workflow| &workflow.steps).any(|step| step.fallback.is_some())
    }
}

impl Model {
    /// Whether some invocation can want more connections than it has.
    pub fn connections_bind(&self) -> bool {
        let Some(connections) = self.platform.connections else { return false };
        let hedges = |step: &Step| {
            let asked = step.provider().into_iter().chain(step.fallback);
            asked.filter_map(|id| self.providers[id.index()].hedge).map(|hedge| hedge.max).max().unwrap_or(0)
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
    /// Since when, after the start of the run; later than the stage before.
    pub from: Span,
    /// The model; its own `stages` and `settings` are empty.
    pub model: Model,
    /// How it reaches the isolates.
    pub reach: Reach,
    /// Whether it changes what the program in each isolate reads.
    pub is_program: bool,
}

/// All layers on one another, with what is wrong with their shape put down.
pub(in crate::model) fn tree(input: &mut Input<'_>, source: &Source, overrides: &[String]) -> Option<Node> {
    let mut root = overlay::with_bases(input, source)?;
    let mut before = Parts::of(&root);
    for text in overrides {
        overlay::set(input, &mut root, text);
    }
    let named = root.get("platform").and_then(|platform| platform.get("preset")?.text().map(str::to_string));
    if let Some(under) = named.and_then(|name| preset::fragment(input, &name)) {
        before = before.and(&under);
        root = overlay::merge(under, root);
    }
    before.check(&root, &mut input.problems);
    preset::under_stores(input, &mut root);
    preset::under_retries(input, &mut root);
    shape::check(&root, &ROOT, "", &mut input.problems);
    Some(root)
}

/// Reads the sections of a tree whose shape has been checked.
pub(in crate::model) fn checked(
    input: &mut Input<'_>,
    source: &Source,
    root: &Node,
    overrides: &[String],
) -> Option<Model> {
    let strategy = root.get("logging").and_then(|logging| logging.get("strategy")).and_then(Node::text);
    let strategy = strategy::built_in(input, strategy.unwrap_or("none"));
    sections(input, source, root, strategy.as_ref(), overrides)
}

fn sections(
    input: &mut Input<'_>,
    source: &Source,
    root: &Node,
    strategy: Option<&Node>,
    overrides: &[String],
) -> Option<Model> {
    let cursor = Cursor::new(root, &MODEL, String::new());
    let absent = Node::empty(At { end: 0, ..root.at });
    let section = |key: &'static str| cursor.table(key).or_else(|| cursor.absent(key, &absent));
    let names = Names::new(root);
    for (key, list) in [("traffic", &names.classes), ("workflow", &names.workflows)] {
        if list.all().is_empty() && root.get(key).is_some() {
            let complaint = Complaint::new("there must be at least one").cure(format!("add [{key}.NAME]"));
            input.problems.report_once(cursor.at(key), key, complaint);
        }
    }
    let run = run::read(input, &section("run")?);
    let platform = platform::read(input, &section("platform")?);
    let workflows = workflow::read(input, &cursor, &names);
    workflow::no_deadlock(input, &cursor, &names);
    let providers = provider::read(input, &cursor, &names);
    workflow::tokens_fit(input, &cursor, &workflows, &providers);
    workflow::check_fallbacks(input, &cursor, &workflows, &providers);
    let queues = queue::read(input, &cursor, &names);
    let isolates = cursor.table("isolates").and_then(|table| isolates::read(input, &table, root));
    let most = isolates.as_ref().map_or(platform.isolates, |spec| spec.max);
    let tiers = tiers::read(input, &cursor, most);
    let d1 = d1::read(input, &cursor, &names);
    if tiers.len() == names.tiers.all().len() {
        workflow::can_compute(input, &cursor, &workflows, &tiers);
    }
    let stores = store::read(input, &cursor, run.as_ref());
    let limiters = limiter::read(input, &cursor, &names, &stores);
    let reads = reads::read(input, &cursor, &names);
    let mut classes = traffic::read(input, &cursor, &names, run.as_ref());
    // Where steps are wrong, the number of calls is not known.
    let known = if workflows.len() == names.workflows.all().len() { &workflows[..] } else { &[] };
    let parts = trace::Parts { workflows: known, d1: &d1, isolates: platform.isolates };
    trace::fill(input, &cursor, &names, &mut classes, parts);
    let logging = logging::read(input, &section("logging")?, strategy, &names, &stores);
    let readers = reader::read(input, &cursor, &names, &stores, &logging);
    let logfiles = logfile::read(&cursor);
    if let Some(run) = &run {
        endless::check(input, &cursor, (run, most), &classes, &providers);
    }
    let cost = cursor.table("cost").map(|cursor| cost::read(&cursor));
    if isolates.is_some() && classes.iter().any(|class| matches!(class.arrivals, Arrivals::Trace { .. })) {
        let complaint =
            Complaint::new("a trace says its isolates, and these come and go").cure("take one of the two out");
        input.problems.report_once(cursor.at("isolates"), "isolates", complaint);
    }
    let diagnostics = cursor.table("diagnostics").and_then(|table| diagnostics::read(input, &table, &names));
    let objectives = objectives::read(input, &cursor, &names);
    let zone_data = digest::zone_data(root);
    Some(Model {
        name: cursor.text("name").map_or_else(|| stem(&source.name), str::to_string),
        description: cursor.text("description").unwrap_or_default().into(),
        digest: digest::digest(root, strategy, &input.data, zone_data),
        zone_data,
        overrides: overrides.to_vec(),
        run: run?,
        platform,
        classes,
        workflows,
        providers,
        queues,
        stores,
        tiers,
        d1,
        limiters,
        reads,
        logging,
        readers,
        logfiles,
        cost,
        upgraded: None,
        isolates,
        diagnostics,
        objectives,
        stages: Vec::new(),
        settings: Vec::new(),
    })
}

/// The name of a model that does not say one.
fn stem(name: &str) -> String {
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    stem.trim_matches(['<', '>']).to_string()
}

/// The part in which two models differ in more than the values that may change.
pub(in crate::model) fn differs(base: &Model, stage: &Model) -> Option<&'static str> {
    let mut stage = stage.clone();
    keep_all(&mut stage.classes, &base.classes, traffic::keep);
    keep_all(&mut stage.workflows, &base.workflows, workflow::keep);
    keep_all(&mut stage.providers, &base.providers, provider::keep);
    keep_all(&mut stage.queues, &base.queues, queue::keep);
    keep_all(&mut stage.stores, &base.stores, store::keep);
    keep_all(&mut stage.tiers, &base.tiers, tiers::keep);
    keep_all(&mut stage.d1, &base.d1, d1::keep);
    keep_all(&mut stage.limiters, &base.limiters, limiter::keep);
    keep_all(&mut stage.reads, &base.reads, reads::keep);
    keep_all(&mut stage.readers, &base.readers, reader::keep);
    keep_all(&mut stage.logfiles, &base.logfiles, logfile::keep);
    keep_all(stage.isolates.as_mut_slice(), base.isolates.as_slice(), isolates::keep);
    keep_all(stage.diagnostics.as_mut_slice(), base.diagnostics.as_slice(), diagnostics::keep);
    logging::keep(&mut stage.logging, &base.logging);
    platform::keep(&mut stage.platform, &base.platform);
    [
        ("platform", stage.platform != base.platform),
        ("traffic", stage.classes != base.classes),
        ("workflow", stage.workflows != base.workflows),
        ("provider", stage.providers != base.providers),
        ("queue", stage.queues != base.queues),
        ("store", stage.stores != base.stores),
        ("tiers", stage.tiers != base.tiers),
        ("d1", stage.d1 != base.d1),
        ("limiter", stage.limiters != base.limiters),
        ("reads", stage.reads != base.reads),
        ("logging", stage.logging != base.logging),
        ("reader", stage.readers != base.readers),
        ("logfile", stage.logfiles != base.logfiles),
        ("isolates", stage.isolates != base.isolates),
        ("diagnostics", stage.diagnostics != base.diagnostics),
        ("cost", stage.cost != base.cost),
        ("run", stage.run != base.run),
    ]
    .into_iter()
    .find_map(|(part, differs)| differs.then_some(part))
}
