//! Schemes that undo each other, each conflict with a user as its witness.

use actix_web::web::{Data, Query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse, page,
            request::{query, work::answered},
            schemas::ConflictWord,
        },
        identity::Principal,
    },
    domain::{GroupName, Scheme, SchemeId, Timestamp, UserId},
    rules::conflicts::{Conflict, Conflicts, Witness, conflicts, conflicts_of},
    settings::{Contents, Settings},
    views::{Cursor, Page, Paging},
};

/// The number of conflicts of one scheme that are told when it is stored.
const MAX_TOLD: usize = 20;

/// Two schemes that undo each other.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ConflictRow {
    /// Names it, as long as the schemes stay the same.
    id: String,
    #[schema(value_type = ConflictWord)]
    pub(crate) kind: &'static str,
    /// The two schemes. `kind` says which is which.
    pub(crate) schemes: [SchemeId; 2],
    /// The group that is added and removed, or on which the selection depends.
    #[schema(value_type = Option<String>)]
    group: Option<GroupName>,
    /// The effect that they have on each other.
    pub(crate) why: String,
    pub(crate) witness: WitnessRow,
}

/// A user whom both schemes select. What is null does not matter: both select the user whatever it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WitnessRow {
    /// The user in words.
    pub(crate) text: String,
    user: Option<UserId>,
    user_name: Option<String>,
    email_domain: Option<String>,
    active: Option<bool>,
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    created: Option<Timestamp>,
    /// Null also if the user has never logged in: then `logins` is 0.
    last_login: Option<Timestamp>,
    /// The number of logins; 2 stands for more.
    logins: Option<u64>,
}

/// A page of conflicts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct ConflictsRow {
    items: Vec<ConflictRow>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
    /// Whether all pairs were searched to the end. If not, there may be more conflicts.
    complete: bool,
}

impl From<&Witness> for WitnessRow {
    fn from(witness: &Witness) -> Self {
        let facts = &witness.facts;
        let logins = facts.logins.value();
        Self {
            text: witness.in_words(),
            user: witness.user.clone(),
            user_name: facts.name.value().cloned(),
            email_domain: facts.email.value().and_then(|email| email.domain()).map(ToString::to_string),
            active: facts.active.value().copied(),
            groups: facts.groups.value().map(|groups| groups.iter().cloned().collect()),
            created: facts.created.value().copied(),
            last_login: logins.and_then(|logins| logins.last),
            logins: logins.map(|logins| logins.count),
        }
    }
}

impl From<&Conflict> for ConflictRow {
    fn from(conflict: &Conflict) -> Self {
        let [first, second] = &conflict.schemes;
        let kind = conflict.kind.as_str();
        let group = conflict.group.as_ref().map(ToString::to_string).unwrap_or_default();
        Self {
            id: format!("{kind}/{first}/{second}/{group}"),
            kind,
            schemes: conflict.schemes.clone(),
            group: conflict.group.clone(),
            why: conflict.why.clone(),
            witness: (&conflict.witness).into(),
        }
    }
}

/// The conflicts among the enabled schemes of the sources of `caller`, page by page.
///
/// # Errors
/// [`Problem::Conflict`] if what the cursor stands behind is gone.
pub(in crate::admin) fn all(settings: &Settings, caller: &Principal, paging: &Paging) -> Result<ConflictsRow, Problem> {
    let mut schemes = readable(settings);
    schemes.retain(|scheme| caller.sees(&scheme.source));
    let Conflicts { found, cut, .. } = conflicts(&schemes, settings.now());
    let rows: Vec<_> = found.iter().map(ConflictRow::from).collect();
    let Page { items, next } = page(&rows, paging, |row| &row.id)?;
    Ok(ConflictsRow { items, next, complete: !cut })
}

/// Conflicts of one scheme.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// At most [`MAX_TOLD`].
    pub(crate) rows: Vec<ConflictRow>,
    /// Whether these are all.
    pub(crate) complete: bool,
}

impl Told {
    /// The conflicts as warnings about a scheme that is stored.
    pub(in crate::admin) fn as_warnings(&self) -> impl Iterator<Item = String> {
        let more = "there may be more schemes that undo it: not all were compared to the end";
        let more = (!self.complete).then(|| more.to_owned());
        self.rows.iter().map(|row| format!("{}, for example {}", row.why, row.witness.text)).chain(more)
    }
}

/// The conflicts of `scheme`, stored or not, with the enabled schemes: at most twenty.
pub(crate) fn of(settings: &Settings, scheme: &Scheme) -> Told {
    let Conflicts { found, cut, .. } = conflicts_of(scheme, &readable(settings), settings.now());
    let rows = found.iter().take(MAX_TOLD).map(ConflictRow::from).collect();
    Told { rows, complete: !cut && found.len() <= MAX_TOLD }
}

fn readable(settings: &Settings) -> Vec<Scheme> {
    let schemes = settings.list().into_iter().filter_map(|listed| match listed.contents {
        Contents::Readable(scheme) => Some(*scheme),
        Contents::Broken { .. } => None,
    });
    schemes.collect()
}

/// The enabled schemes that undo each other, each pair with a user whom both select.
#[utoipa::path(
    get, path = "/scheme-conflicts", tag = "schemes", params(query::List), responses(
        (status = 200, body = ConflictsRow),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(in crate::admin::api) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || all(&state.settings, &caller, &query.paging())).await
}
