//! The configuration: one YAML file, overridden by environment variables, checked whole.
//!
//! The way of it: bytes (`text`), a tree that knows its places (`yaml`, `node`), variables laid over it
//! (`env`), then each part read as what it should be (`check` and below), with all that is wrong collected
//! on the way (`reader`). Which keys there are, and what may stand there, is stated once (`shape`); `schema` is made of that too.

mod check;
mod digest;
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

pub use load::{
    CheckedScheme, LoadResult, Loaded, check_scheme, load, load_for, load_input, read_scheme, read_schemes,
    read_watched, usual_file,
};
pub use reader::env::process_env;
pub use reader::files::WatchedFiles;
pub use reader::named::Named;
pub(crate) use reader::nearest;
pub use reader::problem::{Place, Problem, Problems};
pub use schema::{SchemeSchemas, json_schema, scheme_schemas};
pub use source::feed::Feed;
pub use source::reach::authorities::Authorities;
pub use source::reach::proxy::{Proxy, ProxyCredentials};
pub use source::reach::transport::Transport;
pub use source::sources::Sources;
pub use source::webhook::{AuditActions, Connect, Forge, ForgeKeys, Webhook};

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use chrono::NaiveDate;
use url::Url;

use crate::{
    domain::{GroupName, MassCreation, Mode, Product, Scheme, SchemeRef, SourceId},
    secret::Secret,
};

/// Everything usher is told, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where usher keeps its own data.
    pub data_dir: PathBuf,
    /// Whether anything may be changed at all.
    pub mode: Mode,
    /// The public listener.
    pub webhooks: Webhooks,
    /// The private listener.
    pub admin: Admin,
    /// The event log.
    pub log: LogConfig,
    /// The connected products.
    pub sources: Vec<Source>,
    /// The provisioned schemes, in file order.
    pub schemes: Vec<ProvisionedScheme>,
}

/// The listener that products send webhooks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhooks {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The longest body accepted, in bytes.
    pub max_body: usize,
    /// How long deliveries are still taken in after usher was told to stop.
    pub linger: Duration,
    /// Whether a delivery is a part of the trace that its header `traceparent` names.
    pub trust_traceparent: bool,
}

/// The listener for administrators and probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The bearer token; none: usher makes one and keeps it in `data_dir/admin-token`.
    pub token: Option<Secret>,
}

/// Which event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogConfig {
    /// On disk, in `data_dir`, for one process.
    Embedded,
    /// Apache Kafka.
    Kafka(KafkaConfig),
}

/// How to reach Kafka.
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
#[derive(Debug, Clone)]
pub struct Source {
    /// Chosen by the administrator, unique.
    pub id: SourceId,
    /// For people.
    pub name: String,
    /// Which API it speaks.
    pub product: Product,
    /// Where it is; may have a path.
    pub base_url: Url,
    /// Which organisation; set where the product is [`Product::AtlassianOrg`], and there alone.
    pub organization: Option<Organization>,
    /// The acting account.
    pub auth: Auth,
    /// When the credentials end.
    pub credentials_expire: Option<NaiveDate>,
    /// How its webhooks prove who sent them.
    pub webhook: Webhook,
    /// How often its users are compared with those that usher knows, so that nobody's creation is missed; none: never.
    pub reconcile: Option<Reconcile>,
    /// How many users may be created at once before some steps are kept back; none: however many.
    pub mass_creation: Option<MassCreation>,
    /// How usher follows its audit log by itself, where it does.
    pub feed: Option<Feed>,
    /// What entries of its audit log mean, whoever brings them.
    pub actions: AuditActions,
    /// Upper bounds on calls.
    pub rate: Rate,
    /// How it is reached.
    pub transport: Transport,
    /// What no scheme takes away, whatever it says.
    pub protect: Protect,
}

impl Source {
    /// A source of which nothing more is said; its name is its id.
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

    /// Whether one login may be told of in two ways: by the audit log and by a listener of one's own.
    pub fn tells_logins_twice(&self) -> bool {
        let by_audit_log = self.feed.is_some() || !self.webhook.bearer.is_empty();
        by_audit_log && (!self.webhook.hmac.is_empty() || self.webhook.connect.is_some())
    }
}

/// Which Atlassian organisation, and where in it users are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The organisation's id.
    pub id: String,
    /// The directory's id; none: the only one that there is.
    pub directory: Option<String>,
}

/// What no scheme takes away in a source, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protect {
    /// Users, by name or lasting id, of whom nothing is taken away.
    pub users: Vec<String>,
    /// Whose members are administrators. There may be no such group.
    pub admin_groups: Vec<GroupName>,
    /// Whether nobody wrote `admin_groups`, so that they are what usher assumes: names that a product may not have.
    pub assumed_admin_groups: bool,
    /// How many administrators must remain; none: administrators are not counted.
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

/// How the users of a source are compared with those that usher knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconcile {
    /// From the beginning of one listing to that of the next.
    pub every: Duration,
}

impl Default for Reconcile {
    /// So often that a creation that no webhook told of is acted on within a quarter of an hour, with time to list the
    /// users.
    fn default() -> Self {
        Self { every: Duration::from_mins(10) }
    }
}

/// A scheme from the file with the version its text has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedScheme {
    /// What it says.
    pub scheme: Scheme,
    /// Its id and a digest of what it says.
    pub reference: SchemeRef,
}
