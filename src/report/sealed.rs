//! Files that a later run relies on, baselines and points of a sweep: JSON that says what it is and which version wrote
//! it, with a checksum over all of it at its end. What is read back is what was written, to the byte, or is refused.

use super::encode::pretty;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The last key of a sealed file.
const CHECKSUM: &str = "checksum";

/// What a file is, by its first key, and in which format.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// What people call it.
    pub name: &'static str,
    /// The first key; its value is the format.
    pub key: &'static str,
    /// The format that this version writes and reads.
    pub format: u32,
}

impl Kind {
    /// The text of a file: `body` under what it is, and the checksum.
    pub fn seal(self, body: Map<String, Value>) -> String {
        let mut all = Map::from_iter([(self.key.to_string(), Value::from(self.format))]);
        all.extend([("capsim_version".to_string(), env!("CARGO_PKG_VERSION").into())]);
        all.extend(body);
        let sum = checksum(&all);
        all.insert(CHECKSUM.into(), sum.into());
        pretty(&all.into())
    }

    /// Reads the text of a file back.
    ///
    /// # Errors
    /// Why it cannot be relied on, a clause about "it".
    pub fn open(self, text: &str) -> Result<Map<String, Value>, String> {
        // A checkout on Windows has other line ends; nothing else may differ.
        let text = text.replace("\r\n", "\n");
        let name = self.name;
        let damaged = || format!("it is damaged, or was changed by hand: this is not what capsim wrote as {name}");
        let Ok(Value::Object(mut all)) = serde_json::from_str(&text) else {
            return Err(match text.trim() {
                "" => "it is empty".into(),
                _ if self.begins(&text) => damaged(),
                _ => format!("it is not {name}"),
            });
        };
        match all.get(self.key) {
            None => return Err(format!("it is not {name}")),
            Some(format) if format.as_u64() == Some(self.format.into()) => {}
            Some(format) => {
                return Err(format!("it has format {format}, and this version of capsim reads format {}", self.format));
            }
        }
        let sum = all.shift_remove(CHECKSUM);
        let whole = sum.is_some_and(|sum| sum == checksum(&all)) && self.seal_again(&all) == text;
        if !whole {
            return Err(damaged());
        }
        let version = all.get("capsim_version").and_then(Value::as_str).unwrap_or_default();
        if version != env!("CARGO_PKG_VERSION") {
            let here = env!("CARGO_PKG_VERSION");
            return Err(format!(
                "capsim {version} wrote it, and this is {here}: another version may have other results"
            ));
        }
        Ok(all)
    }

    /// Whether a text begins as such a file does, whatever follows.
    pub fn begins(self, text: &str) -> bool {
        let rest = text.trim_start().strip_prefix('{').map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(&format!("{:?}", self.key)))
    }

    /// A file's text made anew: a checksum says nothing of spaces, and of a key that stands twice.
    fn seal_again(self, all: &Map<String, Value>) -> String {
        let mut all = all.clone();
        let sum = checksum(&all);
        all.insert(CHECKSUM.into(), sum.into());
        pretty(&all.into())
    }
}

fn checksum(all: &Map<String, Value>) -> String {
    let text = pretty(&Value::from(all.clone()));
    let sum: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{sum}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KIND: Kind = Kind { name: "a test", key: "capsim_test", format: 3 };

    fn sealed() -> String {
        let Value::Object(body) = json!({ "a": "1.5", "b": [null, "x"], "n": 7 }) else { unreachable!() };
        KIND.seal(body)
    }

    #[test]
    fn what_was_sealed_is_read_back() {
        let all = KIND.open(&sealed()).unwrap();
        assert_eq!((all["a"].as_str(), all["n"].as_u64()), (Some("1.5"), Some(7)));
        assert!(KIND.open(&sealed().replace('\n', "\r\n")).is_ok(), "a checkout with other line ends");
    }

    /// Every bit of every byte.
    #[test]
    fn no_flipped_bit_is_believed() {
        let text = sealed();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let flipped = String::from_utf8_lossy(&bytes);
                assert!(KIND.open(&flipped).is_err(), "byte {at}, bit {bit}: {flipped}");
            }
        }
    }

    #[test]
    fn nothing_shorter_or_longer_is_believed() {
        let text = sealed();
        assert!((0..text.len()).all(|end| KIND.open(&text[..end]).is_err()));
        for more in
            [format!("{text} "), format!(" {text}"), text.replace("\"n\": 7", "\"n\": 7.0"), text.replace(": ", ":")]
        {
            assert!(KIND.open(&more).is_err(), "{more}");
        }
        let twice = text.replacen("\"n\": 7,", "\"n\": 8,\n  \"n\": 7,", 1);
        assert!(KIND.open(&twice).is_err(), "a key that stands twice");
    }

    #[test]
    fn each_refusal_says_why() {
        for (text, why) in [
            (String::new(), "it is empty"),
            ("[run]".into(), "it is not a test"),
            ("{}".into(), "it is not a test"),
            (sealed().replace("\"capsim_test\": 3", "\"capsim_test\": 2"), "it has format 2"),
            (sealed()[..40].into(), "it is damaged"),
            (sealed().replace("1.5", "1.6"), "it is damaged"),
        ] {
            let refused = KIND.open(&text).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
        }
    }
}
