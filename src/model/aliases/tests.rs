//! The table of aliases against the language itself.

use super::*;
use crate::model::fields::{Field, Kind, Section, Tagged};
use crate::model::root::ROOT;
use std::collections::BTreeMap;

fn section(of: &'static Section, all: &mut BTreeMap<String, Vec<&'static str>>) {
    if all.insert(of.title.into(), of.fields.iter().map(|field| field.name).collect()).is_none() {
        of.fields.iter().for_each(|field| kind(&field.kind, all));
    }
}

fn tagged(of: &'static Tagged, all: &mut BTreeMap<String, Vec<&'static str>>) {
    for variant in of.variants {
        let title = format!("{} = \"{}\"", of.tag, variant.name);
        let fields: Vec<&'static Field> = variant.fields.iter().chain(of.common).collect();
        if all.insert(title, fields.iter().map(|field| field.name).collect()).is_none() {
            fields.iter().for_each(|field| kind(&field.kind, all));
        }
    }
}

fn kind(of: &'static Kind, all: &mut BTreeMap<String, Vec<&'static str>>) {
    match of {
        Kind::Table(of) | Kind::OneOrMore(of) => section(of, all),
        Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => kind(of, all),
        Kind::Tagged(of) | Kind::Law(of) => tagged(of, all),
        _ => {}
    }
}

/// Every row is of sections that exist, names no key that the section has, and a key that some section has.
#[test]
fn the_table_fits_the_language() {
    let mut all = BTreeMap::new();
    kind(&ROOT, &mut all);
    for (titles, words, hint) in rows() {
        for title in *titles {
            let fields = all.get(*title).unwrap_or_else(|| panic!("no section {title}: {:?}", all.keys()));
            for word in *words {
                assert!(!fields.contains(word), "{word} is a key of {title}");
                assert_eq!(*word, snake(word));
            }
            if let Some(key) = hint.strip_prefix("write `").and_then(|rest| rest.split('`').next()) {
                assert!(fields.contains(&key), "{title} has no {key}: {hint}");
            }
        }
    }
}

#[test]
fn what_people_type_is_understood() {
    for (section, key, meant) in [
        ("[provider.NAME]", "rpm", "`requests_per_minute`"),
        ("[provider.NAME]", "tpm", "`tokens_per_minute`"),
        ("[provider.NAME]", "timeoutMs", "`request_timeout`"),
        ("[retry.NAME]", "maxRetries", "`max`"),
        ("[queue.NAME]", "CONCURRENCY", "`max_concurrency`"),
        ("a step", "store", "[reads.NAME]"),
        ("dist = \"lognormal\"", "p50", "`median`"),
        ("process = \"poisson\"", "qps", "`per_second`"),
    ] {
        assert!(hint(section, key).is_some_and(|hint| hint.contains(meant)), "{section} {key}");
    }
    assert_eq!(hint("[queue.NAME]", "colour"), None);
}
