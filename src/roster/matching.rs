//! Finds the users of a list that somebody wrote.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

use rusqlite::Connection;

use super::{
    Error, Roster,
    row::{ListedUser, email_key, name_key, user},
    standing::known_number,
};
use crate::{
    domain::{EmailAddress, SourceId, UserId},
    user_list::{ListedAs, ListedRow},
};

/// The users with one key that are looked at. More are not needed to tell that a line fits several.
const MAX_ALIKE: usize = 20;
/// The longest id that a product has, in characters.
const MAX_ID: usize = 255;

/// The users of a list, as far as the roster has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The users, each once, in the order of the list.
    pub users: Vec<UserId>,
    /// The lines that stand for nobody else.
    pub problems: Vec<Unmatched>,
}

/// A line that stands for nobody, for several users, or for a user who is in the list already. `Debug` does not print its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// The line.
    pub line: u64,
    /// The text that names the user.
    pub value: String,
    /// The reason.
    pub why: NoMatch,
}

/// Why a line adds no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoMatch {
    /// The roster has no such user.
    #[error("no such user")]
    NotThere,
    /// Several users have this login name or e-mail address.
    #[error("it fits several users; name them by `id`")]
    Several,
    /// A login name or an e-mail address, where no list of users is kept.
    #[error("no list of users is kept, so only an `id` names somebody")]
    OnlyIds,
    /// An earlier line stands for the same user.
    #[error("the user of line {first} once more")]
    Twice {
        /// The earlier line.
        first: u64,
    },
}

impl Matched {
    /// The users of a list where no roster is kept: ids are taken as they are, if any product could have them.
    pub fn unchecked(rows: &[ListedRow]) -> Self {
        let found = |who: &ListedAs| match who {
            ListedAs::Id(id) if id.trim().is_empty() || id.chars().count() > MAX_ID => Err(NoMatch::NotThere),
            ListedAs::Id(id) => Ok(UserId::new(id.clone())),
            ListedAs::Name(_) | ListedAs::Email(_) => Err(NoMatch::OnlyIds),
        };
        let (mut matched, mut lines) = (Self::default(), HashMap::new());
        rows.iter().for_each(|row| matched.take(&mut lines, row, found(&row.who)));
        matched
    }

    /// Takes in what was found for a line. `lines` has the line of each user so far.
    fn take(&mut self, lines: &mut HashMap<UserId, u64>, row: &ListedRow, found: Result<UserId, NoMatch>) {
        let ListedRow { line, who } = row;
        let why = match found {
            Ok(id) => match lines.entry(id) {
                Entry::Vacant(entry) => {
                    self.users.push(entry.key().clone());
                    entry.insert(*line);
                    return;
                }
                Entry::Occupied(entry) => NoMatch::Twice { first: *entry.get() },
            },
            Err(why) => why,
        };
        self.problems.push(Unmatched { line: *line, value: who.as_str().to_owned(), why });
    }
}

impl fmt::Debug for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unmatched").field("line", &self.line).field("why", &self.why).finish_non_exhaustive()
    }
}

impl Roster {
    /// The users of `source` for whom `rows` stand. Login names and e-mail addresses are compared without regard to case, as the
    /// products do; ids are compared as they are.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn matched(&self, source: &SourceId, rows: &[ListedRow]) -> Result<Matched, Error> {
        self.0.database.read(|db| {
            let number = known_number(db, source)?;
            let mut matched = Matched::default();
            let mut lines = HashMap::new();
            for row in rows {
                let found = match number {
                    Some(number) => found(db, number, &row.who)?,
                    None => Err(NoMatch::NotThere),
                };
                matched.take(&mut lines, row, found);
            }
            Ok(matched)
        })
    }
}

/// The one user of the source `number` whom `who` means; the inner error is why it is not one.
fn found(db: &Connection, number: i64, who: &ListedAs) -> Result<Result<UserId, NoMatch>, Error> {
    let alike = |column: &str, index: &str, key: String| -> Result<Result<Vec<ListedUser>, NoMatch>, Error> {
        let sql = format!("SELECT * FROM users {index} WHERE source = ?1 AND {column} = ?2 LIMIT {MAX_ALIKE}");
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map((number, key), user)?;
        let users: Vec<_> = rows.collect::<Result<_, _>>()?;
        // Behind the bound there may be another one who is meant.
        Ok(if users.len() < MAX_ALIKE { Ok(users) } else { Err(NoMatch::Several) })
    };
    // The keys are without case and diacritics, so they find users that are not meant, too.
    let alike = match who {
        ListedAs::Id(id) => alike("id", "", id.clone())?,
        ListedAs::Name(name) => alike("by_name", "INDEXED BY users_by_name", name_key(name))?,
        ListedAs::Email(email) => alike("by_email", "INDEXED BY users_by_email", email_key(email))?,
    };
    Ok(alike.and_then(|mut users| {
        users.retain(|user| is_meant(user, who));
        match (users.pop(), users.is_empty()) {
            (None, _) => Err(NoMatch::NotThere),
            (Some(user), true) => Ok(user.id),
            (Some(_), false) => Err(NoMatch::Several),
        }
    }))
}

fn is_meant(user: &ListedUser, who: &ListedAs) -> bool {
    match who {
        ListedAs::Id(id) => user.id.as_str() == id,
        ListedAs::Name(name) => user.name.as_ref().is_some_and(|other| other.to_lowercase() == name.to_lowercase()),
        ListedAs::Email(email) => {
            let (wanted, other) = (EmailAddress::parse(email), user.email.as_ref());
            wanted.zip(other).is_some_and(|(wanted, other)| wanted.is_same(other))
        }
    }
}
