//! A small stateful Atlassian over HTTP, to try things on: for `usher demo`, the tests and the benches.
//!
//! Each product is one site below its own path, with users, groups and memberships, the statuses and error bodies
//! of the real one, rate limits and faults to switch on. It can be held in hand ([`Sandbox`]) or run by itself
//! ([`serve`]) and be controlled over HTTP ([`Control`]).

mod api;
mod atlassian_org;
mod audit;
mod bitbucket_dc;
mod confluence;
mod control;
mod crowd_server;
mod faults;
mod jira;
mod query;
mod reply;
mod server;
mod sites;
pub mod webhook;
mod world;

pub use control::client::Control;
pub use control::handle::{Options, Sandbox, serve};
pub use faults::fault::{Effect, Fault, Injected, When};
pub use faults::foreign::{Instead, Packing};
pub use faults::limits::Limit;
pub use faults::list_fault::{Broken, ListFault};
pub use sites::products;
pub use world::NoSuch;
pub use world::account::Account;
pub use world::applications::Application;
pub use world::audit_log::{AuditAction, AuditBehaviour};
pub use world::controls::Listed;
pub use world::in_org::InOrg;
pub use world::issues::Issue;
pub use world::journal::{Change, Entry, RequestCount, UNKNOWN_PATH};
pub use world::population::Population;
pub use world::record::Recorded;
pub use world::site::{group_id, user_number};

/// The login name of the account that may call the APIs, and its name in the journal. It is the first user of every
/// site, and a member of [`ADMIN_GROUP`].
pub const ACCOUNT: &str = "usher";
/// Its e-mail address, which is its name in Cloud.
pub const ACCOUNT_EMAIL: &str = "usher@sandbox.example";
/// Its personal access token, password and API token.
pub const TOKEN: &str = "sandbox-token";
/// The one group that every site starts with; its members administer the site.
pub const ADMIN_GROUP: &str = "jira-administrators";
/// The key of the one project, in which issues may be made.
pub const PROJECT: &str = "OPS";
/// The id of the one organisation.
pub const ORGANIZATION: &str = "0a1b2c3d-4e5f-4678-9abc-def012345678";
/// The id of its directory, in which all users and groups are.
pub const DIRECTORY: &str = "d1d2d3d4-5e6f-4a0b-8c1d-2e3f4a5b6c7d";
/// The journal's name for the author of changes by the controls.
pub const SOMEONE: &str = "someone";
