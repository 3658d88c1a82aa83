//! Bulk actions: what is done once to the users of a pick. A plan says what would happen; the order is bound to it.

mod forms;
mod order;
mod plan;

pub(in crate::admin::api) use order::{__path_order, order};
pub(in crate::admin::api) use plan::{__path_plan, plan};

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Problem;
use crate::{
    admin::{AdminState, identity::Principal},
    domain::{Action, ActionKind, Pick, Scheme},
};

/// The pick of `caller` with this id; it has users, of a source of theirs.
fn pick(state: &AdminState, caller: &Principal, id: &str) -> Result<Arc<Pick>, Problem> {
    let pick = state.settings.pick(id, &caller.by()).filter(|pick| caller.sees(&pick.source));
    let pick = pick.ok_or_else(|| Problem::NotFound { kind: "pick", id: id.to_owned() })?;
    if pick.users.is_empty() {
        return Err(Problem::Conflict(format!("the pick `{id}` has no users; add some")));
    }
    Ok(pick)
}

/// The scheme that does `actions` to the users of `pick`, and the digest of both: whoever has seen a plan orders exactly that.
fn planned(state: &AdminState, pick: &Pick, actions: &Value) -> Result<(Scheme, String), Problem> {
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
    matches!(action.kind(), ActionKind::Delete | ActionKind::InvalidatePassword | ActionKind::CreateIssue)
}
