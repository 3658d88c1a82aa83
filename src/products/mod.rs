//! The Atlassian products: one trait, one file a product, one shared HTTP client.

mod administrators;
mod atlassian_org;
pub mod audit;
mod bitbucket_dc;
mod confluence;
mod connect;
mod crowd;
mod error;
mod group_ids;
mod http;
mod immutable;
mod jira;
mod lately;
mod leave_groups;
mod listing;
mod password;
#[cfg(test)]
mod stub;
pub mod table;
#[cfg(test)]
mod tests;
mod told;

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;

pub use connect::{ConnectError, connect, connect_adjustable, connect_within};
pub use error::{Disposition, Error, Fault};
pub use http::call_settings::{CallSettings, Prepared};
#[cfg(test)]
pub(crate) use http::clearance::cleared_in_test;
pub use http::clearance::{Clearance, Withheld, cleared_by};
pub(crate) use http::client::client as http_client;
pub use http::foreign::{Came, Foreign};
pub use http::limits::Limits;
pub use http::observation::{Observation, Observed};
pub use immutable::Fixed;
pub use listing::completeness::Completeness;
pub use told::{ManagedBy, PickedGroup, Right, SeatLimit, Seats, Standing, Told, UserDirectory};

use self::audit::AuditLog;
use crate::domain::{
    AccountType, EmailAddress, Fact, Facts, GroupName, Groups, Logins, Missing, OddTime, Origin, Product, Profile,
    Step, Timestamp, UserHints, UserId, UserRef, WrittenTime,
};

/// A user as the product describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The lasting id.
    pub id: UserId,
    /// The login name (Data Center).
    pub name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
    /// The e-mail address; Cloud hides it where privacy settings say so.
    pub email: Option<EmailAddress>,
    /// Whether the account is active.
    pub active: Option<bool>,
    /// Whether the user is suspended in the directory, where the product distinguishes that from an inactive account.
    pub suspended: Option<bool>,
    /// The sort of account.
    pub account_type: Option<AccountType>,
    /// Direct group memberships; `None` if the product gave only some of them.
    pub groups: Option<Groups>,
    /// The keys of the applications that the user has access to, where the product tells.
    pub applications: Option<BTreeSet<String>>,
    /// When the account was created, where the product tells.
    pub created: Option<Timestamp>,
    /// The last login, where the product tells.
    pub last_login: Option<Timestamp>,
    /// What is odd about one of these times, as it was written.
    pub odd_time: Option<OddTime>,
    /// How late the product may be in telling of it.
    pub logins_late: Duration,
    /// The user directory, where the product tells.
    pub directory: Option<String>,
    /// What can't be changed, where the product says so beforehand.
    pub fixed: Fixed,
    /// Whether a role or permission makes the user an administrator, whatever the groups of administrators are called;
    /// `None` if the product has such roles and did not tell.
    pub administers: Option<bool>,
}

impl User {
    /// A user of whom nothing is known but the id.
    pub fn new(id: UserId) -> Self {
        Self {
            id,
            name: None,
            display_name: None,
            email: None,
            active: None,
            suspended: None,
            account_type: None,
            groups: None,
            applications: None,
            created: None,
            last_login: None,
            odd_time: None,
            logins_late: Duration::ZERO,
            directory: None,
            fixed: Fixed::default(),
            administers: Some(false),
        }
    }

    /// What conditions may look at, as of `at`.
    pub fn facts(&self, at: Timestamp) -> Facts {
        fn fact<T: Clone>(value: &Option<T>, at: Timestamp) -> Fact<T> {
            Fact::from_option(value.clone(), Origin::Product, at, Missing::NotTold)
        }
        let plausible = |time: Option<Timestamp>| time.filter(|time| time.is_plausible(at));
        let logins = plausible(self.last_login).map(|last| Logins {
            last: Some(last),
            count: 1,
            complete: false,
            watched_since: None,
        });
        Facts {
            name: Fact::from_option(self.name.clone(), Origin::Product, at, Missing::NotApplicable),
            email: fact(&self.email, at),
            active: fact(&self.active, at),
            groups: fact(&self.groups, at),
            memberships: None,
            account_type: fact(&self.account_type, at),
            applications: fact(&self.applications, at),
            created: fact(&plausible(self.created), at),
            first_seen: Fact::Unknown(Missing::NotSeen),
            logins: fact(&logins, at.minus(self.logins_late)),
            directory: fact(&self.directory, at),
            called: Vec::new(),
        }
    }

    /// What is odd about the times that the product tells of the user at `at`. Those that can't be right are no facts.
    pub fn odd_time_at(&self, at: Timestamp) -> Option<OddTime> {
        let times = [self.created, self.last_login].into_iter().flatten();
        self.odd_time.or_else(|| times.into_iter().find_map(|time| WrittenTime::At(time).read(at).odd))
    }

    /// This, where it is the user that was asked for: ids are compared exactly, names in any case, as the products find them. A
    /// cache in front of a product may give one user's record to a call about another one.
    fn asked_for_as(self, asked: &UserRef, product: Product) -> Result<Self, Error> {
        let is_asked_for = match asked {
            UserRef::Id(id) => self.id == *id,
            UserRef::Name(name) => self.name.as_deref().is_none_or(|own| is_same_name(own, name)),
        };
        if is_asked_for { Ok(self) } else { Err(Error::about_another_user(product)) }
    }

    /// The login name, by which most calls of Data Center name the user.
    fn login_name(&self) -> Result<&str, Error> {
        self.name.as_deref().ok_or_else(|| Error::Unreadable("the user has no login name".to_owned()))
    }

    /// The groups, where all of them are known.
    fn all_groups(&self) -> Result<&Groups, Error> {
        self.groups.as_ref().ok_or_else(|| Error::Unreadable("it tells only some of the user's groups".to_owned()))
    }

    /// The user with the details of a list.
    fn into_listed(self) -> (UserId, UserHints) {
        let profile = self.profile();
        let Self { id, name, email, active, account_type, .. } = self;
        let profile = (profile != Profile::default()).then(|| Box::new(profile));
        (id, UserHints { name, email, active, account_type, profile })
    }

    /// The parts that the roster keeps beside the details of a delivery.
    pub fn profile(&self) -> Profile {
        Profile {
            display_name: self.display_name.clone().filter(|name| !name.is_empty()),
            directory: self.directory.clone(),
            suspended: self.suspended,
            created: self.created,
            last_login: self.last_login,
            logins_late: self.last_login.map_or(Duration::ZERO, |_| self.logins_late),
        }
    }

    /// Whether what `step` asks for is so, as far as the user's own record tells; `None` if it does not.
    pub fn satisfies(&self, step: &Step) -> Option<bool> {
        let groups = self.groups.as_ref();
        step.is_so(self.name.as_deref(), self.active, groups, |group| Some(groups?.contains(group)))
    }
}

/// Whether two login names are the same one, in any case. Letters such as the Turkish `ı` have a case of their own in one
/// direction only.
fn is_same_name(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one.to_lowercase() == other.to_lowercase() || one.to_uppercase() == other.to_uppercase()
}

/// One page of all users of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// Who stands on it, with what the list tells of them. Inactive users too; a user may stand on two pages where some
    /// come or go meanwhile, and, where the product lists by offset, be on none if some go.
    pub users: Vec<(UserId, UserHints)>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
    /// Whether the pages up to this one are known to be the whole list. It counts on the last page, and where it is
    /// [`Completeness::NotProved`]: then the list ends here, and the pages behind it name users whom it may have left out. Some of
    /// them stand in it too.
    pub completeness: Completeness,
    /// Who is on the way to be deleted and may be kept yet. They count as gone, and that they come back is no creation.
    pub leaving: Vec<UserId>,
}

impl UserPage {
    /// A page of a list whose end is proved, with nobody who is leaving.
    pub const fn new(users: Vec<(UserId, UserHints)>, next: Option<String>) -> Self {
        Self { users, next, completeness: Completeness::Proved, leaving: Vec::new() }
    }

    /// The same, not known to be the end of a whole list where there are more than `end` records, as the product tells of
    /// `total`.
    fn if_long_enough(self, total: Option<u64>, end: usize) -> Self {
        match total {
            Some(total) if self.next.is_none() && total > end as u64 => {
                let why = format!("it ends after {end} records, and the product tells of {total}");
                Self { completeness: Completeness::NotProved(why), ..self }
            }
            _ => self,
        }
    }
}

/// One page of the direct members of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberPage {
    /// Who stands on it.
    pub users: Vec<UserId>,
    /// Where the next page begins; none on the last one.
    pub next: Option<usize>,
    /// How many members the product says there are, where it does.
    pub total: Option<u64>,
    /// Whether the product shows every member: some records could not be read otherwise.
    pub all_readable: bool,
    /// Whether members who are not active are known to be shown too.
    pub inactive_too: bool,
}

/// One connected product instance. Calls are paced, have a time-out and are made once: retrying is the caller's.
#[async_trait]
pub trait Client: Send + Sync + 'static {
    /// Reads a user with e-mail, state and groups. [`Error::NoSuchUser`] where there is none.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`] if there is none; any other if the call fails: see [`Error::disposition`].
    async fn user(&self, user: &UserRef) -> Result<User, Error>;

    /// Reads one page of all users, the first one or that at `cursor`, which an earlier page named.
    ///
    /// # Errors
    /// [`Error`] if the call fails: see [`Error::disposition`].
    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error>;

    /// Whether the state of `step` is reached for `user`, as just read. Asks the product if the user's own record does
    /// not show it. `None` if it is unknown.
    ///
    /// # Errors
    /// [`Error`] if the product has to be asked and the call fails.
    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        Ok(user.satisfies(step))
    }

    /// Asks the product to carry out `step` for `user`, as just read by [`Client::user`]. A step of several calls may
    /// be left half done. Called again with a new reading of the user, it does the rest.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the product has no such action, [`Error::NoSuchUser`] if the user is gone. Any other
    /// tells by its [disposition](Error::disposition) whether the change may have been carried out.
    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error>;

    /// Whether the product puts a user into several groups by one call: [`Client::join_groups`].
    fn joins_many_groups(&self) -> bool {
        false
    }

    /// Asks the product to put `user`, as just read, into all of `groups`, by one call. After an error any of them may
    /// have been carried out.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the product has no such call; any other if the call fails.
    async fn join_groups(&self, _user: &User, _groups: &[&GroupName]) -> Result<(), Error> {
        Err(Error::NotSupported("there is no call for several groups"))
    }

    /// Whether there is such a group. The members are not read.
    ///
    /// # Errors
    /// [`Error`] if the call fails. A group that is not there is no error.
    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error>;

    /// Reads the page of the members of `group` that begins at `start`; none if the product has no such list, or it is
    /// not useful.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such group; any other if the call fails.
    async fn members(&self, _group: &GroupName, _start: usize) -> Result<Option<MemberPage>, Error> {
        Ok(None)
    }

    /// Some of the groups, 100 at most, with `part` in their names, in any case.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, Error>;

    /// Some of the users whom the product's own search finds by `text`, which is in their names or is their e-mail
    /// address, as far as the product has and shows it. Without groups.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn find_users(&self, _text: &str) -> Result<Vec<User>, Error> {
        Ok(Vec::new())
    }

    /// The keys of all applications that `remove_application_access` can name; `None` if the product does not report
    /// them.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn applications(&self) -> Result<Option<BTreeSet<String>>, Error> {
        Ok(None)
    }

    /// The user that usher acts as; none if its credentials belong to no user: the key of an organisation, an
    /// application.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn myself(&self) -> Result<Option<UserId>, Error>;

    /// The active users who administer the source: the members of its administrators' groups. If there are thousands of
    /// them, not all.
    ///
    /// # Errors
    /// [`Error`] if a call fails. An administrators' group that is not there is no error.
    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error>;

    /// Those of them with the same rights as `user`, `user` among them. If `user` is no longer an administrator, the
    /// result is unspecified.
    ///
    /// # Errors
    /// As [`Client::administrators`].
    async fn administrators_like(&self, user: &User) -> Result<BTreeSet<UserId>, Error> {
        // Where all have the same rights.
        self.administrators().await.map(|found| administrators::and_in_doubt(found, user))
    }

    /// Checks that the credentials are accepted, by the cheapest call there is.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if the credentials or rights are not enough; any other if the call fails.
    async fn probe(&self) -> Result<(), Error>;

    /// The name of the account that usher acts as, for people; none if its credentials belong to no account, or the product
    /// does not tell.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn acting_as(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Whether usher's account has `right`, by one small call that changes nothing. Missing rights may be an answer or an
    /// error.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if it has not; any other if the call fails.
    async fn may(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
            Right::ReadUsers | Right::ChangeUsers | Right::ReadGroups => {
                Ok(Standing::NotTold("usher has no call by which this product tells it"))
            }
        }
    }

    /// The applications with their licensed seats.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn seats(&self) -> Result<Told<Vec<Seats>>, Error> {
        Ok(Told::Not("its REST API does not tell of licensed seats"))
    }

    /// The directories of users.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn user_directories(&self) -> Result<Told<Vec<UserDirectory>>, Error> {
        Ok(Told::Not("its REST API does not tell of directories"))
    }

    /// As [`Client::groups_like`], with the place at which the members of each group are changed.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn pick_groups(&self, part: &str) -> Result<Vec<PickedGroup>, Error> {
        let names = self.groups_like(part).await?;
        Ok(names.into_iter().map(|name| PickedGroup { name, managed_by: None }).collect())
    }

    /// The audit log, where the product has one that tells of logins.
    fn audit_log(&self) -> Option<Box<dyn AuditLog + '_>> {
        None
    }
}
