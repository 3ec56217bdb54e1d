//! What is in no output, whatever bytes an input has.

/// Whether a terminal or an editor would obey a character, hide it or reorder others: Cc but the
/// newline, Cf, Zl and Zp. The library's own table is compared with another elsewhere; these are the
/// characters whose names everybody knows.
pub fn is_hostile(c: char) -> bool {
    let format = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{e0001}'..='\u{e007f}');
    format || (c.is_control() && c != '\n')
}

/// Whether one line can be printed.
#[allow(dead_code)] // The tests of the library take the other one alone.
pub fn is_clean_line(line: &str) -> bool {
    !line.contains(is_hostile) && !line.contains('\n')
}
