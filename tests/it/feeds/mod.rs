//! Feeds: what the audit log of a site tells makes the same events as webhooks, each login exactly once, however the log
//! behaves.

mod crash;
mod data_center;
mod every_product;
mod replicas;
mod stream;
mod told_twice;
mod trouble;

use std::{collections::BTreeMap, ops::Deref};

use usher::{
    domain::{EventKind, Product, Via},
    sandbox::{Account, AuditAction, AuditBehaviour},
};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::Ground,
};

/// Whoever logs in is put into a group.
const EVERYBODY: &str = "
    { id: seen, source: acme, trigger: on_login, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [seen] }] }";

/// So many people, by number.
const PEOPLE: usize = 5;

fn person(number: usize) -> String {
    format!("JIRAUSER2000{number}")
}

/// A Jira Data Center that is looked at every second, with people. It has no webhooks: each entry is a login.
pub fn ground() -> Ground {
    ground_with_listener().tweak("USHER_SOURCES__0__WEBHOOK", "{}")
}

/// The same, where a listener may tell of logins too: what happens within a second is one login.
pub fn ground_with_listener() -> Ground {
    let ground =
        Ground::new(EVERYBODY).groups(&["seen"]).tweak("USHER_SOURCES__0__FEED", "{ kind: audit-log, every: 1s }");
    for number in 0..PEOPLE {
        ground.sandbox.put_user(Product::JiraDc, Account::new(person(number), format!("person{number}")));
    }
    ground
}

/// How often the audit log was read, with success.
fn looks(ground: &Ground) -> u64 {
    let requests = ground.sandbox.requests().into_iter();
    let read = requests
        .filter(|one| (one.path.contains("auditing") || one.path.contains("events-stream")) && one.status == Some(200));
    read.map(|one| one.count).sum()
}

/// Waits until the audit log was read so many times more.
async fn looked(ground: &Ground, more: u64) {
    let before = looks(ground);
    eventually("the audit log is read", || async { (looks(ground) >= before + more).then_some(()) }).await;
}

/// A usher that follows the feed, and how often each person has logged in since.
struct Following {
    site: Product,
    app: TestApp,
    logins: BTreeMap<String, usize>,
}

impl Following {
    /// Starts usher, and waits until the feed has begun.
    async fn begin(ground: Ground) -> Self {
        Self::begin_at(Product::JiraDc, ground).await
    }

    /// As [`Following::begin`], where the feed is that of another site.
    async fn begin_at(site: Product, ground: Ground) -> Self {
        let app = TestApp::start(ground).await;
        looked(&app.ground, 2).await; // for its newest entry, and for all that is old
        Self { site, app, logins: BTreeMap::new() }
    }

    fn audit_behaviour(&self, audit_behaviour: AuditBehaviour) {
        self.app.ground.sandbox.audit_manners(self.site, audit_behaviour);
    }

    /// Somebody logs in.
    fn log_in(&mut self, number: usize) {
        let user = person(number);
        self.app.ground.sandbox.log_in(self.site, &user).expect("a user");
        *self.logins.entry(user).or_default() += 1;
    }

    /// Everybody logs in, one after the other.
    fn everybody_logs_in(&mut self) {
        (0..PEOPLE).for_each(|number| self.log_in(number));
    }

    /// Waits until every login is decided, and so long that one that counts twice would be.
    async fn all_are_decided(&self) {
        all_are_decided(&self.app, &self.logins).await;
        looked(&self.app.ground, 3).await;
    }

    /// Stops usher; every login must have been told and decided exactly once, and nothing else.
    async fn each_counted_once(mut self) {
        self.all_are_decided().await;
        self.app.drain().await;
        self.app.stop().await;
        each_counted_once(&self.app.ground, &self.logins).await;
    }
}

impl Deref for Following {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

async fn all_are_decided(face: &Face, logins: &BTreeMap<String, usize>) {
    for (user, count) in logins {
        eventually(&format!("{count} logins of {user} are decided"), || async {
            let decisions = face.list("decisions", &[("source", "acme"), ("user", user)]).await;
            (decisions.len() >= *count).then_some(())
        })
        .await;
    }
}

/// What is in the log, of which nobody has to be at work.
async fn each_counted_once(ground: &Ground, logins: &BTreeMap<String, usize>) {
    let mut decided = BTreeMap::<String, usize>::new();
    let has_listener = !ground.config().sources[0].webhook.hmac.is_empty();
    for decision in ground.decisions().await {
        assert_eq!(decision.kind, EventKind::LoggedIn);
        assert!(has_listener || decision.via == Via::Feed, "nobody else can have told of it");
        *decided.entry(decision.user.to_string()).or_default() += 1;
    }
    assert_eq!(&decided, logins);
}

/// Somebody who is not among the people, so that the log is not empty.
fn an_old_entry(ground: &Ground, number: usize) {
    ground.sandbox.audit(Product::JiraDc, AuditAction::LoggedIn, &person(number), None).expect("a user");
}
