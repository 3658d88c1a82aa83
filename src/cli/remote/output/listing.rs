//! A list that is written while it is read, page by page: it may be of a million users.

use comfy_table::{ColumnConstraint, Table, TableStyle, Width};
use serde_json::Value;

use super::{Column, Format, Output, csv, json_lines, text, yaml};
use crate::cli::remote::Error;

/// A list that is written page by page.
pub struct Listing<'o, 'w, 'c> {
    output: &'o mut Output<'w>,
    columns: &'c [Column],
    /// The prefix of its lines, if it is part of something else.
    indent: &'static str,
    written: usize,
    widths: Vec<u16>,
}

impl<'o, 'w, 'c> Listing<'o, 'w, 'c> {
    /// A list by itself. A table has `columns`, and so has CSV; the other formats have all there is.
    ///
    /// # Errors
    /// [`Error::Output`] if the output can't be written, [`Error::Local`] if the text can't be made.
    pub fn begin(output: &'o mut Output<'w>, columns: &'c [Column]) -> Result<Self, Error> {
        let heading = match output.format {
            Format::Csv => csv::headings(columns)?,
            Format::Json => b"[".to_vec(),
            Format::Table | Format::Yaml => Vec::new(),
        };
        output.out.write_all(&heading)?;
        Ok(Self { output, columns, indent: "", written: 0, widths: Vec::new() })
    }

    /// The list under `key` of `whole`, which is written before it.
    ///
    /// # Errors
    /// As [`Listing::begin`].
    pub fn within(output: &'o mut Output<'w>, columns: &'c [Column], whole: &Value, key: &str) -> Result<Self, Error> {
        let heading = match output.format {
            Format::Csv => csv::headings(columns)?,
            Format::Json => {
                let text = json_lines(whole, "")?;
                let open = text.strip_suffix("\n}").unwrap_or(&text);
                format!("{open},\n  \"{key}\": [").into_bytes()
            }
            Format::Yaml => format!("{}{key}:", yaml(whole)?).into_bytes(),
            Format::Table => Vec::new(),
        };
        output.out.write_all(&heading)?;
        Ok(Self { output, columns, indent: "  ", written: 0, widths: Vec::new() })
    }

    /// The number of written items.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Writes the next items.
    ///
    /// # Errors
    /// As [`Listing::begin`].
    pub fn page(&mut self, items: &[Value]) -> Result<(), Error> {
        match self.output.format {
            Format::Table => self.table(items)?,
            Format::Csv => self.output.out.write_all(&csv::rows(self.columns, items)?)?,
            Format::Json => {
                for (number, item) in items.iter().enumerate() {
                    let comma = if self.written + number == 0 { "" } else { "," };
                    let indent = format!("{}  ", self.indent);
                    write!(self.output.out, "{comma}\n{indent}{}", json_lines(item, &indent)?)?;
                }
            }
            Format::Yaml => {
                let first = if self.written == 0 && !items.is_empty() && !self.indent.is_empty() { "\n" } else { "" };
                write!(self.output.out, "{first}")?;
                for item in items {
                    write!(self.output.out, "{}", yaml(&[item])?)?;
                }
            }
        }
        self.written += items.len();
        Ok(())
    }

    /// Ends the list. `next` is the cursor of the rest, if the list is not complete.
    ///
    /// # Errors
    /// As [`Listing::begin`].
    pub fn end(self, next: Option<&str>) -> Result<(), Error> {
        let (is_part, is_empty) = (!self.indent.is_empty(), self.written == 0);
        let out = &mut self.output.out;
        match self.output.format {
            Format::Csv => {}
            Format::Table if is_part => {}
            Format::Table if is_empty => self.headings_alone()?,
            Format::Table => {}
            Format::Json => {
                let close = if is_empty { "]".to_owned() } else { format!("\n{}]", self.indent) };
                write!(out, "{close}")?;
                if is_part {
                    write!(out, ",\n  \"next\": {}\n}}", Value::from(next))?;
                }
                writeln!(out)?;
            }
            Format::Yaml if is_part => {
                writeln!(out, "{}next: {}", if is_empty { " []\n" } else { "" }, Value::from(next))?;
            }
            Format::Yaml => write!(out, "{}", if is_empty { "[]\n" } else { "" })?,
        }
        Ok(())
    }

    /// With the widths of the pages before: a column grows, and never shrinks.
    fn table(&mut self, items: &[Value]) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(TableStyle::new());
        if self.written == 0 {
            table.set_header(self.columns.iter().map(|(heading, _)| heading.to_uppercase()));
        }
        for item in items {
            let value = |path: &str| item.pointer(path).unwrap_or(&Value::Null);
            table.add_row(self.columns.iter().map(|(_, path)| text::cell(value(path))));
        }
        for (column, width) in table.column_iter_mut().zip(&self.widths) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(*width)));
        }
        let padded = |column: &comfy_table::Column| column.padding_width();
        let paddings: Vec<_> = table.column_iter().map(padded).collect();
        let widths = table.column_max_content_widths().into_iter().zip(paddings).map(|(width, more)| width + more);
        let earlier = self.widths.iter().copied().chain(std::iter::repeat(0));
        self.widths = widths.zip(earlier).map(|(width, earlier)| width.max(earlier)).collect();
        write_lines(self.output, &table)
    }

    fn headings_alone(self) -> Result<(), Error> {
        let mut table = Table::new();
        table.load_style(TableStyle::new());
        table.set_header(self.columns.iter().map(|(heading, _)| heading.to_uppercase()));
        write_lines(self.output, &table)
    }
}

/// Without the blanks before the first column and behind the last.
fn write_lines(output: &mut Output<'_>, table: &Table) -> Result<(), Error> {
    for line in table.lines() {
        writeln!(output.out, "{}", line.strip_prefix(' ').unwrap_or(&line).trim_end())?;
    }
    Ok(())
}
