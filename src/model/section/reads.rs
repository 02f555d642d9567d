//! `[reads.NAME]`: reads that are not logs.

use crate::model::language::*;
use crate::model::section::store::Store;
use crate::units::{Id, Span};

pub(in crate::model) static READS: Section = Section {
    title: "[reads.NAME]",
    changes: Some(Shared(STORED)),
    fields: &[
        default("store", Text, "kv", "Where the keys are kept.").changes(Fixed(PARTS)),
        optional("per_plan", Whole(1, 10_000), "`per_call` is given", "So many as a plan begins.")
            .changes(Fixed(PARTS)),
        optional("per_call", Whole(1, 10_000), "`per_plan` is given", "So many before each call.")
            .changes(Fixed(PARTS)),
        optional("memory_ttl", Length, "no memory cache", "How long an isolate's memory keeps a key.")
            .changes(Program)
            .decision(),
    ],
    ..PLAIN
};

/// `[reads.NAME]`: reads that are not logs.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// `store`: where the keys are kept.
    pub store: Id<Store>,
    /// `per_plan` (made as the plan begins) or `per_call` (before each call).
    pub count: ReadCount,
    /// `memory_ttl`: how long an isolate's memory keeps a key; none: every read goes to the store. The reads of one
    /// entry are of that many different keys.
    pub memory_ttl: Option<Span>,
}

/// How many reads, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCount {
    /// So many as a plan begins.
    PerPlan(u32),
    /// So many before each call.
    PerCall(u32),
}

/// Reads the reads that are not logs, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Read> {
    let mut reads = Vec::new();
    for (name, cursor) in root.named("reads") {
        let store = names.stores.resolve(input, cursor.word("store"), cursor.at("store"), &cursor.key("store"));
        let count = match (cursor.get("per_plan"), cursor.get("per_call")) {
            (Some(_), None) => cursor.count("per_plan").map(ReadCount::PerPlan),
            (None, Some(_)) => cursor.count("per_call").map(ReadCount::PerCall),
            (both, _) => {
                let found = if both.is_some() { "both" } else { "neither" };
                let complaint = Complaint::new("reads need exactly one of per_plan and per_call").found(found);
                input.problems.report_once(
                    cursor.node.key,
                    &cursor.path,
                    complaint.allowed("`per_plan` or `per_call`"),
                );
                None
            }
        };
        let count = count.unwrap_or(ReadCount::PerPlan(1));
        reads.push(Read {
            name: name.into(),
            store: store.unwrap_or(Id::new(0)),
            count,
            memory_ttl: cursor.span("memory_ttl"),
        });
    }
    reads
}

/// What may change while a model runs.
pub(in crate::model) fn keep(read: &mut Read, of: &Read) {
    keep_some(&mut read.memory_ttl, &of.memory_ttl);
}
