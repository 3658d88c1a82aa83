//! The activity of all users, and the periods in which each source reported logins.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::Error;
use crate::domain::{Activity, Decision, EventKind, GivenUp, LoginCoverage, SourceId, UserKey, UserRef};

/// The users by source and user; and by source the period in which logins were reported.
#[derive(Debug, Clone, Copy)]
pub(super) struct Activities<'c>(pub(super) &'c Connection);

impl Activities<'_> {
    /// Takes in the activity of a decision. Returns the period of its source, if it is a login.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn decided(self, decision: &Decision) -> Result<Option<LoginCoverage>, Error> {
        let mut coverage = None;
        if decision.kind == EventKind::LoggedIn {
            let now = LoginCoverage::after(self.login_coverage(&decision.source)?, decision.accepted);
            put_coverage(self.0, &decision.source, now)?;
            coverage = Some(now);
        }
        if let Some(activity) = &decision.activity {
            self.merge(&decision.key(), activity)?;
        }
        Ok(coverage)
    }

    /// Takes in an activity, unless more is known.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn merge(self, user: &UserKey, activity: &Activity) -> Result<(), Error> {
        match self.of(user)? {
            Some(known) if !activity.is_newer_than(&known) => Ok(()),
            Some(_) | None => self.put(user, activity),
        }
    }

    /// The activity of `user` in `source`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, source: &SourceId, user: &UserRef) -> Result<Option<Activity>, Error> {
        self.of(&UserKey::new(source, user))
    }

    fn of(self, user: &UserKey) -> Result<Option<Activity>, Error> {
        let mut statement = self.0.prepare_cached("SELECT * FROM users WHERE key = ?1")?;
        Ok(statement.query_row([user.as_str()], activity).optional()?)
    }

    fn put(self, user: &UserKey, activity: &Activity) -> Result<(), Error> {
        let mut statement = self.0.prepare_cached(
            "INSERT OR REPLACE INTO users (key, source, first_seen, created, created_until, removed, last_login, logins,
                in_baseline, as_of, given_up_since, given_up_last)
             VALUES (:key, :source, :first_seen, :created, :created_until, :removed, :last_login, :logins,
                :in_baseline, :as_of, :given_up_since, :given_up_last)",
        )?;
        statement.execute(named_params! {
            ":key": user.as_str(), ":source": user.source(), ":first_seen": activity.first_seen,
            ":created": activity.created, ":created_until": activity.created_until, ":removed": activity.removed,
            ":last_login": activity.last_login, ":logins": activity.logins, ":in_baseline": activity.in_baseline,
            ":as_of": activity.as_of, ":given_up_since": activity.given_up.map(|given_up| given_up.since),
            ":given_up_last": activity.given_up.map(|given_up| given_up.last),
        })?;
        Ok(())
    }

    fn login_coverage(self, source: &SourceId) -> Result<Option<LoginCoverage>, Error> {
        let mut statement = self.0.prepare_cached("SELECT * FROM heard WHERE source = ?1")?;
        Ok(statement.query_row([source], coverage).optional()?)
    }
}

fn activity(row: &Row<'_>) -> rusqlite::Result<Activity> {
    let given_up: (Option<_>, Option<_>) = (row.get("given_up_since")?, row.get("given_up_last")?);
    Ok(Activity {
        first_seen: row.get("first_seen")?,
        created: row.get("created")?,
        created_until: row.get("created_until")?,
        removed: row.get("removed")?,
        last_login: row.get("last_login")?,
        logins: row.get("logins")?,
        in_baseline: row.get("in_baseline")?,
        as_of: row.get("as_of")?,
        given_up: given_up.0.zip(given_up.1).map(|(since, last)| GivenUp { since, last }),
    })
}

fn coverage(row: &Row<'_>) -> rusqlite::Result<LoginCoverage> {
    Ok(LoginCoverage { since: row.get("since")?, last: row.get("last")?, is_first: row.get("is_first")? })
}

/// The period of each source in which it reported logins.
///
/// # Errors
/// [`Error::Database`] if SQLite fails; [`Error::Row`] if a row can't be read.
pub(super) fn all_coverage(db: &Connection) -> Result<Vec<(SourceId, LoginCoverage)>, Error> {
    let mut statement = db.prepare("SELECT * FROM heard")?;
    let all = statement.query_map([], |row| Ok((row.get("source")?, coverage(row)?)))?.collect::<Result<_, _>>()?;
    Ok(all)
}

/// Stores the period in which `source` reported logins.
///
/// # Errors
/// [`Error::Database`] where SQLite fails.
pub(super) fn put_coverage(db: &Connection, source: &SourceId, coverage: LoginCoverage) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO heard (source, since, last, is_first) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((source, coverage.since, coverage.last, coverage.is_first))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::{
        database::testing::in_memory,
        testing::{at, decision, source},
    };

    #[test]
    fn the_newest_activity_stays_and_the_stretch_in_which_logins_were_told() {
        let activities = Activities(in_memory());
        let login = |event: &str, name: &str, seconds: i64, logins: u64| Decision {
            kind: EventKind::LoggedIn,
            activity: Some(Activity { last_login: Some(at(seconds)), logins, ..Activity::new(at(0)) }),
            ..decision(event, name, seconds, vec![])
        };
        assert_eq!(activities.login_coverage(&source()).expect("read"), None);
        activities.decided(&login("e2", "jane", 2, 2)).expect("kept");
        activities.decided(&login("e1", "jane", 1, 1)).expect("passed over");
        let jane = login("e2", "jane", 2, 2);
        assert_eq!(activities.get(&source(), &jane.user).expect("read"), jane.activity);
        let coverage = Some(LoginCoverage { since: at(1), last: at(2), is_first: true });
        assert_eq!(activities.login_coverage(&source()).expect("read"), coverage);
        activities.decided(&Decision { kind: EventKind::Created, ..login("e9", "joe", 9, 0) }).expect("kept");
        assert_eq!(activities.login_coverage(&source()).expect("read"), coverage, "a creation is no login");
        assert_eq!(activities.login_coverage(&"other".parse().expect("an id")).expect("read"), None);
    }
}
