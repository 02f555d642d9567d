//! `[[change]]`: values that change while the model runs.
//!
//! A change is applied to the tree as `--set` would, and the model is read again: the result is a sequence of whole
//! models, each in force from its instant on. Only values may change; the parts of a model and the connections between
//! them stay the same.

use super::cursor::Cursor;
use super::fields::{Field, Kind, Need};
use super::input::{Input, Source};
use super::names::Names;
use super::overlay::TAGS;
use super::problems::{At, Complaint};
use super::root::{MODEL, ROOT};
use super::section::change::{Reach, Setting};
use super::section::retry::MOST_ATTEMPTS;
use super::section::traffic;
use super::tree::{Node, Value};
use super::whole::{Model, Stage};
use super::{build, digest, overlay, shape};
use crate::units::{Span, number};

mod differs;
pub(super) mod rule;

use super::rule::{KIND, PRESET, Rule};
use differs::differs;

/// One value of a change: its path as text and as keys, and the value.
type Leaf = (String, Vec<(String, At)>, Node);

/// A change as it is written.
struct Declared {
    at: Span,
    from: Span,
    source: String,
    reach: Reach,
    effective: bool,
    values: Vec<Leaf>,
    whole: Node,
}

/// The most changes of a model: each is checked and kept as a model of its own.
const MOST: usize = 1_000;

/// Reads the changes of a model and the models that follow from them. Changes in force from the start modify `root`;
/// returns the model as it starts.
pub(super) fn apply(input: &mut Input<'_>, source: &Source, root: &mut Node, overrides: &[String]) -> Option<Model> {
    let mut declared = declared(input, root);
    if !input.problems.is_empty() {
        return build::checked(input, source, root, overrides);
    }
    // Of one instant those first that all have at once: what is on its way comes later.
    declared.sort_by_key(|change| (change.from, !change.reach.is_at_once()));
    let mut settings = first_values(root, &declared);
    let (now, later): (Vec<_>, Vec<_>) =
        declared.into_iter().partition(|change| change.from.is_zero() && change.reach.is_at_once());
    for change in &now {
        note(&mut settings, change);
        try_out(input, source, root, change, None, overrides);
    }
    input.lasts = later.first().map(|change| change.from);
    let mut base = build::checked(input, source, root, overrides)?;
    if let Value::Table(table) = &mut root.value {
        table.remove("change"); // read once: not again in each of the models that follow
    }
    let mut digests = Vec::new();
    for (at, change) in later.iter().enumerate() {
        if !input.problems.is_empty() {
            break;
        }
        note(&mut settings, change);
        let until = later.get(at + 1).map_or(base.run.horizon, |next| next.from);
        input.lasts = Some(Span::from_nanos(until.nanos().saturating_sub(change.from.nanos())));
        let Some(mut model) = try_out(input, source, root, change, Some(&base), overrides) else { continue };
        digests.push(std::mem::take(&mut model.digest));
        let is_program = change.values.iter().any(|(_, keys, _)| rule::is_read(root, keys));
        match base.stages.last_mut() {
            Some(last) if last.from == change.from && last.reach == change.reach => {
                (last.model, last.is_program) = (model, last.is_program || is_program);
            }
            Some(last) if last.from == change.from && !last.reach.is_at_once() => {
                let complaint = Complaint::new("two changes at the same time reach the isolates in different ways");
                input.problems.report_once(change.whole.at, "change", complaint.cure("give them different times"));
            }
            _ => base.stages.push(Stage { from: change.from, model, reach: change.reach, is_program }),
        }
    }
    for change in &later {
        is_in_time(input, change, base.run.horizon);
    }
    if let Some(first) = later.first().filter(|_| input.problems.is_empty()) {
        too_many_attempts(input, first.whole.at, &base);
    }
    if !digests.is_empty() {
        base.digest = digest::of_all(&base.digest, &digests);
        base.zone_data = base.zone_data.or_else(|| base.stages.iter().find_map(|stage| stage.model.zone_data));
    }
    settings.sort_by(|a, b| (&a.path, a.declared).cmp(&(&b.path, b.declared)));
    base.settings = settings;
    Some(base)
}

/// Refuses changes of retries by which a call in flight could make too many attempts: of each layer it makes what any
/// of the models allows.
fn too_many_attempts(input: &mut Input<'_>, at: At, base: &Model) {
    let mut most = base.providers.clone();
    for stage in &base.stages {
        for (most, provider) in most.iter_mut().zip(&stage.model.providers) {
            most.retry.max = most.retry.max.max(provider.retry.max);
            for (most, inner) in most.inner.iter_mut().flatten().zip(provider.inner.iter().flatten()) {
                most.max = most.max.max(inner.max);
            }
        }
    }
    let steps = base.workflows.iter().flat_map(|workflow| &workflow.steps);
    let attempts = steps.map(|step| step.attempts(&most)).max().unwrap_or_default();
    if attempts > MOST_ATTEMPTS {
        let complaint = Complaint::new("a call in flight during a change could make too many attempts")
            .found(format!("{attempts} attempts"))
            .allowed(format!("at most {MOST_ATTEMPTS}, the product of the largest `max` + 1 of each layer"));
        input.problems.report_once(at, "change", complaint);
    }
}

/// Refuses a change that takes effect only after the run, as it would be ignored.
fn is_in_time(input: &mut Input<'_>, change: &Declared, horizon: Span) {
    if change.from < horizon {
        return;
    }
    let key = if change.at >= horizon { "at" } else { "takes" };
    let found = format!("a change that takes effect at {}, in a run of {horizon}", change.from);
    let complaint = Complaint::new("the run ends before this change takes effect").found(found);
    let at = change.whole.get(key).map_or(change.whole.at, |node| node.at);
    input.problems.report_once(
        at,
        &format!("change.{key}"),
        complaint.cure("lengthen run.horizon, or remove the change"),
    );
}

fn declared(input: &mut Input<'_>, root: &Node) -> Vec<Declared> {
    let cursor = Cursor::new(root, &MODEL, String::new());
    let mut all = Vec::new();
    let tables = cursor.tables("change");
    if tables.len() > MOST {
        let complaint = Complaint::new("a model has at most 1,000 changes").found(tables.len().to_string());
        input.problems.report(cursor.at("change"), "change", complaint.cure("merge changes that are close in time"));
        return all;
    }
    for table in tables {
        let mut values = Vec::new();
        match table.get("set") {
            Some(set) if set.table().is_some_and(|table| !table.is_empty()) => leaves(input, set, &[], &mut values),
            Some(set) => {
                let complaint = Complaint::new("this change sets nothing")
                    .cure("for example set = { \"queue.ai.max_concurrency\" = 3 }");
                input.problems.report_once(set.at, &table.key("set"), complaint);
            }
            None => {}
        }
        let (Some(at), Some(takes)) = (table.span("at"), table.span("takes")) else { continue };
        let span = |key: &str| table.span(key).unwrap_or_default();
        let reach = Reach { staleness: span("staleness"), every: span("every") };
        if !reach.is_at_once() {
            only_program(input, root, &values);
        }
        all.push(Declared {
            at,
            from: at.saturating_add(takes),
            reach,
            source: table.word("source").into(),
            effective: table.flag("effective"),
            values,
            whole: table.node.clone(),
        });
    }
    all
}

/// Refuses a gradual rollout of values that all isolates share: only what the program reads may change in one isolate
/// before another.
fn only_program(input: &mut Input<'_>, root: &Node, values: &[Leaf]) {
    let shared: Vec<_> = values
        .iter()
        .filter_map(|(path, keys, node)| match rule::rule(root, &rule::names(keys)) {
            Rule::Shared(why) => Some((path, node, why)),
            Rule::Program | Rule::Fixed(_) => None, // what stays is refused for that
        })
        .collect();
    for (path, node, why) in &shared {
        let mut cure = "remove `staleness` and `every`, and give the delay with `takes`".to_string();
        if shared.len() < values.len() {
            cure += "; put what the program reads into a change of its own";
        }
        let complaint = Complaint::new("this value is shared: a change of it reaches all isolates at once").found(*why);
        input.problems.report_once(node.key, path, complaint.allowed(rule::ALLOWED).cure(cure));
    }
}

/// The single values in a table of paths: a dotted key, or tables in tables. A table that names its own kind is a
/// value.
fn leaves(input: &mut Input<'_>, node: &Node, walked: &[(String, At)], out: &mut Vec<Leaf>) {
    let Some(table) =
        node.table().filter(|table| walked.is_empty() || !TAGS.iter().any(|tag| table.contains_key(*tag)))
    else {
        let path = walked.iter().fold(String::new(), |path, (key, _)| shape::join(&path, key));
        return out.push((path, walked.to_vec(), node.clone()));
    };
    for (key, value) in table {
        let Some(keys) = overlay::path(value.key.source, key) else {
            let complaint = Complaint::new("not a valid path").found(format!("{key:?}"));
            input.problems.report_once(value.key, key, complaint.cure("quote keys that contain dots"));
            continue;
        };
        let here: Vec<(String, At)> =
            walked.iter().cloned().chain(keys.into_iter().map(|(key, _)| (key, value.key))).collect();
        leaves(input, value, &here, out);
    }
}

/// Applies a change to the tree (or, where it is not effective, to a copy), and reads the model that follows.
fn try_out(
    input: &mut Input<'_>,
    source: &Source,
    root: &mut Node,
    change: &Declared,
    base: Option<&Model>,
    overrides: &[String],
) -> Option<Model> {
    let mut changed = root.clone();
    for (path, keys, value) in &change.values {
        let first = keys.first().map_or("", |(key, _)| key.as_str());
        let known = known(&Names::new(root), first, keys.get(1).map(|(name, _)| name.as_str()));
        let stays = match rule::rule(root, &rule::names(keys)) {
            Rule::Fixed(why) => Err(stays(why)),
            Rule::Program | Rule::Shared(_) => Ok(()),
        };
        if let Err(complaint) = known.and(stays) {
            input.problems.report_once(value.key, path, complaint);
            return None;
        }
        overlay::put(input, &mut changed, keys, String::new(), value.clone());
    }
    shape::check(&changed, &ROOT, "", &mut input.problems);
    let model = build::checked(input, source, &changed, overrides).filter(|_| input.problems.is_empty())?;
    if let Some(base) = base
        && let Some(part) = differs(base, &model)
    {
        let is_of_it = |(_, keys, _): &&Leaf| keys.first().is_some_and(|(key, _)| key == part);
        let (path, _, value) = change.values.iter().find(is_of_it).or(change.values.first())?;
        let reason = traffic::first_reason(&base.classes, &model.classes).filter(|_| part == "traffic");
        let complaint = match reason {
            Some(reason) => stays(KIND).allowed(reason),
            None => stays("a change that adds or removes a part, or starts or stops a random draw"),
        };
        input.problems.report_once(value.key, path, complaint);
        return None;
    }
    if change.effective {
        *root = changed;
        return Some(model);
    }
    None
}

fn stays(why: &'static str) -> Complaint {
    let complaint = Complaint::new("this cannot change while the model runs").found(why).allowed(
        "limits, rates, chances, latencies, timeouts, retries, patience and words such as logging.level; no parts, their order or their kinds",
    );
    if why == PRESET { complaint.cure("change the values that the preset sets") } else { complaint }
}

fn known(names: &Names, section: &str, name: Option<&str>) -> Result<(), Complaint> {
    let list = match section {
        "traffic" => &names.classes,
        "workflow" => &names.workflows,
        "provider" => &names.providers,
        "queue" => &names.queues,
        "store" => &names.stores,
        "tiers" => &names.tiers,
        "d1" => &names.d1,
        "limiter" => &names.limiters,
        _ => return Ok(()),
    };
    match name {
        Some(name) if list.position(name).is_none() => Err(list.missing(name)),
        _ => Ok(()),
    }
}

/// The values that the changed settings have before any change.
fn first_values(root: &Node, declared: &[Declared]) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for (path, keys, _) in declared.iter().flat_map(|change| &change.values) {
        if settings.iter().any(|setting| setting.path == *path) {
            continue;
        }
        let keys = rule::names(keys);
        let (source, value) = match root.find(&keys) {
            Some(node) => ("model", plain(node)),
            None => ("default", default_of(root, &keys)),
        };
        settings.push(Setting {
            path: path.clone(),
            value,
            source: source.into(),
            declared: Span::ZERO,
            from: Some(Span::ZERO),
            everywhere: None,
            until: None,
        });
    }
    settings
}

/// Records the values of a change, and ends those before them.
fn note(settings: &mut Vec<Setting>, change: &Declared) {
    for (path, _, value) in &change.values {
        if change.effective {
            let open = settings.iter_mut().filter(|s| s.path == *path && s.from.is_some() && s.until.is_none());
            open.for_each(|setting| setting.until = Some(change.from));
        }
        settings.push(Setting {
            path: path.clone(),
            value: plain(value),
            source: change.source.clone(),
            declared: change.at,
            from: change.effective.then_some(change.from),
            everywhere: (change.effective && !change.reach.is_at_once())
                .then(|| change.from.saturating_add(change.reach.longest())),
            until: None,
        });
    }
}

/// The default of a key, as text.
fn default_of(root: &Node, keys: &[&str]) -> String {
    let (mut kind, mut found) = (ROOT, "");
    for (at, key) in keys.iter().enumerate() {
        let named = |fields: &'static [Field]| fields.iter().find(|field| field.name == *key);
        let field = match kind {
            Kind::Named(of) | Kind::List(of, _) => {
                kind = *of;
                continue;
            }
            Kind::OneOrMore(section) if key.parse::<usize>().is_ok() => {
                kind = Kind::Table(section);
                continue;
            }
            Kind::Table(section) | Kind::OneOrMore(section) => named(section.fields),
            Kind::Tagged(of) | Kind::Law(of) => {
                let tag = root.find(&[&keys[..at], &[of.tag]].concat()).and_then(Node::text);
                let mut variants = of.variants.iter().filter(|variant| tag.is_none_or(|tag| tag == variant.name));
                named(of.common).or_else(|| variants.find_map(|variant| named(variant.fields)))
            }
            _ => None,
        };
        let Some(field) = field else { return String::new() };
        kind = field.kind;
        found = match field.need {
            Need::Default(text) | Need::Optional(text) => text,
            Need::Required => "",
        };
    }
    found.into()
}

/// A value as short text.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Date(text) => text.clone(),
        Value::Whole(whole) => whole.to_string(),
        Value::Real(real) => number(*real),
        Value::Bool(value) => value.to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let entries = table.iter().map(|(key, value)| format!("{key} = {}", plain(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
