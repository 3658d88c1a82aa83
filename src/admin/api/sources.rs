//! What the configuration says of the sources, without its secrets.

use std::time::Duration;

use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::{Problem, newcomers::ReconciliationRow, page, query, read};
use crate::{
    admin::{AdminState, SourceHealth, SourceState},
    config::{Rate, Source},
    domain::{Pausable, Product, SourceId, Timestamp},
    views::Page,
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
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct RateRow {
    per_second: f64,
    concurrency: usize,
}

impl From<&Source> for SourceRow {
    fn from(source: &Source) -> Self {
        let Source { id, name, product, base_url, credentials_expire, rate, reconcile, .. } = source;
        let Rate { per_second, concurrency } = *rate;
        let rate = RateRow { per_second, concurrency };
        let (id, name, product, credentials_expire) = (id.clone(), name.clone(), *product, *credentials_expire);
        let (base_url, reconcile) = (without_credentials(base_url), reconcile.map(|reconcile| reconcile.every));
        Self { id, name, product, base_url, credentials_expire, rate, reconcile }
    }
}

impl SourceRow {
    /// Which source.
    pub(crate) fn id(&self) -> &SourceId {
        &self.id
    }
}

/// An address may have a name and password in it; they are no part of where the product is.
fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // Fails only for addresses that can't have credentials.
    let _nothing_to_remove = url.set_username("").and_then(|()| url.set_password(None));
    url
}

/// A source with how it is doing now.
#[derive(Serialize, ToSchema)]
pub(super) struct SourceNow {
    #[serde(flatten)]
    source: SourceRow,
    state: Option<SourceState>,
    why: Option<String>,
    since: Option<Timestamp>,
    /// By an administrator; the others are about what the product lets usher do.
    paused: bool,
    reconciliation: ReconciliationRow,
}

impl SourceNow {
    fn new(source: SourceRow, health: Option<SourceHealth>, paused: bool, reconciliation: ReconciliationRow) -> Self {
        let (state, why, since) = match health {
            Some(SourceHealth { state, why, since, .. }) => (Some(state), why, since),
            None => (None, None, None),
        };
        Self { source, state, why, since, paused, reconciliation }
    }
}

/// The sources of the configuration, and how they are doing.
#[utoipa::path(get, path = "/sources", tag = "sources", params(query::List), responses((status = 200, body = Page<SourceNow>)))]
pub(super) async fn list(
    state: Data<AdminState>,
    Query(query): Query<query::List>,
) -> Result<Json<Page<SourceNow>>, Problem> {
    let Page { items, next } = page(&state.sources, &query.paging(), |row| row.id.as_str())?;
    let mut health = state.readiness.sources();
    let (views, ids) = (state.views.clone(), items.iter().map(|row| row.id.clone()).collect::<Vec<_>>());
    let compared = read(move || ids.iter().map(|id| views.comparison(id)).collect::<Result<Vec<_>, _>>()).await?;
    let schemes = state.settings.schemes();
    let items = items.into_iter().zip(compared).map(|(row, compared)| {
        let place = health.iter().position(|health| health.source == row.id);
        let paused = state.settings.pause_of(&Pausable::Source(row.id.clone())).is_some();
        let is_waited = schemes.borrow().wait_for_creations(&row.id);
        let reconciliation = ReconciliationRow::new(row.reconcile, is_waited, compared);
        SourceNow::new(row, place.map(|place| health.swap_remove(place)), paused, reconciliation)
    });
    Ok(Json(Page { items: items.collect(), next }))
}
