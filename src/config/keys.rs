//! The keys at the top of the configuration.

use super::{
    reader::{Reader, node::Node, not_yet},
    scheme::keys::SCHEME,
    secret::{SECRET, secret},
    service::{admin, console, listeners, log},
    shape::{
        Part,
        key::{Key, Or},
        lists::List,
        object::Object,
        texts::{Filled, Text},
        values::{Choice, as_json},
    },
    source::keys::SOURCE,
};
use crate::{domain::Mode, sealed::SecretsKey, secret::Secret};

pub(super) static DATA_DIR: Or<Filled> = Or::new(
    "data_dir",
    "The folder of usher's own data; relative to where usher is started. One process has it at a time.",
    Filled(Text::ANY),
    || "./usher-data".to_owned(),
    as_json,
);
pub(super) static MODE: Or<Choice<Mode>> = Or::new(
    "mode",
    "`observe`: nothing is changed anywhere, everything else happens.",
    Choice(&[("active", Mode::Active), ("observe", Mode::Observe)]),
    || Mode::Active,
    as_json,
);
pub(super) static WEBHOOKS: Key<&Object> =
    Key::new("webhooks", "The public listener: products send their webhooks here.", &listeners::WEBHOOKS);
pub(super) static ADMIN: Key<&Object> =
    Key::new("admin", "The private listener: health, metrics, API, and who is let in.", &admin::ADMIN);
pub(super) static CONSOLE: Key<&Object> =
    Key::new("console", "The pages for administrators, and what usher keeps for them.", &console::CONSOLE);
pub(super) static LOG: Key<&Object> = Key::new("log", "The event log.", &log::LOG);
pub(super) static SECRETS_KEY: Key<Part<Secret>> = Key::new(
    "secrets_key",
    "The key that seals the secrets of sources that are made while usher runs: 64 hexadecimal digits. Left out: with the \
     embedded log usher makes one and keeps it in `data_dir/secrets-key`; on Kafka no source can be made.",
    Part { read: secrets_key, described: &SECRET },
);
pub(super) static SOURCES: Key<List> =
    Key::new("sources", "The connected products. Left out: none.", List::of(&SOURCE));
pub(super) static SCHEMES: Key<List> =
    Key::new("schemes", "What to do with whom, when. Left out: nothing.", List::of(&SCHEME));

/// The whole configuration.
pub(super) static CONFIGURATION: Object = Object::new("Configuration", "The configuration of usher.", || {
    vec![&DATA_DIR, &MODE, &WEBHOOKS, &ADMIN, &CONSOLE, &LOG, &SECRETS_KEY, &SOURCES, &SCHEMES]
})
.awaiting(not_yet::TOP);

/// Reads a secret that is a key.
fn secrets_key(node: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    let text = secret(node, reader)?;
    match SecretsKey::parse(&text) {
        Ok(_) => Some(text),
        Err(error) => reader.refuse(&node.at, error.to_string()),
    }
}
