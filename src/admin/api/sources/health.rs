//! The health of a source: what came from it lately, its feed, its pace, the end of its credentials.

use std::sync::Arc;

use actix_web::web::{Data, Path, Query};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{SourceRow, connected};
use crate::{
    admin::{
        AdminState, SourceHealth, SourceState,
        api::{
            ApiResponse, Problem,
            request::{lookup, query, work::answered},
        },
        identity::Principal,
    },
    domain::{Pausable, Timestamp},
    source::{Connection, FeedNow, LastDeliveries},
    users::RosterRow,
};

/// The health of a source, as the answering process sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthRow {
    /// Since when this process counts: it began then.
    pub(crate) since: Timestamp,
    pub(crate) webhooks: WebhooksRow,
    /// The login feed; null if the source has none.
    pub(crate) feed: Option<FeedRow>,
    pub(crate) pace: PaceRow,
    /// The last list of its users that the answering process keeps.
    pub(crate) roster: RosterRow,
    pub(crate) credentials: CredentialsRow,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WebhooksRow {
    /// The time of the last accepted delivery with a relevant event.
    pub(crate) last: Option<Timestamp>,
    /// Accepted deliveries of the last 24 hours, or since `since`.
    pub(crate) accepted_24h: u64,
    /// Refused deliveries of the last 24 hours, or since `since`, of any sender.
    pub(crate) refused_24h: u64,
    /// The secrets that prove deliveries.
    pub(crate) secrets: Vec<SecretRow>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SecretUse)]
pub(crate) struct SecretRow {
    /// The variable or the file that holds it; null if it stands in the configuration itself.
    pub(crate) name: Option<String>,
    /// The time at which it last proved a delivery; null if not since `since`, or if it has no name.
    pub(crate) last_used: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FeedRow {
    /// The time since which the feed is not known to be complete; null if this process does not follow it.
    pub(crate) lag_seconds: Option<f64>,
    /// The time of the newest entry that this process has read.
    pub(crate) last_entry: Option<Timestamp>,
    /// Why the feed is not followed, or not known.
    pub(crate) why: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PaceRow {
    /// The calls a second that this process makes at most at the moment: `rate`, or slower as the product asked for.
    pub(crate) per_second: Option<f64>,
    /// Answers of the last 24 hours, or since `since`, by which the product asked to slow down.
    pub(crate) throttled_24h: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialsRow {
    /// The day on which they end; null if that is not told.
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) end: Option<NaiveDate>,
    /// The days until then; below zero if it is over.
    pub(crate) days: Option<i64>,
}

/// The health of a source: webhooks, feed, pace, roster and credentials. The counts are those of the answering process.
#[utoipa::path(
    get, path = "/sources/{id}/health", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = HealthRow), (status = 404, description = "There is no such source."))
)]
pub(in crate::admin::api) async fn health(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let id = lookup::source(&state, &caller, &id)?;
    answered(state.runtime(), move || health_of(&state, id.as_str())).await
}

/// The health of the source `id`. Waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; an internal one if the roster can't be read.
pub(crate) fn health_of(state: &AdminState, id: &str) -> Result<HealthRow, Problem> {
    let (source, connection) = connected(state, id)?;
    HealthRow::new(state, &source, &connection)
}

impl HealthRow {
    fn new(state: &AdminState, source: &SourceRow, connection: &Connection) -> Result<Self, Problem> {
        let now = connection.clock.now();
        let LastDeliveries { last, accepted, refused } = state.arrivals.last_day(&source.id);
        let used = |name: &Option<Arc<str>>| SecretRow {
            name: name.as_deref().map(str::to_owned),
            last_used: name.as_deref().and_then(|name| state.arrivals.secret_used(&source.id, name)),
        };
        let secrets = source.secrets.iter().map(used).collect();
        let (per_second, throttled_24h) = match connection.settings() {
            Some(settings) => (Some(settings.per_second()), settings.throttled(now)),
            None => (None, 0),
        };
        let end = source.credentials_expire;
        let days = end.and_then(|end| now.days_to(end));
        Ok(Self {
            since: state.arrivals.since(),
            webhooks: WebhooksRow { last, accepted_24h: accepted, refused_24h: refused, secrets },
            feed: source.has_feed.then(|| FeedRow::new(state, source, now)),
            pace: PaceRow { per_second, throttled_24h },
            roster: state.users.standing(&source.id)?,
            credentials: CredentialsRow { end, days },
        })
    }
}

impl FeedRow {
    fn new(state: &AdminState, source: &SourceRow, now: Timestamp) -> Self {
        let Some(FeedNow { complete, last_entry, why }) = state.arrivals.feed(&source.id) else {
            let why = "this process does not follow the feed: another one does, or none has begun yet".to_owned();
            return Self { lag_seconds: None, last_entry: None, why: Some(why) };
        };
        let why = why.or_else(|| stopped(state, source));
        Self { lag_seconds: Some(complete.until(now).as_secs_f64()), last_entry, why }
    }
}

/// Why the source is not called at all; none if it is.
fn stopped(state: &AdminState, source: &SourceRow) -> Option<String> {
    if state.settings.pause_of(&Pausable::Source(source.id.clone())).is_some() {
        return Some("the source is paused".to_owned());
    }
    let health = state.readiness.sources().into_iter().find(|health| health.source == source.id)?;
    let SourceHealth { state, why, .. } = health;
    match state {
        SourceState::Running => None,
        SourceState::Halted | SourceState::Unreachable | SourceState::Broken => why,
    }
}
