//! The conditions of picks and saved filters: those of the list of users, as JSON.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    admin::api::{
        Problem, schemas,
        users::query::{Domain, NO_GROUPS, SearchText, roster_filter},
    },
    domain::Timestamp,
    roster::UserStatus,
    users::UserFilter,
};

/// Conditions on users: all of them hold. Without any, all users match. A value that is not known never matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterText {
    /// Words that all stand in the name, the display name, the e-mail address or the id, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub(crate) q: Option<SearchText>,
    /// The domain of the e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::DomainText>)]
    pub(crate) domain: Option<Domain>,
    /// Whether they may log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<UserStatus>,
    /// The name of the user directory, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 255)]
    pub(crate) directory: Option<Directory>,
    /// The last login was before this. Users without a login have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Time>)]
    pub(crate) last_login_before: Option<Timestamp>,
    /// There was never a login (true), or there was one (false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) never_logged_in: Option<bool>,
    /// The account was created before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Time>)]
    pub(crate) created_before: Option<Timestamp>,
    /// Listed in the source's `protect.users` (true), or not (false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) protected: Option<bool>,
    /// Refused: the lists of users contain no groups.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub(crate) group: Option<String>,
}

/// Reads a filter from an object alone: a list of its values in their order would be read as well.
pub(super) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FilterText, D::Error> {
    FilterText::deserialize(Value::Object(Map::deserialize(deserializer)?)).map_err(D::Error::custom)
}

/// The same for a filter that may be left out.
pub(super) fn object_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FilterText>, D::Error> {
    let object = Option::<Map<String, Value>>::deserialize(deserializer)?;
    object.map(|object| FilterText::deserialize(Value::Object(object)).map_err(D::Error::custom)).transpose()
}

/// The longest name of a directory, in characters.
const MAX_DIRECTORY: usize = 255;

/// The name of a user directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Directory(String);

impl TryFrom<String> for Directory {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fits = text.chars().count() <= MAX_DIRECTORY;
        fits.then_some(Self(text))
            .ok_or_else(|| format!("`directory` is longer than {MAX_DIRECTORY} characters; write less"))
    }
}

impl From<Directory> for String {
    fn from(Directory(text): Directory) -> Self {
        text
    }
}

impl FilterText {
    /// The filter of the users.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] if groups are asked for.
    pub(crate) fn filter(&self) -> Result<UserFilter, Problem> {
        if self.group.is_some() {
            return Err(Problem::BadRequest(NO_GROUPS.into()));
        }
        let Self { q, domain, status, directory, .. } = self.clone();
        Ok(UserFilter {
            roster: roster_filter(q, domain, status, directory.map(String::from)),
            last_login_before: self.last_login_before,
            never_logged_in: self.never_logged_in,
            created_before: self.created_before,
            protected: self.protected,
        })
    }

    /// The filter in words.
    pub(crate) fn words(&self) -> String {
        let truth =
            |is_so: Option<bool>, yes: &str, no: &str| is_so.map(|is_so| if is_so { yes } else { no }.to_owned());
        let parts = [
            self.q.as_ref().map(|text| format!("with `{}`", text.as_str())),
            self.domain.as_ref().map(|domain| format!("of the domain {}", domain.as_str())),
            self.status.map(|status| status.as_str().to_owned()),
            self.directory.as_ref().map(|Directory(name)| format!("in the directory `{name}`")),
            self.last_login_before.map(|at| format!("last login before {at}")),
            truth(self.never_logged_in, "never logged in", "logged in at least once"),
            self.created_before.map(|at| format!("created before {at}")),
            truth(self.protected, "protected", "not protected"),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "all users".to_owned() } else { format!("users: {}", parts.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_told_in_words_and_written_without_what_it_does_not_say() {
        let read = |text: &str| serde_json::from_str::<FilterText>(text).map_err(|error| error.to_string());
        assert_eq!(read("{}").expect("a filter").words(), "all users");
        let text = r#"{"q":"jane","status":"inactive","never_logged_in":false,"last_login_before":"2026-01-01T00:00:00.000Z"}"#;
        let filter = read(text).expect("a filter");
        let words = "users: with `jane`, inactive, last login before 2026-01-01T00:00:00.000Z, logged in at least once";
        assert_eq!(filter.words(), words);
        let written = serde_json::to_string(&filter).expect("JSON");
        assert_eq!(read(&written).expect("a filter"), filter);
        assert!(!written.contains("null") && !written.contains("protected"), "{written}");
        assert!(read(r#"{"nope":1}"#).expect_err("unknown").contains("nope"));
        assert!(read(r#"{"group":"staff"}"#).expect("readable").filter().is_err(), "the lists contain no groups");
    }
}
