//! Everything a sandbox holds: its sites, the journal, the faults, the limits. One lock guards it all.

pub(super) mod account;
pub(super) mod applications;
pub(super) mod audit_log;
pub(super) mod controls;
pub(super) mod deletions;
pub(super) mod in_org;
pub(super) mod issues;
pub(super) mod journal;
pub(super) mod people;
pub(super) mod population;
pub(super) mod record;
pub(super) mod site;

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use super::{
    ACCOUNT, ACCOUNT_EMAIL, ADMIN_GROUP, Account, Change, Fault, Issue, Limit,
    faults::{
        Faults,
        limits::{Bucket, TokenState},
    },
};
use crate::domain::Product;
use journal::Journal;
use journal::Requests;
use people::Serial;
use record::Record;
use site::Site;

/// The reason why a control did nothing: the named thing does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuch {
    /// No user has this id.
    #[error("no user has the id `{0}`")]
    User(String),
    /// No group has this name.
    #[error("no group is called `{0}`")]
    Group(String),
}

/// A site with its rate limit.
struct Place {
    site: Site,
    bucket: Option<Bucket>,
}

/// The whole state.
pub(super) struct World {
    places: BTreeMap<Product, Place>,
    /// The lasting id of the acting account in each site.
    acting_ids: Vec<(Product, &'static str)>,
    seed: u64,
    pub journal: Journal,
    pub requests: Requests,
    pub record: Record,
    pub faults: Faults,
}

impl World {
    /// A world with a site for each product, in which the acting account has that id.
    pub fn new(seed: u64, acting_ids: Vec<(Product, &'static str)>) -> Self {
        let place = |account_id: &str| {
            let mut site = Site::default();
            let mut account = Account::new(account_id, ACCOUNT).email(ACCOUNT_EMAIL);
            account.display_name = "Usher".to_owned();
            let acting = site.put(account);
            site.add_group(ADMIN_GROUP);
            site.add_member(acting, ADMIN_GROUP);
            Place { site, bucket: None }
        };
        Self {
            places: acting_ids.iter().map(|(product, id)| (*product, place(id))).collect(),
            acting_ids,
            seed,
            journal: Journal::default(),
            requests: Requests::default(),
            record: Record::default(),
            faults: Faults::new(seed),
        }
    }

    /// Forgets everything that happened since the start, and lets go of requests that hang.
    pub fn reset(&mut self) {
        self.faults.remove(None);
        *self = Self::new(self.seed, std::mem::take(&mut self.acting_ids));
    }

    fn place(&mut self, product: Product) -> &mut Place {
        self.places.get_mut(&product).expect("a product of the sandbox")
    }

    /// The site of a product, for reading and for arranging users and groups.
    pub fn site(&mut self, product: Product) -> &mut Site {
        &mut self.place(product).site
    }

    /// A site, with the author of its changes.
    pub fn editor<'a>(&'a mut self, product: Product, by: &'a str) -> Editor<'a> {
        let place = self.places.get_mut(&product).expect("a product of the sandbox");
        Editor { site: &mut place.site, journal: &mut self.journal, product, by }
    }

    /// Sets the rate limit of a site, with a full bucket; or lifts it.
    pub fn limit(&mut self, product: Product, limit: Option<Limit>) {
        self.place(product).bucket = limit.map(|limit| Bucket::by_the_clock(limit, Instant::now(), SystemTime::now()));
    }

    /// Takes a token for one request; none if the site is not limited.
    pub fn take_token(&mut self, product: Product) -> Option<TokenState> {
        self.place(product).bucket.as_mut().map(|bucket| bucket.take(Instant::now()))
    }

    /// Puts a fault in force.
    pub fn inject(&mut self, fault: Fault) -> u64 {
        self.faults.inject(fault)
    }
}

/// Changes one site for an author. Every effective change is in the journal.
pub(super) struct Editor<'a> {
    pub site: &'a mut Site,
    journal: &'a mut Journal,
    product: Product,
    by: &'a str,
}

impl Editor<'_> {
    /// Puts a user into a group; false if it was in it.
    pub fn add_member(&mut self, serial: Serial, group: &str) -> bool {
        let changed = self.site.add_member(serial, group);
        if changed {
            self.record(serial, Change::Add { group: group.to_owned() });
        }
        changed
    }

    /// Takes a user out of a group; false if it was not in it.
    pub fn remove_member(&mut self, serial: Serial, group: &str) -> bool {
        let changed = self.site.remove_member(serial, group);
        if changed {
            self.record(serial, Change::Remove { group: group.to_owned() });
        }
        changed
    }

    /// Replaces the data of a user by `account`, which has the same id.
    pub fn update(&mut self, account: Account) {
        let known = self.site.by_id(&account.id).and_then(|serial| self.site.resident(serial));
        if known.is_some_and(|resident| resident.account != account) {
            let serial = self.site.put(account);
            self.record(serial, Change::Update);
        }
    }

    /// Deletes a user.
    pub fn delete(&mut self, serial: Serial) {
        self.record(serial, Change::Delete);
        self.site.delete(serial);
    }

    /// Revokes the user's direct access; does nothing if there is none.
    pub fn revoke_access(&mut self, serial: Serial) {
        let user = self.site.resident(serial).map(|resident| resident.account.id.clone());
        if user.is_some_and(|user| self.site.applications.shut_out(&user)) {
            self.record(serial, Change::Revoke);
        }
    }

    /// Marks a user for deletion. The APIs no longer show the user, who is kept for a time of grace.
    pub fn mark_for_deletion(&mut self, serial: Serial) {
        self.record(serial, Change::Delete);
        if let Some(resident) = self.site.resident(serial) {
            let mut account = resident.account.clone();
            account.active = false;
            account.in_org.for_deletion = true;
            self.site.put(account);
        }
    }

    /// Gives a user a password, which is not kept.
    pub fn set_password(&mut self, serial: Serial) {
        self.record(serial, Change::Password);
    }

    /// Adds an issue made by the acting account.
    pub fn create_issue(&mut self, issue: Issue) {
        if let Some(acting) = self.site.by_name(ACCOUNT) {
            self.record(acting, Change::Issue { key: issue.key.clone() });
        }
        self.site.issues.push(issue);
    }

    /// Finds a user and a group by what tests call them.
    ///
    /// # Errors
    /// [`NoSuch::User`] and [`NoSuch::Group`] if the site has none of that name.
    pub fn find(&self, user: &str, group: &str) -> Result<Serial, NoSuch> {
        let serial = self.site.by_id(user).ok_or_else(|| NoSuch::User(user.to_owned()))?;
        self.site.group(group).ok_or_else(|| NoSuch::Group(group.to_owned()))?;
        Ok(serial)
    }

    /// Advances the tasks of deletion.
    pub fn time_passes(&mut self) {
        for user in self.site.deletions.advance() {
            self.delete(user);
        }
    }

    fn record(&mut self, serial: Serial, change: Change) {
        if let Some(resident) = self.site.resident(serial) {
            self.journal.record(self.product, &resident.account.id, change, self.by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::sites;

    #[test]
    fn only_effective_changes_are_in_the_journal() {
        let mut world = World::new(0, sites::acting_ids());
        let mut editor = world.editor(Product::JiraDc, "usher");
        let jane = editor.site.put(Account::new("JIRAUSER1", "jane"));
        editor.site.add_group("staff");
        editor.add_member(jane, "staff");
        editor.add_member(jane, "staff");
        editor.update(Account::new("JIRAUSER1", "jane"));
        editor.update(Account::new("JIRAUSER1", "jane.doe"));
        editor.remove_member(jane, "staff");
        let told: Vec<_> = world.journal.after(0).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "jira-dc JIRAUSER1 +staff by usher",
                "jira-dc JIRAUSER1 updated by usher",
                "jira-dc JIRAUSER1 -staff by usher"
            ]
        );
    }

    #[test]
    fn after_a_reset_it_is_as_at_the_start() {
        let mut world = World::new(0, sites::acting_ids());
        world.site(Product::JiraDc).put(Account::new("JIRAUSER1", "jane"));
        world.limit(Product::JiraDc, Some(Limit { capacity: 1, fill: 1, interval_seconds: 1 }));
        world.reset();
        assert!(world.site(Product::JiraDc).by_id("JIRAUSER1").is_none());
        assert!(world.site(Product::JiraDc).by_name(ACCOUNT).is_some());
        assert!(world.take_token(Product::JiraDc).is_none());
    }
}
