//! `[reader.NAME]`: who reads the logs, and what the admin page does.

use crate::model::language::*;
use crate::model::section::logging::Logging;
use crate::model::section::store::{Store, StoreKind};
use crate::model::section::strategy::Role;
use crate::units::{Id, Span};

pub(in crate::model) static READER: Section = Section {
    title: "[reader.NAME]",
    changes: Some(Shared(LOOKS)),
    fields: &[
        default("region", Name, "home", "Where they read: of a cache in another region they see nothing.")
            .changes(Fixed(PARTS)),
        default("store", Text, "kv", "The store that the admin page works on.").changes(Fixed(PARTS)),
        optional("get_every", Length, "never", "How often the admin page reads one record."),
        optional("export_every", Length, "never", "How often it lists all records (1,000 a list) and reads each."),
        optional("cleanup_every", Length, "never", "How often it lists all records and deletes the old ones.")
            .decision(),
        default("cleanup_age", Length, "30d", "The age from which on a cleanup deletes a record.").decision(),
    ],
    ..PLAIN
};

/// `[reader.NAME]`: somebody who reads what was logged, and what the admin page does for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// `region`: where they read.
    pub region: String,
    /// `store`: what the admin page works on; none where it does nothing.
    pub store: Option<Id<Store>>,
    /// `get_every`, `export_every`, `cleanup_every`: how often each [`Chore`] is done.
    pub every: [Option<Span>; 3],
    /// `cleanup_age`: a cleanup deletes records of this age and older.
    pub cleanup_age: Span,
}

/// What the admin page does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Chore {
    /// Reads one record.
    Get,
    /// Lists all records and reads each.
    Export,
    /// Lists all records and deletes the old ones.
    Cleanup,
}

impl Chore {
    /// Every chore, in the order of the enum.
    pub const ALL: [Chore; 3] = [Chore::Get, Chore::Export, Chore::Cleanup];
}

/// Reads the readers, in the order of their names.
pub(in crate::model) fn read(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    names: &Names,
    stores: &[Store],
    logging: &Logging,
) -> Vec<Reader> {
    let mut readers = Vec::new();
    for (name, cursor) in root.named("reader") {
        let every = ["get_every", "export_every", "cleanup_every"].map(|key| cursor.span(key));
        let works = every.iter().any(Option::is_some);
        let store = works
            .then(|| names.stores.resolve(input, cursor.word("store"), cursor.at("store"), &cursor.key("store")))
            .flatten();
        if store.and_then(|id| stores.get(id.index())).is_some_and(|spec| spec.kind == StoreKind::Cache) {
            let complaint = Complaint::new("a cache cannot be listed, so an admin page cannot work on it")
                .found(format!("the cache {:?}", cursor.word("store")))
                .allowed("a store of kind = \"kv\" or \"log-service\"");
            input.problems.report_once(cursor.at("store"), &cursor.key("store"), complaint);
        }
        let is_other = |(at, spec): &(usize, &Store)| {
            let has_records = logging.ops.iter().any(|op| op.store.index() == *at && op.role == Role::Record);
            has_records && spec.capacity.is_some() && store.is_some_and(|own| own.index() != *at)
        };
        if let Some((_, other)) = stores.iter().enumerate().find(is_other) {
            let complaint =
                Complaint::new(format!("the store {:?} also has records, and evicts them when it is full", other.name))
                    .cure("let the admin page work on that store, or remove its `capacity`");
            input.problems.report_once(cursor.at("store"), &cursor.key("store"), complaint);
        }
        readers.push(Reader {
            name: name.into(),
            region: cursor.text("region").unwrap_or("home").into(),
            store,
            every,
            cleanup_age: cursor.span("cleanup_age").unwrap_or(Span::DAY),
        });
    }
    readers
}

/// What may change while a model runs.
pub(in crate::model) fn keep(reader: &mut Reader, of: &Reader) {
    keep_all(&mut reader.every, &of.every, keep_some);
    reader.cleanup_age = of.cleanup_age;
}
