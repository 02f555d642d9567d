//! `[logfile.NAME]`: a log file, with a line for each request and each response.

use crate::model::language::*;
use crate::policy::RotateOn;
use crate::units::Bytes;

pub(in crate::model) static LOGFILE: Section = Section {
    title: "[logfile.NAME]",
    changes: Some(Shared("a file that all isolates write to")),
    fields: &[
        default(
            "rotate",
            OneOf(&["size", "date"]),
            "size",
            "When a new file is begun: when it is full, or each day (UTC).",
        )
        .changes(Fixed(KIND)),
        default("max_size", Size, "10MB", "A line that would fill the file to this goes into a new one; with `size`.")
            .decision(),
        default("backups", Whole(0, 100_000), "5", "Older files that are kept beside the current one.").decision(),
        default("format", OneOf(&["text", "json"]), "text", "How a line is written; each request and response is one."),
        default("text_bytes", Size, "150B", "Of a line as text; measure yours."),
        default("json_bytes", Size, "400B", "Of a line as JSON; measure yours."),
        default("error_bytes", Size, "0B", "What an error adds to its line: a traceback, say."),
    ],
    ..PLAIN
};

/// `[logfile.NAME]`: a log file, with a line for each request and each response.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFile {
    /// Its name.
    pub name: String,
    /// `rotate`: when a new file is started, by size or by date.
    pub rotate: RotateOn,
    /// `backups`: older files that are kept beside the current one, 0 to 100,000.
    pub backups: u32,
    /// `text_bytes` or `json_bytes`, by `format`: the size of a line; at least 1 byte.
    pub line: Bytes,
    /// `error_bytes`: the bytes that an error adds to its line.
    pub error: Bytes,
}

/// Reads the log files, in the order of their names.
pub(in crate::model) fn read(root: &Cursor<'_>) -> Vec<LogFile> {
    let file = |(name, cursor): (&str, Cursor<'_>)| {
        let line = if cursor.is_second("format", ["text", "json"]) { "json_bytes" } else { "text_bytes" };
        LogFile {
            name: name.into(),
            rotate: if cursor.is_second("rotate", ["size", "date"]) {
                RotateOn::Date
            } else {
                RotateOn::Size(cursor.size("max_size").map_or(u64::MAX, |size| size.0))
            },
            backups: cursor.count("backups").unwrap_or(5),
            line: Bytes(cursor.size(line).map_or(1, |size| size.0.max(1))),
            error: cursor.size("error_bytes").unwrap_or(Bytes(0)),
        }
    };
    root.named("logfile").into_iter().map(file).collect()
}

/// What may change while a model runs.
pub(in crate::model) fn keep(file: &mut LogFile, of: &LogFile) {
    (file.backups, file.line, file.error) = (of.backups, of.line, of.error);
    if let (RotateOn::Size(size), RotateOn::Size(of)) = (&mut file.rotate, of.rotate) {
        *size = of;
    }
}
