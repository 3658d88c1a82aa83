//! Upper bounds on calls to a source.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::config::{
    Rate,
    reader::{Reader, node::Node},
    shape::{
        Described, Shape,
        definitions::Definitions,
        key::Or,
        object::Object,
        values::{Whole, as_json},
    },
};

/// Calls a second: none would never end, and the wait between two must fit into a duration.
const CALLS: RangeInclusive<f64> = 0.001..=10_000.0;

static PER_SECOND: Or<Calls> = Or::new("per_second", "Calls a second.", Calls, || Rate::default().per_second, as_json);
static CONCURRENCY: Or<Whole<usize>> =
    Or::new("concurrency", "Calls at the same time.", Whole(1..=64), || Rate::default().concurrency, as_json);
/// The value of `rate`.
pub(super) static RATE: Object = Object::new("Rate", "Upper bounds on calls.", || vec![&PER_SECOND, &CONCURRENCY]);

/// Reads a source's `rate`.
pub(super) fn rate(node: &Node, reader: &mut Reader<'_>) -> Option<Rate> {
    let mut fields = RATE.open(node, reader)?;
    let per_second = fields.or(&PER_SECOND, reader);
    let concurrency = fields.or(&CONCURRENCY, reader);
    fields.done(reader);
    Some(Rate { per_second: per_second?, concurrency: concurrency? })
}

/// A number of calls a second.
struct Calls;

impl Described for Calls {
    fn schema(&self, _: &mut Definitions) -> Value {
        json!({
            "type": ["number", "string"], "minimum": CALLS.start(), "maximum": CALLS.end(),
            "pattern": r"^\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$",
        })
    }
}

impl Shape for Calls {
    type Value = f64;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<f64> {
        reader.parsed(node, calls)
    }
}

fn calls(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(calls) if CALLS.contains(&calls) => Ok(calls),
        _ => Err(format!("`{text}` is not a number of calls from 0.001 to 10000; write `10` or `0.5`, say")),
    }
}
