//! `POST /webhooks/{source}`: answers as soon as, and only when, the delivery is durable.

use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};

use super::{
    DeliveryContent, Malformed, Read, Senders, Unverified, Verified,
    answer::DeliveryAnswer,
    body::{self, Budget, RecentProofs, Sender},
    events::{self, Origin, append_delivered},
    passed_over,
    request::{IDENTIFIER, TRACEPARENT, announced_length, is_json, is_ping, proof_of, text_of},
    senders::Sender as SourceTable,
};
use crate::{
    clock::Clock,
    config,
    domain::{Ignored, RecordKind, Via},
    http_server::{Connection, Peer, Timer},
    log::{Log, Stream},
    metrics::Metrics,
    source::{Arrivals, ProofForm, Refusal},
    telemetry::traces::{self, Kind},
};

/// The memory for the bodies of all requests together.
const BODY_BUDGET: usize = 64 * 1024 * 1024;
/// The length from which parsing a body takes milliseconds.
const LONG: usize = 256 * 1024;

/// All that intake needs; shared by all workers.
pub struct Intake {
    senders: Arc<Senders>,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    arrivals: Arrivals,
    budget: Budget,
    proofs: RecentProofs,
    max_body: usize,
    trusts_traceparent: bool,
}

impl Intake {
    /// Intake for `sources` into `log`; bodies may have `max_body` bytes. What is noticed goes into `arrivals`.
    pub fn new(
        sources: &[config::Source],
        max_body: usize,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        arrivals: Arrivals,
    ) -> Self {
        Self {
            senders: Arc::new(Senders::new(sources, Arc::clone(&clock))),
            log,
            clock,
            metrics,
            arrivals,
            budget: Budget::new(BODY_BUDGET, max_body),
            proofs: RecentProofs::default(),
            max_body,
            trusts_traceparent: false,
        }
    }

    /// The same; if `is_trusted`, deliveries are parts of the traces that their senders name.
    #[must_use]
    pub fn trusting_traceparent(self, is_trusted: bool) -> Self {
        Self { trusts_traceparent: is_trusted, ..self }
    }

    /// The sources that deliveries may be from, to be replaced when the configuration changes.
    pub fn senders(&self) -> Arc<Senders> {
        Arc::clone(&self.senders)
    }

    /// Answers a delivery for `source`, which was `known` when the delivery `began`.
    async fn receive(
        &self,
        (source, known): (&str, Option<&SourceTable>),
        request: &HttpRequest,
        payload: web::Payload,
        began: Instant,
    ) -> DeliveryAnswer {
        if !is_json(request) {
            return DeliveryAnswer::UnsupportedMediaType;
        }
        if announced_length(request).is_some_and(|length| length > self.max_body) {
            return DeliveryAnswer::TooLarge;
        }
        let sender = self.sender(known, request, began);
        let timer = timer_of(request);
        let body = match body::read(payload, self.max_body, &self.budget, sender, (&timer, began)).await {
            Ok(body) => body,
            Err(error) => return error.into(),
        };
        // Taken when the body is there: a secret that was added meanwhile counts already.
        // It is held until the answer: a source that is taken out waits for that.
        let senders = self.senders.now();
        let known = senders.get(source).map(|known| &**known);
        if is_ping(request, &body.bytes) {
            self.metrics.webhooks_ignored.with_label_values(&[label_of(known), Ignored::Ping.label()]).inc();
            return DeliveryAnswer::Ignored(Ignored::Ping);
        }
        let verifier = known.map_or(&senders.nobody, |known| &known.verifier);
        let verified = Unverified::new(body.bytes.clone(), proof_of(request)).verify(verifier).await;
        match (known, verified) {
            (Some(known), Ok(verified)) => {
                if let Some(name) = verified.proved_by() {
                    self.arrivals.proved(&known.id, name);
                }
                self.record_proof(known, sender.peer, request, began);
                self.accept(known, request, &verified, &timer).await
            }
            (_, Err(error)) => error.into(),
            (None, Ok(_)) => DeliveryAnswer::Unauthorized,
        }
    }

    /// The sender of `request`: the peer of the connection. Headers of proxies are not trusted, because anybody can
    /// send them.
    fn sender(&self, known: Option<&SourceTable>, request: &HttpRequest, now: Instant) -> Sender {
        let peer = request.peer_addr().map(|address| Peer::from(address.ip()));
        let source = known.map(|known| known.place);
        let proved = peer.zip(source).is_some_and(|(peer, source)| self.proofs.has(peer, source, now));
        Sender { peer, source, proved_lately: proved }
    }

    /// Records that the sender has proved itself: its connection and its next bodies don't give way to those of
    /// strangers.
    fn record_proof(&self, known: &SourceTable, peer: Option<Peer>, request: &HttpRequest, now: Instant) {
        if let Some(peer) = peer {
            self.proofs.record(peer, known.place, now);
        }
        if let Some(connection) = request.conn_data::<Arc<Connection>>() {
            connection.proved();
        }
    }

    async fn accept(
        &self,
        known: &SourceTable,
        request: &HttpRequest,
        verified: &Verified,
        timer: &Timer,
    ) -> DeliveryAnswer {
        let read = match self.read(known, verified).await {
            Ok(read) => read,
            Err(malformed) => return malformed.into(),
        };
        if let Err(error) = self.pass_over(known, &read).await {
            return error.into();
        }
        for why in read.ignored {
            self.metrics.webhooks_ignored.with_label_values(&[known.id.as_str(), why.label()]).inc();
        }
        let told = match read.reading {
            DeliveryContent::Events(told) => told,
            DeliveryContent::Ignored(why) => return DeliveryAnswer::Ignored(why),
        };
        for odd in told.iter().filter_map(|told| told.odd_time) {
            self.arrivals.implausible_time(&known.id, odd);
        }
        let origin = Origin {
            via: Via::Webhook,
            source: &known.id,
            logins_by_second: known.logins_by_second,
            delivery: text_of(request, &IDENTIFIER),
            body: verified.body(),
        };
        let events = origin.events(told, self.clock.as_ref());
        if !events::fit(&events, verified.body().len()) {
            return DeliveryAnswer::TooLarge;
        }
        match append_delivered(events, timer, self.log.as_ref(), &self.metrics).await {
            Ok(events) => DeliveryAnswer::Accepted(events),
            Err(error) => error.into(),
        }
    }
}

impl Intake {
    /// Reads a delivery; a long one not on the thread that serves others.
    async fn read(&self, known: &SourceTable, verified: &Verified) -> Result<Read, Malformed> {
        let now = self.clock.now();
        if verified.body().len() <= LONG {
            return verified.read(known.product, &known.actions, now);
        }
        let (verified, product, actions) = (verified.clone(), known.product, known.actions.clone());
        let reading = tokio::task::spawn_blocking(move || verified.read(product, &actions, now));
        reading.await.unwrap_or(Err(Malformed::Interrupted))
    }

    /// Writes dead letters for the unreadable parts of a delivery: for the first of many; the others are counted.
    async fn pass_over(&self, known: &SourceTable, read: &Read) -> Result<(), events::Error> {
        let more = u64::try_from(read.more_unread).unwrap_or(u64::MAX);
        let labels = [known.id.as_str(), RecordKind::AuditEntry.as_str()];
        self.metrics.records_passed_over.with_label_values(&labels).inc_by(more);
        for one in &read.unread {
            let letter = passed_over::letter(&known.id, one, "a delivery of the audit log", &*self.clock);
            events::append_record(Stream::DeadLetters, letter, &*self.log).await?;
            passed_over::count(&known.id, one, &self.arrivals, &self.metrics);
        }
        Ok(())
    }

    /// Counts an answer to a delivery for the source that was `known`.
    fn count(&self, known: Option<&SourceTable>, answer: &DeliveryAnswer) {
        let counter = || self.metrics.webhooks.with_label_values(&[label_of(known), answer.label()]);
        match (known, answer) {
            (Some(known), DeliveryAnswer::Accepted(_)) => known.accepted.get_or_init(counter).inc(),
            _ => counter().inc(),
        }
    }

    /// Records how a delivery for `source` was answered.
    fn record(&self, source: &str, answer: &RecordedAnswer) {
        match (self.senders.now().get(source), answer) {
            (_, RecordedAnswer::Refused(refusal, proof)) => self.arrivals.refused(source, *refusal, *proof),
            (Some(known), RecordedAnswer::Accepted) => self.arrivals.accepted(&known.id),
            (Some(known), RecordedAnswer::Ignored(why)) => self.arrivals.ignored(&known.id, *why),
            (None, RecordedAnswer::Accepted | RecordedAnswer::Ignored(_)) => {}
        }
    }
}

/// The label of a source in metrics.
fn label_of(known: Option<&SourceTable>) -> &str {
    known.map_or("unknown", |known| known.id.as_str())
}

/// The timer of the connection of `request`; a new one for a request without a connection.
fn timer_of(request: &HttpRequest) -> Timer {
    request.conn_data::<Timer>().cloned().unwrap_or_else(|| Timer::new(Instant::now() + events::APPEND_TIMEOUT))
}

/// The answer to a delivery, for the record.
enum RecordedAnswer {
    Accepted,
    Ignored(Ignored),
    Refused(Refusal, ProofForm),
}

/// Adds the route of intake; the app data must hold a `web::Data<Intake>`.
pub fn configure(app: &mut web::ServiceConfig) {
    // The prefix of a scope is compared. A path with a variable part would cost a regular expression for each request.
    app.service(web::scope("/webhooks").default_service(web::to(route)));
}

async fn route(intake: web::Data<Intake>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let Some(source) = source_of(request.match_info().unprocessed()) else {
        return HttpResponse::NotFound().finish();
    };
    if request.method() != Method::POST {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "POST")).finish();
    }
    receive(&intake, source, &request, payload).await
}

/// The source in the `rest` of a path; with a slash at the end too, as some write addresses.
fn source_of(rest: &str) -> Option<&str> {
    let source = rest.strip_prefix('/')?;
    let source = source.strip_suffix('/').unwrap_or(source);
    (!source.is_empty() && !source.contains('/')).then_some(source)
}

async fn receive(
    intake: &web::Data<Intake>,
    source: &str,
    request: &HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let known = intake.senders.now().get(source).cloned();
    let known = known.as_deref();
    let label = label_of(known);
    let traceparent = text_of(request, &TRACEPARENT).filter(|_| intake.trusts_traceparent);
    let span = traces::root(Kind::Server, "POST /webhooks/{source}", traceparent).map(|span| {
        span.with("http.request.method", "POST")
            .with("http.route", "/webhooks/{source}")
            .with("usher.source", label.to_owned())
    });
    let (noted, response) = traces::within(span, async {
        let began = Instant::now();
        let answer = intake.receive((source, known), request, payload, began).await;
        intake.count(known, &answer);
        intake.metrics.webhook_seconds.observe(began.elapsed().as_secs_f64());
        let noted = match (&answer, answer.refusal()) {
            (_, Some(refusal)) => RecordedAnswer::Refused(refusal, proof_of(request).form()),
            (DeliveryAnswer::Ignored(why), None) => RecordedAnswer::Ignored(*why),
            (_, None) => RecordedAnswer::Accepted,
        };
        let response = answer.respond();
        traces::set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
        if response.status().is_server_error() {
            traces::fails();
        }
        (noted, response)
    })
    .await;
    if let (RecordedAnswer::Accepted, Some(known)) = (&noted, known) {
        intake.arrivals.accepted(&known.id);
    } else {
        // The sender may be a stranger, who is not to learn from the time which sources there are.
        let (intake, source) = (intake.clone(), source.to_owned());
        actix_web::rt::spawn(async move { intake.record(&source, &noted) });
    }
    response
}
