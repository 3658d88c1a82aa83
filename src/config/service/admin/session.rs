//! Reads `admin.session`.

use std::{ops::RangeInclusive, time::Duration};

use super::Session;
use crate::{
    config::{
        reader::{Reader, node::Node},
        secret::{SECRET, secret},
        shape::{
            Part,
            key::{Key, Or},
            lengths::{self, LENGTH},
            object::Object,
            texts::Parsed,
        },
    },
    secret::Secret,
};

/// A key that can't be guessed, in bytes.
const SHORTEST_KEY: usize = 32;
const IDLE_RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);
const AT_MOST_RANGE: RangeInclusive<Duration> = Duration::from_mins(5)..=Duration::from_hours(7 * 24);
const AGAIN_AFTER_RANGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

static KEY: Key<Part<Secret>> = Key::new(
    "key",
    "Seals the sessions: at least 32 characters by chance. Give replicas the same. Left out: usher makes one.",
    Part { read: session_key, described: &SECRET },
);
static IDLE: Or<Parsed<Duration>> = Or::new(
    "idle",
    "A session ends when it is not used for so long, from `1m` to `24h`.",
    Parsed { read: |text| lengths::between(text, &IDLE_RANGE, ["1m", "24h"]), text: LENGTH },
    || Session::default().idle,
    lengths::shown,
);
static AT_MOST: Or<Parsed<Duration>> = Or::new(
    "at_most",
    "A session ends after so long, from `5m` to `7d`.",
    Parsed { read: |text| lengths::between(text, &AT_MOST_RANGE, ["5m", "7d"]), text: LENGTH },
    || Session::default().at_most,
    lengths::shown,
);
static AGAIN_AFTER: Or<Parsed<Duration>> = Or::new(
    "again_after",
    "What can't be undone wants a sign-in that is no older, from `1m` to `24h`.",
    Parsed { read: |text| lengths::between(text, &AGAIN_AFTER_RANGE, ["1m", "24h"]), text: LENGTH },
    || Session::default().again_after,
    lengths::shown,
);
/// The value of `session`.
pub(super) static SESSION: Object =
    Object::new("Session", "The sessions of people who signed in to the console.", || {
        vec![&KEY, &IDLE, &AT_MOST, &AGAIN_AFTER]
    })
    .like("{ idle: 30m, at_most: 12h }");

/// Reads `session`.
pub(super) fn session(node: &Node, reader: &mut Reader<'_>) -> Option<Session> {
    let mut fields = SESSION.open(node, reader)?;
    let key = fields.optional(&KEY, reader);
    let idle = fields.or(&IDLE, reader);
    let at_most = fields.or(&AT_MOST, reader);
    let again_after = fields.or(&AGAIN_AFTER, reader);
    fields.done(reader);
    let session = Session { key: key?, idle: idle?, at_most: at_most?, again_after: again_after? };
    if session.idle > session.at_most {
        return reader.refuse(&node.at, "`idle` is longer than `at_most`, which ends a session before; write less");
    }
    Some(session)
}

fn session_key(node: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    let key = secret(node, reader)?;
    if key.reveal().len() < SHORTEST_KEY {
        return reader.refuse(
            &node.at,
            "the key is shorter than 32 characters and could be guessed; make one with `openssl rand -hex 32`",
        );
    }
    Some(key)
}
