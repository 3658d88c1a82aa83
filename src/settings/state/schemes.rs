//! The schemes: those of the configuration, and the stored ones as they were read for the present sources.

use std::sync::Arc;

use super::{
    super::{
        sources::SourceEntry,
        view::{Contents, SchemeView},
    },
    State,
    bulks::BulkEntry,
};
use crate::{
    config::{CheckedScheme, Problem, ProvisionedScheme, Sources, check_scheme},
    domain::{Pausable, Pause, SchemeChange, SchemeId, SchemeRef, StoredScheme},
    rules::{Schemes, VersionedScheme},
};

/// A stored scheme, and the result of reading it with this version of usher.
#[derive(Debug)]
pub(in crate::settings) struct SchemeEntry {
    pub(super) stored: Arc<StoredScheme>,
    /// The problems, one a line, if it can't be used.
    read: Result<CheckedScheme, String>,
}

/// Stored schemes that were read again for these sources, by their keys.
pub(in crate::settings) struct ReadAgain {
    sources: Sources,
    schemes: Vec<(String, Result<CheckedScheme, String>)>,
    bulks: Vec<(String, BulkEntry)>,
}

impl State {
    /// The stored schemes, read for the present sources; none if they are read for these already.
    pub fn read_again(&self) -> Option<ReadAgain> {
        let stored = self.stored_sources().filter_map(SourceEntry::readable);
        let stored = stored.map(|source| (source.id.clone(), source.product));
        let sources: Sources = self.file_sources.iter().cloned().chain(stored).collect();
        if sources == *self.sources {
            return None;
        }
        let read = |(key, entry): (&String, &SchemeEntry)| (key.clone(), read(&entry.stored, &sources));
        let schemes = self.schemes.iter().map(read).collect();
        let bulks = self.bulks.iter().map(|(key, entry)| (key.clone(), entry.read_again(&sources))).collect();
        Some(ReadAgain { sources, schemes, bulks })
    }

    /// Takes the schemes as they were read again.
    pub fn take(&mut self, read_again: ReadAgain) {
        let ReadAgain { sources, schemes, bulks } = read_again;
        self.bulks.extend(bulks);
        self.sources = Arc::new(sources);
        for (key, read) in schemes {
            if let Some(entry) = self.schemes.get_mut(&key) {
                entry.read = read;
            }
        }
    }

    pub(super) fn prepared_scheme(&self, key: &str, stored: StoredScheme) -> SchemeEntry {
        let stored = match self.schemes.get(key) {
            Some(earlier) => stored.over(&earlier.stored),
            None => stored,
        };
        let read = read(&stored, &self.sources);
        if !stored.is_deleted() && self.is_provisioned(&stored.id) {
            tracing::warn!(scheme.id = %stored.id, "a stored scheme has the id of one in the configuration file, which counts");
        }
        SchemeEntry { stored: Arc::new(stored), read }
    }

    /// The sources that schemes may be for.
    pub fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.sources)
    }

    /// The schemes to evaluate. [`Schemes`] keeps the enabled ones of these, and takes unchanged ones from `before`.
    pub fn enabled(&self, before: &Schemes) -> Schemes {
        let provisioned = self
            .provisioned
            .iter()
            .map(|known| VersionedScheme { scheme: known.scheme.clone(), reference: known.reference.clone() });
        let stored = self.stored().filter_map(|known| {
            let scheme = known.read.as_ref().ok()?.scheme.clone();
            let version = known.stored.current().version.clone();
            Some(VersionedScheme { reference: SchemeRef { id: scheme.id.clone(), version }, scheme })
        });
        let bulks = self.bulks.values().filter_map(|known| known.scheme().cloned());
        Schemes::after(before, provisioned.chain(stored).chain(bulks))
    }

    /// All schemes.
    pub fn list(&self) -> Vec<SchemeView> {
        let provisioned = self.provisioned.iter().map(|known| self.provisioned_view(known));
        provisioned.chain(self.stored().map(|known| self.stored_view(known))).collect()
    }

    /// One scheme.
    pub fn get(&self, id: &SchemeId) -> Option<SchemeView> {
        match self.provisioned.iter().find(|known| known.scheme.id == *id) {
            Some(known) => Some(self.provisioned_view(known)),
            None => self.of(id).filter(|known| !known.stored.is_deleted()).map(|known| self.stored_view(known)),
        }
    }

    /// The stored scheme with the id `id`, even if it was deleted.
    pub fn stored_scheme(&self, id: &SchemeId) -> Option<Arc<StoredScheme>> {
        self.of(id).map(|known| Arc::clone(&known.stored))
    }

    /// The changes of a scheme, newest first.
    pub fn history(&self, id: &SchemeId) -> Option<Vec<SchemeChange>> {
        match self.of(id) {
            Some(known) => Some(known.stored.changes().rev().cloned().collect()),
            None => self.is_provisioned(id).then(Vec::new),
        }
    }

    /// Whether the configuration file has a scheme of this id.
    pub fn is_provisioned(&self, id: &SchemeId) -> bool {
        self.provisioned.iter().any(|known| known.scheme.id == *id)
    }

    fn of(&self, id: &SchemeId) -> Option<&SchemeEntry> {
        self.schemes.get(StoredScheme::key_of(id).as_str())
    }

    /// The stored schemes that count, by id.
    fn stored(&self) -> impl Iterator<Item = &SchemeEntry> {
        let counts = |known: &&SchemeEntry| !known.stored.is_deleted() && !self.is_provisioned(&known.stored.id);
        self.schemes.values().filter(counts)
    }

    fn provisioned_view(&self, ProvisionedScheme { scheme, reference }: &ProvisionedScheme) -> SchemeView {
        SchemeView {
            id: scheme.id.clone(),
            contents: Contents::Readable(Box::new(scheme.clone())),
            version: reference.version.clone(),
            tag: reference.version.clone(),
            provisioned: true,
            paused: self.pause_now(&scheme.id),
            changed: None,
            warnings: Vec::new(),
        }
    }

    fn stored_view(&self, SchemeEntry { stored, read }: &SchemeEntry) -> SchemeView {
        let current = stored.current();
        SchemeView {
            id: stored.id.clone(),
            contents: match read {
                Ok(checked) => Contents::Readable(Box::new(checked.scheme.clone())),
                Err(why) => Contents::Broken { text: current.text.clone(), why: why.clone() },
            },
            version: current.version.clone(),
            tag: stored.tag(),
            provisioned: false,
            paused: self.pause_now(&stored.id),
            changed: Some((current.by.clone(), current.at)),
            warnings: match read {
                // The places are left out: they belong to the stored text, which nobody has seen.
                Ok(checked) => checked.warnings.iter().map(|warning| warning.message().to_owned()).collect(),
                Err(_) => Vec::new(),
            },
        }
    }

    fn pause_now(&self, id: &SchemeId) -> Option<Pause> {
        self.pause(&Pausable::Scheme(id.clone())).filter(|pause| pause.paused).cloned()
    }
}

/// Reads a stored scheme for these sources.
fn read(stored: &StoredScheme, sources: &Sources) -> Result<CheckedScheme, String> {
    let read = match check_scheme(&stored.current().text, "scheme", sources) {
        Ok(checked) if checked.scheme.id == stored.id => Ok(checked),
        Ok(checked) => Err(format!("it calls itself `{}`", checked.scheme.id)),
        Err(problems) => Err(problems.iter().map(Problem::message).collect::<Vec<_>>().join("\n")),
    };
    if let (false, Err(why)) = (stored.is_deleted(), &read) {
        tracing::warn!(scheme.id = %stored.id, why, "a stored scheme can't be used and is not asked");
    }
    read
}
