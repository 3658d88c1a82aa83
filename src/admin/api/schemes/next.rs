//! The next times of a trigger, before a scheme with it is stored.

use actix_web::web::{Bytes, Data, Query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse,
            request::{lookup, query, work::answered},
            schemas::TriggerText,
        },
    },
    config::check_trigger,
    domain::{Schedule, Timestamp, Trigger, TriggerKind},
    engine::{ClockChange, in_zone, upcoming},
    settings,
};

/// The next times of a trigger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NextRow {
    /// The kind of the trigger. Only a schedule has times.
    kind: &'static str,
    /// The time zone of the schedule.
    pub(crate) timezone: Option<&'static str>,
    /// The next five times.
    pub(crate) items: Vec<TimeRow>,
    /// The next change of the clocks in the zone within a year.
    pub(crate) clock_change: Option<ClockChangeRow>,
}

/// A time of a schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimeRow {
    pub(crate) at: Timestamp,
    /// The same in the time zone of the schedule, with its offset.
    #[schema(format = DateTime)]
    pub(crate) local: Option<String>,
}

/// A change of the clocks, and the times of the schedule around it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockChangeRow {
    pub(crate) at: Timestamp,
    /// The offset from UTC before it, `+01:00`.
    pub(crate) before: String,
    /// The offset from then on.
    pub(crate) after: String,
    /// At most two times before it and three after it, all within eight days.
    pub(crate) items: Vec<TimeRow>,
}

impl NextRow {
    fn new(trigger: &Trigger, now: Timestamp) -> Self {
        let Trigger::Schedule(schedule) = trigger else {
            return Self { kind: trigger.kind().as_str(), timezone: None, items: Vec::new(), clock_change: None };
        };
        let told = upcoming(schedule, now);
        Self {
            kind: TriggerKind::Schedule.as_str(),
            timezone: Some(schedule.timezone().name()),
            items: times(schedule, &told.next),
            clock_change: told.clock_change.map(|ClockChange { at, before, after, times: around }| ClockChangeRow {
                at,
                before: before.to_string(),
                after: after.to_string(),
                items: times(schedule, &around),
            }),
        }
    }
}

fn times(schedule: &Schedule, times: &[Timestamp]) -> Vec<TimeRow> {
    times.iter().map(|at| TimeRow { at: *at, local: in_zone(schedule, *at) }).collect()
}

/// The next times of the trigger in `text`, a map with the key `trigger`, from `now` on.
///
/// # Errors
/// [`Problem::InvalidScheme`] if the text is no trigger.
pub(crate) fn next_times(text: &str, now: Timestamp) -> Result<NextRow, Problem> {
    let trigger = check_trigger(text, "trigger").map_err(settings::Error::from)?;
    Ok(NextRow::new(&trigger, now))
}

/// The next five times of a trigger in its time zone, and those around the next change of the clocks. Nothing is stored.
#[utoipa::path(
    post, path = "/schemes/next", tag = "schemes", request_body = TriggerText,
    responses(
        (status = 200, body = NextRow),
        (status = 413, description = "The body is too long."),
        (status = 422, description = "It is no trigger; `problems` says where and why."),
    )
)]
pub(in crate::admin::api) async fn next(
    state: Data<AdminState>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text(body)?;
    answered(state.runtime(), move || next_times(&text, state.settings.now())).await
}
