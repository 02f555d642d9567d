//! `--out`: files that are there whole or not at all. The place is tried before the long run.

use crate::args::Format;
use crate::console;
use crate::exit::Exit;
use crate::work::{fail, io};
use capsim::experiment::Answer;
use capsim::report::{self, Paint, WhatIf, plots::Plot};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A directory that has taken a file.
pub struct Directory(PathBuf);

impl Directory {
    /// Makes the directory, and tries to write in it.
    pub fn open(path: &Path) -> Result<Directory, String> {
        std::fs::create_dir_all(path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        NamedTempFile::new_in(path).map_err(|error| format!("cannot write in {}: {error}", path.display()))?;
        Ok(Directory(path.into()))
    }

    /// Writes every form of an answer.
    pub fn write(&self, answer: &Answer) -> Result<(), String> {
        self.file("report.txt", report::text(answer, Paint::Plain).as_bytes())?;
        self.file("report.json", report::json(answer).as_bytes())?;
        self.file("report.csv", report::csv(answer).as_bytes())?;
        self.file("report.md", report::markdown(answer).as_bytes())?;
        self.file("report.html", report::html(answer).as_bytes())?;
        for plot in Plot::ALL {
            self.plot(&format!("{}.svg", plot.name()), plot.svg(answer).as_deref().map(str::as_bytes))?;
            self.plot(&format!("{}.png", plot.name()), plot.png(answer).as_deref())?;
        }
        Ok(())
    }

    /// Writes every form of the answer of a what-if command.
    pub fn write_what_if(&self, name: &str, found: WhatIf) -> Result<(), String> {
        let file = |ending: &str, text: String| self.file(&format!("{name}.{ending}"), text.as_bytes());
        file("txt", found.text(Paint::Plain))?;
        file("json", found.json())?;
        file("csv", found.csv())?;
        file("md", found.markdown())?;
        file("html", found.html())?;
        self.plot(&format!("{name}.svg"), found.svg().as_deref().map(str::as_bytes))?;
        self.plot(&format!("{name}.png"), found.png().as_deref())
    }

    /// Writes a plot; where there is nothing to draw, one from an earlier run must not stay.
    fn plot(&self, name: &str, bytes: Option<&[u8]>) -> Result<(), String> {
        match bytes {
            Some(bytes) => self.file(name, bytes),
            None => match std::fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(format!("cannot remove {}: {error}", self.0.join(name).display()))
                }
                _ => Ok(()),
            },
        }
    }

    /// Writes one file, making the directories on the way.
    pub fn file(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        write_file(&self.0.join(name), bytes)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Where the answer of a what-if command goes.
pub enum Out {
    /// To standard output.
    Standard,
    /// To one file, in the form that its ending or `--format` says.
    File(PathBuf),
    /// To standard output, and every form to a directory.
    Directory(Directory),
}

impl Out {
    /// What is there and no directory is a file, and so is a path with an ending; any other is a directory.
    /// `drawn`: whether the answer has a picture.
    pub fn open(path: Option<&Path>, drawn: bool) -> Result<Out, Exit> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(Out::Standard) };
        if path.is_dir() || (path.extension().is_none() && !path.exists()) {
            return Directory::open(path).map(Out::Directory).map_err(io);
        }
        if !drawn && path.extension().is_some_and(|ending| ending == "svg" || ending == "png") {
            let why = format!("--out {}: this command draws no picture", path.display());
            return Err(fail(&why, Exit::Usage));
        }
        Ok(Out::File(path.into()))
    }

    /// Prints or writes an answer; `name` is what its files are called.
    pub fn deliver(&self, name: &str, found: WhatIf, format: Format) -> Exit {
        let text = |paint| match format {
            Format::Text => found.text(paint),
            Format::Json => found.json(),
            Format::Csv => found.csv(),
            Format::Markdown => found.markdown(),
        };
        let written = match self {
            Out::Standard => Ok(()),
            Out::Directory(directory) => directory.write_what_if(name, found),
            Out::File(path) => {
                let bytes = match path.extension().and_then(|ending| ending.to_str()) {
                    Some("html") => Some(found.html().into_bytes()),
                    Some("svg") => found.svg().map(String::into_bytes),
                    Some("png") => found.png(),
                    _ => Some(text(Paint::Plain).into_bytes()),
                };
                let bytes = bytes.ok_or_else(|| format!("{name} has no picture to write to {}", path.display()));
                bytes.and_then(|bytes| write_file(path, &bytes))
            }
        };
        match (written, self) {
            (Err(why), _) => io(why),
            (Ok(()), Out::File(_)) => Exit::Done,
            (Ok(()), _) => console::print(&text(console::paint())),
        }
    }
}

/// Writes a file that is there whole or not at all; a device or a pipe is written to as it is.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if path.exists() && !path.is_file() {
        return std::fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()));
    }
    whole(path, bytes, |file| file.persist(path).map(drop).map_err(|failed| failed.error))
}

/// The same of a file that is not there yet.
pub fn new_file(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if path.symlink_metadata().is_ok() {
        return Err(format!("{} is there already", path.display()));
    }
    whole(path, bytes, |file| file.persist_noclobber(path).map(drop).map_err(|failed| failed.error))
}

fn whole(path: &Path, bytes: &[u8], persist: impl FnOnce(NamedTempFile) -> std::io::Result<()>) -> Result<(), String> {
    let write = || -> std::io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What any new file gets, less the umask: a report is not a secret.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(directory)?;
        file.write_all(bytes)?;
        persist(file)
    };
    write().map_err(|error| format!("cannot write {}: {error}", path.display()))
}
