//! Several providers behind one step: keys, deployments or vendors, of which each attempt asks one; and the chain of those
//! that are asked when it has failed.

use crate::model::language::*;
use crate::model::section::provider::Provider;
use crate::model::tree::Value;
use crate::units::{Id, Span};

/// Several providers, of which each attempt asks one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// `provider`: two or more, all different.
    pub providers: Vec<Id<Provider>>,
    /// `pick`: how one is chosen.
    pub pick: Pick,
    /// `weights`: how likely each is picked at random; equal where the model does not say it. One for each provider.
    pub weights: Vec<f64>,
    /// `cool_down`: who has failed is not asked for a while.
    pub cool_down: Option<CoolDown>,
}

/// How an attempt chooses among several providers. What it goes by is in the memory of its isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One after the other.
    Turn,
    /// By their weights.
    Random,
    /// The one with the fewest attempts under way.
    LeastBusy,
    /// The one with the largest share of its limits left; this is known exactly, whoever used the rest.
    MostLeft,
}

words!(Pick: "turn" => Turn, "random" => Random, "least_busy" => LeastBusy, "most_left" => MostLeft);

/// `cool_down`: who has failed so often in a row is not asked for so long, unless all the others are not either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoolDown {
    /// `failures`, at least 1.
    pub failures: u32,
    /// `for`
    pub lasts: Span,
}

pub(in crate::model) static COOL_DOWN: Section = Section {
    title: "cool-down of a step",
    fields: &[
        default("failures", Whole(1, 1_000_000), "1", "Failed attempts in a row, whatever their fault."),
        default(
            "for",
            Length,
            "60s",
            "How long it is not asked, unless all others are not either: then the first to come back is.",
        ),
    ],
    ..PLAIN
};

impl Pool {
    /// The share of attempts that each provider gets, by arithmetic: equal shares where they do not pick at random.
    pub fn shares(&self) -> impl Iterator<Item = (Id<Provider>, f64)> {
        let all: f64 = self.weights.iter().sum();
        self.providers.iter().zip(&self.weights).map(move |(id, weight)| (*id, weight / all))
    }
}

/// The providers under a key, all different: one, or a list.
pub(in crate::model) fn providers(
    input: &mut Input<'_>,
    table: &Cursor<'_>,
    key: &str,
    names: &Names,
) -> Vec<Id<Provider>> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let items = match &node.value {
        Value::List(list) => list.iter().collect(),
        _ => vec![node],
    };
    let mut found: Vec<Id<Provider>> = Vec::new();
    for item in items {
        let Some(name) = item.text() else { continue };
        let Some(id) = names.providers.resolve(input, name, item.at, &table.key(key)) else { continue };
        if found.contains(&id) {
            let complaint =
                Complaint::new("named twice").found(format!("{name:?}")).cure("write `weights` to ask it more often");
            input.problems.report_once(item.at, &table.key(key), complaint);
        } else {
            found.push(id);
        }
    }
    found
}

/// Reads how the providers of a step are chosen among; nothing where it has only one.
pub(in crate::model) fn read(input: &mut Input<'_>, table: &Cursor<'_>, providers: &[Id<Provider>]) -> Option<Pool> {
    if providers.len() < 2 {
        for key in ["pick", "weights", "cool_down"].into_iter().filter(|key| table.get(key).is_some()) {
            let complaint = Complaint::new("there is nothing to choose: the step has one provider");
            let cure = "list several, such as provider = [\"key1\", \"key2\"]";
            input.problems.report_once(table.at(key), &table.key(key), complaint.cure(cure));
        }
        return None;
    }
    let pick: Pick = table.one("pick");
    let mut weights: Vec<f64> = table.items("weights").iter().filter_map(number).collect();
    if table.get("weights").is_some() {
        let mut refuse =
            |complaint: Complaint| input.problems.report_once(table.at("weights"), &table.key("weights"), complaint);
        if pick != Pick::Random {
            refuse(Complaint::new("`weights` need `pick = \"random\"`").cure("add `pick = \"random\"`"));
        }
        if weights.len() != providers.len() || weights.iter().sum::<f64>() <= 0.0 {
            let complaint = Complaint::new("each provider needs a weight").found(format!(
                "{} for {} providers",
                weights.len(),
                providers.len()
            ));
            refuse(complaint.allowed("as many weights as providers, not all of them 0"));
            weights.clear();
        }
    }
    weights.resize(providers.len(), if weights.is_empty() { 1.0 } else { 0.0 });
    let cool_down = table.table("cool_down").map(|table| CoolDown {
        failures: table.count("failures").unwrap_or(1),
        lasts: table.span("for").unwrap_or(Span::MINUTE),
    });
    Some(Pool { providers: providers.to_vec(), pick, weights, cool_down })
}
