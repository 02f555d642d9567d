//! Reads the texts of a model: its own, and the files it names, through the reader function that the caller gives.
//! Nothing else in the library reads a file for a model.

use super::problems::{At, Collector, Complaint, Silence};
use super::tree::{self, Node};
use crate::units::Span;
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The source of a model.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in messages: its path, or `<stdin>`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The directory that paths in it are relative to: `extends`, traces, empirical laws.
    pub directory: PathBuf,
}

/// How a file is read.
pub(super) type Files<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// The texts of a model, and the problems found so far.
pub(super) struct Input<'a> {
    files: Files<'a>,
    /// Which words name the sections of a model.
    is_section: fn(&str) -> bool,
    /// The directory of each text, by its number.
    directories: Vec<PathBuf>,
    /// The problems found so far.
    pub problems: Collector,
    /// The contents of the data files, by the key that names them; they belong to the digest.
    pub data: BTreeMap<String, Vec<u8>>,
    /// How long the values being read are in force, if not for the whole run.
    pub lasts: Option<Span>,
    /// The directory of the model itself: what it names there, or below, is its own.
    home: Option<PathBuf>,
    /// The names of the files that lie elsewhere.
    outside: Vec<String>,
}

impl<'a> Input<'a> {
    /// No text yet.
    pub fn new(files: Files<'a>, is_section: fn(&str) -> bool) -> Input<'a> {
        Input {
            files,
            is_section,
            directories: Vec::new(),
            problems: Collector::default(),
            data: BTreeMap::new(),
            lasts: None,
            home: None,
            outside: Vec::new(),
        }
    }

    /// Adds a text, and returns its number.
    pub fn add(&mut self, name: &str, text: &str, directory: &Path) -> u32 {
        self.directories.push(directory.to_path_buf());
        self.problems.texts.add(name, text)
    }

    /// Reads a model's bytes into a tree.
    pub fn document(&mut self, source: &Source) -> Option<Node> {
        self.home.get_or_insert_with(|| source.directory.clone());
        let (number, text) = self.text(source, Silence::NoModel)?;
        tree::document(number, &text, self.is_section, &mut self.problems)
    }

    /// The path of a file that a value names, relative to the file in which the value is written.
    pub fn path(&self, node: &Node) -> PathBuf {
        let directory = &self.directories[node.at.source as usize];
        normal(&directory.join(node.text().unwrap_or_default()))
    }

    /// Reads the file that a value names; a file that cannot be read is a problem of that value.
    pub fn read(&mut self, node: &Node, key: &str) -> Option<Source> {
        let path = self.path(node);
        let name = path.display().to_string();
        match (self.files)(&path) {
            Ok(bytes) => {
                // A file named on the command line was chosen by the reader of the messages.
                let is_set = self.problems.texts.name(node.at.source) == "--set";
                if !is_set && !self.home.as_deref().is_none_or(|home| is_within(home, &path)) {
                    self.outside.push(name.clone());
                }
                let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
                Some(Source { name, bytes, directory })
            }
            Err(error) => {
                let complaint = Complaint::new(format!("cannot read {name}: {}", reason(&error)))
                    .cure("a path is relative to the file that names it");
                self.problems.unreadable(node.at, key, complaint);
                None
            }
        }
    }

    /// Reads a data file that a value names as text, and keeps its contents for the digest.
    pub fn data(&mut self, node: &Node, key: &str) -> Option<(u32, String)> {
        let source = self.kept(node, key)?;
        self.text(&source, Silence::NoData)
    }

    /// The same as bytes.
    pub fn kept(&mut self, node: &Node, key: &str) -> Option<Source> {
        let source = self.read(node, key)?;
        self.data.insert(key.to_string(), source.bytes.clone());
        Some(source)
    }

    /// The text in some bytes: UTF-8, with or without a byte order mark. Nothing of it is shown before it is known to
    /// be of the expected kind.
    pub(super) fn text(&mut self, file: &Source, until_seen: Silence) -> Option<(u32, String)> {
        let bytes = &file.bytes[..];
        let lossy = String::from_utf8_lossy(bytes);
        let source = self.add(&file.name, lossy.strip_prefix('\u{feff}').unwrap_or(&lossy), &file.directory);
        let is_outside = self.outside.contains(&file.name);
        self.problems.silence(source, if is_outside { Silence::Outside } else { until_seen });
        match std::str::from_utf8(bytes) {
            Ok(text) => Some((source, text.strip_prefix('\u{feff}').unwrap_or(text).to_string())),
            Err(error) => {
                if tree::is_model(&String::from_utf8_lossy(&bytes[..error.valid_up_to()]), self.is_section) {
                    self.problems.vouch(source);
                }
                let start = error.valid_up_to() as u32;
                let found = format!("the byte 0x{:02X}", bytes[error.valid_up_to()]);
                let complaint = Complaint::new("not UTF-8 text").found(found).cure("save the file as UTF-8");
                self.problems.report(At { source, start, end: start + 1 }, "", complaint);
                None
            }
        }
    }
}

/// Why a file cannot be read or written, in the same words on every system.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::NotADirectory => "a part of its path is a file, not a directory".into(),
        _ => error.to_string(),
    }
}

/// A path without `.` and `a/..`, so that one file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// Whether a file lies in a directory or below it, links followed.
fn is_within(directory: &Path, file: &Path) -> bool {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    match (directory.canonicalize(), file.canonicalize()) {
        (Ok(directory), Ok(file)) => file.starts_with(directory),
        // What is read may be no file of this machine: then its name says it.
        _ => {
            let file = normal(file);
            let leads_out = matches!(file.components().next(), Some(Component::ParentDir | Component::RootDir));
            let directory = normal(directory);
            file.starts_with(&directory) && (!leads_out || !directory.as_os_str().is_empty())
        }
    }
}
