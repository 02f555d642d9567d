//! `[limiter.NAME]`: a limit on the requests of a person in a day or another window, counted in a store.

use crate::model::language::*;
use crate::model::section::catalogue::{self, CATALOGUE, Catalogue};
use crate::model::section::store::{Store, StoreKind};
use crate::units::{Id, Span};

pub(in crate::model) static LIMITER: Section = Section {
    title: "[limiter.NAME]",
    about: "A limiter reads the count of the person that a call draws from `people`, and writes it back one higher. \
        Over the limit the call ends as `refused`, so the plan ends as overloaded. Both operations use the quotas, \
        the spacing of the key and the invocation's limits of the store. `admitted_over` counts requests that pass \
        although the person has had as many as the limit in this window.",
    changes: Some(Shared("the behaviour of users")),
    fields: &[
        required("people", Tagged(&CATALOGUE), "Who comes.").example(r#"{ law = "uniform", count = 300 }"#),
        optional("per_day", Whole(0, U32), "`limit` is given", "Requests of one person in a calendar day, UTC.")
            .changes(Program)
            .decision(),
        optional("limit", Whole(0, U32), "`per_day` is given", "Requests of one person in each `window`.")
            .changes(Program)
            .decision(),
        optional(
            "window",
            Length,
            "a calendar day, UTC",
            "Windows of this length, one after the other from the start of the run.",
        )
        .example(r#""15m""#)
        .changes(Fixed(KIND)),
        default("store", Text, "kv", "Where the counts are kept, a key a person: each request reads and writes it.")
            .changes(Fixed(PARTS)),
        default("on_error", OneOf(&["allow", "refuse"]), "allow", "What a read or write that the store refuses means.")
            .changes(Program)
            .decision(),
    ],
};

/// `[limiter.NAME]`: a limit on the requests of a person in each window, counted in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiter {
    /// Its name.
    pub name: String,
    /// `people`: who comes.
    pub people: Catalogue,
    /// `limit` or `per_day`: how many requests of one person pass in a window.
    pub limit: u32,
    /// `window`: how long a window is; none: a calendar day, UTC.
    pub window: Option<Span>,
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
        let limit = limit(input, &cursor);
        if let (Some(people), Some((limit, window)), Some(store)) = (people, limit, store) {
            limiters.push(Limiter { name: name.into(), people, limit, window, store, fails_open });
        }
    }
    limiters
}

/// How many requests in which window: `per_day`, or `limit` and `window`.
fn limit(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<(u32, Option<Span>)> {
    let window = cursor.span("window");
    match (cursor.count("per_day"), cursor.count("limit")) {
        (Some(per_day), None) if cursor.get("window").is_none() => Some((per_day, None)),
        (None, Some(limit)) => Some((limit, window)),
        (per_day, limit) => {
            let found = match (per_day, limit) {
                (Some(_), Some(_)) => "both",
                (Some(_), None) => "`per_day` with a `window`",
                _ => "neither",
            };
            let complaint = Complaint::new("a limiter has one limit").found(found);
            let complaint = complaint.allowed("`per_day`, or `limit` with its `window`");
            input.problems.report_once(cursor.node.key, &cursor.path, complaint);
            None
        }
    }
}

/// What may change while a model runs.
pub(in crate::model) fn keep(limiter: &mut Limiter, of: &Limiter) {
    catalogue::keep(&mut limiter.people, &of.people);
    (limiter.limit, limiter.fails_open) = (of.limit, of.fails_open);
}
