//! Which groups give access to which applications.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use reqwest::Method;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    domain::{GroupName, Groups},
    products::{
        Error, SeatLimit, Seats, Told, User,
        http::{
            Http,
            request::{Call, Operation},
        },
        lately::Lately,
    },
};

/// A sweep asks about each user, and administrators change this seldom.
const TRUSTED_FOR: Duration = Duration::from_mins(1);

/// An application in the form of both Jiras. A default group gives access, whether or not it is among the groups.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    key: String,
    groups: Vec<String>,
    #[serde(default)]
    default_groups: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    number_of_seats: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    user_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    has_unlimited_seats: Option<bool>,
}

/// A field that is nice to have: none if it has another form.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

impl From<&Application> for Seats {
    /// Numbers below zero stand for "no limit" and "not known".
    fn from(one: &Application) -> Self {
        let limit = match (one.has_unlimited_seats, one.number_of_seats.map(u64::try_from)) {
            (Some(true), _) => SeatLimit::Unlimited,
            (_, Some(Ok(seats))) => SeatLimit::AtMost(seats),
            (_, Some(Err(_)) | None) => SeatLimit::NotTold,
        };
        let used = one.user_count.and_then(|used| u64::try_from(used).ok());
        Self { application: one.key.clone(), name: one.name.clone(), limit, used }
    }
}

/// The applications of a site, read at most once a minute.
pub(in crate::products) struct Access {
    path: &'static str,
    lately: Lately<(), Arc<[Application]>>,
}

impl Access {
    /// The applications at `path`. Nothing is read yet.
    pub fn new(path: &'static str) -> Self {
        Self { path, lately: Lately::new(TRUSTED_FOR) }
    }

    /// The groups that give access to any of `applications`, by key; to any application if none is named. An unknown
    /// application is refused, because it is probably misspelt.
    ///
    /// # Errors
    /// [`Error::Refused`] with 404 if the site lacks one of `applications`; any other if the call fails.
    pub async fn groups(&self, http: &Http, applications: &[String]) -> Result<Groups, Error> {
        let all = self.read(http).await?;
        if let Some(other) = applications.iter().find(|key| all.iter().all(|one| one.key != **key)) {
            return Err(Error::Refused { status: 404, message: format!("there is no application `{other}`") });
        }
        let named = all.iter().filter(|one| applications.is_empty() || applications.contains(&one.key));
        Ok(named.flat_map(|one| one.groups.iter().chain(&one.default_groups)).map(GroupName::new).collect())
    }

    /// Whether `user` is in none of these groups; `None` if not all groups of the user are known.
    ///
    /// # Errors
    /// As [`Access::groups`].
    pub async fn is_kept_out(&self, http: &Http, user: &User, applications: &[String]) -> Result<Option<bool>, Error> {
        let giving = self.groups(http, applications).await?;
        Ok(user.groups.as_ref().map(|own| own.is_disjoint(&giving)))
    }

    /// The keys of all applications.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub async fn keys(&self, http: &Http) -> Result<BTreeSet<String>, Error> {
        Ok(self.read(http).await?.iter().map(|one| one.key.clone()).collect())
    }

    /// All applications with their seats.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub async fn seats(&self, http: &Http) -> Result<Told<Vec<Seats>>, Error> {
        Ok(Told::Known(self.read(http).await?.iter().map(Seats::from).collect()))
    }

    async fn read(&self, http: &Http) -> Result<Arc<[Application]>, Error> {
        if let Some(all) = self.lately.get(&()) {
            return Ok(all);
        }
        let asked = Instant::now();
        let answer = http.send(Call::new(Operation::ReadApplications, Method::GET, self.path)).await?;
        let all: Arc<[Application]> = answer.json::<Vec<Application>>()?.into();
        if all.is_empty() {
            return Err(answer.of_other_form()); // a Jira without any application is none
        }
        self.lately.keep((), Arc::clone(&all), asked);
        Ok(all)
    }
}
