//! Step 3: the actions in their order, and the limits.

pub(super) mod action;
mod edit;

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use self::{action::Fields, edit::edit};
use super::{
    Around, Fault, Kept, Step, address, frame,
    kept::ORDER,
    may_write,
    pickers::{Look, Picker},
    trigger::changed_elsewhere,
    trigger_kind,
};
use crate::{
    admin::Problem,
    config::Document,
    console::{
        Answer, Asked,
        form::Form,
        frame::{Badge, Errors, FieldError, Frame},
        pages::schemes::read::undo_badge,
    },
    domain::{ActionKind, Capability, Product, TriggerKind},
};

#[derive(Template)]
#[template(path = "schemes/wizard/actions.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    rows: Option<Vec<Row>>,
    choices: Vec<ActionChoice>,
    limits: Option<Limits>,
    is_sweep: bool,
    editing: Option<Editing>,
}

/// An action of the draft.
struct Row {
    place: usize,
    word: String,
    detail: String,
    undo: Option<Badge>,
    is_first: bool,
    is_last: bool,
    is_delete: bool,
}

/// An action that can be added, or why not.
struct ActionChoice {
    value: &'static str,
    word: &'static str,
    undo: Badge,
    why_not: Option<String>,
    caveat: Option<&'static str>,
}

/// The action that is being changed.
struct Editing {
    place: usize,
    word: String,
    kind: &'static str,
    fields: Fields,
    caveat: Option<&'static str>,
    /// Proposes groups, where groups are typed.
    picker: Option<Picker>,
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

/// Why an action can't be added; and the restriction that goes with it.
fn objection(
    kind: ActionKind,
    trigger: Option<TriggerKind>,
    product: Option<Product>,
) -> (Option<String>, Option<&'static str>) {
    if trigger.is_some_and(|trigger| !trigger.is_sweep()) && !kind.goes_with_events() {
        let why = "Not with this trigger: it needs a schedule or a person.";
        return (Some(why.to_owned()), None);
    }
    match product.map(|product| (product, product.capability(kind))) {
        Some((product, Capability::No(why))) => (Some(format!("{} can't do it: {why}.", product.title())), None),
        Some((_, Capability::Partly(caveat))) => (None, Some(caveat)),
        Some((_, Capability::Yes)) | None => (None, None),
    }
}

impl Row {
    fn new(place: usize, item: &Document, count: usize) -> Self {
        let known = action::parts(item);
        let detail = match (known, Fields::of(item)) {
            (Some(_), Fields::None | Fields::SendsLink(false)) => String::new(),
            (Some((ActionKind::RemoveApplicationAccess, _)), Fields::Names(names)) if names.is_empty() => {
                "all".to_owned()
            }
            (Some(_), Fields::Names(names)) => names.lines().collect::<Vec<_>>().join(", "),
            (Some(_), Fields::Suffix(suffix)) => suffix,
            (Some(_), Fields::SendsLink(true)) => "with a link to set a new one".to_owned(),
            (Some(_), Fields::Issue { project, summary, .. }) => format!("in {project}: {summary}"),
            (_, Fields::Yaml(text)) => text,
            (None, _) => String::new(),
        };
        let kind = known.map(|(kind, _)| kind);
        Self {
            place,
            word: kind.map_or("As YAML", action::word).to_owned(),
            detail,
            undo: kind.map(undo_badge),
            is_first: place == 0,
            is_last: place + 1 == count,
            is_delete: kind == Some(ActionKind::Delete),
        }
    }
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
    let (trigger, product, items) = (trigger_kind(kept), product(asked, kept), items(&kept.document));
    let editing = match (edit, &items) {
        (None, _) | (_, None) => None,
        (Some(place), Some(items)) => {
            let none = || Problem::NotFound { kind: "action", id: place.to_string() };
            let item = items.get(place).ok_or_else(none)?;
            let kind = action::parts(item).map(|(kind, _)| kind);
            let picker = match kind {
                Some(ActionKind::AddGroups | ActionKind::RemoveGroups) => {
                    Some(Picker::new(asked, kept, "names", refused.look.as_ref()).await)
                }
                _ => None,
            };
            Some(Editing {
                place,
                word: kind.map_or("An action as YAML", action::word).to_owned(),
                kind: kind.map_or("", ActionKind::as_str),
                fields: refused.fields.unwrap_or_else(|| Fields::of(item)),
                caveat: kind.and_then(|kind| objection(kind, trigger, product).1),
                picker,
            })
        }
    };
    let choice = |kind: ActionKind| {
        let (why_not, caveat) = objection(kind, trigger, product);
        ActionChoice { value: kind.as_str(), word: action::word(kind), undo: undo_badge(kind), why_not, caveat }
    };
    let frame = frame(asked, kept, Step::Actions, !refused.errors.is_empty());
    let status = if frame.refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        around: Around::new(asked, kept, Step::Actions, to_overview),
        errors: refused.errors,
        rows: items.map(|items| {
            let count = items.len();
            items.iter().enumerate().map(|(place, item)| Row::new(place, item, count)).collect()
        }),
        choices: ActionKind::ALL.into_iter().map(choice).collect(),
        limits: Limits::of(&kept.document),
        is_sweep: trigger.is_none_or(TriggerKind::is_sweep),
        editing,
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
    let here = address(kept.id()).segment(Step::Actions.path()).with("back", form.get("back"));
    let place = form.get("place").parse::<usize>().ok();
    match form.get("go") {
        "next" => return go_on(&asked, kept, &form, to_overview).await,
        "edit" => return edit(&asked, kept, &form, place, to_overview).await,
        _ if Look::sent(&form).is_some() => return edit(&asked, kept, &form, place, to_overview).await,
        _ => {}
    }
    let Some(mut items) = items(&kept.document) else { return Ok(Answer::see(here)) };
    let mut edited = None;
    match (form.get("go"), place) {
        ("add", _) => {
            let kind = ActionKind::ALL.into_iter().find(|kind| kind.as_str() == form.get("kind"));
            let Some(kind) = kind else {
                let errors = Errors::one("No action was added", "kind-add_groups", "Choose an action first.");
                return page(&asked, &kept, None, to_overview, Refused::by(errors)).await;
            };
            if let (Some(why), _) = objection(kind, trigger_kind(&kept), product(&asked, &kept)) {
                let errors = Errors::one("No action was added", "kind-add_groups", why);
                return page(&asked, &kept, None, to_overview, Refused::by(errors)).await;
            }
            let item = Document::Map(vec![(kind.as_str().to_owned(), action::empty(kind))]);
            edited = (Fields::of(&item) != Fields::None).then_some(items.len());
            items.push(item);
        }
        ("up", Some(place)) if place > 0 && place < items.len() => items.swap(place - 1, place),
        ("down", Some(place)) if place + 1 < items.len() => items.swap(place, place + 1),
        ("remove", Some(place)) if place < items.len() => drop(items.remove(place)),
        _ => {}
    }
    kept.document.set("actions", (!items.is_empty()).then_some(Document::List(items)), &ORDER);
    kept.keep(&asked, Step::Actions).await?;
    Ok(Answer::see(match edited {
        Some(place) => here.with("edit", &place.to_string()),
        None => here,
    }))
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
