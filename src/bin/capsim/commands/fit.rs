//! `capsim fit`: the law that measured latencies follow.

use crate::args::{Fit, FitForm, Unit};
use crate::exit::Exit;
use crate::inputs;
use crate::output::Target;
use crate::work::{deliver, fail, io};
use capsim::experiment;
use capsim::model::{Reading, Source, measurements, read_all, reason};
use capsim::report::{Form, Report};
use std::path::{Path, PathBuf};

pub fn fit(args: &Fit) -> Exit {
    try_fit(args).unwrap_or_else(|exit| exit)
}

fn try_fit(args: &Fit) -> Result<Exit, Exit> {
    let source = source(&args.file)?;
    let format = match args.format {
        FitForm::Text => Form::Text,
        FitForm::Json => Form::Json,
        FitForm::Toml => Form::Toml,
        FitForm::Markdown => Form::Markdown,
    };
    let out = Target::out(args.out.as_deref(), format, &[Form::Text, Form::Json, Form::Toml, Form::Markdown])?;
    let unit = args.unit.map(|unit| match unit {
        Unit::S => 1.0,
        Unit::Ms => 1e-3,
        Unit::Us => 1e-6,
        Unit::Ns => 1e-9,
    });
    let reading = Reading { column: args.column.clone(), unit, timeout: args.timeout };
    let data = measurements(&source, &reading).map_err(super::refused)?;
    let name = &source.name;
    let found = experiment::fit(data).map_err(|why| fail(&format!("{name}: {why}"), Exit::Invalid))?;
    Ok(deliver(Report::Fit(name, &found), format, out))
}

fn source(file: &Path) -> Result<Source, Exit> {
    if file == Path::new("-") {
        let bytes =
            read_all(std::io::stdin().lock()).map_err(|error| io(format!("cannot read standard input: {error}")))?;
        return Ok(Source { name: "<stdin>".into(), bytes, directory: PathBuf::new() });
    }
    let name = file.display().to_string();
    let bytes = inputs::read(file).map_err(|error| io(format!("cannot read {name}: {}", reason(&error))))?;
    Ok(Source { name, bytes, directory: PathBuf::new() })
}
