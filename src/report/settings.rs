//! Which value of a setting was in force when, for models whose values change in mid-run.

use crate::experiment::{Answer, Setting};
use serde_json::{Value, json};

/// The columns of the table.
pub(super) const HEADER: [&str; 4] = ["`setting", "value", "from", "in force"];

/// One line for each value: those that were in force, and those that never were, with the reason.
pub(super) fn rows(answer: &Answer) -> Vec<[String; 4]> {
    let row = |setting: &Setting| {
        [setting.path.clone(), setting.value.clone(), setting.source.clone(), in_force(setting, answer)]
    };
    answer.settings.iter().map(row).collect()
}

fn in_force(setting: &Setting, answer: &Answer) -> String {
    let Some(from) = setting.from else {
        return format!("never: not read (declared at {})", setting.declared);
    };
    if from >= answer.horizon {
        return format!("never: it would be from {from}, after the run");
    }
    let mut late = if from > setting.declared { format!(" (declared at {})", setting.declared) } else { String::new() };
    if let Some(everywhere) = setting.everywhere {
        late += &format!(", isolate by isolate until {everywhere}");
    }
    match setting.until.filter(|until| *until < answer.horizon) {
        Some(until) if until == from => "never: replaced at once".into(),
        Some(until) => format!("{from} to {until}{late}"),
        None if from.is_zero() && late.is_empty() => "all the time".into(),
        None => format!("from {from}{late}"),
    }
}

/// The same for programs.
pub(super) fn json(setting: &Setting) -> Value {
    let seconds = |span: crate::units::Span| super::encode::finite(span.secs());
    json!({
        "path": setting.path,
        "value": setting.value,
        "source": setting.source,
        "effective": setting.from.is_some(),
        "declared_s": seconds(setting.declared),
        "from_s": setting.from.map_or(Value::Null, seconds),
        "everywhere_s": setting.everywhere.map_or(Value::Null, seconds),
        "until_s": setting.until.map_or(Value::Null, seconds),
    })
}
