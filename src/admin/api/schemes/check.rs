//! Checks a scheme without storing it.

use actix_web::{
    http::StatusCode,
    web::{Bytes, Data, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::conflicts::{self, ConflictRow, Told};
use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse, references,
            request::{
                lookup, query,
                work::{in_turn, waited},
            },
            schemas::SchemeText,
        },
        identity::Principal,
    },
    domain::Scheme,
    settings::{self, Wrong},
};

/// The problems and warnings of a scheme.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct CheckRow {
    /// Whether a scheme with this content can be stored.
    pub(crate) ok: bool,
    /// The problems that make it unusable: each with its place, and after a semicolon what to write instead.
    pub(crate) problems: Vec<Wrong>,
    /// Things that should be otherwise; it can be stored all the same.
    pub(crate) warnings: Vec<Wrong>,
    /// The enabled schemes that it would undo, or that would undo it: at most twenty conflicts.
    pub(crate) conflicts: Vec<ConflictRow>,
    /// Whether these are all: the search was not cut short. False if the scheme can't be used.
    conflicts_complete: bool,
    /// The version that it would have; null if it can't be used.
    pub(crate) version: Option<String>,
    /// The scheme that has its id now; null if there is none, or the id can't be read.
    pub(crate) present: Option<PresentRow>,
}

/// A scheme that is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresentRow {
    /// For `If-Match`: the `ETag` without its quotes.
    tag: String,
    version: String,
    /// Whether it is from the configuration file, so that nothing can be stored under its id.
    provisioned: bool,
}

impl CheckRow {
    fn refused(problems: Vec<Wrong>) -> Self {
        Self { problems, ..Self::default() }
    }

    fn of(state: &AdminState, caller: &Principal, scheme: &Scheme) -> Self {
        let present = state.settings.get(&scheme.id).filter(|listed| lookup::sees(caller, listed));
        let present = present.map(|listed| PresentRow {
            tag: listed.tag,
            version: listed.version,
            provisioned: listed.provisioned,
        });
        Self { ok: true, version: Some(scheme.reference().version), present, ..Self::default() }
    }
}

/// The problems and warnings of the scheme in `text`, as if it were to be stored. Looks up its names in the product.
///
/// # Errors
/// [`Problem::Unavailable`] if no turn comes in time.
pub(crate) async fn checked(state: &AdminState, caller: &Principal, text: &str) -> Result<CheckRow, Problem> {
    let read = in_turn(|| match state.settings.check(text) {
        Ok(checked) => Ok(Ok(checked)),
        Err(settings::Error::Invalid(wrong)) => Ok(Err(wrong)),
        Err(error) => Err(error.into()),
    });
    let checked = match read.await? {
        Ok(checked) => checked,
        Err(wrong) => return Ok(CheckRow::refused(wrong)),
    };
    if let Err(error) = lookup::own(caller, &checked.scheme) {
        let Problem::InvalidScheme(wrong) = error else { return Err(error) };
        return Ok(CheckRow::refused(wrong));
    }
    let row = CheckRow::of(state, caller, &checked.scheme);
    let mut warnings: Vec<_> = checked.warnings.iter().map(Wrong::from).collect();
    match references::look_up(state, &checked).await {
        Ok(about_names) => warnings.extend(about_names),
        Err(Problem::InvalidScheme(problems)) => return Ok(CheckRow { ok: false, problems, warnings, ..row }),
        Err(error) => return Err(error),
    }
    let Told { rows, complete } = in_turn(|| Ok(conflicts::of(&state.settings, &checked.scheme))).await?;
    Ok(CheckRow { warnings, conflicts: rows, conflicts_complete: complete, ..row })
}

/// The problems and warnings of a scheme, as if it were to be stored. Nothing is stored.
#[utoipa::path(
    post, path = "/schemes/check", tag = "schemes", request_body = SchemeText,
    responses(
        (status = 200, body = CheckRow),
        (status = 413, description = "The scheme is too long."),
    )
)]
pub(in crate::admin::api) async fn check(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text(body)?;
    waited(state.runtime(), move || async move {
        ApiResponse::json(StatusCode::OK, &checked(&state, &caller, &text).await?)
    })
    .await
}
