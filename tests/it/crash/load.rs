//! Senders that tell usher what happened to people, and remember what it answered.
//!
//! Each person has a sender of their own. It tells one thing after the other, and the next only when the one before
//! was accepted or given up: so there is an order to be kept. Like Atlassian it sends again what was not accepted,
//! and now and then what was.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;
use usher::{
    domain::{EventId, SourceId, Timestamp},
    sandbox::webhook::{Delivery, Happening},
};

use super::scene::{Person, SECRET};

/// How long a sender waits for an answer; an usher that stands still gives none.
const ANSWER: Duration = Duration::from_secs(20);
/// How likely what was not answered is not sent again.
const GIVES_UP: f64 = 0.15;
/// How likely something accepted long ago is sent again.
const REPEATS: f64 = 0.1;
/// How likely the next thing told is of the other kind than the last.
const ALTERNATES: f64 = 0.8;

/// One thing that was told.
#[derive(Debug, Clone)]
pub struct Told {
    pub event: EventId,
    /// It got a 200. Without one nobody knows whether it is in the log.
    pub accepted: bool,
}

/// All that was told of one person, in order.
#[derive(Debug)]
pub struct History {
    pub person: Person,
    pub told: Vec<Told>,
    /// How often usher asked to come back later.
    pub turned_away: u64,
}

impl History {
    /// The event that closes the history; it was accepted.
    pub fn last_event(&self) -> &EventId {
        &self.told.last().expect("a closing event").event
    }
}

/// The senders of all people, at work.
pub struct Load {
    stop: CancellationToken,
    senders: JoinSet<History>,
    turned_away: Arc<AtomicU64>,
    http: reqwest::Client,
    doors: watch::Receiver<Vec<Url>>,
    seed: u64,
    pause: Duration,
}

impl Load {
    /// Starts them. `doors` is where webhooks are taken in now, which may be nowhere; between two things told a
    /// sender waits up to `pause`.
    pub fn start(people: &[Person], doors: &watch::Receiver<Vec<Url>>, seed: u64, pause: Duration) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build().expect("a client");
        let mut load = Self {
            stop: CancellationToken::new(),
            senders: JoinSet::new(),
            turned_away: Arc::default(),
            http,
            doors: doors.clone(),
            seed,
            pause,
        };
        for person in people {
            let sender = load.sender(person.clone());
            load.senders.spawn(sender.run(load.stop.clone()));
        }
        load
    }

    /// One more person: a creation is told of them and a login, and nothing else.
    pub fn arrives(&mut self, person: Person) {
        let sender = self.sender(person);
        self.senders.spawn(sender.tell_of_an_arrival());
    }

    fn sender(&self, person: Person) -> Sender {
        Sender {
            http: self.http.clone(),
            doors: self.doors.clone(),
            random: StdRng::seed_from_u64(self.seed.wrapping_add(self.senders.len() as u64)),
            pause: self.pause,
            turned_away: Arc::clone(&self.turned_away),
            accepted: Vec::new(),
            history: History { person, told: Vec::new(), turned_away: 0 },
        }
    }

    /// Waits until usher asks senders to come back later, from now on.
    pub async fn is_turned_away(&self, patience: Duration) {
        let (before, deadline) = (self.turned_away.load(Ordering::Relaxed), Instant::now() + patience);
        while self.turned_away.load(Ordering::Relaxed) == before {
            assert!(Instant::now() < deadline, "nobody is turned away");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it: each sender tells of one last login, until it is accepted.
    pub async fn finish(self) -> Vec<History> {
        self.stop.cancel();
        self.senders.join_all().await
    }
}

struct Sender {
    http: reqwest::Client,
    doors: watch::Receiver<Vec<Url>>,
    random: StdRng,
    pause: Duration,
    turned_away: Arc<AtomicU64>,
    accepted: Vec<Delivery>,
    history: History,
}

impl Sender {
    async fn run(mut self, stop: CancellationToken) -> History {
        let mut happening = if self.history.person.by_name { Happening::LoggedIn } else { Happening::Created };
        while !stop.is_cancelled() {
            let insist = !self.random.random_bool(GIVES_UP);
            self.tell(happening, insist).await;
            if self.random.random_bool(REPEATS) {
                self.repeat().await;
            }
            if self.random.random_bool(ALTERNATES) && !self.history.person.by_name {
                happening = if happening == Happening::Created { Happening::LoggedIn } else { Happening::Created };
            }
            let pause = self.random.random_range(Duration::ZERO..self.pause);
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        self.tell(Happening::LoggedIn, true).await;
        self.history
    }

    async fn tell_of_an_arrival(mut self) -> History {
        self.tell(Happening::Created, true).await;
        self.tell(Happening::LoggedIn, true).await;
        self.history
    }

    /// Tells what happened; again until it is accepted, unless the answer was lost and `insist` is not set.
    async fn tell(&mut self, happening: Happening, insist: bool) {
        let (event, delivery) = self.delivery(happening);
        let accepted = self.send(&event, &delivery, insist).await;
        if accepted {
            self.accepted.push(delivery);
        }
        self.history.told.push(Told { event, accepted });
    }

    /// Sends something accepted once more. It may get lost; then it does.
    async fn repeat(&mut self) {
        let Some(delivery) = self.accepted.choose(&mut self.random).cloned() else { return };
        let door = self.door().await;
        if let Ok(answer) = delivery.retry(1).send(&self.http, door).await {
            let status = answer.status();
            assert!(status == StatusCode::OK || is_for_later(status), "{status} to something accepted before");
        }
    }

    async fn send(&mut self, event: &EventId, delivery: &Delivery, insist: bool) -> bool {
        loop {
            let door = self.door().await;
            match delivery.send(&self.http, door).await {
                Ok(answer) if answer.status() == StatusCode::OK => match answer.json::<Value>().await {
                    Ok(body) => {
                        assert_eq!(body["event"], event.as_str());
                        return true;
                    }
                    Err(_) if insist => {}
                    Err(_) => return false,
                },
                Ok(answer) => {
                    let status = answer.status();
                    assert!(is_for_later(status), "{status} to a signed webhook");
                    // After it stood still, usher may take a sender for slow.
                    let says_when = status == StatusCode::REQUEST_TIMEOUT || answer.headers().contains_key(RETRY_AFTER);
                    assert!(says_when, "{status} without Retry-After");
                    self.history.turned_away += 1;
                    self.turned_away.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) if insist => {}
                Err(_) => return false,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until there is somewhere to send to.
    async fn door(&mut self) -> Url {
        let doors = self.doors.wait_for(|doors| !doors.is_empty()).await.expect("the test has not ended").clone();
        let door = doors.choose(&mut self.random).expect("at least one");
        door.join(&format!("webhooks/{}", self.history.person.source)).expect("a URL")
    }

    /// A signed delivery that is like no other, and the id that its event must get. They lie hours apart, so that each
    /// creation is another one.
    fn delivery(&self, happening: Happening) -> (EventId, Delivery) {
        let Person { source, product, account, by_name } = &self.history.person;
        let number = i64::try_from(self.history.told.len()).expect("not that many");
        let at = Timestamp::from_millis(1_600_000_000_000 + number * 2 * 3_600_000);
        let delivery = if *by_name {
            let login = json!({ "name": account.name });
            Delivery::json(&json!({ "webhookEvent": "user_login", "timestamp": at.as_millis(), "user": login }))
        } else {
            Delivery::at(*product, happening, account, at)
        };
        let source: SourceId = source.parse().expect("an id");
        let named = delivery.headers().iter().find(|(name, _)| name == "X-Atlassian-Webhook-Identifier");
        let event = match named {
            Some((_, identifier)) => EventId::from_delivery(&source, identifier),
            None => EventId::from_body(&source, delivery.body()),
        };
        (event, delivery.sign(SECRET))
    }
}

fn is_for_later(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
