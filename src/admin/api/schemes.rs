//! Schemes: those of the configuration file, which are read here, and stored ones, which are made here.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    ApiResponse, Problem, page,
    references::{self, ReferencesRow},
    request::{
        headers::{etag, if_match},
        lookup, parameters, query,
        work::{answered, done, in_turn, waited},
    },
    runs::open::{held, open_runs},
    schemas::SchemeText,
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    domain::{Actor, ChangeKind, Scheme, SchemeChange, SchemeId, Timestamp},
    settings::{Contents, SchemeView},
    views::{Cursor, OpenRun, Page},
};

/// The highest length of a page of schemes, in bytes: each scheme may have the highest length. A page has at least one.
const MAX_PAGE: usize = 8 * 1024 * 1024;

/// A scheme, as administrators see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SchemeRow {
    #[serde(flatten)]
    contents: ContentsRow,
    version: String,
    /// Names exactly this state of it: what its `ETag` is, without the quotes.
    tag: String,
    /// Whether it is from the configuration file. It can't be changed here.
    provisioned: bool,
    paused: bool,
    /// Runs of it that wait for an administrator.
    runs_held: usize,
    /// The administrator who paused it, and the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_by: Option<ByRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<ByRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Whether the product has the names in it; null if nothing is looked up.
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
    fn new(state: &AdminState, listed: SchemeView, open: &[OpenRun]) -> Self {
        let runs_held = held(open, |run| run.scheme == listed.id);
        let SchemeView { id, contents, version, tag, provisioned, paused, changed, warnings } = listed;
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
#[utoipa::path(
    get, path = "/schemes", tag = "schemes", params(query::List), responses(
        (status = 200, body = Page<SchemeRow>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        let open = open_runs(&state)?;
        let mut seen = state.settings.list();
        seen.retain(|listed| lookup::sees(&caller, listed));
        let Page { items: listed, next } = page(&seen, &query.paging(), |listed| listed.id.as_str())?;
        let (mut items, mut length, count) = (Vec::new(), 0, listed.len());
        for listed in listed {
            let row = SchemeRow::new(&state, listed, &open);
            length += written(&row)?;
            if length > MAX_PAGE && !items.is_empty() {
                break;
            }
            items.push(row);
        }
        let cut = items.last().filter(|_| items.len() < count).map(|last| Cursor::behind(last.id()));
        Ok(Page { next: cut.or(next), items })
    })
    .await
}

/// The length of `row` as JSON.
fn written(row: &SchemeRow) -> Result<usize, Problem> {
    serde_json::to_vec(row).map(|json| json.len()).map_err(|error| Problem::internal(&error))
}

/// One scheme, with its `ETag`.
#[utoipa::path(
    get, path = "/schemes/{id}", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = SchemeRow), (status = 404, description = "There is no such scheme."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    done(state.runtime(), move || {
        let listed = lookup::scheme(&state, &caller, &id)?;
        shown(&state, StatusCode::OK, listed)
    })
    .await
}

/// The changes of a stored scheme, newest first, all on one page.
#[utoipa::path(
    get, path = "/schemes/{id}/history", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = Page<ChangeRow>), (status = 404, description = "There is no such scheme."))
)]
pub(super) async fn history(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        if !caller.sources.is_all() {
            lookup::scheme(&state, &caller, &id)?; // of a deleted one the source is not known
        }
        let id = lookup::known(&id)?;
        let changes = state.settings.history(&id).ok_or_else(|| lookup::no_such(id.as_str()))?;
        Ok(Page { items: changes.into_iter().map(ChangeRow::from).collect(), next: None })
    })
    .await
}

/// Stores a scheme under an id that is free.
#[utoipa::path(
    post, path = "/schemes", tag = "schemes", params(parameters::Named), request_body = SchemeText,
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
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text(body)?;
    waited(state.runtime(), move || async move {
        let checked = in_turn(|| Ok(state.settings.check_new(&text)?)).await?;
        lookup::own(&caller, &checked.scheme)?;
        let about_names = references::look_up(&state, &checked).await?;
        let creating =
            async { state.settings.create(checked.scheme.clone(), caller.by()).await.map_err(Problem::from) };
        let mut listed = state.recorded(&caller, storing(Act::SchemeCreate, None, &checked.scheme), creating).await?;
        listed.warnings.extend(about_names);
        let place = (header::LOCATION, format!("/api/v1/schemes/{}", listed.id));
        shown(&state, StatusCode::CREATED, listed).map(|answer| answer.with(place))
    })
    .await
}

/// Stores a scheme in place of the one that is there.
#[utoipa::path(
    put, path = "/schemes/{id}", tag = "schemes", request_body = SchemeText,
    params(("id" = String, Path), parameters::Named, parameters::Unchanged),
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
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let before = changeable(&state, &caller, &id)?;
    let (text, if_match) = (lookup::text(body)?, if_match(&request)?);
    waited(state.runtime(), move || async move {
        let checked = in_turn(|| Ok(state.settings.check_change(&before.id, &text, &if_match)?)).await?;
        lookup::own(&caller, &checked.scheme)?;
        let about_names = references::look_up(&state, &checked).await?;
        let replacing = async {
            state.settings.replace(checked.scheme.clone(), &if_match, caller.by()).await.map_err(Problem::from)
        };
        let entry = storing(Act::SchemeReplace, Some(before.version), &checked.scheme);
        let mut listed = state.recorded(&caller, entry, replacing).await?;
        listed.warnings.extend(about_names);
        shown(&state, StatusCode::OK, listed)
    })
    .await
}

/// Deletes a stored scheme.
#[utoipa::path(
    delete, path = "/schemes/{id}", tag = "schemes", params(("id" = String, Path), parameters::Named, parameters::Unchanged),
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
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (before, if_match) = (changeable(&state, &caller, &id)?, if_match(&request)?);
    let entry = Entry::new(Act::SchemeDelete, Object::Scheme(before.id.clone())).about_scheme(&before);
    let deleting = async { state.settings.delete(&before.id, &if_match, caller.by()).await.map_err(Problem::from) };
    state.recorded(&caller, entry.changing(Some(before.version.clone()), None), deleting).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A scheme with its tag; waits for the disk.
fn shown(state: &AdminState, status: StatusCode, listed: SchemeView) -> Result<ApiResponse, Problem> {
    let tag = etag(&listed.tag);
    let row = SchemeRow::new(state, listed, &open_runs(state)?);
    ApiResponse::json(status, &row).map(|answer| answer.with(tag))
}

/// The record of a scheme that is stored.
fn storing(act: Act, before: Option<String>, scheme: &Scheme) -> Entry {
    let entry = Entry::new(act, Object::Scheme(scheme.id.clone())).about(&scheme.source);
    entry.changing(before, Some(scheme.reference().version))
}

/// An existing stored scheme. It is looked up first, because other faults of a request do not matter without it.
fn changeable(state: &AdminState, caller: &Principal, id: &str) -> Result<SchemeView, Problem> {
    let listed = lookup::scheme(state, caller, id)?;
    if listed.provisioned {
        return Err(crate::settings::Error::Provisioned(listed.id).into());
    }
    Ok(listed)
}
