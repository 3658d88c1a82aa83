//! `/sources/{id}/pause` and `/sources/{id}/resume`: each says what it does before it is done.

use askama::Template;

use super::{address, named, one::said};
use crate::{
    admin::{
        Problem, SourceRow,
        identity::{About, Permission},
        pause_source,
    },
    console::{
        Answer, Asked,
        form::Form,
        frame::{Frame, Kind, Place},
    },
    domain::Pausable,
};

#[derive(Template)]
#[template(path = "sources/pause.html")]
struct Confirm {
    frame: Frame,
    /// The page of the source.
    path: String,
    /// The last segment of the path: what is done.
    act: &'static str,
    text: String,
    word: String,
    /// Whether it is so already.
    is_so: bool,
    forbidden: Option<String>,
}

/// `GET /sources/{id}/pause`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source among those of whoever asks.
pub(in crate::console) async fn ask_pause(asked: Asked) -> Result<Answer, Problem> {
    let row = named(&asked)?;
    let text = format!(
        "usher does not call {} until somebody resumes it. Webhooks and logins are taken in as before. Events and steps \
         wait, and nothing is lost. A call that has begun is ended.",
        row.name()
    );
    confirm(&asked, &row, "pause", text)
}

/// `GET /sources/{id}/resume`.
///
/// # Errors
/// As [`ask_pause`].
pub(in crate::console) async fn ask_resume(asked: Asked) -> Result<Answer, Problem> {
    let row = named(&asked)?;
    let text = format!(
        "usher calls {} again. All that waited is done now, in its order, as far as the schemes still say so.",
        row.name()
    );
    confirm(&asked, &row, "resume", text)
}

fn confirm(asked: &Asked, row: &SourceRow, act: &'static str, text: String) -> Result<Answer, Problem> {
    let is_paused = asked.state().settings().pause_of(&Pausable::Source(row.id().clone())).is_some();
    let (word, is_so, permission) = match act {
        "pause" => ("Pause", is_paused, Permission::Pause),
        _ => ("Resume", !is_paused, Permission::Resume),
    };
    let title = format!("{word} {}", row.name());
    Answer::html(&Confirm {
        path: address(row.id()).to_string(),
        act,
        text,
        word: title.clone(),
        is_so,
        forbidden: asked.why_not(permission, About::Source(row.id())),
        frame: asked.frame(Place::Sources, title),
    })
}

/// `POST /sources/{id}/pause`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn pause(asked: Asked, _: Form) -> Result<Answer, Problem> {
    set(&asked, true).await
}

/// `POST /sources/{id}/resume`.
///
/// # Errors
/// As [`pause`].
pub(in crate::console) async fn resume(asked: Asked, _: Form) -> Result<Answer, Problem> {
    set(&asked, false).await
}

async fn set(asked: &Asked, paused: bool) -> Result<Answer, Problem> {
    let id = named(asked)?.id().clone();
    let permission = if paused { Permission::Pause } else { Permission::Resume };
    asked.may(permission, About::Source(&id))?;
    pause_source(asked.state(), asked.principal(), &id, paused).await?;
    Ok(Answer::see(said(&id, if paused { "paused" } else { "resumed" })))
}
