//! Cells of files for spreadsheets: none is taken for a formula.

use std::borrow::Cow;

/// The signs by which a spreadsheet knows a formula, and their full-width forms.
const SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet may take a cell with this text for a formula.
pub(crate) fn is_formula(text: &str) -> bool {
    text.starts_with(SIGNS)
}

/// The text of a cell, with an apostrophe before what would be a formula.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for sign in SIGNS {
            let text = format!("{sign}1+1");
            assert_eq!(guarded(&text), format!("'{text}"));
        }
        for plain in ["", "a=b", "1", "'=1", " =1", "é"] {
            assert_eq!(guarded(plain), plain);
        }
    }
}
