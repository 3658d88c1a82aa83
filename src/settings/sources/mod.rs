//! Stored sources: those that are made while usher runs.
//!
//! The record holds the source without its secrets, and each secret sealed. A source whose secrets can't be opened is
//! shown as broken, and is not started.

mod write;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::Settings;
use crate::{
    config::{KeptParts, Source, read_source_keeping},
    domain::{Actor, SealedSecret, SourceContent, SourceId, StoredSource, Timestamp},
    log::RETENTION,
    sealed::{Place, SecretsKey},
    secret::Secret,
};

/// The time for which the id of a deleted source is taken: events of it may be in the log for as long, and another
/// product must not get them. A day more, for clocks that differ.
pub(super) const TAKEN_FOR: Duration = Duration::from_secs(RETENTION.as_secs() + 24 * 60 * 60);

/// A stored source as it can be used now.
#[derive(Debug, Clone)]
pub enum SourceContents {
    /// It can be used.
    Readable(Box<Source>),
    /// It can't be used, and is not started.
    Broken {
        /// The source with other secrets than its own, if it can be read.
        shown: Option<Box<Source>>,
        /// Why it can't be used, and what to do.
        why: String,
    },
}

/// A stored source.
#[derive(Debug, Clone)]
pub struct SourceView {
    /// The id.
    pub id: SourceId,
    /// The tag of exactly this state, for `If-Match`.
    pub tag: String,
    /// The content.
    pub contents: SourceContents,
    /// The names of its secrets, with the time at which each was written.
    pub secrets: Vec<(String, Timestamp)>,
    /// The author of the last change.
    pub by: Actor,
    /// The time of the last change.
    pub at: Timestamp,
}

/// A stored source, and the result of reading it.
#[derive(Debug)]
pub(super) struct SourceEntry {
    pub(super) stored: Arc<StoredSource>,
    /// None: it was deleted.
    contents: Option<SourceContents>,
}

impl SourceEntry {
    /// Reads a stored source; its secrets are opened by `key`.
    pub(super) fn read(stored: StoredSource, key: Option<&SecretsKey>) -> Self {
        let contents = stored.content.as_ref().map(|content| contents(&stored.id, content, key));
        if let Some(SourceContents::Broken { why, .. }) = &contents {
            tracing::error!(source.id = %stored.id, why, "a stored source can't be used and is not started");
        }
        Self { stored: Arc::new(stored), contents }
    }

    /// The source, if it can be used.
    pub(super) fn readable(&self) -> Option<&Source> {
        match self.contents.as_ref()? {
            SourceContents::Readable(source) => Some(source),
            SourceContents::Broken { .. } => None,
        }
    }

    pub(super) fn view(&self) -> Option<SourceView> {
        let (contents, content) = (self.contents.clone()?, self.stored.content.as_ref()?);
        let secrets = content.secrets.iter().map(|secret| (secret.name.clone(), secret.at)).collect();
        let StoredSource { id, by, at, .. } = self.stored.as_ref();
        Some(SourceView { id: id.clone(), tag: self.stored.tag(), contents, secrets, by: by.clone(), at: *at })
    }
}

fn contents(id: &SourceId, content: &SourceContent, key: Option<&SecretsKey>) -> SourceContents {
    let read = |parts: &KeptParts| {
        let source = read_source_keeping(&content.text, parts).map_err(|problems| {
            problems.iter().map(|problem| problem.message().to_owned()).collect::<Vec<_>>().join("; ")
        })?;
        let is_it = source.id == *id && source.base_url.as_str() == content.base_url;
        if is_it {
            Ok(Box::new(source))
        } else {
            Err("it is stored under another id or address than its own".to_owned())
        }
    };
    match opened(id, content, key).and_then(|parts| read(&parts)) {
        Ok(source) => SourceContents::Readable(source),
        Err(why) => SourceContents::Broken { shown: read(&not_known(content)).ok(), why },
    }
}

/// Other secrets in place of those of a source: by these it can be read, and no more.
fn not_known(content: &SourceContent) -> KeptParts {
    content.secrets.iter().map(|secret| (secret.name.clone(), Secret::new("not-known"))).collect()
}

/// The parts of a source that are kept beside it, opened.
fn opened(id: &SourceId, content: &SourceContent, key: Option<&SecretsKey>) -> Result<KeptParts, String> {
    let Some(key) = key else {
        return Err("its secrets can't be opened, because `secrets_key` is not set; set it as it was".to_owned());
    };
    let open = |SealedSecret { name, sealed, .. }: &SealedSecret| {
        let place = Place { source: id.as_str(), base_url: &content.base_url, field: name };
        let secret =
            key.open(sealed, place).map_err(|error| format!("its secret `{name}` can't be opened: {error}"))?;
        Ok::<_, String>((name.clone(), secret))
    };
    content.secrets.iter().map(open).collect()
}

impl Settings {
    /// Opens and seals the secrets of stored sources by `key` from now on; none: no source can be stored, and none that
    /// is stored can be used. To be called before anything is read.
    pub fn seal_by(&self, key: Option<Arc<SecretsKey>>) {
        self.state_to_change().seal_by(key);
    }

    /// The stored sources that count, by id: one of the configuration file goes before.
    pub fn stored_sources(&self) -> Vec<SourceView> {
        self.state().stored_sources().filter_map(SourceEntry::view).collect()
    }

    /// A stored source that counts.
    pub fn stored_source(&self, id: &SourceId) -> Option<SourceView> {
        self.state().stored_sources().find(|entry| entry.stored.id == *id).and_then(SourceEntry::view)
    }

    /// The stored sources that can be used, also those with the id of one of the configuration file.
    pub fn usable_sources(&self) -> Vec<Source> {
        self.state().all_stored_sources().filter_map(SourceEntry::readable).cloned().collect()
    }

    /// The ids of all stored sources, also of those that can't be used.
    pub fn stored_source_ids(&self) -> Vec<SourceId> {
        let state = self.state();
        let there = state.all_stored_sources().filter(|entry| !entry.stored.is_deleted());
        there.map(|entry| entry.stored.id.clone()).collect()
    }

    /// The stored sources that count and can't be used, as far as they can be shown, each with the reason.
    pub fn broken_sources(&self) -> Vec<(Source, String)> {
        let broken = |entry: &SourceEntry| match entry.contents.as_ref()? {
            SourceContents::Broken { shown: Some(shown), why } => Some((Source::clone(shown), why.clone())),
            SourceContents::Broken { shown: None, .. } | SourceContents::Readable(_) => None,
        };
        self.state().stored_sources().filter_map(broken).collect()
    }

    /// Changes with each change of a stored source, and with those of the configuration file.
    pub fn sources_changed(&self) -> watch::Receiver<u64> {
        self.0.sources.subscribe()
    }
}
