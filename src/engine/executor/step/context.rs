//! What is carried from step to step of one decision.

use std::time::Duration;

use tokio::time::Instant;

use crate::{domain::Step, products::User, store::Entry};

/// What was read longer ago is not carried to the next step.
const TRUE_FOR: Duration = Duration::from_mins(10);
/// What was read longer ago, when the turn of a step comes, is looked at once more before the step is done.
const FRESH: Duration = Duration::from_secs(60);

/// A user as a step knows them.
pub(super) struct Known {
    pub(super) user: User,
    /// Whether steps before this one may have changed anything but the groups told here.
    stale: bool,
    read: Instant,
    /// How often the source had been [stopped](crate::source::Connection::stops) by then.
    stops: u64,
}

impl Known {
    /// As just read from a source that has been stopped as often as `stops` tells.
    pub(super) fn fresh(user: User, stops: u64) -> Self {
        Self { user, stale: false, read: Instant::now(), stops }
    }

    /// Whether it may still be judged by, the source having been stopped as often as `stops` tells. Who was nobody
    /// before a pause may be an administrator after it.
    pub(super) fn holds(&self, stops: u64) -> bool {
        // Not by age: in a source that answers slowly it would be judged again and again, and nothing ever done.
        self.stops == stops
    }

    /// When it was read.
    pub(super) fn read(&self) -> Instant {
        self.read
    }

    /// Whether it was read so long ago that the user may be another by now: the step has waited for its turn.
    pub(super) fn is_old(&self) -> bool {
        self.read.elapsed() > FRESH
    }
}

/// What the steps before have found and done, so that the next one acts on what is true now and reads no more than it
/// must.
#[derive(Default)]
pub(in crate::engine) struct StepContext {
    known: Option<Known>,
    /// Whether a change has been made: the first one ends the time from event to action.
    acted: bool,
    gone: bool,
    kept_back: bool,
}

impl StepContext {
    /// The next scheme's steps begin.
    pub(in crate::engine) fn begin_scheme(&mut self) {
        self.kept_back = false;
    }

    /// Notes how a step is remembered.
    pub(in crate::engine) fn note(&mut self, step: &Step, entry: &Entry) {
        self.gone |= *entry == Entry::Gone;
        self.kept_back |= *step == Step::Delete && *entry == Entry::KeptBack;
    }

    /// Whether a step has deleted the user, or found that somebody had.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether the scheme's delete was kept back.
    pub(super) fn is_delete_kept_back(&self) -> bool {
        self.kept_back
    }

    /// The user, if what is known still answers for `step`, [holds](Known::holds) and is not old. To be kept again where
    /// nothing changes.
    pub(super) fn take_for(&mut self, step: &Step, stops: u64) -> Option<Known> {
        let about_groups = matches!(step, Step::AddGroup(_) | Step::RemoveGroup(_) | Step::RemoveAllGroups);
        let young = |known: &Known| known.holds(stops) && known.read.elapsed() < TRUE_FOR;
        self.known.take().filter(|known| young(known) && (about_groups || !known.stale))
    }

    /// Keeps what is known: nothing has changed.
    pub(super) fn keep(&mut self, known: Known) {
        self.known = Some(known);
    }

    /// Forgets what is known: the next step reads anew.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Notes that `step` has changed the user; true the first time that anything has.
    pub(super) fn changed(&mut self, mut known: Known, step: &Step) -> bool {
        if let Some(groups) = &mut known.user.groups {
            match step {
                Step::AddGroup(group) => drop(groups.insert(group.clone())),
                Step::RemoveGroup(group) => drop(groups.remove(group)),
                Step::RemoveAllGroups => groups.clear(),
                _ => {}
            }
        }
        self.known = match step {
            // Access follows from groups, and nobody knows what else.
            Step::AddGroup(_) | Step::RemoveGroup(_) | Step::RemoveAllGroups => Some(Known { stale: true, ..known }),
            Step::InvalidatePassword { .. } | Step::CreateIssue(_) => Some(known),
            Step::RemoveApplicationAccess(_)
            | Step::Deactivate
            | Step::Reactivate
            | Step::Delete
            | Step::Rename { .. } => None,
        };
        !std::mem::replace(&mut self.acted, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{GroupName, UserId};

    fn group(name: &str) -> GroupName {
        GroupName::new(name)
    }

    fn jane() -> Known {
        let user = User {
            name: Some("jane".into()),
            active: Some(true),
            groups: Some([group("staff")].into()),
            ..User::new(UserId::new("JIRAUSER1"))
        };
        Known::fresh(user, 0)
    }

    /// The groups known for `next` after `step` was done; none where the user is to be read anew.
    fn after(step: Step, next: &Step) -> Option<Vec<String>> {
        let mut context = StepContext::default();
        assert!(context.changed(jane(), &step), "the first change");
        let known = context.take_for(next, 0)?;
        Some(known.user.groups?.iter().map(GroupName::to_string).collect())
    }

    #[test]
    fn a_step_about_groups_goes_on_from_the_groups_that_the_one_before_left() {
        let next = Step::AddGroup(group("x"));
        assert_eq!(after(Step::AddGroup(group("vpn")), &next), Some(vec!["staff".into(), "vpn".into()]));
        assert_eq!(after(Step::RemoveGroup(group("staff")), &next), Some(Vec::new()));
        assert_eq!(after(Step::RemoveAllGroups, &next), Some(Vec::new()));
        assert_eq!(after(Step::RemoveApplicationAccess(Vec::new()), &next), None);
    }

    #[test]
    fn another_step_reads_the_user_anew_when_anything_of_theirs_has_changed() {
        let next = Step::Rename { suffix: "-x".into() };
        let suffix = || Step::Rename { suffix: "-left".into() };
        for step in [Step::AddGroup(group("vpn")), Step::RemoveAllGroups, Step::Deactivate, Step::Reactivate, suffix()]
        {
            assert_eq!(after(step.clone(), &next), None, "{step:?}");
        }
        let password = Step::InvalidatePassword { send_reset_link: false };
        assert_eq!(after(password, &next), Some(vec!["staff".into()]), "the account is as it was");
    }

    #[test]
    fn a_delete_that_was_kept_back_keeps_back_its_own_scheme_only_and_one_that_was_done_ends_it_all() {
        let mut context = StepContext::default();
        context.note(&Step::Deactivate, &Entry::KeptBack);
        assert!(!context.is_delete_kept_back());
        context.note(&Step::Delete, &Entry::KeptBack);
        assert!(context.is_delete_kept_back());
        context.begin_scheme();
        assert!(!context.is_delete_kept_back());
        context.note(&Step::Delete, &Entry::Gone);
        context.begin_scheme();
        assert!(context.is_gone());
    }
}
