//! `[d1.NAME]`: a database that does one operation at a time.

use crate::model::language::*;
use crate::model::section::law::LAW;
use crate::model::section::server::{DOWN, UpAndDown};
use crate::model::section::{law, retry, server};
use crate::policy::Retry;
use crate::streams::LawSpec;
use crate::units::Span;

pub(in crate::model) static D1: Section = Section {
    title: "[d1.NAME]",
    about: "The database is handed an operation when its call has its slot. A refusal, also of a database that is down, takes no \
        time and is the fault `overloaded`; `[retry.NAME]` says what follows. `ops_exhausted` are operations given up after their \
        retries. The operations are no subrequests of an invocation.",
    changes: Some(Shared(STORED)),
    fields: &[
        required("latency", Law(&LAW), "How long an operation takes once it has begun; one is done at a time."),
        default(
            "max_queue",
            WholeOr(1, U32, "unlimited"),
            "unlimited",
            "Accepted operations that are unfinished, beyond which one more is refused as overloaded.",
        )
        .decision(),
        optional(
            "outage",
            OneOrMore(&DOWN),
            "always up",
            "When it is down: one, or a list. Each operation that comes meanwhile is refused.",
        )
        .example(r#"{ at = "2d", for = "70s" }"#),
        optional("max_wait", Length, "for ever", "An operation that has waited so long is refused as overloaded.")
            .decision(),
    ],
};

/// `[d1.NAME]`: a database that does one operation at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct D1 {
    /// Its name.
    pub name: String,
    /// `latency`: how long an operation takes once it has begun.
    pub latency: LawSpec,
    /// `max_queue`: the most accepted operations that are unfinished; one more is refused. None: unlimited.
    pub max_queue: Option<u32>,
    /// `max_wait`: an operation that has waited this long is refused; none: never for that.
    pub max_wait: Option<Span>,
    /// `outage`: when it is down.
    pub outages: Vec<UpAndDown>,
    /// `[retry.NAME]`: what follows a refusal.
    pub retry: Retry,
}

/// Reads the D1 databases with their retries, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<D1> {
    let mut databases = Vec::new();
    for (name, cursor) in root.named("d1") {
        if names.providers.position(name).is_some() {
            let complaint =
                Complaint::new(format!("[retry.{name}] is ambiguous: {name} is both a provider and a database"))
                    .cure("give each its own name");
            input.problems.report_once(cursor.node.key, &cursor.path, complaint);
        }
        let latency = law::read(input, &cursor, "latency");
        let retry = retry::of(input, root, name);
        let (max_queue, max_wait) = (cursor.count("max_queue"), cursor.span("max_wait"));
        let outages = cursor.one_or_more("outage").iter().filter_map(|table| server::when(input, table)).collect();
        databases.extend(latency.map(|latency| D1 { name: name.into(), latency, max_queue, max_wait, outages, retry }));
    }
    databases
}

/// What may change while a model runs.
pub(in crate::model) fn keep(db: &mut D1, of: &D1) {
    db.latency.clone_from(&of.latency);
    (db.max_queue, db.max_wait, db.retry) = (of.max_queue, of.max_wait, of.retry);
    keep_all(&mut db.outages, &of.outages, server::keep_when);
}
