//! `usher healthcheck`: whether a running usher is alive, or ready, for images and supervisors without an HTTP client.

use std::{
    io::{Write, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use serde::Deserialize;
use url::Url;

use super::{FAILED, complain, start_runtime};
use crate::{config, printable::plain};

/// The time-out of an answer: a probe is answered within two seconds.
const TIMEOUT: Duration = Duration::from_secs(4);
/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The probe to ask, and the address.
#[derive(Args)]
pub(super) struct Healthcheck {
    /// Ask whether it is ready, not only whether it is alive.
    #[arg(long)]
    ready: bool,
    /// The address of the admin listener; by default the one in the configuration.
    #[arg(long, conflicts_with = "config")]
    url: Option<Url>,
    /// The configuration file; without it ./usher.yaml if it is there, else the built-in defaults.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Why usher is not healthy, as far as can be seen from here.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    Config(String),
    #[error("{0} is not the address of an admin listener; write http://host:port")]
    Address(Url),
    #[error("{url} does not answer: {why}")]
    Unreachable { url: Url, why: String },
    #[error("{url} answers {status}{why}")]
    Unhealthy { url: Url, status: u16, why: String },
    #[error("this machine gives usher no threads")]
    Threads,
}

/// Asks the probe, prints its answer in one line, and returns 0 if all is well, else 1.
pub(super) fn run(asked: &Healthcheck, env: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    let answer = url(asked, env).and_then(|url| {
        let runtime = start_runtime().map_err(|_| Error::Threads)?;
        runtime.block_on(ask(url, asked.ready))
    });
    match answer {
        Ok(status) => {
            // A reader that is gone does not make usher unhealthy.
            let _ = writeln!(stdout(), "{status}");
            ExitCode::SUCCESS
        }
        Err(error) => complain(&plain(&error.to_string()).replace('\n', "; "), FAILED),
    }
}

fn url(asked: &Healthcheck, env: impl IntoIterator<Item = (String, String)>) -> Result<Url, Error> {
    if let Some(url) = &asked.url {
        return Ok(url.clone());
    }
    let loaded = config::load(asked.config.as_deref(), env).map_err(|problems| Error::Config(problems.to_string()))?;
    let listen = reachable(loaded.config.admin.listen);
    Url::parse(&format!("http://{listen}")).map_err(|error| Error::Config(error.to_string()))
}

/// The address under which this machine reaches a listener on `listen`.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let host = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(host, listen.port())
}

/// The answer of a probe.
#[derive(Deserialize)]
struct Said {
    status: String,
    #[serde(default)]
    waiting_for: Vec<Wait>,
}

#[derive(Deserialize)]
struct Wait {
    what: String,
    why: String,
}

/// Asks the probe; returns its status.
async fn ask(base: Url, ready: bool) -> Result<String, Error> {
    if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
        return Err(Error::Address(base));
    }
    // The first one in the process installs it; all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut url = base.clone();
    let probe = if ready { "readyz" } else { "healthz" };
    url.path_segments_mut().map_err(|()| Error::Address(base))?.pop_if_empty().push(probe);
    let unreachable = |error: reqwest::Error| Error::Unreachable { url: url.clone(), why: crate::words::call(&error) };
    // A proxy of the environment is for other machines.
    let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build().map_err(unreachable)?;
    let mut response = http.get(url.clone()).send().await.map_err(unreachable)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            break; // no probe of usher's
        }
        body.extend_from_slice(&chunk);
    }
    let said = serde_json::from_slice::<Said>(&body).ok();
    match said {
        Some(said) if status.is_success() => Ok(said.status),
        Some(said) => {
            let waits = said.waiting_for.iter().map(|wait| format!("{}: {}", wait.what, wait.why));
            let why = format!(": {}", waits.collect::<Vec<_>>().join("; "));
            Err(Error::Unhealthy { url, status: status.as_u16(), why })
        }
        None => {
            let why = ", which no usher says; is its admin listener there?".to_owned();
            Err(Error::Unhealthy { url, status: status.as_u16(), why })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:8081", "127.0.0.1:8081"),
            ("[::]:8081", "[::1]:8081"),
            ("127.0.0.1:9", "127.0.0.1:9"),
            ("10.0.0.7:8081", "10.0.0.7:8081"),
        ] {
            assert_eq!(reachable(listen.parse().expect("an address")).to_string(), asked);
        }
    }
}
