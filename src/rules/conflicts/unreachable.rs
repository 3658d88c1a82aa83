//! A scheme that another one leaves nobody to select.
//!
//! It is reported only if it is proved: there is no user, known in part or in whole, whom the scheme selects and the
//! other does not. Expressions in CEL can't be proved about.

use crate::domain::{GroupName, Timestamp, TriggerKind, Truth};

use super::{
    Conflict, ConflictKind, Witness, candidates,
    person::{Person, Trait},
    profile::Profile,
    search::{Answer, Budget, first},
};

/// The number of lists of users up to which the candidates are all users that they tell apart: one text for each list.
const MAX_LISTS: usize = 2;

/// How a scheme ends the selection of a user by another one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending<'a> {
    /// The account is gone.
    Deletes,
    /// The account is not active, and the other scheme selects active users only.
    Deactivates,
    /// The user is in none of the `only_groups` of the other scheme.
    TakesGroups(&'a GroupName),
}

/// How `ender` may end the selection of the users of `scheme`; none if it does not, or does not by itself.
pub(super) fn may_end<'a>(ender: &Profile<'_>, scheme: &Profile<'a>) -> Option<Ending<'a>> {
    let is_comparable = ender.expressions.is_empty() && scheme.expressions.is_empty();
    let is_certain = ender.trigger() == TriggerKind::Schedule && !ender.scheme.test_mode;
    let comes_later = scheme.trigger() != TriggerKind::OnCreate; // a user is created before anything is taken away
    if !(is_comparable && is_certain && comes_later && ender.users.len() + scheme.users.len() <= MAX_LISTS) {
        return None;
    }
    let only = scheme.scheme.only_groups.as_slice();
    match only.first() {
        _ if ender.effects.deletes => Some(Ending::Deletes),
        Some(group) if only.iter().all(|group| ender.effects.takes(group)) => Some(Ending::TakesGroups(group)),
        _ if ender.effects.deactivates => Some(Ending::Deactivates),
        _ => None,
    }
}

/// Whether everybody whom `scheme` selects is selected by `ender`, and for no longer selected by `scheme`.
pub(super) fn is_proved(
    scheme: &Profile<'_>,
    ender: &Profile<'_>,
    ending: Ending<'_>,
    now: Timestamp,
    budget: &mut Budget,
) -> bool {
    let respects = candidates::all(scheme, ender, now);
    let anybody = Person::anybody(now);
    let is_active_only = match ending {
        Ending::Deletes | Ending::TakesGroups(_) => true,
        // A user who is not active can't log in.
        Ending::Deactivates if scheme.trigger() == TriggerKind::OnLogin => true,
        Ending::Deactivates => {
            let inactive = anybody.with(&Trait::Active(false));
            let others = candidates::all(scheme, scheme, now);
            !others.is_cut
                && none(&others.without_state(), &inactive, budget, |person| match scheme.select(person) {
                    Truth::True => Answer::Yes,
                    Truth::False => Answer::No,
                    Truth::Unknown => Answer::Open,
                })
        }
    };
    is_active_only
        && !respects.is_cut
        && none(&respects.traits, &anybody, budget, |person| match (scheme.select(person), ender.select(person)) {
            (Truth::False, _) | (_, Truth::True) => Answer::No,
            (Truth::True, _) => Answer::Yes,
            (Truth::Unknown, _) => Answer::Open,
        })
}

/// Whether there is nobody to whom `answer` says yes; false if the budget does not suffice to know.
fn none(
    respects: &[Vec<Trait>],
    person: &Person,
    budget: &mut Budget,
    mut answer: impl FnMut(&Person) -> Answer,
) -> bool {
    first(respects, person, &mut |person: &Person| if budget.spend(2) { answer(person) } else { Answer::Yes }).is_none()
}

/// The conflict of `scheme` with `ender`.
pub(super) fn conflict(scheme: &Profile<'_>, ender: &Profile<'_>, ending: Ending<'_>, witness: &Witness) -> Conflict {
    let (id, by) = (&scheme.scheme.id, &ender.scheme.id);
    let (group, does) = match ending {
        Ending::Deletes => (None, "deletes them".to_owned()),
        Ending::Deactivates => (None, format!("deactivates them, and `{id}` is about active users")),
        Ending::TakesGroups(group) => (Some(group.clone()), format!("removes them from the `only_groups` of `{id}`")),
    };
    Conflict {
        kind: ConflictKind::Unreachable,
        schemes: [id.clone(), by.clone()],
        group,
        why: format!("`{by}` selects everybody whom `{id}` selects, and {does}"),
        witness: witness.clone(),
    }
}
