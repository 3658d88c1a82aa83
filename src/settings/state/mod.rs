//! The state that the records of the stream add up to. Pure: records in, answers out.

mod bulks;
mod schemes;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

pub(super) use self::bulks::checked as checked_bulk;
use self::{bulks::BulkEntry, schemes::SchemeEntry};
use super::sources::{SourceEntry, TAKEN_FOR};
use crate::{
    config::{Config, ProvisionedScheme, Sources},
    domain::{
        Bulk, CancelledRun, Draft, Milestone, MilestoneReached, Pausable, Pause, Pick, Product, RunId, SavedFilter,
        SessionsEnded, Setting, SourceId, StoredSource, Timestamp, UserKey, WhichSessions,
    },
    log::LONGEST_PAUSE,
    sealed::SecretsKey,
};

/// The time for which the history of a deleted scheme is kept.
const DELETED_RETENTION: Duration = Duration::from_hours(24 * 365);

/// The time for which a run stays cancelled: the executor may come to its decision that late.
const CANCELLED_RETENTION: Duration = LONGEST_PAUSE;

/// The time for which the end of sessions is kept. No session lives that long.
const ENDED_SESSIONS_RETENTION: Duration = Duration::from_hours(24 * 31);

/// The settings that a record has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    Schemes,
    Sources,
    Others,
}

/// A setting that can be put into the state at once.
#[derive(Debug)]
pub(super) enum Prepared {
    Scheme(Box<SchemeEntry>),
    Source(Box<SourceEntry>),
    Pause(Pause),
    CancelledRun(CancelledRun),
    SessionsEnded(SessionsEnded),
    /// Runs were removed from the run log, at that time. The views see to it.
    DeletedRuns(Timestamp),
    Milestone(MilestoneReached),
    Draft(Arc<Draft>),
    Bulk(Box<BulkEntry>),
    Pick(Arc<Pick>),
    Filter(Arc<SavedFilter>),
    /// Set by the log for itself.
    NoneOfOurs,
}

/// The present settings, by their keys in the log.
#[derive(Debug)]
pub(super) struct State {
    provisioned: Vec<ProvisionedScheme>,
    /// The sources of the configuration.
    file_sources: Vec<(SourceId, Product)>,
    /// The sources for which the schemes were read.
    sources: Arc<Sources>,
    stored_sources: BTreeMap<String, SourceEntry>,
    /// Seals and opens the secrets of stored sources.
    secrets_key: Option<Arc<SecretsKey>>,
    schemes: BTreeMap<String, SchemeEntry>,
    pauses: HashMap<String, Pause>,
    cancelled: HashMap<String, CancelledRun>,
    ended_sessions: HashMap<String, SessionsEnded>,
    /// When runs were removed from the run log.
    deleted_runs: HashMap<String, Timestamp>,
    drafts: HashMap<String, Arc<Draft>>,
    bulks: BTreeMap<String, BulkEntry>,
    picks: HashMap<String, Arc<Pick>>,
    filters: HashMap<String, Arc<SavedFilter>>,
    milestones: HashMap<String, MilestoneReached>,
}

impl State {
    /// The state with the configuration alone.
    pub fn new(config: &Config) -> Self {
        Self {
            provisioned: config.schemes.clone(),
            file_sources: file_sources(config),
            sources: Arc::new(config.sources.iter().collect()),
            stored_sources: BTreeMap::new(),
            secrets_key: None,
            schemes: BTreeMap::new(),
            pauses: HashMap::new(),
            cancelled: HashMap::new(),
            ended_sessions: HashMap::new(),
            deleted_runs: HashMap::new(),
            drafts: HashMap::new(),
            bulks: BTreeMap::new(),
            picks: HashMap::new(),
            filters: HashMap::new(),
            milestones: HashMap::new(),
        }
    }

    /// Takes the schemes and the sources of `config`. Stored schemes are [to be read again](State::read_again).
    pub fn provide(&mut self, config: &Config) {
        self.provisioned.clone_from(&config.schemes);
        self.file_sources = file_sources(config);
    }

    /// Opens and seals secrets by `key`.
    pub fn seal_by(&mut self, key: Option<Arc<SecretsKey>>) {
        self.secrets_key = key;
    }

    /// Seals and opens secrets, if there is one.
    pub fn secrets_key(&self) -> Option<Arc<SecretsKey>> {
        self.secrets_key.clone()
    }

    /// Whether the configuration file has a source of this id.
    pub fn is_file_source(&self, id: &SourceId) -> bool {
        self.file_sources.iter().any(|(known, _)| known == id)
    }

    /// All stored sources by id, also deleted ones and those that can't be used.
    pub fn all_stored_sources(&self) -> impl Iterator<Item = &SourceEntry> {
        self.stored_sources.values()
    }

    /// Those of them that count.
    pub fn stored_sources(&self) -> impl Iterator<Item = &SourceEntry> {
        self.all_stored_sources().filter(|entry| !self.is_file_source(&entry.stored.id))
    }

    /// The stored source with the id `id`, even if it was deleted.
    pub fn source_entry(&self, id: &SourceId) -> Option<&SourceEntry> {
        self.stored_sources.get(StoredSource::key_of(id).as_str())
    }

    /// The prepared form of `setting` under `key`. A scheme is read here, which may take long; nothing changes yet.
    pub fn prepared(&self, key: &str, setting: Setting) -> Prepared {
        match setting {
            Setting::Scheme(stored) => Prepared::Scheme(Box::new(self.prepared_scheme(key, stored))),
            Setting::Source(stored) => Prepared::Source(Box::new(self.prepared_source(stored))),
            Setting::Pause(pause) => Prepared::Pause(pause),
            Setting::CancelledRun(cancelled) => Prepared::CancelledRun(cancelled),
            Setting::SessionsEnded(ended) => Prepared::SessionsEnded(ended),
            Setting::DeletedRuns(deleted) => Prepared::DeletedRuns(deleted.at),
            Setting::Milestone(reached) => Prepared::Milestone(reached),
            Setting::Draft(draft) => Prepared::Draft(Arc::new(draft)),
            Setting::Bulk(bulk) => Prepared::Bulk(Box::new(BulkEntry::read(bulk, &self.sources))),
            Setting::Pick(pick) => Prepared::Pick(Arc::new(pick)),
            Setting::Filter(filter) => Prepared::Filter(Arc::new(filter)),
            Setting::OutcomesRecreated(_) => Prepared::NoneOfOurs,
        }
    }

    /// Sets the value of `key` to `prepared`.
    pub fn set(&mut self, key: &str, prepared: Prepared) -> Changed {
        let key = key.to_owned();
        match prepared {
            Prepared::Scheme(known) => {
                self.schemes.insert(key, *known);
                return Changed::Schemes;
            }
            Prepared::Bulk(known) => {
                self.bulks.insert(key, *known);
                return Changed::Schemes;
            }
            Prepared::Source(known) => {
                self.stored_sources.insert(key, *known);
                return Changed::Sources;
            }
            Prepared::Pause(pause) => {
                self.pauses.insert(key, pause);
            }
            Prepared::CancelledRun(cancelled) => {
                self.cancelled.insert(key, cancelled);
            }
            Prepared::SessionsEnded(ended) => {
                self.ended_sessions.insert(key, ended);
            }
            Prepared::DeletedRuns(at) => {
                self.deleted_runs.insert(key, at);
            }
            Prepared::Draft(draft) => {
                self.drafts.insert(key, draft);
            }
            Prepared::Pick(pick) => {
                self.picks.insert(key, pick);
            }
            Prepared::Filter(filter) => {
                self.filters.insert(key, filter);
            }
            Prepared::Milestone(reached) => {
                self.milestones.insert(key, reached);
            }
            Prepared::NoneOfOurs => {}
        }
        Changed::Others
    }

    fn prepared_source(&self, stored: StoredSource) -> SourceEntry {
        if !stored.is_deleted() && self.is_file_source(&stored.id) {
            tracing::warn!(source.id = %stored.id, "a stored source has the id of one in the configuration file, which counts");
        }
        SourceEntry::read(stored, self.secrets_key.as_deref())
    }

    /// Removes the value of `key`.
    pub fn take_back(&mut self, key: &str) -> Changed {
        self.pauses.remove(key);
        self.cancelled.remove(key);
        self.ended_sessions.remove(key);
        self.deleted_runs.remove(key);
        self.drafts.remove(key);
        self.picks.remove(key);
        self.filters.remove(key);
        self.milestones.remove(key);
        if self.stored_sources.remove(key).is_some() {
            return Changed::Sources;
        }
        let was_asked = self.schemes.remove(key).is_some() || self.bulks.remove(key).is_some();
        if was_asked { Changed::Schemes } else { Changed::Others }
    }

    /// The latest pause or resumption of `of`.
    pub fn pause(&self, of: &Pausable) -> Option<&Pause> {
        self.pauses.get(of.key().as_str())
    }

    /// Whether `of` is paused.
    pub fn is_paused(&self, of: &Pausable) -> bool {
        self.pause(of).is_some_and(|pause| pause.paused)
    }

    /// Whether `run` is to do no more.
    pub fn is_cancelled(&self, run: &RunId) -> bool {
        self.cancelled.contains_key(CancelledRun::key_of(run).as_str())
    }

    /// Whether the session `id`, which `person` began at `began`, was ended.
    pub fn session_ended(&self, id: &str, person: &str, began: Timestamp) -> bool {
        let ended = |which: WhichSessions| self.ended_sessions.get(which.key().as_str());
        ended(WhichSessions::One(id.to_owned())).is_some()
            || ended(WhichSessions::OfPerson(person.to_owned())).is_some_and(|ended| began <= ended.at)
    }

    /// The person who reached `milestone`, and when.
    pub fn milestone(&self, milestone: Milestone) -> Option<&MilestoneReached> {
        self.milestones.get(milestone.key().as_str())
    }

    /// The drafts that are kept at `now`.
    pub fn drafts(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Draft>> {
        self.drafts.values().filter(move |draft| draft.expires() > now)
    }

    /// The picks that are kept at `now`.
    pub fn picks(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Pick>> {
        self.picks.values().filter(move |pick| pick.expires() > now)
    }

    /// The saved filters.
    pub fn filters(&self) -> impl Iterator<Item = &Arc<SavedFilter>> {
        self.filters.values()
    }

    /// The keys of settings that are no longer needed at `now`.
    pub fn outlived(&self, now: Timestamp) -> Vec<UserKey> {
        let deleted = self
            .schemes
            .iter()
            .filter(|(_, known)| known.stored.is_deleted() && known.stored.current().at.until(now) > DELETED_RETENTION);
        let cancelled = self.cancelled.iter().filter(|(_, cancelled)| cancelled.at.until(now) > CANCELLED_RETENTION);
        let drafts = self.drafts.iter().filter(|(_, draft)| draft.expires() <= now);
        let bulks = self.bulks.iter().filter(|(_, known)| known.bulk.at.until(now) > Bulk::KEPT).map(|(key, _)| key);
        let picks = self.picks.iter().filter(|(_, pick)| pick.expires() <= now).map(|(key, _)| key);
        let sessions = self.ended_sessions.iter().filter(|(_, ended)| ended.at.until(now) > ENDED_SESSIONS_RETENTION);
        let removed = self.deleted_runs.iter().filter(|(_, at)| at.until(now) > CANCELLED_RETENTION);
        let gone = |entry: &SourceEntry| entry.stored.is_deleted() && entry.stored.at.until(now) > TAKEN_FOR;
        let sources = self.stored_sources.iter().filter(|(_, entry)| gone(entry)).map(|(key, _)| key);
        let (sessions, removed) = (sessions.map(|(key, _)| key), removed.map(|(key, _)| key));
        let (cancelled, drafts) = (cancelled.map(|(key, _)| key), drafts.map(|(key, _)| key));
        let keys = deleted
            .map(|(key, _)| key)
            .chain(cancelled)
            .chain(sessions)
            .chain(removed)
            .chain(drafts)
            .chain(sources)
            .chain(bulks)
            .chain(picks);
        keys.filter_map(|key| UserKey::parse(key)).collect()
    }
}

/// The sources of the file, for schemes.
fn file_sources(config: &Config) -> Vec<(SourceId, Product)> {
    config.sources.iter().map(|source| (source.id.clone(), source.product)).collect()
}
