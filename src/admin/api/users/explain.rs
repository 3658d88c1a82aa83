//! The answer of every scheme of a source about one user, from one reading.

use actix_web::{
    http::StatusCode,
    web::{Data, Path, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem,
            explain::{ExplanationRow, standing},
            request::{lookup, query::Nothing, work::waited},
        },
        identity::Principal,
    },
    domain::{Scheme, SchemeId, SourceId, Timestamp, UserId},
    explain::Explanation,
    settings::Contents,
};

/// The answers of the schemes of a source about a user.
#[derive(Serialize, ToSchema)]
pub(in crate::admin::api) struct ExplainedUser {
    source: SourceId,
    user: UserId,
    user_name: Option<String>,
    /// When the user was read; null if the source has no scheme.
    at: Option<Timestamp>,
    /// One for each readable scheme of the source, in the schemes' order.
    schemes: Vec<ExplainedScheme>,
    /// Schemes that this version of usher can't read; nothing is known of their answer.
    unreadable: Vec<SchemeId>,
}

/// The answer of one scheme.
#[derive(Serialize, ToSchema)]
struct ExplainedScheme {
    /// In one line: selects, does not select, or can't tell.
    says: String,
    #[serde(flatten)]
    explanation: ExplanationRow,
}

/// Why each scheme of the source selects the user now, or why not: from one reading of the user.
#[utoipa::path(
    get, path = "/users/{source}/{id}/explain", tag = "users", params(("source" = String, Path), ("id" = String, Path)),
    responses(
        (status = 200, body = ExplainedUser),
        (status = 404, description = "There is no such source or user."),
        (status = 503, description = "The product does not tell now."),
    )
)]
pub(in crate::admin::api) async fn explain(
    state: Data<AdminState>,
    caller: Principal,
    path: Path<(String, String)>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<ApiResponse, Problem> {
    let (of, id) = path.into_inner();
    let of = lookup::source(&state, &caller, &of)?;
    waited(state.runtime(), move || async move {
        let Explained { user, user_name, at, schemes, unreadable } = explain_user(&state, &caller, &of, &id).await?;
        let rows = schemes.into_iter().map(|explanation| {
            let says = explanation.in_one_line();
            ExplainedScheme { says, explanation: ExplanationRow::new(of.clone(), explanation) }
        });
        let schemes = rows.collect();
        let explained = ExplainedUser { source: of.clone(), user, user_name, at, schemes, unreadable };
        ApiResponse::json(StatusCode::OK, &explained)
    })
    .await
}

/// The answers of the schemes of a source about a user, from one reading.
pub(crate) struct Explained {
    /// The lasting id.
    pub(crate) user: UserId,
    /// The login name, if there is one.
    pub(crate) user_name: Option<String>,
    /// When the user was read; none if the source has no scheme.
    pub(crate) at: Option<Timestamp>,
    /// One for each readable scheme of the source, in the schemes' order.
    pub(crate) schemes: Vec<Explanation>,
    /// Schemes that this version of usher can't read; nobody knows of which source they are.
    pub(crate) unreadable: Vec<SchemeId>,
}

/// Asks the product about the user, and each scheme of the source about the answer. `caller` sees the source.
///
/// # Errors
/// [`Problem::NoSuchUser`] if the product knows no such user; [`Problem::Unavailable`] if it does not tell.
pub(crate) async fn explain_user(
    state: &AdminState,
    caller: &Principal,
    of: &SourceId,
    id: &str,
) -> Result<Explained, Problem> {
    let (mut schemes, mut unreadable) = (Vec::<(Box<Scheme>, bool)>::new(), Vec::new());
    for view in state.settings.list() {
        match view.contents {
            Contents::Readable(scheme) if scheme.source == *of => schemes.push((scheme, view.paused.is_some())),
            Contents::Readable(_) => {}
            // Its source is not known either.
            Contents::Broken { .. } if caller.sources.is_all() => unreadable.push(view.id),
            Contents::Broken { .. } => {}
        }
    }
    let all = schemes.iter().map(|(scheme, _)| &**scheme);
    let (user, mut explained) = state.explainer.explain_all(of, all, id).await?;
    let at = explained.first().map(|explanation| explanation.at);
    for (explanation, (_, paused)) in explained.iter_mut().zip(&schemes) {
        explanation.notes.extend(standing(state, *paused, of));
    }
    Ok(Explained { user: user.id, user_name: user.name, at, schemes: explained, unreadable })
}
