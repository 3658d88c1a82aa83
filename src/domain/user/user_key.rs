//! The user of an event or record: as a delivery names them, and as the log keeps them.

use std::fmt;

use crate::domain::{SourceId, UserId};

/// A user, as a delivery names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserRef {
    /// By the lasting id.
    Id(UserId),
    /// By the login name only; the planner looks up the lasting id before anything else.
    Name(String),
}

impl UserRef {
    /// The lasting id, if it is known.
    pub fn id(&self) -> Option<&UserId> {
        match self {
            Self::Id(id) => Some(id),
            Self::Name(_) => None,
        }
    }
}

impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The key of every record: source and user. All records of one key are in one partition, in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserKey {
    text: String,
    source_len: usize,
}

impl UserKey {
    /// The key of `user` in `source`.
    pub fn new(source: &SourceId, user: &UserRef) -> Self {
        let (kind, name) = match user {
            UserRef::Id(id) => ("/id/", id.as_str()),
            UserRef::Name(name) => ("/name/", name.as_str()),
        };
        let source = source.as_str();
        Self { text: [source, kind, name].concat(), source_len: source.len() }
    }

    /// The key of records about `source` as a whole.
    pub fn of_source(source: &SourceId) -> Self {
        Self { text: format!("{source}/source/"), source_len: source.as_str().len() }
    }

    /// The key of a setting called `id`; `kind` keeps settings of one name apart. No source, and so no user, has such a
    /// key, because no id begins with `~`.
    pub fn of_setting(kind: &str, id: &str) -> Self {
        Self { text: format!("~settings/{kind}/{id}"), source_len: "~settings".len() }
    }

    /// The key of all that administrators did: one, so that all of it is in one partition, in order.
    pub fn of_admin_actions() -> Self {
        Self::of_setting("admin-actions", "")
    }

    /// Reads a key back from a record; `None` if usher did not write it.
    pub fn parse(text: &str) -> Option<Self> {
        let (source, rest) = text.split_once('/')?;
        rest.split_once('/')?;
        Some(Self { source_len: source.len(), text: text.to_owned() })
    }

    /// The key in the form of a record.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The user part.
    pub fn user(&self) -> UserRef {
        match self.text[self.source_len + 1..].split_once('/') {
            Some(("id", id)) => UserRef::Id(UserId::new(id)),
            Some((_, name)) => UserRef::Name(name.to_owned()),
            None => UserRef::Name(String::new()),
        }
    }

    /// The source part, to skip the records of other sources without decoding them.
    pub fn source(&self) -> &str {
        &self.text[..self.source_len]
    }
}

#[cfg(test)]
mod tests {
    mod properties;

    use super::*;

    fn source() -> SourceId {
        "acme".parse().expect("an id")
    }

    #[test]
    fn a_user_key_names_its_source_and_survives_the_log() {
        let key = UserKey::new(&source(), &UserRef::Id(UserId::new("99:27/a")));
        assert_eq!(key.as_str(), "acme/id/99:27/a");
        assert_eq!(key.source(), "acme");
        assert_eq!(key.user(), UserRef::Id(UserId::new("99:27/a")));
        assert_eq!(UserKey::parse(key.as_str()), Some(key));
        assert_eq!(UserKey::parse("acme"), None);
    }
}
