//! The HTTP client of one source: paced, bounded in time and size, made once, measured.

pub(super) mod answer;
pub(super) mod call_settings;
pub(super) mod clearance;
pub(super) mod client;
pub(super) mod codes;
pub(super) mod error_bodies;
pub(super) mod foreign;
pub(super) mod limits;
pub(super) mod message;
pub(super) mod observation;
pub(super) mod pacing;
pub(super) mod reach;
pub(super) mod request;
pub(super) mod rights;
pub(super) mod transport_errors;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use reqwest::{Method, Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::{ConnectError, Error};
use crate::{
    clock::Clock,
    config::{Auth, Source, Transport},
    domain::{Product, SourceId},
    metrics::Metrics,
    telemetry::traces::{self, Kind},
};
use answer::Answer;
use answer::Received;
use call_settings::CallSettings;
use foreign::Came;
use foreign::Foreign;
use limits::Limits;
use pacing::Advice;
use pacing::Turn;
use request::Call;
use request::Operation;
use transport_errors::broken;
use transport_errors::turned_away;

/// Calls one source.
pub(super) struct Http {
    source: SourceId,
    product: Product,
    base: Url,
    settings: Arc<CallSettings>,
    limits: Limits,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    /// The kinds of records that were reported as unreadable.
    told_of: Mutex<BTreeSet<&'static str>>,
}

impl Http {
    /// A client for `source`. Nothing is called yet.
    ///
    /// # Errors
    /// [`ConnectError`] if a setting of `source` can't be used, or the machine's certificates can't be read.
    pub fn new(source: &Source, limits: Limits, metrics: Metrics, clock: Arc<dyn Clock>) -> Result<Self, ConnectError> {
        let base = source.base_url.clone();
        if !matches!(base.scheme(), "http" | "https") || !base.username().is_empty() || base.password().is_some() {
            return Err(ConnectError::BaseUrl);
        }
        metrics.product_throttled.with_label_values(&[source.id.as_str()]); // there from the start, as zero
        Ok(Self {
            source: source.id.clone(),
            product: source.product,
            base,
            settings: Arc::new(CallSettings::new(source, limits)?),
            limits,
            metrics,
            clock,
            told_of: Mutex::default(),
        })
    }

    /// The settings of the source's calls, to be changed with the configuration.
    pub fn settings(&self) -> Arc<CallSettings> {
        Arc::clone(&self.settings)
    }

    /// Counts unreadable records of a list. The first time of each kind is reported.
    pub fn passed_over(&self, kind: &'static str, records: usize) {
        if records == 0 {
            return;
        }
        let labels = [self.source.as_str(), kind];
        self.metrics.records_passed_over.with_label_values(&labels).inc_by(records as u64);
        let mut told = self.told_of.lock().unwrap_or_else(PoisonError::into_inner); // never half changed
        if told.insert(kind) {
            tracing::warn!(
                source.id = self.source.as_str(),
                kind,
                records,
                "records in a list of the product can't be read and are passed over; this is said once, the metric \
                 usher_records_passed_over_total counts them",
            );
        }
    }

    /// The user name of usher's credentials; none if it sends a token.
    pub fn user_name(&self) -> Option<String> {
        match &*self.settings.auth.get() {
            Auth::Basic { username, .. } => Some(username.clone()),
            Auth::Bearer(_) => None,
        }
    }

    /// The bounds on each call.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Makes `call` once, when its turn has come.
    ///
    /// # Errors
    /// [`Error`] if no answer comes, or it is not a good one: see [`Received::judge`]. [`Error::Withheld`] if a change
    /// may not be sent any more.
    pub async fn send(&self, call: Call<'_>) -> Result<Answer, Error> {
        let turn =
            if call.is_a_change() { self.settings.pacer.turn().await } else { self.settings.pacer.turn_to_ask().await };
        let span = traces::part(Kind::Client, || call.operation.as_str()).map(|span| {
            span.with("usher.source", self.source.to_string())
                .with("usher.operation", call.operation.as_str())
                .with("http.request.method", call.method.to_string())
        });
        let exchange = traces::within(span, async {
            let began = Instant::now();
            let received = self.exchange(&call).await;
            self.measure(call.operation, began.elapsed(), &received);
            if call.is_a_change() {
                let status = received.as_ref().ok().map(|received| received.status.as_u16());
                clearance::sent(call.operation.as_str(), status);
            }
            received
        });
        let received = if call.is_a_change() { clearance::cleared(exchange).await } else { exchange.await };
        received.and_then(|received| self.judge(received, &call, &turn))
    }

    fn judge(&self, received: Received, call: &Call<'_>, turn: &Turn) -> Result<Answer, Error> {
        let advice = Advice::read(received.status, &received.headers, self.clock.now());
        let later = received.status.is_server_error() && advice.wait.is_some();
        let refused = received.status == StatusCode::TOO_MANY_REQUESTS || later;
        self.settings.pacer.learn(turn, refused, &advice);
        if refused {
            self.throttled(call.operation, &received, &advice);
        }
        received.judge(advice.wait, &call.personal)
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Received, Error> {
        let (time, asked) = (self.time_for(call.operation), self.clock.now());
        observation::begun();
        // Both are of this moment, until the call is over.
        let (way, auth) = (self.settings.way.get(), self.settings.auth.get());
        let request = way.client.request(call.method.clone(), call.url(&self.base)).timeout(time);
        let mut request = match &*auth {
            Auth::Bearer(token) => request.bearer_auth(token.reveal()),
            Auth::Basic { username, password } => request.basic_auth(username, Some(password.reveal())),
        };
        if call.method != Method::GET {
            // Data Center's guard against forged forms has nothing to guard here: there is no cookie.
            request = request.header("X-Atlassian-Token", "no-check");
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(|error| self.broken(&error, &way.transport, time))?;
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED && way.transport.proxy.is_some() {
            return Err(turned_away(&way.transport));
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        observation::answered(&headers, asked, self.clock.now());
        let body = match self.body(response, status, &way.transport, time).await {
            Ok(body) => body,
            Err(error) if answer::needs_its_body(status, &headers) => return Err(error),
            Err(_) => Bytes::new(), // the status says enough
        };
        Ok(Received { product: self.product, status, headers, body })
    }

    /// Reads the body. The limit applies to the unpacked bytes, because a small answer may unpack to a large one.
    async fn body(
        &self,
        mut response: Response,
        status: StatusCode,
        transport: &Transport,
        time: Duration,
    ) -> Result<Bytes, Error> {
        let mut body = BytesMut::new();
        let lost = |error: reqwest::Error| match transport_errors::is_badly_packed(&error) {
            true => Error::Intercepted {
                status: status.as_u16(),
                instead: Foreign { came: Came::Packed(Some("gzip")), product: self.product },
                retry_after: None,
            },
            false => self.broken(&error, transport, time),
        };
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > self.limits.body {
                return Err(Error::Unreadable(format!("it is longer than {} bytes", self.limits.body)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn broken(&self, error: &reqwest::Error, transport: &Transport, time: Duration) -> Error {
        broken(error, transport, Limits { call: time, ..self.limits })
    }

    /// The time-out of a call.
    const fn time_for(&self, operation: Operation) -> Duration {
        if operation.is_a_list() { self.limits.list } else { self.limits.call }
    }

    fn measure(&self, operation: Operation, took: Duration, received: &Result<Received, Error>) {
        let status = match received {
            Ok(received) => received.status.as_str(),
            Err(Error::Unreachable(_)) => "unreachable",
            Err(Error::Lost(_)) => "lost",
            Err(Error::Intercepted { .. }) => "intercepted",
            Err(_) => "unreadable",
        };
        match received {
            Ok(received) => traces::set_attribute("http.response.status_code", i64::from(received.status.as_u16())),
            Err(_) => traces::set_attribute("error.type", status.to_owned()),
        }
        if received.as_ref().map_or(true, |received| received.status.as_u16() >= 400) {
            traces::fails();
        }
        let labels = [self.source.as_str(), operation.as_str(), status];
        self.metrics.product_request_seconds.with_label_values(&labels).observe(took.as_secs_f64());
    }

    fn throttled(&self, operation: Operation, received: &Received, advice: &Advice) {
        self.metrics.product_throttled.with_label_values(&[self.source.as_str()]).inc();
        self.settings.count_throttled(self.clock.now());
        let reason = received.headers.get("ratelimit-reason").and_then(|reason| reason.to_str().ok());
        tracing::info!(
            source = self.source.as_str(),
            operation = operation.as_str(),
            wait_s = advice.wait.map(|wait| wait.as_secs_f64()),
            reason,
            "source {} asks to slow down",
            self.source,
        );
    }
}
