//! Explains a scheme's answer for a user, evaluated now; and previews a scheme without storing it.

use std::{borrow::Cow, io, time::Duration};

use actix_web::{
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ApiResponse, Problem,
    csv::Csv,
    references,
    request::{
        lookup, query,
        work::{answered, done, in_turn, waited},
    },
    schemas::SchemeText,
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    domain::{Mode, Pausable, Reason, SchemeId, SourceId, Step, Timestamp, UserId},
    explain::{Bounds, Error, Explanation, Job, JobState, Preview, Previewed},
    settings::Contents,
    spreadsheet,
};

/// The longest time of a preview.
const MAX_PREVIEW_TIME: Duration = Duration::from_hours(12);
/// The highest number of users that a preview names.
const MAX_USERS: usize = 100_000;

/// Why a scheme selects a user, or why not.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplanationRow {
    scheme: SchemeId,
    version: String,
    source: SourceId,
    user: UserId,
    user_name: Option<String>,
    selected: &'static str,
    reasons: Why,
    /// The fewest changes that would reverse the answer; null if none can.
    change: Option<Vec<String>>,
    steps: Vec<StepRow>,
    notes: Vec<&'static str>,
    at: Timestamp,
}

/// A condition with the fact that it used.
#[derive(Serialize, ToSchema)]
struct Why {
    condition: String,
    truth: &'static str,
    because: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
    /// The age of the fact, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    /// The change that would reverse this condition alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    parts: Vec<Why>,
}

#[derive(Serialize, ToSchema)]
struct StepRow {
    action: &'static str,
    target: String,
}

/// A preview, running or ended.
#[derive(Serialize, ToSchema)]
pub(super) struct PreviewNow {
    /// Names it: `GET /previews/{id}`.
    id: String,
    /// `running`, `done` or `failed`.
    state: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The result so far; users are named at the end.
    #[serde(flatten)]
    preview: PreviewRow,
}

/// The result of a preview.
#[derive(Serialize, ToSchema)]
pub(super) struct PreviewRow {
    seen: u64,
    selected: u64,
    unknown: u64,
    /// Whether all users were examined.
    complete: bool,
    /// Why not, if not.
    incomplete_why: Option<String>,
    users: Vec<PreviewedRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// A user whom the scheme would select, with what it would do.
#[derive(Serialize, ToSchema)]
struct PreviewedRow {
    user: UserId,
    user_name: Option<String>,
    steps: Vec<StepRow>,
}

impl Why {
    fn new(reason: Reason, now: Timestamp) -> Self {
        Self {
            condition: reason.condition,
            truth: reason.truth.as_str(),
            because: reason.because,
            value: reason.value,
            as_of: reason.as_of,
            age_seconds: reason.as_of.map(|as_of| as_of.until(now).as_secs()),
            change: reason.change,
            parts: reason.parts.into_iter().map(|part| Self::new(part, now)).collect(),
        }
    }
}

impl From<&Step> for StepRow {
    fn from(step: &Step) -> Self {
        Self { action: step.action(), target: step.target() }
    }
}

impl ExplanationRow {
    pub(super) fn new(source: SourceId, explanation: Explanation) -> Self {
        let Explanation { scheme, user, user_name, reasons, steps, change, notes, at } = explanation;
        Self {
            scheme: scheme.id,
            version: scheme.version,
            source,
            user,
            user_name,
            selected: reasons.truth.as_str(),
            reasons: Why::new(reasons, at),
            change,
            steps: steps.iter().map(StepRow::from).collect(),
            notes,
            at,
        }
    }
}

impl PreviewNow {
    fn new(job: &Job) -> Self {
        let row = |preview| PreviewRow::new(preview, job.warnings.clone());
        let (state, why, preview) = match job.state() {
            JobState::Running => ("running", None, row(job.so_far())),
            JobState::Done(preview) => ("done", None, row(preview.as_ref().clone())),
            JobState::Failed(error) => ("failed", Some(error.to_string()), row(job.so_far())),
        };
        Self { id: job.id.clone(), state, why, preview }
    }
}

impl PreviewRow {
    fn new(preview: Preview, warnings: Vec<String>) -> Self {
        let Preview { seen, selected, unknown, users, complete, incomplete_why } = preview;
        let users = users.into_iter().map(|Previewed { user, user_name, steps }| {
            let steps = steps.iter().map(StepRow::from).collect();
            PreviewedRow { user, user_name, steps }
        });
        Self { seen, selected, unknown, complete, incomplete_why, users: users.collect(), warnings }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::NoSuchSource(id) => Self::NotFound { kind: "source", id: id.to_string() },
            Error::NoSuchUser { .. } => Self::NoSuchUser(error.to_string()),
            Error::Product { .. } | Error::TooSlow(_) => Self::Unavailable(error.to_string()),
        }
    }
}

/// Why a scheme selects a user now, or why not.
#[utoipa::path(
    get, path = "/explain", tag = "schemes", params(query::Explain),
    responses(
        (status = 200, body = ExplanationRow),
        (status = 404, description = "There is no such scheme or user."),
        (status = 409, description = "This version of usher can't read the scheme."),
        (status = 503, description = "The product does not tell now."),
    )
)]
pub(super) async fn explain(
    state: Data<AdminState>,
    caller: Principal,
    Query(asked): Query<query::Explain>,
) -> Result<ApiResponse, Problem> {
    let (source, explanation) = explained(&state, &caller, &asked.scheme, asked.user).await?;
    answered(state.runtime(), move || Ok(ExplanationRow::new(source, explanation))).await
}

/// Why the scheme `id` selects `user` now, or why not; with its source.
///
/// # Errors
/// [`Problem::NotFound`] and [`Problem::NoSuchUser`] if there is none, [`Problem::Conflict`] if the scheme can't be
/// read, [`Problem::Unavailable`] if the product does not tell now.
pub(crate) async fn explained(
    state: &Data<AdminState>,
    caller: &Principal,
    id: &str,
    user: String,
) -> Result<(SourceId, Explanation), Problem> {
    let listed = lookup::scheme(state, caller, id)?;
    let Contents::Readable(scheme) = listed.contents else {
        return Err(Problem::Conflict("this version of usher can't read the scheme; store it anew".into()));
    };
    let (runtime, state) = (state.runtime(), Data::clone(state));
    waited(runtime, move || async move {
        let mut explanation = state.explainer.explain(&scheme, &user).await?;
        explanation.notes.extend(standing(&state, listed.paused.is_some(), &scheme.source));
        Ok((scheme.source.clone(), explanation))
    })
    .await
}

/// The present obstacles for the scheme, whatever its content.
pub(super) fn standing(state: &AdminState, paused: bool, source: &SourceId) -> impl Iterator<Item = &'static str> {
    let source_paused = state.settings.pause_of(&Pausable::Source(source.clone())).is_some();
    let standing = [
        (paused, "the scheme is paused: it is asked again when it is resumed"),
        (source_paused, "the source is paused: nothing is done in it until it is resumed"),
        (state.mode() == Mode::Observe, "usher is in observe mode: nothing is changed anywhere"),
    ];
    standing.into_iter().filter_map(|(stands, note)| stands.then_some(note))
}

/// Previews a scheme without storing it: the users whom it would select, and its steps; changes nothing. A preview that
/// takes longer than `wait` continues in the background, and is read by its id.
#[utoipa::path(
    post, path = "/schemes/preview", tag = "schemes", params(query::Preview), request_body = SchemeText,
    responses(
        (status = 200, body = PreviewNow, description = "It has ended; `Location` is where it can be read again."),
        (status = 202, body = PreviewNow, description = "It goes on; `Location` is where to ask for it."),
        (status = 404, description = "There is no such source."),
        (status = 413, description = "The scheme is too long."),
        (status = 422, description = "The scheme can't be used; `problems` says where and why."),
        (status = 503, description = "The product does not tell now, or too many previews are under way."),
    )
)]
pub(super) async fn preview(
    state: Data<AdminState>,
    caller: Principal,
    Query(wanted): Query<query::Preview>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text(body)?;
    let mut job = begin_preview(&state, &caller, text, wanted.users.0).await?;
    waited(state.runtime(), move || async move {
        let status = match job.ended_within(wanted.wait.0).await {
            JobState::Running => StatusCode::ACCEPTED,
            JobState::Done(_) => StatusCode::OK,
            JobState::Failed(error) => return Err(Problem::from(error.as_ref())),
        };
        let place = (header::LOCATION, format!("/api/v1/previews/{}", job.id));
        ApiResponse::json(status, &PreviewNow::new(&job)).map(|answer| answer.with(place))
    })
    .await
}

/// Begins a preview of the scheme in `text`, which names at most `users`.
///
/// # Errors
/// [`Problem::InvalidScheme`] if the scheme can't be used, [`Problem::Unavailable`] if too many previews are under way.
pub(crate) async fn begin_preview(
    state: &Data<AdminState>,
    caller: &Principal,
    text: String,
    users: usize,
) -> Result<Job, Problem> {
    let (runtime, state, caller) = (state.runtime(), Data::clone(state), caller.clone());
    waited(runtime, move || async move {
        let checked = in_turn(|| Ok(state.settings.check(&text)?)).await?;
        lookup::own(&caller, &checked.scheme)?;
        let warnings = references::look_up(&state, &checked).await?.into_iter().map(|wrong| wrong.message).collect();
        let bounds = Bounds { users: users.min(MAX_USERS), time: MAX_PREVIEW_TIME };
        let begun = state.previews.begin(state.explainer.clone(), checked.scheme, bounds, warnings);
        begun.map_err(|error| Problem::Unavailable(error.to_string()))
    })
    .await
}

/// The progress and the result of a preview. It is dropped when nobody has asked for five minutes. Only the process
/// that began it knows it.
#[utoipa::path(
    get, path = "/previews/{id}", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = PreviewNow), (status = 404, description = "There is no such preview any more."))
)]
pub(super) async fn preview_now(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        let job = state.previews.get(&id).filter(|job| caller.sees(&job.source));
        let job = job.ok_or_else(|| Problem::NotFound { kind: "preview", id: id.into_inner() })?;
        Ok(PreviewNow::new(&job))
    })
    .await
}

/// The users of a preview as a file in CSV, for spreadsheets: no cell is a formula.
#[utoipa::path(
    get, path = "/previews/{id}.csv", tag = "schemes", params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "text/csv; charset=utf-8", body = String),
        (status = 404, description = "There is no such preview any more."),
        (status = 409, description = "It has not ended."),
        (status = 503, description = "It failed: the product did not tell."),
    )
)]
pub(super) async fn preview_csv(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let (name, body) = export_preview(&state, &caller, &id).await?;
    Ok(ApiResponse::csv(&name, body))
}

/// The users of a preview that has ended, as a file in CSV with its name; it is recorded.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such preview, [`Problem::Conflict`] if it has not ended,
/// [`Problem::Unavailable`] if it failed, or can't be recorded.
pub(crate) async fn export_preview(
    state: &AdminState,
    caller: &Principal,
    id: &str,
) -> Result<(String, Vec<u8>), Problem> {
    let job = state.previews.get(id).filter(|job| caller.sees(&job.source));
    let job = job.ok_or_else(|| Problem::NotFound { kind: "preview", id: id.to_owned() })?;
    let entry = Entry::new(Act::Export, Object::Other("preview", job.id.clone())).about(&job.source);
    let writing = done(state.runtime(), move || match job.state() {
        JobState::Running => Err(Problem::Conflict("the preview is still running; ask again when it is done".into())),
        JobState::Failed(error) => Err(Problem::from(error.as_ref())),
        JobState::Done(preview) => {
            let body = in_csv(&job.source, &preview.users).map_err(|error| Problem::internal(&error))?;
            Ok((format!("preview-{}.csv", job.scheme), body))
        }
    });
    state.recorded(caller, entry, writing).await
}

/// One line a user.
pub(in crate::admin) fn in_csv(source: &SourceId, users: &[Previewed]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut csv = Csv::begin(&mut bytes, &["source", "id", "name", "steps"])?;
    for Previewed { user, user_name, steps } in users {
        let steps: Vec<_> =
            steps.iter().map(|step| format!("{} {}", step.action(), step.target()).trim_end().to_owned()).collect();
        let steps = spreadsheet::list(steps.iter().map(String::as_str));
        let cells = [source.as_str(), user.as_str(), user_name.as_deref().unwrap_or_default()];
        csv.line(cells.map(Cow::Borrowed).into_iter().chain([Cow::Owned(steps)]))?;
    }
    csv.end()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupName;

    #[test]
    fn no_cell_of_the_users_of_a_preview_is_a_formula() {
        let user = |id: &str, name: Option<&str>, groups: &[&str]| Previewed {
            user: UserId::new(id),
            user_name: name.map(str::to_owned),
            steps: groups.iter().map(|group| Step::AddGroup(GroupName::new(*group))).collect(),
        };
        let users = [
            user("=1+1", Some("@jane"), &["a|b", "c"]),
            user("u2", None, &[]),
            user("u3", Some("two\n\"lines\", Zoë"), &["d"]),
        ];
        let text = String::from_utf8(in_csv(&"acme".parse().expect("an id"), &users).expect("CSV")).expect("UTF-8");
        assert_eq!(
            text,
            "\u{feff}source,id,name,steps\r\nacme,'=1+1,'@jane,add_groups a\\|b|add_groups c\r\nacme,u2,,\r\n\
             acme,u3,\"two\n\"\"lines\"\", Zoë\",add_groups d\r\n"
        );
    }
}
