//! `--out DIR`: files that are there whole or not at all. The directory is tried before the long run.

use capsim::experiment::Answer;
use capsim::report::{self, Paint, plots::Plot};
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

    /// Writes a plot; where there is nothing to draw, one from an earlier run must not stay.
    pub fn plot(&self, name: &str, bytes: Option<&[u8]>) -> Result<(), String> {
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

/// Writes a file that is there whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), String> {
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
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| format!("cannot write {}: {error}", path.display()))
}
