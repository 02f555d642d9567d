//! Stand-in until the language lands.
use super::Model;
use std::path::Path;

/// Problems.
#[derive(Debug)]
pub struct Problems {
    text: String,
    unreadable: bool,
}
impl Problems {
    /// Text.
    pub fn render(&self, _colour: bool) -> String {
        self.text.clone()
    }
    /// Whether the file could not be read at all.
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }
}
/// A text to load.
pub struct Source {
    /// Name.
    pub name: String,
    /// Bytes.
    pub bytes: Vec<u8>,
    /// Directory.
    pub directory: std::path::PathBuf,
}
/// Reads a file.
///
/// # Errors
/// A file that cannot be read.
pub fn load_file(path: &Path, overrides: &[String]) -> Result<Model, Problems> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => load(Source { name, bytes, directory: Default::default() }, overrides, &|p| std::fs::read(p)),
        Err(error) => Err(Problems { text: format!("{}: {error}", path.display()), unreadable: true }),
    }
}
/// A preset.
pub struct Preset {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Values.
    pub values: Vec<PresetValue>,
}
/// A value.
pub struct PresetValue {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
    /// Unit.
    pub unit: String,
    /// Source.
    pub source: String,
    /// Date.
    pub date: String,
}
/// Presets.
pub fn presets() -> Vec<Preset> {
    let value = |key: &str, value: &str, unit: &str| PresetValue {
        key: key.into(),
        value: value.into(),
        unit: unit.into(),
        source: "https://developers.cloudflare.com/kv/platform/limits/".into(),
        date: "2026-02-01".into(),
    };
    let values = vec![value("store.kv.quota.writes", "1,000", "a day"), value("store.kv.key_spacing", "1s", "")];
    vec![Preset { name: "cloudflare-free".into(), description: "Workers Free".into(), values }]
}
/// Schema.
pub fn schema() -> serde_json::Value {
    serde_json::json!({})
}
/// The name of the strategy on the first line.
///
/// # Errors
/// A line that says `bad`.
pub fn load(
    source: Source,
    overrides: &[String],
    _files: &dyn Fn(&Path) -> std::io::Result<Vec<u8>>,
) -> Result<Model, Problems> {
    let text = String::from_utf8_lossy(&source.bytes);
    let name = text.lines().next().unwrap_or("hybrid").trim();
    if name == "bad" {
        return Err(Problems { text: format!("{}: bad", source.name), unreadable: false });
    }
    let mut model = crate::experiment::sample::model(name.trim_end_matches("-slow"));
    model.name = name.into();
    model.overrides = overrides.to_vec();
    for set in overrides {
        match set.split_once('=') {
            Some(("run.replications", n)) => model.run.replications = n.parse().unwrap_or(1),
            Some(("run.seed", n)) => model.run.seed = n.parse().unwrap_or(1),
            _ => {}
        }
    }
    Ok(model)
}
