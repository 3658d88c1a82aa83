//! The first line: the separator, and the columns that say who is meant.

use super::{UnreadableList, rows};

/// The separators in use. The first one counts where a line has none of them.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The columns that an error names.
const SHOWN_COLUMNS: usize = 20;
/// The characters of a column's name that are shown.
const SHOWN_NAME: usize = 60;

/// The first line of a list.
#[derive(Debug)]
pub(super) struct Header {
    pub separator: u8,
    /// The number of columns.
    pub width: usize,
    pub id: Option<usize>,
    pub name: Option<usize>,
    pub email: Option<usize>,
    pub ignored: Vec<String>,
    /// The bytes before the first line of users, and the number of that line.
    pub rest: (usize, u64),
}

/// The meaning of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Id,
    Name,
    Email,
}

impl Meaning {
    /// The meaning of a column called `name`. Case, blanks, `_` and `-` don't count.
    fn of(name: &str) -> Option<Self> {
        let letters = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'));
        let name: String = letters.flat_map(char::to_lowercase).collect();
        Some(match name.as_str() {
            "id" | "userkey" | "key" | "accountid" | "userid" | "atlassianid" | "atlassianaccountid" => Self::Id,
            "name" | "username" | "login" | "loginname" => Self::Name,
            "email" | "emailaddress" | "mail" => Self::Email,
            _ => return None,
        })
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Email => "e-mail address",
        }
    }
}

impl Header {
    /// Reads the first line of `text`, behind empty lines and a line `sep=;` as spreadsheets write it.
    ///
    /// # Errors
    /// [`UnreadableList`] if there is no such line, or it does not tell for certain who is meant.
    pub(super) fn of(text: &str) -> Result<Self, UnreadableList> {
        let (mut at, mut line) = blank_lines(text);
        let mut told = None;
        if let Some(separator) = separator_line(&text[at..]) {
            told = Some(separator);
            at += text[at..].find('\n').map_or(text.len() - at, |end| end + 1);
            line += 1;
        }
        let rest = &text[at..];
        if rest.trim().is_empty() {
            return Err(UnreadableList::Empty);
        }
        let separator = told.unwrap_or_else(|| separator_of(rest));
        let first = rows::first(rest, separator).map_err(|()| UnreadableList::OpenQuote { line })?;
        Self::of_columns(&first.cells, separator, (at + first.bytes, line + first.lines))
    }

    fn of_columns(columns: &[String], separator: u8, rest: (usize, u64)) -> Result<Self, UnreadableList> {
        let mut header =
            Self { separator, width: columns.len(), id: None, name: None, email: None, ignored: Vec::new(), rest };
        for (place, column) in columns.iter().enumerate() {
            let Some(meaning) = Meaning::of(column) else {
                if !column.trim().is_empty() {
                    header.ignored.push(shown(column));
                }
                continue;
            };
            let known = match meaning {
                Meaning::Id => &mut header.id,
                Meaning::Name => &mut header.name,
                Meaning::Email => &mut header.email,
            };
            if let Some(first) = known.replace(place) {
                let (first, second) = (shown(&columns[first]), shown(column));
                return Err(UnreadableList::TwoColumns { first, second, meaning: meaning.says() });
            }
        }
        if header.id.or(header.name).or(header.email).is_none() {
            let found = header.ignored.into_iter().take(SHOWN_COLUMNS).collect();
            return Err(UnreadableList::NoColumn { found });
        }
        Ok(header)
    }
}

/// The length of the blank lines that `text` begins with, and the number of the line behind them.
fn blank_lines(text: &str) -> (usize, u64) {
    let blank: Vec<_> = text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).collect();
    (blank.iter().map(|line| line.len()).sum(), blank.len() as u64 + 1)
}

/// The separator of a line `sep=;`.
fn separator_line(text: &str) -> Option<u8> {
    let line = text.lines().next()?.trim_matches(['"', ' ', '\r']);
    let told = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep="))?;
    let separator = *line.strip_prefix(told)?.as_bytes().first()?;
    SEPARATORS.contains(&separator).then_some(separator)
}

/// The separator by which the first line has the most columns that are known, and of these the most columns.
fn separator_of(text: &str) -> u8 {
    let columns = |separator: u8| {
        let cells = rows::first(text, separator).map(|first| first.cells).unwrap_or_default();
        (cells.iter().filter(|cell| Meaning::of(cell).is_some()).count(), cells.len())
    };
    // The last of the greatest counts, so the order is turned round.
    SEPARATORS.into_iter().rev().max_by_key(|separator| columns(*separator)).unwrap_or(b',')
}

fn shown(column: &str) -> String {
    column.trim().chars().filter(|c| !c.is_control()).take(SHOWN_NAME).collect()
}
