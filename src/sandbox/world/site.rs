//! One simulated site: its users, its groups, and the memberships. All look-ups use maps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use super::{
    applications::Applications,
    audit_log::AuditLog,
    deletions::Deletions,
    issues::Issue,
    people::{Group, Resident, Serial},
};
use crate::sandbox::{ACCOUNT, ADMIN_GROUP, Account};

/// Users, groups and memberships, applications, issues and the audit log. The two sides of a membership always agree.
#[derive(Default)]
pub(in crate::sandbox) struct Site {
    residents: BTreeMap<Serial, Resident>,
    /// The users in the order of creation, so that lists by offset can begin anywhere at no cost.
    order: Vec<Serial>,
    ids: HashMap<String, Serial>,
    names: HashMap<String, Serial>,
    groups: BTreeMap<String, Group>,
    group_ids: HashMap<String, String>,
    last: u64,
    pub applications: Applications,
    /// The names of the directories besides the first one; they have no members (an organisation).
    pub more_directories: Vec<String>,
    pub issues: Vec<Issue>,
    /// Confluence Data Center's.
    pub deletions: Deletions,
    pub audit: AuditLog,
}

impl Site {
    /// Creates the user, or replaces the one of that id, whose memberships stay.
    pub fn put(&mut self, account: Account) -> Serial {
        let serial = match self.ids.get(&account.id) {
            Some(serial) => *serial,
            None => {
                self.last += 1;
                self.order.push(Serial(self.last));
                Serial(self.last)
            }
        };
        let name = account.name.to_lowercase();
        let groups = match self.residents.remove(&serial) {
            Some(former) => {
                self.free_name(serial, &former.account.name);
                former.groups
            }
            None => BTreeSet::new(),
        };
        self.ids.insert(account.id.clone(), serial);
        if !name.is_empty() {
            self.names.insert(name, serial);
        }
        self.residents.insert(serial, Resident { account, groups });
        serial
    }

    /// Deletes a user with its memberships; false if the user does not exist.
    pub fn delete(&mut self, serial: Serial) -> bool {
        let Some(gone) = self.residents.remove(&serial) else { return false };
        if let Ok(at) = self.order.binary_search(&serial) {
            self.order.remove(at);
        }
        self.ids.remove(&gone.account.id);
        self.free_name(serial, &gone.account.name);
        for group in &gone.groups {
            if let Some(group) = self.groups.get_mut(group) {
                group.members.remove(&serial);
            }
        }
        true
    }

    /// Frees a name, unless another user has taken it since.
    fn free_name(&mut self, serial: Serial, name: &str) {
        let name = name.to_lowercase();
        if self.names.get(&name) == Some(&serial) {
            self.names.remove(&name);
        }
    }

    /// The user with this lasting id.
    pub fn by_id(&self, id: &str) -> Option<Serial> {
        self.ids.get(id).copied()
    }

    /// The user with this login name, in any case.
    pub fn by_name(&self, name: &str) -> Option<Serial> {
        self.names.get(&name.to_lowercase()).copied()
    }

    /// The account that usher acts with.
    pub fn acting(&self) -> Option<&Resident> {
        self.resident(self.by_name(ACCOUNT)?)
    }

    /// Whether that account administers the site.
    pub fn acting_administers(&self) -> bool {
        self.acting().is_some_and(|acting| acting.groups.contains(ADMIN_GROUP))
    }

    /// A user by place.
    pub fn resident(&self, serial: Serial) -> Option<&Resident> {
        self.residents.get(&serial)
    }

    /// All users in the order of creation, from a place on.
    pub fn residents_from(&self, first: Serial) -> impl Iterator<Item = (Serial, &Resident)> {
        self.residents.range(first..).map(|(serial, resident)| (*serial, resident))
    }

    /// All users in the order of creation, without the first `skipped`.
    pub fn residents_behind(&self, skipped: usize) -> impl Iterator<Item = &Resident> {
        let order = self.order.get(skipped..).unwrap_or_default();
        order.iter().filter_map(|serial| self.residents.get(serial))
    }

    /// Creates a group; false if it exists.
    pub fn add_group(&mut self, name: &str) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        let group = Group { name: name.to_owned(), id: group_id(name), synced: false, members: BTreeSet::new() };
        self.group_ids.insert(group.id.clone(), group.name.clone());
        self.groups.insert(group.name.clone(), group);
        true
    }

    /// Deletes a group; false if it does not exist.
    pub fn delete_group(&mut self, name: &str) -> bool {
        let Some(gone) = self.groups.remove(name) else { return false };
        self.group_ids.remove(&gone.id);
        for serial in &gone.members {
            if let Some(resident) = self.residents.get_mut(serial) {
                resident.groups.remove(name);
            }
        }
        true
    }

    /// A group by name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// A group by Cloud's id.
    pub fn group_by_id(&self, id: &str) -> Option<&Group> {
        self.groups.get(self.group_ids.get(id)?)
    }

    /// All groups by name.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// Marks a group as one of an identity provider; false if it does not exist.
    pub fn sync_group(&mut self, name: &str) -> bool {
        self.groups.get_mut(name).map(|group| group.synced = true).is_some()
    }

    /// Puts a user into a group; false if nothing changed.
    pub fn add_member(&mut self, serial: Serial, group: &str) -> bool {
        let (Some(resident), Some(group)) = (self.residents.get_mut(&serial), self.groups.get_mut(group)) else {
            return false;
        };
        resident.groups.insert(group.name.clone()) && group.members.insert(serial)
    }

    /// Takes a user out of a group; false if nothing changed.
    pub fn remove_member(&mut self, serial: Serial, group: &str) -> bool {
        let (Some(resident), Some(group)) = (self.residents.get_mut(&serial), self.groups.get_mut(group)) else {
            return false;
        };
        resident.groups.remove(&group.name) && group.members.remove(&serial)
    }
}

/// The id that Cloud knows a group by: looks like a UUID, and is the same for the same name in every sandbox.
pub fn group_id(name: &str) -> String {
    let hash = hex::encode(Sha256::digest(name.as_bytes()));
    format!("{}-{}-{}-{}-{}", &hash[..8], &hash[8..12], &hash[12..16], &hash[16..20], &hash[20..32])
}

/// The number of a user in Bitbucket: the id itself if it is a number, else the same number for the same text in every
/// sandbox.
pub fn user_number(id: &str) -> u32 {
    id.parse().unwrap_or_else(|_| {
        let hash = Sha256::digest(id.as_bytes());
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 1 // a signed one in the document
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_keeps_the_key_and_the_memberships_and_frees_the_old_name() {
        let mut site = Site::default();
        let jane = site.put(Account::new("JIRAUSER1", "jane"));
        site.add_group("staff");
        assert!(site.add_member(jane, "staff"));

        assert_eq!(site.put(Account::new("JIRAUSER1", "jane.doe")), jane);

        assert_eq!(
            (site.by_name("jane"), site.by_name("JANE.DOE"), site.by_id("JIRAUSER1")),
            (None, Some(jane), Some(jane))
        );
        assert!(site.resident(jane).expect("a user").groups.contains("staff"));
    }

    #[test]
    fn a_name_belongs_to_whoever_took_it_last() {
        let mut site = Site::default();
        let first = site.put(Account::new("JIRAUSER1", "jane"));
        let second = site.put(Account::new("JIRAUSER2", "jane"));
        site.delete(first);
        assert_eq!(site.by_name("jane"), Some(second));
    }

    #[test]
    fn a_membership_changes_only_once() {
        let mut site = Site::default();
        let jane = site.put(Account::new("JIRAUSER1", "jane"));
        site.add_group("staff");
        assert!(site.add_member(jane, "staff") && !site.add_member(jane, "staff"));
        assert!(site.remove_member(jane, "staff") && !site.remove_member(jane, "staff"));
        assert!(!site.add_member(jane, "nobody"));
    }

    #[test]
    fn a_deleted_user_is_in_no_group_and_its_place_is_not_used_again() {
        let mut site = Site::default();
        let jane = site.put(Account::new("JIRAUSER1", "jane"));
        site.add_group("staff");
        site.add_member(jane, "staff");
        assert!(site.delete(jane) && !site.delete(jane));
        assert!(site.group("staff").expect("the group").members.is_empty());
        assert!(site.put(Account::new("JIRAUSER1", "jane")) > jane);
    }

    #[test]
    fn a_group_is_found_by_its_id() {
        let mut site = Site::default();
        assert!(site.add_group("staff") && !site.add_group("staff"));
        assert_eq!(site.group_by_id(&group_id("staff")).expect("the group").name, "staff");
    }
}
