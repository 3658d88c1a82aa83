//! What outlives a crash of usher: the sandbox, the folder with configuration and data, the people.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use url::Url;
use usher::{
    clock::{Clock, SystemClock},
    config::KafkaConfig,
    domain::{EventId, Product, RunId, SchemeId, Timestamp},
    sandbox::{ACCOUNT_EMAIL, Account, Effect, Fault, TOKEN, When},
};

use super::{load::History, waiting};
use crate::support::{
    kafka::lasting_port,
    process::{Doors, Sandbox, Usher},
};

/// What all webhooks are signed with.
pub const SECRET: &str = "the-secret-of-the-crash-tests";
const ADMIN_TOKEN: &str = "the-token-of-the-crash-tests";
/// How long nothing may change in the products while accepted work waits, once nothing more comes.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// The same where outcomes were lost: an event is held up for those of the events before, for two minutes in which its product
/// can be called
/// (docs/decisions/0007-one-event-after-the-other.md).
const WAIT_TIMEOUT_AFTER_LOSS: Duration = Duration::from_secs(180);

/// Everybody, by the site they are in and how webhooks name them.
const DC: usize = 20;
const DC_BY_NAME: usize = 4;
const CLOUD: usize = 16;

/// Whom webhooks tell of.
#[derive(Debug, Clone)]
pub struct Person {
    pub source: &'static str,
    pub product: Product,
    pub account: Account,
    /// Webhooks tell of logins alone, and name the person by the login name alone.
    pub by_name: bool,
}

/// Sandbox, folder, people, and the random moments.
pub struct Scene {
    pub sandbox: Sandbox,
    pub people: Vec<Person>,
    pub random: StdRng,
    pub seed: u64,
    /// When usher was killed.
    pub kills: Vec<Timestamp>,
    /// Whether an issue is created about each person who arrives.
    pub issues: bool,
    folder: TempDir,
    log_config: String,
    /// Where usher is to listen, for webhooks and for administrators; 0: anywhere.
    ports: [u16; 2],
    starts: u32,
}

impl Scene {
    /// Sets it up; `log` is the section `log` of the configuration.
    pub async fn set_up(log: &str) -> Self {
        Self::of_seed(log, seed()).await
    }

    /// Sets it up with random moments of one's own.
    pub async fn of_seed(log: &str, seed: u64) -> Self {
        let sandbox = Sandbox::start();
        let people = people();
        for product in [Product::JiraDc, Product::JiraCloud] {
            let accounts: Vec<_> = people.iter().filter(|one| one.product == product).collect();
            let accounts: Vec<_> = accounts.into_iter().map(|one| one.account.clone()).collect();
            sandbox.control.put_users(product, &accounts).await.expect("users");
            sandbox.control.put_groups(product, &["fresh", "seen", "never"]).await.expect("groups");
        }
        let scene = Self {
            sandbox,
            people,
            random: StdRng::seed_from_u64(seed),
            seed,
            kills: Vec::new(),
            issues: false,
            folder: tempfile::tempdir().expect("a folder"),
            log_config: log.to_owned(),
            ports: [0, 0],
            starts: 0,
        };
        scene.make_the_sandbox_unreliable().await;
        scene
    }

    /// Of a hundred requests some fail, before or after the work is done, and some are slow.
    async fn make_the_sandbox_unreliable(&self) {
        let fail = |after_work| Effect::Fail { status: 500, retry_after: None, after_work };
        let cut = |after_work| Effect::Cut { after_work };
        let effects = [fail(false), fail(true), cut(false), cut(true), Effect::Delay { millis: 30 }];
        for (effect, chance) in effects.into_iter().zip([0.02, 0.01, 0.01, 0.02, 0.05]) {
            let fault = Fault::new(effect).when(When::Chance(chance));
            self.sandbox.control.inject(&fault).await.expect("injected");
        }
    }

    /// Has the sandbox refuse the next two requests to one site for a second.
    pub async fn ask_to_slow_down(&self, site: Product) {
        let effect = Effect::TooManyRequests { retry_after: Some(1) };
        self.sandbox.control.inject(&Fault::new(effect).site(site).when(When::Next(2))).await.expect("injected");
    }

    /// What all of this is in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where usher number `replica` keeps its data.
    pub fn data_dir(&self, replica: usize) -> PathBuf {
        self.folder.path().join(format!("data-{replica}"))
    }

    /// Has every usher from now on listen on the same two ports, that are free now.
    pub fn listen_always_there(&mut self) -> Doors {
        self.ports = [lasting_port(), lasting_port()];
        let [webhooks, admin] = self.ports.map(door);
        Doors { webhooks, admin }
    }

    /// Starts usher number `replica`.
    pub fn start(&mut self, replica: usize) -> Usher {
        let log = self.folder.path().join(format!("usher-{replica}-{}.log", self.starts + 1));
        self.start_logging_to(replica, log)
    }

    /// Starts usher number `replica`, and has it log to `log`.
    pub fn start_logging_to(&mut self, replica: usize, log: PathBuf) -> Usher {
        let config = self.configure(replica, self.ports);
        self.starts += 1;
        Usher::start(&config, log)
    }

    /// Writes the configuration of usher number `replica`; `ports` are for webhooks and administrators.
    pub fn configure(&self, replica: usize, ports: [u16; 2]) -> PathBuf {
        let config = self.folder.path().join(format!("usher-{replica}.yaml"));
        fs::write(&config, self.config(&self.data_dir(replica), ports)).expect("written");
        config
    }

    /// Puts another person into one of the sites, number `n` of those who come later.
    pub async fn newcomer(&self, n: usize) -> Person {
        let (source, product, id) = if n.is_multiple_of(2) {
            ("acme", Product::JiraDc, format!("JIRAUSER{}", 1000 + n))
        } else {
            ("globex", Product::JiraCloud, format!("5b10b{n}"))
        };
        let person = person(source, product, &id, false);
        self.sandbox.control.put_users(product, std::slice::from_ref(&person.account)).await.expect("a user");
        person
    }

    /// `kill -9`.
    pub fn kill(&mut self, usher: Usher) {
        self.kills.push(SystemClock.now());
        usher.kill();
    }

    /// Each event of a person changes two memberships, and the next event of the other kind changes them back. So
    /// the journal of the sandbox shows in which order what was carried out.
    fn config(&self, data_dir: &Path, [webhooks, admin]: [u16; 2]) -> String {
        let source = |id: &str, product: Product, auth: &str| {
            let base_url = self.sandbox.base_url(product);
            format!(
                r#"
  - id: {id}
    product: {product}
    base_url: "{base_url}"
    auth: {auth}
    webhook: {{ hmac: [ {{ value: "{SECRET}" }} ] }}
    reconcile: off
    mass_creation: off
    rate: {{ per_second: 5000, concurrency: 16 }}"#
            )
        };
        let scheme = |source: &str, id: &str, trigger: &str, test: bool, actions: &str| {
            format!(
                r#"
  - {{ id: {id}-{source}, source: {source}, trigger: {trigger}, test_mode: {test}, select: {{ everyone: true }}, actions: [ {actions} ] }}"#
            )
        };
        let report = "{ create_issue: { project: OPS, type: Task, summary: Somebody arrived } }";
        let schemes = |source: &str| {
            [
                if self.issues { scheme(source, "report", "on_create", false, report) } else { String::new() },
                scheme(source, "arrive", "on_create", false, "{ add_groups: [fresh] }, { remove_groups: [seen] }"),
                scheme(source, "greet", "on_login", false, "{ add_groups: [seen] }"),
                scheme(source, "ponder", "on_login", true, "{ add_groups: [never] }"),
                scheme(source, "settle", "on_login", false, "{ remove_groups: [fresh] }"),
            ]
            .concat()
        };
        format!(
            r#"data_dir: "{}"
webhooks: {{ listen: "127.0.0.1:{webhooks}" }}
admin: {{ listen: "127.0.0.1:{admin}", token: {{ value: "{ADMIN_TOKEN}" }} }}
{}
sources:{}{}
schemes:{}{}
"#,
            data_dir.display(),
            self.log_config,
            source("acme", Product::JiraDc, &format!(r#"{{ bearer: {{ value: "{TOKEN}" }} }}"#)),
            source(
                "globex",
                Product::JiraCloud,
                &format!(r#"{{ basic: {{ username: "{ACCOUNT_EMAIL}", password: {{ value: "{TOKEN}" }} }} }}"#)
            ),
            schemes("acme"),
            schemes("globex"),
        )
    }

    /// A moment in this range of milliseconds from now.
    pub async fn wait_a_moment(&mut self, millis: std::ops::Range<u64>) {
        let millis = self.random.random_range(millis);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Waits until the last run of each person is done; with it, all before are. usher listens at `doors`. Where `outcomes` were
    /// lost a run may never be: then no record waits for its group in `lossy`.
    pub async fn everything_is_done(&self, doors: &Doors, histories: &[History], lossy: Option<&KafkaConfig>) {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (mut changes, mut changed) = (0_u64, Instant::now());
        let patience = if lossy.is_some() { WAIT_TIMEOUT_AFTER_LOSS } else { WAIT_TIMEOUT };
        let mut waiting = Ok(Vec::new());
        for history in histories {
            let scheme: SchemeId = format!("settle-{}", history.person.source).parse().expect("an id");
            let url = run_url(&doors.admin, history.last_event(), &scheme);
            for asked in 1.. {
                let answer = http.get(url.clone()).bearer_auth(ADMIN_TOKEN).timeout(WAIT_TIMEOUT).send();
                let run: serde_json::Value = match answer.await {
                    Ok(answer) => answer.json().await.unwrap_or_default(), // it may be ending
                    Err(error) => error.to_string().into(),
                };
                if run["state"] == "done" {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                if let Some(kafka) = lossy.filter(|_| asked % 50 == 0) {
                    waiting = waiting::records(kafka).await;
                    if waiting.as_ref().is_ok_and(Vec::is_empty) {
                        return;
                    }
                }
                if asked % 50 == 0 {
                    let more = self.sandbox.control.journal(changes).await.expect("the journal").len();
                    changes += more as u64;
                    changed = if more > 0 { Instant::now() } else { changed };
                }
                let (event, account) = (history.last_event(), &history.person.account);
                let quiet = changed.elapsed();
                assert!(quiet < patience, "{event} of {account:?} is not done: {run}; waiting: {waiting:?}");
            }
        }
    }
}

impl Drop for Scene {
    /// A failed test leaves its folder to be looked at.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("USHER_TEST_SEED={} and {} tell more", self.seed, self.folder.path().display());
        }
    }
}

fn door(port: u16) -> Url {
    Url::parse(&format!("http://127.0.0.1:{port}/")).expect("a URL")
}

fn run_url(admin: &Url, event: &EventId, scheme: &SchemeId) -> Url {
    admin.join(&format!("api/v1/runs/{}", RunId::of_event(event, scheme))).expect("a URL")
}

fn people() -> Vec<Person> {
    let dc = (0..DC).map(|n| person("acme", Product::JiraDc, &format!("JIRAUSER{n}"), false));
    let by_name = (DC..DC + DC_BY_NAME).map(|n| person("acme", Product::JiraDc, &format!("JIRAUSER{n}"), true));
    let cloud = (0..CLOUD).map(|n| person("globex", Product::JiraCloud, &format!("5b10a{n}"), false));
    dc.chain(by_name).chain(cloud).collect()
}

fn person(source: &'static str, product: Product, id: &str, by_name: bool) -> Person {
    let account = Account::new(id, format!("name-of-{id}")).email(format!("{id}@acme.example"));
    Person { source, product, account, by_name }
}

/// Which random moments: `USHER_TEST_SEED`, else any.
pub fn seed() -> u64 {
    env::var("USHER_TEST_SEED").ok().map_or_else(rand::random, |seed| seed.parse().expect("a number"))
}

/// How many rounds to play: `USHER_TEST_ROUNDS`, else `default`.
pub fn rounds(default: usize) -> usize {
    env::var("USHER_TEST_ROUNDS").map_or(default, |rounds| rounds.parse().expect("a number"))
}
