//! What the configuration says of the sources, without its secrets.

use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::{Problem, page, query};
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
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct RateRow {
    per_second: f64,
    concurrency: usize,
}

impl From<&Source> for SourceRow {
    fn from(source: &Source) -> Self {
        let Source { id, name, product, base_url, credentials_expire, rate, .. } = source;
        let Rate { per_second, concurrency } = *rate;
        let rate = RateRow { per_second, concurrency };
        let (id, name, product, credentials_expire) = (id.clone(), name.clone(), *product, *credentials_expire);
        Self { id, name, product, base_url: without_credentials(base_url), credentials_expire, rate }
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
}

impl SourceNow {
    fn new(source: SourceRow, health: Option<SourceHealth>, paused: bool) -> Self {
        let (state, why, since) = match health {
            Some(SourceHealth { state, why, since, .. }) => (Some(state), why, since),
            None => (None, None, None),
        };
        Self { source, state, why, since, paused }
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
    let items = items.into_iter().map(|row| {
        let place = health.iter().position(|health| health.source == row.id);
        let paused = state.settings.pause_of(&Pausable::Source(row.id.clone())).is_some();
        SourceNow::new(row, place.map(|place| health.swap_remove(place)), paused)
    });
    Ok(Json(Page { items: items.collect(), next }))
}
