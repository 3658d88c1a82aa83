//! Previews that take longer than an answer may: they continue in the background and have an id.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, task::AbortHandle, time::Instant};

use super::{Bounds, Error, Explainer, Preview};
use crate::domain::{Scheme, SchemeId, SchemeRef, SourceId};

/// The highest number of previews in one process, running or finished. A finished one makes room for a new one.
const MAX_PREVIEWS: usize = 8;
/// The time after which an unread preview is dropped, with its remaining questions to the product.
const PREVIEW_TTL: Duration = Duration::from_mins(5);

/// The previews of this process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Previews {
    jobs: Arc<Mutex<HashMap<String, Entry>>>,
    /// Whether somebody has looked at one since this process began.
    looked_at: Arc<AtomicBool>,
    /// The runtime of the look-ups; none: that of the caller.
    runtime: Option<Handle>,
}

impl Default for Previews {
    /// None yet. Users are looked at in the runtime in which this is called, and not in the one that answers requests.
    fn default() -> Self {
        Self { jobs: Arc::default(), looked_at: Arc::default(), runtime: Handle::try_current().ok() }
    }
}

struct Entry {
    job: Job,
    task: AbortHandle,
    asked: Instant,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.task.abort(); // no effect if it has ended
    }
}

/// One preview.
#[derive(Clone)]
pub struct Job {
    /// Names it.
    pub id: String,
    /// The previewed scheme, which may not be stored.
    pub scheme: SchemeId,
    /// The version of that scheme as it was previewed.
    pub version: String,
    /// Its source.
    pub source: SourceId,
    /// The warnings about the names in the scheme.
    pub warnings: Vec<String>,
    state: watch::Receiver<JobState>,
    shown: watch::Receiver<Preview>,
}

/// The state of a preview.
#[derive(Debug, Clone)]
pub enum JobState {
    /// It looks at users.
    Running,
    /// Finished, with this result.
    Done(Arc<Preview>),
    /// There is no answer.
    Failed(Arc<Error>),
}

/// As many previews are under way as allowed.
#[derive(Debug, thiserror::Error)]
#[error("{MAX_PREVIEWS} previews are under way; wait until one of them has ended")]
pub struct TooMany;

impl Previews {
    /// Begins a preview of `scheme`.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if as many are under way as there may be.
    pub fn begin(
        &self,
        explainer: Explainer,
        scheme: Scheme,
        bounds: Bounds,
        warnings: Vec<String>,
    ) -> Result<Job, TooMany> {
        let mut jobs = self.jobs();
        make_room(&mut jobs)?;
        let (state_is, state) = watch::channel(JobState::Running);
        let (showing, shown) = watch::channel(Preview::default());
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        let (reference, source) = (scheme.reference(), scheme.source.clone());
        let task = runtime.spawn(async move {
            let ended = match explainer.preview(&scheme, bounds, &showing).await {
                Ok(preview) => JobState::Done(Arc::new(preview)),
                Err(error) => JobState::Failed(Arc::new(error)),
            };
            state_is.send_replace(ended);
        });
        let id = hex::encode(rand::random::<[u8; 16]>());
        let SchemeRef { id: of_scheme, version } = reference;
        let job = Job { id: id.clone(), scheme: of_scheme, version, source, warnings, state, shown };
        jobs.insert(id, Entry { job: job.clone(), task: task.abort_handle(), asked: Instant::now() });
        Ok(job)
    }

    /// The preview with this id; none if there is none any more. Reading it keeps it some minutes more.
    pub fn get(&self, id: &str) -> Option<Job> {
        let mut jobs = self.jobs();
        let entry = jobs.get_mut(id)?;
        entry.asked = Instant::now();
        self.looked_at.store(true, Ordering::Relaxed);
        Some(entry.job.clone())
    }

    /// Whether somebody has looked at a preview since this process began.
    pub fn were_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::Relaxed)
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|_, entry| entry.asked.elapsed() < PREVIEW_TTL);
        jobs
    }
}

/// Drops the finished preview that nobody has asked for the longest, if there is no room for another one.
fn make_room(jobs: &mut HashMap<String, Entry>) -> Result<(), TooMany> {
    if jobs.len() < MAX_PREVIEWS {
        return Ok(());
    }
    let finished = jobs.iter().filter(|(_, entry)| !matches!(entry.job.state(), JobState::Running));
    let oldest = finished.min_by_key(|(_, entry)| entry.asked).map(|(id, _)| id.clone());
    jobs.remove(&oldest.ok_or(TooMany)?);
    Ok(())
}

impl Job {
    /// The present state.
    pub fn state(&self) -> JobState {
        self.state.borrow().clone()
    }

    /// The findings so far, without names.
    pub fn so_far(&self) -> Preview {
        self.shown.borrow().clone()
    }

    /// Its state once it has ended, or as it is after `most`.
    pub async fn ended_within(&mut self, most: Duration) -> JobState {
        let ended = self.state.wait_for(|state| !matches!(state, JobState::Running));
        let ended = tokio::time::timeout(most, ended).await.ok().and_then(Result::ok).map(|state| state.clone());
        ended.unwrap_or_else(|| self.state())
    }
}
