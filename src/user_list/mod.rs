//! A list of users that somebody wrote or exported: CSV as spreadsheets, products and usher make it.
//!
//! [`UserList::read`] takes bytes and gives one [`ListedRow`] for each line that names a user, with the number of its line. Whether
//! there are such users is not known here. A file is refused as a whole where a part of it could be read wrongly without anybody
//! seeing it: no encoding is guessed, and a quotation mark that is never closed would swallow the lines behind it. A line that is
//! broken by itself is a [`LineProblem`], and the others count.

mod error;
mod header;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

pub use self::{
    error::{LineFault, LineProblem, UnreadableList},
    text::Encoding,
};

/// The longest file, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The most lines that name a user.
pub const MAX_ROWS: usize = 100_000;

/// A list as it was read.
#[derive(Debug, Default)]
pub struct UserList {
    /// The lines that name a user, in their order.
    pub rows: Vec<ListedRow>,
    /// The lines that can't be used, in their order.
    pub problems: Vec<LineProblem>,
    /// The names of the columns that say nothing about who is meant, as they stand in the header.
    pub ignored_columns: Vec<String>,
}

/// A line that names a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// The line on which it begins; the first line of the file is 1.
    pub line: u64,
    /// The user.
    pub who: ListedAs,
}

/// The cell that names a user: the first of these that is not empty. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ListedAs {
    /// The lasting id: a user key, an account id.
    Id(String),
    /// The login name.
    Name(String),
    /// The e-mail address.
    Email(String),
}

impl UserList {
    /// Reads a file. `confirmed` is the encoding that a person said the file has; without it only those count that can be told
    /// from the file for certain: UTF-8, and UTF-16 with a byte order mark.
    ///
    /// # Errors
    /// [`UnreadableList`] says why nothing of the file can be used, and the remedy.
    pub fn read(bytes: &[u8], confirmed: Option<Encoding>) -> Result<Self, UnreadableList> {
        if bytes.len() > MAX_BYTES {
            return Err(UnreadableList::TooLong);
        }
        let text = text::decoded(bytes, confirmed)?;
        // Very old programs end lines by a carriage return alone.
        let text = if text.contains('\n') { text } else { text.replace('\r', "\n").into() };
        let header = header::Header::of(&text)?;
        rows::read(&text, header)
    }
}

impl ListedAs {
    /// The text of the cell.
    pub fn as_str(&self) -> &str {
        let (Self::Id(text) | Self::Name(text) | Self::Email(text)) = self;
        text
    }
}

impl fmt::Debug for ListedAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id(_)",
            Self::Name(_) => "Name(_)",
            Self::Email(_) => "Email(_)",
        })
    }
}
