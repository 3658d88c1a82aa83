//! `/runs/{id}/diff`: the users whom only one of two runs has selected.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{parsed, users},
    one::{self, address},
};
use crate::{
    admin::{AdminState, Problem, diff_of},
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Frame, Pages, Place},
    },
    domain::RunId,
    views::{Cursor, DiffUser, Filter, Limit, Paging, Run, RunKind, Side},
};

#[derive(Template)]
#[template(path = "runs/diff.html")]
struct Diff {
    frame: Frame,
    run: String,
    back: String,
    path: String,
    to: String,
    other: Option<String>,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    name: String,
    user: String,
    path: String,
    only_here: bool,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    to: String,
    cursor: String,
}

/// `GET /runs/{id}/diff`: compared with `to`, or with the scheme's run before.
///
/// # Errors
/// [`Problem::NotFound`] if one of the runs is not there; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let run = one::run(&asked).await?;
    let cursor = parsed("cursor", &asks.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let (of, wanted) = (run.clone(), (!asks.to.is_empty()).then(|| RunId::new(asks.to.as_str())));
    let principal = asked.principal().clone();
    let read = move |state: &AdminState| {
        let other = match wanted {
            Some(id) => Some(id),
            None => before(state, &of)?,
        };
        let Some(other) = other else { return Ok(None) };
        let page = diff_of(state, &principal, &of.id, &other, &Paging { limit: Limit::CONSOLE, cursor })?;
        Ok(Some((other, page)))
    };
    let found = asked.read(read).await?;
    let (other, items, next) = match found {
        Some((other, page)) => (Some(other), page.items, page.next),
        None => (None, Vec::new(), None),
    };
    let to = other.as_ref().map(ToString::to_string).unwrap_or_default();
    let path = address(&run).segment("diff");
    let here = path.clone().with("to", &to);
    let older = next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!asks.cursor.is_empty()).then(|| here.to_string()), older };
    let page = Diff {
        frame: asked.frame(Place::Runs, format!("Compare the {}", one::of(&run))),
        run: run.id.to_string(),
        back: address(&run).to_string(),
        path: path.to_string(),
        other: other.map(|id| Address::of("/runs", id).to_string()),
        to,
        rows: items.into_iter().map(|user| row(&run, user)).collect(),
        pages,
    };
    Answer::html(&page)
}

fn row(run: &Run, user: DiffUser) -> Row {
    Row {
        path: users::address(&run.source, &user.user).to_string(),
        name: user.user_name.unwrap_or_else(|| user.user.clone()),
        user: user.user,
        only_here: user.only_in == Side::This,
    }
}

/// The scheme's last run over all users before `run`. It waits for the disk.
fn before(state: &AdminState, run: &Run) -> Result<Option<RunId>, Problem> {
    let filter = Filter {
        scheme: Some(run.scheme.clone()),
        source: Some(run.source.clone()),
        until: Some(run.started),
        ..Filter::default()
    };
    let page = state.views().runs(&filter, &Paging::default()).map_err(|error| Problem::internal(&error))?;
    let is_before = |other: &Run| other.id != run.id && other.sweep.is_some() && other.kind != RunKind::Undo;
    Ok(page.items.into_iter().find(is_before).map(|other| other.id))
}
