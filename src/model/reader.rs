//! `[reader.NAME]`: who reads the logs, and what the admin page does.

use super::cursor::Cursor;
use super::input::Input;
use super::names::Names;
use super::problems::Complaint;
use super::spec::{Logging, Reader, Role, Store, StoreKind};
use crate::units::Span;

/// Reads the readers, in the order of their names.
pub(super) fn read(
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
            let complaint = Complaint::new("nobody can ask a cache what is in it, so no admin page works on one")
                .found(format!("the cache {:?}", cursor.word("store")))
                .allowed("a store of kind = \"kv\" or \"log-service\"");
            input.problems.report_once(cursor.at("store"), &cursor.key("store"), complaint);
        }
        let is_other = |(at, spec): &(usize, &Store)| {
            let has_records = logging.ops.iter().any(|op| op.store.index() == *at && op.role == Role::Record);
            has_records && spec.capacity.is_some() && store.is_some_and(|own| own.index() != *at)
        };
        if let Some((_, other)) = stores.iter().enumerate().find(is_other) {
            let complaint = Complaint::new(format!("records in {:?} too are pushed out by its capacity", other.name))
                .cure("let the admin page work on that store, or take its capacity out");
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
