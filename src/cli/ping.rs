//! `usher ping`: whether a delivery with the right proof gets through to a running usher.

use std::{
    fmt,
    io::{Write, stdout},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use reqwest::{Client, StatusCode};
use serde_json::json;
use url::Url;

use super::{FAILED, USAGE, complain, in_words, start_runtime};
use crate::{config, printable::plain, sandbox::webhook::Delivery, telemetry};

/// The time for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of `usher ping`.
#[derive(Args)]
pub(super) struct Pings {
    /// The configuration file with the sources and their secrets; without it as `check` does.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The address of the webhook listener.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// Only to this source.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
}

/// Sends a delivery to each source of the configuration with `hmac` or `bearer`, or to the named one. The delivery has
/// no event, so usher ignores it: the answer is 200 if the proof is right.
pub(super) fn run(asked: &Pings, env: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    let Pings { config, url, source: only } = asked;
    let sources = match config::load(config.as_deref(), env) {
        Ok(loaded) => loaded.config.sources,
        Err(problems) => return complain(&plain(&problems.to_string()), USAGE),
    };
    let pings: Vec<Ping> = sources
        .iter()
        .filter(|source| only.as_ref().is_none_or(|only| source.id.as_str() == only))
        .filter_map(|source| Ping::of(source.id.as_str(), &source.webhook))
        .collect();
    if let Some(only) = only.as_ref().filter(|_| pings.is_empty()) {
        let what = format_args!("no source `{only}` with `webhook.hmac` or `webhook.bearer` is in the configuration");
        return complain(&what, USAGE);
    }
    match start_runtime().and_then(|runtime| runtime.block_on(send_all(&pings, url))) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(error) => complain(&in_words(&error), FAILED),
    }
}

/// A delivery to a source.
struct Ping {
    source: String,
    delivery: Delivery,
}

impl Ping {
    /// With the first of the source's proofs; none if it has no proof that can be made here.
    fn of(source: &str, webhook: &config::Webhook) -> Option<Self> {
        let delivery = Delivery::json(&json!({ "webhookEvent": "usher_ping" }));
        let delivery = match (webhook.hmac.first(), webhook.bearer.first()) {
            (Some(secret), _) => delivery.sign(secret.reveal()),
            (None, Some(secret)) => delivery.header("Authorization", secret.reveal()),
            (None, None) => return None,
        };
        Some(Self { source: source.to_owned(), delivery })
    }

    async fn send(&self, client: &Client, to: &Url) -> Result<(), Refused> {
        let mut url = to.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["webhooks", &self.source]);
        }
        let answer = self.delivery.send(client, url).await.map_err(Refused::Call)?;
        match answer.status() {
            StatusCode::OK => Ok(()),
            status => Err(Refused::Status(status)),
        }
    }
}

/// Why a delivery did not get through.
enum Refused {
    Call(reqwest::Error),
    Status(StatusCode),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => write!(f, "no answer: {}", crate::words::call(error)),
            Self::Status(StatusCode::UNAUTHORIZED) => {
                write!(
                    f,
                    "401: the running usher has no such source, or another secret; restart it, or change the secret"
                )
            }
            Self::Status(status) => write!(f, "{}: see `/readyz` of the running usher", status.as_u16()),
        }
    }
}

/// Sends one after the other; a line for each. Gives how many were refused.
async fn send_all(pings: &[Ping], url: &Url) -> anyhow::Result<usize> {
    // The first caller installs it; it is the same one everywhere in this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A Service of the cluster is never behind a proxy of the environment. A redirect is not usher's answer.
    let client = Client::builder()
        .no_proxy()
        .timeout(ANSWER_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("usher-cli/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let mut refused = 0;
    let mut out = stdout();
    if pings.is_empty() {
        writeln!(out, "no source has `webhook.hmac` or `webhook.bearer`: nothing is sent")?;
    }
    for ping in pings {
        match ping.send(&client, url).await {
            Ok(()) => writeln!(out, "{}: ok", ping.source)?,
            Err(why) => {
                refused += 1;
                telemetry::say(&format!("usher: {}: {why}", ping.source));
            }
        }
    }
    Ok(refused)
}
