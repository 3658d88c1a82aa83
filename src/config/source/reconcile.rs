//! The interval of comparing the users of a source with the known ones.

use std::{ops::RangeInclusive, time::Duration};

use crate::config::{
    Reconcile,
    reader::{Reader, node::Node},
    shape::{
        key::Or,
        lengths::{self, LENGTH},
        object::Object,
        texts::Parsed,
        values::{AnyOf, OFF, off_or},
    },
};

const LENGTHS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

static EVERY: Or<Parsed<Duration>> = Or::new(
    "every",
    "From the beginning of one comparison to that of the next, from `1s` to `1d`.",
    Parsed { read: every, text: LENGTH },
    || Reconcile::default().every,
    lengths::shown,
);
static REGULARLY: Object =
    Object::new("Reconcile", "How often users are looked for whose creation no webhook told of.", || vec![&EVERY]);

/// The value of `reconcile`.
pub(in crate::config) static RECONCILE: AnyOf = AnyOf(&[&OFF, &REGULARLY]);

/// Reads a source's `reconcile`; none within: never.
pub(in crate::config) fn reconcile(node: &Node, reader: &mut Reader<'_>) -> Option<Option<Reconcile>> {
    off_or(node, "{ every: 10m }", reader, |reader| {
        let mut fields = REGULARLY.open(node, reader)?;
        let every = fields.or(&EVERY, reader);
        fields.done(reader);
        Some(Reconcile { every: every? })
    })
}

fn every(text: &str) -> Result<Duration, String> {
    lengths::between(text, &LENGTHS, ["1s", "1d"])
}
