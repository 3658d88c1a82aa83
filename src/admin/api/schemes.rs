//! Schemes: those of the configuration file, which are read here, and stored ones, which are made here.

use actix_web::{
    HttpRequest, HttpResponse,
    error::PayloadError,
    http::header,
    web::{Bytes, Data, Json, Path, Query},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Problem,
    document::{self, SchemeText},
    headers::{actor, etag, if_match},
    open_runs::{held, open_runs},
    page, query,
    references::{self, ReferencesRow},
};
use crate::{
    admin::{AdminState, MAX_BODY},
    domain::{Actor, ChangeKind, Scheme, SchemeChange, SchemeId, Timestamp},
    settings::{Contents, Listed},
    views::{OpenRun, Page},
};

/// A scheme, as administrators see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SchemeRow {
    #[serde(flatten)]
    contents: ContentsRow,
    version: String,
    /// Names exactly this state of it: what its `ETag` is, without the quotes.
    tag: String,
    /// From the configuration file: can't be changed here.
    provisioned: bool,
    paused: bool,
    /// Runs of it that wait for an administrator.
    runs_held: usize,
    /// Who paused it, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_by: Option<ByRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<ByRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Whether the product has what it names; null where nothing is looked up.
    references: Option<ReferencesRow>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
enum ContentsRow {
    Readable(Box<Scheme>),
    Broken { id: SchemeId, text: String, broken: String },
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ByRow {
    by: Actor,
    at: Timestamp,
}

impl SchemeRow {
    fn id(&self) -> &str {
        match &self.contents {
            ContentsRow::Readable(scheme) => scheme.id.as_str(),
            ContentsRow::Broken { id, .. } => id.as_str(),
        }
    }
}

impl SchemeRow {
    fn new(state: &AdminState, listed: Listed, open: &[OpenRun]) -> Self {
        let runs_held = held(open, |run| run.scheme == listed.id);
        let Listed { id, contents, version, tag, provisioned, paused, changed, warnings } = listed;
        let references = match &contents {
            Contents::Readable(scheme) => state.references(&scheme.source),
            Contents::Broken { .. } => None,
        };
        let references = references.map(|references| references.standing_of_scheme(&id).into());
        let contents = match contents {
            Contents::Readable(scheme) => ContentsRow::Readable(scheme),
            Contents::Broken { text, why } => ContentsRow::Broken { id, text, broken: why },
        };
        let changed = changed.map(|(by, at)| ByRow { by, at });
        let paused_by = paused.map(|pause| ByRow { by: pause.by, at: pause.at });
        let paused = paused_by.is_some();
        Self { contents, version, tag, provisioned, paused, paused_by, runs_held, changed, warnings, references }
    }
}

/// One change of a stored scheme.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ChangeRow {
    revision: u64,
    version: String,
    change: ChangeKind,
    by: Actor,
    at: Timestamp,
    scheme: Value,
}

impl From<SchemeChange> for ChangeRow {
    fn from(change: SchemeChange) -> Self {
        let SchemeChange { kind, by, at, revision, version, text } = change;
        let scheme = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { revision, version, change: kind, by, at, scheme }
    }
}

/// All schemes: those of the configuration file, then stored ones.
#[utoipa::path(get, path = "/schemes", tag = "schemes", params(query::List), responses((status = 200, body = Page<SchemeRow>)))]
pub(super) async fn list(
    state: Data<AdminState>,
    Query(query): Query<query::List>,
) -> Result<Json<Page<SchemeRow>>, Problem> {
    let open = open_runs(&state).await?;
    let rows: Vec<_> = state.settings.list().into_iter().map(|listed| SchemeRow::new(&state, listed, &open)).collect();
    page(&rows, &query.paging(), SchemeRow::id).map(Json)
}

/// One scheme, with its `ETag`.
#[utoipa::path(
    get, path = "/schemes/{id}", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = SchemeRow), (status = 404, description = "There is no such scheme."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = known(&id)?;
    let listed = state.settings.get(&id).ok_or_else(|| no_such(id.as_str()))?;
    Ok(shown(&state, &mut HttpResponse::Ok(), listed, &open_runs(&state).await?))
}

/// The changes of a stored scheme, newest first, all on one page.
#[utoipa::path(
    get, path = "/schemes/{id}/history", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = Page<ChangeRow>), (status = 404, description = "There is no such scheme."))
)]
pub(super) async fn history(
    state: Data<AdminState>,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<Json<Page<ChangeRow>>, Problem> {
    let id = known(&id)?;
    let changes = state.settings.history(&id).ok_or_else(|| no_such(id.as_str()))?;
    Ok(Json(Page { items: changes.into_iter().map(ChangeRow::from).collect(), next: None }))
}

/// Stores a scheme under an id that is free.
#[utoipa::path(
    post, path = "/schemes", tag = "schemes", params(document::Named), request_body = SchemeText,
    responses(
        (status = 201, body = SchemeRow),
        (status = 409, description = "The id is taken."),
        (status = 413, description = "The scheme is too long."),
        (status = 422, description = "The scheme can't be used; `problems` says where and why."),
        (status = 503, description = "It can't be stored now."),
    )
)]
pub(super) async fn create(
    state: Data<AdminState>,
    request: HttpRequest,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let (text, by) = (text(body)?, actor(&request)?);
    let about_names = references::look_up(&state, &state.settings.check_new(&text)?).await?;
    let mut listed = state.settings.create(&text, by).await?;
    listed.warnings.extend(about_names);
    let place = (header::LOCATION, format!("/api/v1/schemes/{}", listed.id));
    Ok(shown(&state, HttpResponse::Created().insert_header(place), listed, &open_runs(&state).await?))
}

/// Stores a scheme in place of the one that is there.
#[utoipa::path(
    put, path = "/schemes/{id}", tag = "schemes", request_body = SchemeText,
    params(("id" = String, Path), document::Named, document::Unchanged),
    responses(
        (status = 200, body = SchemeRow),
        (status = 404, description = "There is no such scheme."),
        (status = 409, description = "It stands in the configuration file."),
        (status = 412, description = "It has been changed since."),
        (status = 413, description = "The scheme is too long."),
        (status = 422, description = "The scheme can't be used; `problems` says where and why."),
        (status = 428, description = "`If-Match` is missing."),
        (status = 503, description = "It can't be stored now."),
    )
)]
pub(super) async fn replace(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let id = changeable(&state, &id)?;
    let (text, if_match, by) = (text(body)?, if_match(&request)?, actor(&request)?);
    let about_names = references::look_up(&state, &state.settings.check_change(&id, &text, &if_match)?).await?;
    let mut listed = state.settings.replace(&id, &text, &if_match, by).await?;
    listed.warnings.extend(about_names);
    Ok(shown(&state, &mut HttpResponse::Ok(), listed, &open_runs(&state).await?))
}

/// Deletes a stored scheme.
#[utoipa::path(
    delete, path = "/schemes/{id}", tag = "schemes", params(("id" = String, Path), document::Named, document::Unchanged),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such scheme."),
        (status = 409, description = "It stands in the configuration file."),
        (status = 412, description = "It has been changed since."),
        (status = 428, description = "`If-Match` is missing."),
        (status = 503, description = "It can't be deleted now."),
    )
)]
pub(super) async fn delete(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = changeable(&state, &id)?;
    state.settings.delete(&id, &if_match(&request)?, actor(&request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A scheme with its tag.
pub(super) fn shown(
    state: &AdminState,
    response: &mut actix_web::HttpResponseBuilder,
    listed: Listed,
    open: &[OpenRun],
) -> HttpResponse {
    response.insert_header(etag(&listed.tag)).json(SchemeRow::new(state, listed, open))
}

/// What can't be an id is the id of nothing.
pub(super) fn known(id: &str) -> Result<SchemeId, Problem> {
    id.parse().map_err(|_| no_such(id))
}

pub(super) fn no_such(id: &str) -> Problem {
    Problem::NotFound { kind: "scheme", id: id.to_owned() }
}

/// A stored scheme that is there: what else a request lacks does not matter where there is nothing to change.
fn changeable(state: &AdminState, id: &str) -> Result<SchemeId, Problem> {
    let id = known(id)?;
    match state.settings.get(&id) {
        None => Err(no_such(id.as_str())),
        Some(listed) if listed.provisioned => Err(crate::settings::Error::Provisioned(id).into()),
        Some(_) => Ok(id),
    }
}

pub(super) fn text(body: Result<Bytes, actix_web::Error>) -> Result<String, Problem> {
    let body = body.map_err(|error| match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::TooLarge(MAX_BODY),
        _ => Problem::BadRequest("the body can't be read; send it again".into()),
    })?;
    String::from_utf8(body.into()).map_err(|_| Problem::BadRequest("the body is not UTF-8; write it as UTF-8".into()))
}
