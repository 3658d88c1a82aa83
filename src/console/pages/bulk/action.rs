//! `/bulk/{pick}/action`: the actions in their order, as in the steps of a scheme. They stand in the address.

use askama::Template;
use serde::Deserialize;

use super::{actions_of, address, as_text, number_of, of_path, page_of, source, source_name, steps};
use crate::{
    admin::{
        Problem,
        identity::{About, Permission},
        name_plan,
    },
    config::Document,
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Errors, Frame, Place},
        pages::schemes::wizard::{
            actions::{ActionStep, At, Edited, GoesWith, change_list, kind_at, sent_action},
            pickers::{self, Groups, Look, Picker},
        },
    },
    domain::{ActionKind, Pick, TriggerKind},
};

#[derive(Template)]
#[template(path = "bulk/action.html")]
struct Page {
    frame: Frame,
    steps: Vec<super::Step>,
    errors: Errors,
    path: String,
    about: String,
    step: ActionStep,
    actions: String,
    why_not: Option<String>,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The list of actions, as JSON.
    actions: String,
    /// The action that is being changed, from 0.
    edit: Option<usize>,
    /// The field for which groups are looked up, and a part of their names.
    look: String,
    like: String,
}

/// The page, as it is to be shown.
#[derive(Default)]
struct Shown {
    edited: Edited,
    look: Option<Look>,
    errors: Errors,
}

/// The page with these actions.
fn here(pick: &Pick, items: &[Document]) -> Result<Address, Problem> {
    Ok(page_of(pick, "action").with("actions", &as_text(items)?))
}

fn goes_with(asked: &Asked, pick: &Pick) -> GoesWith {
    let product = source(asked, &pick.source).map(|row| row.product());
    GoesWith { trigger: Some(TriggerKind::Manual), product }
}

fn groups_of(pick: &Pick) -> Groups {
    Groups { source: Some(pick.source.to_string()), path: page_of(pick, "groups") }
}

/// `GET /bulk/{pick}/action`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such pick, or there is no such action; [`Problem::BadQuery`] if a parameter is
/// unknown, or the actions can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let pick = of_path(&asked)?;
    let items = actions_of(&asks.actions)?;
    let edited = Edited { place: asks.edit, ..Edited::default() };
    page(&asked, &pick, &items, Shown { edited, look: Look::new(&asks.look, asks.like), ..Shown::default() }).await
}

async fn page(asked: &Asked, pick: &Pick, items: &[Document], shown: Shown) -> Result<Answer, Problem> {
    let Shown { mut edited, look, errors } = shown;
    if let Some(ActionKind::AddGroups | ActionKind::RemoveGroups) = edited.place.and_then(|place| kind_at(items, place))
    {
        edited.picker = Some(Picker::new(asked, &groups_of(pick), "names", look.as_ref()).await);
    }
    let why_not = asked.why_not(Permission::Bulk, About::Source(&pick.source));
    let at = At {
        base: Address::of("/bulk", &pick.id).to_string(),
        is_draft: false,
        tag: String::new(),
        to_overview: false,
        actions: as_text(items)?,
        list: here(pick, items)?,
        why_not: why_not.clone(),
    };
    let step = ActionStep::new(asked, at, Some(items), goes_with(asked, pick), edited)?;
    let mut frame = asked.frame(Place::Bulk, "Bulk action: actions");
    frame.refused = !errors.is_empty();
    let status = frame.status();
    let page = Page {
        steps: steps(1, &[address(pick).to_string()]),
        errors,
        path: page_of(pick, "action").to_string(),
        about: format!("For {} of {}: {}.", number_of(pick), source_name(asked, pick), pick.from),
        step,
        actions: as_text(items)?,
        why_not,
        frame,
    };
    Answer::with_status(status, &page)
}

/// `POST /bulk/{pick}/action`: adds, changes, moves or removes an action, or goes on.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not change many users; as [`show`].
pub(in crate::console) async fn change(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let pick = of_path(&asked)?;
    asked.may(Permission::Bulk, About::Source(&pick.source))?;
    let mut items = actions_of(form.get("actions"))?;
    let edited = match form.get("go") {
        "next" => return go_on(&asked, &pick, &items).await,
        go if go == "edit" || Look::sent(&form).is_some() => return edit(&asked, &pick, items, &form).await,
        _ => change_list(&form, &mut items, goes_with(&asked, &pick)),
    };
    let refused = match (edited, here(&pick, &items)) {
        (Ok(Some(place)), Ok(list)) => return Ok(Answer::see(list.with("edit", &place.to_string()))),
        (Ok(None), Ok(list)) => return Ok(Answer::see(list)),
        (Err(errors), _) => errors,
        (_, Err(why)) => Errors::one("No action was added", "", sentence(&why.to_string())),
    };
    let before = actions_of(form.get("actions"))?;
    page(&asked, &pick, &before, Shown { errors: refused, ..Shown::default() }).await
}

/// Changes one action by its fields.
async fn edit(asked: &Asked, pick: &Pick, mut items: Vec<Document>, form: &Form) -> Result<Answer, Problem> {
    let title = "The action is not complete yet";
    let (place, fields, changed) = sent_action(form, &items, form.get("place").parse().ok())?;
    let refused = match changed {
        Err(why) => why,
        Ok(changed) => {
            let before = std::mem::replace(&mut items[place], changed);
            let list = match here(pick, &items) {
                Ok(list) => list,
                Err(why) => {
                    items[place] = before;
                    let errors = Errors::one(title, "action-field", sentence(&why.to_string()));
                    let edited = Edited { place: Some(place), fields: Some(fields), picker: None };
                    return page(asked, pick, &items, Shown { edited, errors, ..Shown::default() }).await;
                }
            };
            if let Some(look) = Look::sent(form) {
                return Ok(look.see(list.with("edit", &place.to_string())));
            }
            match wrong(asked, pick, &items[place..=place]).await? {
                None => return Ok(Answer::see(list)),
                Some(why) => why,
            }
        }
    };
    let edited = Edited { place: Some(place), fields: Some(fields), picker: None };
    let errors = Errors::one(title, "action-field", refused);
    page(asked, pick, &items, Shown { edited, errors, ..Shown::default() }).await
}

async fn go_on(asked: &Asked, pick: &Pick, items: &[Document]) -> Result<Answer, Problem> {
    let refused = match items {
        [] => Some("Add an action first.".to_owned()),
        items => wrong(asked, pick, items).await?,
    };
    match refused {
        None => Ok(Answer::see(page_of(pick, "check").with("actions", &as_text(items)?))),
        Some(why) => {
            let errors = Errors::one("The actions are not complete yet", "actions-title", why);
            page(asked, pick, items, Shown { errors, ..Shown::default() }).await
        }
    }
}

/// Why these actions can't be carried out; none if they can.
async fn wrong(asked: &Asked, pick: &Pick, items: &[Document]) -> Result<Option<String>, Problem> {
    let actions = serde_json::to_value(items).map_err(|error| Problem::internal(&error))?;
    match name_plan(asked.state(), asked.principal(), &pick.id, &actions).await {
        Ok(_) => Ok(None),
        Err(Problem::InvalidActions(wrong)) => {
            Ok(Some(wrong.iter().map(|one| sentence(&one.message)).collect::<Vec<_>>().join(" ")))
        }
        Err(Problem::Conflict(why)) => Ok(Some(sentence(&why))),
        Err(problem) => Err(problem),
    }
}

/// `GET /bulk/{pick}/groups`: the groups for a field, while somebody types; a part that is swapped in.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such pick; [`Problem::BadQuery`] if there is no such field, or a parameter is
/// unknown.
pub(in crate::console) async fn groups(asked: Asked) -> Result<Answer, Problem> {
    let pick = of_path(&asked)?;
    pickers::part(&asked, &groups_of(&pick), page_of(&pick, "action")).await
}
