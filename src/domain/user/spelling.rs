//! Names as people write them: invisible characters, and spellings with the same meaning.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();

/// Whether `c` is invisible: default-ignorable in Unicode, except for characters that select the form of the one
/// before, as in many emoji.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}')
}

fn selects_a_form(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether `c` is a blank of any kind, or invisible.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c) || c == '\u{2800}' // a Braille cell without dots
}

/// `text` in the composed form (NFC), in which most products keep typed text.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { NFC.normalize(text) }
}

/// `text` in the decomposed form (NFD), in which macOS hands out names of files.
pub fn decomposed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { NFD.normalize(text) }
}

/// A key that is equal for names that look alike: without case, without invisible characters, each run of blanks as
/// one.
pub fn looks_like(text: &str) -> String {
    let dash =
        |c: char| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}') { '-' } else { c };
    let seen: String = text.chars().filter(|c| !is_invisible(*c) && !selects_a_form(*c)).collect();
    let plain: String = NFKC.normalize(&seen).chars().map(dash).flat_map(char::to_lowercase).collect();
    plain.split(is_blank).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A form for searching and sorting: without case, diacritics and invisible characters, each run of blanks as one.
/// Letters that are no base with a mark are written as people type them: `ß` as `ss`, `ø` as `o`.
pub fn searchable(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in NFKD.normalize(text).chars().filter(|c| !is_mark(*c) && !is_invisible(*c) && !selects_a_form(*c)) {
        for c in c.to_lowercase().filter(|c| !is_mark(*c)) {
            match c {
                'ß' => plain.push_str("ss"),
                'æ' => plain.push_str("ae"),
                'œ' => plain.push_str("oe"),
                'ø' => plain.push('o'),
                'ł' => plain.push('l'),
                'đ' | 'ð' => plain.push('d'),
                'þ' => plain.push_str("th"),
                'ı' => plain.push('i'),
                c => plain.push(c),
            }
        }
    }
    plain.split(is_blank).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether `c` is a mark on the letter before it, in the scripts that have letters with and without them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_minds_neither_case_nor_diacritics_nor_blanks() {
        for (text, written) in [
            ("José  Müller", "jose muller"),
            ("JOSE\u{301} MU\u{308}LLER", "jose muller"),
            ("Straße", "strasse"),
            ("Bjørn Łukasz", "bjorn lukasz"),
            ("İpek", "ipek"),
            ("ＡＢＣ\u{200b}d", "abcd"),
            ("  ", ""),
            ("Ελένη", "ελενη"),
            ("a\nb\tc", "a b c"),
        ] {
            assert_eq!(searchable(text), written, "{text}");
        }
    }

    #[test]
    fn names_that_look_alike_are_found_to_be() {
        for (one, other) in [
            ("break-glass", "Break\u{2011}Glass "),
            ("break glass", "break\u{a0}glass"),
            ("break glass", "break  glass"),
            ("break-glass", "break\u{200b}-glass"),
            ("Équipe", "e\u{301}quipe"),
            ("break-glass", "ｂｒｅａｋ－ｇｌａｓｓ"),
            ("break-glass", "break\u{2013}glass"),
        ] {
            assert_eq!(looks_like(one), looks_like(other), "{one}, {other}");
        }
        assert_ne!(looks_like("break-glass"), looks_like("breakglass"));
    }

    #[test]
    fn forms_of_unicode_are_turned_into_one_another() {
        assert_eq!(composed("e\u{301}"), "é");
        assert_eq!(decomposed("é"), "e\u{301}");
    }
}
