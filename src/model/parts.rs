//! `[tiers.NAME]`, `[d1.NAME]` and `[limiter.NAME]`.

use super::cursor::Cursor;
use super::input::Input;
use super::language::CATALOGUE;
use super::names::Names;
use super::problems::Complaint;
use super::spec::{Catalogue, D1, FillsOnHit, Limiter, Store, StoreKind, Tier, Tiers};
use super::{law, provider};
use crate::policy::{Evict, Renew};
use crate::streams::{LawSpec, Popularity};
use crate::units::{Id, Span, count};

/// The most places for entries of one memory tier in all isolates together.
const MAX_PLACES: u64 = 4_000_000;
const MAX_TIERS: usize = 8;

/// Reads the tiers, in the order of their names.
pub(super) fn tiers(input: &mut Input<'_>, root: &Cursor<'_>, isolates: u32) -> Vec<Tiers> {
    root.named("tiers").into_iter().filter_map(|(name, cursor)| tiers_of(input, name, &cursor, isolates)).collect()
}

fn tiers_of(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, isolates: u32) -> Option<Tiers> {
    let tables = cursor.tables("tier");
    if tables.is_empty() || tables.len() > MAX_TIERS {
        let complaint = Complaint::new("there are 1 to 8 tiers").found(tables.len().to_string());
        input.problems.report_once(cursor.at("tier"), &cursor.key("tier"), complaint);
    }
    for (at, table) in tables.iter().enumerate() {
        let same = |other: &Cursor<'_>| other.text("name") == table.text("name");
        if tables[..at].iter().any(same) {
            let complaint = Complaint::new("there is a tier of this name already").cure("give each its own name");
            input.problems.report_once(table.at("name"), &table.key("name"), complaint);
        }
    }
    let compute = law::read(input, cursor, "compute");
    let tiers: Option<Vec<Tier>> = tables.iter().map(|table| tier(input, table)).collect();
    let keys = catalogue(input, cursor, "keys")?;
    let tiers = tiers?;
    let places = u64::from(keys.count) * u64::from(isolates);
    if tiers.iter().any(|tier| tier.per_isolate) && places > MAX_PLACES {
        let complaint = Complaint::new("too many keys in too many isolates")
            .found(format!("{} keys in {} isolates", count(keys.count.into()), count(isolates.into())))
            .allowed(format!("{} in all", count(MAX_PLACES)));
        input.problems.report_once(cursor.at("keys"), &cursor.key("keys"), complaint);
    }
    Some(Tiers {
        name: name.into(),
        keys,
        compute,
        single_flight: cursor.flag("single_flight"),
        restarts_per_day: cursor.number("restarts_per_day").unwrap_or_default(),
        tiers,
    })
}

fn tier(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Tier> {
    let nothing = LawSpec::Constant { value: Span::ZERO };
    let latency = law::read(input, cursor, "latency").unwrap_or_else(|| nothing.clone());
    let miss_latency = law::read(input, cursor, "miss_latency").unwrap_or(nothing);
    let per_isolate = cursor.word("per") == "isolate";
    let survives = cursor.get("survives_restart").map(|_| cursor.flag("survives_restart"));
    Some(Tier {
        name: cursor.text("name")?.into(),
        per_isolate,
        entries: cursor.count("entries"),
        ttl: cursor.span("ttl"),
        renew: if cursor.word("ttl_from") == "read" { Renew::OnRead } else { Renew::OnWrite },
        evict: if cursor.word("evict") == "fifo" { Evict::Fifo } else { Evict::Lru },
        fills: match cursor.word("fills_on_hit") {
            "next" => FillsOnHit::Next,
            "none" => FillsOnHit::None,
            _ => FillsOnHit::Any,
        },
        latency,
        miss_latency,
        survives_restart: survives.unwrap_or(!per_isolate),
    })
}

/// The catalogue under a key.
fn catalogue(input: &mut Input<'_>, cursor: &Cursor<'_>, key: &str) -> Option<Catalogue> {
    let (law, table) = Cursor::tagged(cursor.get(key)?, &CATALOGUE, cursor.key(key))?;
    let count = || table.count("count");
    Some(match law {
        "same" => Catalogue { count: 1, popularity: Popularity::Uniform },
        "uniform" => Catalogue { count: count()?, popularity: Popularity::Uniform },
        "zipf" => Catalogue { count: count()?, popularity: Popularity::Zipf(table.number("s").unwrap_or(1.0)) },
        _ => {
            let weights: Vec<f64> = table.items("weights").iter().filter_map(super::fields::number).collect();
            if weights.iter().sum::<f64>() <= 0.0 {
                let complaint = Complaint::new("nothing has a weight").allowed("at least one weight greater than 0");
                input.problems.report_once(table.at("weights"), &table.key("weights"), complaint);
                return None;
            }
            Catalogue { count: weights.len() as u32, popularity: Popularity::Weights(weights) }
        }
    })
}

/// Reads the D1 databases with their retries, in the order of their names.
pub(super) fn d1(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<D1> {
    let mut databases = Vec::new();
    for (name, cursor) in root.named("d1") {
        if names.providers.position(name).is_some() {
            let complaint =
                Complaint::new(format!("there is a provider {name:?} too, and [retry.{name}] is of which?"))
                    .cure("give each its own name");
            input.problems.report_once(cursor.node.key, &cursor.path, complaint);
        }
        let latency = law::read(input, &cursor, "latency");
        let retry = provider::retry_of(input, root, name);
        let (max_queue, max_wait) = (cursor.count("max_queue"), cursor.span("max_wait"));
        databases.extend(latency.map(|latency| D1 { name: name.into(), latency, max_queue, max_wait, retry }));
    }
    databases
}

/// Reads the rate limiters, in the order of their names.
pub(super) fn limiters(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names, stores: &[Store]) -> Vec<Limiter> {
    let mut limiters = Vec::new();
    for (name, cursor) in root.named("limiter") {
        let (at, key) = (cursor.at("store"), cursor.key("store"));
        let store: Option<Id<Store>> = names.stores.resolve(input, cursor.word("store"), at, &key);
        if let Some(found) = store.and_then(|id| stores.get(id.index())).filter(|found| found.kind != StoreKind::Kv) {
            let complaint = Complaint::new("a limiter counts in a key-value store")
                .found(format!("the store {:?}, which is none", found.name))
                .allowed("a store of kind = \"kv\"");
            input.problems.report_once(at, &key, complaint);
        }
        let people = catalogue(input, &cursor, "people");
        let fails_open = cursor.word("on_error") == "allow";
        if let (Some(people), Some(per_day), Some(store)) = (people, cursor.count("per_day"), store) {
            limiters.push(Limiter { name: name.into(), people, per_day, store, fails_open });
        }
    }
    limiters
}
