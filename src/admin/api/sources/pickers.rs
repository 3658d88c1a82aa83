//! Groups, directories and applications of a source, for those who choose among them.

use std::{sync::Arc, time::Duration};

use actix_web::{
    http::StatusCode,
    web::{Data, Path, Query},
};
use futures::TryFutureExt;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{SourceRow, connected, recent::Recent};
use crate::{
    admin::{
        AdminState, SourceHealth, SourceState,
        api::{
            ApiResponse, Problem,
            request::{lookup, query, work::waited},
        },
        identity::Principal,
    },
    domain::{GroupName, SourceId},
    products::{self, Client, ManagedBy, PickedGroup, SeatLimit, Seats, Told, UserDirectory},
};

/// The time-out of an answer: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The number of groups from which on a product may have more: its searches end there.
const MOST_GROUPS: usize = 100;
/// The highest length of a part of a name, in characters: no product has longer names.
const LONGEST_PART: usize = 255;

/// The recent answers for pickers.
#[derive(Default)]
pub(in crate::admin) struct Picked {
    groups: Recent<(SourceId, String), Arc<Vec<PickedGroup>>>,
    directories: Recent<SourceId, Arc<Told<Vec<UserDirectory>>>>,
    applications: Recent<SourceId, Arc<Told<Vec<Seats>>>>,
}

/// A group, for a picker.
#[derive(Serialize, ToSchema)]
struct GroupRow {
    #[schema(value_type = String)]
    name: GroupName,
    /// The side on which its members are changed; null if the product does not tell.
    managed_by: Option<Manager>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GroupManager)]
enum Manager {
    /// The product.
    Product,
    /// An identity provider: usher can't change the members.
    IdentityProvider,
}

/// Some groups.
#[derive(Serialize, ToSchema)]
pub(in crate::admin::api) struct GroupPage {
    items: Vec<GroupRow>,
    /// Always null: narrow the search instead.
    next: Option<String>,
    /// Whether there may be more.
    cut: bool,
}

/// A directory of users.
#[derive(Serialize, ToSchema)]
struct DirectoryRow {
    id: Option<String>,
    name: Option<String>,
    /// The kind, in the product's word.
    kind: Option<String>,
    /// Whether it is in use.
    active: Option<bool>,
}

/// The directories of a source.
#[derive(Serialize, ToSchema)]
pub(in crate::admin::api) struct DirectoryPage {
    items: Vec<DirectoryRow>,
    /// Always null.
    next: Option<String>,
    /// Whether the product tells. If not, `items` is empty and means nothing.
    told: bool,
    /// Why it does not tell.
    why: Option<String>,
}

/// An application with its seats. What is null is not told.
#[derive(Serialize, ToSchema)]
struct ApplicationRow {
    /// The key, by which schemes name it.
    key: String,
    name: Option<String>,
    /// The licensed seats.
    seats: Option<u64>,
    /// Whether there is no limit.
    unlimited: Option<bool>,
    /// The seats in use.
    used: Option<u64>,
    /// The free seats.
    left: Option<u64>,
}

/// The applications of a source.
#[derive(Serialize, ToSchema)]
pub(in crate::admin::api) struct ApplicationPage {
    items: Vec<ApplicationRow>,
    /// Always null.
    next: Option<String>,
    /// Whether the product tells of seats. If not, nothing follows from their absence.
    told: bool,
    /// Why it does not tell.
    why: Option<String>,
}

/// Some groups of a source, with a part in their names.
#[utoipa::path(
    get, path = "/sources/{id}/groups", tag = "sources", params(("id" = String, Path), query::Groups),
    responses(
        (status = 200, body = GroupPage),
        (status = 404, description = "There is no such source."),
        (status = 503, description = "The product gives no answer now."),
    )
)]
pub(in crate::admin::api) async fn groups(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::Groups>,
) -> Result<ApiResponse, Problem> {
    let (part, limit) = query.split();
    let found = pick_groups(&state, &caller, &id, part).await?;
    let items = found.groups.iter().take(limit).map(GroupRow::from).collect();
    let cut = found.groups.len() > limit || found.may_be_more;
    ApiResponse::json(StatusCode::OK, &GroupPage { items, next: None, cut })
}

/// The groups that a product names for a part of their names.
pub(crate) struct GroupsFound {
    /// The groups.
    pub(crate) groups: Arc<Vec<PickedGroup>>,
    /// Whether the product may have more.
    pub(crate) may_be_more: bool,
}

/// The groups of the source `id` with `part` in their names.
///
/// # Errors
/// [`Problem::BadQuery`] if no name is as long as `part`; [`Problem::NotFound`] if `caller` sees no such source;
/// [`Problem::Unavailable`] if the product gives no answer now.
pub(crate) async fn pick_groups(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    part: String,
) -> Result<GroupsFound, Problem> {
    if part.chars().nth(LONGEST_PART).is_some() {
        return Err(Problem::BadQuery(format!("`like` is longer than {LONGEST_PART} characters, which no name is")));
    }
    let (source, client) = callable(state, caller, id)?;
    let question = (source.id.clone(), part.to_lowercase());
    let ask = asked(state, &source, move |client| async move { client.pick_groups(&part).await }, client);
    let groups = state.picked.groups.get_or_ask(question, ask.map_ok(Arc::new)).await?;
    Ok(GroupsFound { may_be_more: groups.len() >= MOST_GROUPS, groups })
}

/// The directories of a source.
#[utoipa::path(
    get, path = "/sources/{id}/directories", tag = "sources", params(("id" = String, Path)),
    responses(
        (status = 200, body = DirectoryPage),
        (status = 404, description = "There is no such source."),
        (status = 503, description = "The product gives no answer now."),
    )
)]
pub(in crate::admin::api) async fn directories(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let (source, client) = callable(&state, &caller, &id)?;
    let ask = asked(&state, &source, |client| async move { client.user_directories().await }, client);
    let told = state.picked.directories.get_or_ask(source.id.clone(), ask.map_ok(Arc::new)).await?;
    let (all, why) = parted(&told);
    let items = all.iter().map(DirectoryRow::from).collect();
    ApiResponse::json(StatusCode::OK, &DirectoryPage { items, next: None, told: why.is_none(), why })
}

/// The applications of a source, with their licensed seats.
#[utoipa::path(
    get, path = "/sources/{id}/applications", tag = "sources", params(("id" = String, Path)),
    responses(
        (status = 200, body = ApplicationPage),
        (status = 404, description = "There is no such source."),
        (status = 503, description = "The product gives no answer now."),
    )
)]
pub(in crate::admin::api) async fn applications(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let (source, client) = callable(&state, &caller, &id)?;
    let ask = asked(&state, &source, |client| async move { client.seats().await }, client);
    let told = state.picked.applications.get_or_ask(source.id.clone(), ask.map_ok(Arc::new)).await?;
    let (all, why) = parted(&told);
    let items = all.iter().map(ApplicationRow::from).collect();
    ApiResponse::json(StatusCode::OK, &ApplicationPage { items, next: None, told: why.is_none(), why })
}

/// The items that are told, or none and why.
fn parted<T>(told: &Told<Vec<T>>) -> (&[T], Option<String>) {
    match told {
        Told::Known(all) => (all, None),
        Told::Not(why) => (&[], Some((*why).to_owned())),
    }
}

/// The source `id`, if `caller` sees it and its product may be called: with refused credentials a call might lock the account.
fn callable(state: &AdminState, caller: &Principal, id: &str) -> Result<(SourceRow, Arc<dyn Client>), Problem> {
    let (source, connection) = connected(state, lookup::source(state, caller, id)?.as_str())?;
    let health = state.readiness.sources().into_iter().find(|health| health.source == source.id);
    if let Some(SourceHealth { state: SourceState::Halted, why, .. }) = health {
        let why = why.unwrap_or_default();
        return Err(Problem::Unavailable(format!(
            "the source is stopped, and asks nothing until that is mended: {why}"
        )));
    }
    Ok((source, Arc::clone(&connection.client)))
}

/// The answer to one question, in the pace of the source.
async fn asked<T, F>(
    state: &AdminState,
    source: &SourceRow,
    ask: impl FnOnce(Arc<dyn Client>) -> F + Send + 'static,
    client: Arc<dyn Client>,
) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, products::Error>>,
{
    let name = source.name.clone();
    waited(state.runtime(), move || async move {
        match timeout(PATIENCE, ask(client)).await {
            Ok(Ok(told)) => Ok(told),
            Ok(Err(error)) => Err(Problem::Unavailable(format!("{name} did not tell: {error}"))),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                Err(Problem::Unavailable(format!(
                    "{name} gave no answer within {seconds} s, in the pace of the source; try again"
                )))
            }
        }
    })
    .await
}

impl From<&PickedGroup> for GroupRow {
    fn from(group: &PickedGroup) -> Self {
        let managed_by = group.managed_by.map(|by| match by {
            ManagedBy::Product => Manager::Product,
            ManagedBy::IdentityProvider => Manager::IdentityProvider,
        });
        Self { name: group.name.clone(), managed_by }
    }
}

impl From<&UserDirectory> for DirectoryRow {
    fn from(directory: &UserDirectory) -> Self {
        let UserDirectory { id, name, kind, active } = directory.clone();
        Self { id, name, kind, active }
    }
}

impl From<&Seats> for ApplicationRow {
    fn from(one: &Seats) -> Self {
        let (seats, unlimited) = match one.limit {
            SeatLimit::AtMost(seats) => (Some(seats), Some(false)),
            SeatLimit::Unlimited => (None, Some(true)),
            SeatLimit::NotTold => (None, None),
        };
        let (key, name) = (one.application.clone(), one.name.clone());
        Self { key, name, seats, unlimited, used: one.used, left: one.left() }
    }
}
