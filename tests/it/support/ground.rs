//! What outlives a restart of usher: the sandbox, a folder with configuration and data, the secrets.

use std::{fs, path::PathBuf, sync::Arc};

use tempfile::TempDir;
use usher::{
    config::{self, Config, KafkaConfig},
    domain::{Decision, Event, Outcome, Product},
    engine::LookUps,
    log::{
        Log, Record, Stream,
        codec::{self, OutcomeRecord},
        embedded::{EmbeddedLog, Options},
    },
    sandbox::{self, Sandbox},
};

use super::{clock::TestClock, face::Ledger};
use crate::log_suite::all;

/// One source of every test's configuration: a site of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub id: &'static str,
    pub product: Product,
    /// What its webhooks are signed with.
    pub secret: &'static str,
}

pub const ACME: Source = Source { id: "acme", product: Product::JiraDc, secret: "the-secret-of-acme" };
pub const GLOBEX: Source = Source { id: "globex", product: Product::JiraCloud, secret: "the-secret-of-globex" };
pub const CODE: Source = Source { id: "code", product: Product::BitbucketDc, secret: "the-secret-of-code" };
pub const CROWD: Source = Source { id: "crowd", product: Product::Crowd, secret: "the-secret-of-crowd" };
/// Both flavours of Jira.
pub const BOTH: [Source; 2] = [ACME, GLOBEX];
pub const ADMIN_TOKEN: &str = "the-token-of-the-administrator";

const CONFIG: &str = r#"
data_dir: "${FOLDER}/data"
webhooks: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0", token: { env: TEST_ADMIN_TOKEN } }
sources:
  - id: acme
    product: jira-dc
    base_url: "${ACME}"
    auth: { bearer: { env: TEST_PRODUCT_TOKEN } }
    webhook: { hmac: [{ env: TEST_ACME_SECRET }] }
    reconcile: off
    rate: { per_second: 1000, concurrency: 8 }
  - id: globex
    product: jira-cloud
    base_url: "${GLOBEX}"
    auth: { basic: { username: usher@sandbox.example, password: { env: TEST_PRODUCT_TOKEN } } }
    webhook: { hmac: [{ env: TEST_GLOBEX_SECRET }] }
    reconcile: off
    rate: { per_second: 1000, concurrency: 8 }
${MORE}
schemes: [${SCHEMES}]
"#;

/// The sources that only tests about their products have.
const CODE_AND_CROWD: &str = r#"
  - id: code
    product: bitbucket-dc
    base_url: "${CODE}"
    auth: { bearer: { env: TEST_PRODUCT_TOKEN } }
    webhook: { hmac: [{ env: TEST_CODE_SECRET }] }
    rate: { per_second: 1000, concurrency: 8 }
  - id: crowd
    product: crowd
    base_url: "${CROWD}"
    auth: { basic: { username: usher, password: { env: TEST_PRODUCT_TOKEN } } }
    webhook: { hmac: [{ env: TEST_CROWD_SECRET }] }
    rate: { per_second: 1000, concurrency: 8 }
"#;

/// Sandbox, folder and configuration.
pub struct Ground {
    pub sandbox: Sandbox,
    folder: TempDir,
    tweaks: Vec<(String, String)>,
    /// What usher in this process takes for the time.
    pub clock: Arc<TestClock>,
    /// How often usher in this process looks names up.
    pub look_ups: LookUps,
    ledger: Ledger,
}

impl Ground {
    /// With two sources, [`ACME`] and [`GLOBEX`], and `schemes`: YAML flow maps, separated by commas.
    pub fn new(schemes: &str) -> Self {
        Self::with("", schemes)
    }

    /// With [`CODE`] and [`CROWD`] besides.
    pub fn with_code_and_crowd(schemes: &str) -> Self {
        Self::with(CODE_AND_CROWD, schemes)
    }

    fn with(more_sources: &str, schemes: &str) -> Self {
        let sandbox = Sandbox::start(sandbox::Options::default()).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let text = CONFIG
            .replace("${MORE}", more_sources)
            .replace("${CODE}", sandbox.base_url(Product::BitbucketDc).as_str())
            .replace("${CROWD}", sandbox.base_url(Product::Crowd).as_str())
            .replace("${FOLDER}", folder.path().to_str().expect("text"))
            .replace("${ACME}", sandbox.base_url(Product::JiraDc).as_str())
            .replace("${GLOBEX}", sandbox.base_url(Product::JiraCloud).as_str())
            .replace("${SCHEMES}", schemes);
        fs::write(folder.path().join("usher.yaml"), text).expect("written");
        Self {
            sandbox,
            folder,
            tweaks: Vec::new(),
            clock: Arc::default(),
            look_ups: LookUps::default(),
            ledger: Ledger::default(),
        }
    }

    /// With a key set otherwise, by its variable: `USHER_MODE`, say.
    #[must_use]
    pub fn tweak(mut self, variable: &str, value: &str) -> Self {
        self.tweaks.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// With users compared so often, which is off otherwise: tests count what usher asks.
    #[must_use]
    pub fn reconciling(self, every: &str) -> Self {
        let reconcile = format!("{{ every: {every} }}");
        self.tweak("USHER_SOURCES__0__RECONCILE", &reconcile).tweak("USHER_SOURCES__1__RECONCILE", &reconcile)
    }

    /// With a group in both sites, for each of `names`.
    #[must_use]
    pub fn groups(self, names: &[&str]) -> Self {
        for source in BOTH {
            for name in names {
                self.sandbox.put_group(source.product, name);
            }
        }
        self
    }

    /// All events that were answered 200, over all restarts.
    pub fn ledger(&self) -> Ledger {
        Arc::clone(&self.ledger)
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn config_path(&self) -> PathBuf {
        self.folder().join("usher.yaml")
    }

    /// Secrets, and the tweaks.
    pub fn env(&self) -> Vec<(String, String)> {
        let secrets = [
            ("TEST_ADMIN_TOKEN", ADMIN_TOKEN),
            ("TEST_PRODUCT_TOKEN", sandbox::TOKEN),
            ("TEST_ACME_SECRET", ACME.secret),
            ("TEST_GLOBEX_SECRET", GLOBEX.secret),
            ("TEST_CODE_SECRET", CODE.secret),
            ("TEST_CROWD_SECRET", CROWD.secret),
        ];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned()));
        secrets.into_iter().chain(self.tweaks.clone()).collect()
    }

    pub fn config(&self) -> Config {
        config::load(Some(&self.config_path()), self.env()).expect("a right configuration").config
    }

    /// What usher did to users of any site, in order: `jira-dc JIRAUSER1 +staff`.
    pub fn effects(&self) -> Vec<String> {
        let suffix = format!(" by {}", sandbox::ACCOUNT);
        self.sandbox
            .journal()
            .iter()
            .filter_map(|entry| Some(entry.to_string().strip_suffix(&suffix)?.into()))
            .collect()
    }

    /// With its log on Kafka.
    #[must_use]
    pub fn on_kafka(self, kafka: &KafkaConfig) -> Self {
        let KafkaConfig { brokers, topic_prefix, partitions, replication_factor, options, .. } = kafka;
        let options: Vec<_> = options.iter().map(|(key, value)| format!("{key}: {:?}", value.reveal())).collect();
        self.tweak("USHER_LOG__KIND", "kafka")
            .tweak("USHER_LOG__KAFKA__BROKERS", &format!("{brokers:?}"))
            .tweak("USHER_LOG__KAFKA__TOPIC_PREFIX", topic_prefix)
            .tweak("USHER_LOG__KAFKA__PARTITIONS", &partitions.to_string())
            .tweak("USHER_LOG__KAFKA__REPLICATION_FACTOR", &replication_factor.to_string())
            .tweak("USHER_LOG__KAFKA__OPTIONS", &format!("{{ {} }}", options.join(", ")))
    }

    /// Every event in the log, each user's in order. Only while usher is not running.
    pub async fn events(&self) -> Vec<Event> {
        self.records(Stream::Events, codec::decode::<Event>).await
    }

    /// Every decision in the log, each user's in order. Only while usher is not running.
    pub async fn decisions(&self) -> Vec<Decision> {
        self.records(Stream::Decisions, codec::decode::<Decision>).await
    }

    /// Every outcome in the log, each user's in order. Only while usher is not running.
    pub async fn outcomes(&self) -> Vec<Outcome> {
        let records = self.records(Stream::Outcomes, codec::decode::<OutcomeRecord>).await;
        let outcome = |record| match record {
            OutcomeRecord::Outcome(outcome) => Some(outcome),
            OutcomeRecord::Attempt(_) => None,
        };
        records.into_iter().filter_map(outcome).collect()
    }

    /// Puts decisions into the log. Only while usher is not running.
    pub async fn decide(&self, decisions: impl IntoIterator<Item = &Decision>) {
        let dir = self.folder().join("data/log");
        let log = EmbeddedLog::open(&dir, Options::default()).expect("nobody has it open");
        for decision in decisions {
            let record = Record { key: decision.key(), payload: codec::encode(decision) };
            log.append(Stream::Decisions, record).await.expect("appended");
        }
        log.close().await;
    }

    async fn records<T>(&self, stream: Stream, decode: impl Fn(&[u8]) -> Result<T, codec::Error>) -> Vec<T> {
        let dir = self.folder().join("data/log");
        let log = Arc::new(EmbeddedLog::open(&dir, Options::default()).expect("nobody has it open"));
        let records = all(log.as_ref(), stream).await;
        log.close().await;
        records.iter().map(|record| decode(&record.payload).expect("usher wrote it")).collect()
    }
}
