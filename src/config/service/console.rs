//! The keys of `console`.

use chrono_tz::Tz;

use crate::config::{
    Console,
    reader::{Reader, node::Node},
    shape::{
        key::Or,
        object::Object,
        texts::{Parsed, Text},
    },
};

static TIMEZONE: Or<Parsed<Tz>> = Or::new(
    "timezone",
    "The zone of the times that pages show, by its name in the IANA database.",
    Parsed { read: timezone, text: Text::PLAIN.like(&["Europe/Berlin", "UTC"]) },
    || Console::default().timezone,
    |zone| zone.name().into(),
);
/// The value of `console`.
pub(in crate::config) static CONSOLE: Object =
    Object::new("Console", "The pages for administrators, on the private listener.", || vec![&TIMEZONE])
        .like("{ timezone: Europe/Berlin }");

/// Reads `console`; the defaults if `node` is none.
pub(in crate::config) fn console(node: Option<&Node>, reader: &mut Reader<'_>) -> Option<Console> {
    let Some(node) = node else { return Some(Console::default()) };
    let mut fields = CONSOLE.open(node, reader)?;
    let timezone = fields.or(&TIMEZONE, reader);
    fields.done(reader);
    Some(Console { timezone: timezone? })
}

fn timezone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| format!("`{text}` is not a time zone; write `Europe/Berlin` or `UTC`, say"))
}
