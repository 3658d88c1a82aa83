//! Many users at once.

use serde::{Deserialize, Serialize};

use super::site::Site;
use crate::sandbox::Account;

/// Users who differ only by a number, which replaces `{n}` in the account's id, names and e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// The number of users.
    pub count: u64,
    /// The number of the first one.
    #[serde(default)]
    pub first: u64,
    /// The template of their accounts.
    pub account: Account,
    /// Their groups; missing ones are created.
    #[serde(default)]
    pub groups: Vec<String>,
}

impl Population {
    /// This number of users like `account`, numbered from 0, in no group. A number may make the id of an existing user:
    /// the acting account of Data Center is `JIRAUSER10000`.
    pub fn new(count: u64, account: Account) -> Self {
        Self { count, first: 0, account, groups: Vec::new() }
    }

    /// Numbered from `first`.
    #[must_use]
    pub fn from(mut self, first: u64) -> Self {
        self.first = first;
        self
    }

    /// All of them in these groups.
    #[must_use]
    pub fn groups(mut self, names: &[&str]) -> Self {
        self.groups = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Creates them; users with the same ids are replaced.
    pub(in crate::sandbox) fn settle(&self, site: &mut Site) {
        for name in &self.groups {
            site.add_group(name);
        }
        for n in self.first..self.first.saturating_add(self.count) {
            let serial = site.put(self.member(n));
            for name in &self.groups {
                site.add_member(serial, name);
            }
        }
    }

    /// The ids of all of them.
    pub(in crate::sandbox) fn ids(&self) -> impl Iterator<Item = String> {
        let id = |n: u64| self.account.id.replace("{n}", &n.to_string());
        (self.first..self.first.saturating_add(self.count)).map(id)
    }

    fn member(&self, n: u64) -> Account {
        let numbered = |text: &str| text.replace("{n}", &n.to_string());
        let mut account = self.account.clone();
        account.id = numbered(&account.id);
        account.name = numbered(&account.name);
        account.display_name = numbered(&account.display_name);
        account.email = account.email.as_deref().map(numbered);
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_a_crowd_has_a_number_in_all_its_names() {
        let mut site = Site::default();
        let like = Account::new("JIRAUSER{n}", "user-{n}").email("user-{n}@acme.example");
        Population::new(3, like).from(7).groups(&["staff"]).settle(&mut site);
        let last = site.resident(site.by_id("JIRAUSER9").expect("the last one")).expect("a user");
        assert_eq!(
            (last.account.name.as_str(), last.account.email.as_deref()),
            ("user-9", Some("user-9@acme.example"))
        );
        assert_eq!((site.residents_behind(0).count(), site.group("staff").expect("a group").members.len()), (3, 3));
    }
}
