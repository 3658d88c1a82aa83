//! The applications of a site, and the groups that give access to them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::people::Resident;

/// An application, such as Jira Software, with the groups whose members may use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The key, like `jira-software`.
    pub key: String,
    /// The name, like `Jira Software`.
    pub name: String,
    /// The groups whose members have access.
    pub groups: BTreeSet<String>,
    /// The groups that new users are put into; their members have access too, named above or not.
    #[serde(default)]
    pub default_groups: BTreeSet<String>,
    /// The ids of users who have access by themselves (Confluence Data Center).
    #[serde(default)]
    pub users: BTreeSet<String>,
    /// The licensed seats; as many as are needed if none is given.
    #[serde(default)]
    pub seats: Option<u32>,
    /// The seats in use, as the site tells.
    #[serde(default)]
    pub used: u32,
}

impl Application {
    /// An application that members of `groups` have access to.
    pub fn new(key: impl Into<String>, groups: &[&str]) -> Self {
        let (key, groups) = (key.into(), groups.iter().map(|group| (*group).to_owned()).collect());
        let (default_groups, users) = (BTreeSet::new(), BTreeSet::new());
        Self { name: key.clone(), key, groups, default_groups, users, seats: None, used: 0 }
    }

    /// With groups that new users are put into.
    #[must_use]
    pub fn default_groups(mut self, groups: &[&str]) -> Self {
        self.default_groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self
    }

    /// With users who have access by themselves, by id (Confluence Data Center).
    #[must_use]
    pub fn users(mut self, ids: &[&str]) -> Self {
        self.users = ids.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// With `used` of these seats in use.
    #[must_use]
    pub fn seats(self, seats: u32, used: u32) -> Self {
        Self { seats: Some(seats), used, ..self }
    }

    /// All groups that give access.
    pub(in crate::sandbox) fn giving_access(&self) -> impl Iterator<Item = &String> {
        self.groups.union(&self.default_groups)
    }

    fn lets_in(&self, resident: &Resident) -> bool {
        resident.account.active && self.giving_access().any(|group| resident.groups.contains(group))
    }

    /// The application as JSON of both Jiras.
    pub(in crate::sandbox) fn bean(&self) -> Value {
        let seats = self.seats.map_or(-1, i64::from);
        let left = self.seats.map_or(-1, |seats| i64::from(seats.saturating_sub(self.used)));
        json!({
            "key": self.key, "name": self.name, "groups": self.groups, "defaultGroups": self.default_groups,
            "selectedByDefault": false, "defined": true, "numberOfSeats": seats, "remainingSeats": left, "userCount": self.used,
            "userCountDescription": "", "hasUnlimitedSeats": self.seats.is_none(), "platform": self.key == "jira-core",
        })
    }
}

/// The applications of a site by key.
#[derive(Default)]
pub(in crate::sandbox) struct Applications(BTreeMap<String, Application>);

impl Applications {
    pub fn put(&mut self, application: Application) {
        self.0.insert(application.key.clone(), application);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Application> {
        self.0.values()
    }

    /// Takes a user's own access to all of them away; false if there was none.
    pub fn shut_out(&mut self, user: &str) -> bool {
        self.0.values_mut().filter_map(|one| one.users.take(user)).count() > 0
    }

    /// Those that a user may use.
    pub fn of<'a>(&'a self, resident: &'a Resident) -> impl Iterator<Item = &'a Application> {
        self.iter().filter(|application| application.lets_in(resident))
    }
}
