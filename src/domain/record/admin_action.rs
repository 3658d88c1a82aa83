//! What people and programs did to usher itself.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::{Actor, Role, RunId, SourceId, Timestamp};

/// The way on which an administrator acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A request to the API.
    Api,
    /// A page of the console.
    Console,
    /// An issue in Jira.
    Jira,
    /// usher itself, at its time.
    Clock,
}

impl Channel {
    /// All ways.
    pub const ALL: [Self; 4] = [Self::Api, Self::Console, Self::Jira, Self::Clock];

    /// The name in records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Console => "console",
            Self::Jira => "jira",
            Self::Clock => "clock",
        }
    }

    /// The way of that name; none if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The result of an act, as far as the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActResult {
    /// It was allowed and possible, and was about to be done. Whether it was done says its object.
    Accepted,
    /// It was not allowed, and nothing was done.
    Refused,
    /// It was accepted, and then it was not done.
    Failed,
}

impl ActResult {
    /// All results.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Refused, Self::Failed];

    /// The name in records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// The result of that name; none if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == name)
    }
}

/// One act of an administrator, or an attempt. A later record with the same id says that it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminAction {
    /// 32 hexadecimal digits, by chance.
    pub id: String,
    /// The time.
    pub at: Timestamp,
    /// The name; none: nobody whom usher knows.
    pub by: Option<Actor>,
    /// Their role at that time.
    pub role: Option<Role>,
    /// On which way.
    pub via: Channel,
    /// The address that the request came from.
    pub from: Option<IpAddr>,
    /// A word for what was done: `scheme.pause`. Versions add words.
    pub action: String,
    /// The object: `scheme:leavers`; `usher` for all of it.
    pub on: String,
    /// The source that it is about; none: usher as a whole.
    pub source: Option<SourceId>,
    /// The state before, in short.
    pub before: Option<String>,
    /// The wanted state, in short.
    pub after: Option<String>,
    /// Why, by the words of whoever acted, or why it was refused or not done.
    pub reason: Option<String>,
    /// The run that it began, or is about.
    pub run: Option<RunId>,
    /// Its result.
    pub result: ActResult,
    /// The key with which the request may be repeated.
    pub request: Option<RequestKey>,
}

/// The header `Idempotency-Key` of a request, and what was asked with it. Both are digests: a key is chosen by a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The key, and whose it is.
    pub key: String,
    /// The digest of the request.
    pub request: String,
}

impl RequestKey {
    /// The `key` of the client `name` for a request of these `parts`.
    pub fn new(name: &Actor, key: &str, parts: &[&[u8]]) -> Self {
        let name = name.to_string();
        Self { key: digest(&[name.as_bytes(), key.as_bytes()]), request: digest(parts) }
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes()); // so that no two lists of parts read alike
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_and_results_are_known_by_their_names() {
        for channel in Channel::ALL {
            assert_eq!(Channel::named(channel.as_str()), Some(channel));
        }
        for result in ActResult::ALL {
            assert_eq!(ActResult::named(result.as_str()), Some(result));
        }
    }

    #[test]
    fn a_key_is_its_clients_own() {
        let name = |name: &str| name.parse::<Actor>().expect("a name");
        let one = RequestKey::new(&name("ci"), "k", &[b"a", b"b"]);
        assert_eq!(one, RequestKey::new(&name("ci"), "k", &[b"a", b"b"]));
        assert_ne!(one.key, RequestKey::new(&name("cd"), "k", &[]).key);
        assert_ne!(one.request, RequestKey::new(&name("ci"), "k", &[b"ab", b""]).request);
        assert_ne!(RequestKey::new(&name("c"), "ik", &[]).key, RequestKey::new(&name("ci"), "k", &[]).key);
    }
}
