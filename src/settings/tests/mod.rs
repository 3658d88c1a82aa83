mod bulks;
mod drafts;
mod filters;
mod milestones;
mod outlived;
mod picks;
mod replicas;
mod schemes;

use std::sync::atomic::{AtomicI64, Ordering};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::{
    config,
    domain::{Actor, ChangeKind, Event, EventId, EventKind, Facts, Timestamp, UserHints, UserId, UserRef, Via},
    health::Health,
    log::Stream,
    rules,
    views::testing::MemoryLog,
};

const CONFIG: &str = r#"
sources:
  - { id: acme, product: jira-dc, base_url: "http://127.0.0.1:1", auth: { bearer: { value: x } } }
  - { id: cloud, product: jira-cloud, base_url: "http://127.0.0.1:1", auth: { bearer: { value: x } } }
schemes:
  - { id: z-file, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [a] }] }
  - { id: b-file, source: acme, trigger: on_create, enabled: false, select: { everyone: true }, actions: [{ add_groups: [a] }] }
"#;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A clock that a test sets.
#[derive(Default)]
struct Clock(AtomicI64);

impl crate::clock::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Settings that follow a log, and stop when dropped.
struct Replica {
    settings: Settings,
    clock: Arc<Clock>,
    _following: DropGuard,
}

impl Replica {
    async fn start(log: &Arc<MemoryLog>) -> Self {
        Self::with(log, CONFIG).await
    }

    async fn with(log: &Arc<MemoryLog>, config: &str) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), config).expect("written");
        let config = config::load(Some(file.path()), []).expect("a right configuration").config;
        let clock = Arc::new(Clock::default());
        let settings = Settings::new(&config, log.clone(), clock.clone());
        let stop = CancellationToken::new();
        tokio::spawn(settings.clone().follow(Health::default(), stop.clone()));
        settings.caught_up().await.expect("read");
        Self { settings, clock, _following: stop.drop_guard() }
    }

    /// Waits until `condition` holds, which another replica has brought about.
    async fn until(&self, what: &str, condition: impl Fn(&Settings) -> bool) {
        let mut changed = self.settings.changed();
        let holds = async {
            while !condition(&self.settings) {
                changed.changed().await.expect("it is open");
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), holds)
            .await
            .unwrap_or_else(|_| panic!("in vain: {what}"));
    }
}

impl Settings {
    /// Checks a scheme and stores it, as the API does.
    async fn create_text(&self, text: &str, by: Actor) -> Result<SchemeView, Error> {
        self.create(self.check_new(text)?.scheme, by).await
    }

    /// Checks a scheme and stores it in place of another, as the API does.
    async fn replace_text(
        &self,
        id: &SchemeId,
        text: &str,
        if_match: &IfMatch,
        by: Actor,
    ) -> Result<SchemeView, Error> {
        self.replace(self.check_change(id, text, if_match)?.scheme, if_match, by).await
    }
}

fn id(text: &str) -> SchemeId {
    text.parse().expect("an id")
}

fn who(name: &str) -> Actor {
    name.parse().expect("a name")
}

fn text(id: &str, group: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: on_create, test_mode: false, select: {{ everyone: true }}, \
         actions: [{{ add_groups: [{group}] }}] }}"
    )
}

fn tag(listed: &SchemeView) -> IfMatch {
    IfMatch::Tags(vec![listed.tag.clone()])
}

/// The schemes that a new user is asked about, in order.
fn asked(settings: &Settings) -> Vec<String> {
    let source: SourceId = "acme".parse().expect("an id");
    let at = Timestamp::from_millis(1);
    let event = Event {
        id: EventId::from_delivery(&source, "1"),
        source,
        kind: EventKind::Created,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("jane")),
        hints: UserHints::default(),
        occurred: None,
        accepted: at,
        sweep: None,
    };
    let schemes = settings.schemes().borrow().clone();
    let answer = rules::plan(&schemes, &event, rules::Waiting::ForEvent, &Facts::from_payload(&event), at);
    answer.verdicts.iter().map(|verdict| verdict.scheme.id.to_string()).collect()
}
