//! A group as JSON in other answers.

use serde_json::{Value, json};

use crate::sandbox::{api::Call, world::people::Group};

/// A group, as lists name it.
pub(super) fn group(call: &Call<'_>, group: &Group) -> Value {
    let own_url = format!("{}/wiki/rest/api/group/by-id?id={}", call.base, group.id);
    json!({
        "type": "group", "name": group.name, "id": group.id, "usageType": "USERBASE_GROUP", "managedBy": "ADMINS",
        "_links": { "self": own_url },
    })
}
