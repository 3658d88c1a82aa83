//! `usher demo`: the main job, to look at.

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::{
    FAILED,
    serve::{make_private, stop_on_signal},
    start_runtime, watchdog,
};
use crate::{
    app::Shutdown,
    demo,
    telemetry::{self, LogFormat},
};

/// Tells the story. Logs are off unless `RUST_LOG` asks for them: they would talk over it.
pub(super) fn run(once: bool, format: Option<LogFormat>) -> ExitCode {
    if std::env::var_os("RUST_LOG").is_some() {
        telemetry::start(format);
    }
    make_private();
    let told = start_runtime().and_then(|runtime| {
        runtime.block_on(async {
            let stop = CancellationToken::new();
            let shutdown = Shutdown::default();
            watchdog::start(shutdown.clone())?;
            stop_on_signal(stop.clone(), shutdown)?;
            Ok(demo::run(once, stop).await?)
        })
    });
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(error) => super::complain(&super::in_words(&error), FAILED),
    }
}
