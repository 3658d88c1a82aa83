//! A site with a limit and many users, each of whom is to be changed; and runs over them.

use std::{
    collections::BTreeSet,
    env,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::json;
use usher::sandbox::{Account, Effect, Fault, Limit, Population, When};

use crate::support::{
    face::Face,
    ground::{Ground, Source},
    usher::Usher,
};

/// Users of the short form, and calls a second that its limit allows: few, for it stands beside other tests.
const SHORT: (u64, u32) = (200, 60);
/// Calls a second that the limit of the long form allows.
const LONG: u32 = 200;

/// What a limit is like.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A bucket with three seconds' tokens.
    Bucket,
    /// Five seconds' calls in each five seconds.
    Windows,
}

impl Shape {
    fn limit(self, per_second: u32) -> Limit {
        match self {
            Self::Bucket => Limit { capacity: 3 * per_second, fill: per_second, interval_seconds: 1 },
            Self::Windows => Limit { capacity: 5 * per_second, fill: 5 * per_second, interval_seconds: 5 },
        }
    }
}

/// See the module.
pub struct Course {
    pub ground: Ground,
    pub users: u64,
    per_second: u32,
}

impl Course {
    pub fn new(source: Source, shape: Shape) -> Self {
        let long = env::var("USHER_TEST_USERS").ok().map(|users| (users.parse().expect("a number"), LONG));
        let (users, per_second) = long.unwrap_or(SHORT);
        Self::of(source, users, per_second, Some(shape.limit(per_second)))
    }

    /// A site without any limit, for `users`.
    pub fn without_limit(source: Source, users: u64) -> Self {
        Self::of(source, users, u32::MAX, None)
    }

    fn of(source: Source, users: u64, per_second: u32, limit: Option<Limit>) -> Self {
        let scheme = format!(
            "{{ id: all, source: {}, trigger: manual, test_mode: false, select: {{ email_domain: [acme.example] }},
                actions: [{{ add_groups: [staff] }}] }}",
            source.id
        );
        let ground = Ground::new(&scheme).groups(&["staff"]);
        let account = Account::new("KEY{n}", "name-{n}").email("user-{n}@acme.example");
        ground.sandbox.put_crowd(source.product, &Population::new(users, account));
        ground.sandbox.limit(source.product, limit);
        Self { ground, users, per_second }
    }

    /// How long a run takes from its order to its end.
    pub async fn run(&self) -> Duration {
        let usher = Usher::start(&self.ground).await;
        let began = Instant::now();
        let id = order(&usher).await;
        self.end(usher, &id).await;
        began.elapsed()
    }

    /// The product refuses this share of the changes from now on, however fast they come.
    pub fn refuses_changes(self, source: Source, share: f64, retry_after: Option<u64>) -> Self {
        for method in ["POST", "PUT", "DELETE"] {
            let effect = Effect::TooManyRequests { retry_after };
            let fault = Fault::new(effect).site(source.product).method(method).when(When::Chance(share));
            self.ground.sandbox.inject(fault);
        }
        self
    }

    /// How long a run takes in which usher is killed when that share of the users is changed; and how long it takes, from
    /// the start of the new process, until that calls the product.
    pub async fn run_with_a_kill_at(&self, share: f64) -> (Duration, Duration) {
        let usher = Usher::start(&self.ground).await;
        let began = Instant::now();
        let id = order(&usher).await;
        let enough = (self.users as f64 * share) as usize;
        self.until(async || self.ground.sandbox.journal().len() >= enough).await;
        usher.kill();
        let (sandbox, connections, started) = (&self.ground.sandbox, self.ground.sandbox.connections(), Instant::now());
        let (usher, away) = tokio::join!(Usher::start(&self.ground), async {
            // What the old process had sent may still be counted; what comes by a new connection is not from there.
            self.until(async || sandbox.connections() > connections).await;
            let before = self.calls();
            self.until(async || self.calls() > before).await;
            started.elapsed()
        });
        self.end(usher, &id).await;
        (began.elapsed(), away)
    }

    /// Waits until the run is done, and checks that everybody was changed.
    async fn end(&self, usher: Usher, id: &str) {
        self.until(async || usher.ask(&format!("runs/{id}"), &[]).await.1["state"] == "done").await;
        let (_, run) = usher.ask(&format!("runs/{id}"), &[]).await;
        assert_eq!((&run["counts"]["changed"], &run["counts"]["failed"]), (&json!(self.users), &json!(0)), "{run}");
    }

    async fn until(&self, condition: impl AsyncFn() -> bool) {
        let patience = Duration::from_secs(120).mul_f64(1.0 + self.users as f64 / 1_000.0);
        let deadline = Instant::now() + patience;
        while !condition().await {
            assert!(Instant::now() < deadline, "in vain, after {} calls", self.calls());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Calls a second that the limit allows.
    pub fn per_second(&self) -> f64 {
        f64::from(self.per_second)
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.ground.sandbox.requests().iter().map(|request| request.count).sum()
    }

    /// Calls so far that were refused for coming too fast.
    pub fn refused(&self) -> u64 {
        self.ground.sandbox.requests().iter().filter(|request| request.status == Some(429)).map(|one| one.count).sum()
    }

    /// Times so far that a user was read, and that a change was asked for, without those that were only told to come later.
    pub fn reads_and_changes(&self) -> (u64, u64) {
        let (mut reads, mut changes) = (0, 0);
        for request in self.ground.sandbox.requests().into_iter().filter(|request| request.status != Some(429)) {
            if request.method != "GET" {
                changes += request.count;
            } else if request.path.ends_with("/user") && request.status == Some(200) {
                reads += request.count;
            }
        }
        (reads, changes)
    }

    /// Checks that everybody was changed, and that nothing else was asked to be changed.
    pub fn assert_each_change_was_asked_for_once(&self) {
        let effects = self.ground.effects();
        let distinct: BTreeSet<_> = effects.iter().collect();
        let (_, changes) = self.reads_and_changes();
        assert_eq!((effects.len() as u64, distinct.len() as u64, changes), (self.users, self.users, self.users));
    }
}

/// Orders a run; gives its id.
async fn order(usher: &Face) -> String {
    let (status, _, run) = usher.send(Method::POST, "schemes/all/run", &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    run["id"].as_str().expect("an id").to_owned()
}
