//! JSON values one after another, or in an array, from a stream: each is handed on when it is whole. Of a long document of
//! many records a part is handed on as if it were a document of its own, as often as enough of it is there.

use super::wrong::Wrong;
use std::io::BufRead;

/// The longest value, in bytes: it is held in memory whole.
pub(super) const LONGEST: usize = 256 << 20;

/// How long a document grows before its records are handed on.
const PART: usize = 1 << 20;
/// The arrays of records in documents, and those around them.
const LISTS: [&[u8]; 6] = [b"resourceSpans", b"resource_spans", b"scopeSpans", b"scope_spans", b"entries", b"data"];

/// What to do with a value: the line on which it begins, and its bytes.
pub(super) type Each<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), Wrong>;

/// An open bracket.
struct Bracket {
    closes: u8,
    /// Whether it holds records, or what holds them.
    is_list: bool,
    /// Where its contents begin in the value, and where its last element does.
    contents: usize,
    element: usize,
}

/// Where the scanner is.
#[derive(Default)]
struct Scanner {
    line: u64,
    /// The brackets that are open in the value.
    open: Vec<Bracket>,
    /// Whether a string is open, and whether its last letter was a backslash.
    in_string: bool,
    escaped: bool,
    /// The value so far, and its first line.
    value: Vec<u8>,
    began: u64,
    /// Whether the values are in an array, and whether it has ended.
    in_array: bool,
    ended: bool,
}

/// Reads the values.
///
/// # Errors
/// That the data end inside a value or an array, or what `each` says.
pub(super) fn read(from: &mut dyn BufRead, is_array: bool, each: Each<'_>) -> Result<(), Wrong> {
    let mut scanner = Scanner { line: 1, ..Scanner::default() };
    let mut wants_array = is_array;
    loop {
        let chunk = from.fill_buf().map_err(|error| Wrong::of(&error))?;
        if chunk.is_empty() {
            break;
        }
        let length = chunk.len();
        for &byte in chunk {
            if wants_array && byte == b'[' {
                wants_array = false;
                scanner.in_array = true;
            } else {
                scanner.take(byte, each)?;
            }
            scanner.line += u64::from(byte == b'\n');
        }
        from.consume(length);
    }
    scanner.end(each)
}

impl Scanner {
    fn take(&mut self, byte: u8, each: Each<'_>) -> Result<(), Wrong> {
        if self.in_string {
            self.value.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return if self.value.len() > LONGEST { Err(too_long(self.began)) } else { Ok(()) };
        }
        let is_between = self.open.is_empty() && (byte.is_ascii_whitespace() || byte == b',');
        if is_between || self.open.is_empty() && byte == b']' && self.in_array {
            self.hand_on(each)?;
            self.ended |= byte == b']';
            return Ok(());
        }
        if self.value.is_empty() {
            self.began = self.line;
            if self.ended {
                return Err(Wrong::new("there is more after the end of the array").at(self.line));
            }
        }
        if byte == b',' && self.value.len() > PART && self.open.last().is_some_and(|open| open.is_list) {
            return self.hand_on_part(each);
        }
        let list = byte == b'[' && self.opens_a_list();
        self.value.push(byte);
        let at = self.value.len();
        match byte {
            b'"' => self.in_string = true,
            b'{' => self.open.push(Bracket { closes: b'}', is_list: false, contents: at, element: at }),
            b'[' => self.open.push(Bracket { closes: b']', is_list: list, contents: at, element: at }),
            b',' => self.open.iter_mut().last().into_iter().for_each(|open| open.element = at),
            b'}' | b']' => {
                if self.open.pop().is_none_or(|open| open.closes != byte) {
                    let what = "not valid JSON: a bracket is closed that was not opened";
                    return Err(Wrong::new(what).at(self.line));
                }
                if self.open.is_empty() {
                    self.hand_on(each)?;
                }
            }
            _ => {}
        }
        if self.value.len() > LONGEST { Err(too_long(self.began)) } else { Ok(()) }
    }

    /// Whether the array that opens here holds records of a document: by its key, and by what is around it.
    fn opens_a_list(&self) -> bool {
        let before = self.value.trim_ascii_end();
        let Some(key) = before.strip_suffix(b":").map(<[u8]>::trim_ascii_end).and_then(|key| key.strip_suffix(b"\""))
        else {
            return false;
        };
        let begins = key.iter().rposition(|byte| *byte == b'"').map_or(0, |quote| quote + 1);
        let key = &key[begins..];
        match key {
            b"data" => self.open.len() == 1,
            b"entries" => self.open.len() == 2,
            // Within a list of traces; an event that has spans of its own is one record.
            b"spans" => self.open.iter().any(|open| open.is_list),
            key => LISTS.contains(&key),
        }
    }

    /// Hands on the records that are there, each list around them closed, and forgets them.
    fn hand_on_part(&mut self, each: Each<'_>) -> Result<(), Wrong> {
        let mut part = self.value.clone();
        part.extend(self.open.iter().rev().map(|open| open.closes));
        each(self.began, &part)?;
        if let Some(last) = self.open.last_mut() {
            last.element = self.value.len();
        }
        let mut gone = 0;
        for open in &mut self.open {
            open.contents -= gone;
            open.element -= gone;
            if open.is_list {
                self.value.drain(open.contents..open.element);
                gone += open.element - open.contents;
                open.element = open.contents;
            }
        }
        Ok(())
    }

    fn hand_on(&mut self, each: Each<'_>) -> Result<(), Wrong> {
        if !self.value.is_empty() {
            each(self.began, &self.value)?;
            self.value.clear();
        }
        Ok(())
    }

    fn end(mut self, each: Each<'_>) -> Result<(), Wrong> {
        if self.open.is_empty() && !self.in_string {
            self.hand_on(each)?;
        }
        let cure = "fetch the file again: what is missing is not known";
        if !self.value.is_empty() {
            let what =
                "the file ends inside the JSON value that begins on this line: it was cut off, or a bracket is missing";
            return Err(Wrong::new(what).at(self.began).cure(cure).harmless());
        }
        if self.in_array && !self.ended {
            return Err(Wrong::new("the file ends inside its JSON array: it was cut off")
                .at(self.line)
                .cure(cure)
                .harmless());
        }
        Ok(())
    }
}

fn too_long(line: u64) -> Wrong {
    Wrong::new("a JSON value longer than 256 MiB")
        .at(line)
        .cure("write one record a line, for example with jq -c '.[]' FILE")
        .harmless()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn all(text: &str, is_array: bool) -> Result<Vec<Value>, Wrong> {
        let mut found = Vec::new();
        read(&mut text.as_bytes(), is_array, &mut |_, bytes| {
            found.push(serde_json::from_slice(bytes).unwrap());
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn values_are_told_apart() {
        assert_eq!(all("{\"a\": \"}\\\"\"}\n{\"b\": [1, 2]}", false).unwrap().len(), 2);
        assert_eq!(all("[1.5, {\"a\": [3]}, \"x\"]\n", true).unwrap().len(), 3);
        for (text, is_array) in [
            ("{\"a\": [1, 2}", false),
            ("{\"a\": 1", false),
            ("[1, 2", true),
            ("[1] 2", true),
            ("{}}", false),
            ("[{\"a", true),
        ] {
            assert!(all(text, is_array).is_err(), "{text}");
        }
    }

    /// A long document comes in parts that hold every record once, each with what is around it.
    #[test]
    fn a_long_document_comes_in_parts() {
        let pad = "x".repeat(100_000);
        let span = |n: u32| format!("{{\"n\": {n}, \"attributes\": [{{\"key\": \"a, b]\"}}, {{\"pad\": \"{pad}\"}}]}}");
        let scope = |from: u32| {
            format!(
                "{{\"resource\": {{\"r\": {from}}}, \"scopeSpans\": [{{\"spans\": [{}]}}]}}",
                (from..from + 25).map(span).collect::<Vec<_>>().join(", ")
            )
        };
        let text = format!("{{\"resourceSpans\": [{}, {}, {}]}}", scope(0), scope(25), scope(50));
        let parts = all(&text, false).unwrap();
        assert!(parts.len() > 5, "{}", parts.len());
        let mut seen = Vec::new();
        for part in &parts {
            for resource in part["resourceSpans"].as_array().unwrap() {
                for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                    let n = span["n"].as_u64().unwrap();
                    assert_eq!(resource["resource"]["r"], n / 25 * 25, "the resource of each span");
                    assert_eq!(span["attributes"].as_array().unwrap().len(), 2);
                    seen.push(n);
                }
            }
        }
        assert_eq!(seen, (0..75).collect::<Vec<u64>>());
        // A record that has spans of its own is not parted.
        let event = format!("{{\"start\": 1, \"spans\": [{}]}}", (0..25).map(span).collect::<Vec<_>>().join(", "));
        assert_eq!(all(&event, false).unwrap().len(), 1);
    }
}
