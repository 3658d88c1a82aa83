//! `usher serve`: the service.

use std::{io::Write, path::Path};

use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{FAILED, OK, USAGE};
use crate::{
    app::{App, Roles},
    config::{self, Config, LogConfig},
};

/// A part of the work that a process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Role {
    /// Take webhooks in.
    Webhooks,
    /// Decide and act.
    Engine,
    /// Answer administrators.
    Admin,
}

/// Runs the service until SIGTERM or SIGINT.
pub(super) fn run(
    path: Option<&Path>,
    roles: &[Role],
    env: impl IntoIterator<Item = (String, String)>,
    err: &mut dyn Write,
) -> u8 {
    let config = match config::load(path, env) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                tracing::warn!("{warning}");
            }
            loaded.config
        }
        Err(problems) => return complain(err, &problems, USAGE),
    };
    let roles = Roles {
        webhooks: roles.contains(&Role::Webhooks),
        engine: roles.contains(&Role::Engine),
        admin: roles.contains(&Role::Admin),
    };
    if roles != Roles::ALL && matches!(config.log, LogConfig::Embedded) {
        return complain(err, &"--roles: parts of usher run apart only with `log.kind: kafka`", USAGE);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(err, &format_args!("can't start threads: {error}"), FAILED),
    };
    runtime.block_on(serve(config, roles, err))
}

async fn serve(config: Config, roles: Roles, err: &mut dyn Write) -> u8 {
    let stop = CancellationToken::new();
    if let Err(error) = stop_on_signal(stop.clone()) {
        return complain(err, &format_args!("can't listen for signals: {error}"), FAILED);
    }
    let app = match App::build(config, roles).await {
        Ok(app) => app,
        Err(error) => return complain(err, &error, FAILED),
    };
    match app.run_until_stopped(stop).await {
        Ok(()) => OK,
        Err(error) => complain(err, &error, FAILED),
    }
}

/// Cancels `stop` at the first SIGTERM or SIGINT; a second one ends the process at once.
pub(super) fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        for urgent in [false, true] {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            if urgent {
                std::process::exit(FAILED.into());
            }
            stop.cancel();
        }
    });
    Ok(())
}

pub(super) fn complain(err: &mut dyn Write, what: &dyn std::fmt::Display, code: u8) -> u8 {
    // Where stderr is gone the exit code still tells.
    let _ = writeln!(err, "usher: {what}");
    code
}
