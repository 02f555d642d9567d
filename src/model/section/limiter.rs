//! `[limiter.NAME]`: a limit on requests per person and day, counted in a store.

use crate::model::language::*;
use crate::model::section::catalogue::{self, CATALOGUE, Catalogue};
use crate::model::section::store::{Store, StoreKind};
use crate::units::Id;

pub(in crate::model) static LIMITER: Section = Section {
    title: "[limiter.NAME]",
    about: "A limiter reads the count of the person that a call draws from `people`, and writes it back one higher. \
        Over `per_day` the call ends as `refused`, so the plan ends as overloaded. Both operations use the quotas, \
        the spacing of the key and the invocation's limits of the store. `admitted_over` counts requests that pass \
        although the person has had `per_day` of them.",
    changes: Some(Shared("the behaviour of users")),
    fields: &[
        required("people", Tagged(&CATALOGUE), "Who comes.").example(r#"{ law = "uniform", count = 300 }"#),
        required("per_day", Whole(0, U32), "Requests of one person in a calendar day, UTC.")
            .changes(Program)
            .decision(),
        default("store", Text, "kv", "Where the counts are kept, a key a person: each request reads and writes it.")
            .changes(Fixed(PARTS)),
        default("on_error", OneOf(&["allow", "refuse"]), "allow", "What a read or write that the store refuses means.")
            .changes(Program)
            .decision(),
    ],
};

/// `[limiter.NAME]`: a limit on requests per person and day, counted in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiter {
    /// Its name.
    pub name: String,
    /// `people`: who comes.
    pub people: Catalogue,
    /// `per_day`: how many requests of one person pass in a calendar day, UTC.
    pub per_day: u32,
    /// `store`: the key-value store of the counts, one key per person.
    pub store: Id<Store>,
    /// `on_error = "allow"`: whether a request passes when the store refuses a read or a write.
    pub fails_open: bool,
}

/// Reads the rate limiters, in the order of their names.
pub(in crate::model) fn read(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    names: &Names,
    stores: &[Store],
) -> Vec<Limiter> {
    let mut limiters = Vec::new();
    for (name, cursor) in root.named("limiter") {
        let (at, key) = (cursor.at("store"), cursor.key("store"));
        let store: Option<Id<Store>> = names.stores.resolve(input, cursor.word("store"), at, &key);
        if let Some(found) = store.and_then(|id| stores.get(id.index())).filter(|found| found.kind != StoreKind::Kv) {
            let complaint = Complaint::new("a limiter needs a key-value store")
                .found(format!("{:?}, which is of another kind", found.name))
                .allowed("a store of kind = \"kv\"");
            input.problems.report_once(at, &key, complaint);
        }
        let people = catalogue::read(input, &cursor, "people");
        let fails_open = !cursor.is_second("on_error", ["allow", "refuse"]);
        if let (Some(people), Some(per_day), Some(store)) = (people, cursor.count("per_day"), store) {
            limiters.push(Limiter { name: name.into(), people, per_day, store, fails_open });
        }
    }
    limiters
}

/// What may change while a model runs.
pub(in crate::model) fn keep(limiter: &mut Limiter, of: &Limiter) {
    catalogue::keep(&mut limiter.people, &of.people);
    (limiter.per_day, limiter.fails_open) = (of.per_day, of.fails_open);
}
