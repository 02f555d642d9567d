//! Files and directories that are there whole or not at all, whenever the program is killed: written beside their place
//! under a name of their own, forced to the disk, and renamed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::{Builder, NamedTempFile};

/// How the names of files begin that are not whole yet.
const PREFIX: &str = ".capsim-";

/// Writes a file in the place of whatever file is there.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (directory, file) = beside(path, bytes)?;
    if let Ok(before) = fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(path)?;
    settle(&directory);
    Ok(())
}

/// Writes a file that is not there yet.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (directory, file) = beside(path, bytes)?;
    file.persist_noclobber(path)?;
    settle(&directory);
    Ok(())
}

/// The bytes on the disk, in the directory where they are to be.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<(PathBuf, NamedTempFile)> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    remove_litter(directory);
    let mut file = unfinished(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok((directory.into(), file))
}

/// Whether a file can be made in a directory, or in the nearest one above it that is there.
pub fn try_in(directory: &Path) -> io::Result<()> {
    // One without a name, where the system has such: nothing is left of it, whatever happens.
    tempfile::tempfile_in(nearest(directory)?).map(drop)
}

/// The nearest directory at or above a path that is there.
fn nearest(path: &Path) -> io::Result<PathBuf> {
    let mut path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    loop {
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Ok(path.into()),
            Ok(_) => return Err(io::Error::other(format!("{} is not a directory", path.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => path = parent,
                _ => path = Path::new("."),
            },
            Err(error) => return Err(error),
        }
    }
}

/// The path with all links followed, also where its end is not there yet.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound && path.symlink_metadata().is_ok() => {
            Err(io::Error::other("it is a link that leads nowhere"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let nearest = nearest(path)?;
            let rest = path.strip_prefix(&nearest).unwrap_or(path);
            Ok(nearest.canonicalize()?.join(rest))
        }
        resolved => resolved,
    }
}

/// A file under a name of its own. It is locked while it is worked on: an unlocked one belongs to a program that was
/// killed.
fn unfinished(directory: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = named(0o666).tempfile_in(directory)?;
        // Where files cannot be locked, two programs at one place are the user's own affair.
        let _ = file.as_file().lock();
        if file.path().exists() {
            return Ok(file);
        }
    }
}

/// A name of its own, and the permissions that anything new gets, less the umask: a report is not a secret.
fn named(mode: u32) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Removes what killed programs have left unfinished in a directory; once, as there may be many files in it.
fn remove_litter(directory: &Path) {
    static CLEAN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let Ok(mut clean) = CLEAN.lock() else { return };
    if clean.iter().any(|known| known == directory) {
        return;
    }
    clean.push(directory.into());
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let kind = entry.file_type();
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || !kind.is_ok_and(|kind| kind.is_file() || kind.is_dir()) {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
}

/// Forces the names in a directory to the disk, where the system can.
fn settle(directory: &Path) {
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
}

/// Files that come into a directory together: (name, bytes), or none where one of before must go.
pub type Set<'a> = [(String, Option<Vec<u8>>)];

/// Brings a directory to hold this set. A new one appears whole. One that is there is exchanged for a whole one in a
/// single step where the system can do that; otherwise its files are replaced one after the other, each whole.
pub fn replace_directory(directory: &Path, set: &Set<'_>) -> io::Result<()> {
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    remove_litter(parent);
    if !directory.exists() {
        let stage = Stage::new(parent, set)?;
        fs::rename(&stage.path, directory)?;
        settle(parent);
        return Ok(());
    }
    remove_litter(directory);
    if exchange(directory, parent, set).is_ok() {
        return Ok(());
    }
    let stage = Stage::new(directory, set)?;
    for (name, bytes) in set {
        match bytes {
            Some(_) => fs::rename(stage.path.join(name), directory.join(name))?,
            None => absent(fs::remove_file(directory.join(name)))?,
        }
    }
    settle(directory);
    Ok(())
}

fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A directory that is not whole yet, removed unless it comes to its place.
struct Stage {
    path: PathBuf,
    /// Locked, as [`unfinished`] files are.
    _lock: Option<File>,
}

impl Stage {
    fn new(parent: &Path, set: &Set<'_>) -> io::Result<Stage> {
        let stage = loop {
            let path = named(0o777).tempdir_in(parent)?.keep();
            let lock = File::open(&path).ok().filter(|directory| directory.try_lock().is_ok());
            if path.exists() {
                break Stage { path, _lock: lock };
            }
        };
        for (name, bytes) in set {
            if let Some(bytes) = bytes {
                let mut file = File::create_new(stage.path.join(name))?;
                file.write_all(bytes)?;
                file.sync_all()?;
            }
        }
        settle(&stage.path);
        Ok(stage)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Exchanges a directory for one with the new set and all else that it holds.
///
/// # Errors
/// That the system, or what is in the directory, does not allow it; nothing has changed then.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(directory: &Path, parent: &Path, set: &Set<'_>) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::os::unix::fs::MetadataExt;
    let refuse = || io::Error::from(ErrorKind::Unsupported);
    // Whoever stands in a directory must not find himself in one that is gone.
    if std::env::current_dir()?.starts_with(directory) {
        return Err(refuse());
    }
    let stage = Stage::new(parent, set)?;
    let (before, after) = (fs::metadata(directory)?, fs::metadata(&stage.path)?);
    if (before.uid(), before.gid(), before.dev()) != (after.uid(), after.gid(), after.dev()) {
        return Err(refuse());
    }
    fs::set_permissions(&stage.path, before.permissions())?;
    let replaced = |name: &OsStr| set.iter().any(|(new, _)| OsStr::new(new) == name);
    carry(directory, &stage.path, &replaced, 1)?;
    renameat_with(CWD, &stage.path, CWD, directory, RenameFlags::EXCHANGE)?;
    settle(parent);
    rescue(&stage.path, directory, &replaced);
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path, _: &Set<'_>) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Gives everything in a directory but what is `replaced` a second name in another; directories down to `depth`.
#[cfg(unix)]
fn carry(from: &Path, to: &Path, replaced: &dyn Fn(&OsStr) -> bool, depth: u32) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        if replaced(&name) {
            continue;
        }
        let there = to.join(&name);
        if kind.is_file() {
            fs::hard_link(entry.path(), there)?;
        } else if kind.is_dir() && depth > 0 {
            fs::create_dir(&there)?;
            fs::set_permissions(&there, entry.metadata()?.permissions())?;
            carry(&entry.path(), &there, &|_| false, depth - 1)?;
        } else {
            return Err(ErrorKind::Unsupported.into());
        }
    }
    Ok(())
}

/// Moves what came into the old directory while it was exchanged to the new one.
#[cfg(unix)]
fn rescue(old: &Path, new: &Path, replaced: &dyn Fn(&OsStr) -> bool) {
    for entry in fs::read_dir(old).into_iter().flatten().flatten().filter(|entry| !replaced(&entry.file_name())) {
        let there = new.join(entry.file_name());
        match (entry.file_type().is_ok_and(|kind| kind.is_dir()), there.exists()) {
            (true, true) => rescue(&entry.path(), &there, &|_| false),
            (_, false) => drop(fs::rename(entry.path(), there)),
            (false, true) => {}
        }
    }
}
