//! Lists as CSV (RFC 4180), for spreadsheets and scripts.
//!
//! A spreadsheet takes a cell that begins with `=` for a formula, and names come from products: such a cell gets an
//! apostrophe before it.

use serde_json::Value;

use super::{super::Error, Column, text};
use crate::formula_guard::is_formula;

/// The line of headings.
///
/// # Errors
/// [`Error::Local`] if the line can't be made.
pub fn headings(columns: &[Column]) -> Result<Vec<u8>, Error> {
    record(columns.iter().map(|(heading, _)| heading.replace([' ', '-'], "_")))
}

/// One line an item.
///
/// # Errors
/// [`Error::Local`] if a line can't be made.
pub fn rows(columns: &[Column], items: &[Value]) -> Result<Vec<u8>, Error> {
    let of_item = |item: &Value| {
        record(columns.iter().map(|(_, path)| guarded(&cell(item.pointer(path).unwrap_or(&Value::Null)))))
    };
    Ok(items.iter().map(of_item).collect::<Result<Vec<_>, _>>()?.concat())
}

fn record(cells: impl Iterator<Item = String>) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(|_| Error::unmade())?;
    writer.into_inner().map_err(|_| Error::unmade())
}

/// An unknown value is empty; the items of a list are separated by `|`.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(|item| cell(item).replace('|', "\\|")).collect::<Vec<_>>().join("|"),
        Value::Object(_) => value.to_string(),
    }
}

/// Never a formula, and nothing that steers a terminal.
fn guarded(text: &str) -> String {
    let is_formula = is_formula(text);
    let text = text::on_one_line(text);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(value: &Value) -> String {
        let bytes = rows(&[("x", "/x"), ("y", "/y")], &[json!({"x": value, "y": 1})]).expect("a line");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_cell_is_quoted_as_rfc_4180_says_and_lines_end_with_crlf() {
        assert_eq!(headings(&[("test mode", "/x"), ("y", "/y")]).expect("a line"), b"test_mode,y\r\n");
        for (value, written) in [
            (json!("plain"), "plain,1\r\n"),
            (json!("a,b"), "\"a,b\",1\r\n"),
            (json!("say \"x\""), "\"say \"\"x\"\"\",1\r\n"),
            (json!(null), ",1\r\n"),
            (json!(true), "true,1\r\n"),
            (json!(["a", "b|c"]), "a|b\\|c,1\r\n"),
        ] {
            assert_eq!(line(&value), written);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, written) in [
            ("=1+1", "'=1+1,1\r\n"),
            ("+49", "'+49,1\r\n"),
            ("-2", "'-2,1\r\n"),
            ("@sum", "'@sum,1\r\n"),
            ("\t=x", "'\\t=x,1\r\n"),
            ("\r=x", "'\\r=x,1\r\n"),
            ("＝x", "'＝x,1\r\n"),
            ("a=b", "a=b,1\r\n"),
        ] {
            assert_eq!(line(&json!(text)), written, "{text:?}");
        }
        assert_eq!(line(&json!(["=x", "y"])), "'=x|y,1\r\n");
    }
}
