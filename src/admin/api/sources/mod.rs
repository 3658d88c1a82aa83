//! The sources, without secrets: their states, checks of their connections, lists for pickers; and those that are made while
//! usher runs.

pub(super) mod changes;
pub(super) mod check;
mod detail;
pub(super) mod health;
pub(super) mod needed;
pub(super) mod pickers;
mod recent;
pub(super) mod store;

use std::{sync::Arc, time::Duration};

use actix_web::{
    http::StatusCode,
    web::{Data, Path, Query},
};
use chrono::NaiveDate;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use self::detail::{AuthRow, SourceDetail};
use super::{
    ApiResponse, Problem,
    newcomers::ReconciliationRow,
    page,
    request::{
        headers::etag,
        query,
        work::{answered, done},
    },
    runs::open::{held, open_runs},
};
use crate::{
    admin::{AdminState, SourceHealth, SourceState, identity::Principal},
    config::{Rate, Source},
    domain::{Comparison, Pausable, Pause, Product, SourceId, Timestamp, UserList},
    secret::Secret,
    source::{Arrived, Connection},
    views::{self, NewcomersOrder, Order, Page, Views},
};

/// A source, as administrators see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceRow {
    id: SourceId,
    name: String,
    product: Product,
    #[schema(value_type = String, format = "uri")]
    base_url: Url,
    #[schema(value_type = Option<String>, format = Date)]
    credentials_expire: Option<NaiveDate>,
    rate: RateRow,
    #[serde(skip)]
    reconcile: Option<Duration>,
    /// The names of the secrets that prove deliveries.
    #[serde(skip)]
    secrets: Vec<Option<Arc<str>>>,
    #[serde(skip)]
    has_feed: bool,
    #[serde(skip)]
    auth: AuthRow,
    /// The whole of it as YAML, without secrets.
    #[serde(skip)]
    yaml: Arc<str>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct RateRow {
    per_second: f64,
    concurrency: usize,
}

impl From<&Source> for SourceRow {
    fn from(source: &Source) -> Self {
        let Source { id, name, product, credentials_expire, rate, reconcile, .. } = source;
        let Rate { per_second, concurrency } = *rate;
        let rate = RateRow { per_second, concurrency };
        let (id, name, product, credentials_expire) = (id.clone(), name.clone(), *product, *credentials_expire);
        let (base_url, reconcile) = (source.address(), reconcile.map(|reconcile| reconcile.every));
        let secrets = source.webhook.secrets().map(Secret::name).collect();
        let has_feed = source.feed.is_some();
        let yaml = source.as_yaml().unwrap_or_else(|error| format!("# it can't be written: {error}\n")).into();
        let auth = AuthRow::of(source);
        Self { id, name, product, base_url, credentials_expire, rate, reconcile, secrets, has_feed, auth, yaml }
    }
}

impl SourceRow {
    /// Which source.
    pub(crate) fn id(&self) -> &SourceId {
        &self.id
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The kind of product.
    pub(crate) fn product(&self) -> Product {
        self.product
    }

    /// Its address, without credentials.
    pub(crate) fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The bounds on calls to it: a second, and at once.
    pub(crate) fn rate(&self) -> (f64, usize) {
        (self.rate.per_second, self.rate.concurrency)
    }

    /// The whole of it as YAML, without secrets.
    pub(crate) fn yaml(&self) -> &str {
        &self.yaml
    }

    /// How often its users are compared with the known ones; none: never.
    pub(crate) fn reconciles_every(&self) -> Option<Duration> {
        self.reconcile
    }

    /// Whether usher follows an audit log of it.
    pub(crate) fn has_feed(&self) -> bool {
        self.has_feed
    }

    /// When its credentials end, where that is told.
    pub(crate) fn credentials_expire(&self) -> Option<NaiveDate> {
        self.credentials_expire
    }
}

/// A source with how it is doing now.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceNow {
    #[serde(flatten)]
    pub(crate) source: SourceRow,
    pub(crate) state: Option<SourceState>,
    pub(crate) why: Option<String>,
    pub(crate) since: Option<Timestamp>,
    /// Whether an administrator paused it. The other states are about the product.
    pub(crate) paused: bool,
    /// The administrator who paused it, and the time.
    pub(crate) paused_by: Option<Order>,
    pub(crate) reconciliation: ReconciliationRow,
    /// Runs that wait for an administrator.
    pub(crate) runs_held: usize,
    pub(crate) users: UsersRow,
    /// Since the answering process began, in that process.
    #[serde(flatten)]
    pub(crate) arrived: Arrived,
}

/// The last list of the source's users that was read to its end.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct UsersRow {
    /// Whether the list is known to be complete; none if none was read yet.
    pub(crate) complete: Option<bool>,
    /// Why users may be missing from it.
    pub(crate) why: Option<String>,
    /// The number of users in it.
    pub(crate) count: Option<u64>,
    pub(crate) as_of: Option<Timestamp>,
}

impl From<Option<(Timestamp, UserList)>> for UsersRow {
    fn from(list: Option<(Timestamp, UserList)>) -> Self {
        let Some((as_of, UserList { users, incomplete, .. })) = list else { return Self::default() };
        Self { complete: Some(incomplete.is_none()), why: incomplete, count: Some(users), as_of: Some(as_of) }
    }
}

/// The data of a source in the views.
struct SourceViews {
    compared: Option<(Timestamp, Comparison)>,
    list: Option<(Timestamp, UserList)>,
    order: Option<NewcomersOrder>,
}

impl SourceViews {
    fn read(views: &Views, id: &SourceId) -> Result<Self, views::Error> {
        let (compared, list) = (views.comparison(id)?, views.user_list(id)?);
        Ok(Self { compared, list, order: views.newcomers_order(id)? })
    }
}

impl SourceNow {
    fn new(
        source: SourceRow,
        health: Option<SourceHealth>,
        pause: Option<Pause>,
        reconciliation: ReconciliationRow,
        runs_held: usize,
        users: UsersRow,
        arrived: Arrived,
    ) -> Self {
        let (state, why, since) = match health {
            Some(SourceHealth { state, why, since, .. }) => (Some(state), why, since),
            None => (None, None, None),
        };
        let paused_by = pause.map(|pause| Order { by: pause.by.to_string(), at: pause.at });
        let paused = paused_by.is_some();
        Self { source, state, why, since, paused, paused_by, reconciliation, runs_held, users, arrived }
    }
}

/// The sources, and how they are doing.
#[utoipa::path(
    get, path = "/sources", tag = "sources", params(query::List), responses(
        (status = 200, body = Page<SourceNow>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        let seen: Vec<_> = state.sources().iter().filter(|row| caller.sees(&row.id)).cloned().collect();
        let Page { items, next } = page(&seen, &query.paging(), |row| row.id.as_str())?;
        Ok(Page { items: now(&state, items)?, next })
    })
    .await
}

/// One source, with its state. One that was made while usher runs has an `ETag`.
#[utoipa::path(
    get, path = "/sources/{id}", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = SourceDetail), (status = 404, description = "There is no such source."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    done(state.runtime(), move || {
        let no_such = || Problem::NotFound { kind: "source", id: id.clone() };
        let sources = state.sources();
        let row =
            sources.iter().find(|row| row.id.as_str() == id.as_str() && caller.sees(&row.id)).ok_or_else(no_such)?;
        let stored = state.settings.stored_source(&row.id);
        let tag = stored.as_ref().map(|stored| etag(&stored.tag));
        let answer = ApiResponse::json(StatusCode::OK, &SourceDetail::new(&state, row.clone(), stored)?)?;
        Ok(match tag {
            Some(tag) => answer.with(tag),
            None => answer,
        })
    })
    .await
}

/// The source `id` with its connection.
fn connected(state: &AdminState, id: &str) -> Result<(SourceRow, Arc<Connection>), Problem> {
    let no_such = || Problem::NotFound { kind: "source", id: id.to_owned() };
    let row = state.sources().iter().find(|row| row.id.as_str() == id).cloned().ok_or_else(no_such)?;
    let running = state.register.get(&row.id).ok_or_else(no_such)?;
    Ok((row, Arc::clone(&running.connection)))
}

/// The states of the sources of `rows`, in their order.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(crate) fn now(state: &AdminState, rows: Vec<SourceRow>) -> Result<Vec<SourceNow>, Problem> {
    let mut health = state.readiness.sources();
    health.extend(state.settings.broken_sources().into_iter().map(|(source, why)| SourceHealth {
        source: source.id,
        state: SourceState::Broken,
        why: Some(why),
        since: None,
    }));
    let known = rows.iter().map(|row| SourceViews::read(&state.views, &row.id)).collect::<Result<Vec<_>, _>>();
    let known = known.map_err(|error| Problem::internal(&error))?;
    let open = open_runs(state)?;
    let schemes = state.settings.schemes();
    let rows = rows.into_iter().zip(known).map(|(row, SourceViews { compared, list, order })| {
        let place = health.iter().position(|health| health.source == row.id);
        let pause = state.settings.pause_of(&Pausable::Source(row.id.clone()));
        let is_waited = schemes.borrow().wait_for_creations(&row.id);
        let reconciliation = ReconciliationRow::new(row.reconcile, is_waited, compared, order);
        let (runs_held, arrived) = (held(&open, |run| run.source == row.id), state.arrivals.of(&row.id));
        let health = place.map(|place| health.swap_remove(place));
        SourceNow::new(row, health, pause, reconciliation, runs_held, list.into(), arrived)
    });
    Ok(rows.collect())
}
