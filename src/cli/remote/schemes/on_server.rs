//! Schemes as texts: those of usher, and those of a file.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::{Api, Error, output::in_order};
use crate::domain::Scheme;

/// The keys of a scheme in a file, in the order in which people write them. The API has other fields, which are about
/// the scheme.
const KEYS: [&str; 12] = [
    "id",
    "name",
    "source",
    "trigger",
    "enabled",
    "test_mode",
    "select",
    "only_groups",
    "exempt",
    "actions",
    "limits",
    "audit",
];

/// A scheme that usher has.
pub struct ServerScheme {
    /// The scheme as in a file.
    pub text: Value,
    /// The value of `If-Match` for the state that was read.
    pub if_match: Option<String>,
    /// Whether it is in the configuration file.
    pub provisioned: bool,
}

/// A scheme in the order in which people write one.
pub struct Readable<'v>(pub &'v Value);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => serializer.collect_map(in_order(fields, &KEYS)),
            other => other.serialize(serializer),
        }
    }
}

/// All schemes that usher has, by id.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn there(api: &Api) -> Result<BTreeMap<String, ServerScheme>, Error> {
    let rows = api.list(&["schemes"], &[], None).await?;
    Ok(rows.into_iter().filter_map(known).collect())
}

/// A scheme by its id, from a row of the API.
pub fn known(row: Value) -> Option<(String, ServerScheme)> {
    let Value::Object(mut fields) = row else { return None };
    let provisioned = fields.get("provisioned").and_then(Value::as_bool).unwrap_or(false);
    let id = fields.get("id")?.as_str()?.to_owned();
    let if_match = fields.get("tag").and_then(Value::as_str).map(|tag| format!("\"{tag}\""));
    let text = match fields.get("text").and_then(Value::as_str) {
        // A scheme that this usher can't use is kept as it is.
        Some(broken) => serde_json::from_str(broken).unwrap_or(Value::Null),
        None => {
            fields.retain(|key, _| KEYS.contains(&key.as_str()));
            Value::Object(fields)
        }
    };
    Some((id, ServerScheme { text, if_match, provisioned }))
}

/// The text of `scheme`, as the API writes it.
///
/// # Errors
/// [`Error::Local`] if it can't be written as JSON.
pub fn text(scheme: &Scheme) -> Result<Value, Error> {
    serde_json::to_value(scheme).map_err(|_| Error::unmade())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_about_a_scheme_is_not_part_of_it() {
        let row = json!({"id": "a", "source": "acme", "version": "1", "tag": "2-1", "paused": true, "provisioned": true, "warnings": ["w"]});
        let (id, ServerScheme { text, if_match, provisioned }) = known(row).expect("a scheme");
        assert_eq!((id.as_str(), text, provisioned), ("a", json!({"id": "a", "source": "acme"}), true));
        assert_eq!(if_match.as_deref(), Some("\"2-1\""));
    }

    #[test]
    fn a_scheme_that_can_not_be_used_is_exported_as_it_stands() {
        let stands = json!({"id": "a", "source": "gone", "select": {"of_later": true}});
        let row = json!({"id": "a", "text": stands.to_string(), "broken": "why", "version": "1", "provisioned": false});
        assert_eq!(known(row).expect("a scheme").1.text, stands);
    }

    #[test]
    fn a_scheme_is_written_as_people_write_it() {
        let text = json!({"actions": [], "select": {}, "id": "a", "of_later": 1, "source": "acme"});
        let written = serde_json::to_string(&Readable(&text)).expect("JSON");
        assert_eq!(written, r#"{"id":"a","source":"acme","select":{},"actions":[],"of_later":1}"#);
    }
}
