//! The work of a sandbox's controls, the same for callers in this process and over HTTP.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{NoSuch, World, people::Serial};
use crate::{
    domain::{Product, Timestamp},
    sandbox::{Account, Application, AuditAction, SOMEONE, audit},
};

/// A user as the controls list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The user.
    #[serde(flatten)]
    pub account: Account,
    /// The names of its groups.
    pub groups: BTreeSet<String>,
}

impl World {
    /// The users of a site with their groups, in the order of creation.
    pub fn users(&mut self, site: Product) -> Vec<Listed> {
        let residents = self.site(site).residents_from(Serial(0));
        residents.map(|(_, one)| Listed { account: one.account.clone(), groups: one.groups.clone() }).collect()
    }

    /// Deletes a user; false if there was none.
    pub fn delete_user(&mut self, site: Product, user: &str) -> bool {
        let site = self.site(site);
        site.by_id(user).is_some_and(|serial| site.delete(serial))
    }

    /// Creates an application with its groups, or replaces it.
    pub fn put_application(&mut self, site: Product, application: Application) {
        let site = self.site(site);
        for group in application.giving_access() {
            site.add_group(group);
        }
        site.applications.put(application);
    }

    /// Moves an issue to done, or back; false if there is none of that key.
    pub fn set_done(&mut self, site: Product, key: &str, done: bool) -> bool {
        let issue = self.site(site).issues.iter_mut().find(|issue| issue.key == key);
        issue.map(|issue| issue.done = done).is_some()
    }

    /// Puts a user into a group, as somebody else would; false if it was in it.
    ///
    /// # Errors
    /// [`NoSuch::User`] and [`NoSuch::Group`] if the site has none of that name.
    pub fn add_member(&mut self, site: Product, user: &str, group: &str) -> Result<bool, NoSuch> {
        let mut editor = self.editor(site, SOMEONE);
        let serial = editor.find(user, group)?;
        Ok(editor.add_member(serial, group))
    }

    /// Takes a user out of a group, as somebody else would; false if it was not in it.
    ///
    /// # Errors
    /// As [`World::add_member`].
    pub fn remove_member(&mut self, site: Product, user: &str, group: &str) -> Result<bool, NoSuch> {
        let mut editor = self.editor(site, SOMEONE);
        let serial = editor.find(user, group)?;
        Ok(editor.remove_member(serial, group))
    }

    /// Writes into the audit log of a site what happened to a user, at `at` by the site's clock or just now; gives when.
    ///
    /// # Errors
    /// [`NoSuch::User`] if the site has no such user.
    pub fn audit(
        &mut self,
        site: Product,
        happened: AuditAction,
        user: &str,
        at: Option<Timestamp>,
    ) -> Result<Timestamp, NoSuch> {
        audit::write_entry(self.site(site), happened, user, at).ok_or_else(|| NoSuch::User(user.to_owned()))
    }
}
