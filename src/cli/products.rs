//! `usher products`: the capabilities of each product. They are built in, so no product is called.

use std::{
    io::{ErrorKind, stderr, stdout},
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{
    complain,
    remote::{Error, Format, Output},
};
use crate::{
    domain::Product,
    products::table::{self, Row},
};

/// Shows all products, or only one.
pub fn run(format: Format, only: Option<Product>) -> ExitCode {
    let (mut out, mut err) = (stdout(), stderr());
    let mut output = Output { format, out: &mut out, err: &mut err };
    match show(&mut output, only) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe may close it early.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&error, error.exit_code()),
    }
}

fn show(output: &mut Output<'_>, only: Option<Product>) -> Result<(), Error> {
    let rows = table::rows().into_iter().filter(|row| only.is_none_or(|only| row.product == only));
    let items: Vec<Value> = match output.format {
        Format::Table | Format::Csv => rows.flat_map(|row| lines(&row)).collect(),
        Format::Json | Format::Yaml => rows.map(|row| json!(row)).collect(),
    };
    let columns = [("product", "/product"), ("area", "/area"), ("what", "/what"), ("can", "/can"), ("why", "/why")];
    output.list(&columns, &items)
}

/// One line for each thing that the product may be able to do.
fn lines(row: &Row) -> Vec<Value> {
    let line = |(area, ability): (_, table::Ability)| {
        let table::Ability { what, can, why } = ability;
        json!({ "product": row.product, "area": area, "what": what, "can": can, "why": why.unwrap_or("") })
    };
    row.abilities().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format, only: Option<Product>) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        show(&mut Output { format, out: &mut out, err: &mut err }, only).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_table_has_a_line_for_each_thing_and_json_holds_everything() {
        let table = shown(Format::Table, None);
        let line = table.lines().find(|line| line.starts_with("jira-cloud") && line.contains("deactivate"));
        let words: Vec<_> = line.expect("a line").split_whitespace().take(4).collect();
        assert_eq!(words, ["jira-cloud", "action", "deactivate", "no"]);
        let read: Value = serde_json::from_str(&shown(Format::Json, None)).expect("JSON");
        assert_eq!(read, json!(table::rows()));
    }

    #[test]
    fn one_product_can_be_asked_for() {
        let table = shown(Format::Table, Some(Product::JiraDc));
        assert!(table.lines().skip(1).all(|line| line.starts_with("jira-dc")) && table.lines().count() > 10, "{table}");
    }
}
