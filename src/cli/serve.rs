//! `usher serve`: the service.

use std::{
    io::{IsTerminal, Write, stderr, stdout},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::ValueEnum;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::{FAILED, USAGE, complain, start_runtime, watchdog};
use crate::{
    app::{App, LEFT_OVER, NewToken, Roles, Shutdown, Surroundings},
    config::{Config, LoadResult, Loaded, LogConfig},
    reload::{Origin, Start},
    telemetry,
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
pub(super) fn run(path: Option<&Path>, roles: &[Role], env: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    make_private();
    let origin = Origin::new(path.map(Path::to_owned), env);
    let LoadResult { loaded, files } = origin.read();
    let (config, digest) = match loaded {
        Ok(Loaded { config, warnings, digest, .. }) => {
            for warning in &warnings {
                tracing::warn!("{warning}");
            }
            (config, digest)
        }
        Err(problems) => {
            telemetry::say(&problems.to_string()); // each line names its place
            return ExitCode::from(USAGE);
        }
    };
    let roles = Roles {
        webhooks: roles.contains(&Role::Webhooks),
        engine: roles.contains(&Role::Engine),
        admin: roles.contains(&Role::Admin),
    };
    if roles != Roles::ALL && matches!(config.log, LogConfig::Embedded) {
        return complain(&"--roles: parts of usher run apart only with `log.kind: kafka`", USAGE);
    }
    telemetry::traces::start();
    let served = start_runtime().and_then(|runtime| {
        let start = Start { origin, files, digest, hangup: Arc::default() };
        let served = runtime.block_on(serve(config, roles, start));
        crate::admin::end_waits();
        runtime.shutdown_timeout(LEFT_OVER);
        served
    });
    telemetry::traces::stop();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&super::in_words(&error), FAILED),
    }
}

async fn serve(config: Config, roles: Roles, start: Start) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let linger = if roles.webhooks { config.webhooks.linger } else { Duration::ZERO };
    let shutdown = Shutdown::lingering(linger);
    watchdog::start(shutdown.clone())?;
    stop_on_signal(stop.clone(), shutdown.clone())?;
    reload_on_hangup(Arc::clone(&start.hangup))?;
    let surroundings = Surroundings { shutdown, start: Some(start), ..Surroundings::default() };
    let app = tokio::select! {
        app = App::build_in(surroundings, config, roles) => app?,
        () = stop.cancelled() => {
            tracing::info!("stopped before it ran");
            return Ok(()); // nothing was begun
        }
    };
    if let Some(made) = app.new_token() {
        show(made);
    }
    Ok(app.run_until_stopped(stop).await?)
}

/// Notifies `hangup` of each SIGHUP; several at once count as one. A SIGHUP during the start is kept.
fn reload_on_hangup(hangup: Arc<Notify>) -> std::io::Result<()> {
    let mut signals = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            hangup.notify_one();
        }
    });
    Ok(())
}

/// Prints a new token on a terminal. Otherwise the output goes to a file or a collector of logs that others read, so
/// only the path of the token is printed.
fn show(made: &NewToken) {
    let line = format!(
        "usher: made an admin token, shown this once and kept in {}: {}",
        made.path.display(),
        made.secret.reveal()
    );
    if stderr().is_terminal() {
        telemetry::say(&line);
    } else if stdout().is_terminal() {
        // A terminal that does not take it (it was halted with ^S) must not hold up usher.
        std::thread::spawn(move || writeln!(stdout(), "{line}"));
    } else {
        tracing::info!(path = %made.path.display(), "made an admin token; it is in this file, which its owner alone can read");
    }
}

/// Files and folders that this process makes from now on are its owner's alone.
pub(super) fn make_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Cancels `stop` and begins `shutdown` at the first SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// If the handler can't be installed.
pub(super) fn stop_on_signal(stop: CancellationToken, shutdown: Shutdown) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        for urgent in [false, true] {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            if urgent {
                telemetry::say("usher: ended at once by a second signal; what was begun comes again at the next start");
                telemetry::flush();
                std::process::exit(FAILED.into());
            }
            shutdown.begin();
            stop.cancel();
        }
    });
    Ok(())
}
