//! A group as JSON in other answers.

use serde_json::{Value, json};

use crate::sandbox::world::people::Group;

/// The address of a group.
pub(super) fn own_url(group: &Group, base: &str) -> String {
    format!("{base}/rest/api/3/group?groupId={}", group.id)
}

/// A group as a user's list shows it.
pub(super) fn group(group: &Group, base: &str) -> Value {
    json!({ "name": group.name, "groupId": group.id, "self": own_url(group, base) })
}
