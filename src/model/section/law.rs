//! `dist = …`: distributions of durations.

use crate::model::fields::{Tagged, Variant};
use crate::model::foreign;
use crate::model::language::*;
use crate::model::problems::At;
use crate::model::tree::{Node, Value};
use crate::streams::{LawSpec, Shape};
use crate::units::Span;

const MEAN: Field = optional("mean", Length, "given by quantiles", "The mean, with `cv`.");

const CV: Field = optional("cv", Positive, "given by quantiles", "Standard deviation over mean, with `mean`.");

const MEDIAN: Field = optional("median", Length, "another is given", "The 50 % quantile; two quantiles fix the law.");

const P90: Field = optional("p90", Length, "another is given", "The 90 % quantile.");

const P95: Field = optional("p95", Length, "another is given", "The 95 % quantile.");

const P99: Field = optional("p99", Length, "another is given", "The 99 % quantile.");

const SHAPED: &[Field] = &[MEAN, CV, MEDIAN, P90, P95, P99];

pub(in crate::model) static LAW: Tagged =
    Tagged { title: "a distribution", tag: "dist", changes: None, common: &[], variants: &LAWS };

static LAWS: [Variant; 8] = [
    Variant {
        name: "constant",
        doc: "always the same; a bare duration says it shorter",
        fields: &[required("value", Duration, "The value.")],
    },
    Variant { name: "exponential", doc: "memoryless", fields: &[required("mean", Length, "The mean.")] },
    Variant {
        name: "uniform",
        doc: "evenly between two values",
        fields: &[required("min", Duration, "The least."), required("max", Length, "The most.")],
    },
    Variant { name: "lognormal", doc: "by `mean` and `cv`, or by two quantiles", fields: SHAPED },
    Variant { name: "gamma", doc: "by `mean` and `cv`, or by two quantiles", fields: SHAPED },
    Variant { name: "weibull", doc: "by `mean` and `cv`, or by two quantiles", fields: SHAPED },
    Variant {
        name: "empirical",
        doc: "straight lines between measured quantiles",
        fields: &[
            optional(
                "quantiles",
                List(&Quantile, None),
                "`file` is given",
                "Pairs such as `[0.95, \"11s\"]`, ascending; at least two.",
            )
            .example(r#"[[0, "1s"], [0.5, "4s"], [0.95, "11s"], [1, "30s"]]"#),
            optional(
                "file",
                Text,
                "`quantiles` is given",
                "A text file of seconds, one a line, relative to the model.",
            )
            .note("The numbers may be in any order; `#` begins a comment."),
        ],
    },
    Variant {
        name: "mixture",
        doc: "one of several laws, by weight",
        fields: &[required("parts", List(&PART_KIND, None), "The laws, each a table with its `weight`.").example(
            r#"[{ weight = 9, dist = "constant", value = "1s" }, { weight = 1, dist = "exponential", mean = "20s" }]"#,
        )],
    },
];

static PART_KIND: Kind = Tagged(&PART);

static PART: Tagged = Tagged {
    title: "a part of a mixture",
    tag: "dist",
    changes: None,
    common: &[required("weight", Positive, "How often it is chosen, relative to the other parts.")],
    variants: &LAWS,
};

/// The most points that are kept of a measured distribution.
const POINTS: usize = 1_001;

/// The law under a key; nothing where it is absent without a default, or wrong.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, key: &str) -> Option<LawSpec> {
    let Some(node) = cursor.get(key) else {
        return cursor.span(key).map(|value| LawSpec::Constant { value });
    };
    let path = cursor.key(key);
    let law = spec(input, node, &path)?;
    if let Err(error) = law.formulas() {
        input.problems.report_once(node.at, &path, Complaint::new(error.0));
    }
    Some(law)
}

fn spec(input: &mut Input<'_>, node: &Node, path: &str) -> Option<LawSpec> {
    if node.text().is_some() {
        return span(node).ok().map(|value| LawSpec::Constant { value });
    }
    let (dist, cursor) = Cursor::tagged(node, &LAW, path.to_string())?;
    Some(match dist {
        "constant" => LawSpec::Constant { value: cursor.span("value")? },
        "exponential" => LawSpec::Exponential { mean: cursor.span("mean")? },
        "uniform" => LawSpec::Uniform { min: cursor.span("min")?, max: cursor.span("max")? },
        "lognormal" => LawSpec::Lognormal(shape(input, &cursor)?),
        "gamma" => LawSpec::Gamma(shape(input, &cursor)?),
        "weibull" => LawSpec::Weibull(shape(input, &cursor)?),
        "empirical" => LawSpec::Empirical { quantiles: empirical(input, &cursor)? },
        _ => {
            let parts = cursor.items("parts").iter().enumerate();
            let parts = parts.map(|(i, part)| {
                let weight = part.get("weight").filter(|weight| Kind::Positive.check(weight).is_ok());
                Some((number(weight?)?, spec(input, part, &format!("{}.{i}", cursor.key("parts")))?))
            });
            LawSpec::Mixture { parts: parts.collect::<Option<_>>()? }
        }
    })
}

/// `mean` and `cv`, or two quantiles.
fn shape(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Shape> {
    let given: Vec<&str> =
        ["mean", "cv", "median", "p90", "p95", "p99"].into_iter().filter(|key| cursor.get(key).is_some()).collect();
    match given[..] {
        ["mean", "cv"] => Some(Shape::MeanCv { mean: cursor.span("mean")?, cv: cursor.number("cv")? }),
        [low, high] if low != "mean" && low != "cv" => {
            let at = |key: &str| Some((fraction(key), cursor.span(key)?));
            Some(Shape::Quantiles { low: at(low)?, high: at(high)? })
        }
        _ => {
            let found = if given.is_empty() { "neither".into() } else { given.join(", ") };
            let complaint = Complaint::new("this law needs exactly two parameters")
                .found(found)
                .allowed("`mean` and `cv`, or two of `median`, `p90`, `p95`, `p99`");
            input.problems.report_once(cursor.node.at, &cursor.path, complaint);
            None
        }
    }
}

fn fraction(key: &str) -> f64 {
    match key {
        "median" => 0.5,
        "p90" => 0.9,
        "p95" => 0.95,
        _ => 0.99,
    }
}

fn empirical(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Vec<(f64, Span)>> {
    match (cursor.get("quantiles"), cursor.get("file")) {
        (Some(_), None) => {
            let pair = |item: &Node| match &item.value {
                Value::List(pair) if pair.len() == 2 => Some((number(&pair[0])?, span(&pair[1]).ok()?)),
                _ => None,
            };
            cursor.items("quantiles").iter().map(pair).collect()
        }
        (None, Some(file)) => {
            let values = measured(input, file, &cursor.key("file"))?;
            let last = values.len() - 1;
            let steps = last.min(POINTS - 1);
            Some((0..=steps).map(|i| (i as f64 / steps as f64, values[i * last / steps])).collect())
        }
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            let complaint = Complaint::new("an empirical law needs exactly one source").found(found);
            input.problems.report_once(cursor.node.at, &cursor.path, complaint.allowed("`quantiles` or `file`"));
            None
        }
    }
}

/// The durations in a file of seconds, sorted; at least two.
fn measured(input: &mut Input<'_>, file: &Node, key: &str) -> Option<Vec<Span>> {
    file.text()?;
    let (source, text) = input.data(file, key)?;
    if let Some(complaint) = foreign::complaint(&text, "an empirical law is one number of seconds per line", &[]) {
        let complaint = complaint.cure("`capsim fit FILE` reads other forms, and writes the law to paste");
        input.problems.report(At::whole(source), key, complaint);
        return None;
    }
    let mut values = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let word = line.trim();
        if !word.is_empty() && !word.starts_with('#') {
            match word.parse::<f64>().map(Span::from_secs_f64) {
                Ok(Ok(value)) => {
                    input.problems.vouch(source);
                    values.push(value);
                }
                _ => {
                    let at = At { source, start: start as u32, end: (start + line.trim_end().len()) as u32 };
                    let complaint =
                        Complaint::new("not a number of seconds").allowed("one number per line, such as 4.25");
                    input.problems.report(at, key, complaint);
                    return None;
                }
            }
        }
        start += line.len();
    }
    if values.len() < 2 {
        let complaint = Complaint::new("too few values").found(values.len().to_string()).allowed("at least 2");
        input.problems.report(file.at, key, complaint);
        return None;
    }
    values.sort_unstable();
    Some(values)
}
