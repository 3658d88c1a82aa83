//! The reasons why a list, or a line of it, can't be used.

use std::fmt;

use super::{MAX_BYTES, MAX_ROWS};

/// Why nothing of a file can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableList {
    /// More than [`MAX_BYTES`].
    #[error("the file is longer than {} MiB; split it", MAX_BYTES / 1024 / 1024)]
    TooLong,
    /// More than [`MAX_ROWS`].
    #[error("the file names more than {MAX_ROWS} users; split it")]
    TooManyRows,
    /// No line at all.
    #[error("the file is empty; its first line must name the columns, and one of them must be `id`, `name` or `email`")]
    Empty,
    /// A workbook or another archive.
    #[error("this is a workbook or an archive, not CSV; save it as \"CSV UTF-8\" in the spreadsheet")]
    Workbook,
    /// Zero bytes, as in UTF-16 without a mark.
    #[error("the file is not text, or UTF-16 without a byte order mark; save it as \"CSV UTF-8\"")]
    NotText,
    /// UTF-16 that breaks off or has halves of characters.
    #[error("the file begins as UTF-16, but is damaged; export it again")]
    DamagedUtf16,
    /// Not UTF-8. It may be Windows-1252, which a person has to confirm.
    #[error("line {line} is not UTF-8; save the file as \"CSV UTF-8\", or confirm that it is Windows-1252")]
    NotUtf8 {
        /// The first line that is not.
        line: u64,
        /// Up to three of the lines that are not, as they would be read.
        as_windows_1252: Vec<String>,
    },
    /// None of the columns says who is meant.
    #[error("no column is called `id`, `name` or `email`; the first line must name the columns{}", Columns(.found))]
    NoColumn {
        /// The names of the columns that are there; at most 20.
        found: Vec<String>,
    },
    /// Two columns mean the same.
    #[error("the columns `{first}` and `{second}` both say the {meaning} of a user; leave out one")]
    TwoColumns {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// Their meaning.
        meaning: &'static str,
    },
    /// The lines behind it would be taken for one cell.
    #[error("the quotation mark that opens on line {line} is never closed; close it, or write `\"\"` for a single one")]
    OpenQuote {
        /// The line on which the record begins.
        line: u64,
    },
}

/// A line that can't be used. `Debug` does not print its value.
#[derive(Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// The line on which it begins; the first line of the file is 1.
    pub line: u64,
    /// The cell in question, cut to 100 characters.
    pub value: String,
    /// The reason.
    pub why: LineFault,
}

/// Why a line can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LineFault {
    /// Id, name and e-mail are all empty.
    #[error("it names nobody: id, name and e-mail are empty")]
    NamesNobody,
    /// More cells than columns.
    #[error("it has more cells than the first line; is there a separator in a name without quotation marks?")]
    TooManyCells,
    /// Line breaks or control characters in the cell that names the user.
    #[error("the cell holds a line break or a control character; is a quotation mark missing?")]
    ControlCharacter,
    /// As spreadsheets show long numbers.
    #[error("a spreadsheet has rounded this number; format the column as text and export it again")]
    Rounded,
    /// No product has a value as long as that.
    #[error("it is longer than 255 characters")]
    TooLong,
    /// Not an e-mail address.
    #[error("it is not an e-mail address")]
    NoEmail,
}

impl fmt::Debug for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineProblem").field("line", &self.line).field("why", &self.why).finish_non_exhaustive()
    }
}

struct Columns<'c>(&'c [String]);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else { return Ok(()) };
        write!(f, "; there are `{first}`")?;
        others.iter().try_for_each(|name| write!(f, ", `{name}`"))
    }
}
