//! The wanted users of the roster, and their order.

use rusqlite::{ToSql, types::Value};

use super::row::UserStatus;
use crate::domain::{EmailDomain, searchable};

/// The words of a search that count; more are not needed to name anybody.
const MAX_WORDS: usize = 8;

/// The conditions on users, as far as the roster itself knows. An unknown value never matches.
#[derive(Debug, Clone, Default)]
pub struct RosterFilter {
    /// Words that all stand in the name, the display name, the e-mail address or the id.
    pub text: Option<String>,
    /// The domain of the e-mail address.
    pub domain: Option<EmailDomain>,
    /// The status.
    pub status: Option<UserStatus>,
    /// The name of the user directory.
    pub directory: Option<String>,
}

/// The value that users are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortKey {
    /// The login name, or the display name where there is no login name.
    #[default]
    Name,
    /// The display name.
    DisplayName,
    /// The e-mail address.
    Email,
    /// The lasting id.
    Id,
}

/// The order of a list of users. Users without the value are last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sort {
    /// The value.
    pub key: SortKey,
    /// Whether the order is turned round.
    pub descending: bool,
}

impl SortKey {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::DisplayName, Self::Email, Self::Id];

    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::DisplayName => "display_name",
            Self::Email => "email",
            Self::Id => "id",
        }
    }

    /// The column with the value.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Name => "by_name",
            Self::DisplayName => "by_display_name",
            Self::Email => "by_email",
            Self::Id => "id",
        }
    }

    /// The index in this order.
    pub(super) const fn index(self) -> &'static str {
        match self {
            Self::Name => "INDEXED BY users_by_name",
            Self::DisplayName => "INDEXED BY users_by_display_name",
            Self::Email => "INDEXED BY users_by_email",
            Self::Id => "", // the table itself is in this order
        }
    }
}

impl Sort {
    /// By the lasting id.
    pub const fn by_id() -> Self {
        Self { key: SortKey::Id, descending: false }
    }

    /// Reads the word of the API: that of the value, with `-` before it for the order turned round.
    pub fn of_word(word: &str) -> Option<Self> {
        let (descending, word) = word.strip_prefix('-').map_or((false, word), |word| (true, word));
        let key = SortKey::ALL.into_iter().find(|key| key.as_str() == word)?;
        Some(Self { key, descending })
    }
}

/// Conditions in SQL, with the values of their `?`.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) sql: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    pub(super) fn add<const N: usize>(&mut self, sql: impl Into<String>, values: [Value; N]) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        self.values.iter().map(|value| value as &dyn ToSql)
    }
}

impl RosterFilter {
    /// Whether all users match.
    pub(super) fn is_empty(&self) -> bool {
        let Self { text, domain, status, directory } = self;
        text.is_none() && domain.is_none() && status.is_none() && directory.is_none()
    }

    pub(super) fn add_to(&self, conditions: &mut Conditions) {
        let Self { text, domain, status, directory } = self;
        let words = text.as_deref().map(searchable).unwrap_or_default();
        for word in words.split(' ').filter(|word| !word.is_empty()).take(MAX_WORDS) {
            conditions.add("instr(searched, ?) > 0", [Value::from(word.to_owned())]);
        }
        if let Some(domain) = domain {
            conditions.add("domain = ?", [Value::from(domain.as_str().to_owned())]);
        }
        if let Some(status) = status {
            conditions.add("status = ?", [Value::from(status.as_str().to_owned())]);
        }
        if let Some(directory) = directory {
            conditions.add("directory = ?", [Value::from(directory.clone())]);
        }
    }
}
