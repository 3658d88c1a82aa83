//! One user: each fact with its origin and age, or with the reason why it is not known.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, RosterRow, Users,
    logins::{has_never_logged_in, logins_of},
};
use crate::{
    domain::{AccountType, Activity, EmailAddress, Fact, Facts, Missing, Origin, SourceId, Timestamp, UserId, UserRef},
    products::User,
    roster::{ListedUser, UserStatus},
};

/// The reason for facts that no list of users contains.
const NOT_LISTED: &str = "a list of users does not contain it; `fresh=true` reads the user from the product";
/// The reason for all facts of a user whom no list contains.
const NO_LIST: &str = "no list of users has this user; `fresh=true` reads the user from the product";
/// The end of both, for those who have another way to ask for it.
pub const ASKS_FRESH: &str = "; `fresh=true` reads the user from the product";
/// The accounts with the same address that are named.
const MAX_SAME: usize = 50;

/// A fact, or why it is not known. `T` is an option, so that the API's document says that the value may be null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactRow<T> {
    /// The value; null if it is not known.
    pub value: T,
    /// The origin.
    pub from: Option<&'static str>,
    /// The time of the fact.
    pub as_of: Option<Timestamp>,
    /// Why it is not known.
    pub why: Option<String>,
}

/// The facts about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactsRow {
    /// The login name (Data Center).
    pub name: FactRow<Option<String>>,
    /// The name that people see.
    pub display_name: FactRow<Option<String>>,
    /// The e-mail address.
    pub email: FactRow<Option<String>>,
    /// Whether the user may log in.
    pub status: FactRow<Option<UserStatus>>,
    /// The sort of account.
    pub account_type: FactRow<Option<String>>,
    /// The user directory.
    pub directory: FactRow<Option<String>>,
    /// The groups.
    pub groups: FactRow<Option<Vec<String>>>,
    /// The applications that the user may use.
    pub applications: FactRow<Option<Vec<String>>>,
    /// When the account was created.
    pub created: FactRow<Option<Timestamp>>,
    /// The last login.
    pub last_login: FactRow<Option<Timestamp>>,
}

/// The activity that usher has seen of a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivityRow {
    /// The first event of the user.
    pub first_seen: Option<Timestamp>,
    /// The creation, if it was reported.
    pub created: Option<Timestamp>,
    /// The last reported login.
    pub last_login: Option<Timestamp>,
    /// The number of reported logins.
    pub logins: Option<u64>,
    /// Whether there was never a login; null if that is not known.
    pub never_logged_in: Option<bool>,
}

/// An account of another source with the same e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SameEmail {
    /// The source.
    pub source: SourceId,
    /// The lasting id.
    pub id: UserId,
    /// The login name (Data Center).
    pub name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserView {
    /// The source.
    pub source: SourceId,
    /// The lasting id.
    pub id: UserId,
    /// The facts.
    pub facts: FactsRow,
    /// The activity that usher has seen.
    pub activity: ActivityRow,
    /// Whether the user is listed in the source's `protect.users`.
    pub protected: bool,
    /// Accounts of other sources with the same e-mail address, by the lists that usher keeps.
    pub same_email_in: Vec<SameEmail>,
    /// The last list of the source's users.
    pub roster: RosterRow,
}

impl<T> FactRow<Option<T>> {
    fn known(value: T, origin: Origin, as_of: Timestamp) -> Self {
        Self { value: Some(value), from: Some(origin.as_str()), as_of: Some(as_of), why: None }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self { value: None, from: None, as_of: None, why: Some(why.into()) }
    }

    fn told(value: Option<T>, origin: Origin, as_of: Timestamp) -> Self {
        value.map_or_else(|| Self::unknown(Missing::NotTold.to_string()), |value| Self::known(value, origin, as_of))
    }

    /// `fact`, shown by `show`; `missing` is the reason if the facts are those of a list.
    fn of<V>(fact: &Fact<V>, show: impl FnOnce(&V) -> T, missing: Option<&str>) -> Self {
        match fact {
            Fact::Known { value, origin, as_of } => Self::known(show(value), *origin, *as_of),
            Fact::Unknown(Missing::NotInPayload) => Self::unknown(missing.unwrap_or(NOT_LISTED)),
            Fact::Unknown(why) => Self::unknown(why.to_string()),
        }
    }
}

/// The data of a user by a list or a reading.
struct Told {
    user: ListedUser,
    origin: Origin,
    at: Timestamp,
}

impl FactsRow {
    fn new(told: Option<&Told>, facts: &Facts) -> Self {
        let missing = told.is_none().then_some(NO_LIST);
        let of_list = |text: Option<String>| match told {
            Some(told) => FactRow::told(text, told.origin, told.at),
            None => FactRow::unknown(NO_LIST),
        };
        let user = told.map(|told| &told.user);
        let status = match told {
            Some(told) => FactRow::told(told.user.status, told.origin, told.at),
            None => FactRow::unknown(NO_LIST),
        };
        let account_type = |kind: &AccountType| match kind {
            AccountType::Person => "person".to_owned(),
            AccountType::Other(word) => word.clone(),
        };
        Self {
            name: FactRow::of(&facts.name, String::clone, missing),
            display_name: of_list(user.and_then(|user| user.display_name.clone())),
            email: FactRow::of(&facts.email, |email: &EmailAddress| email.as_str().to_owned(), missing),
            status,
            account_type: FactRow::of(&facts.account_type, account_type, missing),
            directory: FactRow::of(&facts.directory, String::clone, missing),
            groups: FactRow::of(&facts.groups, |groups| groups.iter().map(ToString::to_string).collect(), None),
            applications: FactRow::of(&facts.applications, |keys| keys.iter().cloned().collect(), None),
            created: FactRow::of(&facts.created, |at| *at, missing),
            last_login: last_login(facts, missing),
        }
    }
}

fn last_login(facts: &Facts, missing: Option<&str>) -> FactRow<Option<Timestamp>> {
    match &facts.logins {
        Fact::Known { value, origin, as_of } => match (value.last, has_never_logged_in(facts)) {
            (Some(last), _) => FactRow::known(last, *origin, *as_of),
            (None, Some(true)) => FactRow { as_of: Some(*as_of), ..FactRow::unknown("there was never a login") },
            (None, _) => FactRow::unknown("no login is known; there may have been some before usher heard of logins"),
        },
        unknown @ Fact::Unknown(_) => FactRow::of(unknown, |_| Timestamp::from_millis(0), missing),
    }
}

impl ActivityRow {
    fn new(activity: Option<&Activity>, facts: &Facts) -> Self {
        let never_logged_in = logins_of(facts).and_then(|_| has_never_logged_in(facts));
        Self {
            first_seen: activity.map(|activity| activity.first_seen),
            created: activity.and_then(|activity| activity.created),
            last_login: activity.and_then(|activity| activity.last_login),
            logins: activity.map(|activity| activity.logins),
            never_logged_in,
        }
    }
}

impl Users {
    /// One user, by what usher knows; none if it knows of no such user.
    ///
    /// # Errors
    /// [`Error`] if the roster or the views fail.
    pub fn known_user(&self, source: &SourceId, id: &UserId) -> Result<Option<UserView>, Error> {
        let kept = match &self.roster {
            Some(roster) => roster.user(source, id)?,
            None => None,
        };
        let activity = self.views.activity(source, &UserRef::Id(id.clone()))?;
        if kept.is_none() && activity.is_none() {
            return Ok(None);
        }
        let told = kept.map(|(user, at)| Told { user, origin: Origin::Listing, at });
        let facts =
            told.as_ref().map_or_else(|| Facts::unknown(Missing::NotInPayload), |told| told.user.facts(told.at));
        let (coverage, now) = (self.views.login_coverage(source), self.clock.now());
        let facts = facts.with_activity(activity.as_ref(), coverage, now);
        self.view(source, id, told.as_ref(), &facts, activity.as_ref()).map(Some)
    }

    /// One user as just read at `at`, with the facts about them. The roster takes the reading in.
    ///
    /// # Errors
    /// [`Error`] if the roster or the views fail.
    pub fn read_user(&self, source: &SourceId, user: &User, facts: &Facts, at: Timestamp) -> Result<UserView, Error> {
        if let Some(roster) = &self.roster {
            roster.record_reading(source, user, at)?;
        }
        let told = Told { user: ListedUser::of_reading(user, at), origin: Origin::Product, at };
        let activity = self.views.activity(source, &UserRef::Id(user.id.clone()))?;
        self.view(source, &user.id, Some(&told), facts, activity.as_ref())
    }

    fn view(
        &self,
        source: &SourceId,
        id: &UserId,
        told: Option<&Told>,
        facts: &Facts,
        activity: Option<&Activity>,
    ) -> Result<UserView, Error> {
        let name = told.and_then(|told| told.user.name.as_deref());
        Ok(UserView {
            source: source.clone(),
            id: id.clone(),
            facts: FactsRow::new(told, facts),
            activity: ActivityRow::new(activity, facts),
            protected: self.is_protected(source, id, name),
            same_email_in: self.same_email_in(source, told)?,
            roster: self.standing(source)?,
        })
    }

    fn same_email_in(&self, source: &SourceId, told: Option<&Told>) -> Result<Vec<SameEmail>, Error> {
        let (Some(roster), Some(email)) = (&self.roster, told.and_then(|told| told.user.email.as_ref())) else {
            return Ok(Vec::new());
        };
        let others = self.register.all();
        let mut others: Vec<_> =
            others.iter().map(|running| running.id()).filter(|other| *other != source).cloned().collect();
        others.sort();
        let found = roster.with_email(&others, email, MAX_SAME)?;
        let same = found.into_iter().map(|(source, ListedUser { id, name, display_name, .. })| SameEmail {
            source,
            id,
            name,
            display_name,
        });
        Ok(same.collect())
    }
}
