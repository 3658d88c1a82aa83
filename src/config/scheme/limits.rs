//! How many users a run may select.

use crate::{
    config::reader::{Reader, fields::Fields, node::Node},
    domain::Limits,
};

/// Nobody has more users.
const MOST_USERS: u64 = 1_000_000_000;

/// Reads a scheme's `limits`.
pub(in crate::config) fn limits(node: &Node, reader: &mut Reader<'_>) -> Option<Limits> {
    let problems = reader.problems.count();
    let mut fields = Fields::like(node, "{ users: 50, percent: 5 }", reader)?;
    let users = fields.or("users", None, |node| reader.whole(node, 0..=MOST_USERS).map(Some));
    let percent = fields.or("percent", None, |node| reader.whole(node, 1..=100).map(Some));
    fields.done(reader);
    let limits = Limits { users: users?, percent: percent? };
    if limits.is_empty() && reader.problems.count() == problems {
        return reader.refuse(&node.at, "no limit stands here; write `{ users: 50, percent: 5 }`, or one of them");
    }
    Some(limits)
}
