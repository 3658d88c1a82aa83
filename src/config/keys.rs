//! The keys at the top of the configuration.

use super::{
    reader::not_yet,
    scheme::keys::SCHEME,
    service::{admin, console, listeners, log},
    shape::{
        key::{Key, Or},
        lists::List,
        object::Object,
        texts::{Filled, Text},
        values::{Choice, as_json},
    },
    source::keys::SOURCE,
};
use crate::domain::Mode;

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
pub(super) static SOURCES: Key<List> =
    Key::new("sources", "The connected products. Left out: none.", List::of(&SOURCE));
pub(super) static SCHEMES: Key<List> =
    Key::new("schemes", "What to do with whom, when. Left out: nothing.", List::of(&SCHEME));

/// The whole configuration.
pub(super) static CONFIGURATION: Object = Object::new("Configuration", "The configuration of usher.", || {
    vec![&DATA_DIR, &MODE, &WEBHOOKS, &ADMIN, &CONSOLE, &LOG, &SOURCES, &SCHEMES]
})
.awaiting(not_yet::TOP);
