//! Output of commands: results to stdout, everything else to stderr.

mod csv;
mod listing;
mod text;

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value};

pub use listing::Listing;
pub use text::plain;

use super::Error;
use crate::printable::steers;

/// The format of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns, for people.
    Table,
    /// All there is to know, as JSON.
    Json,
    /// All there is to know, as YAML.
    Yaml,
    /// Columns, for spreadsheets: RFC 4180; no cell is a formula.
    Csv,
}

/// The format of a single thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OneFormat {
    /// A line for each value, for people.
    Table,
    /// All there is to know, as JSON.
    Json,
    /// All there is to know, as YAML.
    Yaml,
}

impl From<OneFormat> for Format {
    fn from(format: OneFormat) -> Self {
        match format {
            OneFormat::Table => Self::Table,
            OneFormat::Json => Self::Json,
            OneFormat::Yaml => Self::Yaml,
        }
    }
}

/// The option of commands that show a list.
#[derive(Debug, Clone, Copy, Args)]
pub struct AsList {
    /// The format of the list.
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    pub output: Format,
}

/// The option of commands that show one thing.
#[derive(Debug, Clone, Copy, Args)]
pub struct AsOne {
    /// The format.
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = OneFormat::Table)]
    pub output: OneFormat,
}

/// The output of a command.
pub struct Output<'a> {
    pub format: Format,
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
}

/// A column: its heading, and the place of its value in an item.
pub type Column = (&'static str, &'static str);

impl Output<'_> {
    /// Shows `items` in `columns`, or whole in the formats that have no columns.
    ///
    /// # Errors
    /// As [`Listing::begin`].
    pub fn list(&mut self, columns: &[Column], items: &[Value]) -> Result<(), Error> {
        let mut listing = Listing::begin(self, columns)?;
        listing.page(items)?;
        listing.end(None)
    }

    /// Prints one thing with all its values. In a table each value has a line, those of `first` at the top.
    ///
    /// # Errors
    /// As [`Listing::begin`].
    pub fn one(&mut self, item: &Value, first: &[&str]) -> Result<(), Error> {
        let Value::Object(fields) = item else { return self.whole(item) };
        if self.format != Format::Table {
            return self.whole(item);
        }
        let width = fields.keys().map(String::len).max().unwrap_or(0);
        for (key, value) in in_order(fields, first).filter(|(_, value)| !value.is_null()) {
            writeln!(self.out, "{key:width$}  {}", text::cell(value))?;
        }
        Ok(())
    }

    /// A line of result.
    ///
    /// # Errors
    /// [`Error::Output`] if the output can't be written.
    pub fn say(&mut self, line: &str) -> Result<(), Error> {
        Ok(writeln!(self.out, "{}", plain(line))?)
    }

    /// A line that is not a result, about the progress or a problem.
    ///
    /// # Errors
    /// [`Error::Output`] if stderr can't be written.
    pub fn note(&mut self, line: &str) -> Result<(), Error> {
        Ok(writeln!(self.err, "{}", plain(line))?)
    }

    /// Everything, as JSON or (also where columns are asked for) as YAML.
    ///
    /// # Errors
    /// As [`Listing::begin`].
    pub fn whole(&mut self, value: &impl Serialize) -> Result<(), Error> {
        match self.format {
            Format::Json => Ok(writeln!(self.out, "{}", json_lines(value, "")?)?),
            Format::Yaml | Format::Table | Format::Csv => Ok(write!(self.out, "{}", yaml(value)?)?),
        }
    }
}

/// JSON for people; each line but the first begins with `indent`. Characters that steer a terminal are escaped.
fn json_lines(value: &impl Serialize, indent: &str) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value).map_err(|_| Error::unmade())?;
    let mut lines = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => lines.extend(["\n", indent]),
            // Only in a text, where JSON takes it in this form; each of them is below U+10000.
            c if steers(c) => lines.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => lines.push(c),
        }
    }
    Ok(lines)
}

/// YAML with a line break at its end. Characters that steer a terminal are escaped.
///
/// # Errors
/// [`Error::Local`] if `value` can't be written as YAML.
pub fn yaml(value: &impl Serialize) -> Result<String, Error> {
    let text = serde_saphyr::to_string(value).map_err(|_| Error::unmade())?;
    if text.chars().any(|c| steers(c) && c != '\n') {
        return json_in_yaml(&serde_json::to_value(value).map_err(|_| Error::unmade())?);
    }
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// The same with a line of JSON for each item or field. JSON is YAML, and has escapes for every character.
fn json_in_yaml(value: &Value) -> Result<String, Error> {
    let compact = |value: &Value| -> Result<String, Error> {
        let lines = json_lines(value, "")?;
        Ok(lines.lines().map(str::trim_start).collect::<Vec<_>>().join(" ") + "\n")
    };
    match value {
        Value::Array(items) => items.iter().map(|item| Ok(format!("- {}", compact(item)?))).collect(),
        Value::Object(fields) => {
            let key = |key: &str| compact(&Value::from(key)).map(|key| key.trim_end().to_owned());
            fields.iter().map(|(name, value)| Ok(format!("{}: {}", key(name)?, compact(value)?))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => compact(value),
    }
}

/// The fields, beginning with those of `first`.
pub fn in_order<'v>(fields: &'v Map<String, Value>, first: &[&'v str]) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let named: Vec<_> = first.iter().filter_map(|key| Some((*key, fields.get(*key)?))).collect();
    let others = fields.iter().map(|(key, value)| (key.as_str(), value));
    let others: Vec<_> = others.filter(|(key, _)| !first.contains(key)).collect();
    named.into_iter().chain(others)
}

#[cfg(test)]
mod tests;
