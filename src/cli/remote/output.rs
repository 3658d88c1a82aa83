//! Showing what usher said: results to stdout, everything else to stderr.

use std::io::Write;

use clap::ValueEnum;
use comfy_table::{Table, TableStyle};
use serde_json::Value;

use super::Error;

/// How lists are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns, for people.
    Table,
    /// All there is to know, as JSON.
    Json,
    /// All there is to know, as YAML.
    Yaml,
}

/// Where a command writes.
pub struct Output<'a> {
    pub format: Format,
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
}

/// A column: its heading, and where its value stands in an item.
pub type Column = (&'static str, &'static str);

impl Output<'_> {
    /// Shows `items` in `columns`, or whole in the other formats.
    pub fn list(&mut self, columns: &[Column], items: &[Value]) -> Result<(), Error> {
        if self.format != Format::Table {
            return self.whole(&Value::Array(items.to_vec()));
        }
        let mut table = Table::new();
        table.load_style(TableStyle::new()).set_header(columns.iter().map(|(heading, _)| heading.to_uppercase()));
        for item in items {
            table.add_row(columns.iter().map(|(_, path)| cell(item.pointer(path).unwrap_or(&Value::Null))));
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim())?;
        }
        Ok(())
    }

    /// Shows one thing whole; as a table, a line for each of its plain values.
    pub fn one(&mut self, item: &Value) -> Result<(), Error> {
        let Value::Object(fields) = item else { return self.whole(item) };
        if self.format != Format::Table {
            return self.whole(item);
        }
        let width = fields.keys().map(String::len).max().unwrap_or(0);
        for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            writeln!(self.out, "{key:width$}  {}", cell(value))?;
        }
        Ok(())
    }

    /// A line of result.
    pub fn say(&mut self, line: &str) -> Result<(), Error> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// A line that is no result: what is going on.
    pub fn note(&mut self, line: &str) -> Result<(), Error> {
        Ok(writeln!(self.err, "{line}")?)
    }

    /// Everything, as JSON or (also where a table is asked for) as YAML.
    pub fn whole(&mut self, value: &Value) -> Result<(), Error> {
        match self.format {
            Format::Json => {
                let text = serde_json::to_string_pretty(value).map_err(|error| Error::Local(error.to_string()))?;
                Ok(writeln!(self.out, "{text}")?)
            }
            Format::Yaml | Format::Table => Ok(write!(self.out, "{}", yaml(value)?)?),
        }
    }
}

/// As YAML, with a line break at its end.
pub fn yaml(value: &Value) -> Result<String, Error> {
    let text = serde_saphyr::to_string(value).map_err(|error| Error::Local(error.to_string()))?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let plain = fields.iter().filter(|(_, value)| !value.is_null() && value.as_u64() != Some(0));
            plain.map(|(key, value)| format!("{key}={}", cell(value))).collect::<Vec<_>>().join(" ")
        }
        Value::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(format: Format, columns: &[Column], items: &[Value]) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        Output { format, out: &mut out, err: &mut err }.list(columns, items).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_table_has_a_line_for_each_item_and_says_what_is_missing() {
        let items = [json!({"id": "a", "on": true, "counts": {"seen": 3, "failed": 0}}), json!({"id": "bb"})];
        let table = shown(Format::Table, &[("id", "/id"), ("on", "/on"), ("counts", "/counts")], &items);
        let lines: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines, [vec!["ID", "ON", "COUNTS"], vec!["a", "yes", "seen=3"], vec!["bb", "-", "-"]]);
    }

    #[test]
    fn json_and_yaml_hold_everything() {
        let items = [json!({"id": "on", "more": [1, {"x": "0123"}]})];
        let read: Value = serde_json::from_str(&shown(Format::Json, &[], &items)).expect("JSON");
        assert_eq!(read, json!(items));
        let yaml = shown(Format::Yaml, &[], &items);
        assert!(yaml.contains("\"on\"") && yaml.contains("\"0123\""), "texts stay texts: {yaml}");
    }
}
