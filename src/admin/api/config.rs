//! What the configuration says, without its secrets: sources and schemes.

use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;
use serde::Serialize;
use url::Url;

use super::{Problem, query};
use crate::{
    admin::{AdminState, SourceHealth, SourceState},
    config::{ProvisionedScheme, Rate, Source},
    domain::{Product, Scheme, SourceId, Timestamp},
    views::{Cursor, Page, Paging},
};

/// A source, as administrators see it.
#[derive(Debug, Clone, Serialize)]
pub struct SourceRow {
    id: SourceId,
    name: String,
    product: Product,
    base_url: Url,
    credentials_expire: Option<NaiveDate>,
    rate: RateRow,
}

#[derive(Debug, Clone, Serialize)]
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
#[derive(Serialize)]
pub(super) struct SourceNow {
    #[serde(flatten)]
    source: SourceRow,
    state: Option<SourceState>,
    why: Option<String>,
    since: Option<Timestamp>,
}

impl SourceNow {
    fn new(source: SourceRow, health: Option<SourceHealth>) -> Self {
        let (state, why, since) = match health {
            Some(SourceHealth { state, why, since, .. }) => (Some(state), why, since),
            None => (None, None, None),
        };
        Self { source, state, why, since }
    }
}

/// A scheme with the version of what it says.
#[derive(Debug, Clone, Serialize)]
pub struct SchemeRow {
    #[serde(flatten)]
    scheme: Scheme,
    version: String,
    /// From the configuration file: can't be changed here.
    provisioned: bool,
}

impl From<&ProvisionedScheme> for SchemeRow {
    fn from(scheme: &ProvisionedScheme) -> Self {
        Self { scheme: scheme.scheme.clone(), version: scheme.reference.version.clone(), provisioned: true }
    }
}

pub(super) async fn sources(
    state: Data<AdminState>,
    Query(query): Query<query::List>,
) -> Result<Json<Page<SourceNow>>, Problem> {
    let Page { items, next } = page(&state.sources, &query.paging(), |row| row.id.as_str())?;
    let mut health = state.readiness.sources();
    let items = items.into_iter().map(|row| {
        let place = health.iter().position(|health| health.source == row.id);
        SourceNow::new(row, place.map(|place| health.swap_remove(place)))
    });
    Ok(Json(Page { items: items.collect(), next }))
}

pub(super) async fn schemes(
    state: Data<AdminState>,
    Query(query): Query<query::List>,
) -> Result<Json<Page<SchemeRow>>, Problem> {
    page(&state.schemes, &query.paging(), |row| row.scheme.id.as_str()).map(Json)
}

/// A page of a list in file order; its cursor is the id of the page's last item.
fn page<T: Clone>(list: &[T], paging: &Paging, id: impl Fn(&T) -> &str) -> Result<Page<T>, Problem> {
    let rest = match &paging.cursor {
        None => list,
        Some(cursor) => {
            let place = list.iter().position(|item| id(item).as_bytes() == cursor.place());
            let stale =
                || Problem::BadQuery("this `cursor` is of another list; leave it out for the first page".into());
            &list[place.ok_or_else(stale)? + 1..]
        }
    };
    let items = &rest[..rest.len().min(paging.limit.get())];
    let next = if items.len() < rest.len() { items.last().map(|last| Cursor::behind(id(last))) } else { None };
    Ok(Page { items: items.to_vec(), next })
}
