//! The change of one thing about a user, from one state to another.

use super::Change;
use crate::domain::{GroupName, Step, Timestamp};

/// The thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The membership in a group.
    Group(GroupName),
    /// Whether the account is active.
    Active,
    /// The login name.
    Name,
}

/// A state of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Member or not, active or not.
    Is(bool),
    /// A login name.
    Called(String),
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) subject: Subject,
    /// The state before: it is put back.
    pub(super) from: State,
    /// The state after: if it is another one now, somebody else has changed it.
    pub(super) to: State,
    /// The time of the change.
    pub(super) at: Timestamp,
}

impl Transition {
    fn of(subject: Subject, to: bool, at: Timestamp) -> Self {
        Self { subject, from: State::Is(!to), to: State::Is(to), at }
    }

    /// Whether the states differ. Two changes of one run may have undone each other.
    pub(super) fn changes_something(&self) -> bool {
        self.from != self.to
    }

    /// The step that puts the state before back.
    pub(super) fn back(&self) -> Step {
        match (&self.subject, &self.from, &self.to) {
            (Subject::Group(group), State::Is(true), _) => Step::AddGroup(group.clone()),
            (Subject::Group(group), _, _) => Step::RemoveGroup(group.clone()),
            (Subject::Active, State::Is(true), _) => Step::Reactivate,
            (Subject::Name, State::Called(name), State::Called(given)) => {
                Step::NameBack { from: given.clone(), to: name.clone() }
            }
            (Subject::Active | Subject::Name, _, _) => Step::Deactivate,
        }
    }

    /// The step in words.
    pub(super) fn in_words(&self) -> String {
        match self.back() {
            Step::AddGroup(group) => format!("give back {group}"),
            Step::RemoveGroup(group) => format!("take away {group}"),
            Step::Reactivate => "reactivate".to_owned(),
            Step::NameBack { to, .. } => format!("name back to {to}"),
            _ => "deactivate".to_owned(),
        }
    }
}

/// The single changes that `change` consists of.
///
/// # Errors
/// Why it can't be put back, in words.
pub(super) fn transitions(change: &Change) -> Result<Vec<Transition>, &'static str> {
    let group = |to| vec![Transition::of(Subject::Group(GroupName::new(&*change.target)), to, change.at)];
    match change.action.as_str() {
        "add_groups" => Ok(group(true)),
        "remove_groups" => Ok(group(false)),
        "remove_all_groups" => taken(change, Some("[]"))
            .ok_or("the product did not tell all of the user's groups before they were taken away"),
        "remove_application_access" => taken(change, change.after.as_deref())
            .ok_or("it is not recorded which of the user's groups were taken away; the state before names all of them"),
        "deactivate" => Ok(vec![Transition::of(Subject::Active, false, change.at)]),
        "reactivate" => Ok(vec![Transition::of(Subject::Active, true, change.at)]),
        "rename" => match (&change.before, &change.after) {
            (Some(before), Some(after)) if before != "unknown" => Ok(vec![Transition {
                subject: Subject::Name,
                from: State::Called(before.clone()),
                to: State::Called(after.clone()),
                at: change.at,
            }]),
            _ => Err("the login name before it is not recorded"),
        },
        "delete" => Err("the account was deleted, which can't be undone"),
        "invalidate_password" => Err("the password before it is known to nobody; the user can set a new one"),
        "create_issue" => Err("the issue stays; close or delete it in the product"),
        _ => Err("this version of usher does not know the action"),
    }
}

/// Whether a later step of another run is about the thing that `transition` changed, and may contradict its undoing. A
/// step that took all groups away contradicts that any is given back, also one that it did not find.
pub(super) fn touches(later: &Change, transition: &Transition) -> bool {
    let is_group = matches!(transition.subject, Subject::Group(_));
    let is_given_back = is_group && transition.from == State::Is(true);
    let names_it = |later: &Change| {
        let transitions = transitions(later).ok();
        transitions.map(|all| all.iter().any(|other| other.subject == transition.subject))
    };
    match later.action.as_str() {
        "add_groups" | "remove_groups" => transition.subject == Subject::Group(GroupName::new(&*later.target)),
        "remove_all_groups" => is_given_back || (is_group && names_it(later).unwrap_or(true)),
        "remove_application_access" => is_group && names_it(later).unwrap_or(true),
        "deactivate" | "reactivate" => transition.subject == Subject::Active,
        "rename" => transition.subject == Subject::Name,
        _ => false,
    }
}

/// The groups that the user was in before `change` and not `after` it; none if either is not known.
fn taken(change: &Change, after: Option<&str>) -> Option<Vec<Transition>> {
    let groups = |text: Option<&str>| -> Option<Vec<GroupName>> {
        let names: Vec<String> = serde_json::from_str(text?).ok()?;
        Some(names.into_iter().map(GroupName::new).collect())
    };
    let (before, after) = (groups(change.before.as_deref())?, groups(after)?);
    let gone = before.into_iter().filter(|group| !after.contains(group));
    Some(gone.map(|group| Transition::of(Subject::Group(group), false, change.at)).collect())
}
