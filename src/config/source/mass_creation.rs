//! The bound on users that are created at once in a source.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    config::{
        reader::{Reader, node::Node},
        shape::{
            key::Or,
            lengths::{self, LENGTH},
            object::Object,
            texts::Parsed,
            values::{AnyOf, OFF, Whole, as_json, off_or},
        },
    },
    domain::MassCreation,
};

const WINDOW_RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);
/// No installation has more users.
const MAX_USERS: u64 = 1_000_000_000;

static USERS: Or<Whole<u64>> = Or::new(
    "users",
    "So many users may be created within that time.",
    Whole(0..=MAX_USERS),
    || MassCreation::default().users,
    as_json,
);
static PERCENT: Or<Whole<u8>> = Or::new(
    "percent",
    "And so many of a hundred of the users that usher knows.",
    Whole(0..=100),
    || MassCreation::default().percent,
    as_json,
);
static LASTING: Or<Parsed<Duration>> = Or::new(
    "within",
    "The length of time in which creations are counted, from `1m` to `1d`.",
    Parsed { read: within, text: LENGTH },
    || MassCreation::default().within,
    lengths::shown,
);
static COUNTED: Object = Object::new(
    "MassCreation",
    "How many users may be created at once before what takes something away is held.",
    || vec![&USERS, &PERCENT, &LASTING],
);

/// The value of `mass_creation`.
pub(in crate::config) static MASS_CREATION: AnyOf = AnyOf(&[&OFF, &COUNTED]);

/// Reads a source's `mass_creation`; none within: nothing is kept back.
pub(in crate::config) fn mass_creation(node: &Node, reader: &mut Reader<'_>) -> Option<Option<MassCreation>> {
    off_or(node, "{ users: 50, percent: 5, within: 10m }", reader, |reader| {
        let mut fields = COUNTED.open(node, reader)?;
        let users = fields.or(&USERS, reader);
        let percent = fields.or(&PERCENT, reader);
        let within = fields.or(&LASTING, reader);
        fields.done(reader);
        Some(MassCreation { users: users?, percent: percent?, within: within? })
    })
}

fn within(text: &str) -> Result<Duration, String> {
    lengths::between(text, &WINDOW_RANGE, ["1m", "1d"])
}
