//! The forms of a plan and of an order.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    admin::api::schemas,
    explain::{Foresight, StepCounts},
};

/// Actions on a pick, to be planned.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin::api) struct PlanText {
    /// The id of the pick.
    #[schema(max_length = 100)]
    pub(super) pick: String,
    /// The actions in their order, as in a scheme.
    #[schema(value_type = schemas::ActionsText)]
    pub(super) actions: Value,
}

/// Actions on a pick, to be done.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkOrder {
    /// The id of the pick.
    #[schema(max_length = 100)]
    pub(crate) pick: String,
    /// The actions in their order, as in a scheme.
    #[schema(value_type = schemas::ActionsText)]
    pub(crate) actions: Value,
    /// The `plan` that was seen.
    #[schema(max_length = 100)]
    pub(crate) plan: String,
    /// Whether everything is recorded and nothing is changed; true by default.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) test_mode: bool,
    /// Why; needed where an action can't be undone.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) reason: Option<String>,
}

fn yes() -> bool {
    true
}

/// The effect that a bulk action would have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BulkPlan {
    /// Names exactly these users and actions: an order is bound to it.
    pub(crate) plan: String,
    /// The users of the pick.
    pub(crate) users: u64,
    /// The users who were read just now. The others are counted by the last list of the source.
    pub(crate) read: u64,
    /// The steps in their order.
    pub(crate) steps: Vec<BulkStep>,
    /// The product calls, at most: a reading of each user, and a change for each step that is not so already.
    pub(crate) calls: u64,
    /// The time for them at the highest pace of the source, in seconds; null if the pace is not known.
    pub(crate) seconds: Option<u64>,
    /// The actions that no undo can put back.
    pub(crate) irreversible: Vec<&'static str>,
    /// The actions that an undo may put back only in part, because the product may not tell the state before.
    pub(crate) undone_in_part: Vec<&'static str>,
}

/// The effect of one step, in users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BulkStep {
    /// The action.
    pub(crate) action: &'static str,
    /// Its target; empty if it has none.
    pub(crate) target: String,
    /// It would change something.
    pub(crate) change: u64,
    /// It is so already.
    pub(crate) already: u64,
    /// The user is protected, or not a person: nothing would be done.
    pub(crate) protected: u64,
    /// It is not known. Such a user is read before anything is done.
    pub(crate) unknown: u64,
}

impl BulkStep {
    pub(super) fn of(foresight: Foresight) -> Vec<Self> {
        let step = |(action, target, StepCounts { change, already, protected, unknown })| Self {
            action,
            target,
            change,
            already,
            protected,
            unknown,
        };
        foresight.steps.into_iter().map(step).collect()
    }
}
