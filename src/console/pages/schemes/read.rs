//! A scheme as people read it: trigger, conditions, actions and limits in words.

use super::trigger_words;
use crate::{
    console::{
        Asked,
        frame::{Badge, Kind, Moment, users},
    },
    domain::{ActionKind, Limits, Scheme, Trigger, Undoable},
    engine::upcoming,
    rules,
};

/// See the module.
pub(super) struct Reading {
    pub(super) trigger: String,
    /// The next times of a schedule, in its own zone.
    pub(super) next: Vec<Moment>,
    /// Each selects a user.
    pub(super) conditions: Vec<String>,
    pub(super) only_groups: Vec<String>,
    pub(super) exempt_users: Vec<String>,
    pub(super) exempt_groups: Vec<String>,
    pub(super) actions: Vec<ActionWords>,
    pub(super) limits: String,
}

/// An action, and whether it can be undone.
pub(super) struct ActionWords {
    pub(super) words: String,
    pub(super) undo: Badge,
}

/// The number of names of a list that are shown; the YAML has all.
const SHOWN: usize = 20;

impl Reading {
    pub(super) fn new(asked: &Asked, scheme: &Scheme) -> Self {
        let next = match &scheme.trigger {
            Trigger::Schedule(schedule) => {
                let at = |at| Moment::new(at, asked.now(), schedule.timezone());
                upcoming(schedule, asked.now()).next.into_iter().map(at).collect()
            }
            Trigger::OnCreate | Trigger::OnLogin | Trigger::Manual => Vec::new(),
        };
        let action = |action| ActionWords { words: rules::action_in_words(action), undo: undo_badge(action.kind()) };
        Self {
            trigger: trigger_words(&scheme.trigger),
            next,
            conditions: scheme.select.0.iter().map(rules::condition_in_words).collect(),
            only_groups: shown(&scheme.only_groups),
            exempt_users: shown(&scheme.exempt.users),
            exempt_groups: shown(&scheme.exempt.groups),
            actions: scheme.actions.iter().map(action).collect(),
            limits: limits_words(&scheme.limits),
        }
    }
}

fn shown(names: &[impl ToString]) -> Vec<String> {
    let mut shown: Vec<_> = names.iter().take(SHOWN).map(ToString::to_string).collect();
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    shown
}

/// The limits of a run in words.
pub(super) fn limits_words(limits: &Limits) -> String {
    let number = limits.users.map(users);
    let percent = limits.percent.map(|percent| format!("{percent} % of the users of the source"));
    match (number, percent) {
        (None, None) => "None: a run may be about any number of users.".to_owned(),
        (Some(one), None) | (None, Some(one)) => format!("A run of more than {one} is held for an administrator."),
        (Some(number), Some(percent)) => {
            format!("A run of more than {number}, or of more than {percent}, is held for an administrator.")
        }
    }
}

/// Whether an undo can put the state before an action back.
pub(super) const fn undo_badge(action: ActionKind) -> Badge {
    match action.undoable() {
        Undoable::Yes => Badge::new(Kind::Done, "can be undone"),
        Undoable::InPart => Badge::new(Kind::Warn, "can be undone where the product told the groups before"),
        Undoable::No => Badge::new(Kind::Danger, "can't be undone"),
    }
}
