//! Waiting for the log at the start: a log that is away is waited for, one that can't be used ends the start.

use std::time::Duration;

use tracing::{info, warn};

use crate::{
    app::service_manager,
    health::Component,
    log,
    runtime::Backoff,
    settings::{NotRead, Settings},
};

/// A broker that is there again is found within seconds.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Why something of the log is not there.
pub(in crate::app) trait MayPass {
    /// Whether it may be there when it is asked for again.
    fn may_pass(&self) -> bool;
}

impl MayPass for log::Error {
    fn may_pass(&self) -> bool {
        match self {
            Self::Overloaded | Self::Unavailable(_) => true,
            Self::Unusable(_) => false,
        }
    }
}

impl MayPass for NotRead {
    fn may_pass(&self) -> bool {
        match self {
            Self::Log(error) => error.may_pass(),
            Self::Slow => true,
        }
    }
}

/// Asks for something of the log until it is there, with back-off. Meanwhile `component` says why it is not. A loop of its
/// own beside [`until_ok`](crate::runtime::until_ok): it ends with an error that does not pass, and tells each new reason
/// at once, since somebody waits for the start.
///
/// # Errors
/// The first error that does not pass by itself.
pub(in crate::app) async fn for_log<T, E, F>(component: &Component, ask: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: MayPass + std::error::Error,
{
    let (mut waits, mut told) = (Backoff::new(FIRST_WAIT, MAX_WAIT), None);
    loop {
        let why = match ask().await {
            Ok(there) => {
                if told.is_some() {
                    info!(component = component.name(), "the log answers");
                }
                return Ok(there);
            }
            Err(error) if error.may_pass() => error.to_string(),
            Err(error) => return Err(error),
        };
        component.failing(&*why);
        service_manager::waiting();
        if told.as_ref() != Some(&why) {
            warn!(component = component.name(), why, "usher does not start yet: it waits for its log");
            told = Some(why);
        }
        tokio::time::sleep(waits.next_wait()).await;
    }
}

/// Waits until all settings that the log holds are read: no event is decided without the stored schemes.
///
/// # Errors
/// Where the log can't be used.
pub(in crate::app) async fn for_settings(component: &Component, settings: &Settings) -> Result<(), NotRead> {
    for_log(component, || settings.caught_up()).await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::health::Health;

    #[tokio::test(start_paused = true)]
    async fn a_log_that_is_away_is_waited_for_and_one_that_can_not_be_used_is_not() {
        let health = Health::default();
        let component = health.component("log");
        let asked = Cell::new(0);
        let away = || log::Error::Unavailable("no broker answers".into());
        let there = for_log(&component, || {
            asked.set(asked.get() + 1);
            let answer = if asked.get() < 50 { Err(away()) } else { Ok(asked.get()) };
            std::future::ready(answer)
        });
        assert_eq!(there.await.expect("there at last"), 50);
        assert_eq!(health.failing(), [("log".to_owned(), away().to_string())]);
        let unusable = || std::future::ready(Err::<(), _>(log::Error::Unusable("a wrong option".into())));
        assert!(for_log(&component, unusable).await.is_err());
    }
}
