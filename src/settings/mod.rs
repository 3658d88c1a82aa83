//! The settings that administrators change while usher runs: stored sources, stored schemes and drafts, pauses of sources
//! and schemes, cancelled runs.
//!
//! All of them are in the compacted stream `settings` of the log. Every process follows the whole stream and keeps the
//! [`state`] in memory. A change is appended, and is done when this process has read it back ([`write`](self::write)).
//! So all replicas have the same settings within a moment.

mod bulks;
mod drafts;
mod error;
mod filters;
mod follow;
mod milestones;
mod picks;
mod sources;
mod state;
mod view;
mod write;

use std::sync::{self, Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{Mutex, watch};

pub use drafts::DraftContent;
pub use error::{Error, Wrong};
pub use follow::NotRead;
pub use picks::{PickChange, PickContent, PickedFrom};
pub use sources::{SourceContents, SourceView};
pub use view::{Contents, SchemeView};
pub use write::IfMatch;

use self::state::State;
use crate::{
    clock::Clock,
    config::Config,
    domain::{Pausable, Pause, RunId, Scheme, SchemeChange, SchemeId, SchemeRef, SourceId, Timestamp},
    engine::WrittenSchemes,
    log::Log,
    rules::Schemes,
    source::Controls,
};

/// The settings of this process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Settings(Arc<Shared>);

struct Shared {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    /// The schemes for the planners, all of one moment.
    schemes: watch::Sender<Arc<Schemes>>,
    /// Held from the reading of a scheme until it is in the state, so that it is read for the present sources.
    reading: sync::Mutex<()>,
    /// Held while schemes are published, so that an older set never replaces a newer one.
    publishing: sync::Mutex<()>,
    /// Goes up with every change of the state.
    changes: watch::Sender<u64>,
    /// Goes up with every change of the sources.
    sources: watch::Sender<u64>,
    /// The next offset of each partition.
    next: watch::Sender<Vec<u64>>,
    /// Held while something is changed, so that two changes in this process do not overwrite each other.
    writing: Mutex<()>,
}

impl Settings {
    /// Settings with the schemes of `config`, and no records of `log` yet: see [`Settings::follow`].
    pub fn new(config: &Config, log: Arc<dyn Log>, clock: Arc<dyn Clock>) -> Self {
        let state = State::new(config);
        let schemes = watch::Sender::new(Arc::new(state.enabled(&Schemes::default())));
        let next = watch::Sender::new(vec![0; usize::from(log.partitions())]);
        let (changes, writing) = (watch::Sender::new(0), Mutex::new(()));
        let (reading, publishing) = (sync::Mutex::default(), sync::Mutex::default());
        let (state, sources) = (RwLock::new(state), watch::Sender::new(0));
        Self(Arc::new(Shared { log, clock, state, schemes, reading, publishing, changes, sources, next, writing }))
    }

    /// Takes the schemes of `config`, and its sources, which schemes may be for. Stored schemes are read again if these
    /// have changed, which may take long.
    pub fn provide(&self, config: &Config) {
        let _turn = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.state_to_change().provide(config);
        self.read_for_sources();
        self.publish();
        self.0.sources.send_modify(|count| *count += 1);
        self.0.changes.send_modify(|count| *count += 1);
    }

    /// Reads the stored schemes again if the sources have changed. It may take long; the state is locked against readers
    /// for the change itself.
    fn read_for_sources(&self) {
        let read_again = self.state().read_again();
        if let Some(read_again) = read_again {
            self.state_to_change().take(read_again);
        }
    }

    /// Has planners ask the schemes of the state.
    fn publish(&self) {
        let _turn = self.0.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = Arc::clone(&self.0.schemes.borrow());
        let schemes = self.state().enabled(&before);
        self.0.schemes.send_replace(schemes.into());
    }

    /// The enabled schemes at each moment: those of the file in its order, then the stored ones by id.
    pub fn schemes(&self) -> watch::Receiver<Arc<Schemes>> {
        self.0.schemes.subscribe()
    }

    /// All schemes: those of the file in its order, then the stored ones by id.
    pub fn list(&self) -> Vec<SchemeView> {
        self.state().list()
    }

    /// One scheme; none if it does not exist, or was deleted.
    pub fn get(&self, id: &SchemeId) -> Option<SchemeView> {
        self.state().get(id)
    }

    /// The changes of a scheme, newest first; empty for a scheme of the file. None if there never was a scheme with
    /// this id, or it was deleted long ago.
    pub fn history(&self, id: &SchemeId) -> Option<Vec<SchemeChange>> {
        self.state().history(id)
    }

    /// The author and the time of a pause, if it is paused.
    pub fn pause_of(&self, of: &Pausable) -> Option<Pause> {
        self.state().pause(of).filter(|pause| pause.paused).cloned()
    }

    /// Whether the session `id` of the console, which `person` began at `began`, was ended before its time.
    pub fn session_ended(&self, id: &str, person: &str, began: Timestamp) -> bool {
        self.state().session_ended(id, person, began)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controls for Settings {
    fn source_paused(&self, source: &SourceId) -> bool {
        self.state().is_paused(&Pausable::Source(source.clone()))
    }

    fn scheme_paused(&self, scheme: &SchemeId) -> bool {
        self.state().is_paused(&Pausable::Scheme(scheme.clone()))
    }

    fn scheme_stands(&self, scheme: &SchemeRef) -> bool {
        self.0.schemes.borrow().has(scheme)
    }

    fn run_cancelled(&self, run: &RunId) -> bool {
        self.state().is_cancelled(run)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

impl WrittenSchemes for Settings {
    fn schemes_of(&self, source: &SourceId) -> Vec<Scheme> {
        let readable = self.list().into_iter().filter_map(|listed| match listed.contents {
            Contents::Readable(scheme) => Some(*scheme),
            Contents::Broken { .. } => None,
        });
        readable.filter(|scheme| scheme.source == *source).collect()
    }

    fn schemes_changed(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

#[cfg(test)]
mod tests;
