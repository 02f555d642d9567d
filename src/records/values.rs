//! JSON values one after another, or in an array, from a stream: each is handed on when it is whole.

use super::wrong::Wrong;
use std::io::BufRead;

/// The longest value, in bytes: it is held in memory whole.
pub(super) const LONGEST: usize = 256 << 20;

/// What to do with a value: the line on which it begins, and its bytes.
pub(super) type Each<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), Wrong>;

/// Where the scanner is.
#[derive(Default)]
struct Scanner {
    line: u64,
    /// Brackets open in the value, and in a string of it whether the last letter was a backslash.
    depth: u32,
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
        let is_between = self.depth == 0 && (byte.is_ascii_whitespace() || byte == b',');
        if is_between || self.depth == 0 && byte == b']' && self.in_array {
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
        self.value.push(byte);
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.checked_sub(1).ok_or_else(|| {
                    Wrong::new("not valid JSON: a bracket is closed that was not opened").at(self.line)
                })?;
                if self.depth == 0 {
                    self.hand_on(each)?;
                }
            }
            _ => {}
        }
        if self.value.len() > LONGEST { Err(too_long(self.began)) } else { Ok(()) }
    }

    fn hand_on(&mut self, each: Each<'_>) -> Result<(), Wrong> {
        if !self.value.is_empty() {
            each(self.began, &self.value)?;
            self.value.clear();
        }
        Ok(())
    }

    fn end(mut self, each: Each<'_>) -> Result<(), Wrong> {
        if self.depth == 0 && !self.in_string {
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
