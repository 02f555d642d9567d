//! The files that a command has read: no output may take the place of one.

use capsim::model;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Which file a path leads to, by whatever way: a link, another spelling, `./`.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device_and_number: (u64, u64),
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Identity {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Identity> {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(path)?;
        Ok(Identity { device_and_number: (file.dev(), file.ino()) })
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Identity> {
        Ok(Identity { path: path.canonicalize()? })
    }
}

static READ: Mutex<Vec<(PathBuf, Identity)>> = Mutex::new(Vec::new());

/// Reads a file on behalf of the user.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = model::read_file(path)?;
    remember(path)?;
    Ok(bytes)
}

/// Opens a file that is read bit by bit.
pub fn open(path: &Path) -> io::Result<File> {
    let file = model::open_file(path)?;
    remember(path)?;
    Ok(file)
}

fn remember(path: &Path) -> io::Result<()> {
    if let Ok(mut read) = READ.lock()
        && !read.iter().any(|(known, _)| known == path)
    {
        read.push((path.into(), Identity::of(path)?));
    }
    Ok(())
}

/// The name under which this file was read, if it was.
pub fn read_as(path: &Path) -> Option<PathBuf> {
    let this = Identity::of(path).ok()?;
    let read = READ.lock().ok()?;
    read.iter().find(|(_, identity)| *identity == this).map(|(path, _)| path.clone())
}
