//! The journal of changes in order, and the counts of requests.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    clock::{Clock, SystemClock},
    domain::{Product, Timestamp},
};

/// The kind of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Change {
    /// The user was put into a group.
    Add {
        /// Its name.
        group: String,
    },
    /// The user was taken out of a group.
    Remove {
        /// Its name.
        group: String,
    },
    /// The user's name, e-mail address or state was changed through the product's API.
    Update,
    /// The user was deleted through the product's API.
    Delete,
    /// The user was given another password, which is not kept.
    Password,
    /// The user's direct access was revoked.
    Revoke,
    /// An issue was made; the user is who made it.
    Issue {
        /// Its key.
        key: String,
    },
}

/// One effective change. Requests without an effect are not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 1, without gaps, over all sites.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The site.
    pub site: Product,
    /// The user's lasting id.
    pub user: String,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
    /// The author: [`crate::sandbox::ACCOUNT`] for the API, [`crate::sandbox::SOMEONE`] for the controls.
    pub by: String,
}

impl fmt::Display for Entry {
    /// Reads `jira-dc JIRAUSER1 +staff by usher`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.site, self.user)?;
        match &self.change {
            Change::Add { group } => write!(f, "+{group}")?,
            Change::Remove { group } => write!(f, "-{group}")?,
            Change::Update => f.write_str("updated")?,
            Change::Delete => f.write_str("deleted")?,
            Change::Password => f.write_str("password changed")?,
            Change::Revoke => f.write_str("access revoked")?,
            Change::Issue { key } => write!(f, "created {key}")?,
        }
        write!(f, " by {}", self.by)
    }
}

/// All changes since the start.
#[derive(Default)]
pub(in crate::sandbox) struct Journal {
    entries: Vec<Entry>,
}

impl Journal {
    /// Records a change that has just been made.
    pub fn record(&mut self, site: Product, user: &str, change: Change, by: &str) {
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Entry { seq, at: SystemClock.now(), site, user: user.to_owned(), change, by: by.to_owned() });
    }

    /// The entries behind number `seq`; 0 for all.
    pub fn after(&self, seq: u64) -> &[Entry] {
        let first = usize::try_from(seq).unwrap_or(usize::MAX).min(self.entries.len());
        &self.entries[first..]
    }
}

/// The number of requests of one kind with one kind of answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCount {
    /// The site.
    pub site: Product,
    /// The HTTP method.
    pub method: String,
    /// The route below the site's base URL; [`UNKNOWN_PATH`] for an unknown path.
    pub path: String,
    /// The HTTP status; none if no answer was sent.
    pub status: Option<u16>,
    /// The number.
    pub count: u64,
}

/// Stands for every path that the sandbox does not know.
pub const UNKNOWN_PATH: &str = "(unknown)";

type RequestKind = (Product, String, &'static str, Option<u16>);

/// All requests since the start, by kind.
#[derive(Default)]
pub(in crate::sandbox) struct Requests {
    counts: HashMap<RequestKind, u64>,
}

impl Requests {
    /// Counts a request, before its answer is sent.
    pub fn count(&mut self, site: Product, method: &str, path: &'static str, status: Option<u16>) {
        *self.counts.entry((site, method.to_owned(), path, status)).or_default() += 1;
    }

    /// The counts, in a steady order.
    pub fn list(&self) -> Vec<RequestCount> {
        let mut list: Vec<_> = self
            .counts
            .iter()
            .map(|((site, method, path, status), count)| RequestCount {
                site: *site,
                method: method.clone(),
                path: (*path).to_owned(),
                status: *status,
                count: *count,
            })
            .collect();
        list.sort_by(|a, b| {
            (a.site.as_str(), &a.path, &a.method, a.status).cmp(&(b.site.as_str(), &b.path, &b.method, b.status))
        });
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_numbered_from_one_and_read_from_a_number_on() {
        let mut journal = Journal::default();
        journal.record(Product::JiraDc, "JIRAUSER1", Change::Add { group: "staff".into() }, "usher");
        journal.record(Product::JiraDc, "JIRAUSER1", Change::Remove { group: "staff".into() }, "someone");
        assert_eq!(journal.after(0)[0].to_string(), "jira-dc JIRAUSER1 +staff by usher");
        assert_eq!(journal.after(1).iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2]);
        assert!(journal.after(9).is_empty());
    }

    #[test]
    fn an_entry_is_flat_in_json() {
        let mut journal = Journal::default();
        journal.record(Product::JiraCloud, "a:1", Change::Add { group: "staff".into() }, "usher");
        let json = serde_json::to_value(&journal.after(0)[0]).expect("json");
        assert_eq!(
            (&json["op"], &json["group"], &json["site"]),
            (&"add".into(), &"staff".into(), &"jira-cloud".into())
        );
        assert_eq!(serde_json::from_value::<Entry>(json).expect("an entry"), journal.after(0)[0]);
    }

    #[test]
    fn requests_without_an_answer_are_counted_apart() {
        let mut requests = Requests::default();
        requests.count(Product::JiraDc, "GET", "/x", Some(200));
        requests.count(Product::JiraDc, "GET", "/x", None);
        requests.count(Product::JiraDc, "GET", "/x", None);
        let counts: Vec<_> = requests.list().iter().map(|one| (one.status, one.count)).collect();
        assert_eq!(counts, [(None, 2), (Some(200), 1)]);
    }
}
