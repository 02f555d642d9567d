//! Checks the shape of a tree against the language: unknown keys, missing keys, values of the wrong kind or
//! out of their range. What one value means for another is checked by the readers of the sections.

use super::fields::{Field, Kind, Need, Section, Tagged, did_you_mean, is_name, number, span};
use super::problems::{At, Collector, Complaint};
use super::tree::{Node, Table, Value};

/// Records everything in the tree that is not of the kind.
pub(super) fn check(node: &Node, kind: &Kind, path: &str, problems: &mut Collector) {
    match (kind, &node.value) {
        (Kind::Table(section), Value::Table(table)) => check_section(node, table, section, path, problems),
        (Kind::OneOrMore(section), Value::Table(table)) => check_section(node, table, section, path, problems),
        (Kind::OneOrMore(section), Value::List(list)) if !list.is_empty() => {
            for (i, item) in list.iter().enumerate() {
                check(item, &Kind::Table(section), &join(path, &entry(item, i)), problems);
            }
        }
        (Kind::Named(of), Value::Table(table)) => check_named(table, of, path, is_name, problems),
        (Kind::Metrics(of), Value::Table(table)) => check_named(table, of, path, |_| true, problems),
        (Kind::List(of, _), Value::List(list)) => check_list(node, list, kind, of, path, problems),
        (Kind::Tagged(tagged), Value::Table(table)) => check_tagged(node, table, tagged, path, problems),
        (Kind::Law(tagged), Value::Table(table)) => check_tagged(node, table, tagged, path, problems),
        (Kind::Law(_), Value::Text(_) | Value::Whole(_) | Value::Real(_)) => {
            if let Err(why) = span(node) {
                problems.report(node.at, path, kind.refuse(why.split(": ").next().unwrap_or(&why), node));
            }
        }
        (Kind::Quantile, Value::List(pair)) => check_quantile(node, pair, path, problems),
        (Kind::Paths, Value::Table(_)) => {} // checked where they are put
        _ => {
            if let Err(complaint) = kind.check(node) {
                problems.report(node.at, path, complaint);
            }
        }
    }
}

/// A path extended by one key, as `--set` takes it.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if plain { key.to_string() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn check_section(node: &Node, table: &Table, section: &Section, path: &str, problems: &mut Collector) {
    check_fields(node, table, section.title, &[section.fields], path, problems);
}

/// Checks each key of a table, and that required ones exist.
fn check_fields(
    node: &Node,
    table: &Table,
    title: &str,
    fields: &[&'static [Field]],
    path: &str,
    problems: &mut Collector,
) {
    let mut misspelt = Vec::new();
    for (key, value) in table {
        match fields.iter().copied().flatten().find(|field| field.name == key) {
            Some(field) => check(value, &field.kind, &join(path, key), problems),
            None => {
                let complaint = unknown(key, title, fields);
                misspelt.push(complaint.cure.clone());
                problems.report(value.key, &join(path, key), complaint);
            }
        }
    }
    for field in fields.iter().copied().flatten() {
        let meant = misspelt.iter().any(|cure| cure.contains(&format!("`{}`", field.name)));
        if matches!(field.need, Need::Required) && !table.contains_key(field.name) && !meant {
            let complaint = Complaint::new(format!("missing in {title}")).allowed(field.kind.allowed());
            // An inline table is pointed at whole, a section by its header, the model by its first line.
            let at = if path.is_empty() { At { end: 0, ..node.at } } else { node.key };
            problems.report(at, &join(path, field.name), complaint);
        }
    }
}

fn unknown(key: &str, title: &str, fields: &[&'static [Field]]) -> Complaint {
    let names: Vec<&str> = fields.iter().copied().flatten().map(|f| f.name).collect();
    let hint = super::aliases::hint(title, key).map(str::to_string);
    Complaint::new(format!("not a key of {title}"))
        .allowed(names.join(", "))
        .cure(hint.unwrap_or_else(|| did_you_mean(key, &names)))
}

fn check_named(table: &Table, of: &Kind, path: &str, good: fn(&str) -> bool, problems: &mut Collector) {
    for (key, value) in table {
        let path = join(path, key);
        if !good(key) {
            let complaint = Complaint::new("not a valid name").found(format!("{key:?}")).allowed(Kind::Name.allowed());
            problems.report(value.key, &path, complaint);
        }
        check(value, of, &path, problems);
    }
}

fn check_list(node: &Node, list: &[Node], kind: &Kind, of: &Kind, path: &str, problems: &mut Collector) {
    if matches!(kind, Kind::List(_, Some(length)) if *length != list.len()) {
        problems.report(node.at, path, kind.refuse("wrong number of entries", node));
    }
    for (i, item) in list.iter().enumerate() {
        check(item, of, &join(path, &entry(item, i)), problems);
    }
}

/// The path segment of an entry of a list: its name if it has one, else its position.
pub(super) fn entry(item: &Node, position: usize) -> String {
    match item.get("name").and_then(Node::text) {
        Some(name) if is_name(name) => name.to_string(),
        _ => position.to_string(),
    }
}

fn check_quantile(node: &Node, pair: &[Node], path: &str, problems: &mut Collector) {
    let good = matches!(pair, [p, x] if span(x).is_ok()
        && number(p).is_some_and(|p| (0.0..=1.0).contains(&p)));
    if !good {
        problems.report(node.at, path, Kind::Quantile.refuse("not a fraction and a duration", node));
    }
}

fn check_tagged(node: &Node, table: &Table, tagged: &Tagged, path: &str, problems: &mut Collector) {
    let names: Vec<&str> = tagged.variants.iter().map(|variant| variant.name).collect();
    let list = format!("\"{}\"", names.join("\", \""));
    let Some(tag) = table.get(tagged.tag) else {
        let complaint = Complaint::new(format!("missing in {}", tagged.title)).allowed(list);
        return problems.report(node.at, &join(path, tagged.tag), complaint);
    };
    let Some(variant) = tagged.variants.iter().find(|variant| Some(variant.name) == tag.text()) else {
        let complaint = Complaint::new("unknown value").found(tag.describe()).allowed(list);
        let cure = tag.text().map_or_else(String::new, |word| did_you_mean(word, names));
        return problems.report(tag.at, &join(path, tagged.tag), complaint.cure(cure));
    };
    let title = format!("{} = \"{}\"", tagged.tag, variant.name);
    let mut rest = table.clone();
    rest.remove(tagged.tag);
    check_fields(node, &rest, &title, &[variant.fields, tagged.common], path, problems);
}
