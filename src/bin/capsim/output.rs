//! `--out`, `--trace` and `--bless`: where answers go besides standard output. A place is looked at before the long run:
//! what the command has read, and what capsim has not written, is never replaced.

use crate::args::Format;
use crate::console;
use crate::disk;
use crate::exit::Exit;
use crate::inputs;
use crate::work::{fail, io};
use capsim::report::{self, Form, Report, Screen, plots::Plot};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The forms of every answer.
const PAGES: [Form; 5] = [Form::Text, Form::Json, Form::Csv, Form::Markdown, Form::Html];
/// The forms of a picture.
const PICTURES: [Form; 2] = [Form::Svg, Form::Png];

/// The form of an answer that is printed.
impl From<Format> for Form {
    fn from(format: Format) -> Form {
        match format {
            Format::Text => Form::Text,
            Format::Json => Form::Json,
            Format::Csv => Form::Csv,
            Format::Markdown => Form::Markdown,
        }
    }
}

/// One file that is to be written.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    shown: PathBuf,
}

impl Target {
    /// The file for an answer, where `--out` names one, and its form: that of its ending, or `format` where it has none.
    /// The ending and a `format` other than text must agree.
    pub fn out(path: Option<&Path>, format: Form, forms: &[Form]) -> Result<Option<(Target, Form)>, Exit> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(None) };
        not_special("--out", path)?;
        let form = match ending(path) {
            None => format,
            Some(found) => forms.iter().copied().find(|form| form.ending() == found).ok_or_else(|| {
                unknown_ending("--out", path, forms, "; without an ending it has the form of --format")
            })?,
        };
        if format != Form::Text && form != format {
            let why = format!("--out {} and --format say two forms: leave --format out", path.display());
            return Err(fail(&why, Exit::Usage));
        }
        Ok(Some((Target::open("--out", path, form)?, form)))
    }

    /// A file of one form and its ending, or none.
    pub fn of(option: &str, path: &Path, form: Form) -> Result<Target, Exit> {
        if path == Path::new("-") {
            let why = format!("{option} -: this goes to a file, as standard output is taken");
            return Err(fail(&why, Exit::Usage));
        }
        not_special(option, path)?;
        if ending(path).is_some_and(|found| found != form.ending()) {
            return Err(unknown_ending(option, path, &[form], ""));
        }
        Target::open(option, path, form)
    }

    fn open(option: &str, path: &Path, form: Form) -> Result<Target, Exit> {
        let refuse = |why: String| io(format!("{option} {}: {why}", path.display()));
        let cannot = |error: std::io::Error| cannot_write(path, &error);
        if path.to_string_lossy().ends_with(std::path::is_separator) || path.is_dir() {
            return Err(refuse("it is a directory, not a file".into()));
        }
        let resolved = disk::resolve(path).map_err(cannot)?;
        let folder = resolved.parent().unwrap_or(Path::new("."));
        may_write(&resolved, form).map_err(refuse)?;
        may_write_in(folder).map_err(refuse)?;
        disk::try_in(folder).map_err(cannot)?;
        Ok(Target { path: resolved, shown: path.into() })
    }

    /// Writes the file, and says so.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Exit> {
        let shown = self.shown.display();
        disk::replace(&self.path, bytes).map_err(|error| cannot_write(&self.shown, &error))?;
        console::complain(&format!("wrote {shown}"));
        Ok(())
    }
}

/// A pipe may wait for ever for its reader, and a device keeps nothing.
fn not_special(option: &str, path: &Path) -> Result<(), Exit> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let why = "it is a pipe or a device, not a file; `--out -` is standard output";
        return Err(io(format!("{option} {}: {why}", path.display())));
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Exit {
    io(format!("cannot write {}: {}", path.display(), capsim::model::reason(error)))
}

/// The ending of a path, in small letters.
fn ending(path: &Path) -> Option<String> {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase())
}

fn unknown_ending(option: &str, path: &Path, forms: &[Form], more: &str) -> Exit {
    let mut endings: Vec<String> = forms.iter().map(|form| format!(".{}", form.ending())).collect();
    let last = endings.pop().unwrap_or_default();
    let list = if endings.is_empty() { last } else { format!("{} or {last}", endings.join(", ")) };
    fail(&format!("{option} {}: the file must end in {list}{more}", path.display()), Exit::Usage)
}

/// Whether a file may be written at a path with all links followed; it is taken by that.
fn may_write(path: &Path, form: Form) -> Result<(), String> {
    static TAKEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    if let Some(input) = inputs::read_as(path) {
        return Err(format!("this command reads that file ({}), and would destroy it", input.display()));
    }
    let mut taken = TAKEN.lock().map_err(|_| "a thread has failed")?;
    if taken.iter().any(|other| other == path) {
        return Err("this command writes something else there".into());
    }
    taken.push(path.into());
    let Ok(there) = std::fs::metadata(path) else { return Ok(()) };
    if there.permissions().readonly() {
        return Err("it may only be read".into());
    }
    let bytes = capsim::model::read_file(path).map_err(|error| capsim::model::reason(&error))?;
    if !form.is_ours(&bytes) {
        return Err("capsim has not written what is there: remove it, or choose another name".into());
    }
    Ok(())
}

/// Whether files may be written in a directory: not among the points of a sweep.
fn may_write_in(folder: &Path) -> Result<(), String> {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let holds_points = folder.file_name() == Some(OsStr::new("points"))
        && entries.any(|entry| std::fs::read_to_string(entry.path()).is_ok_and(|text| report::begins_as_point(&text)));
    if holds_points { Err("that directory holds the stored points of a sweep".into()) } else { Ok(()) }
}

/// A directory that takes a set of files.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    shown: PathBuf,
    name: &'static str,
}

impl Directory {
    /// Where `--out` names one: a path that is a directory, or has no ending. `command` writes files called `name`.
    pub fn out(path: Option<&Path>, command: &str, name: &'static str) -> Result<Option<Directory>, Exit> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(None) };
        if !is_directory(path) {
            let what = if path.exists() { "it is a file" } else { "that is a file's name" };
            let shown = path.display();
            let why = format!("--out {shown}: {what}, and `{command}` writes a directory; write {shown}/ for one");
            return Err(if path.exists() { io(why) } else { fail(&why, Exit::Usage) });
        }
        Directory::open(path, name).map(Some)
    }

    fn open(path: &Path, name: &'static str) -> Result<Directory, Exit> {
        let refuse = |why: String| io(format!("--out {}: {why}", path.display()));
        let cannot = |error: std::io::Error| cannot_write(path, &error);
        let resolved = disk::resolve(path).map_err(cannot)?;
        disk::try_in(&resolved).map_err(cannot)?;
        may_write_in(&resolved).map_err(refuse)?;
        for (file, form) in files(name) {
            may_write(&resolved.join(&file), form).map_err(|why| refuse(format!("{file}: {why}")))?;
        }
        Ok(Directory { path: resolved, shown: path.into(), name })
    }

    /// Writes every form of an answer, and its pictures.
    pub fn write(&self, found: Report) -> Result<(), Exit> {
        let forms: &[Form] = if let Report::Run(..) = found { &[] } else { &PICTURES };
        let all = PAGES.iter().chain(forms);
        let mut set: Vec<(String, Option<Vec<u8>>)> =
            all.map(|&form| (format!("{}.{}", self.name, form.ending()), found.render(form, Screen::PLAIN))).collect();
        if let Report::Run(answer, _) = found {
            for plot in Plot::ALL {
                set.push((format!("{}.svg", plot.name()), plot.svg(answer).map(String::into_bytes)));
                set.push((format!("{}.png", plot.name()), plot.png(answer)));
            }
        }
        self.replace(&set)
    }

    fn replace(&self, set: &disk::Set<'_>) -> Result<(), Exit> {
        let shown = self.shown.display();
        disk::replace_directory(&self.path, set).map_err(|error| cannot_write(&self.shown, &error))?;
        let names: Vec<&str> = set.iter().filter(|(_, bytes)| bytes.is_some()).map(|(name, _)| name.as_str()).collect();
        console::complain(&format!("wrote {shown}: {}", names.join(", ")));
        Ok(())
    }

    /// Stores one file of those that are written meanwhile.
    pub fn store(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.path.join(name);
        disk::replace(&path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// What is there decides; else a path with an ending is a file.
fn is_directory(path: &Path) -> bool {
    path.is_dir()
        || !path.exists() && (path.extension().is_none() || path.to_string_lossy().ends_with(std::path::is_separator))
}

/// The files of a set, with their forms.
fn files(name: &str) -> Vec<(String, Form)> {
    let named = |name: &str, forms: &[Form]| -> Vec<(String, Form)> {
        forms.iter().map(|&form| (format!("{name}.{}", form.ending()), form)).collect()
    };
    let pictures: Vec<&str> = match name {
        "report" => Plot::ALL.iter().map(|plot| plot.name()).collect(),
        name => vec![name],
    };
    let pictures = pictures.into_iter().flat_map(|name| named(name, &PICTURES));
    named(name, &PAGES).into_iter().chain(pictures).collect()
}

/// Where an answer goes.
#[derive(Debug)]
pub enum Out {
    /// To standard output.
    Standard,
    /// To one file.
    File(Target, Form),
    /// To standard output, and every form to a directory.
    Directory(Directory),
}

impl Out {
    /// The place that `--out` names; `drawn`: whether the answer has a picture. `name` is what its files are called.
    pub fn open(path: Option<&Path>, format: Format, drawn: bool, name: &'static str) -> Result<Out, Exit> {
        let Some(there) = path.filter(|path| *path != Path::new("-")) else { return Ok(Out::Standard) };
        not_special("--out", there)?;
        if is_directory(there) {
            return Directory::open(there, name).map(Out::Directory);
        }
        let forms: Vec<Form> = PAGES.into_iter().chain(PICTURES.into_iter().filter(|_| drawn)).collect();
        if ending(there).is_none_or(|found| forms.iter().all(|form| form.ending() != found)) {
            return Err(unknown_ending("--out", there, &forms, "; without an ending it is a directory"));
        }
        let target = Target::out(path, format.into(), &forms)?;
        Ok(target.map_or(Out::Standard, |(target, form)| Out::File(target, form)))
    }

    /// Prints or writes an answer.
    pub fn deliver(self, found: Report, format: Format) -> Exit {
        let file = match self {
            Out::Standard => None,
            Out::File(target, form) => Some((target, form)),
            Out::Directory(directory) => match directory.write(found) {
                Ok(()) => None,
                Err(exit) => return exit,
            },
        };
        crate::work::deliver(found, format.into(), file)
    }
}

/// Writes a file that is not there yet.
pub fn new_file(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    let shown = path.display();
    if path.symlink_metadata().is_ok() {
        return Err(io(format!("{shown} is there already")));
    }
    if ending(path).is_some_and(|found| found != "toml") {
        return Err(unknown_ending("init", path, &[Form::Toml], ""));
    }
    disk::create(path, bytes).map_err(|error| cannot_write(path, &error))
}
