//! The common parts of the user records of Jira Cloud and Data Center.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, de};

use crate::{
    domain::{GroupName, Groups},
    products::listing::records::{Record, Records},
};

/// An expanded list inside a user: how many there are, and some or all of them.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Record")]
pub(in crate::products) struct SizedList<T> {
    size: Option<u64>,
    #[serde(default)]
    items: Records<T>,
}

/// A group, as lists name it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::products) struct Group {
    pub name: String,
    /// Cloud only.
    pub group_id: Option<String>,
}

/// An application that the user has access to.
#[derive(Debug, Deserialize)]
pub(in crate::products) struct Role {
    key: Option<String>,
}

impl Record for Group {
    const KIND: &'static str = "group";
    const NEEDED: &'static [&'static str] = &["name"];
}

impl Record for Role {
    const KIND: &'static str = "application";
    const NEEDED: &'static [&'static str] = &["key"];
}

impl<T> SizedList<T> {
    /// All of them; `None` if the list is cut short, does not say how many there are, or holds some that can't be read.
    pub fn complete(self) -> Option<Vec<T>> {
        let all = u64::try_from(self.items.read.len()).ok() == self.size && self.items.unreadable == 0;
        all.then_some(self.items.read)
    }
}

/// The names of `groups`.
pub(in crate::products) fn names(groups: Vec<Group>) -> Groups {
    groups.into_iter().map(|group| GroupName::new(group.name)).collect()
}

/// The keys of `roles`, where each has one.
pub(in crate::products) fn keys(roles: Vec<Role>) -> Option<BTreeSet<String>> {
    roles.into_iter().map(|role| role.key).collect()
}

/// Reads `true` and `"true"` alike, as Jira writes both; anything else is unknown.
///
/// # Errors
/// The deserializer's error if there is no value.
pub(in crate::products) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Bool(bool),
        Text(String),
        Other(de::IgnoredAny),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Bool(value) => Some(value),
        Written::Text(text) => text.parse().ok(),
        Written::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_known_only_when_all_of_them_are_there() {
        for (json, known) in [
            (r#"{"size":2,"items":[{"name":"a"},{"name":"b"}]}"#, Some(2)),
            (r#"{"size":0,"items":[]}"#, Some(0)),
            (r#"{"size":0}"#, Some(0)),
            (r#"{"size":3,"items":[{"name":"a"}],"max-results":1}"#, None),
            (r#"{"size":3,"items":[]}"#, None),
            (r#"{"items":[{"name":"a"}]}"#, None),
            (r#"{"size":2,"items":[{"name":"a"},{"name":"\ud800"}]}"#, None),
            (r#"{"size":1,"items":[{"name":"a"},{"name":7}]}"#, None),
            ("{}", None),
        ] {
            let list: SizedList<Group> = serde_json::from_str(json).unwrap();
            assert_eq!(list.complete().map(|groups| groups.len()), known, "{json}");
        }
    }

    #[test]
    fn active_is_read_as_a_boolean_or_as_its_name() {
        #[derive(Deserialize)]
        struct Bean {
            #[serde(default, deserialize_with = "truth")]
            active: Option<bool>,
        }
        for (json, active) in [
            (r#"{"active":true}"#, Some(true)),
            (r#"{"active":"false"}"#, Some(false)),
            (r#"{"active":"perhaps"}"#, None),
            (r#"{"active":null}"#, None),
            (r#"{"active":1}"#, None),
            ("{}", None),
        ] {
            assert_eq!(serde_json::from_str::<Bean>(json).unwrap().active, active, "{json}");
        }
    }
}
