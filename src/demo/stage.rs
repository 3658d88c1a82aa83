//! The stage of the story: a sandbox, a running usher, and ways to look at both.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Error;
use crate::{
    app::{self, App, Roles},
    config,
    domain::Product,
    sandbox::{self, Sandbox, webhook::Delivery},
};

/// The key of the webhooks of Acme.
pub const ACME_SECRET: &str = "acme-webhook-secret";
/// The key of the webhooks of Globex.
pub const GLOBEX_SECRET: &str = "globex-webhook-secret";
/// The key of the webhooks of Acme's Confluence.
pub const WIKI_SECRET: &str = "wiki-webhook-secret";
/// The `Authorization` header of the audit log of Globex's organisation.
pub const ORG_AUDIT_LOG: &str = "Bearer org-audit-log";
const ADMIN_TOKEN: &str = "demo-admin-token";
/// The time-out for a result in the story.
const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything the story plays on.
pub struct Stage {
    /// The simulated Atlassian.
    pub sandbox: Sandbox,
    http: Client,
    webhooks: Url,
    admin: Url,
    stop: CancellationToken,
    usher: JoinHandle<Result<(), app::Error>>,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Starts the sandbox and usher.
    ///
    /// # Errors
    /// [`Error::Io`] if the sandbox can't listen or a file can't be written, [`Error::Config`] if the demo's
    /// configuration is wrong, [`Error::App`] if usher can't be built, [`Error::Call`] if no HTTP client can be made.
    pub async fn set_up() -> Result<Self, Error> {
        let sandbox = Sandbox::start(sandbox::Options::default())?;
        let folder = tempfile::Builder::new().prefix("usher-demo-").tempdir()?;
        let url_of = |text: String, product: &Product| {
            text.replace(&format!("${{{product}}}"), sandbox.base_url(*product).as_str())
        };
        let text = include_str!("usher.yaml").replace("${organization}", sandbox::ORGANIZATION);
        let text = Product::ALL.iter().fold(text, url_of);
        fs::write(folder.path().join("usher.yaml"), text)?;
        let env = [
            ("DEMO_ADMIN_TOKEN", ADMIN_TOKEN),
            ("DEMO_TOKEN", sandbox::TOKEN),
            ("DEMO_ACME_SECRET", ACME_SECRET),
            ("DEMO_GLOBEX_SECRET", GLOBEX_SECRET),
            ("DEMO_WIKI_SECRET", WIKI_SECRET),
            ("DEMO_ORG_AUDIT_LOG", ORG_AUDIT_LOG),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut config = config::load(Some(&folder.path().join("usher.yaml")), env)?.config;
        config.data_dir = folder.path().join("data");
        let app = App::build(config, Roles::ALL).await?;
        let url = |address: Option<std::net::SocketAddr>| {
            let text = address.map(|address| format!("http://{address}/")).unwrap_or_default();
            Url::parse(&text).map_err(|error| Error::Io(std::io::Error::other(error)))
        };
        let (webhooks, admin) = (url(app.webhooks_address())?, url(Some(app.admin_address()))?);
        let stop = CancellationToken::new();
        let usher = tokio::spawn(app.run_until_stopped(stop.clone()));
        let http = Client::builder().no_proxy().timeout(WAIT_TIMEOUT).build()?;
        Ok(Self { sandbox, http, webhooks, admin, stop, usher, folder })
    }

    /// Sends a delivery to `source`; gives the status and the body of the answer.
    ///
    /// # Errors
    /// [`Error::Call`] if no answer comes.
    pub async fn deliver(&self, source: &str, delivery: &Delivery) -> Result<(StatusCode, Value), Error> {
        let mut url = self.webhooks.clone();
        url.set_path(&format!("/webhooks/{source}"));
        let answer = delivery.send(&self.http, url).await?;
        Ok((answer.status(), answer.json().await.unwrap_or_default()))
    }

    /// Asks the admin API; an answer that is not there is null.
    ///
    /// # Errors
    /// [`Error::Call`] if no answer comes.
    pub async fn ask(&self, path: &str) -> Result<Value, Error> {
        let request = self.http.get(self.admin_url(path)).bearer_auth(ADMIN_TOKEN);
        Ok(request.send().await?.json().await.unwrap_or_default())
    }

    /// Orders something of the admin API; gives the status and the body of the answer.
    ///
    /// # Errors
    /// [`Error::Call`] if no answer comes.
    pub async fn order(&self, path: &str) -> Result<(StatusCode, Value), Error> {
        let answer = self.http.post(self.admin_url(path)).bearer_auth(ADMIN_TOKEN).send().await?;
        Ok((answer.status(), answer.json().await.unwrap_or_default()))
    }

    /// The metrics as text.
    ///
    /// # Errors
    /// [`Error::Call`] if no answer comes.
    pub async fn metrics(&self) -> Result<String, Error> {
        Ok(self.http.get(self.admin_url("metrics")).send().await?.text().await?)
    }

    /// Waits until `holds`, and says whether it did in time.
    ///
    /// # Errors
    /// Those of `holds`.
    pub async fn eventually<F: Future<Output = Result<bool, Error>>>(
        &self,
        mut holds: impl FnMut() -> F,
    ) -> Result<bool, Error> {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        loop {
            if holds().await? {
                return Ok(true);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits until `user` is in exactly `groups`.
    ///
    /// # Errors
    /// None today: the sandbox is in this process.
    pub async fn comes_to(&self, site: Product, user: &str, groups: &[&str]) -> Result<bool, Error> {
        let wanted = groups.iter().map(|group| (*group).to_owned()).collect();
        self.eventually(|| std::future::ready(Ok(self.sandbox.groups_of(site, user).as_ref() == Some(&wanted)))).await
    }

    /// Waits until the event of `answer` is decided and all its steps have ended; returns the decision.
    ///
    /// # Errors
    /// As [`Stage::ask`].
    pub async fn decided(&self, user: &str, answer: &Value) -> Result<Value, Error> {
        let event = answer["event"].as_str().unwrap_or_default();
        let path = format!("api/v1/decisions?user={user}");
        let found = || async {
            let page = self.ask(&path).await?;
            let items = page["items"].as_array().cloned().unwrap_or_default();
            Ok::<_, Error>(items.into_iter().find(|item| item["event"] == event))
        };
        self.eventually(|| async { Ok(found().await?.is_some()) }).await?;
        Ok(found().await?.unwrap_or_default())
    }

    /// An address of the admin listener.
    pub fn admin_url(&self, path: &str) -> String {
        format!("{}{path}", self.admin)
    }

    /// The token of the admin API.
    pub fn admin_token(&self) -> &'static str {
        ADMIN_TOKEN
    }

    /// The configuration file in use.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("usher.yaml")
    }

    /// Stops usher and the sandbox.
    ///
    /// # Errors
    /// [`Error::Io`] if usher's task panicked or the sandbox did not end well, [`Error::App`] if usher ended with an
    /// error.
    pub async fn tear_down(self) -> Result<(), Error> {
        self.stop.cancel();
        self.usher.await.map_err(std::io::Error::other)??;
        self.sandbox.stop().await?;
        Ok(())
    }
}
