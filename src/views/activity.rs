//! What usher has seen of everybody, and since when and until when each source told of logins.

use super::{Error, keys::part};
use crate::{
    domain::{Activity, Decision, EventKind, Heard, SourceId, Timestamp, UserKey, UserRef},
    log::codec,
    store::Store,
};

/// The users' activity by source and user; by source the stretch of time in which logins were told.
#[derive(Debug, Clone)]
pub(super) struct Activities {
    rows: sled::Tree,
    heard: sled::Tree,
}

impl Activities {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self { rows: store.tree("view-activity")?, heard: store.tree("view-heard")? })
    }

    /// What can be built anew from the log. When logins were told can not, as it goes further back than decisions do;
    /// reading them again changes nothing about it.
    pub(super) fn trees(&self) -> [&sled::Tree; 1] {
        [&self.rows]
    }

    /// Takes in what a decision says.
    pub(super) fn decided(&self, decision: &Decision) -> Result<(), Error> {
        if decision.kind == EventKind::LoggedIn {
            let heard = Heard::after(self.heard(&decision.source)?, decision.accepted);
            self.heard.insert(decision.source.as_str(), write(heard).as_slice())?;
        }
        match &decision.activity {
            Some(activity) => self.merge(&decision.key(), activity),
            None => Ok(()),
        }
    }

    /// Takes in an activity, unless more is known.
    pub(super) fn merge(&self, user: &UserKey, activity: &Activity) -> Result<(), Error> {
        let key = part(user.as_str());
        if let Some(known) = self.read(&key)?
            && !activity.is_newer_than(&known)
        {
            return Ok(());
        }
        self.rows.insert(key, codec::encode(activity).as_ref())?;
        Ok(())
    }

    pub(super) fn get(&self, source: &SourceId, user: &UserRef) -> Result<Option<Activity>, Error> {
        self.read(&part(UserKey::new(source, user).as_str()))
    }

    pub(super) fn heard(&self, source: &SourceId) -> Result<Option<Heard>, Error> {
        Ok(self.heard.get(source.as_str())?.and_then(|row| read(&row)))
    }

    fn read(&self, key: &[u8]) -> Result<Option<Activity>, Error> {
        Ok(self.rows.get(key)?.map(|row| codec::decode(&row)).transpose()?)
    }
}

/// The latest login, the first of the stretch, whether the stretch is the first.
fn write(heard: Heard) -> Vec<u8> {
    let times = [heard.last, heard.since].map(|at| at.as_millis().to_be_bytes()).concat();
    [times, vec![u8::from(heard.is_first)]].concat()
}

/// Older versions kept the latest login alone: what was heard before it can't be told.
fn read(row: &[u8]) -> Option<Heard> {
    let (last, rest) = time(row)?;
    match time(rest) {
        Some((since, rest)) => Some(Heard { since, last, is_first: rest == [1] }),
        None => Some(Heard { since: last, last, is_first: false }),
    }
}

fn time(row: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (bytes, rest) = row.split_first_chunk()?;
    Some((Timestamp::from_millis(i64::from_be_bytes(*bytes)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::testing::{at, decision, source};

    #[test]
    fn the_newest_activity_stays_and_the_stretch_in_which_logins_were_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let activities = Activities::new(&Store::open(dir.path(), "memory").expect("a store")).expect("activities");
        let login = |event: &str, name: &str, seconds: i64, logins: u64| Decision {
            kind: EventKind::LoggedIn,
            activity: Some(Activity { last_login: Some(at(seconds)), logins, ..Activity::new(at(0)) }),
            ..decision(event, name, seconds, vec![])
        };
        assert_eq!(activities.heard(&source()).expect("read"), None);
        activities.decided(&login("e2", "jane", 2, 2)).expect("kept");
        activities.decided(&login("e1", "jane", 1, 1)).expect("passed over");
        let jane = login("e2", "jane", 2, 2);
        assert_eq!(activities.get(&source(), &jane.user).expect("read"), jane.activity);
        let heard = Some(Heard { since: at(1), last: at(2), is_first: true });
        assert_eq!(activities.heard(&source()).expect("read"), heard);
        activities.decided(&Decision { kind: EventKind::Created, ..login("e9", "joe", 9, 0) }).expect("kept");
        assert_eq!(activities.heard(&source()).expect("read"), heard, "a creation is no login");
        assert_eq!(activities.heard(&"other".parse().expect("an id")).expect("read"), None);
    }

    #[test]
    fn a_row_of_an_older_version_says_nothing_of_the_time_before_it() {
        let later = Heard { since: at(3), last: at(9), is_first: false };
        for heard in [later, Heard { is_first: true, ..later }] {
            assert_eq!(read(&write(heard)), Some(heard));
        }
        let older = at(9).as_millis().to_be_bytes();
        assert_eq!(read(&older), Some(Heard { since: at(9), last: at(9), is_first: false }));
        assert_eq!(read(&[]), None);
    }
}
