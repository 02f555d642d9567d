//! A catalogue of items that are requested, and how often each is.

use crate::model::fields::{Tagged, Variant};
use crate::model::language::*;
use crate::streams::Popularity;

/// The most entries of a catalogue.
pub(in crate::model) const MAX_KEYS: i128 = 1_000_000;

const COUNT: Field = required("count", Whole(1, MAX_KEYS), "How many there are.").changes(Fixed(LAID_OUT));

pub(in crate::model) static CATALOGUE: Tagged = Tagged {
    title: "a catalogue",
    tag: "law",
    changes: Some(Fixed(LAID_OUT)),
    common: &[],
    variants: &[
        Variant { name: "same", doc: "there is only one", fields: &[] },
        Variant { name: "uniform", doc: "all alike", fields: &[COUNT] },
        Variant {
            name: "zipf",
            doc: "the one of rank k in proportion to 1 over k to the power of `s`",
            fields: &[COUNT, default("s", Number(0.0, 10.0), "1", "How steep it is; 0: all alike.")],
        },
        Variant {
            name: "weights",
            doc: "as given",
            fields: &[required("weights", List(&Number(0.0, 1e9), None), "A weight for each.").example("[5, 3, 1]")],
        },
    ],
};

/// A catalogue of items that are requested, and how often each is.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// How many there are; at least 1.
    pub count: u32,
    /// How often each is asked for, relative to the others.
    pub popularity: Popularity,
}

/// The catalogue under a key.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, key: &str) -> Option<Catalogue> {
    let (law, table) = Cursor::tagged(cursor.get(key)?, &CATALOGUE, cursor.key(key))?;
    let count = || table.count("count");
    Some(match law {
        "same" => Catalogue { count: 1, popularity: Popularity::Uniform },
        "uniform" => Catalogue { count: count()?, popularity: Popularity::Uniform },
        "zipf" => Catalogue { count: count()?, popularity: Popularity::Zipf(table.number("s").unwrap_or(1.0)) },
        _ => {
            let weights: Vec<f64> = table.items("weights").iter().filter_map(number).collect();
            if weights.iter().sum::<f64>() <= 0.0 {
                let complaint =
                    Complaint::new("no weight is greater than 0").allowed("at least one weight greater than 0");
                input.problems.report_once(table.at("weights"), &table.key("weights"), complaint);
                return None;
            }
            Catalogue { count: weights.len() as u32, popularity: Popularity::Weights(weights) }
        }
    })
}

/// What may change while a model runs.
pub(in crate::model) fn keep(keys: &mut Catalogue, of: &Catalogue) {
    if keys.count == of.count {
        keys.popularity.clone_from(&of.popularity);
    }
}
