//! CSV for spreadsheets (RFC 4180): UTF-8 with a byte-order mark, lines that end with CRLF, and no cell that a
//! spreadsheet takes for a formula.
//!
//! Names and reasons come from products and their users, so any cell may begin with `=`.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::spreadsheet::{self, is_formula};

/// Excel takes a file without it for one in the machine's old code page.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes lines of CSV.
pub(in crate::admin) struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    /// Writes the byte-order mark and the line of headings.
    ///
    /// # Errors
    /// Those of `out`.
    pub(in crate::admin) fn begin(mut out: W, headings: &[&str]) -> io::Result<Self> {
        out.write_all(BYTE_ORDER_MARK)?;
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(headings)?;
        Ok(Self(writer))
    }

    /// Writes a line in which no cell is a formula.
    ///
    /// # Errors
    /// Those of the writer below.
    pub(in crate::admin) fn line<'c>(&mut self, cells: impl IntoIterator<Item = Cow<'c, str>>) -> io::Result<()> {
        self.line_as_it_is(
            cells.into_iter().map(|cell| if is_formula(&cell) { spreadsheet::cell(&cell).into() } else { cell }),
        )
    }

    /// Writes a line for programs: a cell may be what a spreadsheet takes for a formula.
    ///
    /// # Errors
    /// Those of the writer below.
    pub(in crate::admin) fn line_as_it_is<'c>(
        &mut self,
        cells: impl IntoIterator<Item = Cow<'c, str>>,
    ) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(cell.as_bytes())?;
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// Those of the writer below.
    pub(in crate::admin) fn end(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: &[&[&str]]) -> String {
        let mut bytes = Vec::new();
        let mut csv = Csv::begin(&mut bytes, &["a", "b"]).expect("written");
        for line in lines {
            csv.line(line.iter().map(|cell| Cow::Borrowed(*cell))).expect("written");
        }
        csv.end().expect("written");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_file_begins_with_a_byte_order_mark_and_its_lines_end_with_crlf() {
        let text = written(&[&["x,y", "say \"z\""], &["", "two\nlines"]]);
        assert_eq!(text, "\u{feff}a,b\r\n\"x,y\",\"say \"\"z\"\"\"\r\n,\"two\nlines\"\r\n");
    }

    /// The first cell of a line with `cell` in it, as a reader of CSV reads it.
    fn first_cell(cell: &str) -> String {
        let text = written(&[&[cell, ""]]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.records().next().expect("a line").expect("readable")[0].to_owned()
    }

    #[test]
    fn no_cell_is_a_formula_and_others_stay_as_they_are() {
        for cell in
            ["=1+1", "+49", "-2", "@x", "\t=x", "\r=x", "\n=x", "\u{ff1d}x", "\u{ff0b}x", "\u{ff0d}x", "\u{ff20}x"]
        {
            assert_eq!(first_cell(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in ["", "a=b", "'=1", " =1", "557058:ab", "\u{202e}=x"] {
            assert_eq!(first_cell(cell), cell, "{cell:?}");
        }
    }
}
