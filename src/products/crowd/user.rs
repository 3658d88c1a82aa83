//! Reading one user.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Crowd, USER};
use crate::{
    domain::{AccountType, EmailAddress, Product, ReadTime, UserId, UserRef, WrittenTime},
    products::{
        Error, User,
        http::request::{Call, Operation},
        is_same_name,
        jira::user_json::truth,
        listing::records::Record,
    },
};

/// The attributes with the time of a user's last activity. Neither their names nor the form of the values are in the
/// reference; other clients read them in this way.
const LAST_SEEN: [&str; 2] = ["lastAuthenticated", "lastActive"];

impl Crowd {
    /// The user with groups.
    ///
    /// # Errors
    /// As [`Crowd::ask`]; or [`Error`] if the groups can't be read.
    pub(super) async fn read(&self, user: &UserRef) -> Result<User, Error> {
        let bean = match user {
            UserRef::Id(id) => self.by_id(id).await?,
            UserRef::Name(name) => self.ask("username", name).await?,
        };
        let groups = self.groups_of(&bean.name).await?;
        Ok(User { groups, ..bean.into_user() })
    }

    /// Reads a user by key. If no user has it, it may be the name of a user without a key, in an old Crowd.
    async fn by_id(&self, id: &UserId) -> Result<Bean, Error> {
        match self.ask("key", id.as_str()).await {
            Err(Error::NoSuchUser | Error::Refused { status: 400, .. }) => {
                // By that name there may be somebody with another key.
                let bean = self.ask("username", id.as_str()).await?;
                if bean.id() == *id { Ok(bean) } else { Err(Error::NoSuchUser) }
            }
            found => found,
        }
    }

    /// The user that the parameter names.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::NoSuchUser`] if there is no such user; [`Error::Intercepted`] if the
    /// answer is no record of a user, or is about another one.
    pub(super) async fn ask(&self, parameter: &'static str, value: &str) -> Result<Bean, Error> {
        let call = Call::new(Operation::ReadUser, Method::GET, USER).user_query(parameter, value);
        let answer = self.send(call.query("expand", "attributes")).await.map_err(Error::of_user)?;
        let bean = answer.record(|bean: &Bean| bean.active.is_some())?;
        let is_asked_for = match parameter {
            "key" => bean.id().as_str() == value,
            _ => is_same_name(&bean.name, value),
        };
        if is_asked_for { Ok(bean) } else { Err(Error::about_another_user(Product::Crowd)) }
    }
}

/// A user in the form of Crowd. Old versions have no key, and some have no date of creation. Attributes are present
/// only if they are requested.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Bean {
    pub name: String,
    key: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "WrittenTime::lenient")]
    created_date: Option<WrittenTime>,
    attributes: Option<Attributes>,
}

/// The list has another name in the reference than in Crowd's own examples.
#[derive(Deserialize)]
struct Attributes {
    #[serde(default, alias = "attribute")]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    name: String,
    #[serde(default)]
    values: Vec<Value>,
}

impl Record for Bean {
    const KIND: &'static str = "user";
    /// Without the key it would pass for a user of an old Crowd, and have another id.
    const NEEDED: &'static [&'static str] = &["name", "key"];

    /// Each call names the user.
    fn is_of_use(&self) -> bool {
        !self.name.is_empty()
    }
}

impl Bean {
    /// The lasting id: the key, or the name in small letters where there is none.
    pub fn id(&self) -> UserId {
        match self.key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) => UserId::new(key),
            None => UserId::new(self.name.to_lowercase()),
        }
    }

    /// The user without groups.
    pub fn into_user(self) -> User {
        let created = self.created_date.as_ref().map(WrittenTime::read_fact).unwrap_or_default();
        let seen = self.last_seen();
        User {
            email: self.email.as_deref().and_then(EmailAddress::parse),
            active: self.active,
            account_type: Some(AccountType::Person), // there is no other sort of account
            created: created.at,
            last_login: seen.at,
            odd_time: created.odd.or(seen.odd),
            name: Some(self.name.clone()),
            display_name: self.display_name.clone(),
            ..User::new(self.id())
        }
    }

    /// The last activity, for which the user was logged in. The values are milliseconds, as numbers or as text, or RFC
    /// 3339.
    fn last_seen(&self) -> ReadTime {
        let attributes = self.attributes.iter().flat_map(|list| &list.attributes);
        let telling = attributes.filter(|one| LAST_SEEN.contains(&one.name.as_str()));
        let written = telling.flat_map(|one| &one.values).filter_map(|value| WrittenTime::lenient(value).ok()?);
        written.map(|time| time.read_fact()).fold(ReadTime::default(), ReadTime::later)
    }

    /// All fields that a change must send, because a missing field is deleted.
    pub fn with_active(self, active: bool) -> Value {
        let fields = [
            ("first-name", self.first_name),
            ("last-name", self.last_name),
            ("display-name", self.display_name),
            ("email", self.email),
        ];
        let mut whole: Map<String, Value> =
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        whole.insert("name".to_owned(), self.name.into());
        whole.insert("active".to_owned(), json!(active));
        whole.into()
    }
}
