//! Bulk actions, each as the scheme that it is carried out as.

use std::sync::Arc;

use serde_json::{Value, json};

use super::State;
use crate::{
    config::{CheckedScheme, Problem, Problems, Sources, check_scheme},
    domain::{Bulk, Condition, NamedUsers, SchemeId, Selection, SourceId, UserId},
    rules::VersionedScheme,
};

/// A bulk action, and the scheme that it is carried out as.
#[derive(Debug)]
pub(in crate::settings) struct BulkEntry {
    pub(super) bulk: Arc<Bulk>,
    scheme: Option<VersionedScheme>,
}

impl BulkEntry {
    /// Reads `bulk` for these sources. One that can't be read with this version of usher selects nobody.
    pub(super) fn read(bulk: Bulk, sources: &Sources) -> Self {
        let scheme = scheme_of(&bulk, sources);
        Self { bulk: Arc::new(bulk), scheme }
    }

    pub(super) fn read_again(&self, sources: &Sources) -> Self {
        Self { bulk: Arc::clone(&self.bulk), scheme: scheme_of(&self.bulk, sources) }
    }

    pub(super) fn scheme(&self) -> Option<&VersionedScheme> {
        self.scheme.as_ref()
    }
}

impl State {
    /// All bulk actions that are kept.
    pub fn bulks(&self) -> impl Iterator<Item = &Arc<Bulk>> {
        self.bulks.values().map(|known| &known.bulk)
    }

    /// The scheme that a bulk action is carried out as.
    pub fn scheme_of_bulk(&self, id: &SchemeId) -> Option<&VersionedScheme> {
        self.bulks.get(Bulk::key_of(id).as_str())?.scheme()
    }
}

fn scheme_of(bulk: &Bulk, sources: &Sources) -> Option<VersionedScheme> {
    let actions = serde_json::from_str(&bulk.actions).unwrap_or(Value::Null);
    let read = checked(&bulk.id, &bulk.source, &actions, bulk.test_mode, &bulk.users, sources);
    match read {
        Ok(CheckedScheme { scheme, .. }) => Some(VersionedScheme { reference: scheme.reference(), scheme }),
        Err(problems) => {
            let why = problems.iter().map(Problem::message).collect::<Vec<_>>().join("\n");
            tracing::warn!(bulk.id = %bulk.id, why, "a bulk action can't be read and selects nobody");
            None
        }
    }
}

/// The scheme that does `actions`, a list as in a scheme, once to `users`.
///
/// # Errors
/// All problems of the actions; their places are those of a scheme that nobody wrote.
pub(in crate::settings) fn checked(
    id: &SchemeId,
    source: &SourceId,
    actions: &Value,
    test_mode: bool,
    users: &[UserId],
    sources: &Sources,
) -> Result<CheckedScheme, Problems> {
    // The users are put in afterwards: a hundred thousand of them need not be parsed.
    let text = json!({
        "id": id, "name": "Bulk action", "source": source, "trigger": "manual", "test_mode": test_mode,
        "select": { "any": [{ "users": ["somebody"] }] }, "actions": actions,
    });
    let mut checked = check_scheme(&text.to_string(), "", sources)?;
    let users = NamedUsers::new(users.iter().map(UserId::to_string));
    checked.scheme.select = Selection(vec![Condition::Users(users)]);
    Ok(checked)
}
