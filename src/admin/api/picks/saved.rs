//! Filters of users that somebody keeps under a name.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filter::{self, FilterText};
use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse, page,
            request::{
                body::Body,
                lookup, parameters, query,
                work::{answered, waited},
            },
        },
        identity::Principal,
    },
    domain::{SavedFilter, Timestamp},
    views::Page,
};

/// A filter to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin::api) struct NewFilter {
    /// The name: something visible, and no control characters.
    #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]+$")]
    name: String,
    /// The conditions.
    #[serde(deserialize_with = "filter::object")]
    filter: FilterText,
}

/// A saved filter.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FilterRow {
    /// Identifies it.
    pub(crate) id: String,
    /// The name.
    pub(crate) name: String,
    /// The conditions.
    pub(crate) filter: FilterText,
    /// When it was saved.
    pub(crate) created: Timestamp,
}

impl FilterRow {
    /// None if it can't be read: a later version has written it.
    fn of(saved: &SavedFilter) -> Option<Self> {
        let filter = serde_json::from_str(&saved.text).ok()?;
        Some(Self { id: saved.id.clone(), name: saved.name.clone(), filter, created: saved.at })
    }
}

/// Your saved filters, by name.
#[utoipa::path(
    get, path = "/filters", tag = "picks", params(query::List, parameters::Named), responses(
        (status = 200, body = Page<FilterRow>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(in crate::admin::api) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || page(&saved_filters(&state, &caller), &query.paging(), |row| &row.id)).await
}

/// Saves a filter under a name, until it is deleted.
#[utoipa::path(
    post, path = "/filters", tag = "picks", params(parameters::Named), request_body = NewFilter,
    responses(
        (status = 201, body = FilterRow),
        (status = 409, description = "You have one of this name, or there are as many filters as are kept."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be saved now."),
    )
)]
pub(in crate::admin::api) async fn create(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Body,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text(body)?;
    waited(state.runtime(), move || async move {
        let NewFilter { name, filter } = serde_json::from_str(&text).map_err(|error| hint(&error))?;
        ApiResponse::json(StatusCode::CREATED, &save_filter(&state, &caller, name, &filter).await?)
    })
    .await
}

/// Deletes a saved filter.
#[utoipa::path(
    delete, path = "/filters/{id}", tag = "picks", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "You have no such filter."),
        (status = 503, description = "It can't be deleted now."),
    )
)]
pub(in crate::admin::api) async fn delete(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    delete_filter(&state, &caller, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The saved filters of `caller`, by name.
pub(crate) fn saved_filters(state: &AdminState, caller: &Principal) -> Vec<FilterRow> {
    state.settings.filters(&caller.by()).iter().filter_map(|saved| FilterRow::of(saved)).collect()
}

/// Saves a filter of `caller` under `name`.
///
/// # Errors
/// [`Problem::BadRequest`] if the name can't be one, or groups are asked for; [`Problem::Conflict`] if `caller` has a
/// filter of this name, or there are as many as are kept; [`Problem::Unavailable`] if it can't be saved now.
pub(crate) async fn save_filter(
    state: &AdminState,
    caller: &Principal,
    name: String,
    filter: &FilterText,
) -> Result<FilterRow, Problem> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > SavedFilter::MAX_NAME || name.chars().any(char::is_control) {
        let most = SavedFilter::MAX_NAME;
        return Err(hint(&format!("`name` is not one: write 1 to {most} characters on one line")));
    }
    filter.filter()?;
    let text = serde_json::to_string(filter).map_err(|error| Problem::internal(&error))?;
    let saved = state.settings.save_filter(caller.by(), name.trim().to_owned(), text).await?;
    FilterRow::of(&saved).ok_or(Problem::Internal)
}

/// Deletes a saved filter of `caller`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such filter, [`Problem::Unavailable`] if it can't be deleted now.
pub(crate) async fn delete_filter(state: &AdminState, caller: &Principal, id: &str) -> Result<(), Problem> {
    Ok(state.settings.delete_filter(id, &caller.by()).await?)
}

fn hint(why: &dyn std::fmt::Display) -> Problem {
    Problem::BadRequest(format!("this is no filter to save: {why}; write `{{\"name\": \"...\", \"filter\": {{...}}}}`"))
}
