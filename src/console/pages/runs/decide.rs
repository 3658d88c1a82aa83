//! The decision about a held run: release it with its number typed, or cancel it.

use askama::Template;

use super::one::{self, Asks, Refused, address};
use crate::{
    admin::{
        Problem, cancel_run,
        identity::{About, Permission},
        once_shown, release_run,
    },
    console::{
        Answer, Asked,
        form::Form,
        frame::{Errors, Frame, Place, users},
    },
    views::{Run, RunState},
};

/// The block on the page of a run that has not ended.
#[derive(Template)]
#[template(path = "runs/decide.html")]
pub(super) struct Decide {
    frame: Frame,
    path: String,
    title: &'static str,
    text: String,
    errors: Errors,
    typed: String,
    releases: bool,
    number: u64,
    release_word: String,
    may_release: Option<String>,
    may_cancel: Option<String>,
}

impl Decide {
    /// None for a run that is over, or of one event: there is nothing to decide.
    pub(super) fn new(asked: &Asked, run: &Run, refused: Refused) -> Option<Self> {
        if run.state.is_final() || run.sweep.is_none() {
            return None;
        }
        let (number, about) = (run.counts.would_change, About::Source(&run.source));
        let releases = run.state == RunState::Held;
        let does = if run.test_mode { "Test mode: nothing is changed when it goes on." } else { "" };
        let (title, text) = if releases {
            let text = format!(
                "Nothing was changed so far. If you release it, this is done to {}: {}. Each is decided anew first, and users who are not selected any more are left out. {does}",
                users(number),
                run.actions
            );
            ("This run waits for you", text)
        } else {
            (
                "This run is in the works",
                "Cancelled, steps that have not begun are not done. What was done stays done.".to_owned(),
            )
        };
        Some(Self {
            frame: asked.frame(Place::Runs, ""),
            path: address(run).to_string(),
            title,
            text,
            errors: refused.errors,
            typed: refused.typed,
            releases,
            number,
            release_word: format!("Release it for {}", users(number)),
            may_release: asked.why_not(Permission::ReleaseRun, about),
            may_cancel: asked.why_not(Permission::Cancel, about),
        })
    }
}

/// `POST /runs/{id}/release`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn release(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let run = one::run(&asked).await?;
    asked.may(Permission::ReleaseRun, About::Source(&run.source))?;
    let typed = form.get("number").trim().to_owned();
    if run.state == RunState::Held && typed != run.counts.would_change.to_string() {
        let text = format!("Type {} to release this run.", run.counts.would_change);
        let errors = Errors::one("The run was not released", "number", text);
        return one::page(&asked, run, Asks::default(), Refused { errors, typed }).await;
    }
    let id = release_run(asked.state(), asked.principal(), run.id.as_str()).await?;
    once_shown(asked.state(), &id, |run| run.state != RunState::Held).await?;
    Ok(Answer::see(address(&run).with("said", "released")))
}

/// `POST /runs/{id}/cancel`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn cancel(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let run = one::run(&asked).await?;
    asked.may(Permission::Cancel, About::Source(&run.source))?;
    let id = cancel_run(asked.state(), asked.principal(), run.id.as_str()).await?;
    once_shown(asked.state(), &id, |run| run.state.is_final()).await?;
    Ok(Answer::see(address(&run).with("said", "cancelled")))
}
