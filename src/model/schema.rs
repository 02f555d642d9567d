//! The JSON Schema of the language, made from the declarations of its keys, for editors.
//!
//! It says what one value may be. What a value means for another (a name that is defined, one unit for a rate)
//! is checked only when a model is read.

use super::fields::{Field, Kind, Need, Section, Tagged};
use super::problems::Collector;
use super::root::MODEL;
use super::tree::{self, Node};
use serde_json::{Map, Value, json};

/// The schema of a model file, draft 2020-12.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    // Required keys are not required here: the base of a file may have them.
    let mut root = object(&[MODEL.fields], &mut definitions);
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".into(), json!("capsim model"));
    root.insert("$defs".into(), Value::Object(definitions));
    Value::Object(root)
}

fn object(fields: &[&[Field]], definitions: &mut Map<String, Value>) -> Map<String, Value> {
    let mut properties = Map::new();
    for field in fields.iter().copied().flatten() {
        let mut value = of(&field.kind, definitions);
        if let Some(value) = value.as_object_mut() {
            let meaning = match field.need {
                Need::Required => field.doc.to_string(),
                Need::Default(text) => format!("{} Default: {text:?}.", field.doc),
                Need::Optional(absent) => format!("{} If absent: {absent}.", field.doc),
            };
            let note = if field.note.is_empty() { String::new() } else { format!("\n\n{}", field.note) };
            value.insert("description".into(), json!(meaning + &note));
            if let Some(example) = example(field.example) {
                value.insert("examples".into(), json!([example]));
            }
        }
        properties.insert(field.name.into(), value);
    }
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("properties".into(), Value::Object(properties));
    object.insert("additionalProperties".into(), json!(false));
    object
}

/// A value as it is written in TOML.
fn example(text: &str) -> Option<Value> {
    fn json(node: &Node) -> Value {
        match &node.value {
            tree::Value::Text(text) | tree::Value::Date(text) => json!(text),
            tree::Value::Whole(number) => json!(*number as i64),
            tree::Value::Real(number) => json!(number),
            tree::Value::Bool(value) => json!(value),
            tree::Value::List(list) => list.iter().map(json).collect(),
            tree::Value::Table(table) => table.iter().map(|(key, node)| (key.clone(), json(node))).collect(),
        }
    }
    if text.is_empty() {
        return None;
    }
    tree::parse(0, &format!("v = {text}"), &mut Collector::default())?.get("v").map(json)
}

/// A table as a reference, so that a law may contain laws.
fn reference(
    title: &str,
    definitions: &mut Map<String, Value>,
    make: impl FnOnce(&mut Map<String, Value>) -> Value,
) -> Value {
    let name: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-').to_string();
    if !definitions.contains_key(&name) {
        definitions.insert(name.clone(), Value::Null);
        let definition = make(definitions);
        definitions.insert(name.clone(), definition);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn section(section: &Section, definitions: &mut Map<String, Value>) -> Value {
    reference(section.title, definitions, |definitions| {
        let mut object = object(&[section.fields], definitions);
        if !section.about.is_empty() {
            object.insert("description".into(), json!(section.about));
        }
        Value::Object(object)
    })
}

fn tagged(tagged: &Tagged, definitions: &mut Map<String, Value>) -> Value {
    reference(tagged.title, definitions, |definitions| {
        let variants = tagged.variants.iter().map(|variant| {
            let mut object = object(&[variant.fields, tagged.common], definitions);
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                properties.insert(tagged.tag.into(), json!({ "const": variant.name, "description": variant.doc }));
            }
            object.insert("required".into(), json!([tagged.tag]));
            Value::Object(object)
        });
        json!({ "oneOf": variants.collect::<Vec<_>>() })
    })
}

fn of(kind: &Kind, definitions: &mut Map<String, Value>) -> Value {
    let duration = || json!({ "type": "string", "pattern": "[0-9]" });
    match *kind {
        Kind::Text | Kind::Zone => json!({ "type": "string" }),
        Kind::Names => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }] })
        }
        Kind::Name => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Whole(min, max) => json!({ "type": "integer", "minimum": min as f64, "maximum": max as f64 }),
        Kind::WholeOr(min, max, word) => {
            json!({ "anyOf": [{ "type": "integer", "minimum": min as f64, "maximum": max as f64 }, { "const": word }] })
        }
        Kind::Number(min, max) => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Fraction => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Kind::Duration | Kind::Length => duration(),
        Kind::LengthOr(words) => json!({ "anyOf": [{ "enum": words }, duration()] }),
        Kind::Size => json!({ "type": "string", "pattern": "B$" }),
        Kind::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T" }),
        Kind::OneOf(words) => json!({ "enum": words }),
        Kind::Table(of) => section(of, definitions),
        Kind::OneOrMore(of) => {
            let of = section(of, definitions);
            json!({ "anyOf": [of, { "type": "array", "items": of, "minItems": 1 }] })
        }
        Kind::Named(item) => {
            json!({ "type": "object", "additionalProperties": of(item, definitions), "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" } })
        }
        Kind::Metrics(item) => json!({ "type": "object", "additionalProperties": of(item, definitions) }),
        Kind::Paths => json!({ "type": "object", "minProperties": 1 }),
        Kind::List(item, None) => json!({ "type": "array", "items": of(item, definitions) }),
        Kind::List(item, Some(n)) => {
            json!({ "type": "array", "items": of(item, definitions), "minItems": n, "maxItems": n })
        }
        Kind::Quantile => json!({ "type": "array", "minItems": 2, "maxItems": 2 }),
        Kind::Tagged(of) => tagged(of, definitions),
        Kind::Law(of) => json!({ "anyOf": [duration(), tagged(of, definitions)] }),
    }
}
