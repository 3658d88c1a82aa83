//! The past of a scheme: its changes, one version, and the difference between two.

use actix_web::web::{Data, Path, Query};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::diff::{Hunk, by_words};
use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse,
            request::{lookup, query, work::answered},
        },
        identity::Principal,
    },
    config::{as_yaml, read_scheme},
    domain::{Actor, ChangeKind, SchemeChange, SchemeId, SourceId, Timestamp},
    views::Page,
};

/// The length of a version's digest. A shorter number is a revision.
const VERSION_LENGTH: usize = 8;

/// One change of a stored scheme.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ChangeRow {
    #[serde(flatten)]
    pub(crate) name: VersionName,
    scheme: Value,
}

/// A version of a scheme, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct VersionName {
    pub(crate) revision: u64,
    pub(crate) version: String,
    pub(crate) change: ChangeKind,
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
}

/// A version of a scheme, to look at and to bring back.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct VersionRow {
    #[serde(flatten)]
    pub(crate) change: ChangeRow,
    /// The content as YAML. To bring this version back, send it with `PUT /schemes/{id}`.
    pub(crate) yaml: String,
    /// Why this version of usher can't use it; null if it can.
    pub(crate) broken: Option<String>,
}

/// The difference between two versions of a scheme.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DiffRow {
    id: SchemeId,
    pub(crate) from: VersionName,
    pub(crate) to: VersionName,
    /// Whether both have the same content.
    pub(crate) same: bool,
    /// Both contents as YAML, word by word.
    pub(crate) hunks: Vec<Hunk>,
}

impl From<&SchemeChange> for VersionName {
    fn from(change: &SchemeChange) -> Self {
        let SchemeChange { kind, by, at, revision, version, text: _ } = change;
        Self { revision: *revision, version: version.clone(), change: *kind, by: by.clone(), at: *at }
    }
}

impl From<SchemeChange> for ChangeRow {
    fn from(change: SchemeChange) -> Self {
        let name = VersionName::from(&change);
        Self { name, scheme: serde_json::from_str(&change.text).unwrap_or(Value::String(change.text)) }
    }
}

/// The version of the scheme `id` that `named` names: by its revision, or by its version, of which the latest counts.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme, or it has no such version.
pub(crate) fn version_of(state: &AdminState, caller: &Principal, id: &str, named: &str) -> Result<VersionRow, Problem> {
    let change = find(&changes(state, caller, id)?, id, named)?.clone();
    let (yaml, broken) = yaml(&change)?;
    Ok(VersionRow { change: change.into(), yaml, broken })
}

/// The difference between two versions of the scheme `id`; by default between the latest one and the one before it.
///
/// # Errors
/// As [`version_of`].
pub(crate) fn difference(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<DiffRow, Problem> {
    let changes = changes(state, caller, id)?;
    let to = match to {
        Some(named) => find(&changes, id, named)?,
        None => changes.first().ok_or_else(|| no_version(id, "latest"))?,
    };
    let from = match from {
        Some(named) => find(&changes, id, named)?,
        // The first one kept is compared with itself.
        None => changes.iter().find(|change| change.revision < to.revision).unwrap_or(to),
    };
    let hunks = by_words(&yaml(from)?.0, &yaml(to)?.0);
    let same = from.version == to.version;
    Ok(DiffRow { id: lookup::known(id)?, from: from.into(), to: to.into(), same, hunks })
}

/// The changes of a scheme, newest first; for those who are kept to some sources, the ones within these.
fn changes(state: &AdminState, caller: &Principal, id: &str) -> Result<Vec<SchemeChange>, Problem> {
    if !caller.sources.is_all() {
        lookup::scheme(state, caller, id)?; // of a deleted one the source is not known
    }
    let known = lookup::known(id)?;
    let mut changes = state.settings.history(&known).ok_or_else(|| lookup::no_such(id))?;
    changes.retain(|change| caller.sources.is_all() || source_of(change).is_some_and(|source| caller.sees(&source)));
    Ok(changes)
}

/// The source of the scheme after a change; none if that can't be read.
fn source_of(change: &SchemeChange) -> Option<SourceId> {
    let scheme: Value = serde_json::from_str(&change.text).ok()?;
    scheme.get("source")?.as_str()?.parse().ok()
}

fn find<'c>(changes: &'c [SchemeChange], id: &str, named: &str) -> Result<&'c SchemeChange, Problem> {
    let revision = named.parse::<u64>().ok().filter(|_| named.len() < VERSION_LENGTH);
    let found = changes.iter().find(|change| match revision {
        Some(revision) => change.revision == revision,
        None => change.version == named,
    });
    found.ok_or_else(|| no_version(id, named))
}

fn no_version(id: &str, named: &str) -> Problem {
    Problem::NotFound { kind: "version", id: format!("{named} of {id}") }
}

/// The content after a change as YAML; and the reason, if this version of usher can't use it.
fn yaml(change: &SchemeChange) -> Result<(String, Option<String>), Problem> {
    match read_scheme(&change.text, "") {
        Ok(scheme) => Ok((as_yaml(&scheme).map_err(|error| Problem::internal(&error))?, None)),
        Err(problems) => {
            let text = serde_json::from_str::<Value>(&change.text).ok();
            let text = text.and_then(|value| serde_saphyr::to_string(&value).ok()).unwrap_or(change.text.clone());
            Ok((text, Some(problems.to_string())))
        }
    }
}

/// The changes of a stored scheme, newest first, all on one page.
#[utoipa::path(
    get, path = "/schemes/{id}/history", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = Page<ChangeRow>), (status = 404, description = "There is no such scheme."))
)]
pub(in crate::admin::api) async fn history(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        Ok(Page { items: changes(&state, &caller, &id)?.into_iter().map(ChangeRow::from).collect(), next: None })
    })
    .await
}

/// One version of a stored scheme, by its revision or version.
#[utoipa::path(
    get, path = "/schemes/{id}/history/{version}", tag = "schemes",
    params(("id" = String, Path), ("version" = String, Path, description = "The `revision` or `version` in the history.")),
    responses((status = 200, body = VersionRow), (status = 404, description = "There is no such scheme or version."))
)]
pub(in crate::admin::api) async fn version(
    state: Data<AdminState>,
    caller: Principal,
    path: Path<(String, String)>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let (id, named) = path.into_inner();
    answered(state.runtime(), move || version_of(&state, &caller, &id, &named)).await
}

/// The difference between two versions of a stored scheme, word by word.
#[utoipa::path(
    get, path = "/schemes/{id}/diff", tag = "schemes", params(("id" = String, Path), query::Versions),
    responses((status = 200, body = DiffRow), (status = 404, description = "There is no such scheme or version."))
)]
pub(in crate::admin::api) async fn diff(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(asked): Query<query::Versions>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || difference(&state, &caller, &id, asked.from.as_deref(), asked.to.as_deref()))
        .await
}
