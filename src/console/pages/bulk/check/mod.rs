//! `/bulk/{pick}/check`: what would happen, step by step; the test run; the button for it, with as much confirmation as the
//! harm is great.

mod confirm;
mod order;
mod plans;
mod tested;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use self::{
    confirm::Confirm,
    plans::{Plan, Seen},
    tested::Tested,
};
pub(in crate::console) use self::{order::order, plans::LastPlans};
use super::{actions_of, address, as_text, number_of, of_path, page_of, source_name, steps};
use crate::{
    admin::{AdminState, NamedPlan, Problem, name_plan, plan_bulk},
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        frame::{Errors, Frame, Place},
    },
    domain::{Mode, Pick},
};

#[derive(Template)]
#[template(path = "bulk/check.html")]
struct Page {
    frame: Frame,
    steps: Vec<super::Step>,
    errors: Errors,
    about: String,
    observes: bool,
    plan: Plan,
    tested: Option<Tested>,
    confirm: Confirm,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The list of actions, as JSON.
    actions: String,
    /// The number of the form with which a test run was asked for.
    tested: String,
    /// `now`: the users are read once more.
    read: String,
    /// The fragment that is wanted.
    part: String,
}

/// A pick, with the actions that are to be checked.
struct Checked {
    pick: std::sync::Arc<Pick>,
    /// The actions as they stand in the address.
    text: String,
    actions: Value,
    plan: NamedPlan,
    /// The users of the last list of the source, if it was whole.
    of: Option<u64>,
}

impl Checked {
    /// # Errors
    /// [`Problem::NotFound`] if they have no such pick, [`Problem::Conflict`] if it is empty, [`Problem::BadQuery`] and
    /// [`Problem::InvalidActions`] if the actions can't be read or carried out.
    async fn read(asked: &Asked, actions: &str) -> Result<Self, Problem> {
        let pick = of_path(asked)?;
        let items = actions_of(actions)?;
        let text = as_text(&items)?;
        let actions = serde_json::to_value(&items).map_err(|error| Problem::internal(&error))?;
        let plan = name_plan(asked.state(), asked.principal(), &pick.id, &actions).await?;
        let source = pick.source.clone();
        let roster = asked.read(move |state: &AdminState| Ok(state.users().standing(&source)?)).await?;
        Ok(Self { of: roster.users.filter(|_| roster.whole == Some(true)), pick, text, actions, plan })
    }

    fn here(&self, tested: &str) -> Address {
        page_of(&self.pick, "check").with("actions", &self.text).with("tested", tested)
    }

    fn back(&self) -> Address {
        page_of(&self.pick, "action").with("actions", &self.text)
    }
}

/// `GET /bulk/{pick}/check`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such pick, [`Problem::Conflict`] if it is empty, [`Problem::BadQuery`] and
/// [`Problem::InvalidActions`] if the actions can't be read or carried out.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let checked = Checked::read(&asked, &asks.actions).await?;
    if asks.part == "progress" && asked.is_partial() {
        return match Tested::of(&asked, &checked, &asks.tested).await? {
            Some(tested) => tested.part(&asked, &checked, &asks.tested),
            None => Ok(Answer::see(checked.here(""))),
        };
    }
    let is_part = asks.part == "plan" && asked.is_partial();
    let seen = match known(&asked, &checked).filter(|_| asks.read != "now") {
        Some(seen) => Some(Ok(seen)),
        None if is_part || asks.read == "now" => Some(look(&asked, &checked).await),
        None => None,
    };
    let plan = Plan::new(&asked, &checked, &asks.tested, seen)?;
    if is_part {
        return Answer::html(&plan);
    }
    page(&asked, &checked, &asks.tested, plan, Errors::default(), Typed::default()).await
}

/// What somebody has typed into the form.
#[derive(Default)]
struct Typed {
    number: String,
    reason: String,
}

fn known(asked: &Asked, checked: &Checked) -> Option<Seen> {
    asked.console().plans.get(&asked.principal().by(), &checked.plan.plan, asked.now())
}

/// Reads some users, and counts all.
async fn look(asked: &Asked, checked: &Checked) -> Result<Seen, Problem> {
    let (caller, id, actions) = (asked.principal().clone(), checked.pick.id.clone(), checked.actions.clone());
    let plan = asked.wait(move |state| async move { plan_bulk(&state, &caller, &id, &actions).await }).await?;
    Ok(asked.console().plans.keep(asked.principal().by(), plan, asked.now()))
}

async fn page(
    asked: &Asked,
    checked: &Checked,
    tested: &str,
    plan: Plan,
    errors: Errors,
    typed: Typed,
) -> Result<Answer, Problem> {
    let pick = &checked.pick;
    let mut frame = asked.frame(Place::Bulk, "Bulk action: check");
    (frame.wide, frame.refused) = (true, !errors.is_empty());
    let status = frame.status();
    let test = Tested::of(asked, checked, tested).await?;
    let page = Page {
        steps: steps(2, &[address(pick).to_string(), checked.back().to_string()]),
        about: sentence(&format!("for {} of {}: {}", number_of(pick), source_name(asked, pick), pick.from)),
        observes: asked.state().mode() == Mode::Observe,
        confirm: Confirm::new(asked, checked, tested, test.as_ref(), typed, &errors),
        plan,
        tested: test,
        errors,
        frame,
    };
    Answer::with_status(status, &page)
}
