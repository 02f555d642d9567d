//! Text that others wrote, so that it can be seen and does nothing: no control character, no mark that turns the
//! direction of writing, nothing of no width. Every form of an answer and every message passes through here.

use std::fmt::Write;

/// Whether a character acts on what stands around it, or is not seen at all.
pub fn is_hidden(letter: char) -> bool {
    let code = u32::from(letter);
    letter.is_control()
        // Soft hyphen, grapheme joiner, Arabic and Mongolian marks, fillers that show nothing.
        || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(letter, '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}')
        // No width, marks of direction, separators of lines and paragraphs, invisible operators.
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        // Byte order mark, annotations, tags and selectors of variants beyond the common ones.
        || matches!(letter, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        // What is no character.
        || matches!(letter, '\u{fdd0}'..='\u{fdef}')
        || code & 0xfffe == 0xfffe
}

/// The text in one line: white space is a space, and what is hidden is written as `\u{202e}`.
pub fn inert(text: &str) -> String {
    shown(text, |letter| matches!(letter, '\n' | '\r' | '\t').then_some(' '))
}

/// The same, in as many lines as it has.
pub fn inert_lines(text: &str) -> String {
    let kept = |letter| match letter {
        '\n' => Some('\n'),
        '\t' => Some(' '),
        _ => None,
    };
    shown(&text.replace("\r\n", "\n"), kept)
}

fn shown(text: &str, kept: impl Fn(char) -> Option<char>) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match kept(letter) {
            Some(instead) => out.push(instead),
            None if is_hidden(letter) => drop(write!(out, "\\u{{{:x}}}", u32::from(letter))),
            None => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_hidden_is_written() {
        assert_eq!(inert("a\u{1b}[31mb\u{202e}c\u{200b}d\u{feff}"), "a\\u{1b}[31mb\\u{202e}c\\u{200b}d\\u{feff}");
        assert_eq!(inert("two\nlines\tand\r\nmore"), "two lines and  more");
        assert_eq!(inert_lines("two\nlines\tand\r\nmore\r"), "two\nlines and\nmore\\u{d}");
        assert_eq!(inert("Grüße, שלום, 你好, 🙂, é ≈ – €"), "Grüße, שלום, 你好, 🙂, é ≈ – €");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!inert(&text).chars().any(is_hidden));
            prop_assert!(!inert_lines(&text).chars().any(|letter| letter != '\n' && is_hidden(letter)));
            prop_assert_eq!(inert(&inert(&text)), inert(&text));
        }
    }
}
