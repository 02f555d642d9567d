//! `capsim fit`: the law that measured latencies follow.

use crate::args::{Fit, FitForm, Unit};
use crate::exit::Exit;
use crate::inputs;
use crate::output::Target;
use crate::work::{deliver, fail, io};
use capsim::experiment;
use capsim::model::{Reading, measurements_from, reason};
use capsim::records::{Asked, Role};
use capsim::report::{Form, Report};
use std::io::Read;
use std::path::Path;

pub fn fit(args: &Fit) -> Exit {
    try_fit(args).unwrap_or_else(|exit| exit)
}

fn try_fit(args: &Fit) -> Result<Exit, Exit> {
    let (name, from) = open(&args.file)?;
    let format = match args.format {
        FitForm::Text => Form::Text,
        FitForm::Json => Form::Json,
        FitForm::Toml => Form::Toml,
        FitForm::Markdown => Form::Markdown,
    };
    let out = Target::out(args.out.as_deref(), format, &[Form::Text, Form::Json, Form::Toml, Form::Markdown])?;
    let data = measurements_from(&name, from, &reading(args)).map_err(super::refused)?;
    let found = experiment::fit_file(data).map_err(|why| fail(&format!("{name}: {why}"), Exit::Invalid))?;
    Ok(deliver(Report::Fit(&name, &found), format, out))
}

fn reading(args: &Fit) -> Reading {
    let unit = args.unit.map(|unit| match unit {
        Unit::S => 1.0,
        Unit::Ms => 1e-3,
        Unit::Us => 1e-6,
        Unit::Ns => 1e-9,
    });
    let named = args.column.iter().map(|name| (Role::Latency, name.clone()));
    let columns = named.chain(args.columns.iter().flatten().cloned()).collect();
    let asked = Asked { columns, unit, chosen: args.chosen.clone(), broken: args.broken, ..Asked::latencies() };
    Reading { asked, timeout: args.timeout, by: args.by.clone() }
}

/// The name of a file, and its bytes as they are read: a log may be longer than the memory.
fn open(file: &Path) -> Result<(String, Box<dyn Read>), Exit> {
    if file == Path::new("-") {
        return Ok(("<stdin>".into(), Box::new(std::io::stdin().lock())));
    }
    let name = file.display().to_string();
    match inputs::open(file) {
        Ok(open) => Ok((name, Box::new(open))),
        Err(error) => Err(io(format!("cannot read {name}: {}", reason(&error)))),
    }
}
