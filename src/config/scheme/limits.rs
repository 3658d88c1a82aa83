//! The limits of a run.

use serde::{Serialize, Serializer};

use crate::{
    config::{
        reader::{Reader, node::Node},
        shape::{key::Key, object::Object, values::Whole, written},
    },
    domain::Limits,
};

/// No installation has more users.
const MAX_USERS: u64 = 1_000_000_000;

static USERS: Key<Whole<u64>> = Key::new("users", "At most so many users in one run.", Whole(0..=MAX_USERS));
static PERCENT: Key<Whole<u8>> =
    Key::new("percent", "At most so many of a hundred users of the source in one run.", Whole(1..=100));

/// A scheme's `limits`.
pub(in crate::config) static LIMITS: Object = Object::new(
    "Limits",
    "How many users one run may select. A run that would select more is held for an administrator.",
    || vec![&USERS, &PERCENT],
)
.like("{ users: 50, percent: 5 }")
.not_empty();

/// Reads a scheme's `limits`.
pub(in crate::config) fn limits(node: &Node, reader: &mut Reader<'_>) -> Option<Limits> {
    let problems = reader.problems.count();
    let mut fields = LIMITS.open(node, reader)?;
    let users = fields.optional(&USERS, reader);
    let percent = fields.optional(&PERCENT, reader);
    fields.done(reader);
    let limits = Limits { users: users?, percent: percent? };
    if limits.is_empty() && reader.problems.count() == problems {
        return reader.refuse(&node.at, "no limit stands here; write `{ users: 50, percent: 5 }`, or one of them");
    }
    Some(limits)
}

impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = written::begin(serializer)?;
        map.put_some(&USERS, self.users.as_ref())?;
        map.put_some(&PERCENT, self.percent.as_ref())?;
        map.end()
    }
}
