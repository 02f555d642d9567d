//! Loads a checked model from a file or another source.

use super::input::{Files, Input, Source, reason};
use super::problems::{At, Complaint, Problems};
use super::root::is_section;
use super::whole::Model;
use super::{build, change};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Reads a model: its text, the bases it extends, `overrides` of the form `PATH=VALUE`, the preset it names.
///
/// `files` reads whatever file the model names; the library opens none by itself.
///
/// # Errors
/// Everything that is wrong with the model, in file order.
pub fn load(source: Source, overrides: &[String], files: Files<'_>) -> Result<Model, Problems> {
    let mut input = Input::new(files, is_section);
    let model = read(&mut input, &source, overrides);
    match model {
        Some(model) if input.problems.is_empty() => with_upgrade(model, &source, overrides, files),
        _ => {
            if input.problems.is_empty() {
                let number = input.add(&source.name, "", Path::new(""));
                let what = "the model was rejected, but no check says why: this is a bug in capsim";
                input.problems.report(At::whole(number), "", Complaint::new(what));
            }
            Err(input.problems.finish())
        }
    }
}

/// The same model on the preset that `cost.upgrade` names, beside it.
fn with_upgrade(mut model: Model, source: &Source, overrides: &[String], files: Files<'_>) -> Result<Model, Problems> {
    let Some(cost) = &model.cost else { return Ok(model) };
    let preset = format!("platform.preset={}", cost.preset);
    let overrides: Vec<String> = overrides.iter().cloned().chain([preset]).collect();
    let mut input = Input::new(files, is_section);
    match read(&mut input, source, &overrides) {
        Some(upgraded) if input.problems.is_empty() => {
            model.upgraded = Some(Box::new(upgraded));
            Ok(model)
        }
        _ => Err(input.problems.finish()),
    }
}

/// Reads a model from a file, and the files that it names from the file system.
///
/// # Errors
/// Everything that is wrong with the model, in file order; that the file cannot be read is one of those things.
pub fn load_file(path: &Path, overrides: &[String]) -> Result<Model, Problems> {
    load(open(path)?, overrides, &read_file)
}

/// Reads the text of a model from a file.
///
/// # Errors
/// That the file cannot be read.
pub fn open(path: &Path) -> Result<Source, Problems> {
    open_through(path, &read_file)
}

/// The same through `files`.
///
/// # Errors
/// That the file cannot be read.
pub fn open_through(path: &Path, files: Files<'_>) -> Result<Source, Problems> {
    let name = path.display().to_string();
    match files(path) {
        Ok(bytes) => Ok(Source { name, bytes, directory: path.parent().map(Path::to_path_buf).unwrap_or_default() }),
        Err(error) => {
            let mut input = Input::new(files, is_section);
            let source = input.add(&name, "", Path::new(""));
            let complaint = Complaint::new(format!("cannot read the model: {}", reason(&error)));
            input.problems.unreadable(At::whole(source), "", complaint);
            Err(input.problems.finish())
        }
    }
}

/// The longest file that is read.
const LONGEST: u64 = 256 << 20;

/// Reads a regular file of 256 MiB at most: a pipe or a device may never end, or never begin.
///
/// # Errors
/// That it cannot be read, is no such file, or changes meanwhile.
pub fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = open_file(path)?;
    let before = file.metadata()?;
    if before.len() > LONGEST {
        return Err(too_long());
    }
    let bytes = read_all(&mut file)?;
    if file.metadata()?.len() != bytes.len() as u64 {
        return Err(std::io::Error::other("it changed while it was read"));
    }
    Ok(bytes)
}

/// Opens a regular file of any length.
///
/// # Errors
/// That it cannot be opened, or is no such file.
pub fn open_file(path: &Path) -> std::io::Result<std::fs::File> {
    // Asked before it is opened: the opening of a pipe waits for a writer.
    regular(&std::fs::metadata(path)?)?;
    let file = std::fs::File::open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(file: &std::fs::Metadata) -> std::io::Result<()> {
    match file.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(ErrorKind::IsADirectory.into()),
        _ => Err(std::io::Error::other("it is a pipe or a device, not a file (`-` reads standard input)")),
    }
}

fn too_long() -> std::io::Error {
    std::io::Error::other("it is longer than 256 MiB")
}

/// Reads what ends within 256 MiB.
///
/// # Errors
/// That it cannot be read, or does not end.
pub fn read_all(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST { Err(too_long()) } else { Ok(bytes) }
}

fn read(input: &mut Input<'_>, source: &Source, overrides: &[String]) -> Option<Model> {
    let mut root = build::tree(input, source, overrides)?;
    change::apply(input, source, &mut root, overrides)
}
