//! One user of a list, as the roster keeps them.

use std::{fmt, time::Duration};

use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Error;
use crate::{
    domain::{
        AccountType, EmailAddress, Fact, Facts, Logins, Missing, Origin, Profile, Timestamp, UserHints, UserId,
        searchable,
    },
    products::User,
};

/// Sorts behind every other text: for users without the value.
const LAST: &str = "\u{10ffff}";
/// The account type of people. A product's own words for others stand behind a `~`.
const PERSON: &str = "person";

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// The account is active.
    Active,
    /// The account is not active.
    Inactive,
    /// The user is suspended in the directory.
    Suspended,
}

impl UserStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Suspended];

    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// The status that a product tells in two parts.
    pub fn told(active: Option<bool>, suspended: Option<bool>) -> Option<Self> {
        match (suspended, active) {
            (Some(true), _) => Some(Self::Suspended),
            (_, Some(true)) => Some(Self::Active),
            (_, Some(false)) => Some(Self::Inactive),
            (_, None) => None,
        }
    }
}

impl ToSql for UserStatus {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for UserStatus {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of_word(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// A user of a list. Everything but the id may be unknown. `Debug` prints the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// The lasting id.
    pub id: UserId,
    /// The login name (Data Center).
    pub name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
    /// The e-mail address.
    pub email: Option<EmailAddress>,
    /// Whether the user may log in.
    pub status: Option<UserStatus>,
    /// The sort of account.
    pub account_type: Option<AccountType>,
    /// The user directory.
    pub directory: Option<String>,
    /// The time at which the account was created.
    pub created: Option<Timestamp>,
    /// The last login that the product tells of.
    pub last_login: Option<Timestamp>,
    /// The time by which the product may report a login late.
    pub logins_late: Duration,
}

impl fmt::Debug for ListedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedUser").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ListedUser {
    /// The user as a list contains them at `at`. Times that can't be right are left out.
    pub fn of_list(id: &UserId, hints: &UserHints, at: Timestamp) -> Self {
        let profile = hints.profile.as_deref().cloned().unwrap_or_default();
        Self {
            id: id.clone(),
            name: hints.name.clone(),
            email: hints.email.clone(),
            status: UserStatus::told(hints.active, profile.suspended),
            account_type: hints.account_type.clone(),
            ..Self::of_profile(profile, at)
        }
    }

    /// The user as just read.
    pub fn of_reading(user: &User, at: Timestamp) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            email: user.email.clone(),
            status: UserStatus::told(user.active, user.suspended),
            account_type: user.account_type.clone(),
            ..Self::of_profile(user.profile(), at)
        }
    }

    fn of_profile(profile: Profile, at: Timestamp) -> Self {
        let Profile { display_name, directory, suspended: _, created, last_login, logins_late } = profile;
        let plausible = |time: Option<Timestamp>| time.filter(|time| time.is_plausible(at));
        let (created, last_login) = (plausible(created), plausible(last_login));
        Self {
            id: UserId::new(""),
            name: None,
            display_name,
            email: None,
            status: None,
            account_type: None,
            directory,
            created,
            last_login,
            logins_late: last_login.map_or(Duration::ZERO, |_| logins_late),
        }
    }

    /// The facts for conditions, as of `at`. A list has no groups and no applications: these are unknown.
    pub fn facts(&self, at: Timestamp) -> Facts {
        fn fact<T: Clone>(value: Option<T>, at: Timestamp) -> Fact<T> {
            Fact::from_option(value, Origin::Listing, at, Missing::NotTold)
        }
        let logins =
            self.last_login.map(|last| Logins { last: Some(last), count: 1, complete: false, watched_since: None });
        Facts {
            name: fact(self.name.clone(), at),
            email: fact(self.email.clone(), at),
            active: fact(self.status.map(|status| status == UserStatus::Active), at),
            account_type: fact(self.account_type.clone(), at),
            created: fact(self.created, at),
            logins: fact(logins, at.minus(self.logins_late)),
            directory: fact(self.directory.clone(), at),
            ..Facts::unknown(Missing::NotInPayload)
        }
    }

    fn domain(&self) -> Option<&str> {
        Some(self.email.as_ref()?.domain()?.as_str())
    }

    fn email_text(&self) -> Option<&str> {
        self.email.as_ref().map(EmailAddress::as_str)
    }

    /// The text that a search looks at: one line a value.
    fn searched(&self) -> String {
        let values = [self.name.as_deref(), self.display_name.as_deref(), self.email_text(), Some(self.id.as_str())];
        values.into_iter().flatten().map(searchable).collect::<Vec<_>>().join("\n")
    }
}

/// The columns of a user in the tables, without the number of the source or the list.
pub(super) const COLUMNS: &str = "id, name, display_name, email, status, account_type, directory, created, last_login, \
    logins_late, domain, searched, by_name, by_display_name, by_email";

/// The key for sorting by `value`.
fn sorted(value: Option<&str>) -> String {
    value.map_or_else(|| LAST.to_owned(), searchable)
}

/// The key for sorting and finding an e-mail address.
pub(super) fn email_key(email: &str) -> String {
    searchable(email)
}

/// The key for sorting and finding a login name.
pub(super) fn name_key(name: &str) -> String {
    searchable(name)
}

/// Calls `with` with the values of [`COLUMNS`] behind `first`.
///
/// # Errors
/// Those of `with`.
pub(super) fn with_values<T>(
    user: &ListedUser,
    first: &[&dyn ToSql],
    with: impl FnOnce(&[&dyn ToSql]) -> Result<T, Error>,
) -> Result<T, Error> {
    let name = sorted(user.name.as_deref().or(user.display_name.as_deref()));
    let (display_name, email) = (sorted(user.display_name.as_deref()), user.email_text());
    let (by_email, searched, domain) = (sorted(email), user.searched(), user.domain());
    let late = i64::try_from(user.logins_late.as_millis()).unwrap_or(i64::MAX);
    let account_type = user.account_type.as_ref().map(|kind| match kind {
        AccountType::Person => PERSON.to_owned(),
        AccountType::Other(word) => format!("~{word}"),
    });
    let mut values = first.to_vec();
    values.extend([
        &user.id as &dyn ToSql,
        &user.name,
        &user.display_name,
        &email,
        &user.status,
        &account_type,
        &user.directory,
        &user.created,
        &user.last_login,
        &late,
        &domain,
        &searched,
        &name,
        &display_name,
        &by_email,
    ]);
    with(&values)
}

/// Reads the user of a row.
///
/// # Errors
/// The error of SQLite if a column is not of the form in which it was written.
pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<ListedUser> {
    let (email, kind): (Option<String>, Option<String>) = (row.get("email")?, row.get("account_type")?);
    let late: i64 = row.get("logins_late")?;
    Ok(ListedUser {
        id: row.get("id")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        email: email.as_deref().and_then(EmailAddress::parse),
        status: row.get("status")?,
        account_type: kind.map(|kind| match kind.strip_prefix('~') {
            Some(word) => AccountType::Other(word.to_owned()),
            None => AccountType::Person,
        }),
        directory: row.get("directory")?,
        created: row.get("created")?,
        last_login: row.get("last_login")?,
        logins_late: Duration::from_millis(u64::try_from(late).unwrap_or(0)),
    })
}
