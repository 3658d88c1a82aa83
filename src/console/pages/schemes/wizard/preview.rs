//! A look at whom a scheme selects, before it is stored: it reads the product and changes nothing.

use std::sync::Arc;

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use super::{Kept, Step, address, frame, kept::Checked, overview};
use crate::{
    admin::{
        Problem, begin_preview, export_preview,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Errors, Frame, Pages, users},
        pages::schemes::act::as_json,
    },
    domain::{Scheme, SchemeId},
    explain::{Job, JobState, Preview, Previewed},
};

/// The highest number of users that are named.
const MAX_USERS: usize = 100_000;
/// The number of users on a page.
const PER_PAGE: usize = 100;

/// A preview that has ended, of the scheme as it is.
pub(in crate::console) struct Seen {
    pub(in crate::console) selected: u64,
    pub(in crate::console) seen: u64,
    pub(in crate::console) unknown: u64,
}

/// The part of the page that counts on.
#[derive(Template)]
#[template(path = "schemes/wizard/looking.html")]
pub(in crate::console) struct Looking {
    pub(in crate::console) here: String,
    pub(in crate::console) path: String,
    pub(in crate::console) running: bool,
    pub(in crate::console) failed: Option<String>,
    pub(in crate::console) seen: u64,
    pub(in crate::console) selected: u64,
    pub(in crate::console) unknown: u64,
    pub(in crate::console) incomplete: Option<String>,
    pub(in crate::console) rows: Vec<Row>,
    pub(in crate::console) first: usize,
    pub(in crate::console) named: usize,
    /// Whether more are selected than are named.
    pub(in crate::console) is_cut: bool,
    pub(in crate::console) pages: Pages,
    pub(in crate::console) csv: String,
    pub(in crate::console) warnings: Vec<String>,
    pub(in crate::console) says: String,
    pub(in crate::console) may_export: bool,
}

/// A user who would be selected.
pub(in crate::console) struct Row {
    pub(in crate::console) user: String,
    pub(in crate::console) name: String,
    pub(in crate::console) steps: Vec<String>,
}

#[derive(Template)]
#[template(path = "schemes/wizard/preview.html")]
struct Page {
    frame: Frame,
    back: String,
    again: String,
    looking: Option<Looking>,
    why_not: Option<String>,
    /// Whether the draft says something else by now.
    is_old: bool,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    job: String,
    page: usize,
    part: String,
}

/// A scheme as it is previewed: whatever its mode, and whether it is on or not.
pub(in crate::console) fn previewed(scheme: &Scheme) -> Scheme {
    Scheme { test_mode: true, enabled: true, ..scheme.clone() }
}

/// Begins a preview of `scheme`; gives its id.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of a preview by the API.
pub(in crate::console) async fn begin(asked: &Asked, scheme: &Scheme) -> Result<Job, Problem> {
    asked.may(Permission::Preview, About::Source(&scheme.source))?;
    begin_preview(asked.state(), asked.principal(), as_json(&previewed(scheme))?, MAX_USERS).await
}

/// The preview with this id, if it is of the scheme `of` and of a source that they see.
pub(in crate::console) fn job(asked: &Asked, id: &str, of: &SchemeId) -> Option<Job> {
    let job = asked.state().previews().get(id)?;
    (asked.principal().sees(&job.source) && job.scheme == *of).then_some(job)
}

/// The result of the preview `id`, if it has ended and is of `scheme` exactly as it is.
pub(in crate::console) fn result(asked: &Asked, scheme: &Scheme, id: &str) -> Option<Arc<Preview>> {
    let job = job(asked, id, &scheme.id)?;
    match job.state() {
        JobState::Done(preview) if job.version == previewed(scheme).reference().version => Some(preview),
        JobState::Done(_) | JobState::Running | JobState::Failed(_) => None,
    }
}

/// The numbers of [`result`].
pub(in crate::console) fn seen(asked: &Asked, scheme: &Scheme, id: &str) -> Option<Seen> {
    let preview = result(asked, scheme, id)?;
    let Preview { seen, selected, unknown, .. } = *preview;
    Some(Seen { selected, seen, unknown })
}

/// `POST /drafts/{id}/preview`: begins one, and leads to it.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft, [`Problem::Forbidden`] if they may not; those of a preview by the
/// API.
pub(in crate::console) async fn begin_of_draft(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let kept = Kept::of(&asked)?;
    let Checked { scheme, .. } = kept.checked(&asked).await?;
    let Ok(scheme) = scheme else { return Ok(Answer::see(address(kept.id()).segment(Step::Overview.path()))) };
    match begin(&asked, &scheme).await {
        Ok(job) => Ok(Answer::see(address(kept.id()).segment("preview").with("job", &job.id))),
        Err(Problem::InvalidScheme(wrong)) => {
            let errors = Errors { title: "The preview was not begun", ..overview::refused(&wrong) };
            overview::page(&asked, &kept, "", false, StatusCode::UNPROCESSABLE_ENTITY, errors).await
        }
        Err(Problem::Unavailable(why)) => {
            let text = format!("{} Save the scheme in test mode and look later, or try again.", sentence(&why));
            let errors = Errors::one("The preview was not begun", "", text);
            overview::page(&asked, &kept, "", false, StatusCode::SERVICE_UNAVAILABLE, errors).await
        }
        Err(other) => Err(other),
    }
}

/// `GET /drafts/{id}/preview`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { job: wanted, page, part } = asked.query()?;
    let kept = Kept::of(&asked)?;
    let path = address(kept.id());
    let of = kept.document.get("id").and_then(crate::config::Document::as_text).and_then(|id| id.parse().ok());
    let found = of.as_ref().and_then(|of| job(&asked, &wanted, of));
    let here = path.clone().segment("preview");
    let looking = found.as_ref().map(|job| {
        let csv = path.clone().segment("preview.csv").with("job", &job.id);
        Looking::new(&asked, job, &here, csv.to_string(), page)
    });
    if part == "looking"
        && asked.is_partial()
        && let Some(looking) = &looking
    {
        return Answer::html(looking);
    }
    let is_old = match (&found, kept.checked(&asked).await?.scheme) {
        (Some(job), Ok(scheme)) => job.version != previewed(&scheme).reference().version,
        (Some(_), Err(_)) => true,
        (None, _) => false,
    };
    let overview = path.clone().segment(Step::Overview.path());
    let overview = if is_old || found.is_none() { overview } else { overview.with("seen", &wanted) };
    let mut frame = frame(&asked, &kept, Step::Overview, false);
    frame.title = "Whom it selects".to_owned();
    Answer::html(&Page {
        frame,
        back: overview.to_string(),
        again: here.to_string(),
        looking,
        why_not: asked.why_not(Permission::Preview, About::Anything),
        is_old,
    })
}

impl Looking {
    /// The preview as it is now; `here` is the page that shows it.
    pub(in crate::console) fn new(asked: &Asked, job: &Job, here: &Address, csv: String, page: usize) -> Self {
        let state = job.state();
        let (running, failed, preview) = match &state {
            JobState::Running => (true, None, Arc::new(job.so_far())),
            JobState::Done(preview) => (false, None, Arc::clone(preview)),
            JobState::Failed(why) => (false, Some(sentence(&why.to_string())), Arc::new(job.so_far())),
        };
        let named = preview.users.len();
        let first = (page * PER_PAGE).min(named);
        let here = here.clone().with("job", &job.id);
        let at = |page: usize| here.clone().with("page", &page.to_string()).to_string();
        let pages = Pages {
            first: (page > 0).then(|| here.to_string()),
            older: (first + PER_PAGE < named).then(|| at(page + 1)),
        };
        let word = if running { "so far" } else { "in all" };
        let says = format!("{} selected {word}, {} looked at", users(preview.selected), preview.seen);
        Self {
            path: here.clone().with("part", "looking").to_string(),
            here: here.to_string(),
            running,
            failed,
            seen: preview.seen,
            selected: preview.selected,
            unknown: preview.unknown,
            incomplete: if running { None } else { preview.incomplete_why.as_deref().map(sentence) },
            rows: preview.users.iter().skip(first).take(PER_PAGE).map(Row::from).collect(),
            first: first + 1,
            named,
            is_cut: preview.selected > named as u64,
            pages,
            csv,
            warnings: job.warnings.iter().map(|warning| sentence(warning)).collect(),
            says,
            may_export: asked.why_not(Permission::Export, About::Source(&job.source)).is_none(),
        }
    }
}

impl From<&Previewed> for Row {
    fn from(one: &Previewed) -> Self {
        let step = |step: &crate::domain::Step| {
            format!("{} {}", step.action().replace('_', " "), step.target()).trim_end().to_owned()
        };
        Self {
            user: one.user.to_string(),
            name: one.user_name.clone().unwrap_or_else(|| one.user.to_string()),
            steps: one.steps.iter().map(step).collect(),
        }
    }
}

/// `GET /drafts/{id}/preview.csv`: the users as a file.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such draft or preview any more, [`Problem::Conflict`] if it has not ended;
/// [`Problem::Forbidden`] if they may not.
pub(in crate::console) async fn csv(asked: Asked) -> Result<Answer, Problem> {
    let Asks { job: wanted, .. } = asked.query()?;
    let _own = Kept::of(&asked)?;
    file(&asked, &wanted).await
}

/// The users of the preview `id` as a file. It is recorded.
///
/// # Errors
/// As [`csv`].
pub(in crate::console) async fn file(asked: &Asked, id: &str) -> Result<Answer, Problem> {
    asked.may(Permission::Export, About::Anything)?;
    let (name, body) = export_preview(asked.state(), asked.principal(), id).await?;
    Ok(Answer::File { content_type: "text/csv; charset=utf-8", name, body })
}
