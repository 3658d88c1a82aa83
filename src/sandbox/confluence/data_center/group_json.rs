//! A group as JSON in other answers.

use serde_json::{Value, json};

use crate::sandbox::api::Call;

/// A group, as lists name it.
pub(super) fn group(call: &Call<'_>, name: &str) -> Value {
    let segment = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    json!({ "type": "group", "name": name, "_links": { "self": format!("{}/rest/api/group/{segment}", call.base) } })
}
