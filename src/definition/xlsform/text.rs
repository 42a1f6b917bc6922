//! What XLSForm does to the text of cells.

use std::borrow::Cow;

/// Text with straight quotes; where spaces are put in order, with one between words.
pub(super) fn clean(text: &str, spaces: bool) -> Cow<'_, str> {
    let straight = |character: char| match character {
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        other => other,
    };
    let text = text.trim();
    // Those quotes begin with these two bytes.
    let may_change = |pair: &[u8]| pair == b"\xe2\x80" || pair == b"  ";
    if !text.as_bytes().windows(2).any(may_change) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars().map(straight) {
        if !(spaces && character == ' ' && cleaned.ends_with(' ')) {
            cleaned.push(character);
        }
    }
    Cow::Owned(cleaned)
}

/// A yes or no, in the spellings that pyxform takes.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "true()" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "false()" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_straightened_and_spaces_put_in_order() {
        assert_eq!(clean(" ‘a’  “b” ", true), "'a' \"b\"");
        assert_eq!(clean("a  b", false), "a  b");
    }
}
