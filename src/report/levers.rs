//! The pages of `levers`: the change that moves the metric most in a sentence, the others by their effect in a table,
//! and what changes nothing in a line.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, interval, nullable, pretty};
use super::page::{Page, Part, Table};
use super::words::{self, short, things, value, value_or_dash};
use crate::experiment::{Aim, Better, Effect, Lever, Levers, Objective, Silent, Standing, Verdict};
use crate::units::{count, number, percent};
use serde_json::{Value, json};

/// The JSON Schema of what `levers --format json` prints.
pub const LEVERS_SCHEMA: &str = include_str!("../../docs/levers.schema.json");

/// Levers by their paths, those of one path together: `queue.ai.max_queue=32, 128; retry.openai.max=1`.
fn named<'a>(levers: impl IntoIterator<Item = &'a Lever>) -> String {
    let mut all: Vec<(&str, String)> = Vec::new();
    for lever in levers {
        match all.iter_mut().find(|(path, _)| *path == lever.path) {
            Some((_, text)) => *text += &format!(", {}", lever.to),
            None => all.push((&lever.path, format!("{}={}", lever.path, lever.to))),
        }
    }
    all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; ")
}

/// A value with its unit.
fn measured(x: Option<f64>, unit: &str) -> String {
    format!("{} {}", value_or_dash(x, unit), words::unit(unit)).trim_end().into()
}

fn difference(effect: &Effect, unit: &str) -> String {
    words::difference(effect.difference.mean, effect.interval, unit)
}

/// What it does besides: objectives that it turns, and the bill.
fn besides(effect: &Effect) -> String {
    let turned = effect.turned.iter().map(|(goal, before, after)| {
        format!("{} {} → {}", goal.metric, words::verdict(*before), words::verdict(*after))
    });
    let bill = effect.bill.map(|bill| format!("cost.month {}{} USD", if bill > 0.0 { "+" } else { "" }, number(bill)));
    let is_turned = |metric: &&String| effect.turned.iter().any(|(goal, ..)| goal.metric == **metric);
    let harms = effect.harms.iter().filter(|metric| !is_turned(metric)).map(|metric| format!("{metric} worse"));
    harms.chain(turned).chain(bill).collect::<Vec<_>>().join("; ")
}

fn standing(effect: &Effect, best: Option<&Effect>) -> String {
    let word = words::standing(effect.standing);
    match best {
        Some(best) if best == effect => "best".into(),
        _ if effect.standing == Standing::Better && effect.does_harm() => "better, with harm".into(),
        _ if effect.tied => "tied".into(),
        _ => word.into(),
    }
}

fn why(found: &Levers) -> String {
    let metric = &found.metric;
    let way = match found.better {
        Some(Better::More) => "more of it is better",
        Some(Better::Less) => "less of it is better",
        None => "neither way of it is better by itself, so the size of a change counts",
    };
    let before = measured(found.before.map(|before| before.mean), found.unit);
    let reason = match found.aim {
        Aim::Named => String::new(),
        Aim::Broken => ": its objective is the first that is broken".into(),
        Aim::Undecided => ": no objective is broken, and its own is the first that is not decided".into(),
        Aim::Usual => ": no objective is broken. --of asks of another metric".into(),
    };
    format!("Asked of {metric}{reason}. As the model is, it is {before}; {way}.")
}

fn work(found: &Levers) -> String {
    let (first, most) = found.replications;
    let refused = |(_, why): &&(Lever, Silent)| !matches!(why, Silent::Refused(_));
    let tried = found.effects.len() + found.silent.iter().filter(refused).count();
    let more = if most > first {
        format!(", each with {}, and with {most} what may be the best or may be no change", words::replications(first))
    } else {
        format!(", each with {}", words::replications(most))
    };
    format!(
        "{} tried one at a time{more}: {} of a budget of {}. Each interval is one of {}, so that \
         all of them hold together (95 %, Bonferroni).",
        things(tried as f64, "change was", "changes were"),
        words::replications(found.runs),
        count(found.budget.into()),
        percent(found.confidence),
    )
}

fn answer(found: &Levers) -> Vec<String> {
    let mut all = Vec::new();
    if found.partial {
        all.push("Interrupted: the results cover the completed replications only.".to_string());
    }
    let is_met = |effect: &Effect| {
        let meets = |(goal, _, after): &(Objective, _, Verdict)| goal.metric == found.metric && *after == Verdict::Met;
        !effect.does_harm() && effect.turned.iter().any(meets)
    };
    if found.aim == Aim::Broken && !found.effects.is_empty() && !found.effects.iter().any(is_met) {
        all.push(format!("No single change tried meets the objective on {} without doing harm.", found.metric));
    }
    match found.best() {
        Some(best) => {
            let (before, after) = (value(best.means.0, found.unit), measured(Some(best.means.1), found.unit));
            let name = named([&best.lever]);
            let was = if best.lever.from.is_empty() { String::new() } else { format!(" (now {})", best.lever.from) };
            let moved = difference(best, found.unit);
            all.push(format!("{name}{was} moves {} most: {before} → {after}, by {moved}.", found.metric));
            let besides = besides(best);
            if !besides.is_empty() {
                all.push(format!("Besides: {besides}."));
            }
            let tied: Vec<&Lever> = found.effects.iter().filter(|e| e.tied).map(|e| &e.lever).collect();
            if !tied.is_empty() {
                all.push(format!("Tied with it, for their intervals overlap with its: {}.", named(tied)));
            }
        }
        None if found.partial && found.effects.is_empty() => all.push("No change has been tried yet.".into()),
        None if found.sure().0.is_empty() => {
            all.push(format!("No change tried had a significant effect on {}.", found.metric))
        }
        None => {
            all.push(format!("No change tried makes {} better for sure without doing harm.", found.metric));
            let harmful = found.effects.iter().find(|effect| effect.standing == Standing::Better);
            all.extend(harmful.map(|effect| {
                let moved = difference(effect, found.unit);
                format!("The largest that does: {}, by {moved}; but {}.", named([&effect.lever]), besides(effect))
            }));
        }
    }
    all.push(why(found));
    all.push(work(found));
    all
}

/// The page of what `levers` found.
pub(super) fn page(found: &Levers) -> Page {
    let best = found.best();
    let (sure, unsure) = found.sure();
    let rows = sure.into_iter().map(|effect| {
        let lever = &effect.lever;
        vec![
            format!(
                "{} {} → {}",
                lever.path,
                if lever.from.is_empty() { words::NOTHING } else { &lever.from },
                lever.to
            ),
            value(effect.means.1, found.unit),
            difference(effect, found.unit),
            standing(effect, best),
        ]
    });
    let header = ["change", "#after", "#difference", "verdict"];
    let besides = found.sure().0.into_iter().filter_map(|effect| {
        let all = besides(effect);
        (!all.is_empty()).then(|| format!("{}: {all}.", named([&effect.lever])))
    });
    let of = |wanted: Standing| {
        let all: Vec<&Lever> = unsure.iter().filter(|e| e.standing == wanted).map(|e| &e.lever).collect();
        (!all.is_empty()).then(|| named(all))
    };
    let unsure = [
        of(Standing::Same).map(|all| format!("The same in every replication: {all}.")),
        of(Standing::CannotTell).map(|all| format!("Too little to tell: {all}.")),
    ];
    Page::new(
        format!("{}: which single change moves {} most?", found.model, found.metric),
        answer(found),
        format!("Seed {}, model {}; all on the same draws.", found.seed, short(&found.digest)),
        vec![
            Table::part("Changes by their effect", &header, rows),
            Part::List("Besides".into(), besides.collect()),
            Part::List("Not distinguishable from no change".into(), unsure.into_iter().flatten().collect()),
            Part::List("Without an effect to show".into(), silent(found)),
        ],
    )
}

/// Why, as a word for programs and a sentence for people.
fn reason(silent: &Silent) -> (&str, String) {
    match silent {
        Silent::Refused(why) => ("refused", format!("The model refuses it ({why})")),
        Silent::NotObserved => ("not_observed", "The metric was not observed".into()),
        Silent::RanAway => ("ran_away", "More traffic than it can carry".into()),
    }
}

fn silent(found: &Levers) -> Vec<String> {
    let is_refused = |why: &Silent| matches!(why, Silent::Refused(_));
    let refused = found.silent.iter().filter(|(_, why)| is_refused(why)).count();
    let refused = (refused > 0).then(|| {
        let changes = things(refused as f64, "change is", "changes are");
        format!("{changes} refused by the model, as others would have to change with them: JSON lists them.")
    });
    let mut reasons: Vec<&Silent> = found.silent.iter().map(|(_, why)| why).filter(|why| !is_refused(why)).collect();
    reasons.sort();
    reasons.dedup();
    let of = |why: &Silent| named(found.silent.iter().filter(|(_, other)| other == why).map(|(lever, _)| lever));
    reasons.into_iter().map(|why| format!("{}: {}.", reason(why).1, of(why))).chain(refused).collect()
}

/// A line for each lever with an effect.
pub(super) fn csv(found: &Levers) -> String {
    let mut out = "path,from,to,metric,unit,before,after,difference,low,high,verdict,tied,replications,cost_month\r\n"
        .to_string();
    for effect in &found.effects {
        let cells = [
            csv_field(&effect.lever.path),
            csv_field(&effect.lever.from),
            csv_field(&effect.lever.to),
            csv_field(&found.metric),
            csv_field(found.unit),
            csv_number(Some(effect.means.0)),
            csv_number(Some(effect.means.1)),
            csv_number(Some(effect.difference.mean)),
            csv_number(effect.interval.map(|(low, _)| low)),
            csv_number(effect.interval.map(|(_, high)| high)),
            words::standing(effect.standing).into(),
            effect.tied.to_string(),
            effect.difference.count.to_string(),
            csv_number(effect.bill),
        ];
        out += &(cells.join(",") + "\r\n");
    }
    out
}

/// For programs.
pub(super) fn json(found: &Levers) -> String {
    let effect = |effect: &Effect| {
        let turned = effect.turned.iter().map(|(goal, before, after)| {
            json!({ "metric": goal.metric, "before": words::verdict(*before), "after": words::verdict(*after) })
        });
        json!({
            "path": effect.lever.path,
            "from": effect.lever.from,
            "to": effect.lever.to,
            "before": nullable(Some(effect.means.0)),
            "after": nullable(Some(effect.means.1)),
            "difference": nullable(Some(effect.difference.mean)),
            "interval": interval(effect.interval),
            "verdict": words::standing(effect.standing).replace(' ', "_"),
            "tied": effect.tied,
            "replications": effect.difference.count,
            "objectives": turned.collect::<Vec<_>>(),
            "harms": effect.harms,
            "cost_month": nullable(effect.bill),
        })
    };
    let silent = |(lever, why): &(Lever, Silent)| json!({ "path": lever.path, "from": lever.from, "to": lever.to, "why": reason(why).0, "says": reason(why).1 });
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": found.model,
        "digest": found.digest,
        "seed": found.seed,
        "metric": found.metric,
        "unit": found.unit,
        "better": match found.better {
            Some(Better::More) => "more".into(),
            Some(Better::Less) => "less".into(),
            None => Value::Null,
        },
        "chosen": match found.aim {
            Aim::Named => "named",
            Aim::Broken => "broken_objective",
            Aim::Undecided => "undecided_objective",
            Aim::Usual => "usual",
        },
        "before": nullable(found.before.map(|before| before.mean)),
        "found": found.best().is_some(),
        "confidence": nullable(Some(found.confidence)),
        "replications_first": found.replications.0,
        "replications_most": found.replications.1,
        "replications": found.runs,
        "budget": found.budget,
        "partial": found.partial,
        "changes": found.effects.iter().map(effect).collect::<Vec<_>>(),
        "without_effect": found.silent.iter().map(silent).collect::<Vec<_>>(),
    }))
}
