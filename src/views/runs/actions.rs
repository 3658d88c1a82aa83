//! The actions of a run.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The actions of a run: each once, in the scheme's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Actions(Vec<String>);

impl Actions {
    /// Whether this action is one of them.
    pub fn contains(&self, action: &str) -> bool {
        self.0.iter().any(|one| one == action)
    }

    /// Adds an action at the end.
    pub(super) fn insert(&mut self, action: &str) {
        if !self.contains(action) {
            self.0.push(action.to_owned());
        }
    }

    /// Adds the missing actions of `others`.
    pub(super) fn extend(&mut self, others: &Self) {
        others.0.iter().for_each(|action| self.insert(action));
    }
}

impl fmt::Display for Actions {
    /// As people read them: `add groups, deactivate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|action| action.replace('_', " ")).collect();
        f.write_str(&words.join(", "))
    }
}

impl<'a> FromIterator<&'a str> for Actions {
    fn from_iter<T: IntoIterator<Item = &'a str>>(actions: T) -> Self {
        let mut all = Self::default();
        actions.into_iter().for_each(|action| all.insert(action));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_stay_in_the_scheme_s_order_and_each_stands_once() {
        let mut actions: Actions = ["remove_groups", "add_groups", "remove_groups", "deactivate"].into_iter().collect();
        actions.extend(&["deactivate", "create_issue"].into_iter().collect());
        let text = serde_json::to_string(&actions).expect("JSON");
        assert_eq!(text, r#"["remove_groups","add_groups","deactivate","create_issue"]"#);
        assert!(actions.contains("create_issue") && !actions.contains("rename"));
    }
}
