//! What may stand behind `capsim fit`.

use super::span_of;
use capsim::records::Role;
use capsim::units::Span;
use clap::{Args as Group, ValueEnum};
use std::path::PathBuf;

/// Columns by what they are for.
pub type Columns = Vec<(Role, String)>;

#[derive(Debug, Group)]
pub struct Fit {
    /// A log or an export of latencies: CSV, JSON, lines of a web server, load tests, traces; `-` reads standard input
    pub file: PathBuf,
    /// What columns are for, such as latency=took,outcome=state [default: by names and values; the answer says which]
    #[arg(long, value_name = "ROLE=NAME,…", value_parser = columns_of)]
    pub columns: Vec<Columns>,
    /// The column of the latencies: short for --columns latency=NAME
    #[arg(long, value_name = "NAME")]
    pub column: Option<String>,
    /// The unit of a number without one [default: as the name of the column says]
    #[arg(long, value_enum)]
    pub unit: Option<Unit>,
    /// Take only rows in which a column has a value, such as model=gpt-4o
    #[arg(long = "where", value_name = "NAME=VALUE", value_parser = pair_of)]
    pub chosen: Vec<(String, String)>,
    /// Fit a law for each value of a column as well, such as model
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Treat values at or above this as right-censored, such as 12s: known to be longer, not by how much
    #[arg(long, value_name = "DURATION", value_parser = span_of)]
    pub timeout: Option<Span>,
    /// The largest share of rows that may be unreadable
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = share_of)]
    pub broken: f64,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = FitForm::Text)]
    pub format: FitForm,
    /// Write the answer here instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// Seconds
    S,
    /// Milliseconds
    Ms,
    /// Microseconds
    Us,
    /// Nanoseconds
    Ns,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitForm {
    /// For people
    Text,
    /// For programs
    Json,
    /// The lines to paste into a model
    Toml,
    /// For a page of notes
    Markdown,
}

/// `latency=took,outcome=state`; a name may contain commas.
fn columns_of(text: &str) -> Result<Columns, String> {
    let roles = || Role::ALL.map(Role::name).join(", ");
    let mut all: Columns = Vec::new();
    for part in text.split(',') {
        let role = part.split_once('=').and_then(|(role, name)| Some((Role::parse(role.trim())?, name.trim())));
        match (role, all.last_mut()) {
            (Some((_, "")), _) => return Err("a column has no name".into()),
            (Some((role, name)), _) => all.push((role, name.into())),
            (None, Some((_, name))) if !part.contains('=') => *name = format!("{name},{part}"),
            _ => return Err(format!("write ROLE=NAME, for example latency=took; a role is one of {}", roles())),
        }
    }
    Ok(all)
}

fn pair_of(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or("write NAME=VALUE")?;
    Ok((name.trim().into(), value.trim().into()))
}

/// `5%` or `0.05`.
fn share_of(text: &str) -> Result<f64, String> {
    let (number, scale) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |number| (number.trim(), 100.0));
    let share = number.parse::<f64>().ok().map(|x| x / scale).filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "a share from 0 to less than 1, such as 5% or 0.05".into())
}
