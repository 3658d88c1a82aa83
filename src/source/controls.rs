//! The sources, schemes and runs that administrators have stopped.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{RunId, SchemeId, SchemeRef, SourceId},
    runtime::Interrupted,
};

/// The present stops. It is asked before every call to a product, so its answers come from memory.
pub trait Controls: Send + Sync + 'static {
    /// Whether the source is paused: planner and executor wait until it is resumed.
    fn source_paused(&self, source: &SourceId) -> bool;

    /// Whether the scheme is not to be asked, and its steps not to be taken.
    fn scheme_paused(&self, scheme: &SchemeId) -> bool;

    /// Whether the scheme exists, is enabled, and has the content of `scheme`.
    fn scheme_stands(&self, scheme: &SchemeRef) -> bool;

    /// Whether the remaining steps of the run must not be done.
    fn run_cancelled(&self, run: &RunId) -> bool;

    /// Changes whenever an answer of the others may have changed. Open as long as the controls are.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// Controls that never stop anything.
#[derive(Debug)]
pub struct NoControls(watch::Sender<u64>);

impl Default for NoControls {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Controls for NoControls {
    fn source_paused(&self, _: &SourceId) -> bool {
        false
    }

    fn scheme_paused(&self, _: &SchemeId) -> bool {
        false
    }

    fn scheme_stands(&self, _: &SchemeRef) -> bool {
        true
    }

    fn run_cancelled(&self, _: &RunId) -> bool {
        false
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// Waits until `source` is not paused.
///
/// # Errors
/// [`Interrupted`] if `stop` is cancelled first, or the controls have ended.
pub async fn wait_until_unpaused(
    controls: &dyn Controls,
    source: &SourceId,
    stop: &CancellationToken,
) -> Result<(), Interrupted> {
    let mut changed = controls.changed();
    // Not `wait_for`: it would ask the controls while it holds the channel that they may be about to write to.
    while controls.source_paused(source) {
        stop.run_until_cancelled(changed.changed()).await.ok_or(Interrupted)?.map_err(|_| Interrupted)?;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod testing {
    use std::{
        collections::BTreeSet,
        sync::{Mutex, PoisonError},
    };

    use super::*;

    /// Controls that a test sets: names of sources, schemes and runs that are stopped, and `<id>@<version>` of
    /// schemes that say something else by now.
    #[derive(Debug, Default)]
    pub(crate) struct Stopped {
        names: Mutex<BTreeSet<String>>,
        version: NoControls,
    }

    impl Stopped {
        pub fn stop(&self, name: &str) {
            self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
            self.version.0.send_modify(|version| *version += 1);
        }

        pub fn resume(&self, name: &str) {
            self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
            self.version.0.send_modify(|version| *version += 1);
        }

        fn has(&self, name: &str) -> bool {
            self.names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
        }
    }

    impl Controls for Stopped {
        fn source_paused(&self, source: &SourceId) -> bool {
            self.has(source.as_str())
        }

        fn scheme_paused(&self, scheme: &SchemeId) -> bool {
            self.has(scheme.as_str())
        }

        fn scheme_stands(&self, scheme: &SchemeRef) -> bool {
            !self.has(&scheme.to_string())
        }

        fn run_cancelled(&self, run: &RunId) -> bool {
            self.has(run.as_str())
        }

        fn changed(&self) -> watch::Receiver<u64> {
            self.version.changed()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{testing::Stopped, *};

    fn acme() -> SourceId {
        "acme".parse().expect("an id")
    }

    #[tokio::test]
    async fn a_paused_source_is_waited_for_until_it_is_resumed() {
        let controls = Arc::new(Stopped::default());
        controls.stop("acme");
        let waiting = tokio::spawn({
            let controls = Arc::clone(&controls);
            async move { wait_until_unpaused(&*controls, &acme(), &CancellationToken::new()).await }
        });
        tokio::task::yield_now().await;
        controls.stop("other");
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        controls.resume("acme");
        assert_eq!(waiting.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn stopping_ends_the_wait_for_a_paused_source() {
        let controls = Stopped::default();
        controls.stop("acme");
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(wait_until_unpaused(&controls, &acme(), &stop).await, Err(Interrupted));
    }
}
