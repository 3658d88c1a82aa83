//! The activity of each user, as the planner keeps it beside the ledger.

use super::{Error, Scope, table::Table};
use crate::{
    domain::{Activity, UserKey},
    log::codec,
};

/// The data of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredActivity {
    /// The activity.
    pub activity: Activity,
    /// The latest snapshot in the compacted stream, if it is known. The other activity is lost with the last decisions.
    pub snapshot: Option<Activity>,
}

/// The store's answer about one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// The store has no data.
    Nothing,
    /// The data.
    Stored(Box<StoredActivity>),
    /// Something that this version can't read: it is to be built again from the log.
    Unreadable,
}

/// The users' activity by scope and user. Cheap to clone; all clones are one memory.
#[derive(Debug, Clone)]
pub struct ActivityStore(Table);

impl ActivityStore {
    pub(super) fn new(table: Table) -> Self {
        Self(table)
    }

    /// The data of `user`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn get(&self, scope: &Scope, user: &UserKey) -> Result<Recalled, Error> {
        let Some(row) = self.0.get(scope.key(user.as_str()))? else { return Ok(Recalled::Nothing) };
        Ok(read(&row).map_or(Recalled::Unreadable, |seen| Recalled::Stored(Box::new(seen))))
    }

    /// The same for an update: an unreadable row is as none.
    fn kept(&self, scope: &Scope, user: &UserKey) -> Result<Option<StoredActivity>, Error> {
        Ok(match self.get(scope, user)? {
            Recalled::Stored(seen) => Some(*seen),
            Recalled::Nothing | Recalled::Unreadable => None,
        })
    }

    /// Stores `seen` in place of the earlier data.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't write.
    pub fn put(&self, scope: &Scope, user: &UserKey, seen: &StoredActivity) -> Result<(), Error> {
        self.0.put(scope.key(user.as_str()), write(seen))
    }

    /// Removes the data of `user`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't write.
    pub fn remove(&self, scope: &Scope, user: &UserKey) -> Result<(), Error> {
        self.0.remove(scope.key(user.as_str()))
    }

    /// Takes in the activity of a decision, unless the stored one is newer. Returns the data of `user` then.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn merge(&self, scope: &Scope, user: &UserKey, activity: &Activity) -> Result<StoredActivity, Error> {
        match self.kept(scope, user)? {
            Some(kept) if !activity.is_newer_than(&kept.activity) => Ok(kept),
            kept => {
                let snapshot = kept.and_then(|kept| kept.snapshot);
                let seen = StoredActivity { activity: activity.clone(), snapshot };
                self.put(scope, user, &seen)?;
                Ok(seen)
            }
        }
    }

    /// Takes in a snapshot of the compacted stream. It takes one read and at most one write, because a process without
    /// a volume takes in all users.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn merge_snapshot(&self, scope: &Scope, user: &UserKey, snapshot: Activity) -> Result<(), Error> {
        let Some(kept) = self.kept(scope, user)? else {
            return self.put(scope, user, &StoredActivity { activity: snapshot.clone(), snapshot: Some(snapshot) });
        };
        let mut seen = kept.clone();
        if snapshot.is_newer_than(&kept.activity) {
            seen.activity = snapshot.clone();
        }
        if kept.snapshot.as_ref().is_none_or(|known| !known.is_newer_than(&snapshot)) {
            seen.snapshot = Some(snapshot);
        }
        if seen == kept { Ok(()) } else { self.put(scope, user, &seen) }
    }
}

/// The form, the activity's length, the activity, and the snapshot if there is one: nearly always it is equal.
fn write(seen: &StoredActivity) -> Vec<u8> {
    let activity = codec::encode(&seen.activity);
    let mut row = vec![FORM];
    row.extend_from_slice(&(activity.len() as u64).to_be_bytes());
    row.extend_from_slice(&activity);
    match &seen.snapshot {
        Some(snapshot) if *snapshot == seen.activity => row.push(SAME),
        Some(snapshot) => {
            row.push(SNAPSHOT);
            row.extend_from_slice(&codec::encode(snapshot));
        }
        None => {}
    }
    row
}

/// The first byte of a row. Rows of earlier versions begin with the activity's length, which was less.
const FORM: u8 = 255;
/// Stands before a snapshot, whose message may be empty.
const SNAPSHOT: u8 = 1;
/// The mark for a snapshot that is equal to the activity.
const SAME: u8 = 2;

/// Reads a row; none if this version does not know its form.
fn read(row: &[u8]) -> Option<StoredActivity> {
    let (activity, rest) = match row.split_first()? {
        (&FORM, rest) => {
            let (length, rest) = rest.split_first_chunk()?;
            rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?
        }
        (length, rest) => rest.split_at_checked(usize::from(*length))?,
    };
    let activity: Activity = codec::decode(activity).ok()?;
    let snapshot = match rest.split_first() {
        Some((&SNAPSHOT, snapshot)) => Some(codec::decode(snapshot).ok()?),
        Some((&SAME, [])) => Some(activity.clone()),
        Some(_) => return None,
        None => None,
    };
    Some(StoredActivity { activity, snapshot })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{SourceId, Stage, Timestamp, UserId, UserRef},
        log::Partition,
        store::Store,
    };

    fn jane() -> UserKey {
        UserKey::new(&source(), &UserRef::Id(UserId::new("jane")))
    }

    fn source() -> SourceId {
        "acme".parse().expect("an id")
    }

    fn logins(count: u64) -> Activity {
        let at = |n| Timestamp::from_millis(i64::try_from(n).expect("few") * 1000);
        Activity { last_login: (count > 0).then(|| at(count)), logins: count, ..Activity::new(at(0)) }
    }

    #[test]
    fn what_is_newer_stays_whichever_is_read_first() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path(), "log").expect("a store").activity().expect("activity");
        let scope = Scope::new(Stage::Planner, &source(), Partition(0));
        assert_eq!(store.kept(&scope, &jane()).expect("read"), None);
        store.merge(&scope, &jane(), &logins(2)).expect("kept");
        store.merge(&scope, &jane(), &logins(1)).expect("passed over");
        assert_eq!(
            store.kept(&scope, &jane()).expect("read"),
            Some(StoredActivity { activity: logins(2), snapshot: None })
        );
        store.merge_snapshot(&scope, &jane(), logins(1)).expect("kept");
        store.merge_snapshot(&scope, &jane(), logins(0)).expect("passed over");
        let seen = StoredActivity { activity: logins(2), snapshot: Some(logins(1)) };
        assert_eq!(store.kept(&scope, &jane()).expect("read"), Some(seen));
        store.merge_snapshot(&scope, &jane(), logins(3)).expect("kept");
        let seen = StoredActivity { activity: logins(3), snapshot: Some(logins(3)) };
        assert_eq!(store.kept(&scope, &jane()).expect("read"), Some(seen));
        let elsewhere = Scope::new(Stage::Planner, &source(), Partition(1));
        assert_eq!(store.kept(&elsewhere, &jane()).expect("read"), None);
    }

    #[test]
    fn a_row_of_another_form_is_none() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[9, 1]), None);
        assert_eq!(read(&[0, 7]), None);
        assert_eq!(read(&[255, 0, 0, 0, 0, 0, 0, 0, 9, 1]), None);
    }

    #[test]
    fn a_row_of_an_earlier_version_is_read() {
        let seen = StoredActivity { activity: logins(2), snapshot: Some(logins(1)) };
        let (activity, snapshot) = (codec::encode(&seen.activity), codec::encode(&logins(1)));
        let length = u8::try_from(activity.len()).expect("eight numbers are short");
        assert_eq!(read(&[&[length], &activity[..], &[SNAPSHOT], &snapshot[..]].concat()), Some(seen.clone()));
        assert_eq!(read(&write(&seen)), Some(seen));
    }

    #[test]
    fn a_snapshot_that_says_the_same_is_kept_once() {
        let seen = |snapshot| StoredActivity { activity: logins(2), snapshot: Some(logins(snapshot)) };
        let (same, other) = (write(&seen(2)), write(&seen(1)));
        assert!(same.len() < other.len());
        assert_eq!((read(&same), read(&other)), (Some(seen(2)), Some(seen(1))));
    }

    #[test]
    fn what_is_kept_may_grow() {
        let mut row = vec![FORM];
        let unknown = [0x7a, 200, 1].into_iter().chain(std::iter::repeat_n(7, 200)); // a field of a later version
        let activity: Vec<u8> = codec::encode(&logins(2)).iter().copied().chain(unknown).collect();
        row.extend_from_slice(&(activity.len() as u64).to_be_bytes());
        row.extend_from_slice(&activity);
        assert_eq!(read(&row), Some(StoredActivity { activity: logins(2), snapshot: None }));
    }
}
