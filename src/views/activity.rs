//! What usher has seen of everybody, and when each source last told of a login.

use super::{Error, keys::part};
use crate::{
    domain::{Activity, Decision, EventKind, SourceId, Timestamp, UserKey, UserRef},
    log::codec,
    store::Store,
};

/// The users' activity by source and user; by source the latest login told.
#[derive(Debug, Clone)]
pub(super) struct Activities {
    rows: sled::Tree,
    heard: sled::Tree,
}

impl Activities {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self { rows: store.tree("view-activity")?, heard: store.tree("view-heard")? })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 2] {
        [&self.rows, &self.heard]
    }

    /// Takes in what a decision says.
    pub(super) fn decided(&self, decision: &Decision) -> Result<(), Error> {
        if decision.kind == EventKind::LoggedIn && self.heard(&decision.source)? < Some(decision.accepted) {
            let at = decision.accepted.as_millis().to_be_bytes();
            self.heard.insert(decision.source.as_str(), &at)?;
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

    pub(super) fn heard(&self, source: &SourceId) -> Result<Option<Timestamp>, Error> {
        let at = self.heard.get(source.as_str())?.and_then(|row| row.as_ref().try_into().ok());
        Ok(at.map(|bytes| Timestamp::from_millis(i64::from_be_bytes(bytes))))
    }

    fn read(&self, key: &[u8]) -> Result<Option<Activity>, Error> {
        Ok(self.rows.get(key)?.map(|row| codec::decode(&row)).transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::testing::{at, decision, source};

    #[test]
    fn the_newest_activity_stays_and_the_latest_login_told_of_anybody() {
        let dir = tempfile::tempdir().expect("a folder");
        let activities = Activities::new(&Store::open(dir.path(), "memory").expect("a store")).expect("activities");
        let login = |event: &str, name: &str, seconds: i64, logins: u64| Decision {
            kind: EventKind::LoggedIn,
            activity: Some(Activity { first_seen: at(0), created: None, last_login: Some(at(seconds)), logins }),
            ..decision(event, name, seconds, vec![])
        };
        assert_eq!(activities.heard(&source()).expect("read"), None);
        activities.decided(&login("e2", "jane", 2, 2)).expect("kept");
        activities.decided(&login("e1", "jane", 1, 1)).expect("passed over");
        let jane = login("e2", "jane", 2, 2);
        assert_eq!(activities.get(&source(), &jane.user).expect("read"), jane.activity);
        assert_eq!(activities.heard(&source()).expect("read"), Some(at(2)));
        activities.decided(&Decision { kind: EventKind::Created, ..login("e9", "joe", 9, 0) }).expect("kept");
        assert_eq!(activities.heard(&source()).expect("read"), Some(at(2)), "a creation is no login");
        assert_eq!(activities.heard(&"other".parse().expect("an id")).expect("read"), None);
    }
}
