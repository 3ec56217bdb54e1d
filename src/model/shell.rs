//! Names as words of a shell.

use std::fmt;

use crate::snapshot::Name;

/// A name as one word of a command for sh(1). It may have any bytes.
///
/// `ip -batch` reads it as well if all bytes are printable ASCII.
pub(crate) struct Word(pub Name);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.as_bytes();
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-.:@%+=,/".contains(b);
        if bytes.iter().all(plain) {
            return write!(f, "{}", self.0);
        }
        if bytes
            .iter()
            .all(|b| matches!(b, b' '..=b'~') && !b"'\\".contains(b))
        {
            return write!(f, "'{}'", self.0);
        }
        f.write_str("\"$(printf '")?;
        for byte in bytes {
            if plain(byte) && *byte != b'%' {
                write!(f, "{}", char::from(*byte))?;
            } else {
                write!(f, "\\{byte:03o}")?;
            }
        }
        f.write_str("')\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word() {
        let word = |bytes: &[u8]| Name::from_bytes(bytes).map(|name| Word(name).to_string());
        assert_eq!(word(b"eth0:vip").as_deref(), Ok("eth0:vip"));
        assert_eq!(word(b"a b;$x").as_deref(), Ok("'a b;$x'"));
        assert_eq!(
            word(b"it's\x1b\\\xff%").as_deref(),
            Ok(r#""$(printf 'it\047s\033\134\377\045')""#)
        );
    }
}
