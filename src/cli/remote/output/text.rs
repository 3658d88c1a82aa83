//! Values as texts that a terminal may be shown. Names come from products, where anybody may have put escapes into
//! them.

use serde_json::Value;

use super::in_order;
pub use crate::printable::{on_one_line, plain};

/// The first fields of an object in a cell: of counts, those about users.
const FIRST: [&str; 6] = ["seen", "selected", "would_change", "already_so", "protected", "unknown"];

/// A value in a cell of a table, for people.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => on_one_line(text),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let told = in_order(fields, &FIRST);
            let plain = told.filter(|(_, value)| !value.is_null() && value.as_u64() != Some(0));
            plain.map(|(key, value)| format!("{}={}", on_one_line(key), cell(value))).collect::<Vec<_>>().join(" ")
        }
        Value::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_products_call_people_does_not_steer_the_terminal() {
        for (name, shown) in [
            ("\u{1b}[2Jjane\rjoe", "\\u{1b}[2Jjane\\rjoe"),
            ("two\nlines", "two\\nlines"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}gpj.exe", "abc\\u{202e}gpj.exe"),
            ("ja\u{200b}ne\u{200f}\u{feff}", "ja\\u{200b}ne\\u{200f}\\u{feff}"),
            ("\u{85}next\u{2028}line", "\\u{85}next\\u{2028}line"),
            ("👩\u{200d}👧", "👩\u{200d}👧"),
            ("Zoë 李 🙂", "Zoë 李 🙂"),
        ] {
            assert_eq!(cell(&json!(name)), shown);
        }
        assert_eq!(plain("two\nlines\u{7}"), "two\nlines\\u{7}");
    }
}
