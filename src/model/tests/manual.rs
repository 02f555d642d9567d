//! The page of the language is made from the declarations of its keys: with `CAPSIM_BLESS` in the environment the
//! tables of `docs/language.md` are written anew, without it they are compared.

use super::super::fields::{Field, Kind, Need, Section, Tagged};
use super::super::problems::Collector;
use super::super::root::MODEL;
use super::super::rule::Rule;
use super::super::section::strategy::STRATEGY;
use super::super::shape;
use super::super::tree::parse;
use crate::policy::Fault;

const PAGE: &str = "docs/language.md";

#[test]
fn the_page_of_the_language_is_up_to_date() {
    let page = std::fs::read_to_string(PAGE).unwrap().replace("\r\n", "\n");
    let (begin, end) = ("<!-- keys: made from the declarations -->\n", "<!-- end of keys -->\n");
    let start = page.find(begin).unwrap() + begin.len();
    let stop = page.find(end).unwrap();
    let mut sections = Vec::new();
    let mut text = String::new();
    section(&MODEL, None, &mut text, &mut sections);
    section(&STRATEGY, None, &mut text, &mut sections);
    let wanted = format!("{}{text}\n{}", &page[..start], &page[stop..]);
    if std::env::var_os("CAPSIM_BLESS").is_some() {
        std::fs::write(PAGE, wanted).unwrap();
    } else {
        assert!(page == wanted, "{PAGE} is behind: CAPSIM_BLESS=1 cargo test --lib manual");
    }
}

/// A section and those below it; `rule` is how the keys of what holds it change in mid-run.
fn section(section: &'static Section, rule: Option<Rule>, out: &mut String, done: &mut Vec<&'static str>) {
    if done.contains(&section.title) {
        return;
    }
    done.push(section.title);
    let rule = section.changes.or(rule);
    *out += &format!("\n### {}\n\n", title(section.title));
    if !section.about.is_empty() {
        *out += &format!("{}\n\n", section.about);
    }
    table(section.fields, rule, out);
    deeper(section.fields, rule, out, done);
}

fn tagged(tagged: &'static Tagged, rule: Option<Rule>, out: &mut String, done: &mut Vec<&'static str>) {
    if done.contains(&tagged.title) {
        return;
    }
    done.push(tagged.title);
    *out += &format!(
        "\n### {}\n\n`{}` says which of these it is; each has keys of its own.\n",
        title(tagged.title),
        tagged.tag
    );
    for variant in tagged.variants {
        *out += &format!("\n**`{} = \"{}\"`**: {}.\n\n", tagged.tag, variant.name, variant.doc);
        table(variant.fields, rule, out);
    }
    if !tagged.common.is_empty() {
        *out += "\nBesides:\n\n";
        table(tagged.common, rule, out);
    }
    for variant in tagged.variants {
        deeper(variant.fields, rule, out, done);
    }
}

fn title(title: &str) -> String {
    if title.starts_with('[') { format!("`{title}`") } else { title.to_string() }
}

fn table(fields: &[Field], rule: Option<Rule>, out: &mut String) {
    *out += "| key | value | if absent | in mid-run | meaning |\n| --- | --- | --- | --- | --- |\n";
    for field in fields {
        let absent = match field.need {
            Need::Required => "required".to_string(),
            Need::Default("") => "empty".into(),
            Need::Default(value) => format!("`{value}`"),
            Need::Optional(absent) => absent.into(),
        };
        let mark = if field.is_decision { " ◆" } else { "" };
        let example = if field.example.is_empty() { String::new() } else { format!(" Such as `{}`.", field.example) };
        let (name, kind, changes, doc) = (field.name, kind(&field.kind), changes(field, rule), field.doc);
        *out += &format!("| `{name}`{mark} | {kind} | {absent} | {changes} | {doc}{example} |\n");
    }
    let (short, long): (Vec<_>, Vec<_>) =
        fields.iter().filter(|field| !field.note.is_empty()).partition(|field| !field.note.contains('\n'));
    if !short.is_empty() {
        *out += "\n";
    }
    short.iter().for_each(|field| *out += &format!("- **`{}`**: {}\n", field.name, field.note));
    long.iter().for_each(|field| *out += &format!("\n**`{}`**: {}\n", field.name, field.note));
}

/// How a key changes in mid-run, in the words of `[[change]]`.
fn changes(field: &Field, rule: Option<Rule>) -> &'static str {
    if field.changes_by.is_some() {
        return "it depends";
    }
    match field.changes.or(inside(&field.kind)).or(rule) {
        Some(Rule::Program) => "in each isolate",
        Some(Rule::Shared(_)) => "for all at once",
        Some(Rule::Fixed(_)) => "stays",
        None => "as what holds it",
    }
}

/// How the keys of a section change that a key holds.
fn inside(kind: &Kind) -> Option<Rule> {
    match kind {
        Kind::Table(of) | Kind::OneOrMore(of) => of.changes,
        Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => inside(of),
        _ => None,
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Table(section) => format!("table: {}", title(section.title)),
        Kind::OneOrMore(section) => format!("table, or list of tables: {}", title(section.title)),
        Kind::Named(Kind::Table(section)) => format!("tables: {}", title(section.title)),
        Kind::Metrics(Kind::Table(section)) => format!("tables by metric: {}", title(section.title)),
        Kind::List(Kind::Table(section), _) => format!("list of tables: {}", title(section.title)),
        Kind::List(Kind::Tagged(tagged), _) => format!("list of tables: {}", tagged.title),
        Kind::Tagged(tagged) => format!("table: {}", tagged.title),
        Kind::Law(_) => "a duration, or a table: a distribution".into(),
        Kind::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" · "),
        Kind::Number(min, _) if *min == f64::MIN => "a number".into(),
        kind => kind.allowed(),
    }
}

fn deeper(fields: &'static [Field], rule: Option<Rule>, out: &mut String, done: &mut Vec<&'static str>) {
    for field in fields {
        let rule = field.changes.or(rule);
        let kind = match &field.kind {
            Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => of,
            kind => kind,
        };
        match kind {
            Kind::Table(of) | Kind::OneOrMore(of) => section(of, rule, out, done),
            // Laws stand everywhere, and change as what they are the law of.
            Kind::Law(of) => tagged(of, None, out, done),
            Kind::Tagged(of) => tagged(of, rule, out, done),
            _ => {}
        }
    }
}

fn fields(of: &'static [Field], done: &mut Vec<*const Field>, each: &mut dyn FnMut(&Field)) {
    for field in of {
        if done.contains(&std::ptr::from_ref(field)) {
            continue;
        }
        done.push(field);
        each(field);
        let kind = match &field.kind {
            Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => of,
            kind => kind,
        };
        match kind {
            Kind::Table(of) | Kind::OneOrMore(of) => fields(of.fields, done, each),
            Kind::Tagged(of) | Kind::Law(of) => {
                fields(of.common, done, each);
                of.variants.iter().for_each(|variant| fields(variant.fields, done, each));
            }
            _ => {}
        }
    }
}

#[test]
fn every_default_is_of_its_kind() {
    let mut seen = 0;
    fields(MODEL.fields, &mut Vec::new(), &mut |field| {
        let Need::Default(text) = field.need else { return };
        seen += 1;
        let value = match field.kind {
            Kind::Whole(..) | Kind::Bool | Kind::Fraction | Kind::Number(..) | Kind::Positive => text.to_string(),
            Kind::WholeOr(..) if text.parse::<u64>().is_ok() => text.to_string(),
            _ => format!("{text:?}"),
        };
        let mut problems = Collector::default();
        problems.texts.add("", "");
        let node = parse(0, &format!("v = {value}"), &mut problems).unwrap();
        shape::check(node.get("v").unwrap(), &field.kind, field.name, &mut problems);
        assert!(problems.is_empty(), "{}: {:?}", field.name, problems.finish());
        assert!(field.doc.ends_with('.'), "{}: the meaning is a sentence", field.name);
    });
    assert!(seen > 40, "{seen} defaults");
}

#[test]
fn a_key_whose_form_is_not_obvious_has_an_example_that_is_right() {
    let mut without = Vec::new();
    let mut check = |field: &Field| {
        let is_obvious = !matches!(
            field.kind,
            Kind::Table(_) | Kind::OneOrMore(_) | Kind::Named(_) | Kind::List(..) | Kind::Tagged(_) | Kind::Paths
        );
        if field.example.is_empty() {
            // The sections of the model are shown by their headers.
            without.extend(
                (!is_obvious && !MODEL.fields.iter().any(|section| section.name == field.name)).then_some(field.name),
            );
            return;
        }
        let mut problems = Collector::default();
        problems.texts.add("", "");
        let node = parse(0, &format!("v = {}", field.example), &mut problems);
        if let Some(node) = node {
            shape::check(node.get("v").unwrap(), &field.kind, field.name, &mut problems);
        }
        assert!(problems.is_empty(), "{}: {:?}", field.name, problems.finish());
    };
    fields(MODEL.fields, &mut Vec::new(), &mut check);
    assert!(without.is_empty(), "no example: {without:?}");
}

#[test]
fn faults_have_the_names_of_the_policy() {
    let mut lists = 0;
    fields(MODEL.fields, &mut Vec::new(), &mut |field| match field.kind {
        Kind::List(Kind::OneOf(words), _) if ["on", "failures"].contains(&field.name) => {
            lists += 1;
            assert_eq!(*words, Fault::ALL.map(Fault::name));
        }
        Kind::Table(of) if field.name == "errors" => {
            lists += 1;
            let kinds = of.fields.iter().filter(|field| Fault::parse(field.name).is_some()).count();
            assert_eq!((kinds, of.fields.len()), (Fault::ALL.len() - 3, Fault::ALL.len() - 1)); // request_error, plan_error
        }
        _ => {}
    });
    assert_eq!(lists, 5);
}
