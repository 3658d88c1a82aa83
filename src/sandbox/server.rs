//! The way of a request: faults first, then credentials, rate limit, the product's work.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::{
    ACCOUNT,
    api::{Api, Call, Route},
    faults::{FaultHit, fault::Effect, list_fault::ListFault},
    query::Query,
    reply::{Reply, cut},
    sites,
    world::{World, journal::UNKNOWN_PATH, record::Recorded},
};
use crate::domain::Product;

/// The state shared by the server's handlers and the sandbox's handle.
pub(super) struct Shared {
    world: Mutex<World>,
    /// Scheme, host and port.
    pub origin: String,
    /// The connections accepted since the start, including those to the controls.
    pub connections: AtomicU64,
}

impl Shared {
    pub fn new(world: World, origin: String) -> Self {
        Self { world: Mutex::new(world), origin, connections: AtomicU64::new(0) }
    }

    /// The state, for a moment. Never held across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request to a site.
struct Exchange<'a> {
    shared: &'a Shared,
    product: Product,
    api: &'static dyn Api,
    route: Option<&'static Route>,
    request: &'a HttpRequest,
    body: &'a [u8],
    path: &'a str,
}

/// Answers every request that is not one of the controls.
pub(super) async fn handle(request: HttpRequest, body: Bytes, shared: web::Data<Shared>) -> HttpResponse {
    let Some((product, path)) = sites::find(request.path()) else { return HttpResponse::NotFound().finish() };
    let api = sites::of(product);
    let route = api.routes().iter().find(|route| route.method == request.method() && route.segments(path).is_some());
    let exchange = Exchange { shared: &shared, product, api, route, request: &request, body: &body, path };
    let adds = route.is_some_and(|route| route.adds);
    let hit = shared.world().faults.hit(product, request.method().as_str(), path, adds);
    match hit {
        None => exchange.send(exchange.work(), false),
        Some(hit) => exchange.apply_fault(hit).await,
    }
}

impl Exchange<'_> {
    /// Lets a fault take its course.
    async fn apply_fault(&self, hit: FaultHit) -> HttpResponse {
        match hit.effect {
            Effect::TooManyRequests { retry_after } => self.send(self.refusal(429, retry_after), true),
            Effect::Fail { status, retry_after, after_work } => {
                if after_work {
                    self.work();
                }
                self.send(self.refusal(status, retry_after), true)
            }
            Effect::Cut { after_work } => {
                if after_work {
                    self.work();
                }
                self.send_nothing()
            }
            Effect::Hang => {
                let nothing = self.send_nothing(); // counted now, so that a test can see that it hangs
                hit.removed.cancelled().await;
                nothing
            }
            Effect::Delay { millis } => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                self.send(self.work(), false)
            }
            Effect::Instead { status, body, after_work } => {
                if after_work {
                    self.work();
                }
                self.pass_on(body.answer(status))
            }
            Effect::Packed(how) => self.pass_on(how.pack(self.work())),
            Effect::LicenceFull { status } => self.send(self.api.licence_full(status), true),
            Effect::List(fault) => {
                let delay = fault.delay(&Query::parse(self.request.query_string()));
                tokio::time::sleep(Duration::from_millis(delay)).await;
                let mut answer = self.work_on(Some(fault));
                fault.spoil(&mut answer.body);
                self.send(answer, true)
            }
            Effect::BeforeTen if self.path.ends_with("/user/list") => self.send(self.refusal(404, None), true),
            Effect::BeforeTen => {
                let body = json!({ "version": "9.12.3", "versionNumbers": [9, 12, 3], "deploymentType": "Server" });
                self.send(Reply::json(200, body), true)
            }
            Effect::Clock { seconds } => {
                let date = Utc::now() + TimeDelta::try_seconds(seconds).unwrap_or_default();
                let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                self.send(self.work().header("Date", date), false)
            }
            Effect::Unauthorized => self.send(self.api.unauthorized(), true),
            Effect::Forbidden => self.send(self.api.forbidden(), true),
        }
    }

    /// The product's answer to the request. No other request comes in between.
    fn work(&self) -> Reply {
        self.work_on(None)
    }

    /// The same for the query as changed by `fault`.
    fn work_on(&self, fault: Option<ListFault>) -> Reply {
        let authorization = self.request.headers().get("Authorization").map(|value| value.to_str().unwrap_or_default());
        match authorization {
            None if self.route.is_some_and(|route| route.open) => {}
            Some(own) if self.api.accepts(own) => {}
            None | Some(_) => return self.api.unauthorized(),
        }
        let mut world = self.shared.world();
        let Some(standing) = world.take_token(self.product) else { return self.routed(&mut world, fault) };
        let answer = if standing.passed { self.routed(&mut world, fault) } else { self.refusal(429, None) };
        answer.headers(self.api.rate_headers(&standing))
    }

    fn routed(&self, world: &mut World, fault: Option<ListFault>) -> Reply {
        let Some(route) = self.route else {
            let other_method = self.api.routes().iter().any(|route| route.segments(self.path).is_some());
            return Reply::empty(if other_method { 405 } else { 404 });
        };
        let content_type = self.request.headers().get("Content-Type").and_then(|value| value.to_str().ok());
        if !self.body.is_empty() && !content_type.is_some_and(|own| own.starts_with("application/json")) {
            return Reply::empty(415);
        }
        let base = format!("{}{}", self.shared.origin, self.api.prefix());
        let mut query = Query::parse(self.request.query_string());
        fault.into_iter().for_each(|fault| fault.alter(&mut query));
        let editor = world.editor(self.product, ACCOUNT);
        let segments = route.segments(self.path).unwrap_or_default();
        let mut call =
            Call { editor, segments, product: self.product, api: self.api, query, body: self.body, base: &base };
        (route.work)(&mut call).unwrap_or_else(|refusal| refusal)
    }

    /// With `fault` the answer is not the product's own.
    fn send(&self, answer: Reply, fault: bool) -> HttpResponse {
        let answer = if answer.status < 400 { answer } else { self.api.at(self.path, answer) };
        self.count(Some(answer.status));
        self.record(&answer, fault);
        answer.into_response()
    }

    /// An answer that something before the product gives, or changes.
    fn pass_on(&self, answer: Reply) -> HttpResponse {
        self.count(Some(answer.status));
        self.record(&answer, true);
        answer.into_response()
    }

    fn record(&self, answer: &Reply, fault: bool) {
        let record = &mut self.shared.world().record;
        if record.is_on() {
            record.record(Recorded {
                site: self.product,
                method: self.request.method().to_string(),
                path: self.path.to_owned(),
                query: Query::parse(self.request.query_string()).into_pairs(),
                body: self.body.to_vec(),
                status: answer.status,
                answer: answer.as_json().cloned(),
                fault,
            });
        }
    }

    /// An answer that does not come from the product's own work.
    fn refusal(&self, status: u16, retry_after: Option<u64>) -> Reply {
        let answer = self.api.refused(status, "Die Anfrage kann zurzeit nicht bearbeitet werden.");
        match retry_after {
            Some(seconds) => answer.header("Retry-After", seconds.to_string()),
            None => answer,
        }
    }

    fn send_nothing(&self) -> HttpResponse {
        self.count(None);
        cut()
    }

    fn count(&self, status: Option<u16>) {
        let known = self.api.routes().iter().find(|route| route.segments(self.path).is_some());
        let path = known.map_or(UNKNOWN_PATH, |route| route.path);
        self.shared.world().requests.count(self.product, self.request.method().as_str(), path, status);
    }
}
