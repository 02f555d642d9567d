use super::*;
use crate::experiment::{Answer, Verdict};
use sample::{answer, empty, hybrid, kv_only};

fn all() -> [(&'static str, Answer); 3] {
    [("kv_only", kv_only()), ("hybrid", hybrid()), ("empty", empty())]
}

#[test]
fn renderings_are_as_they_were() {
    for (name, answer) in all() {
        insta::assert_snapshot!(format!("{name}_text"), Report::of(&answer).text(Screen::PLAIN));
        insta::assert_snapshot!(format!("{name}_json"), Report::of(&answer).json());
        insta::assert_snapshot!(format!("{name}_csv"), Report::of(&answer).csv().unwrap());
        insta::assert_snapshot!(format!("{name}_markdown"), Report::of(&answer).markdown());
    }
    insta::assert_snapshot!("kv_only_html", Report::of(&kv_only()).html());
    let hybrid = hybrid();
    insta::assert_snapshot!(
        "hybrid_explain",
        Report::Arithmetic(&hybrid.model, &hybrid.description, &hybrid.arithmetic).text(Screen::PLAIN)
    );
}

#[test]
fn the_json_is_what_the_shipped_schema_says() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    compiler.add_resource("report.schema.json", schema).expect("a resource");
    let index = compiler.compile("report.schema.json", &mut schemas).expect("the schema is a schema");
    for (name, answer) in all() {
        let report: serde_json::Value = serde_json::from_str(&Report::of(&answer).json()).expect("the report is JSON");
        if let Err(error) = schemas.validate(&report, index) {
            panic!("{name}: {error:#}");
        }
    }
    let mut wrong: serde_json::Value = serde_json::from_str(&Report::of(&hybrid()).json()).expect("the report is JSON");
    wrong["metrics"]["plans.per_day"]["mean"] = "many".into();
    assert!(schemas.validate(&wrong, index).is_err(), "the schema accepts anything");
}

#[test]
fn every_rendering_says_the_same_twice() {
    for (_, answer) in all() {
        assert_eq!(Report::of(&answer).html(), Report::of(&answer).html());
        for plot in plots::Plot::ALL {
            assert_eq!(plot.svg(&answer), plot.svg(&answer));
            assert_eq!(plot.png(&answer), plot.png(&answer));
        }
    }
}

#[test]
fn text_fits_a_hundred_columns_and_has_no_colour_unless_asked() {
    for (name, answer) in all() {
        let plain = Report::of(&answer).text(Screen::PLAIN);
        assert!(!plain.contains('\u{1b}'));
        assert!(plain.lines().all(|line| line.chars().count() <= 100), "{name}:\n{plain}");
        assert!(plain.lines().all(|line| line.trim_end() == line), "{name}");
        assert!(Report::of(&answer).text(Screen { paint: Paint::Colour, width: 100 }).contains("\u{1b}[1m"));
    }
}

#[test]
fn what_was_not_observed_is_never_a_number() {
    let empty = empty();
    assert!(Report::of(&empty).csv().unwrap().ends_with("\r\nplans.per_day,plans/day,,,,,\r\n"));
    let report: serde_json::Value = serde_json::from_str(&Report::of(&empty).json()).expect("JSON");
    assert!(report["metrics"]["plans.per_day"]["mean"].is_null());
    assert_eq!(report["partial"], true);
    assert!(plots::Plot::Retention.svg(&empty).is_none());
}

#[test]
fn text_of_a_model_is_never_markup() {
    let mut answer = hybrid();
    answer.model = "<script>alert(1)</script>".into();
    answer.description = "a | b".into();
    assert!(!Report::of(&answer).html().contains("<script>"));
    assert!(!Report::of(&answer).markdown().contains("<script>"));
    assert!(Report::of(&answer).markdown().contains("a \\| b"));
}

fn kinds(answer: &Answer) -> Vec<String> {
    let value = Advice::of(answer).into_iter().map(|advice| serde_json::to_value(advice).expect("plain data"));
    value.map(|value| value["kind"].as_str().expect("a kind").to_string()).collect()
}

#[test]
fn advice_is_given_where_it_applies_and_only_there() {
    let quiet = [
        ("kv.writes_rejected", "ops", 0.0, 0.0),
        ("logs.error.retrievable.3d", "1", 0.998, 0.001),
        ("plans.failed_fraction", "1", 0.001, 0.0005),
        ("plans.per_day", "plans/day", 99.0, 1.0),
    ];
    assert_eq!(kinds(&answer("hybrid", &quiet)), [""; 0]);
    let kv = kinds(&kv_only());
    for kind in ["quota_runs_out", "key_too_hot", "arithmetic_differs", "records_unreachable"] {
        assert!(kv.iter().any(|found| found == kind), "{kind} is not in {kv:?}");
    }
    let hybrid = kinds(&hybrid());
    for kind in ["error_context_lost", "interval_too_wide", "objective_undecided"] {
        assert!(hybrid.iter().any(|found| found == kind), "{kind} is not in {hybrid:?}");
    }
    assert!(kinds(&empty()).iter().any(|kind| kind == "invocation_too_small"));
    let busy = [&quiet[..], &[("queue.ai.utilisation", "1", 0.97, 0.01)]].concat();
    assert_eq!(kinds(&answer("hybrid", &busy)), ["queue_saturated"]);
}

#[test]
fn more_replications_are_suggested_by_the_width() {
    let wide = answer("hybrid", &[("plans.per_day", "plans/day", 94.0, 18.8)]);
    let found = Advice::of(&wide).into_iter().find_map(|advice| match advice {
        Advice::IntervalTooWide { replications, .. } => Some(replications),
        _ => None,
    });
    // Twice as wide as wanted: four times as many, and a tenth to be safe.
    assert_eq!(found, Some(140));
    assert_eq!(wide.objectives[0].1, Verdict::Undecided);
}
