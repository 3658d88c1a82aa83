//! The buttons of a bulk action, and what has to be typed: the more, the greater the harm.

use super::{Checked, Tested, Typed};
use crate::{
    admin::identity::{About, Permission},
    console::{
        Asked,
        frame::{Errors, users},
    },
    domain::ActionKind,
};

/// So many users can be changed by one click, if that can be undone.
const FEW: u64 = 10;
/// From more than so many percent of the users of a source on, a bulk action is a great one.
const GREAT_PERCENT: u64 = 5;

/// The harm that a bulk action may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Harm {
    /// One click does it. A test run before is advised.
    Little,
    /// A test run, and the number of users is typed.
    Some,
    /// The same, with a reason, and by somebody who has just signed in.
    Great,
}

impl Harm {
    /// Of actions on `count` users out of the `of` users of the source; where that is not known, they may be all.
    pub(super) fn of(count: u64, of: Option<u64>, is_irreversible: bool) -> Self {
        let is_great = || of.is_none_or(|of| u128::from(count) * 100 > u128::from(of) * u128::from(GREAT_PERCENT));
        match () {
            () if is_irreversible => Self::Great,
            () if count <= FEW => Self::Little,
            () if is_great() => Self::Great,
            () => Self::Some,
        }
    }
}

/// See the module.
pub(super) struct Confirm {
    pub(super) path: String,
    pub(super) actions: String,
    pub(super) plan: String,
    pub(super) tested: String,
    pub(super) number: u64,
    pub(super) wants_number: bool,
    pub(super) wants_reason: bool,
    pub(super) typed: Typed,
    pub(super) number_is_wrong: bool,
    pub(super) reason_is_wrong: bool,
    pub(super) test_word: String,
    pub(super) word: String,
    pub(super) class: &'static str,
    /// What has to be done first, or is advised.
    pub(super) advice: Option<&'static str>,
    pub(super) is_tested: bool,
    pub(super) may_test: Option<String>,
    pub(super) may_order: Option<String>,
}

/// The permission for the actions themselves.
pub(super) fn permission(checked: &Checked) -> Permission {
    if checked.plan.is_irreversible { Permission::Irreversible } else { Permission::Bulk }
}

pub(super) fn harm(checked: &Checked) -> Harm {
    Harm::of(checked.pick.users.len() as u64, checked.of, checked.plan.is_irreversible)
}

impl Confirm {
    pub(super) fn new(
        asked: &Asked,
        checked: &Checked,
        tested: &str,
        test: Option<&Tested>,
        typed: Typed,
        errors: &Errors,
    ) -> Self {
        let (count, harm) = (checked.pick.users.len() as u64, harm(checked));
        let about = About::Source(&checked.pick.source);
        let is_tested = test.is_some_and(|test| test.counts);
        let advice = match (is_tested, harm) {
            (true, _) => None,
            (false, Harm::Little) => Some("A test run first is advised: it says what would be done to each of them."),
            (false, Harm::Some | Harm::Great) => Some("Make the test run first, and look at it."),
        };
        let not_tested =
            (!is_tested && harm > Harm::Little).then(|| "This wants a test run of the same plan first.".to_owned());
        Self {
            path: super::page_of(&checked.pick, "check").to_string(),
            actions: checked.text.clone(),
            plan: checked.plan.plan.clone(),
            tested: tested.to_owned(),
            number: count,
            wants_number: harm > Harm::Little,
            wants_reason: harm == Harm::Great,
            typed,
            number_is_wrong: errors.about("number"),
            reason_is_wrong: errors.about("reason"),
            test_word: format!("Try it on {}", users(count)),
            word: words(&checked.plan.actions, count),
            class: if harm == Harm::Little { "" } else { "destroys" },
            advice,
            is_tested,
            may_test: asked.why_not(Permission::TestRun, about),
            may_order: asked.why_not(permission(checked), about).or(not_tested),
        }
    }
}

/// What is done, to how many.
fn words(actions: &[ActionKind], count: u64) -> String {
    let users = users(count);
    let Some(first) = actions.first() else { return users };
    let first = match first {
        ActionKind::AddGroups => format!("Add {users} to groups"),
        ActionKind::RemoveGroups => format!("Remove {users} from groups"),
        ActionKind::RemoveAllGroups => format!("Remove {users} from all groups"),
        ActionKind::RemoveApplicationAccess => format!("Take access away from {users}"),
        ActionKind::Deactivate => format!("Deactivate {users}"),
        ActionKind::Reactivate => format!("Reactivate {users}"),
        ActionKind::Delete => format!("Delete {users}"),
        ActionKind::Rename => format!("Rename {users}"),
        ActionKind::InvalidatePassword => format!("Replace the passwords of {users}"),
        ActionKind::CreateIssue => format!("Create an issue for each of {users}"),
    };
    match actions.len() - 1 {
        0 => first,
        1 => format!("{first}, and 1 action more"),
        more => format!("{first}, and {more} actions more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmation_grows_with_the_harm() {
        for (count, of, is_irreversible, harm) in [
            (1, Some(10_000), false, Harm::Little),
            (10, Some(20), false, Harm::Little),
            (10, None, false, Harm::Little),
            (11, Some(10_000), false, Harm::Some),
            (500, Some(10_000), false, Harm::Some),
            (501, Some(10_000), false, Harm::Great),
            (11, None, false, Harm::Great),
            (11, Some(0), false, Harm::Great),
            (1, Some(10_000), true, Harm::Great),
            (u64::MAX, Some(u64::MAX), false, Harm::Great),
        ] {
            assert_eq!(Harm::of(count, of, is_irreversible), harm, "{count} of {of:?}");
        }
    }

    #[test]
    fn the_button_says_what_is_done_to_how_many() {
        assert_eq!(words(&[ActionKind::Deactivate], 412), "Deactivate 412 users");
        assert_eq!(
            words(&[ActionKind::RemoveAllGroups, ActionKind::Delete], 1),
            "Remove 1 user from all groups, and 1 action more"
        );
    }
}
