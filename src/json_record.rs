//! Records that a product lists as JSON, read one by one: what can't be read in one costs no other.

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Why a record can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// It is no object.
    NotAnObject,
    /// The id or name of the user contains half a character: one half of a surrogate pair, as in a text cut in the
    /// middle.
    HalfACharacter,
    /// A number or a depth that no value can have.
    NoValue,
    /// It is longer than any record of a product.
    TooLong,
}

/// The longest record that is read, in bytes. Read, a record may take twenty times as much memory.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

impl Unreadable {
    /// In words.
    pub const fn says(self) -> &'static str {
        match self {
            Self::NotAnObject => "it is no object",
            Self::HalfACharacter => "half a character stands in what names the user, as if a text had been cut there",
            Self::NoValue => "it holds a number or a nesting that can't be read",
            Self::TooLong => "it is longer than any record of the product",
        }
    }
}

/// An unreadable record, without any of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Names the record: the same whenever it is met.
    pub digest: [u8; 32],
    /// Its place, and the number of records.
    pub place: (usize, usize),
    /// Why.
    pub why: Unreadable,
}

impl Unread {
    /// The record `text`, which is at `place`.
    pub fn new(text: &str, place: (usize, usize), why: Unreadable) -> Self {
        Self { digest: Sha256::digest(text.as_bytes()).into(), place, why }
    }
}

/// Reads one record. Halves of surrogate pairs, which JSON can write and no text can hold, become U+FFFD: mostly they
/// are in a display name that was cut, and the needed fields are intact.
///
/// # Errors
/// If it is no object, is too long, or can't be read for another reason.
pub fn read(record: &RawValue) -> Result<Value, Unreadable> {
    let text = record.get();
    if !text.starts_with('{') {
        return Err(Unreadable::NotAnObject);
    }
    if text.len() > MAX_RECORD_BYTES {
        return Err(Unreadable::TooLong);
    }
    serde_json::from_str(text).or_else(|_| {
        let mended = mend(text).ok_or(Unreadable::NoValue)?;
        serde_json::from_str(&mended).map_err(|_| Unreadable::NoValue)
    })
}

/// Whether a text was cut within a character, or may have been.
pub fn is_cut(text: &str) -> bool {
    text.contains('\u{fffd}')
}

/// The same JSON with U+FFFD in place of halves of surrogate pairs; none if there are none.
fn mend(text: &str) -> Option<String> {
    let (mut mended, mut rest, mut found) = (String::with_capacity(text.len()), text, false);
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        mended.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                found = true;
                mended.push_str("\\ufffd");
                rest = escape.get(6..)?;
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        let (escape, behind) = escape.split_at_checked(length)?;
        mended.push_str(escape);
        rest = behind;
    }
    mended.push_str(rest);
    found.then_some(mended)
}

/// The UTF-16 unit of an escape that `text` begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read_text(text: &str) -> Result<Value, Unreadable> {
        read(&RawValue::from_string(text.to_owned()).expect("JSON"))
    }

    #[test]
    fn half_a_character_is_replaced_and_whole_ones_stay() {
        let read = |text: &str| read_text(&format!(r#"{{"a":"{text}"}}"#)).map(|value| value["a"].clone());
        assert_eq!(read(r"\ud83d\ude00"), Ok(json!("\u{1f600}")));
        assert_eq!(read(r"x\ud83d"), Ok(json!("x\u{fffd}")));
        assert_eq!(read(r"\ude00x"), Ok(json!("\u{fffd}x")));
        assert_eq!(read(r"\ud83d\ud83d\ude00"), Ok(json!("\u{fffd}\u{1f600}")));
        assert_eq!(read(r"\ud83d\n\ude00"), Ok(json!("\u{fffd}\n\u{fffd}")));
        assert_eq!(read(r"\\ud83d"), Ok(json!("\\ud83d")), "a backslash, and no escape");
        assert_eq!(read(r"\\\ud83d"), Ok(json!("\\\u{fffd}")));
        assert_eq!(read(r"\uD83Dä"), Ok(json!("\u{fffd}ä")));
        assert_eq!(read_text(r#"{"\ud83d":1}"#), Ok(json!({ "\u{fffd}": 1 })));
    }

    #[test]
    fn what_can_not_be_read_says_why() {
        for text in ["null", "7", "[]", r#""x""#, "true"] {
            assert_eq!(read_text(text), Err(Unreadable::NotAnObject), "{text}");
        }
        assert_eq!(read_text(r#"{"a":1e999}"#), Err(Unreadable::NoValue));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read_text(&deep), Err(Unreadable::NoValue));
    }

    #[test]
    fn a_record_longer_than_any_is_not_read() {
        let record = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length));
        assert!(read_text(&record(MAX_RECORD_BYTES - 20)).is_ok());
        assert_eq!(read_text(&record(MAX_RECORD_BYTES)), Err(Unreadable::TooLong));
    }

    proptest! {
        #[test]
        fn no_escapes_panic_and_what_is_whole_is_not_changed(text in r#"(\\u[0-9a-fA-F]{4}|\\\\|\\n|[a-zä])*"#) {
            let json = format!(r#"{{"a":"{text}"}}"#);
            prop_assert!(read_text(&json).is_ok());
            if let Ok(whole) = serde_json::from_str::<Value>(&json) {
                prop_assert_eq!(read_text(&json), Ok(whole));
            }
        }
    }
}
