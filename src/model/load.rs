//! From text to a checked model: layers, shape, sections, digest.

use super::cursor::Cursor;
use super::input::{Files, Input, Source, reason};
use super::language::{MODEL, ROOT};
use super::names::Names;
use super::newcomers::Parts;
use super::overlay;
use super::problems::{At, Complaint, Problems};
use super::spec::{Arrivals, Model};
use super::tree::Node;
use super::{
    change, digest, endless, objectives, parts, preset, provider, reader, retry, run, server, shape, store, strategy,
    trace, traffic, workflow,
};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Reads a model: its text, the bases it extends, `overrides` of the form `PATH=VALUE`, the preset it names.
///
/// `files` reads whatever file the model names; the library opens none by itself.
///
/// # Errors
/// Everything that is wrong with the model, in file order.
pub fn load(source: Source, overrides: &[String], files: Files<'_>) -> Result<Model, Problems> {
    let mut input = Input::new(files);
    let model = build(&mut input, &source, overrides);
    match model {
        Some(model) if input.problems.is_empty() => with_upgrade(model, &source, overrides, files),
        _ => {
            if input.problems.is_empty() {
                let number = input.add(&source.name, "", Path::new(""));
                let what = "the model cannot be read, and no check says why: this is a defect of capsim";
                input.problems.report(At::whole(number), "", Complaint::new(what));
            }
            Err(input.problems.finish())
        }
    }
}

/// The same model on the preset that `cost.upgrade` names, beside it.
fn with_upgrade(mut model: Model, source: &Source, overrides: &[String], files: Files<'_>) -> Result<Model, Problems> {
    let Some(cost) = &mut model.cost else { return Ok(model) };
    let preset = format!("platform.preset={}", cost.preset);
    let overrides: Vec<String> = overrides.iter().cloned().chain([preset]).collect();
    let mut input = Input::new(files);
    match build(&mut input, source, &overrides) {
        Some(upgraded) if input.problems.is_empty() => {
            cost.upgraded = Some(Box::new(upgraded));
            Ok(model)
        }
        _ => Err(input.problems.finish()),
    }
}

/// Reads a model from a file, and the files that it names from the file system.
///
/// # Errors
/// Everything that is wrong with the model, in file order; that the file cannot be read is one of those things.
pub fn load_file(path: &Path, overrides: &[String]) -> Result<Model, Problems> {
    load(open(path)?, overrides, &read_file)
}

/// Reads the text of a model from a file.
///
/// # Errors
/// That the file cannot be read.
pub fn open(path: &Path) -> Result<Source, Problems> {
    open_through(path, &read_file)
}

/// The same through `files`.
///
/// # Errors
/// That the file cannot be read.
pub fn open_through(path: &Path, files: Files<'_>) -> Result<Source, Problems> {
    let name = path.display().to_string();
    match files(path) {
        Ok(bytes) => Ok(Source { name, bytes, directory: path.parent().map(Path::to_path_buf).unwrap_or_default() }),
        Err(error) => {
            let mut input = Input::new(files);
            let source = input.add(&name, "", Path::new(""));
            let complaint = Complaint::new(format!("cannot read the model: {}", reason(&error)));
            input.problems.unreadable(At::whole(source), "", complaint);
            Err(input.problems.finish())
        }
    }
}

/// The longest file that is read.
const LONGEST: u64 = 256 << 20;

/// Reads a regular file of 256 MiB at most: a pipe or a device may never end, or never begin.
///
/// # Errors
/// That it cannot be read, is no such file, or changes meanwhile.
pub fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before it is opened: the opening of a pipe waits for a writer.
    regular(&std::fs::metadata(path)?)?;
    let mut file = std::fs::File::open(path)?;
    let before = file.metadata()?;
    regular(&before)?;
    if before.len() > LONGEST {
        return Err(too_long());
    }
    let bytes = read_all(&mut file)?;
    if file.metadata()?.len() != bytes.len() as u64 {
        return Err(std::io::Error::other("it changes while it is read"));
    }
    Ok(bytes)
}

fn regular(file: &std::fs::Metadata) -> std::io::Result<()> {
    match file.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(ErrorKind::IsADirectory.into()),
        _ => Err(std::io::Error::other("it is a pipe or a device, not a file (`-` reads standard input)")),
    }
}

fn too_long() -> std::io::Error {
    std::io::Error::other("it is longer than 256 MiB")
}

/// Reads what ends within 256 MiB.
///
/// # Errors
/// That it cannot be read, or does not end.
pub fn read_all(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST { Err(too_long()) } else { Ok(bytes) }
}

fn build(input: &mut Input<'_>, source: &Source, overrides: &[String]) -> Option<Model> {
    let mut root = tree(input, source, overrides)?;
    change::apply(input, source, &mut root, overrides)
}

/// All layers on one another, with what is wrong with their shape put down.
pub(super) fn tree(input: &mut Input<'_>, source: &Source, overrides: &[String]) -> Option<Node> {
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
pub(super) fn checked(input: &mut Input<'_>, source: &Source, root: &Node, overrides: &[String]) -> Option<Model> {
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
    let run = run::run(input, &section("run")?);
    let platform = run::platform(input, &section("platform")?);
    let workflows = workflow::read(input, &cursor, &names);
    workflow::no_deadlock(input, &cursor, &names);
    let providers = provider::read(input, &cursor, &names);
    server::check(input, &cursor, &workflows, &providers);
    retry::check_fallbacks(input, &cursor, &workflows, &providers);
    let queues = provider::queues(input, &cursor, &names);
    let isolates = cursor.table("isolates").and_then(|table| run::isolates(input, &table, root));
    let most = isolates.as_ref().map_or(platform.isolates, |spec| spec.max);
    let tiers = parts::tiers(input, &cursor, most);
    let d1 = parts::d1(input, &cursor, &names);
    if tiers.len() == names.tiers.all().len() {
        workflow::can_compute(input, &cursor, &workflows, &tiers);
    }
    let stores = store::read(input, &cursor, run.as_ref());
    let limiters = parts::limiters(input, &cursor, &names, &stores);
    let reads = store::reads(input, &cursor, &names);
    let mut classes = traffic::read(input, &cursor, &names, run.as_ref());
    // Where steps are wrong, the number of calls is not known.
    let known = if workflows.len() == names.workflows.all().len() { &workflows[..] } else { &[] };
    let parts = trace::Parts { workflows: known, d1: &d1, isolates: platform.isolates };
    trace::fill(input, &cursor, &names, &mut classes, parts);
    let logging = strategy::read(input, &section("logging")?, strategy, &names, &stores);
    let readers = reader::read(input, &cursor, &names, &stores, &logging);
    let logfiles = strategy::logfiles(&cursor);
    if let Some(run) = &run {
        endless::check(input, &cursor, (run, most), &classes, &providers);
    }
    let cost = cursor.table("cost").map(|cursor| run::cost(&cursor));
    if isolates.is_some() && classes.iter().any(|class| matches!(class.arrivals, Arrivals::Trace { .. })) {
        let complaint =
            Complaint::new("a trace says its isolates, and these come and go").cure("take one of the two out");
        input.problems.report_once(cursor.at("isolates"), "isolates", complaint);
    }
    let diagnostics = cursor.table("diagnostics").and_then(|table| run::diagnostics(input, &table, &names));
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
