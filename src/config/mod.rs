//! The configuration: one YAML file, overridden by environment variables, checked as a whole.
//!
//! The steps: bytes (`text`), a tree that knows its places (`yaml`, `node`), variables laid over it (`env`), and then
//! each part is read as its type (`check` and below). All problems are collected meanwhile (`reader`). The keys and
//! their values are declared once (`shape`); `schema` is made from these declarations too.

mod check;
mod digest;
mod document;
mod keys;
mod load;
mod reader;
mod schema;
mod scheme;
mod secret;
mod service;
mod shape;
mod source;
#[cfg(test)]
mod tests;

pub use document::{Document, path_at};
pub use load::{
    CheckedScheme, LoadResult, Loaded, check_scheme, check_trigger, load, load_for, load_input, read_scheme,
    read_schemes, read_source, read_source_keeping, read_watched, usual_file,
};
pub use reader::env::process_env;
pub use reader::files::WatchedFiles;
pub use reader::named::Named;
pub(crate) use reader::nearest;
pub use reader::problem::{Place, Problem, Problems};
pub use schema::{SchemeSchemas, json_schema, scheme_schemas};
pub use scheme::{as_yaml, objection};
pub use service::admin::{NamedToken, Oidc, Session};
pub use source::feed::Feed;
pub use source::kept::{AUTH_SECRETS, KeptParts};
pub use source::reach::authorities::Authorities;
pub use source::reach::proxy::{Proxy, ProxyCredentials};
pub use source::reach::transport::Transport;
pub use source::sources::Sources;
pub use source::webhook::{AuditActions, Connect, Forge, ForgeKeys, Webhook};

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::NaiveDate;
use chrono_tz::Tz;
use url::Url;

use crate::{
    domain::{GroupName, MassCreation, Mode, Product, Scheme, SchemeRef, SourceId},
    secret::Secret,
};

/// The configuration of usher, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of usher's own data.
    pub data_dir: PathBuf,
    /// Whether anything may be changed at all.
    pub mode: Mode,
    /// The public listener.
    pub webhooks: Webhooks,
    /// The private listener.
    pub admin: Admin,
    /// The pages for administrators, and the data that usher keeps for them.
    pub console: Console,
    /// The event log.
    pub log: LogConfig,
    /// The key that seals the secrets of sources that are made while usher runs.
    pub secrets_key: Option<Secret>,
    /// The connected products.
    pub sources: Vec<Source>,
    /// The provisioned schemes, in file order.
    pub schemes: Vec<ProvisionedScheme>,
}

/// The listener that products send webhooks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhooks {
    /// The address.
    pub listen: SocketAddr,
    /// The longest body accepted, in bytes.
    pub max_body: usize,
    /// The time for which deliveries are still accepted after SIGTERM.
    pub linger: Duration,
    /// Whether a delivery is a part of the trace that its header `traceparent` names.
    pub trust_traceparent: bool,
}

/// The listener for administrators and probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The address.
    pub listen: SocketAddr,
    /// The bearer token with the name and the role `admin`; none: usher makes one and keeps it in
    /// `data_dir/admin-token`.
    pub token: Option<Secret>,
    /// Further tokens. All names and secrets differ.
    pub tokens: Vec<NamedToken>,
    /// The address of the console: scheme, host and port.
    pub public_url: Option<Url>,
    /// The sessions of the console.
    pub session: Session,
    /// The identity provider by which people sign in to the console; none: they sign in with tokens.
    pub oidc: Option<Oidc>,
}

impl Admin {
    /// A listener at `listen` with defaults.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, token: None, tokens: Vec::new(), public_url: None, session: Session::default(), oidc: None }
    }
}

/// The pages for administrators, on the private listener, and the data that usher keeps for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// The zone of the times that pages show.
    pub timezone: Tz,
    /// The roster; none: users are not kept.
    pub roster: Option<RosterConfig>,
}

impl Default for Console {
    fn default() -> Self {
        Self { timezone: Tz::UTC, roster: Some(RosterConfig::default()) }
    }
}

/// The roster: the last list of each source's users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterConfig {
    /// The time for which a list is kept that no newer list replaces.
    pub keep: Duration,
}

impl Default for RosterConfig {
    fn default() -> Self {
        Self { keep: Duration::from_hours(7 * 24) }
    }
}

/// The kind of event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogConfig {
    /// On disk, in `data_dir`, for one process.
    Embedded,
    /// Apache Kafka.
    Kafka(KafkaConfig),
}

/// The connection to Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaConfig {
    /// `host:port` of some brokers.
    pub brokers: Vec<String>,
    /// Put before every topic's name.
    pub topic_prefix: String,
    /// Partitions of topics that usher makes.
    pub partitions: u16,
    /// Replicas of topics that usher makes.
    pub replication_factor: u16,
    /// The name under which this process is a static member of its groups; none: its members are dynamic.
    pub instance_id: Option<String>,
    /// Any librdkafka setting; may hold secrets.
    pub options: Vec<(String, Secret)>,
}

/// One connected product instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Chosen by the administrator, unique.
    pub id: SourceId,
    /// For people.
    pub name: String,
    /// The kind of product.
    pub product: Product,
    /// The address; it may have a path.
    pub base_url: Url,
    /// The organisation; set for [`Product::AtlassianOrg`] only.
    pub organization: Option<Organization>,
    /// The acting account.
    pub auth: Auth,
    /// When the credentials end.
    pub credentials_expire: Option<NaiveDate>,
    /// The proofs of its webhooks.
    pub webhook: Webhook,
    /// The interval of comparing its users with the known ones, so that no creation is missed; none: never.
    pub reconcile: Option<Reconcile>,
    /// The number of users that may be created at once before some steps are held; none: any number.
    pub mass_creation: Option<MassCreation>,
    /// The feed of its audit log, if usher follows it.
    pub feed: Option<Feed>,
    /// The meanings of entries of its audit log, for webhooks and feed.
    pub actions: AuditActions,
    /// Upper bounds on calls.
    pub rate: Rate,
    /// The way to it.
    pub transport: Transport,
    /// The protection from all schemes.
    pub protect: Protect,
}

impl Source {
    /// A source with defaults; its name is its id.
    pub fn new(id: SourceId, product: Product, base_url: Url, auth: Auth) -> Self {
        Self {
            name: id.to_string(),
            id,
            product,
            organization: None,
            auth,
            credentials_expire: None,
            webhook: Webhook::default(),
            reconcile: Some(Reconcile::default()),
            mass_creation: Some(MassCreation::default()),
            feed: None,
            actions: AuditActions::default(),
            rate: Rate::default(),
            transport: Transport::default(),
            protect: Protect::of(product, Some(&base_url)),
            base_url,
        }
    }

    /// Whether one login may be reported twice: by the audit log and by a custom listener.
    pub fn tells_logins_twice(&self) -> bool {
        let by_audit_log = self.feed.is_some() || !self.webhook.bearer.is_empty();
        by_audit_log && (!self.webhook.hmac.is_empty() || self.webhook.connect.is_some())
    }
}

/// The Atlassian organisation, and the directory in which users are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The organisation's id.
    pub id: String,
    /// The directory's id; none: the only one that there is.
    pub directory: Option<String>,
}

/// The protection of a source from all schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protect {
    /// The protected users, by name or lasting id.
    pub users: Vec<String>,
    /// The groups of administrators. They may not exist.
    pub admin_groups: Vec<GroupName>,
    /// Whether `admin_groups` is not written, so that usher assumes groups that a product may not have.
    pub assumed_admin_groups: bool,
    /// The number of administrators that must remain; none: administrators are not counted.
    pub last_administrators: u32,
    /// Whether nothing is taken away of the account that usher acts with.
    pub acting_account: bool,
}

/// The acting account of a source. Printed by `Debug` without the user name: in Cloud it is an e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `Authorization: Basic`.
    Basic {
        /// The user name, or the e-mail address in Cloud.
        username: String,
        /// The password or API token.
        password: Secret,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer(…)",
            Self::Basic { .. } => "Basic(…)",
        })
    }
}

impl Auth {
    /// The texts that must not be repeated to anybody: the secret, and the form in which it is sent.
    pub fn secrets(&self) -> Vec<String> {
        match self {
            Self::Bearer(token) => vec![token.reveal().to_owned()],
            Self::Basic { username, password } => {
                let pair = format!("{username}:{}", password.reveal());
                vec![STANDARD.encode(pair), password.reveal().to_owned()]
            }
        }
    }
}

/// Upper bounds on calls to a source; the product's own answers slow usher further.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls a second.
    pub per_second: f64,
    /// Calls at the same time.
    pub concurrency: usize,
}

impl Default for Rate {
    /// Gentle enough for an instance that people work with at the same time.
    fn default() -> Self {
        Self { per_second: 10.0, concurrency: 4 }
    }
}

/// The comparison of the users of a source with the known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconcile {
    /// From the beginning of one listing to that of the next.
    pub every: Duration,
}

impl Default for Reconcile {
    /// With this interval usher acts on an unreported creation within a quarter of an hour, including the time to list
    /// the users.
    fn default() -> Self {
        Self { every: Duration::from_mins(10) }
    }
}

/// A scheme from the file with the version its text has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedScheme {
    /// The scheme.
    pub scheme: Scheme,
    /// Its id and the digest of its content.
    pub reference: SchemeRef,
}
