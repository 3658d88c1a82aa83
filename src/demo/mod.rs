//! `usher demo`: the service on its embedded log, a simulated Atlassian, and a story that checks itself.

mod narrator;
mod stage;
mod story;

use std::io;

use tokio_util::sync::CancellationToken;

pub use stage::Stage;

use crate::app;
use narrator::Narrator;

/// The reason why the demo could not continue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a thread could not be had.
    #[error("{}", crate::words::system(.0))]
    Io(#[from] io::Error),
    /// The configuration that comes with the demo is wrong.
    #[error("the demo's own configuration is refused:\n{0}")]
    Config(#[from] crate::config::Problems),
    /// usher did not start.
    #[error("usher did not start: {0}")]
    App(#[from] app::Error),
    /// A call within the demo failed.
    #[error("a call within the demo failed: {}", crate::words::call(.0))]
    Call(#[from] reqwest::Error),
}

/// Plays the story and prints it to stdout. With `once` the demo ends then; else the service runs until `stop`. True if
/// each check of the story passed.
///
/// # Errors
/// Those of setting the stage up and tearing it down; [`Error::Call`] if a call within the demo fails.
pub async fn run(once: bool, stop: CancellationToken) -> Result<bool, Error> {
    let stage = Stage::set_up().await?;
    let mut narrator = Narrator::default();
    let told = stop.run_until_cancelled(story::play(&stage, &mut narrator)).await;
    let as_told = match told {
        Some(told) => {
            told?;
            narrator.close()
        }
        None => false,
    };
    if !once && !stop.is_cancelled() {
        narrator.invite(&stage);
        stop.cancelled().await;
    }
    stage.tear_down().await?;
    Ok(as_told)
}
