//! `/runs/{id}/undo`: what an undo of a run would put back, what it can't, and the button for it.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{parsed, users},
    one::{self, address},
};
use crate::{
    admin::{
        AdminState, Problem, checked_reason,
        identity::{About, Permission},
        once_shown, undo_obstacle, undo_plan, undo_run,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Badge, Errors, Frame, Kind, Pages, Place, counted},
    },
    domain::UndoVerdict,
    views::{Cursor, Limit, Paging, Run, UndoItem, UndoPlan},
};

#[derive(Template)]
#[template(path = "runs/undo.html")]
struct Undo {
    frame: Frame,
    path: String,
    back: String,
    run: String,
    scheme: String,
    source: String,
    can: u64,
    changed_since: u64,
    cannot: u64,
    counted_all: bool,
    /// The changes of the run.
    changed: String,
    /// Why there is nothing to press.
    obstacle: Option<String>,
    /// The run that undoes it already.
    undone_by: Option<String>,
    word: String,
    errors: Errors,
    reason: String,
    may_undo: Option<String>,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    user: String,
    name: String,
    path: String,
    step: String,
    kind: Kind,
    verdict: &'static str,
    why: String,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    cursor: String,
}

impl Row {
    fn new(run: &Run, item: UndoItem) -> Self {
        let badge = match item.verdict {
            UndoVerdict::Can => Badge::new(Kind::Done, "Is put back"),
            UndoVerdict::ChangedSince => Badge::new(Kind::Held, "Left alone"),
            UndoVerdict::Cannot => Badge::new(Kind::Danger, "Can't be"),
        };
        Self {
            path: users::address(&run.source, &item.user).to_string(),
            name: item.user_name.unwrap_or_else(|| item.user.clone()),
            user: item.user,
            step: format!("{} {}", item.action.replace('_', " "), item.target),
            kind: badge.kind,
            verdict: badge.word,
            why: item.why,
        }
    }
}

/// `GET /runs/{id}/undo`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such run; [`Problem::BadQuery`] if the cursor is none; an internal one if the
/// views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let run = one::run(&asked).await?;
    page(&asked, run, &asks, Errors::default(), "").await
}

async fn page(asked: &Asked, run: Run, asks: &Asks, errors: Errors, reason: &str) -> Result<Answer, Problem> {
    let cursor = parsed("cursor", &asks.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let (of, caller, paging) = (run.clone(), asked.principal().clone(), Paging { limit: Limit::CONSOLE, cursor });
    let read = move |state: &AdminState| {
        let obstacle = undo_obstacle(state, &of).map_err(|error| Problem::internal(&error))?;
        Ok((undo_plan(state, &caller, &of.id, &paging)?, obstacle))
    };
    let (plan, obstacle) = asked.read(read).await?;
    let UndoPlan { can, changed_since, cannot, counted_all, undone_by, items, next } = plan;
    let here = address(&run).segment("undo");
    let older = next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let at_least = if counted_all { "" } else { "at least " };
    let mut frame = asked.frame(Place::Runs, format!("Undo the {}", one::of(&run)));
    frame.refused = !errors.is_empty();
    let status = frame.status();
    let nothing = (can == 0 && counted_all).then(|| "nothing of it can be put back".to_owned());
    let page = Undo {
        frame,
        path: here.to_string(),
        back: address(&run).to_string(),
        run: run.id.to_string(),
        scheme: one::named(&run),
        source: run.source.to_string(),
        can,
        changed_since,
        cannot,
        counted_all,
        changed: counted(run.counts.changed, "change"),
        obstacle: obstacle.or(nothing).map(|why| sentence(&why)),
        undone_by: undone_by.map(|id| Address::of("/runs", id).to_string()),
        word: format!("Put back {at_least}{}", counted(can, "change")),
        errors,
        reason: reason.to_owned(),
        may_undo: asked.why_not(Permission::Undo, About::Source(&run.source)),
        rows: items.into_iter().map(|item| Row::new(&run, item)).collect(),
        pages: Pages { first: (!asks.cursor.is_empty()).then(|| here.to_string()), older },
    };
    Answer::with_status(status, &page)
}

/// `POST /runs/{id}/undo`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn undo(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let run = one::run(&asked).await?;
    asked.may(Permission::Undo, About::Source(&run.source))?;
    let reason = match checked_reason(Some(form.get("reason").to_owned())) {
        Ok(reason) => reason,
        Err(problem) => {
            let errors = Errors::one("The run was not undone", "reason", sentence(&problem.to_string()));
            return page(&asked, run, &Asks::default(), errors, form.get("reason")).await;
        }
    };
    let undoing = undo_run(asked.state(), asked.principal(), &run.id, reason).await?;
    once_shown(asked.state(), &undoing, |_| true).await?;
    Ok(Answer::see(Address::of("/runs", &undoing)))
}
