//! The private listener: REST API, probes and metrics.

mod api;
pub mod audit;
mod auth;
mod authentication;
mod guesses;
pub mod identity;
mod listener_state;
mod probes;
mod problem;
mod shown;

use std::sync::Arc;

use actix_web::{
    FromRequest, Handler, Resource, Responder, ResponseError, Route, Scope,
    dev::HttpServiceFactory,
    guard,
    middleware::{DefaultHeaders, from_fn},
    web,
};
use tokio::runtime::Handle;
use url::Url;

pub(crate) use api::{
    BulkOrder, BulkPlan, Chosen, ChosenLetters, ConflictRow, Deleted, DiffRow, EstimateRow, Explained, FileForm,
    FileFormat, FileRead, FilterText, FoundLetters, HealthRow, Hunk, Item, ItemKind, Left, NamedPlan, Need, NextRow,
    PickFile, ReconciliationRow, SchemeAnswer, SecretRow, SourceNow, Timeline, VersionName, add_to_pick, begin_preview,
    by_words, cancel_run, changeable, check_source, check_text, checked_reason, conflicts_of, count_held_steps,
    create_scheme, create_source, decide_newcomers, delete_pick, delete_runs, delete_scheme, delete_source, diff_of,
    difference, dismiss_letters, entries_of, estimated, explain_user, explained, export_audit, export_entries,
    export_preview, export_runs, health_of, in_words, known_user, letters_to_redrive, make_pick, name_plan, named,
    needed_by, next_times, not_in_views, once_shown, order_bulk, own_pick, pause_or_resume_scheme, pause_source,
    pick_file, pick_groups, picked_users, plan_bulk, read_file, read_user, redrive_letters, refresh_roster,
    release_run, remove_from_pick, replace_scheme, replace_source, run_of_bulk, run_scheme, runnable, sees_scheme,
    sources_now, stored_source, timeline_of, undo_obstacle, undo_plan, undo_run, unresolved_names, users_csv,
    version_of,
};
pub use api::{SourceRow, end_waits};
pub use auth::{AdminToken, Error, TOKEN_FILE, token};
pub use listener_state::ListenerState;
pub use probes::{Readiness, SourceHealth, SourceState, Wait};
pub use problem::Problem;
pub use shown::Shown;

use crate::{
    config::{Config, Session},
    domain::{Mode, SourceId},
    engine::{AdminCommands, References, Register},
    explain::{Explainer, Previews},
    http_server::Peer,
    log::Log,
    metrics::Metrics,
    oidc::Provider,
    secret::Secret,
    settings::Settings,
    source::{Arrivals, LastDeliveries},
    users::Users,
    views::Views,
};

/// The highest length of a request's body, in bytes: a scheme at the most.
const MAX_BODY: usize = 3 * 1024 * 1024;

/// The methods of read-only paths.
const READING: &str = "GET, HEAD";

/// The state for the answers.
pub struct AdminState {
    shown: Shown,
    log: Arc<dyn Log>,
    guesses: guesses::Guesses,
    refusals: audit::Refusals,
    views: Views,
    metrics: Metrics,
    readiness: Arc<dyn Readiness>,
    settings: Settings,
    explainer: Explainer,
    previews: Previews,
    commands: AdminCommands,
    arrivals: Arrivals,
    users: Users,
    register: Register,
    picked: api::Picked,
    /// The runtime that works on requests to the API.
    runtime: Handle,
}

/// The parts of usher that answer administrators.
pub struct Parts {
    /// The log for backups.
    pub log: Arc<dyn Log>,
    /// The views of the log.
    pub views: Views,
    /// The settings that change while usher runs.
    pub settings: Settings,
    /// Why a scheme selects a user.
    pub explainer: Explainer,
    /// The writer of requests for sweeps.
    pub commands: AdminCommands,
    /// The arrivals of the sources.
    pub arrivals: Arrivals,
    /// The users of the sources.
    pub users: Users,
    /// The sources that can be reached, with the look-ups of names in schemes and `protect`.
    pub register: Register,
}

impl AdminState {
    /// Builds the state. It keeps only the visible part of the configuration. Requests to the API are worked on in the
    /// calling runtime; the listener has its own.
    pub fn new(config: &Config, token: Secret, parts: Parts, metrics: Metrics, readiness: Arc<dyn Readiness>) -> Self {
        let Parts { log, views, settings, explainer, commands, arrivals, users, register } = parts;
        Self {
            shown: Shown::new(config, token),
            log,
            guesses: guesses::Guesses::new(metrics.clone()),
            refusals: audit::Refusals::default(),
            views,
            metrics,
            readiness,
            settings,
            explainer,
            previews: Previews::default(),
            commands,
            arrivals,
            users,
            register,
            picked: api::Picked::default(),
            runtime: Handle::current(),
        }
    }

    /// The visible part of the configuration, to be replaced when that is reloaded.
    fn shown(&self) -> Shown {
        self.shown.clone()
    }

    /// The sources that usher works with, and those that it can't work with as they are stored.
    pub(crate) fn sources(&self) -> Arc<Vec<SourceRow>> {
        let (works, broken) = (self.shown.sources(), self.settings.broken_sources());
        if broken.is_empty() {
            return works;
        }
        let is_broken = |row: &&SourceRow| broken.iter().all(|(source, _)| source.id != *row.id());
        let works = works.iter().filter(is_broken).cloned();
        Arc::new(works.chain(broken.iter().map(|(source, _)| SourceRow::from(source))).collect())
    }

    /// Whether anything may be changed at all.
    pub(crate) fn mode(&self) -> Mode {
        self.shown.mode()
    }

    /// The views of the log.
    pub(crate) fn views(&self) -> &Views {
        &self.views
    }

    /// The settings that change while usher runs.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The deliveries of a source in the last 24 hours, or since this process began.
    pub(crate) fn last_day(&self, source: &SourceId) -> LastDeliveries {
        self.arrivals.last_day(source)
    }

    /// The previews of schemes.
    pub(crate) fn previews(&self) -> &Previews {
        &self.previews
    }

    /// The users of the sources.
    pub(crate) fn users(&self) -> &Users {
        &self.users
    }

    /// The state of the process.
    pub(crate) fn readiness(&self) -> &dyn Readiness {
        self.readiness.as_ref()
    }

    /// The tokens that let somebody in now.
    pub(crate) fn tokens(&self) -> Arc<identity::Tokens> {
        self.shown.tokens()
    }

    /// The settings of sessions as they are now.
    pub(crate) fn session(&self) -> Arc<Session> {
        self.shown.session()
    }

    /// The address of the console as it is now.
    pub(crate) fn public_url(&self) -> Option<Url> {
        self.shown.public_url()
    }

    /// The identity provider by which people sign in, if there is one.
    pub(crate) fn oidc(&self) -> Option<Arc<Provider>> {
        self.shown.oidc()
    }

    /// Counts a sign-in at the console: `via` is `token` or `oidc`, `result` is `accepted`, `refused` or `failed`.
    pub(crate) fn count_sign_in(&self, via: &str, result: &str) {
        self.metrics.console_sign_ins.with_label_values(&[via, result]).inc();
    }

    /// Gives the answer to a wrong token of `peer`, when it is time for it.
    pub(crate) async fn refuse_guess(&self, peer: Peer) -> Problem {
        self.guesses.refuse(peer).await
    }

    /// Does `work`, which may wait for the disk, on a thread for that, in turn with the requests to the API.
    ///
    /// # Errors
    /// The [`Problem`] of `work`; [`Problem::Unavailable`] if no turn comes in time.
    pub(crate) async fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        api::on_thread(self.runtime(), work).await
    }

    /// Does `work`, which waits for a product, on a thread for that.
    ///
    /// # Errors
    /// The [`Problem`] of `work`; [`Problem::Unavailable`] if no turn comes in time.
    pub(crate) async fn waiting<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Problem>>,
    {
        api::waiting(self.runtime(), work).await
    }

    /// The runtime that works on requests to the API.
    fn runtime(&self) -> Handle {
        self.runtime.clone()
    }

    /// The look-ups of the names of a source and its schemes.
    fn references(&self, source: &SourceId) -> Option<Arc<References>> {
        Some(Arc::clone(&self.register.get(source)?.references))
    }

    fn source_ids(&self) -> Vec<SourceId> {
        self.sources().iter().map(|source| source.id().clone()).collect()
    }
}

/// Adds all routes of the admin listener: `App::new().configure(admin::configure(listener.clone(), true))`. The server
/// sets its own time-outs; every answer here has a bounded size of input. Without `api` only probes and metrics are
/// answered. `pages` adds the pages of the console beside the API.
pub fn configure(
    listener: web::Data<ListenerState>,
    api: bool,
    pages: impl FnOnce(Scope) -> Scope,
) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let probes = web::scope("")
            .service(get("/healthz", probes::healthz))
            .service(get("/readyz", probes::readyz))
            .service(get("/metrics", probes::metrics));
        let all = if api { with_api(pages(probes)) } else { probes };
        let all = all.default_service(web::to(problem::no_such_path)).wrap(security_headers());
        config
            .app_data(listener)
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .app_data(web::QueryConfig::default().error_handler(|error, _| api::bad_query(&error).into()))
            .service(all);
    }
}

fn with_api(scope: Scope) -> Scope {
    scope.service(api::openapi()).service(api_scope())
}

fn api_scope() -> impl HttpServiceFactory {
    let routes = api::routes().into_iter().map(api::Endpoint::resource);
    routes
        .fold(web::scope(api::PREFIX), Scope::service)
        .default_service(web::to(problem::no_such_path))
        .wrap(from_fn(authentication::require_token))
        .wrap(from_fn(listener_state::pass)) // the last one is the first to see a request
}

/// Answers hold data about people: they are not kept by caches, framed, sniffed or scripted.
fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Cache-Control", "no-store"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
}

/// A path that can only be read.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource(path, READING).route(reading(handler))
}

/// A path of a page, which takes the methods in `allow`.
pub(crate) fn page_resource(path: &str, allow: &'static str) -> Resource {
    resource(path, allow)
}

/// A path that takes the methods in `allow`.
fn resource(path: &str, allow: &str) -> Resource {
    let allow = allow.to_owned();
    let refuse = move || std::future::ready(Problem::MethodNotAllowed { allow: allow.clone() }.error_response());
    web::resource(path).default_service(web::to(refuse))
}

/// The route of a handler that only reads.
pub(crate) fn reading<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler)
}

#[cfg(test)]
mod tests;
