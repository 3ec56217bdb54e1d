//! Escapes foreign text, so that it can be printed safely.

use std::fmt::Write;

use super::name::NameProblem;

/// Whether a terminal or an editor would obey a character, hide it or reorder its neighbours:
/// Unicode's categories Cc (control), Cf (format: the bidirectional controls, zero-width
/// characters, tags), Zl and Zp (line and paragraph separators), as of Unicode 16.
fn is_hidden(c: char) -> bool {
    matches!(
        u32::from(c),
        0..=0x1f
            | 0x7f..=0x9f
            | 0xad
            | 0x600..=0x605
            | 0x61c
            | 0x6dd
            | 0x70f
            | 0x890..=0x891
            | 0x8e2
            | 0x180e
            | 0x200b..=0x200f
            | 0x2028..=0x202e
            | 0x2060..=0x2064
            | 0x2066..=0x206f
            | 0xfeff
            | 0xfff9..=0xfffb
            | 0x110bd
            | 0x110cd
            | 0x13430..=0x1343f
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0001
            | 0xe0020..=0xe007f
    )
}

/// Bytes as text: hidden characters, `\` and whatever is not UTF-8 become `\xNN`.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push(&mut text, chunk.valid(), |c| is_hidden(c) || c == '\\');
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

/// Escapes the hidden characters of a text that has `\xNN` for other bytes already.
pub(crate) fn escape_rest(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push(&mut escaped, text, is_hidden);
    escaped
}

/// The bytes that [`escape`] wrote.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, NameProblem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'\\' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let at = text.len() - rest.len();
        let digit = |d: &u8| char::from(*d).to_digit(16);
        let byte = match tail {
            [b'x', high, low, ..] => digit(high).zip(digit(low)),
            _ => None,
        };
        let (high, low) = byte.ok_or(NameProblem::Escape { at })?;
        bytes.push((high << 4 | low) as u8);
        rest = tail.get(3..).unwrap_or_default();
    }
    Ok(bytes)
}

fn push(to: &mut String, text: &str, is_escaped: impl Fn(char) -> bool) {
    for c in text.chars() {
        if is_escaped(c) {
            push_bytes(to, c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            to.push(c);
        }
    }
}

fn push_bytes(to: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(to, "\\x{byte:02x}");
    }
}

#[cfg(all(test, feature = "proptest"))]
mod tests {
    use proptest::prelude::*;
    use proptest::string::string_regex;

    use super::*;

    #[test]
    fn what_is_hidden_is_what_debug_escapes_and_more_is_not() {
        for c in char::MIN..=char::MAX {
            let shown = format!("{:?}", c.to_string());
            assert!(!is_hidden(c) || !shown.contains(c), "{shown}");
            // Control characters, by the standard library's own table.
            assert!(is_hidden(c) || !c.is_control(), "{shown}");
        }
        for c in "aä\u{a0}漢🦀 \"'%".chars() {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    proptest! {
        /// The categories of another table of Unicode.
        #[test]
        fn whole_categories_are_hidden(text in string_regex(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{64}").unwrap()) {
            for c in text.chars() {
                prop_assert!(is_hidden(c), "{c:?}");
            }
        }

        #[test]
        fn others_are_not(text in string_regex(r"[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]{64}").unwrap()) {
            prop_assert_eq!(escape(text.as_bytes()), text);
        }

        #[test]
        fn what_is_escaped_is_read_back(bytes: Vec<u8>) {
            let text = escape(&bytes);
            prop_assert!(!text.contains(is_hidden));
            prop_assert_eq!(escape_rest(&text), text.as_str());
            prop_assert_eq!(unescape(&text), Ok(bytes));
        }
    }
}
