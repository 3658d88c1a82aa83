//! Liveness, readiness and metrics. They need no token, so nothing here contains users, addresses or texts of products.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use async_trait::async_trait;
use regex::Regex;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ListenerState, Problem};
use crate::{
    domain::{SourceId, Timestamp},
    metrics::open_metrics,
    views::RunState,
};

/// The reason of an ending process. It is no component.
const STOPPING: &str = "stopping";
/// A probe that gets no answer in time is answered "not ready".
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// A part that readiness waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// The part: `log`, …
    pub what: String,
    /// Why it does not work; no secrets, no names.
    pub why: String,
}

impl Wait {
    /// A wait for `what`, because of `why`. Hosts and ports are removed from the text, because this needs no token.
    pub fn new(what: impl Into<String>, why: &str) -> Self {
        Self { what: what.into(), why: without_addresses(why) }
    }

    /// The wait of a process that ends.
    pub fn stopping() -> Self {
        Self::new(STOPPING, "usher was told to stop; it finishes what it has begun and takes nothing new")
    }

    fn is_stopping(&self) -> bool {
        self.what == STOPPING
    }
}

/// `text` without the hosts and ports in it. Those of brokers are in the log.
fn without_addresses(text: &str) -> String {
    static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let host = r"(?:ipv[46]#)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)";
        Regex::new(&format!(r"{host}:\d{{2,5}}\b(?:/\w+)?")).ok()
    });
    // The pattern is valid; if not, an empty answer is better than all families.
    ADDRESS.as_ref().map_or_else(String::new, |address| address.replace_all(text, "(address)").into_owned())
}

/// Whether a source is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Its events are decided and carried out.
    Running,
    /// The product gives no answer, or none of its own; what there is to do is tried again until it does.
    Unreachable,
    /// Stopped, because the product refuses usher's credentials; its events are kept until it works again.
    Halted,
    /// Not started: usher can't open its secrets, or can't read it.
    Broken,
}

/// The state of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// Which.
    pub source: SourceId,
    /// Whether it is worked on.
    pub state: SourceState,
    /// The reason, in words; shown to administrators only.
    pub why: Option<String>,
    /// Since when it is in this state, where that is known.
    pub since: Option<Timestamp>,
}

/// The state of the process.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// The parts that have to work before usher is ready; empty: it is ready. A halted source is not among them,
    /// because the others continue.
    async fn waiting_for(&self) -> Vec<Wait>;

    /// The parts that have not worked yet, if readiness does not wait for them.
    fn warming_up(&self) -> Vec<Wait> {
        Vec::new()
    }

    /// The name of each component, and whether it fails.
    fn components(&self) -> BTreeMap<String, bool>;

    /// All sources.
    fn sources(&self) -> Vec<SourceHealth>;
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    waiting_for: Vec<Wait>,
    /// The parts that have not worked yet, if readiness does not wait for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warming_up: Vec<Wait>,
    sources: Vec<SourceProbe>,
}

#[derive(Serialize)]
struct SourceProbe {
    source: SourceId,
    state: SourceState,
    since: Option<Timestamp>,
}

/// `GET /healthz`: depends on nothing outside the process, so that nothing outside gets usher killed.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "alive" })
}

/// `GET /readyz`.
pub(super) async fn readyz(listener: web::Data<ListenerState>) -> HttpResponse {
    let waiting_for = waiting_for(&listener).await;
    let sources = listener.readiness.sources().into_iter();
    let sources = sources.map(|SourceHealth { source, state, since, .. }| SourceProbe { source, state, since });
    let (status, mut response) = match waiting_for.as_slice() {
        [] => ("ready", HttpResponse::Ok()),
        waits if waits.iter().any(Wait::is_stopping) => (STOPPING, HttpResponse::ServiceUnavailable()),
        _ => ("waiting", HttpResponse::ServiceUnavailable()),
    };
    let warming_up = listener.readiness.warming_up();
    response.json(Ready { status, waiting_for, warming_up, sources: sources.collect() })
}

/// `GET /metrics`.
///
/// # Errors
/// An internal [`Problem`] if the families can't be written as text.
pub(super) async fn metrics(listener: web::Data<ListenerState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    count_open_runs(&listener).await;
    update_component_gauges(&listener).await;
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(open_metrics::is_wanted) {
        let content_type = (header::CONTENT_TYPE, open_metrics::CONTENT_TYPE);
        return Ok(HttpResponse::Ok().insert_header(content_type).body(listener.metrics.render_open_metrics()));
    }
    let text = listener.metrics.render().map_err(|error| Problem::internal(&error))?;
    let content_type = (header::CONTENT_TYPE, "text/plain; version=0.0.4");
    Ok(HttpResponse::Ok().insert_header(content_type).body(text))
}

/// The waits. A check that does not answer in time counts as a wait.
async fn waiting_for(listener: &ListenerState) -> Vec<Wait> {
    let asked = tokio::time::timeout(PROBE_TIMEOUT, listener.readiness.waiting_for()).await;
    asked.unwrap_or_else(|_| vec![Wait::new("readiness", &format!("no answer within {} s", PROBE_TIMEOUT.as_secs()))])
}

/// Sets the gauges of readiness and of components. All parts that `/readyz` waits for fail; the others work. A stopping
/// process is not ready, but none of its parts fails.
async fn update_component_gauges(listener: &ListenerState) {
    let waits = waiting_for(listener).await;
    let is_ready = ([String::new()], i64::from(waits.is_empty()));
    let waited_for = waits.iter().map(|wait| ([wait.what.clone()], 0));
    listener.metrics.ready.replace(waited_for.chain([is_ready]));
    let mut components = listener.readiness.components();
    components.entry("log".to_owned()).or_default();
    components.extend(waits.into_iter().filter(|wait| !wait.is_stopping()).map(|wait| (wait.what, true)));
    let components = components.into_iter().map(|(component, fails)| ([component], i64::from(fails)));
    listener.metrics.component_failing.replace(components);
}

/// Sets the gauge of open runs. If the views can't be read, or not yet, it keeps its value.
async fn count_open_runs(listener: &ListenerState) {
    let Some(state) = listener.state() else { return };
    let views = state.views.clone();
    let Ok(Ok(open)) = web::block(move || views.open_runs()).await else { return };
    for counted in [RunState::Held, RunState::Running] {
        let runs = open.iter().filter(|run| run.state == counted).count();
        let gauge = state.metrics.runs.with_label_values(&[counted.as_str()]);
        gauge.set(i64::try_from(runs).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_without_a_token_names_no_hosts() {
        for (why, told) in [
            (
                "the log is not available: Kafka at kafka-0.acme.example:9092, [fe80::1]:9093: timed out; last trouble: \
                 10.0.0.7:9092/bootstrap: Connect to ipv4#10.0.0.7:9092 failed",
                "the log is not available: Kafka at (address), (address): timed out; last trouble: \
                 (address): Connect to (address) failed",
            ),
            ("partition 3: the record at offset 17 is missing", "partition 3: the record at offset 17 is missing"),
            ("no answer within 2 s", "no answer within 2 s"),
        ] {
            assert_eq!(Wait::new("log", why).why, told);
        }
    }
}
