//! Builds a model: merges its layers, and reads the sections.

use crate::model::input::Source;
use crate::model::language::*;
use crate::model::newcomers::Parts;
use crate::model::problems::At;
use crate::model::root::{MODEL, ROOT};
use crate::model::section::arrivals::Arrivals;
use crate::model::section::{
    cost, d1, diagnostics, isolates, limiter, logfile, logging, objectives, observed, plan_error, platform, provider,
    queue, reader, reads, run, store, strategy, tiers, traffic, workflow,
};
use crate::model::tree::Node;
use crate::model::whole::Model;
use crate::model::{digest, endless, overlay, preset, shape, trace};
use std::path::Path;

/// Merges all layers into one tree, and records what is wrong with its shape.
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
            let complaint = Complaint::new("at least one is required").cure(format!("add [{key}.NAME]"));
            input.problems.report_once(cursor.at(key), key, complaint);
        }
    }
    let run = run::read(input, &section("run")?);
    let platform = platform::read(input, &section("platform")?);
    let workflows = workflow::read(input, &cursor, &names);
    workflow::no_deadlock(input, &cursor, &names);
    let mut providers = provider::read(input, &cursor, &names);
    plan_error::spread(input, &cursor, &workflows, &mut providers);
    workflow::tokens_fit(input, &cursor, &workflows, &providers);
    workflow::check_fallbacks(input, &cursor, &workflows, &providers);
    workflow::check_pools(input, &cursor, &workflows, &providers);
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
        endless::check(input, &cursor, (run, most), &classes, (&providers, &d1));
    }
    let cost = cursor.table("cost").map(|cursor| cost::read(&cursor));
    if isolates.is_some() && classes.iter().any(|class| matches!(class.arrivals, Arrivals::Trace { .. })) {
        let complaint =
            Complaint::new("a trace names its isolates, so they cannot come and go").cure("remove one of the two");
        input.problems.report_once(cursor.at("isolates"), "isolates", complaint);
    }
    let diagnostics = cursor.table("diagnostics").and_then(|table| diagnostics::read(input, &table, &names));
    let objectives = objectives::read(input, &cursor, &names);
    let observed = observed::read(input, &cursor, &names);
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
        observed,
        stages: Vec::new(),
        settings: Vec::new(),
    })
}

/// The default name of a model: that of its file.
fn stem(name: &str) -> String {
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    stem.trim_matches(['<', '>']).to_string()
}
