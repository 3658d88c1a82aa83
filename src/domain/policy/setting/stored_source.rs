//! A source that is not in the configuration file.

use sha2::{Digest, Sha256};

use super::Actor;
use crate::domain::{SourceId, Timestamp, UserKey};

/// A secret of a stored source, sealed for its source, its address and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The name: the key in the source, with a number if there may be several.
    pub name: String,
    /// The sealed text.
    pub sealed: String,
    /// When it was written.
    pub at: Timestamp,
}

/// The content of a stored source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceContent {
    /// The source without its secrets, as YAML: each is named.
    pub text: String,
    /// The address for which the secrets are sealed.
    pub base_url: String,
    /// The secrets.
    pub secrets: Vec<SealedSecret>,
}

/// A source that was made while usher runs, as it is since its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSource {
    /// The id, chosen by its author.
    pub id: SourceId,
    /// Counts the changes of this id, from 1.
    pub revision: u64,
    /// The content; none: it was deleted. Its id is taken for as long as records of it may be in the log.
    pub content: Option<SourceContent>,
    /// The author of the change.
    pub by: Actor,
    /// The time of the change.
    pub at: Timestamp,
}

impl StoredSource {
    /// The key of the record with the source `id`.
    pub fn key_of(id: &SourceId) -> UserKey {
        UserKey::of_setting("source", id.as_str())
    }

    /// Whether it is no more.
    pub fn is_deleted(&self) -> bool {
        self.content.is_none()
    }

    /// The digest of the content, which says nothing of the secrets: they are sealed.
    pub fn version(&self) -> String {
        let Some(SourceContent { text, base_url, secrets }) = &self.content else { return String::new() };
        let mut digest = Sha256::new();
        let parts = secrets.iter().flat_map(|secret| [&secret.name, &secret.sealed]);
        for part in [text, base_url].into_iter().chain(parts) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        hex::encode(&digest.finalize()[..8])
    }

    /// The tag of exactly this state, for every process that wrote it.
    pub fn tag(&self) -> String {
        format!("{}-{}", self.revision, self.version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str, sealed: &str) -> StoredSource {
        let secret = SealedSecret { name: "auth.bearer".into(), sealed: sealed.into(), at: Timestamp::from_millis(1) };
        let content = SourceContent { text: text.into(), base_url: "https://x/".into(), secrets: vec![secret] };
        let (by, at) = (Actor::default(), Timestamp::from_millis(2));
        StoredSource { id: "acme".parse().expect("an id"), revision: 3, content: Some(content), by, at }
    }

    #[test]
    fn the_tag_tells_states_apart_also_those_that_differ_in_a_secret_alone() {
        let (one, same, other) = (stored("a", "s"), stored("a", "s"), stored("a", "t"));
        assert_eq!(one.tag(), same.tag());
        assert_ne!(one.tag(), other.tag());
        assert_ne!(one.tag(), stored("b", "s").tag());
        let deleted = StoredSource { content: None, ..one };
        assert!(deleted.is_deleted() && deleted.tag() == "3-");
    }
}
