//! `POST /webhooks/{source}`: answers as soon as, and only when, the delivery is durable.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::{StatusCode, header},
    web,
};
use serde::Serialize;
use serde_json::json;
use tracing::{debug, warn};

use super::{
    Reading, Told, Unverified, Verifier,
    body::{self, Budget},
};
use crate::{
    clock::Clock,
    config,
    domain::{Event, EventId, Product, SourceId},
    log::{self, Log, Record, Stream, codec},
    metrics::Metrics,
};

/// A body must arrive within this time.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// Atlassian gives up after 20 s in Cloud and 10 s in Bitbucket: answer before that.
const APPEND_PATIENCE: Duration = Duration::from_secs(8);
/// What the bodies of all requests may take together.
const BODY_BUDGET: usize = 64 * 1024 * 1024;

/// All that intake needs; shared by all workers.
pub struct Intake {
    sources: HashMap<String, Known>,
    nobody: Verifier,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    budget: Budget,
    max_body: usize,
}

struct Known {
    id: SourceId,
    product: Product,
    verifier: Verifier,
}

/// The body of the most frequent answer.
#[derive(Serialize)]
struct Accepted<'a> {
    event: &'a EventId,
}

/// How a delivery was answered.
enum Answer {
    Accepted(EventId),
    Ignored(&'static str),
    Unauthorized,
    Malformed,
    UnsupportedMediaType,
    TooLarge,
    TooSlow,
    Broken,
    Overloaded,
    Unavailable,
}

impl Intake {
    /// Intake for `sources` into `log`; bodies may have `max_body` bytes.
    pub fn new(
        sources: &[config::Source],
        max_body: usize,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        let rounds = sources.iter().map(|source| source.webhook_hmac.len()).max().unwrap_or(0).max(1);
        let known = |source: &config::Source| Known {
            id: source.id.clone(),
            product: source.product,
            verifier: Verifier::new(&source.webhook_hmac, rounds),
        };
        Self {
            sources: sources.iter().map(|source| (source.id.to_string(), known(source))).collect(),
            nobody: Verifier::new(&[], rounds),
            log,
            clock,
            metrics,
            budget: Budget::new(BODY_BUDGET),
            max_body,
        }
    }

    async fn receive(&self, source: &str, request: &HttpRequest, payload: web::Payload) -> Answer {
        if !is_json(request) {
            return Answer::UnsupportedMediaType;
        }
        if announced_length(request).is_some_and(|length| length > self.max_body) {
            return Answer::TooLarge;
        }
        let body = match self.budget.read(payload, self.max_body, BODY_PATIENCE).await {
            Ok(body) => body,
            Err(body::Error::TooLarge) => return Answer::TooLarge,
            Err(body::Error::Overloaded) => return Answer::Overloaded,
            Err(body::Error::TooSlow) => return Answer::TooSlow,
            Err(body::Error::Broken) => return Answer::Broken,
        };
        if is_ping(request, &body.bytes) {
            return Answer::Ignored("ping");
        }
        let known = self.sources.get(source);
        let signature = request.headers().get("x-hub-signature").map(header::HeaderValue::as_bytes);
        let verifier = known.map_or(&self.nobody, |known| &known.verifier);
        let verified = Unverified::new(body.bytes.clone(), signature).verify(verifier);
        let (Some(known), Ok(verified)) = (known, verified) else { return Answer::Unauthorized };
        let told = match verified.read(known.product) {
            Ok(Reading::Told(told)) => told,
            Ok(Reading::Ignored(why)) => return Answer::Ignored(why),
            Err(_) => return Answer::Malformed,
        };
        let delivery = request.headers().get("x-atlassian-webhook-identifier").and_then(|id| id.to_str().ok());
        let id = match delivery.filter(|id| !id.is_empty()) {
            Some(delivery) => EventId::from_delivery(&known.id, delivery),
            None => EventId::from_body(&known.id, verified.body()),
        };
        self.append(self.event(known, id, told)).await
    }

    fn event(&self, known: &Known, id: EventId, told: Told) -> Event {
        Event {
            id,
            source: known.id.clone(),
            kind: told.kind,
            user: told.user,
            hints: told.hints,
            occurred: told.occurred,
            accepted: self.clock.now(),
            sweep: None,
        }
    }

    async fn append(&self, event: Event) -> Answer {
        let record = Record { key: event.key(), payload: codec::encode(&event) };
        match tokio::time::timeout(APPEND_PATIENCE, self.log.append(Stream::Events, record)).await {
            Ok(Ok(position)) => {
                self.metrics.events.with_label_values(&[event.source.as_str(), event.kind.as_str()]).inc();
                debug!(event.id = %event.id, source.id = %event.source, kind = event.kind.as_str(), ?position, "accepted");
                Answer::Accepted(event.id)
            }
            Ok(Err(log::Error::Overloaded)) => Answer::Overloaded,
            Ok(Err(error)) => {
                warn!(event.id = %event.id, source.id = %event.source, %error, "a delivery could not be made durable");
                Answer::Unavailable
            }
            Err(_) => {
                warn!(event.id = %event.id, source.id = %event.source, "a delivery was not durable in time");
                Answer::Unavailable
            }
        }
    }
}

/// Adds the route of intake; the app data must hold a `web::Data<Intake>`.
pub fn configure(app: &mut web::ServiceConfig) {
    app.service(
        web::resource("/webhooks/{source}").route(web::post().to(receive)).default_service(web::to(method_not_allowed)),
    );
}

async fn receive(
    intake: web::Data<Intake>,
    source: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> impl Responder {
    let began = Instant::now();
    let answer = intake.receive(&source, &request, payload).await;
    let label = intake.sources.get(source.as_str()).map_or("unknown", |known| known.id.as_str());
    intake.metrics.webhooks.with_label_values(&[label, answer.label()]).inc();
    intake.metrics.webhook_seconds.observe(began.elapsed().as_secs_f64());
    answer.respond()
}

async fn method_not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "POST")).finish()
}

impl Answer {
    const fn label(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Ignored(_) => "ignored",
            Self::Unauthorized => "unauthorized",
            Self::Malformed | Self::UnsupportedMediaType | Self::TooSlow | Self::Broken => "malformed",
            Self::TooLarge => "too_large",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
        }
    }

    fn respond(self) -> HttpResponse {
        let refuse = |status: StatusCode, error: &str| {
            let mut response = HttpResponse::build(status);
            if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
                // What is left of the body is not read: the connection can't be used again.
                response.force_close();
            }
            response.json(json!({ "error": error }))
        };
        match self {
            Self::Accepted(event) => HttpResponse::Ok().json(Accepted { event: &event }),
            Self::Ignored(why) => HttpResponse::Ok().json(json!({ "ignored": why })),
            Self::Unauthorized => refuse(StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Malformed => refuse(StatusCode::BAD_REQUEST, "the body is not JSON"),
            Self::Broken => refuse(StatusCode::BAD_REQUEST, "the body broke off"),
            Self::UnsupportedMediaType => {
                refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json")
            }
            Self::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::TooSlow => refuse(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            Self::Overloaded => refuse(StatusCode::TOO_MANY_REQUESTS, "too many deliveries at once"),
            Self::Unavailable => refuse(StatusCode::SERVICE_UNAVAILABLE, "the delivery can't be made durable now"),
        }
    }
}

/// A missing content type is not another one: the signature is what counts.
fn is_json(request: &HttpRequest) -> bool {
    let Some(kind) = request.headers().get(header::CONTENT_TYPE) else { return true };
    let essence = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// "Test connection" of Bitbucket and Confluence, which may come unsigned: told by a header or by these very bytes, so
/// that nothing unverified is parsed, and answered alike for every path.
fn is_ping(request: &HttpRequest, body: &[u8]) -> bool {
    let by_header = request.headers().get("x-event-key").is_some_and(|key| key == "diagnostics:ping");
    by_header || body.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(br#"{"test":true}"#)
}
