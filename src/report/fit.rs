//! The answer of `fit`: which law, how near, and what to paste into a model.

use super::encode::{finite, nullable, pretty};
use super::page::{Page, Part, Table};
use super::reading;
use super::words::{NOTHING, about, agree, things};
use crate::experiment::{Fit, Fitted, FittedLaw, LawSpec, Observed, Parameter, SHOWN, Shape, Slot};
use crate::math::{floor, log10, pow, round};
use crate::units::{Span, count, inert, number, percent};
use serde_json::{Value, json};

/// What the title of a fit asks.
pub(super) const QUESTION: &str = "which law do these latencies follow?";

/// The lines of a model alone, with where they come from.
pub(super) fn toml(name: &str, fitted: &Fitted) -> String {
    let fit = &fitted.fit;
    let cuts = fit.data.cut.counts();
    let cut = cuts.last().map(|(at, _)| format!(", {} more cut off by {}", count(cut(fit)), short(*at)));
    let gap = fit.laws.iter().find(|law| law.law == fit.advised).map(|law| format!("; largest gap {}", about(law.gap)));
    let (cut, gap) = (cut.unwrap_or_default(), gap.unwrap_or_default());
    let mut out = format!("# {} in {}{cut}{gap}\n", source(fit), inert(name));
    out += &format!("latency = {}\n", written(&fit.advised));
    if let [(one, _)] = cuts {
        out += &format!("request_timeout = \"{}\"\n", short(*one));
    }
    if !fit.data.faults.is_empty() {
        // The chance that an answered attempt ends so: what was cut off is none.
        let faults = fit.data.faults.iter().map(|(_, n)| n).sum::<u64>();
        // Percentiles are of all requests, the failed ones too.
        let all = (answers(fit) + if fit.data.grouped.is_some() { 0 } else { faults }).max(1) as f64;
        let chances =
            fit.data.faults.iter().map(|(fault, n)| format!("{} = {}", fault.name(), digits(*n as f64 / all)));
        out += &format!("errors = {{ {} }}\n", chances.collect::<Vec<_>>().join(", "));
    }
    for (group, of) in &fitted.groups {
        if let Ok(of) = of {
            out += &format!("# {}: {}; latency = {}\n", inert(group), source(of), written(&of.advised));
        }
    }
    out
}

/// What a law is from: `80 answers`, `percentiles of 400 requests`.
fn source(fit: &Fit) -> String {
    match &fit.data.grouped {
        None => format!("{} answers", count(answers(fit))),
        Some(grouped) => {
            let what = if grouped.are_bounds { "a histogram" } else { "percentiles" };
            grouped.count.map_or(what.into(), |n| format!("{what} of {} requests", count(n)))
        }
    }
}

/// For programs.
pub(super) fn json(name: &str, fitted: &Fitted) -> String {
    let mut out =
        serde_json::Map::from_iter([("schema_version".to_string(), json!(1)), ("file".to_string(), json!(name))]);
    out.extend(of_one(&fitted.fit));
    out.insert("reading".into(), reading::json(&fitted.account));
    let groups = fitted.groups.iter().map(|(group, of)| {
        let of = of.as_ref().map_or_else(|why| json!({ "refused": why }), |fit| Value::Object(of_one(fit)));
        (group.clone(), of)
    });
    if !fitted.groups.is_empty() {
        out.insert("groups".into(), Value::Object(groups.collect()));
    }
    pretty(&Value::Object(out))
}

fn of_one(fit: &Fit) -> serde_json::Map<String, Value> {
    let shares = SHOWN.map(|p| format!("p{}", round(p * 100.0)));
    let named = |values: [Value; 4]| shares.clone().into_iter().zip(values).collect::<serde_json::Map<_, _>>();
    let law = |law: &FittedLaw| {
        json!({
            "law": kind(&law.law),
            "toml": written(&law.law),
            "aic": finite(law.aic),
            "gap": finite(law.gap),
            "quantiles_s": named(law.quantiles.map(finite)),
        })
    };
    let slot = |slot: &Slot| json!({ "upto_s": finite(slot.upto), "data": finite(slot.data), "law": finite(slot.law) });
    let parameter = |one: &Parameter| json!({ "name": one.name, "value": finite(one.value), "ci95": [finite(one.ci95.0), finite(one.ci95.1)] });
    let observed = fit.observed.map(|observed| match observed {
        None => Value::Null,
        Some((value, ci95)) => json!({
            "value": finite(value),
            "ci95": ci95.map_or(Value::Null, |(low, high)| json!([finite(low), nullable(Some(high))])),
        }),
    });
    let faults = fit.data.faults.iter().map(|(fault, n)| (fault.name().to_string(), Value::from(*n)));
    let all = json!({
        "answers": answers(fit),
        "cut_off": cut(fit),
        "errors": faults.collect::<serde_json::Map<_, _>>(),
        "gap_by_chance": finite(fit.chance),
        "observed_s": named(observed),
        "laws": fit.laws.iter().map(law).collect::<Vec<_>>(),
        "spread": fit.spread.iter().map(slot).collect::<Vec<_>>(),
        "parameters": fit.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "advised": written(&fit.advised),
    });
    match all {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}

fn answers(fit: &Fit) -> u64 {
    fit.data.grouped.as_ref().map_or(fit.data.answered.len(), |grouped| grouped.count.unwrap_or(0))
}

fn cut(fit: &Fit) -> u64 {
    fit.data.cut.len()
}

/// The page of a fit.
pub(super) fn page(name: &str, fitted: &Fitted) -> Page {
    let fit = &fitted.fit;
    let best = fit.laws.first().map_or(0.0, |law| law.aic);
    let of_data = |name: &str, of: fn(&Observed) -> Option<f64>| {
        let mut row = vec![name.to_string(), NOTHING.into(), NOTHING.into()];
        row.extend(fit.observed.iter().map(|one| of(one).map_or(NOTHING.into(), number)));
        row
    };
    let data = [
        of_data("the data", |one| one.map(|(value, _)| value)),
        of_data("  at least (95 %)", |one| one.and_then(|(_, ci95)| Some(ci95?.0))),
        of_data("  at most", |one| one.and_then(|(_, ci95)| Some(ci95?.1))),
    ];
    let rows = fit.laws.iter().map(|law| {
        let mut row = vec![kind(&law.law).to_string(), number(law.aic - best), about(law.gap)];
        row.extend(law.quantiles.map(number));
        row
    });
    let header = ["law", "#AIC beyond best", "#largest gap", "#p50 s", "#p90 s", "#p95 s", "#p99 s"];
    let table = Table::part("Laws", &header, data.into_iter().chain(rows));
    let paste = Part::Lines("To paste under [provider.NAME]".into(), toml(name, fitted));
    let mut parts = vec![table];
    parts.extend(picture(fit));
    parts.extend((!fit.parameters.is_empty()).then(|| parameters(fit)));
    parts.extend((!fitted.groups.is_empty()).then(|| by_group(&fitted.groups)));
    parts.push(paste);
    parts.extend(reading::parts(&fitted.account));
    let found = found(fit) + &reading::lost(&fitted.account);
    Page::new(format!("{name}: {QUESTION}"), says(fit), found, parts)
}

/// The groups side by side: the law of each, and the quantiles of its data.
fn by_group(groups: &[(String, Result<Fit, String>)]) -> Part {
    let header = ["`group", "law", "#answers", "#cut off", "#failed", "#p50 s", "#p90 s", "#p95 s", "#p99 s"];
    let rows = groups.iter().map(|(group, of)| match of {
        Ok(fit) => {
            let failed = fit.data.faults.iter().map(|(_, n)| n).sum();
            let mut row = vec![inert(group), kind(&fit.advised).into()];
            row.extend([answers(fit), cut(fit), failed].map(count));
            row.extend(fit.observed.iter().map(|one| one.map_or(NOTHING.into(), |(value, _)| number(value))));
            row
        }
        Err(why) => {
            let mut row = vec![inert(group), why.split(':').next().unwrap_or_default().into()];
            row.extend(std::iter::repeat_n(NOTHING.to_string(), 7));
            row
        }
    });
    Table::part("By group", &header, rows)
}

/// The answer in sentences.
fn says(fit: &Fit) -> Vec<String> {
    let mut out = Vec::new();
    let Some(best) = fit.laws.first() else { return out };
    let near = format!(
        "it is nowhere further than {} from the data, where chance alone leaves up to {}",
        about(best.gap),
        about(fit.chance)
    );
    let far = format!(
        "but its largest distance from the data is {}, and chance leaves no more than {}",
        about(best.gap),
        about(fit.chance)
    );
    let law = with_article(&best.law);
    if fit.data.grouped.is_some() {
        return of_grouped(fit, best);
    }
    out.push(match (best.gap <= fit.chance, fit.data.cut.is_empty()) {
        _ if matches!(best.law, LawSpec::Constant { .. }) => "Every answer took the same time.".into(),
        (true, _) => format!("{} fits best: {near}.", capital(&law)),
        (false, true) => format!("None fits. The nearest is {law}, {far}: take the quantiles of the data themselves."),
        (false, false) => format!(
            "None fits. The nearest is {law}, {far}. What was cut off says nothing of how long it would have taken, so \
             measure with a longer timeout before you build on it."
        ),
    });
    if cut(fit) > 0 {
        out.push(format!(
            "{} of {} {} as longer than that. What the laws say beyond the cut is what their form \
             implies, not what was seen{}.",
            count(cut(fit)),
            count(cut(fit) + answers(fit)),
            agree(cut(fit) as f64, "was cut off: it counts", "were cut off: they count"),
            apart(fit)
        ));
    }
    if answers(fit) < 100 {
        out.push(format!(
            "{} few: the 95 % interval of each quantile is wide.",
            things(answers(fit) as f64, "answer is", "answers are")
        ));
    }
    out
}

/// How far the laws are apart where nobody has looked, at the last quantile; nothing where they agree.
fn apart(fit: &Fit) -> String {
    match fit.beyond[SHOWN.len() - 1] {
        Some((low, high)) if high > low * 1.05 => {
            format!(": those that may be right put the 99th percentile between {} and {} s", number(low), number(high))
        }
        _ => String::new(),
    }
}

/// The data above the best law, a letter for each slot of durations: the higher, the more fall into it.
fn picture(fit: &Fit) -> Option<Part> {
    const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (first, last) = fit.spread.first().zip(fit.spread.last())?;
    let most = fit.spread.iter().map(|slot| slot.data.max(slot.law)).fold(0.0, f64::max);
    let height = |share: f64| HEIGHTS[round(share / most * 8.0).clamp(0.0, 8.0) as usize];
    let data: String = fit.spread.iter().map(|slot| height(slot.data)).collect();
    let law: String = fit.spread.iter().map(|slot| height(slot.law)).collect();
    let name = fit.laws.first().map_or("", |law| kind(&law.law));
    let title = format!("How often, from {} to {} s in steps of equal ratio", number(first.upto), number(last.upto));
    let width = name.chars().count().max(4);
    Some(Part::Lines(title, format!("{:width$}  {}\n{name:width$}  {}\n", "data", data.trim_end(), law.trim_end())))
}

/// The parameters of the best law and how certain they are.
fn parameters(fit: &Fit) -> Part {
    let rows = fit.parameters.iter().map(|one| {
        let unit = if one.name == "cv" { "" } else { "s" };
        let numbers = [one.value, one.ci95.0, one.ci95.1].map(number);
        [one.name.to_string()].into_iter().chain(numbers).chain([unit.to_string()]).collect()
    });
    let title = fit.laws.first().map_or(String::new(), |law| format!("Parameters of the {} law", kind(&law.law)));
    Table::part(&title, &["parameter", "#value", "#at least (95 %)", "#at most", "unit"], rows)
}

/// The same where only percentiles or a histogram are known.
fn of_grouped(fit: &Fit, best: &FittedLaw) -> Vec<String> {
    let law = with_article(&best.law);
    let known = source(fit);
    let mut out = vec![if fit.advised == best.law {
        let (gap, chance) = (about(best.gap), about(fit.chance));
        format!(
            "{} fits best: it is nowhere further than {gap} from {known}, where chance alone leaves up to {chance}.",
            capital(&law)
        )
    } else {
        let gap = about(best.gap);
        format!(
            "The law is taken from {known} as they are, with straight lines between; the nearest form is {law}, {gap} away at most."
        )
    }];
    if fit.data.grouped.as_ref().is_some_and(|grouped| grouped.are_bounds) {
        out.push(
            "Within a bucket nobody knows where the latencies lie: a quantile is as uncertain as its bucket is wide."
                .into(),
        );
    }
    if !fit.data.faults.is_empty() {
        out.push("Failures are among these latencies, and cannot be told apart: where there are many, measure the answers alone.".into());
    }
    out
}

fn found(fit: &Fit) -> String {
    let faults: Vec<String> =
        fit.data.faults.iter().map(|(fault, n)| format!("{} {}", count(*n), fault.name())).collect();
    let faults = if faults.is_empty() { "no errors".into() } else { faults.join(", ") };
    if fit.data.grouped.is_some() {
        return format!("{}, {faults}.", capital(&source(fit)));
    }
    format!("{}, {} cut off, {faults}.", things(answers(fit) as f64, "answer", "answers"), count(cut(fit)))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn kind(law: &LawSpec) -> &'static str {
    match law {
        LawSpec::Constant { .. } => "constant",
        LawSpec::Exponential { .. } => "exponential",
        LawSpec::Uniform { .. } => "uniform",
        LawSpec::Lognormal(_) => "lognormal",
        LawSpec::Gamma(_) => "gamma",
        LawSpec::Weibull(_) => "weibull",
        LawSpec::Empirical { .. } => "empirical",
        LawSpec::Mixture { .. } => "two lognormals",
    }
}

fn with_article(law: &LawSpec) -> String {
    match law {
        LawSpec::Exponential { .. } => "an exponential law".into(),
        LawSpec::Mixture { parts } => {
            let shares: Vec<String> = parts.iter().map(|(share, _)| percent(*share)).collect();
            format!("a mixture of two lognormal laws ({})", shares.join(" and "))
        }
        other => format!("a {} law", kind(other)),
    }
}

/// A law as a model has it.
fn written(law: &LawSpec) -> String {
    format!("{{ {} }}", keys(law))
}

fn keys(law: &LawSpec) -> String {
    let shape = |name: &str, shape: &Shape| match shape {
        Shape::MeanCv { mean, cv } => format!("dist = \"{name}\", mean = \"{}\", cv = {}", short(*mean), digits(*cv)),
        Shape::Quantiles { low, high } => {
            let key = |p: f64| if p == 0.5 { "median".into() } else { format!("p{}", round(p * 100.0)) };
            let one = |(p, value): &(f64, Span)| format!("{} = \"{}\"", key(*p), short(*value));
            format!("dist = \"{name}\", {}, {}", one(low), one(high))
        }
    };
    match law {
        LawSpec::Constant { value } => format!("dist = \"constant\", value = \"{}\"", short(*value)),
        LawSpec::Exponential { mean } => format!("dist = \"exponential\", mean = \"{}\"", short(*mean)),
        LawSpec::Uniform { min, max } => {
            format!("dist = \"uniform\", min = \"{}\", max = \"{}\"", short(*min), short(*max))
        }
        LawSpec::Lognormal(of) => shape("lognormal", of),
        LawSpec::Gamma(of) => shape("gamma", of),
        LawSpec::Weibull(of) => shape("weibull", of),
        LawSpec::Empirical { quantiles } => {
            let all: Vec<String> =
                quantiles.iter().map(|(p, value)| format!("[{}, \"{}\"]", digits(*p), short(*value))).collect();
            format!("dist = \"empirical\", quantiles = [{}]", all.join(", "))
        }
        LawSpec::Mixture { parts } => {
            let all: Vec<String> = parts
                .iter()
                .map(|(weight, law)| format!("{{ weight = {}, {} }}", digits(*weight), keys(law)))
                .collect();
            format!("dist = \"mixture\", parts = [{}]", all.join(", "))
        }
    }
}

/// A number to four digits, as TOML has it.
fn digits(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let unit = pow(10.0, floor(log10(x.abs())) - 3.0);
    let places = (3.0 - floor(log10(x.abs()))).clamp(0.0, 12.0) as usize;
    let text = format!("{:.places$}", round(x / unit) * unit);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// A duration to four digits, in the unit that people use.
fn short(span: Span) -> String {
    let seconds = span.secs();
    let (unit, factor) = match seconds {
        s if s >= 1.0 => ("s", 1.0),
        s if s >= 1e-3 => ("ms", 1e3),
        s if s >= 1e-6 => ("us", 1e6),
        _ => ("ns", 1e9),
    };
    format!("{}{unit}", digits(seconds * factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fit;
    use crate::model::{Measurements, Source, load};

    #[test]
    fn what_is_to_be_pasted_is_a_model_with_that_law() {
        let data = |from: &dyn Fn(usize) -> f64| Measurements {
            answered: (0..200).map(|i| Span::from_secs_f64(from(i)).unwrap()).collect(),
            cut: [Span::parse("12s").unwrap(); 3].into_iter().collect(),
            faults: vec![(crate::policy::Fault::ServerError, 2)],
            grouped: None,
        };
        let uneven = data(&|i| if i % 10 == 0 { 0.1 + 0.0001 * i as f64 } else { 3.0 + 0.01 * i as f64 });
        let mut even = data(&|i| 1.0 + 0.05 * (i % 150) as f64);
        even.cut = Default::default();
        let same = Measurements { cut: Default::default(), ..data(&|_| 0.25) };
        for data in [uneven, even, same, data(&|i| 0.2 + 0.01 * i as f64)] {
            let found = fit(data).unwrap();
            let fitted = Fitted { account: Default::default(), fit: found.clone(), groups: Vec::new() };
            let toml = toml("a\nb.csv", &fitted);
            let model = format!(
                "[traffic.u]\narrivals = {{ process = \"poisson\", per_day = 1 }}\n[workflow.w]\n\
                 steps = [{{ name = \"s\" }}]\n[provider.p]\n{toml}"
            );
            let source = Source { name: "m".into(), bytes: model.clone().into_bytes(), directory: "".into() };
            let loaded = load(source, &[], &|_| Err(std::io::ErrorKind::NotFound.into()));
            let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}\n{model}"));
            let (law, exact) = (loaded.providers[0].latency.formulas().unwrap(), found.advised.formulas().unwrap());
            for p in SHOWN {
                // Four digits are written.
                assert!((law.quantile(p) / exact.quantile(p) - 1.0).abs() < 5e-3, "{toml}");
            }
        }
    }

    #[test]
    fn numbers_have_four_digits() {
        for (x, text) in
            [(0.0, "0"), (1.0, "1"), (0.97, "0.97"), (12.3456, "12.35"), (98765.4, "98770"), (0.00012346, "0.0001235")]
        {
            assert_eq!(digits(x), text);
        }
        assert_eq!(short(Span::from_nanos(1_234_567)), "1.235ms");
    }
}
