//! The keys of `console`.

use std::{ops::RangeInclusive, time::Duration};

use chrono_tz::Tz;

use crate::config::{
    Console, RosterConfig,
    reader::{Reader, node::Node},
    shape::{
        Part,
        key::{Key, Or},
        lengths::{self, LENGTH},
        object::Object,
        texts::{Parsed, Text},
        values::{AnyOf, OFF, off_or},
    },
};

static TIMEZONE: Or<Parsed<Tz>> = Or::new(
    "timezone",
    "The zone of the times that pages show, by its name in the IANA database.",
    Parsed { read: timezone, text: Text::PLAIN.like(&["Europe/Berlin", "UTC"]) },
    || Console::default().timezone,
    |zone| zone.name().into(),
);

const LENGTHS: RangeInclusive<Duration> = Duration::from_hours(1)..=Duration::from_hours(24 * 400);

static KEEP: Or<Parsed<Duration>> = Or::new(
    "keep",
    "How long usher keeps a list of users that no newer list replaces, from `1h` to `400d`. It holds personal data.",
    Parsed { read: keep, text: LENGTH },
    || RosterConfig::default().keep,
    lengths::shown,
);
static KEPT: Object =
    Object::new("Roster", "The last list of each source's users, for the users' pages and the API.", || vec![&KEEP]);
static ROSTER_VALUE: AnyOf = AnyOf(&[&OFF, &KEPT]);
static ROSTER: Key<Part<Option<RosterConfig>>> = Key::new(
    "roster",
    "The last list of each source's users: kept in `data_dir`, or `off`. Left out: kept for 7 days.",
    Part { read: roster, described: &ROSTER_VALUE },
);

/// The value of `console`.
pub(in crate::config) static CONSOLE: Object =
    Object::new("Console", "The pages for administrators, and what usher keeps for them.", || vec![&TIMEZONE, &ROSTER])
        .like("{ timezone: Europe/Berlin }");

/// Reads `console`; the defaults if `node` is none.
pub(in crate::config) fn console(node: Option<&Node>, reader: &mut Reader<'_>) -> Option<Console> {
    let Some(node) = node else { return Some(Console::default()) };
    let mut fields = CONSOLE.open(node, reader)?;
    let timezone = fields.or(&TIMEZONE, reader);
    let roster = fields.optional(&ROSTER, reader);
    fields.done(reader);
    Some(Console { timezone: timezone?, roster: roster?.unwrap_or_else(|| Console::default().roster) })
}

fn timezone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| format!("`{text}` is not a time zone; write `Europe/Berlin` or `UTC`, say"))
}

fn roster(node: &Node, reader: &mut Reader<'_>) -> Option<Option<RosterConfig>> {
    off_or(node, "{ keep: 7d }", reader, |reader| {
        let mut fields = KEPT.open(node, reader)?;
        let keep = fields.or(&KEEP, reader);
        fields.done(reader);
        Some(RosterConfig { keep: keep? })
    })
}

fn keep(text: &str) -> Result<Duration, String> {
    lengths::between(text, &LENGTHS, ["1h", "400d"])
}
