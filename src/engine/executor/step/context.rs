//! The context that is passed from step to step of one decision.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{GroupName, Step},
    products::User,
    source::recent_readings::RecentReading,
    store::Entry,
};

/// The age up to which a reading is passed to the next step.
const TRUE_FOR: Duration = Duration::from_mins(10);
/// The age up to which a reading is used when the turn of a step comes. An older one is repeated before the step is
/// done.
const MAX_READING_AGE: Duration = Duration::from_secs(60);

/// A user as a step knows them.
pub(super) struct UserReading {
    pub(super) user: User,
    /// Whether earlier steps may have changed anything besides the groups listed here.
    stale: bool,
    read: Instant,
    /// The number of [stops](crate::source::Connection::stops) of the source at the reading.
    stops: u64,
}

impl UserReading {
    /// A reading made just now; `stops` is the number of stops of the source.
    pub(super) fn fresh(user: User, stops: u64) -> Self {
        Self { user, stale: false, read: Instant::now(), stops }
    }

    /// A reading that the planner made in this process.
    pub(super) fn of_planner(reading: RecentReading) -> Self {
        let RecentReading { user, read, stops, .. } = reading;
        Self { user, stale: false, read, stops }
    }

    /// Whether the reading may still be used; `stops` is the present number of stops. A user without rights before a
    /// pause may be an administrator after it.
    pub(super) fn holds(&self, stops: u64) -> bool {
        // Not by age: in a source that answers slowly it would be judged again and again, and nothing ever done.
        self.stops == stops
    }

    /// The time of the reading.
    pub(super) fn read(&self) -> Instant {
        self.read
    }

    /// Whether the reading is so old that the user may have changed: the step has waited for its turn.
    pub(super) fn is_old(&self) -> bool {
        self.read.elapsed() > MAX_READING_AGE
    }
}

/// The readings and changes of the earlier steps. With them the next step acts on the present state, and reads no more
/// than it must.
#[derive(Default)]
pub(in crate::engine) struct StepContext {
    known: Option<UserReading>,
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

    /// Records how a step is remembered.
    pub(in crate::engine) fn record(&mut self, step: &Step, entry: &Entry) {
        self.gone |= *entry == Entry::Gone;
        self.kept_back |= *step == Step::Delete && *entry == Entry::KeptBack;
    }

    /// Whether a step has deleted the user, or found that the user was deleted.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether the scheme's delete was kept back.
    pub(super) fn is_delete_kept_back(&self) -> bool {
        self.kept_back
    }

    /// The user, if the reading is enough for `step`, [holds](UserReading::holds) and is not old. Keep it again if
    /// nothing changes.
    pub(super) fn take_for(&mut self, step: &Step, stops: u64) -> Option<UserReading> {
        let about_groups = matches!(step, Step::AddGroup(_) | Step::RemoveGroup(_) | Step::RemoveAllGroups);
        let young = |known: &UserReading| known.holds(stops) && known.read.elapsed() < TRUE_FOR;
        self.known.take().filter(|known| young(known) && (about_groups || !known.stale))
    }

    /// Keeps the reading: nothing has changed.
    pub(super) fn keep(&mut self, known: UserReading) {
        self.known = Some(known);
    }

    /// Drops the reading: the next step reads again.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Records that something has changed the user; true the first time.
    pub(super) fn is_first_change(&mut self) -> bool {
        !std::mem::replace(&mut self.acted, true)
    }

    /// Records that the user was put into `groups`.
    pub(super) fn joined<'g>(&mut self, mut known: UserReading, groups: impl Iterator<Item = &'g GroupName>) {
        if let Some(all) = &mut known.user.groups {
            all.extend(groups.cloned());
        }
        self.known = Some(UserReading { stale: true, ..known });
    }

    /// Records that `step` has changed the user.
    pub(super) fn changed(&mut self, mut known: UserReading, step: &Step) {
        if let Some(groups) = &mut known.user.groups {
            match step {
                Step::AddGroup(group) => drop(groups.insert(group.clone())),
                Step::RemoveGroup(group) => drop(groups.remove(group)),
                Step::RemoveAllGroups => groups.clear(),
                _ => {}
            }
        }
        self.known = match step {
            // Access follows from groups, and other properties may follow, too.
            Step::AddGroup(_) | Step::RemoveGroup(_) | Step::RemoveAllGroups => {
                Some(UserReading { stale: true, ..known })
            }
            Step::InvalidatePassword { .. } | Step::CreateIssue(_) => Some(known),
            Step::RemoveApplicationAccess(_)
            | Step::Deactivate
            | Step::Reactivate
            | Step::Delete
            | Step::Rename { .. }
            | Step::NameBack { .. } => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    fn group(name: &str) -> GroupName {
        GroupName::new(name)
    }

    fn jane() -> UserReading {
        let user = User {
            name: Some("jane".into()),
            active: Some(true),
            groups: Some([group("staff")].into()),
            ..User::new(UserId::new("JIRAUSER1"))
        };
        UserReading::fresh(user, 0)
    }

    /// The groups known for `next` after `step` was done; none if the user must be read again.
    fn after(step: Step, next: &Step) -> Option<Vec<String>> {
        let mut context = StepContext::default();
        context.changed(jane(), &step);
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
        context.record(&Step::Deactivate, &Entry::KeptBack);
        assert!(!context.is_delete_kept_back());
        context.record(&Step::Delete, &Entry::KeptBack);
        assert!(context.is_delete_kept_back());
        context.begin_scheme();
        assert!(!context.is_delete_kept_back());
        context.record(&Step::Delete, &Entry::Gone);
        context.begin_scheme();
        assert!(context.is_gone());
    }
}
