//! The lines behind the first one.

use csv::{ReaderBuilder, StringRecord};

use super::{LineFault, LineProblem, ListedAs, ListedRow, MAX_ROWS, UnreadableList, UserList, header::Header};
use crate::{domain::EmailAddress, spreadsheet};

/// The longest value that a product has: that of a column in Jira's database.
const MAX_VALUE: usize = 255;
/// The characters of a value that a problem shows.
const SHOWN_VALUE: usize = 100;

/// The first line of a text.
pub(super) struct First {
    pub cells: Vec<String>,
    /// Its length in bytes, and in lines.
    pub bytes: usize,
    pub lines: u64,
}

/// Reads the first line; an error: a quotation mark is never closed.
pub(super) fn first(text: &str, separator: u8) -> Result<First, ()> {
    let mut reader = builder(separator).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // The text is UTF-8 and in memory, so nothing can fail.
    let _ = reader.read_record(&mut record);
    #[allow(clippy::cast_possible_truncation, reason = "a place in a text in memory")]
    let bytes = reader.position().byte() as usize;
    if is_open(&text[..bytes], text.len() == bytes) {
        return Err(());
    }
    Ok(First { cells: record.iter().map(str::to_owned).collect(), bytes, lines: lines(&text[..bytes]) })
}

/// Reads the users behind `header`.
///
/// # Errors
/// [`UnreadableList::OpenQuote`] and [`UnreadableList::TooManyRows`].
pub(super) fn read(text: &str, header: Header) -> Result<UserList, UnreadableList> {
    let (start, first_line) = header.rest;
    let text = &text[start..];
    let mut reader = builder(header.separator).from_reader(text.as_bytes());
    let mut list = UserList::default();
    let mut record = StringRecord::new();
    let (mut begin, mut next_line) = (0, first_line);
    while reader.read_record(&mut record).unwrap_or(false) {
        #[allow(clippy::cast_possible_truncation, reason = "a place in a text in memory")]
        let end = reader.position().byte() as usize;
        // The reader passes over empty lines, and counts them to the record behind them.
        let raw = text[begin..end].trim_start_matches(['\r', '\n']);
        let line = next_line + lines(&text[begin..end - raw.len()]);
        (begin, next_line) = (end, next_line + lines(&text[begin..end]));
        if is_open(raw, end == text.len()) {
            return Err(UnreadableList::OpenQuote { line });
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue; // spreadsheets end with such lines
        }
        match user(&record, &header) {
            Ok(who) => list.rows.push(ListedRow { line, who }),
            Err((why, value)) => list.problems.push(LineProblem { line, value: shown(value), why }),
        }
        if list.rows.len() + list.problems.len() > MAX_ROWS {
            return Err(UnreadableList::TooManyRows);
        }
    }
    list.ignored_columns = header.ignored;
    Ok(list)
}

fn builder(separator: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator);
    builder
}

/// The ends of lines in `text`.
fn lines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// Whether the last record of a text ends inside of quotation marks. The reader takes the end of the text for the closing one. In
/// a record that is whole their number is even; a single one inside of a cell without them is a character like others, so it
/// counts only where the record goes on over the end of its line.
fn is_open(record: &str, is_last: bool) -> bool {
    is_last && record.trim_end().contains('\n') && record.bytes().filter(|byte| *byte == b'"').count() % 2 == 1
}

/// The user of a record, by the first of id, name and e-mail that is not empty.
fn user<'r>(record: &'r StringRecord, header: &Header) -> Result<ListedAs, (LineFault, &'r str)> {
    if record.iter().skip(header.width).any(|cell| !cell.trim().is_empty()) {
        return Err((LineFault::TooManyCells, record.get(header.width).unwrap_or_default()));
    }
    let cell = |place: Option<usize>| {
        let cell = spreadsheet::without_guard(blanks_cut(record.get(place?)?));
        (!cell.is_empty()).then_some(cell)
    };
    let (id, name, email) = (cell(header.id), cell(header.name), cell(header.email));
    let value = id.or(name).or(email).ok_or((LineFault::NamesNobody, ""))?;
    if value.chars().any(char::is_control) {
        return Err((LineFault::ControlCharacter, value));
    }
    if value.chars().count() > MAX_VALUE {
        return Err((LineFault::TooLong, value));
    }
    match (id, name) {
        (Some(id), _) if is_rounded(id) => Err((LineFault::Rounded, id)),
        (Some(id), _) => Ok(ListedAs::Id(id.to_owned())),
        (None, Some(name)) => Ok(ListedAs::Name(name.to_owned())),
        (None, None) if EmailAddress::parse(value).is_some_and(|email| email.domain().is_some()) => {
            Ok(ListedAs::Email(value.to_owned()))
        }
        (None, None) => Err((LineFault::NoEmail, value)),
    }
}

/// `cell` without blanks at its ends, and without marks that no one sees: tables in web pages have them.
fn blanks_cut(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}'))
}

/// Whether a spreadsheet wrote a long number as `5.57058E+17`.
fn is_rounded(id: &str) -> bool {
    let Some((mantissa, exponent)) = id.split_once(['E', 'e']) else { return false };
    let Some(exponent) = exponent.strip_prefix('+') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(exponent) && digits(whole) && digits(part)
}

fn shown(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(SHOWN_VALUE).collect()
}
