//! Bulk actions: what is done once to the users of a pick. A plan says what would happen; the order is bound to it.

mod forms;
mod order;
mod plan;

pub(crate) use forms::{BulkOrder, BulkPlan};
pub(in crate::admin::api) use order::{__path_order, order};
pub(crate) use order::{order_bulk, run_of as run_of_bulk};
pub(crate) use plan::plan_bulk;
pub(in crate::admin::api) use plan::{__path_plan, plan};

use std::sync::Arc;

use actix_web::web::Data;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Problem, own_pick, request::work::done};
use crate::{
    admin::{AdminState, identity::Principal},
    domain::{Action, ActionKind, Pick, Scheme, Undoable},
};

/// The pick of `caller` with this id; it has users, of a source of theirs.
fn pick(state: &AdminState, caller: &Principal, id: &str) -> Result<Arc<Pick>, Problem> {
    let pick = own_pick(state, caller, id)?;
    if pick.users.is_empty() {
        return Err(Problem::Conflict(format!("the pick `{id}` has no users; add some")));
    }
    Ok(pick)
}

/// The scheme that does `actions` to the users of `pick`, and the digest of both: whoever has seen a plan orders exactly that.
async fn planned(state: &Data<AdminState>, pick: &Arc<Pick>, actions: &Value) -> Result<(Scheme, String), Problem> {
    let (of, pick, actions) = (Data::clone(state), Arc::clone(pick), actions.clone());
    done(state.runtime(), move || named(&of, &pick, &actions)).await
}

/// The same; it takes a while for many users.
fn named(state: &AdminState, pick: &Pick, actions: &Value) -> Result<(Scheme, String), Problem> {
    let scheme = state.settings.check_bulk(&pick.source, actions, &pick.users)?.scheme;
    let mut digest = Sha256::new();
    // As usher writes them: the same actions in other words are the same.
    digest.update(serde_json::to_vec(&scheme.actions).map_err(|error| Problem::internal(&error))?);
    digest.update(pick.source.as_str());
    for user in &*pick.users {
        digest.update((user.as_str().len() as u64).to_be_bytes());
        digest.update(user.as_str());
    }
    Ok((scheme, hex::encode(&digest.finalize()[..16])))
}

/// Whether no undo can put back what `action` does.
fn is_irreversible(action: &Action) -> bool {
    action.kind().undoable() == Undoable::No
}

/// Actions on a pick, as they are before anybody looks at its users.
#[derive(Debug, Clone)]
pub(crate) struct NamedPlan {
    /// Names exactly these users and actions, as [`BulkPlan::plan`] does.
    pub(crate) plan: String,
    /// The actions in their order.
    pub(crate) actions: Vec<ActionKind>,
    /// Whether no undo can put back what one of them does.
    pub(crate) is_irreversible: bool,
}

/// The name of the plan of `actions` on the pick `id`. No user is read.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` has no such pick, [`Problem::Conflict`] if it has no users,
/// [`Problem::InvalidActions`] if the actions can't be carried out.
pub(crate) async fn name_plan(
    state: &Data<AdminState>,
    caller: &Principal,
    id: &str,
    actions: &Value,
) -> Result<NamedPlan, Problem> {
    let pick = pick(state, caller, id)?;
    let (scheme, plan) = planned(state, &pick, actions).await?;
    let is_irreversible = scheme.actions.iter().any(is_irreversible);
    Ok(NamedPlan { plan, actions: scheme.actions.iter().map(Action::kind).collect(), is_irreversible })
}
