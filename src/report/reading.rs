//! How a file was read: its format, the columns that were taken and why, what became of its rows.

use super::page::{Part, Table};
use super::words::things;
use crate::experiment::{Account, Wrong};
use crate::units::{count, inert};
use serde_json::{Value, json};

/// What the answer does not count, in words behind it; nothing where it counts every row.
pub(super) fn lost(account: &Account) -> String {
    let left: u64 = account.left_out.iter().map(|(_, n)| n).sum();
    let mut out = String::new();
    if account.broken > 0 {
        out += &format!(" {}.", things(account.broken as f64, "row cannot be read", "rows cannot be read"));
    }
    if left > 0 {
        out += &format!(" {}.", things(left as f64, "row is left out", "rows are left out"));
    }
    out
}

/// For a page.
pub(super) fn parts(account: &Account) -> Vec<Part> {
    let rows =
        account.taken.iter().map(|taken| vec![taken.role.name().into(), inert(&taken.column), taken.why.clone()]);
    let mut says = vec![format!("Format: {}.", account.format)];
    let mut left = account.left_out.clone();
    left.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let left = left.iter().map(|(why, n)| format!("{} {}", count(*n), inert(why)));
    let left = left.collect::<Vec<_>>().join(", ");
    let left = if left.is_empty() { String::new() } else { format!(" Left out: {left}.") };
    says.push(format!("{}.{left}", things(account.rows as f64, "row is taken", "rows are taken")));
    if account.broken > 0 {
        let broken = things(account.broken as f64, "row cannot be read", "rows cannot be read");
        says.push(format!("{broken}: {}.", account.first_broken.iter().map(one).collect::<Vec<_>>().join("; ")));
    }
    says.extend(account.notes.iter().map(|note| inert(note)));
    vec![Part::List("How the file was read".into(), says), Table::part("Columns", &["for", "`column", "why"], rows)]
}

fn one(wrong: &Wrong) -> String {
    let found = if wrong.found.is_empty() { String::new() } else { format!(", found {}", wrong.found) };
    inert(&format!("line {}, {}{found}", count(wrong.line), wrong.what))
}

/// For programs.
pub(super) fn json(account: &Account) -> Value {
    let broken = |wrong: &Wrong| json!({ "line": wrong.line, "what": wrong.what, "found": wrong.found });
    let taken =
        account.taken.iter().map(|taken| json!({ "for": taken.role.name(), "column": taken.column, "why": taken.why }));
    let left = account.left_out.iter().map(|(why, n)| (why.clone(), Value::from(*n)));
    json!({
        "format": account.format,
        "columns": taken.collect::<Vec<_>>(),
        "rows": account.rows,
        "left_out": left.collect::<serde_json::Map<_, _>>(),
        "broken": account.broken,
        "first_broken": account.first_broken.iter().map(broken).collect::<Vec<_>>(),
        "notes": account.notes,
    })
}
