//! What the table of time zones has to do with a model.

use super::{SMALL, load_with, small};
use crate::model::Source;
use std::path::PathBuf;

/// A newer table of time zones can move a midnight: its version is part of a model that names a zone, and of no other.
#[test]
fn the_version_of_the_time_zones_belongs_to_models_that_name_one() {
    let arrivals = |zone: &str| {
        let profile = format!("{{process=\"profile\", per_day=100, timezone=\"{zone}\"}}");
        small(&[&format!("traffic.user.arrivals={profile}")])
    };
    assert_eq!((small(&[]).zone_data, arrivals("UTC").zone_data), (None, None));
    let sofia = arrivals("Europe/Sofia");
    assert!(sofia.zone_data.is_some_and(|version| version.starts_with("20")), "{:?}", sofia.zone_data);
    let change = "change=[{at=\"1d\", set={traffic.user.arrivals.timezone=\"Europe/Sofia\"}}]";
    let later = load_with(SMALL, &["traffic.user.arrivals={process=\"profile\", per_day=100}", change]);
    assert_eq!(later.unwrap().zone_data, sofia.zone_data, "a zone that comes with a change");
    let source = Source { name: "m".into(), bytes: SMALL.into(), directory: PathBuf::new() };
    let root = crate::model::build::tree(
        &mut crate::model::input::Input::new(
            &|_| Err(std::io::ErrorKind::NotFound.into()),
            crate::model::root::is_section,
        ),
        &source,
        &[],
    )
    .unwrap();
    let digest = |zones| crate::model::digest::digest(&root, None, &Default::default(), zones);
    let all = [None, Some("2026a"), Some("2026b")].map(digest);
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
}

/// The digest finds zones by the names of their keys: each key of that kind has one of them.
#[test]
fn every_key_of_a_zone_is_known_to_the_digest() {
    use crate::model::fields::{Field, Kind};
    fn fields(all: &[Field], depth: u32, found: &mut Vec<&'static str>) {
        for field in all {
            if matches!(field.kind, Kind::Zone) {
                found.push(field.name);
            }
            kind(&field.kind, depth, found);
        }
    }
    fn kind(of: &Kind, depth: u32, found: &mut Vec<&'static str>) {
        match of {
            _ if depth == 0 => {}
            Kind::Table(section) | Kind::OneOrMore(section) => fields(section.fields, depth - 1, found),
            Kind::Named(of) | Kind::Metrics(of) | Kind::List(of, _) => kind(of, depth - 1, found),
            Kind::Tagged(tagged) | Kind::Law(tagged) => {
                tagged.variants.iter().for_each(|variant| fields(variant.fields, depth - 1, found));
                fields(tagged.common, depth - 1, found);
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    kind(&crate::model::root::ROOT, 8, &mut found);
    found.sort_unstable();
    found.dedup();
    assert!(found.len() == 2 && found.iter().all(|key| crate::model::digest::ZONES.contains(key)), "{found:?}");
}
