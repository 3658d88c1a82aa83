//! Step 3: the actions in their order, and the limits.

pub(super) mod action;
mod edit;
mod step;

use askama::Template;
use serde::Deserialize;

pub(in crate::console::pages) use step::{ActionStep, At, Edited, GoesWith, change_list, kind_at, sent_action};

use self::{action::Fields, edit::edit};
use super::{
    Around, Fault, Kept, Step, address, frame,
    kept::ORDER,
    may_write,
    pickers::{Groups, Look, Picker},
    trigger::changed_elsewhere,
    trigger_kind,
};
use crate::{
    admin::Problem,
    config::Document,
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Errors, FieldError, Frame},
    },
    domain::{ActionKind, Product, TriggerKind},
};

#[derive(Template)]
#[template(path = "schemes/wizard/actions.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    step: ActionStep,
    limits: Option<Limits>,
    is_sweep: bool,
}

struct Limits {
    users: String,
    percent: String,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    back: String,
    /// The action that is being changed, from 0.
    edit: Option<usize>,
    /// The field for which groups are looked up, and a part of their names.
    look: String,
    like: String,
}

/// The form as it was sent and refused.
#[derive(Default)]
struct Refused {
    errors: Errors,
    fields: Option<Fields>,
    look: Option<Look>,
}

impl Refused {
    fn by(errors: Errors) -> Self {
        Self { errors, ..Self::default() }
    }
}

/// The product of the draft's source, if one is chosen.
pub(super) fn product(asked: &Asked, kept: &Kept) -> Option<Product> {
    let source = kept.document.get("source")?.as_text()?;
    asked.state().sources().iter().find(|row| row.id().as_str() == source).map(|row| row.product())
}

/// The actions of a draft; none if they are no list.
fn items(document: &Document) -> Option<Vec<Document>> {
    match document.get("actions") {
        None => Some(Vec::new()),
        Some(Document::List(items)) => Some(items.clone()),
        Some(_) => None,
    }
}

impl Limits {
    /// None if they are written in a way that the fields do not show.
    fn of(document: &Document) -> Option<Self> {
        let Some(limits) = document.get("limits") else {
            return Some(Self { users: String::new(), percent: String::new() });
        };
        let is_shown = limits
            .entries()?
            .iter()
            .all(|(key, value)| ["users", "percent"].contains(&key.as_str()) && value.as_text().is_some());
        let text = |key| limits.get(key).and_then(Document::as_text).unwrap_or_default();
        is_shown.then(|| Self { users: text("users"), percent: text("percent") })
    }

    fn put_into(&self, document: &mut Document) {
        let mut limits = document.get("limits").cloned().unwrap_or(Document::Map(Vec::new()));
        for (key, text) in [("users", &self.users), ("percent", &self.percent)] {
            limits.set(key, (!text.is_empty()).then(|| number(text)), &["users", "percent"]);
        }
        let is_empty = limits.entries().is_some_and(<[_]>::is_empty);
        document.set("limits", (!is_empty).then_some(limits), &ORDER);
    }
}

/// A number if it is one, and the text as it was typed otherwise.
fn number(text: &str) -> Document {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => Document::Scalar(number.into()),
        _ => Document::text(text),
    }
}

/// `GET /drafts/{id}/actions`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft, or it has no such action; [`Problem::BadQuery`] if a parameter is
/// unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let kept = Kept::of(&asked)?;
    if kept.typed.is_some() {
        return Ok(Answer::see(address(kept.id()).segment("yaml")));
    }
    let look = Look::new(&asks.look, asks.like);
    let refused = Refused { look, ..Refused::default() };
    page(&asked, &kept, asks.edit, asks.back == "overview", refused).await
}

async fn page(
    asked: &Asked,
    kept: &Kept,
    edit: Option<usize>,
    to_overview: bool,
    refused: Refused,
) -> Result<Answer, Problem> {
    let items = items(&kept.document);
    let picker = match edit.and_then(|place| kind_at(items.as_deref()?, place)) {
        Some(ActionKind::AddGroups | ActionKind::RemoveGroups) => {
            Some(Picker::new(asked, &Groups::of(kept), "names", refused.look.as_ref()).await)
        }
        _ => None,
    };
    let around = Around::new(asked, kept, Step::Actions, to_overview);
    let at = At {
        base: around.path.clone(),
        is_draft: true,
        tag: around.tag.clone(),
        to_overview,
        actions: String::new(),
        list: here(kept, to_overview),
        why_not: around.why_not.clone(),
    };
    let edited = Edited { place: edit, fields: refused.fields, picker };
    let step = ActionStep::new(asked, at, items.as_deref(), goes_with(asked, kept), edited)?;
    let frame = frame(asked, kept, Step::Actions, !refused.errors.is_empty());
    let status = frame.status();
    let page = Page {
        around,
        errors: refused.errors,
        step,
        limits: Limits::of(&kept.document),
        is_sweep: trigger_kind(kept).is_none_or(TriggerKind::is_sweep),
        frame,
    };
    Answer::with_status(status, &page)
}

/// `POST /drafts/{id}/actions`: adds, changes, moves or removes an action, or goes on with the limits.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not write schemes, [`Problem::NotFound`] if they have no such draft; those of
/// keeping a draft by the API.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    may_write(&asked)?;
    let mut kept = Kept::of(&asked)?;
    let to_overview = form.get("back") == "overview";
    if !kept.is_seen(&form) {
        return page(&asked, &kept, None, to_overview, Refused::by(changed_elsewhere())).await;
    }
    let here = here(&kept, to_overview);
    let place = form.get("place").parse::<usize>().ok();
    match form.get("go") {
        "next" => return go_on(&asked, kept, &form, to_overview).await,
        "edit" => return edit(&asked, kept, &form, place, to_overview).await,
        _ if Look::sent(&form).is_some() => return edit(&asked, kept, &form, place, to_overview).await,
        _ => {}
    }
    let Some(mut items) = items(&kept.document) else { return Ok(Answer::see(here)) };
    let edited = match change_list(&form, &mut items, goes_with(&asked, &kept)) {
        Ok(edited) => edited,
        Err(errors) => return page(&asked, &kept, None, to_overview, Refused::by(errors)).await,
    };
    kept.document.set("actions", (!items.is_empty()).then_some(Document::List(items)), &ORDER);
    kept.keep(&asked, Step::Actions).await?;
    Ok(Answer::see(match edited {
        Some(place) => here.with("edit", &place.to_string()),
        None => here,
    }))
}

/// The list of the actions.
fn here(kept: &Kept, to_overview: bool) -> Address {
    let back = if to_overview { "overview" } else { "" };
    address(kept.id()).segment(Step::Actions.path()).with("back", back)
}

fn goes_with(asked: &Asked, kept: &Kept) -> GoesWith {
    GoesWith { trigger: trigger_kind(kept), product: product(asked, kept) }
}

/// The faults of the actions, for the summary; of one of them if `place` is given.
async fn faults(asked: &Asked, kept: &Kept, place: Option<usize>) -> Result<Vec<FieldError>, Problem> {
    let faults = kept.checked(asked).await?.scheme.err().unwrap_or_default().into_iter();
    let is_here = |fault: &Fault| match place {
        None => fault.step == Step::Actions,
        Some(place) => {
            fault.path.first().is_some_and(|key| key == "actions")
                && fault.path.get(1).is_some_and(|at| *at == place.to_string())
        }
    };
    Ok(faults.filter(is_here).map(Fault::on_field).collect())
}

async fn go_on(asked: &Asked, mut kept: Kept, form: &Form, to_overview: bool) -> Result<Answer, Problem> {
    if Limits::of(&kept.document).is_some() {
        let get = |name| form.get(name).trim().to_owned();
        Limits { users: get("limit_users"), percent: get("limit_percent") }.put_into(&mut kept.document);
    }
    kept.keep(asked, Step::Actions).await?;
    let wrong = faults(asked, &kept, None).await?;
    if !wrong.is_empty() {
        let errors = Errors { title: "The actions are not complete yet", items: wrong };
        return page(asked, &kept, None, to_overview, Refused::by(errors)).await;
    }
    let next = if to_overview { Step::Overview } else { Step::Actions.next() };
    Ok(Answer::see(address(kept.id()).segment(next.path())))
}
