//! A running usher, as its senders and administrators meet it: webhooks in, answers of the API out.

use std::{
    cell::Cell,
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use url::Url;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use super::ground::{ADMIN_TOKEN, Source};

/// Kubernetes gives a probe one second.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long anything is waited for. Far more than it takes: the machine may be busy.
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(90);

/// An event that was answered 200.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    pub source: &'static str,
    /// As the delivery names the user.
    pub user: String,
    pub event: String,
}

/// All events that were answered 200, over all restarts.
pub type Ledger = Arc<Mutex<BTreeSet<Accepted>>>;

/// Where a usher listens, and what it has accepted.
pub struct Face {
    pub http: Client,
    pub webhooks: SocketAddr,
    pub admin: SocketAddr,
    ledger: Ledger,
}

impl Face {
    pub fn new(webhooks: SocketAddr, admin: SocketAddr, ledger: Ledger) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default(); // whoever comes first
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client");
        Self { http, webhooks, admin, ledger }
    }

    /// Posts to a path of the webhook listener, as it is.
    pub async fn deliver_raw(&self, path: &str, delivery: &Delivery) -> (StatusCode, Value) {
        let url = Url::parse(&format!("http://{}{path}", self.webhooks)).expect("a url");
        let answer = delivery.send(&self.http, url).await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// Signs and posts a delivery, which must be accepted; gives the event.
    pub async fn deliver(&self, source: Source, delivery: &Delivery) -> Accepted {
        let signed = delivery.clone().sign(source.secret);
        let (status, answer) = self.deliver_raw(&format!("/webhooks/{}", source.id), &signed).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let event = answer["event"].as_str().expect("an event id").to_owned();
        let accepted = Accepted { source: source.id, user: user_of(delivery), event };
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).insert(accepted.clone());
        accepted
    }

    /// Tells that something happened to a user, now.
    pub async fn tell(&self, source: Source, happening: Happening, account: &Account) -> Accepted {
        self.deliver(source, &Delivery::of(source.product, happening, account)).await
    }

    /// Asks the API for `path` below `/api/v1/`.
    pub async fn ask(&self, path: &str, query: &[(&str, &str)]) -> (StatusCode, Value) {
        let url = format!("http://{}/api/v1/{path}", self.admin);
        let request = self.http.get(url).query(query).bearer_auth(ADMIN_TOKEN);
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    /// Asks the API to do something with `path` below `/api/v1/`; gives the status, the `ETag` and the body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<String>,
    ) -> (StatusCode, String, Value) {
        let url = format!("http://{}/api/v1/{path}", self.admin);
        let mut request = self.http.request(method, url).bearer_auth(ADMIN_TOKEN).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        let tag = answer.headers().get("etag").map_or("", |tag| tag.to_str().expect("text")).to_owned();
        (answer.status(), tag, answer.json().await.unwrap_or_default())
    }

    /// The items of a list of the API: the first 500.
    pub async fn list(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let (status, page) = self.ask(path, &[query, &[("limit", "500")]].concat()).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["items"].as_array().expect("a list").clone()
    }

    /// A page of the admin listener that needs no token.
    pub async fn open_page(&self, path: &str) -> (StatusCode, String) {
        let answer = self.http.get(format!("http://{}/{path}", self.admin)).send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("text"))
    }

    /// The longest that a probe waits while `work` goes on. One that is under way when `work` ends counts too.
    pub async fn slowest_probe(&self, work: impl Future<Output = ()>) -> Duration {
        let done = Cell::new(false);
        let work = async {
            work.await;
            done.set(true);
        };
        let probes = async {
            let mut slowest = Duration::ZERO;
            loop {
                let begun = Instant::now();
                assert_eq!(self.open_page("healthz").await.0, StatusCode::OK);
                slowest = slowest.max(begun.elapsed());
                if done.get() {
                    return slowest;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::join!(work, probes).1
    }

    /// The value of one series of the metrics, written as Prometheus does; none where it is not there.
    pub async fn metric(&self, series: &str) -> Option<f64> {
        let text = self.open_page("metrics").await.1;
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    }

    /// The decision on an event, once every step of it has ended.
    pub async fn settled(&self, of: &Accepted) -> Value {
        eventually(&format!("{of:?} is settled"), || self.if_settled(of)).await
    }

    async fn if_settled(&self, of: &Accepted) -> Option<Value> {
        let decisions = self.list("decisions", &[("source", of.source), ("user", &of.user)]).await;
        let decision = decisions.into_iter().find(|decision| decision["event"] == *of.event)?;
        for run in runs(&decision) {
            let (status, run) = self.ask(&format!("runs/{run}"), &[]).await;
            if status == StatusCode::NOT_FOUND || run["state"] == "running" {
                return None;
            }
        }
        Some(decision)
    }

    /// How the steps of an event ended, once they all have: `scheme: action target result`.
    pub async fn ended(&self, of: &Accepted) -> Vec<String> {
        let mut lines = Vec::new();
        for run in runs(&self.settled(of).await) {
            let scheme = run.rsplit_once('.').expect("event and scheme").1;
            for entry in self.list(&format!("runs/{run}/entries"), &[]).await {
                let text = |field: &str| entry[field].as_str().expect("text").to_owned();
                lines.push(format!("{scheme}: {} {} {}", text("action"), text("target"), text("result")));
            }
        }
        lines
    }

    /// Waits until every accepted event is decided and every step has ended.
    pub async fn drain(&self) {
        let accepted = self.ledger.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for event in &accepted {
            self.settled(event).await;
        }
    }
}

/// The runs that a decision set off.
fn runs(decision: &Value) -> Vec<String> {
    let schemes = decision["schemes"].as_array().map(Vec::as_slice).unwrap_or_default();
    schemes.iter().filter_map(|scheme| scheme["run"].as_str().map(str::to_owned)).collect()
}

/// The user as a delivery names them, best name first.
fn user_of(delivery: &Delivery) -> String {
    let body: Value = serde_json::from_slice(delivery.body()).expect("JSON");
    let names = ["accountId", "key", "userKey", "name"].iter().find_map(|field| body["user"][field].as_str());
    names.expect("a user").to_owned()
}

/// Waits until `condition` gives something, and gives that; fails the test when it takes far too long.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut condition: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + WAIT_TIMEOUT;
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
