//! The text of a file: its encoding is told by the file or by a person, and never guessed.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::UnreadableList;

/// The lines that are shown to somebody who is to say what the encoding is.
const SAMPLES: usize = 3;
/// The characters of such a line that are shown.
const SAMPLE_LENGTH: usize = 100;

/// An encoding that a file can't tell by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The one that spreadsheets in Western Europe and America write when they save "CSV".
    Windows1252,
}

impl Encoding {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        "windows-1252"
    }

    /// Reads the word.
    pub fn of_word(word: &str) -> Option<Self> {
        (word == Self::Windows1252.as_str()).then_some(Self::Windows1252)
    }
}

/// The text of `bytes`, without a byte order mark.
///
/// # Errors
/// [`UnreadableList`] for anything that is no text, or text in an encoding that is not known for certain.
pub(super) fn decoded(bytes: &[u8], confirmed: Option<Encoding>) -> Result<Cow<'_, str>, UnreadableList> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(UnreadableList::Workbook); // .xlsx, .ods, .zip; .xls
    }
    for (mark, encoding) in [([0xff, 0xfe], UTF_16LE), ([0xfe, 0xff], UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(&mark) {
            let (text, damaged) = encoding.decode_without_bom_handling(rest);
            return if damaged { Err(UnreadableList::DamagedUtf16) } else { Ok(text) };
        }
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(UnreadableList::NotText);
    }
    match (std::str::from_utf8(bytes), confirmed) {
        (Ok(text), _) => Ok(Cow::Borrowed(text)), // UTF-8 is never another encoding by chance
        (Err(_), Some(Encoding::Windows1252)) => Ok(WINDOWS_1252.decode_without_bom_handling(bytes).0),
        (Err(_), None) => Err(not_utf8(bytes)),
    }
}

fn not_utf8(bytes: &[u8]) -> UnreadableList {
    let lines = bytes.split(|byte| *byte == b'\n').zip(1_u64..);
    let mut foreign = lines.filter(|(line, _)| std::str::from_utf8(line).is_err()).peekable();
    let line = foreign.peek().map_or(1, |(_, line)| *line);
    let shown = |line: &[u8]| {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(line);
        text.trim_end().chars().filter(|c| !c.is_control()).take(SAMPLE_LENGTH).collect()
    };
    UnreadableList::NotUtf8 { line, as_windows_1252: foreign.take(SAMPLES).map(|(line, _)| shown(line)).collect() }
}
